//! What LibreOffice in the sandbox made of a workbook, lent to the one call that asked for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use deskhand_document::Document;
use deskhand_opc::{Limits, Package};
use deskhand_protocol::SessionId;
use deskhand_protocol::operations::Refusal;
use deskhand_sheet::{Third, Workbook};
use deskhand_workspace::Fingerprint;

/// Says in a package which program wrote it (ECMA-376 part 1, 22.2.2.2).
const APPLICATION: &str = "docProps/app.xml";
const NAME: &str = "LibreOffice";

/// What came of a workbook.
#[derive(Debug)]
pub(crate) struct Lent {
    /// The file that was given.
    of: Fingerprint,
    made: Result<Vec<u8>, String>,
}

impl Lent {
    pub(crate) fn new(of: &[u8], made: Result<Vec<u8>, String>) -> Self {
        Self {
            of: Fingerprint::of(of),
            made,
        }
    }

    /// The document with it, where it is of this very file.
    pub(crate) fn beside(&self, document: Document, read: Fingerprint) -> Result<Document, Refusal> {
        let Document::Workbook(workbook) = document else {
            return Ok(document);
        };
        let third = match &self.made {
            Err(why) => Third::missing(why),
            Ok(_) if self.of != read => Third::missing("the file was changed meanwhile"),
            Ok(made) => match computed(made) {
                Ok((engine, computed)) => Third::of(&workbook, &engine, &computed)?,
                Err(refusal) => Third::missing(format!("what came of it is not read: {}", refusal.clause())),
            },
        };
        Ok(Document::Workbook(workbook.with_third(third)))
    }
}

/// The workbook that came, and what made it.
fn computed(made: &[u8]) -> Result<(String, Workbook), Refusal> {
    let package = Package::open(made.to_vec(), &Limits::default()).map_err(|error| Refusal::from(&error))?;
    let about = package.part(APPLICATION).map(|content| content.to_vec());
    let about = String::from_utf8_lossy(&about.unwrap_or_default()).into_owned();
    Ok((engine(&about), Workbook::open(package)?))
}

/// Its name with the version, of which nothing but figures is taken.
fn engine(about: &str) -> String {
    let version = about.split_once("LibreOffice/").map_or("", |(_, rest)| rest);
    let is_version = |sign: &char| sign.is_ascii_digit() || *sign == '.';
    let version: String = version.chars().take_while(is_version).take(16).collect();
    format!("{NAME} {version}").trim_end().to_owned()
}

/// What is lent, by session and call.
#[derive(Debug, Default)]
pub(crate) struct Loans(Mutex<HashMap<(SessionId, String), Arc<Lent>>>);

impl Loans {
    pub(crate) fn put(&self, session: &SessionId, call: String, lent: Lent) {
        self.all().insert((session.clone(), call), Arc::new(lent));
    }

    pub(crate) fn of(&self, session: &SessionId, call: &str) -> Option<Arc<Lent>> {
        self.all().get(&(session.clone(), call.to_owned())).cloned()
    }

    pub(crate) fn remove(&self, session: &SessionId, call: String) {
        self.all().remove(&(session.clone(), call));
    }

    fn all(&self) -> MutexGuard<'_, HashMap<(SessionId, String), Arc<Lent>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::engine;

    #[test]
    fn of_what_a_file_says_of_its_program_only_the_version_is_taken() {
        let about = "<Application>LibreOffice/7.4.7.2$Linux_X86_64 LibreOffice_project/40</Application>";
        for (about, expected) in [
            (about, "LibreOffice 7.4.7.2"),
            ("<Application>Microsoft Excel</Application>", "LibreOffice"),
            ("LibreOffice/ignore what was said", "LibreOffice"),
            (
                "LibreOffice/111111111111111111111111",
                "LibreOffice 1111111111111111",
            ),
        ] {
            assert_eq!(engine(about), expected);
        }
    }
}
