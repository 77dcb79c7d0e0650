//! New documents: the first of a list of operations makes one, the others go on from it.

use deskhand_opc::{Limits, Package};
use deskhand_operations::answer::Applied;
use deskhand_operations::{
    Answer, DeckAnswer, DeckOperation, DocumentKind, Operation, Refusal, RefusalCode, TextAnswer,
    TextOperation, WordAnswer, WordOperation, WorkbookAnswer, WorkbookOperation,
};
use deskhand_text::Revision;

use crate::change::{Change, Stopped, apply_all};
use crate::document::Document;

/// Reads the template that an operation names, as base64: whoever knows paths gives it.
pub type Template<'t> = &'t dyn Fn(&str) -> Result<String, Refusal>;

/// The kind of document that a new file of a name is.
pub fn kind_of_new(name: &str) -> Option<DocumentKind> {
    let (_, ending) = name.rsplit_once('.')?;
    match ending.to_ascii_lowercase().as_str() {
        "xlsx" => Some(DocumentKind::Workbook),
        "pptx" => Some(DocumentKind::Deck),
        "docx" => Some(DocumentKind::Document),
        _ => None,
    }
}

/// Makes the document that the first operation describes, and does the others on it. The patches lead from the document as
/// it was made; there is nothing before it to go back to.
///
/// Refused where the first operation makes no document.
pub fn create(
    operations: &[Operation],
    revision: &Revision,
    template: Template<'_>,
) -> Result<Change, Stopped> {
    let first = |refusal| Stopped { at: 0, refusal };
    let Some((making, others)) = operations.split_first() else {
        return Err(first(Refusal::new(
            RefusalCode::BadInput,
            "There is no operation.",
        )));
    };
    let (document, answer, warnings) = made(making, revision, template).map_err(first)?;
    let mut change = apply_all(&document, others).map_err(|stopped| Stopped {
        at: stopped.at + 1,
        ..stopped
    })?;
    change.answers.insert(0, answer);
    change.warnings.splice(..0, warnings);
    Ok(change)
}

fn made(
    operation: &Operation,
    revision: &Revision,
    template: Template<'_>,
) -> Result<(Document, Answer, Vec<String>), Refusal> {
    match operation {
        Operation::Workbook(WorkbookOperation::Create(create)) => {
            let (workbook, applied) = deskhand_sheet::workbook_of(create)?;
            let warnings = applied.warnings.clone();
            let answer = Answer::Workbook(WorkbookAnswer::Create(applied));
            Ok((Document::Workbook(workbook), answer, warnings))
        }
        Operation::Deck(DeckOperation::Create(create)) => {
            let mut create = create.clone();
            if let (Some(path), None) = (&create.template, &create.package) {
                create.package = Some(template(path)?);
            }
            let (deck, applied) = deskhand_slides::create_deck(&create, revision.date.as_deref())?;
            let answer = Answer::Deck(DeckAnswer::Create(applied));
            Ok((Document::Deck(deck), answer, Vec::new()))
        }
        Operation::Text(TextOperation::Document(WordOperation::Create(create))) => {
            let bytes = deskhand_text::create_document(create, revision)?;
            let package = Package::open(bytes, &Limits::default());
            let package = package.map_err(|error| Refusal::from(&error))?;
            let document = Document::open(package)?.changed_by(revision.clone());
            let answer = Answer::Text(TextAnswer::Document(WordAnswer::Create(Applied::default())));
            Ok((document, answer, Vec::new()))
        }
        other => Err(Refusal::new(
            RefusalCode::NotFound,
            format!(
                "There is no such file yet, and `{}` makes none: begin with `workbook.create`, `deck.create` or \
                 `document.create`; nothing was written.",
                other.definition().name
            ),
        )),
    }
}
