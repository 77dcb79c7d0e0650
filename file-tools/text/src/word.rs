//! A word document: opening it, and which operation answers what.

mod block;
mod check;
mod compose;
mod create;
mod diff;
mod find;
mod grid;
mod info;
mod inline;
mod insert;
mod lint;
mod names;
mod numbering;
mod read;
mod redline;
mod replace;
mod resources;
mod story;
mod styles;

use deskhand_opc::xml::{Ns, Tree};
use deskhand_opc::{Blob, Draft, Fingerprint, Limits, Package, PatchSet};
use deskhand_operations::text::{WordAnswer, WordOperation};
use deskhand_operations::{Applied, Refusal, RefusalCode};

use crate::refuse;
use story::{StoryPart, story_parts};

pub use create::create_document;
pub use lint::{Finding, lint};

/// Who makes tracked changes, and when. The clock and the user are the caller's to know (Invariant 10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The author as Word shows it.
    pub author: String,
    /// When, in ISO 8601 with seconds: `2026-11-21T09:30:00Z`; changes carry no date when absent.
    pub date: Option<String>,
}

impl Default for Revision {
    fn default() -> Self {
        Self {
            author: "Deskhand".to_owned(),
            date: None,
        }
    }
}

/// What an operation would answer, and the changes that it needs. Nothing is changed until the patches are applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The answer once the patches are applied.
    pub answer: WordAnswer,
    /// The changes to the package; none for an operation that reads.
    pub patches: PatchSet,
}

/// A word document, open for reading and for planning changes. It never changes itself.
#[derive(Clone, Debug)]
pub struct Document {
    package: Package,
    /// The main part.
    main: String,
    /// The parts that hold text, the main one first.
    parts: Vec<StoryPart>,
}

/// A part with its content, to be read as a tree.
#[derive(Debug)]
struct Part {
    name: String,
    content: Blob,
    limits: Limits,
}

impl Part {
    fn read(package: &Package, name: &str) -> Result<Self, Refusal> {
        let content = package.part(name).map_err(|error| refuse::package(&error))?;
        Ok(Self {
            name: name.to_owned(),
            content,
            limits: *package.limits(),
        })
    }

    /// The first part that `source` is related to by a kind.
    fn related(package: &Package, source: &str, kind: &str) -> Result<Option<Self>, Refusal> {
        let parts = package.related(source, kind);
        let part = parts.map_err(|error| refuse::package(&error))?.into_iter().next();
        part.map(|part| Self::read(package, &part)).transpose()
    }

    fn tree(&self) -> Result<Tree<'_>, Refusal> {
        Tree::parse(&self.name, &self.content, &self.limits).map_err(|error| refuse::package(&error))
    }
}

impl Document {
    /// Reads the structure of a document.
    ///
    /// Refused where the package is no word document, or where a part that it needs is missing or damaged.
    pub fn open(package: Package) -> Result<Self, Refusal> {
        let main = package.main_part().map_err(|error| refuse::package(&error))?;
        let part = Part::read(&package, &main)?;
        let tree = part.tree()?;
        let body = tree.root().child("body");
        if !tree.root().is(Ns::Word, "document") || body.is_none() {
            return Err(refuse::corrupt("the file is not a word document"));
        }
        let parts = story_parts(&package, &main)?;
        Ok(Self { package, main, parts })
    }

    /// The package that the document was read from.
    pub fn package(&self) -> &Package {
        &self.package
    }

    /// Answers an operation that reads: `document.info`, `document.read`, `document.find`, `document.check`.
    ///
    /// Refused for an operation that changes the document: plan that.
    pub fn answer(&self, operation: &WordOperation) -> Result<WordAnswer, Refusal> {
        match operation {
            WordOperation::Info(_) => info::info(self).map(WordAnswer::Info),
            WordOperation::Read(read) => read::read(self, read).map(WordAnswer::Read),
            WordOperation::Find(find) => find::find(self, find).map(WordAnswer::Find),
            WordOperation::Check(_) => check::check(self).map(WordAnswer::Check),
            other => Err(refuse::bad_input(format!(
                "'{}' changes the document",
                other.definition().name
            ))),
        }
    }

    /// Works out an operation: its answer and the patches that make the change. Operations that read have none.
    ///
    /// Refused for `document.create`, which makes a new file: see [`create_document`]; and where the document would have a
    /// finding that it has not yet: see [`lint`].
    pub fn plan(&self, operation: &WordOperation, revision: &Revision) -> Result<Planned, Refusal> {
        let mut draft = Draft::new(&self.package);
        let answer = match operation {
            WordOperation::Replace(replace) => {
                let applied = replace::replace(self, &mut draft, replace, revision)?;
                WordAnswer::Replace(self.with_signature_warning(applied)?)
            }
            WordOperation::Insert(insert) => {
                let applied = insert::insert(self, &mut draft, insert, revision)?;
                WordAnswer::Insert(self.with_signature_warning(applied)?)
            }
            WordOperation::Create(_) => {
                return Err(refuse::bad_input(
                    "'document.create' makes a new file and changes none; nothing was changed",
                ));
            }
            other => self.answer(other)?,
        };
        let after = draft.package().clone();
        let patches = draft.finish();
        if !patches.is_empty() {
            self.check_change(after, &patches)?;
        }
        Ok(Planned { answer, patches })
    }

    /// Refuses a change after which the document would not pass its check, or be none.
    fn check_change(&self, after: Package, patches: &PatchSet) -> Result<(), Refusal> {
        let finding = match Self::open(after) {
            Ok(after) => lint::new_finding(self, &after, patches)?.map(|finding| finding.sentence),
            Err(refusal) => Some(refusal.clause().to_owned()),
        };
        match finding {
            Some(sentence) => Err(Refusal::new(
                RefusalCode::Failed,
                format!(
                    "The change was not made, because the document would not pass its check: {sentence}."
                ),
            )),
            None => Ok(()),
        }
    }

    fn with_signature_warning(&self, mut applied: Applied) -> Result<Applied, Refusal> {
        let signed = self
            .package
            .is_signed()
            .map_err(|error| refuse::package(&error))?;
        if signed {
            let warning = "the file is signed, and this change breaks the signature";
            applied.warnings.push(warning.to_owned());
        }
        Ok(applied)
    }

    /// A mark of all parts that hold text.
    fn fingerprint(&self) -> Result<String, Refusal> {
        let mut mark = Fingerprint::default();
        for part in &self.parts {
            mark.add(&Part::read(&self.package, &part.name)?.content);
        }
        Ok(mark.to_string())
    }

    /// Refuses when the document is not the one that was read.
    fn check_fingerprint(&self, expected: Option<&str>) -> Result<(), Refusal> {
        match expected {
            Some(expected) if expected != self.fingerprint()? => Err(Refusal::new(
                RefusalCode::Changed,
                "the document changed since it was read; nothing was changed",
            )),
            _ => Ok(()),
        }
    }
}
