//! The file back end: one operation opens the package, plans, patches, saves. Operations on one file go one after
//! another; blocking work runs on the blocking threads.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use deskhand_opc::{Limits, Package, PackageError, PatchSet};
use deskhand_protocol::operations::{Answer, DeckAnswer, Effect, Operation, Refusal, RefusalCode};
use deskhand_sheet::Workbook;
use deskhand_slides::Deck;
use deskhand_workspace::Fingerprint;
use serde_json::Value;

use crate::backend::{Done, Trouble};
use crate::door::Door;
use crate::preview::{range_in, range_to_keep, slide_in, slide_of, slide_read};

/// Closed files.
#[derive(Debug, Default)]
pub(crate) struct Files {
    locks: Mutex<HashMap<PathBuf, Arc<tokio::sync::Mutex<()>>>>,
}

impl Files {
    /// Does one operation on a file.
    pub(crate) async fn perform(
        &self,
        door: Door,
        operation: Operation,
        expected: Option<String>,
    ) -> Result<Done, Trouble> {
        self.alone(door, move |door| perform(door, &operation, expected.as_deref()))
            .await
    }

    /// Takes an exact way back, when the file still stands as it was left. False when it does not.
    pub(crate) async fn restore(&self, door: Door, patch: Value) -> Result<bool, Trouble> {
        self.alone(door, move |door| restore(door, patch)).await
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
        match tokio::task::spawn_blocking(move || work(&door)).await {
            Ok(done) => done,
            Err(_) => Err(Trouble::Unknown),
        }
    }

    fn lock_of(&self, path: &Path) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(locks.entry(path.to_owned()).or_default())
    }
}

fn perform(door: &Door, operation: &Operation, expected: Option<&str>) -> Result<Done, Trouble> {
    let (package, stamp) = open(door)?;
    if operation.definition().effect == Effect::Read {
        return Ok(Done {
            answer: read(package, operation)?,
            patch: None,
            saved: None,
        });
    }
    door.check_writable()?;
    if let Some(expected) = expected {
        let now = fingerprint(package.clone(), operation)?;
        if now.as_deref().is_some_and(|now| now != expected) {
            let message = "the place changed since it was read; read it again";
            return Err(Refusal::new(RefusalCode::Changed, message).into());
        }
    }
    let mut changed = package.clone();
    let (answer, patches) = plan(package, operation)?;
    changed.apply(&patches).map_err(failed)?;
    let patch = serde_json::to_value(patches.invert()).map_err(failed)?;
    let saved = save(door, &changed, stamp)?;
    Ok(Done {
        answer,
        patch: Some(patch),
        saved: Some(saved),
    })
}

fn restore(door: &Door, patch: Value) -> Result<bool, Trouble> {
    let patches: PatchSet = serde_json::from_value(patch).map_err(failed)?;
    let (mut package, stamp) = open(door)?;
    door.check_writable()?;
    if package.apply(&patches).is_err() {
        return Ok(false);
    }
    save(door, &package, stamp)?;
    Ok(true)
}

fn open(door: &Door) -> Result<(Package, Fingerprint), Refusal> {
    let limits = Limits::default();
    let (bytes, stamp) = door.read(limits.file_bytes)?;
    let package = Package::open(bytes, &limits).map_err(|error| unreadable(door, &error))?;
    Ok((package, stamp))
}

/// Saves, and answers with the size in bytes.
fn save(door: &Door, package: &Package, stamp: Fingerprint) -> Result<u64, Trouble> {
    let bytes = package.write().map_err(failed)?;
    door.replace(&bytes, stamp)?;
    Ok(bytes.len() as u64)
}

fn read(package: Package, operation: &Operation) -> Result<Answer, Refusal> {
    match operation {
        Operation::Workbook(operation) => Workbook::open(package)?.answer(operation).map(Answer::Workbook),
        Operation::Deck(operation) => {
            // The label belongs to the file, not to the slides.
            let label = package.label().map_err(failed)?;
            let mut answer = Deck::open(package)?.answer(operation)?;
            if let DeckAnswer::Info(content) = &mut answer {
                content.label = label;
            }
            Ok(Answer::Deck(answer))
        }
    }
}

fn plan(package: Package, operation: &Operation) -> Result<(Answer, PatchSet), Refusal> {
    match operation {
        Operation::Workbook(operation) => {
            let planned = Workbook::open(package)?.plan(operation)?;
            Ok((Answer::Workbook(planned.answer), planned.patches))
        }
        Operation::Deck(operation) => {
            let planned = Deck::open(package)?.plan(operation)?;
            Ok((Answer::Deck(planned.answer), planned.patches))
        }
    }
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
        Operation::Deck(deck) => {
            let Some(slide) = slide_of(deck) else {
                return Ok(None);
            };
            Ok(slide_in(read(package, &slide_read(slide))?).map(|slide| slide.fingerprint))
        }
    }
}

fn failed(error: impl fmt::Display) -> Refusal {
    Refusal::new(RefusalCode::Failed, error.to_string())
}

fn unreadable(door: &Door, error: &PackageError) -> Refusal {
    let code = match error {
        PackageError::Encrypted | PackageError::RightsManaged => RefusalCode::Encrypted,
        PackageError::TooLarge(_) => RefusalCode::TooLarge,
        _ => RefusalCode::Corrupt,
    };
    Refusal::new(code, format!("{}: {error}", door.name()))
}
