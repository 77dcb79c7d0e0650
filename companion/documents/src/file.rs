//! The file back end: one operation opens the package, plans, patches, saves. Operations on one file go one after
//! another; blocking work runs on the blocking threads.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use deskhand_opc::{Limits, Package, PackageError, PatchSet, SaveError};
use deskhand_protocol::operations::{Answer, Effect, Operation, Refusal, RefusalCode};
use deskhand_sheet::Workbook;
use deskhand_slides::Deck;
use serde_json::Value;

use crate::backend::{Done, Trouble};
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
        path: PathBuf,
        operation: Operation,
        expected: Option<String>,
    ) -> Result<Done, Trouble> {
        let lock = self.lock_of(&path);
        let _turn = lock.lock().await;
        let work = tokio::task::spawn_blocking(move || perform(&path, &operation, expected.as_deref()));
        match work.await {
            Ok(done) => done.map_err(Trouble::Refused),
            Err(_) => Err(Trouble::Unknown),
        }
    }

    /// Takes an exact way back, when the file still stands as it was left. False when it does not.
    pub(crate) async fn restore(&self, path: PathBuf, patch: Value) -> Result<bool, Trouble> {
        let lock = self.lock_of(&path);
        let _turn = lock.lock().await;
        match tokio::task::spawn_blocking(move || restore(&path, patch)).await {
            Ok(restored) => restored.map_err(Trouble::Refused),
            Err(_) => Err(Trouble::Unknown),
        }
    }

    fn lock_of(&self, path: &Path) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(locks.entry(path.to_owned()).or_default())
    }
}

fn perform(path: &Path, operation: &Operation, expected: Option<&str>) -> Result<Done, Refusal> {
    let (package, stamp) =
        deskhand_opc::open(path, &Limits::default()).map_err(|error| open_refusal(path, &error))?;
    if operation.definition().effect == Effect::Read {
        return Ok(Done {
            answer: read(package, operation)?,
            patch: None,
            saved: None,
        });
    }
    if let Some(lock) = deskhand_opc::lock_file(path) {
        let user = lock.user.map(|user| format!(" by {user}")).unwrap_or_default();
        let message = format!("{} is open in another program{user}", name_of(path));
        return Err(Refusal::new(RefusalCode::InUse, message));
    }
    if let Some(expected) = expected {
        let now = fingerprint(package.clone(), operation)?;
        if now.as_deref().is_some_and(|now| now != expected) {
            return Err(Refusal::new(
                RefusalCode::Changed,
                "the place changed since it was read; read it again",
            ));
        }
    }
    let mut changed = package.clone();
    let (answer, patches) = plan(package, operation)?;
    changed
        .apply(&patches)
        .map_err(|error| Refusal::new(RefusalCode::Failed, error.to_string()))?;
    deskhand_opc::save(&changed, path, &stamp).map_err(|error| open_refusal(path, &error))?;
    let saved = std::fs::metadata(path).map(|metadata| metadata.len()).ok();
    let patch = serde_json::to_value(patches.invert()).ok();
    Ok(Done { answer, patch, saved })
}

fn restore(path: &Path, patch: Value) -> Result<bool, Refusal> {
    let patches: PatchSet = serde_json::from_value(patch)
        .map_err(|error| Refusal::new(RefusalCode::Failed, error.to_string()))?;
    let (mut package, stamp) =
        deskhand_opc::open(path, &Limits::default()).map_err(|error| open_refusal(path, &error))?;
    if package.apply(&patches).is_err() {
        return Ok(false);
    }
    deskhand_opc::save(&package, path, &stamp).map_err(|error| open_refusal(path, &error))?;
    Ok(true)
}

fn read(package: Package, operation: &Operation) -> Result<Answer, Refusal> {
    match operation {
        Operation::Workbook(operation) => Workbook::open(package)?.answer(operation).map(Answer::Workbook),
        Operation::Deck(operation) => Deck::open(package)?.answer(operation).map(Answer::Deck),
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

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

fn open_refusal(path: &Path, error: &SaveError) -> Refusal {
    let code = match error {
        SaveError::Package(PackageError::Encrypted | PackageError::RightsManaged) => RefusalCode::Encrypted,
        SaveError::Package(PackageError::TooLarge(_)) => RefusalCode::TooLarge,
        SaveError::Package(_) => RefusalCode::Corrupt,
        SaveError::Changed => RefusalCode::Changed,
        SaveError::InUse(_) => RefusalCode::InUse,
        _ => RefusalCode::Failed,
    };
    Refusal::new(code, format!("{}: {error}", name_of(path)))
}
