//! What each `deskhand document` command does.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use deskhand_document::{
    Change, Document, Revision, Stopped, apply_all, check as findings, compare, compare_flat, operations,
    revision_at,
};
use deskhand_documents::{Door, Unsaved};
use deskhand_opc::{Encryption, PatchSet};
use deskhand_operations::answer::Severity;
use deskhand_operations::workbook::{Recalculate, TieOut as TieOutParams, TieOutReport};
use deskhand_operations::{
    Answer, DocumentKind, Operation, Refusal, RefusalCode, WorkbookAnswer, WorkbookOperation,
};
use deskhand_platform::Paths;
use deskhand_protocol::ChangeSetId;
use deskhand_workspace::{Expected, Fingerprint};
use serde::Serialize;
use serde_json::{Value, json};

use super::back::{Start, save_journaled};
use super::guarded::{Held, Saved, check_signature, held};
use super::journal::Journal;
use super::{
    Apply, OneFile, Outcome, Password, Read, Recalc, TieOut, To, Trouble, flat, make, refused, show,
};
use crate::bootstrap::{Layer, millis};
use crate::clock;
use crate::reload::Watched;
use crate::terminal::sessions::{print, print_json};

/// Bytes of operations at the most.
const MAX_OPERATIONS: u64 = 256 << 20;

/// Operations of a change set that its title names.
const MAX_TITLES: usize = 20;

/// A file that was opened.
pub(super) struct Opened {
    pub(super) door: Door,
    pub(super) document: Document,
    /// The mark of the file.
    pub(super) read: Fingerprint,
    pub(super) encryption: Option<Encryption>,
}

fn open(path: &Path, password: Option<&str>) -> Outcome<Opened> {
    let Held {
        door,
        package,
        read,
        encryption,
    } = held(Door::to(path)?, password)?;
    Ok(Opened {
        door,
        document: Document::open(package)?,
        read,
        encryption,
    })
}

/// Opens what a command without further arguments names.
fn opened(asked: &OneFile) -> Outcome<Opened> {
    let password = asked.password.take()?;
    open(&asked.file, password.as_deref().map(String::as_str))
}

/// `document info`.
pub(super) fn info(asked: &OneFile) -> Outcome<ExitCode> {
    if let Some(file) = flat::open(&asked.file)? {
        asked.password.check_none()?;
        return flat::info(file, asked.json);
    }
    let document = opened(asked)?.document;
    let operation = serde_json::from_value(json!({ "op": match document {
        Document::Workbook(_) => "workbook.info",
        Document::Deck(_) => "deck.info",
        Document::Word(..) => "document.info",
    } }));
    let answer = document.answer(&operation.map_err(anyhow::Error::from)?)?;
    done(asked.json, &untagged(&answer), || show::info(&answer))
}

/// `document read`.
pub(super) fn read(read: &Read) -> Outcome<ExitCode> {
    if let Some(file) = flat::open(&read.file)? {
        read.password.check_none()?;
        return flat::read(file, read);
    }
    let password = read.password.take()?;
    let document = open(&read.file, password.as_deref().map(String::as_str))?.document;
    let asked = match (&document, &read.range, &read.slide) {
        (Document::Workbook(_), Some(range), _) => {
            let mut asked = json!({ "op": "range.read", "range": range });
            if !read.what.is_empty() {
                asked["what"] = json!(read.what);
            }
            asked
        }
        (Document::Word(..), None, None) => {
            json!({ "op": "document.read", "from": read.from, "maxBlocks": read.count })
        }
        (Document::Word(..), _, _) => {
            return refused(
                RefusalCode::BadInput,
                "A word document is read by --from and --count.",
            );
        }
        (Document::Deck(_), _, Some(slide)) => json!({ "op": "slide.read", "slide": slide }),
        (Document::Workbook(_), None, _) => {
            return refused(
                RefusalCode::BadInput,
                "A workbook is read by --range, not by --slide.",
            );
        }
        (Document::Deck(_), _, None) => {
            return refused(
                RefusalCode::BadInput,
                "A deck is read by --slide, not by --range.",
            );
        }
    };
    let operation = deskhand_document::operation(document.kind(), asked)?;
    let answer = document.answer(&operation)?;
    done(read.json, &untagged(&answer), || show::content(&answer))
}

/// `document apply`.
pub(super) async fn apply(paths: &Paths, apply: &Apply) -> Outcome<ExitCode> {
    // The first line, where the operations come after it.
    let password = apply.password.take()?;
    let input = operations_input(&apply.ops)?;
    if flat::open(&apply.file)?.is_some() {
        return refused(
            RefusalCode::Unsupported,
            "Files of this kind are only read; nothing was changed.",
        );
    }
    if !apply.file.exists() {
        return make::document(paths, apply, input);
    }
    let mut opened = open(&apply.file, password.as_deref().map(String::as_str))?;
    opened.document = opened.document.changed_by(revision());
    let list = asked(paths, opened.document.kind(), input)?;
    if apply.preview {
        let change = all(&opened.document, &list)?;
        let differences = compare(&opened.document, &change.document)?;
        let answer = json!({ "changeSet": null, "preview": true, "results": change.answers,
            "warnings": change.warnings, "differences": differences });
        return done(apply.json, &answer, || show::preview(&change, &differences));
    }
    let (change_set, change) = write(paths, opened, &list, &apply.to).await?;
    let answer = Applied {
        change_set: change_set.as_ref(),
        results: &change.answers,
        warnings: &change.warnings,
    };
    done(apply.json, &answer, || {
        show::applied(change_set.as_ref(), &change)
    })
}

/// The operations of the input, without sources of figures where the settings keep those out of files.
pub(super) fn asked(paths: &Paths, kind: DocumentKind, input: Value) -> Outcome<Vec<Operation>> {
    let mut list = operations(kind, input)?;
    let policy = Layer::policy_on_disk(paths, &Watched::read(paths), millis());
    if !policy.workspace.deskhand_keep_sources_in_files.value {
        for sources in list.iter_mut().filter_map(Operation::sources_mut) {
            sources.clear();
        }
    }
    Ok(list)
}

/// The answer of `document apply`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Applied<'a> {
    change_set: Option<&'a ChangeSetId>,
    results: &'a [Answer],
    warnings: &'a [String],
}

/// `document check`.
pub(super) fn check(asked: &OneFile) -> Outcome<ExitCode> {
    if flat::open(&asked.file)?.is_some() {
        return refused(
            RefusalCode::Unsupported,
            "Files of this kind are only read, and not checked.",
        );
    }
    let content = findings(&opened(asked)?.document)?;
    let grave = content
        .findings
        .iter()
        .any(|finding| finding.severity != Severity::Note);
    done(asked.json, &content, || show::findings(&content))?;
    Ok(if grave {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// `document recalc`.
pub(super) async fn recalc(paths: &Paths, recalc: &Recalc) -> Outcome<ExitCode> {
    let password = recalc.password.take()?;
    let opened = open(&recalc.file, password.as_deref().map(String::as_str))?;
    only_workbook(&opened)?;
    let list = [Operation::Workbook(WorkbookOperation::Recalculate(
        Recalculate {},
    ))];
    let (change_set, change) = write(paths, opened, &list, &recalc.to).await?;
    let Some(Answer::Workbook(WorkbookAnswer::Recalculate(content))) = change.answers.first() else {
        return Err(anyhow::anyhow!("the answer is of another operation").into());
    };
    let mut answer = serde_json::to_value(content).map_err(anyhow::Error::from)?;
    answer["changeSet"] = json!(change_set);
    done(recalc.json, &answer, || {
        show::recalculated(change_set.as_ref(), content)
    })
}

/// `document tie-out`.
pub(super) async fn tie_out(paths: &Paths, tie_out: &TieOut) -> Outcome<ExitCode> {
    let password = tie_out.password.take()?;
    let opened = open(&tie_out.file, password.as_deref().map(String::as_str))?;
    only_workbook(&opened)?;
    let params = TieOutParams {
        tolerance: tie_out.tolerance,
        sheets: tie_out.sheets.clone(),
        // No machine stands beside the command line.
        libre_office: false,
    };
    let look = Operation::Workbook(WorkbookOperation::TieOut(params));
    let answer = opened.document.answer(&look)?;
    let Answer::Workbook(WorkbookAnswer::TieOut(content)) = &answer else {
        return Err(anyhow::anyhow!("the answer is of another operation").into());
    };
    let mut told = serde_json::to_value(content).map_err(anyhow::Error::from)?;
    let mut change_set = None;
    if let Some(sheet) = &tie_out.report {
        let report = Operation::Workbook(WorkbookOperation::TieOutReport(TieOutReport {
            sheet: sheet.clone(),
            tolerance: tie_out.tolerance,
            sheets: tie_out.sheets.clone(),
            libre_office: false,
        }));
        change_set = write(paths, opened, &[report], &tie_out.to).await?.0;
        told["changeSet"] = json!(change_set);
    } else if tie_out.to.out.is_some() {
        return refused(RefusalCode::BadInput, "--out goes with --report.");
    }
    done(tie_out.json, &told, || {
        show::tied_out(change_set.as_ref(), content)
    })
}

/// `document diff`.
pub(super) fn diff(before: &Path, after: &Path, password: &Password, json: bool) -> Outcome<ExitCode> {
    let password = password.take()?;
    let password = password.as_deref().map(String::as_str);
    let differences = match (flat::open(before)?, flat::open(after)?) {
        (Some(mut before), Some(mut after)) => compare_flat(&mut before, &mut after)?,
        (None, None) => compare(
            &open(before, password)?.document,
            &open(after, password)?.document,
        )?,
        _ => {
            return refused(
                RefusalCode::BadInput,
                "Documents of different kinds cannot be compared.",
            );
        }
    };
    done(json, &json!({ "differences": differences }), || {
        show::differences(&differences)
    })
}

/// Who makes tracked changes, and when.
pub(super) fn revision() -> Revision {
    revision_at(clock::now())
}

fn only_workbook(opened: &Opened) -> Outcome<()> {
    match opened.document {
        Document::Workbook(_) => Ok(()),
        _ => refused(
            RefusalCode::BadInput,
            "This works on workbooks, and the file is none.",
        ),
    }
}

/// All operations or none; a refusal says which one it was.
fn all(document: &Document, list: &[Operation]) -> Outcome<Change> {
    apply_all(document, list).map_err(|at| stopped(at, list.len()))
}

/// The refusal of one of several operations.
pub(super) fn stopped(stopped: Stopped, of: usize) -> Trouble {
    let Refusal { code, message } = stopped.refusal;
    let which = if of > 1 {
        format!("Operation {}: ", stopped.at + 1)
    } else {
        String::new()
    };
    Trouble::Refused(Refusal::new(code, format!("{which}{message}")))
}

/// Works out and saves: journaled and in place, or to another file.
async fn write(
    paths: &Paths,
    opened: Opened,
    list: &[Operation],
    to: &To,
) -> Outcome<(Option<ChangeSetId>, Change)> {
    if to.out.is_none() {
        opened.door.check_writable()?;
    }
    check_signature(opened.document.package(), to)?;
    let change = all(&opened.document, list)?;
    let package = change.document.package();
    if let Some(out) = &to.out {
        save_to(&Saved::of(package, opened.encryption.as_ref())?, out, to.replace)?;
        return Ok((None, change));
    }
    let mut patches = PatchSet::default();
    change.patches.iter().cloned().for_each(|next| patches.join(next));
    if patches.is_empty() {
        return Ok((None, change));
    }
    let journal = Journal::open(paths).await?;
    let id = save_journaled(
        &journal,
        Start {
            door: &opened.door,
            package: opened.document.package(),
            read: opened.read,
            encryption: opened.encryption.as_ref(),
        },
        (None, title(list)),
        patches,
    )
    .await?;
    Ok((Some(id), change))
}

/// What was done, an operation a line.
fn title(list: &[Operation]) -> String {
    let lines = list.iter().take(MAX_TITLES).map(|operation| {
        let target = operation.target();
        operation.definition().done.replace(
            "{}",
            if target.is_empty() {
                "the document"
            } else {
                &target
            },
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

pub(super) fn save_to(saved: &Saved<'_>, out: &Path, replacing: bool) -> Outcome<()> {
    let door = Door::to_new(out)?;
    let expected = match door.open(u64::MAX) {
        // An empty file is nobody's work: programs make one to hold a name.
        Ok((_, there)) if replacing || there.size == 0 => Expected::Content(there),
        Ok(_) => {
            let sentence = format!("{} is there already; nothing was changed.", out.display());
            return refused(RefusalCode::NameTaken, sentence);
        }
        Err(_) => Expected::Nothing,
    };
    replace(&door, expected, saved)
}

/// Puts a package in the place of what is expected there.
pub(super) fn replace(door: &Door, expected: Expected, saved: &Saved<'_>) -> Outcome<()> {
    match door.replace(expected, |out| saved.write_to(out)) {
        Ok(_) => Ok(()),
        Err(Unsaved::Refused(Refusal { code, message })) => {
            let sentence = message.trim_end_matches('.');
            refused(code, format!("{sentence}; nothing was changed."))
        }
        Err(Unsaved::Unknown) => {
            let sentence = format!(
                "{} was written, and does not hold what was written to it.",
                door.path().display()
            );
            refused(RefusalCode::Failed, sentence)
        }
    }
}

fn operations_input(from: &Path) -> Outcome<Value> {
    let mut bytes = Vec::new();
    let read = if from == Path::new("-") {
        std::io::stdin()
            .lock()
            .take(MAX_OPERATIONS + 1)
            .read_to_end(&mut bytes)
    } else {
        fs::File::open(from).and_then(|file| file.take(MAX_OPERATIONS + 1).read_to_end(&mut bytes))
    };
    if let Err(error) = read {
        return refused(
            RefusalCode::NotFound,
            format!("{} was not read: {error}.", from.display()),
        );
    }
    if bytes.len() as u64 > MAX_OPERATIONS {
        return refused(
            RefusalCode::TooLarge,
            format!("The operations are larger than {MAX_OPERATIONS} bytes."),
        );
    }
    match serde_json::from_slice(&bytes) {
        Ok(value) => Ok(value),
        Err(error) => refused(
            RefusalCode::BadInput,
            format!("The operations are no JSON: {error}."),
        ),
    }
}

/// The answer without the tag of its operation: the command tells it already.
pub(super) fn untagged(answer: &Answer) -> Value {
    let mut value = serde_json::to_value(answer).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        fields.shift_remove("op");
    }
    value
}

pub(super) fn done(
    json: bool,
    answer: &impl Serialize,
    lines: impl FnOnce() -> Vec<String>,
) -> Outcome<ExitCode> {
    if json {
        print_json(answer)?;
    } else {
        for line in lines() {
            print(&line)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
