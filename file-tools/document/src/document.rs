//! A document in a package: a workbook, a deck or a word document.

use deskhand_opc::{Package, PackageError, PatchSet};
use deskhand_operations::{
    Answer, DeckAnswer, DocumentKind, Operation, Refusal, RefusalCode, TextAnswer, TextOperation,
};
use deskhand_sheet::Workbook;
use deskhand_slides::Deck;
use deskhand_text::{Document as Text, Revision};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A document, read from a package.
#[derive(Clone, Debug)]
pub enum Document {
    /// A workbook.
    Workbook(Workbook),
    /// A deck.
    Deck(Deck),
    /// A word document, and who makes the tracked changes in it.
    Word(Text, Revision),
}

/// What an operation would answer, and the changes that it needs.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The answer once the patches are applied.
    pub answer: Answer,
    /// The changes to the package; none for an operation that only looks.
    pub patches: PatchSet,
}

impl Document {
    /// Reads a document; its main part tells the kind, not the name of the file.
    pub fn open(package: Package) -> Result<Self, Refusal> {
        match kind(&package).map_err(|error| Refusal::from(&error))? {
            Some(DocumentKind::Workbook) => Workbook::open(package).map(Self::Workbook),
            Some(DocumentKind::Deck) => Deck::open(package).map(Self::Deck),
            Some(DocumentKind::Document) => {
                Text::open(package).map(|document| Self::Word(document, Revision::default()))
            }
            _ => Err(Refusal::new(
                RefusalCode::Unsupported,
                "The file is no workbook, no deck and no word document.",
            )),
        }
    }

    /// The document with tracked changes made by somebody. Workbooks and decks track none.
    #[must_use]
    pub fn changed_by(self, revision: Revision) -> Self {
        match self {
            Self::Word(document, _) => Self::Word(document, revision),
            other => other,
        }
    }

    /// The kind.
    pub fn kind(&self) -> DocumentKind {
        match self {
            Self::Workbook(_) => DocumentKind::Workbook,
            Self::Deck(_) => DocumentKind::Deck,
            Self::Word(..) => DocumentKind::Document,
        }
    }

    /// The package as it stands.
    pub fn package(&self) -> &Package {
        match self {
            Self::Workbook(workbook) => workbook.package(),
            Self::Deck(deck) => deck.package(),
            Self::Word(document, _) => document.package(),
        }
    }

    /// Answers an operation that only looks.
    pub fn answer(&self, operation: &Operation) -> Result<Answer, Refusal> {
        match (self, operation) {
            (Self::Workbook(workbook), Operation::Workbook(operation)) => {
                workbook.answer(operation).map(Answer::Workbook)
            }
            (Self::Deck(deck), Operation::Deck(operation)) => {
                let mut answer = deck.answer(operation)?;
                if let DeckAnswer::Info(content) = &mut answer {
                    // The label belongs to the file, not to the slides.
                    let label = deck.package().label();
                    content.label = label.map_err(|error| Refusal::from(&error))?;
                }
                Ok(Answer::Deck(answer))
            }
            (Self::Word(document, _), Operation::Text(TextOperation::Document(operation))) => {
                let answer = document.answer(operation)?;
                Ok(Answer::Text(TextAnswer::Document(answer)))
            }
            _ => Err(self.wrong_kind(operation)),
        }
    }

    /// Works out an operation. Nothing is changed.
    pub fn plan(&self, operation: &Operation) -> Result<Planned, Refusal> {
        match (self, operation) {
            (Self::Workbook(workbook), Operation::Workbook(operation)) => {
                let planned = workbook.plan(operation)?;
                Ok(Planned {
                    answer: Answer::Workbook(planned.answer),
                    patches: planned.patches,
                })
            }
            (Self::Deck(deck), Operation::Deck(operation)) => {
                let planned = deck.plan(operation)?;
                Ok(Planned {
                    answer: Answer::Deck(planned.answer),
                    patches: planned.patches,
                })
            }
            (Self::Word(document, revision), Operation::Text(TextOperation::Document(operation))) => {
                let planned = document.plan(operation, revision)?;
                Ok(Planned {
                    answer: Answer::Text(TextAnswer::Document(planned.answer)),
                    patches: planned.patches,
                })
            }
            _ => Err(self.wrong_kind(operation)),
        }
    }

    /// The document with the patches applied.
    pub fn with(&self, patches: &PatchSet) -> Result<Self, Refusal> {
        let mut package = self.package().clone();
        let applied = package.apply(patches);
        applied.map_err(|error| Refusal::new(RefusalCode::Changed, error.to_string()))?;
        match self {
            Self::Workbook(_) => Workbook::open(package).map(Self::Workbook),
            Self::Deck(_) => Deck::open(package).map(Self::Deck),
            Self::Word(_, revision) => {
                Text::open(package).map(|document| Self::Word(document, revision.clone()))
            }
        }
    }

    fn wrong_kind(&self, operation: &Operation) -> Refusal {
        let is = match self {
            Self::Workbook(_) => "workbook",
            Self::Deck(_) => "deck",
            Self::Word(..) => "word document",
        };
        let name = operation.definition().name;
        Refusal::new(
            RefusalCode::BadInput,
            format!("`{name}` is no operation of a {is}."),
        )
    }
}

/// Tracked changes by Deskhand at a time in Unix milliseconds.
pub fn revision_at(now: i64) -> Revision {
    let time = OffsetDateTime::from_unix_timestamp(now.div_euclid(1_000)).ok();
    Revision {
        date: time.and_then(|time| time.format(&Rfc3339).ok()),
        ..Revision::default()
    }
}

/// The kind of a package, from its main part.
fn kind(package: &Package) -> Result<Option<DocumentKind>, PackageError> {
    let main = package.main_part()?;
    let types = package.content_types()?;
    let of = types.of(&main).unwrap_or_default().to_lowercase();
    Ok(if of.contains("spreadsheetml") || of.contains("ms-excel") {
        Some(DocumentKind::Workbook)
    } else if of.contains("presentationml") || of.contains("ms-powerpoint") {
        Some(DocumentKind::Deck)
    } else if of.contains("wordprocessingml") || of.contains("ms-word") {
        Some(DocumentKind::Document)
    } else {
        None
    })
}
