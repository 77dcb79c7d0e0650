//! The file back end: one operation opens the package, plans, patches, saves. Operations on one file go one after
//! another; blocking work runs on the blocking threads.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use deskhand_document::history::{Applied, Noted, Way, carried, marks, way};
use deskhand_document::{Document, Flat, compare, is_flat, revision_at};
use deskhand_opc::{Limits, Package, PackageError, PatchSet, open_file};
use deskhand_protocol::operations::answer::Difference;
use deskhand_protocol::operations::{Answer, Operation, Refusal, RefusalCode};
use deskhand_protocol::{ChangeSetId, Timestamp};
use deskhand_workspace::{Expected, Fingerprint};
use tokio::sync::OwnedMutexGuard;

use crate::backend::Trouble;
use crate::door::Door;
use crate::lent::Lent;
use crate::preview::{range_in, range_to_keep, slide_in, slide_of, slide_read};

/// Closed files.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// True where files are not to hold where their figures came from.
    leaves_out_sources: bool,
    locks: Mutex<HashMap<PathBuf, Arc<tokio::sync::Mutex<()>>>>,
}

/// A change that is worked out and not yet written; nobody else here works on the file meanwhile.
#[derive(Debug)]
pub(crate) struct Planned {
    /// The answer of the operation; nothing for a way back.
    pub(crate) answer: Option<Answer>,
    /// What is about to be done to the file.
    pub(crate) applied: Applied,
    after: Package,
    read: Fingerprint,
    door: Door,
    turn: OwnedMutexGuard<()>,
}

/// What came of looking for an exact way back.
#[derive(Debug)]
pub(crate) enum Taken {
    /// Nothing of the change is in the file.
    Nothing,
    /// It can be written.
    Planned(Box<Planned>),
    /// There is none: what stands in the way, as a sentence without its full stop.
    Barred(String),
}

impl Files {
    /// Files that hold no sources of figures.
    pub(crate) fn without_sources() -> Self {
        Self {
            leaves_out_sources: true,
            ..Self::default()
        }
    }

    /// Does an operation that changes nothing, with what was lent for it.
    pub(crate) async fn read(
        &self,
        door: Door,
        operation: Operation,
        lent: Option<Arc<Lent>>,
    ) -> Result<Answer, Trouble> {
        self.alone(door, move |door| {
            let kind = operation.definition().document;
            if is_flat(kind) {
                let mut file = Flat::open(kind, door.stream()?)?;
                return Ok(file.answer(&operation)?);
            }
            Ok(opened(open(door)?, lent.as_deref())?.answer(&operation)?)
        })
        .await
    }

    /// Works out a changing operation, with what was lent for it.
    pub(crate) async fn plan(
        &self,
        door: Door,
        (mut operation, lent): (Operation, Option<Arc<Lent>>),
        expected: Option<String>,
        now: Timestamp,
    ) -> Result<Planned, Trouble> {
        if self.leaves_out_sources
            && let Some(sources) = operation.sources_mut()
        {
            sources.clear();
        }
        let turn = self.lock_of(&door.path()).lock_owned().await;
        blocking(move || {
            let (package, read) = open(&door)?;
            door.check_writable()?;
            if let Some(expected) = expected {
                let now = fingerprint(package.clone(), &operation)?;
                if now.is_some_and(|now| now != expected) {
                    let message = "the place changed since it was read; read it again";
                    return Err(Refusal::new(RefusalCode::Changed, message).into());
                }
            }
            let document = opened((package.clone(), read), lent.as_deref())?;
            let (answer, set) = plan(document, &operation, now)?;
            let mut planned = planned(door, turn, (&package, read), set, false)?;
            planned.answer = Some(answer);
            Ok(planned)
        })
        .await
    }

    /// Works out the exact way to where a change is undone, or done again. A change is only done again where nothing else was
    /// done since: what came meanwhile may have taken its name or its place.
    pub(crate) async fn take_back(
        &self,
        door: Door,
        steps: Vec<Noted>,
        change: ChangeSetId,
        undone: bool,
    ) -> Result<Taken, Trouble> {
        let turn = self.lock_of(&door.path()).lock_owned().await;
        blocking(move || {
            let (package, read) = open(&door)?;
            door.check_writable()?;
            let set = match way(steps, (change.as_str(), undone), &package, &read.to_string()) {
                Way::Nothing => return Ok(Taken::Nothing),
                Way::Barred(reason) => return Ok(Taken::Barred(reason)),
                Way::Back(_, true) if !undone => {
                    return Ok(Taken::Barred("later changes stay".to_owned()));
                }
                Way::Back(set, false) => set,
                Way::Back(set, true) => match carried(&package, set) {
                    Ok(set) => set,
                    Err(refusal) => return Ok(Taken::Barred(refusal.clause().to_owned())),
                },
            };
            let set = set.remembering(&package);
            Ok(Taken::Planned(Box::new(planned(
                door,
                turn,
                (&package, read),
                set,
                true,
            )?)))
        })
        .await
    }

    /// Writes what was planned, and answers with the size in bytes.
    pub(crate) async fn commit(&self, planned: Planned) -> Result<u64, Trouble> {
        blocking(move || {
            let expected = Expected::Content(planned.read);
            let written = planned
                .door
                .replace(expected, |out| planned.after.write_to(out))?;
            drop(planned.turn);
            Ok(written.size)
        })
        .await
    }

    /// The mark of the file as it is now.
    pub(crate) async fn mark(&self, door: Door) -> Result<String, Trouble> {
        self.alone(door, |door| {
            let (_, read) = door.open(Limits::default().file_bytes)?;
            Ok(read.to_string())
        })
        .await
    }

    /// What an operation would change. Nothing is written.
    pub(crate) async fn preview(&self, door: Door, operation: Operation) -> Result<Vec<Difference>, Trouble> {
        self.alone(door, move |door| {
            let before = Document::open(open(door)?.0)?;
            let planned = before.plan(&operation)?;
            Ok(compare(&before, &before.with(&planned.patches)?)?)
        })
        .await
    }

    /// Refuses what cannot be changed now, before a person is asked about it.
    pub(crate) async fn check_writable(&self, door: Door) -> Result<(), Trouble> {
        self.alone(door, |door| Ok(door.check_writable()?)).await
    }

    /// True when the file carries a digital signature, which any edit breaks.
    pub(crate) async fn is_signed(&self, door: Door) -> Result<bool, Trouble> {
        self.alone(door, |door| {
            let (package, _) = open(door)?;
            Ok(package.is_signed().map_err(|error| unreadable(door, &error))?)
        })
        .await
    }

    /// Works on a file while nobody else here does.
    async fn alone<T: Send + 'static>(
        &self,
        door: Door,
        work: impl FnOnce(&Door) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Trouble> {
        let lock = self.lock_of(&door.path());
        let _turn = lock.lock().await;
        blocking(move || work(&door)).await
    }

    fn lock_of(&self, path: &Path) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(locks.entry(path.to_owned()).or_default())
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Trouble> + Send + 'static,
) -> Result<T, Trouble> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(_) => Err(Trouble::Unknown),
    }
}

/// A set ready to be written over what was read.
fn planned(
    door: Door,
    turn: OwnedMutexGuard<()>,
    (package, read): (&Package, Fingerprint),
    set: PatchSet,
    cancels: bool,
) -> Result<Planned, Trouble> {
    let mut after = package.clone();
    after.apply(&set).map_err(failed)?;
    let written = Fingerprint::of_written(|out| after.write_to(out)).map_err(failed)?;
    let applied = Applied {
        at: 0,
        undone: false,
        parts: marks(&set, package, &after),
        set,
        cancels,
        file: (read.to_string(), written.to_string()),
    };
    Ok(Planned {
        answer: None,
        applied,
        after,
        read,
        door,
        turn,
    })
}

fn open(door: &Door) -> Result<(Package, Fingerprint), Refusal> {
    let limits = Limits::default();
    let (file, read) = door.open(limits.file_bytes)?;
    let package = open_file(file, &limits).map_err(|error| unreadable(door, &error))?;
    Ok((package, read))
}

fn read(package: Package, operation: &Operation) -> Result<Answer, Refusal> {
    Document::open(package)?.answer(operation)
}

/// The document in a package, with what was lent for it.
fn opened((package, read): (Package, Fingerprint), lent: Option<&Lent>) -> Result<Document, Refusal> {
    let document = Document::open(package)?;
    match lent {
        Some(lent) => lent.beside(document, read),
        None => Ok(document),
    }
}

fn plan(document: Document, operation: &Operation, now: Timestamp) -> Result<(Answer, PatchSet), Refusal> {
    let planned = document.changed_by(revision_at(now)).plan(operation)?;
    Ok((planned.answer, planned.patches))
}

/// The mark of the place that an operation changes.
fn fingerprint(package: Package, operation: &Operation) -> Result<Option<String>, Refusal> {
    match operation {
        Operation::Workbook(workbook) => {
            let Some((_, _, look)) = range_to_keep(workbook)? else {
                return Ok(None);
            };
            Ok(range_in(read(package, &look)?).map(|content| content.fingerprint))
        }
        Operation::Text(_) => Ok(None),
        Operation::Deck(deck) => {
            let Some(slide) = slide_of(deck) else {
                return Ok(None);
            };
            Ok(slide_in(read(package, &slide_read(&slide))?).map(|slide| slide.fingerprint))
        }
    }
}

fn failed(error: impl fmt::Display) -> Refusal {
    Refusal::new(RefusalCode::Failed, error.to_string())
}

fn unreadable(door: &Door, error: &PackageError) -> Refusal {
    let refusal = Refusal::from(error);
    Refusal::new(refusal.code, format!("{}: {}", door.name(), refusal.message))
}
