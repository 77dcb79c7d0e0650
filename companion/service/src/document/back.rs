//! Changes that lead back: saving with a record, and taking a change back.

use std::process::ExitCode;

use deskhand_document::history::{Applied, Way, carried, list, marks, way};
use deskhand_documents::Door;
use deskhand_opc::{Encryption, Limits, Package, PatchSet};
use deskhand_platform::Paths;
use deskhand_protocol::{ChangeSetId, ErrorCode, UserError};
use deskhand_workspace::{Expected, Fingerprint};
use serde_json::json;

use super::guarded::{Saved, held};
use super::journal::{Journal, Record};
use super::work::{done, replace};
use super::{OneFile, Outcome, Password, show};
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
pub(super) async fn undo(paths: &Paths, id: &str, password: &Password, json: bool) -> Outcome<ExitCode> {
    let password = password.take()?;
    let journal = Journal::open(paths).await?;
    let Record { file, title, .. } = journal.find(id).await?;
    let answer = |undone: bool| json!({ "changeSet": id, "undone": undone, "file": file });
    let held = held(Door::to(&file)?, password.as_deref().map(String::as_str))?;
    let (package, read) = (&held.package, held.read);
    let mut steps = journal.of_file(&file).await?;
    for step in &mut steps {
        // A sentence has one line, and names what can be taken back first.
        let first = step.title.lines().next().unwrap_or_default();
        step.title = format!("{first} ({})", step.change);
    }
    let (set, stay) = match way(steps, (id, true), package, &read.to_string()) {
        Way::Nothing => {
            let sentence = format!("{} holds nothing of {id}; nothing was changed.", file.display());
            return done(json, &answer(false), || vec![sentence]);
        }
        Way::Barred(reason) => return Err(conflict(&reason).into()),
        Way::Back(set, false) => (set, false),
        Way::Back(set, true) => (
            carried(package, set).map_err(|refusal| conflict(refusal.clause()))?,
            true,
        ),
    };
    let set = set.remembering(package);
    let change = ChangeSetId::from_text(id);
    let start = Start {
        door: &held.door,
        package,
        read,
        encryption: held.encryption.as_ref(),
    };
    save_journaled(&journal, start, (Some(change), title), set).await?;
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

/// The file that a change set is written to, as it was read.
#[derive(Clone, Copy)]
pub(super) struct Start<'a> {
    pub(super) door: &'a Door,
    pub(super) package: &'a Package,
    pub(super) read: Fingerprint,
    pub(super) encryption: Option<&'a Encryption>,
}

/// Saves a package with a set applied and names the change set: what leads back is on disk before the file changes
/// (Invariant 6). `back` is the change that it takes back, with the title of what it changed.
pub(super) async fn save_journaled(
    journal: &Journal,
    start: Start<'_>,
    (back, title): (Option<ChangeSetId>, String),
    set: PatchSet,
) -> Outcome<ChangeSetId> {
    let Start {
        door, package, read, ..
    } = start;
    door.check_writable()?;
    let mut after = package.clone();
    let applied = after.apply(&set);
    applied.map_err(|error| UserError::new(ErrorCode::UndoConflict).detail(error))?;
    let id = ChangeSetId::new(clock::now(), clock::chance());
    let cancels = back.is_some();
    let change = back.unwrap_or_else(|| id.clone());
    let saved = Saved::of(&after, start.encryption)?;
    let written = Fingerprint::of_written(|out| saved.write_to(out)).map_err(anyhow::Error::from)?;
    let record = Record {
        file: door.path(),
        change,
        title,
        applied: Applied {
            at: clock::now(),
            undone: cancels,
            cancels,
            file: (read.to_string(), written.to_string()),
            parts: marks(&set, package, &after),
            set,
        },
    };
    journal.put(&id, &record).await?;
    replace(door, Expected::Content(read), &saved)?;
    Ok(id)
}
