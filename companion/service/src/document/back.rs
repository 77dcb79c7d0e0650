//! Changes that lead back: saving with a record, and taking a change back.

use std::process::ExitCode;

use deskhand_document::history::{Way, carried, list, way};
use deskhand_documents::Door;
use deskhand_opc::{Limits, Package, PatchSet};
use deskhand_platform::Paths;
use deskhand_protocol::{ChangeSetId, ErrorCode, UserError};
use deskhand_workspace::{Expected, Fingerprint};
use serde_json::json;

use super::journal::{Journal, Record};
use super::work::{done, package_of, replace};
use super::{OneFile, Outcome, show};
use crate::clock;

/// `document history`.
pub(super) async fn history(paths: &Paths, asked: &OneFile) -> Outcome<ExitCode> {
    let door = Door::to(&asked.file)?;
    let (_, read) = door.open(Limits::default().file_bytes)?;
    let file = door.path();
    let steps = Journal::open(paths).await?.of_file(&file).await?;
    let list = list(steps, &read.to_string());
    let answer = list.iter().map(|listed| {
        json!({ "changeSet": listed.change, "at": listed.at, "did": listed.title.lines().collect::<Vec<_>>(),
            "undone": listed.undone })
    });
    let answer = json!({ "file": file, "changeSets": answer.collect::<Vec<_>>() });
    done(asked.json, &answer, || show::history(&list))
}

/// `document undo`.
pub(super) async fn undo(paths: &Paths, id: &str, json: bool) -> Outcome<ExitCode> {
    let journal = Journal::open(paths).await?;
    let Record { file, title, .. } = journal.find(id).await?;
    let answer = |undone: bool| json!({ "changeSet": id, "undone": undone, "file": file });
    let door = Door::to(&file)?;
    let (package, read) = package_of(&door)?;
    let steps = journal.of_file(&file).await?;
    let (set, stay) = match way(steps, (id, true), &package, &read.to_string()) {
        Way::Nothing => {
            let sentence = format!("{} holds nothing of {id}; nothing was changed.", file.display());
            return done(json, &answer(false), || vec![sentence]);
        }
        Way::Barred(reason) => return Err(conflict(&reason).into()),
        Way::Back(set, false) => (set, false),
        Way::Back(set, true) => (
            carried(&package, set).map_err(|refusal| conflict(&refusal.message))?,
            true,
        ),
    };
    let set = set.remembering(&package);
    let change = ChangeSetId::from_text(id);
    save_journaled(&journal, &door, (Some(change), title), (&package, read), set).await?;
    let told = if stay {
        format!("{id} was taken back in {}; later changes stay.", file.display())
    } else {
        format!("{} is as it was before.", file.display())
    };
    done(json, &answer(true), || vec![told])
}

fn conflict(reason: &str) -> UserError {
    let sentence = format!("{}; the file was left as it is.", reason.trim_end_matches('.'));
    UserError::new(ErrorCode::UndoConflict).happened(sentence)
}

/// Saves a package with a set applied and names the change set: what leads back is on disk before the file changes
/// (Invariant 6). `back` is the change that it takes back, with the title of what it changed.
pub(super) async fn save_journaled(
    journal: &Journal,
    door: &Door,
    (back, title): (Option<ChangeSetId>, String),
    (before, read): (&Package, Fingerprint),
    set: PatchSet,
) -> Outcome<ChangeSetId> {
    door.check_writable()?;
    let mut after = before.clone();
    let applied = after.apply(&set);
    applied.map_err(|error| UserError::new(ErrorCode::UndoConflict).detail(error))?;
    let id = ChangeSetId::new(clock::now(), clock::chance());
    let cancels = back.is_some();
    let change = back.unwrap_or_else(|| id.clone());
    let record = Record::new(
        &door.path(),
        (change, title),
        set,
        (before, read),
        &after,
        cancels,
    )?;
    journal.put(&id, &record).await?;
    replace(door, Expected::Content(read), &after)?;
    Ok(id)
}
