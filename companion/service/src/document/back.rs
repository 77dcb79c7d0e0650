//! Changes that lead back: saving with a record, finding out what came of a change, taking it back.

use std::path::Path;
use std::process::ExitCode;

use deskhand_opc::{FileStamp, Limits, Package, Step, WayBack, open as open_package, save, way_back};
use deskhand_platform::Paths;
use deskhand_protocol::{ChangeSetId, ErrorCode, UserError};
use serde_json::json;

use super::Outcome;
use super::journal::{Journal, Record};
use super::work::{done, guard_open, unreadable, unwritten};
use crate::clock;

/// `document undo`.
pub(super) async fn undo(paths: &Paths, id: &str, json: bool) -> Outcome<ExitCode> {
    let journal = Journal::open(paths).await?;
    let file = journal.find(id).await?.file;
    settle(&journal, &file).await?;
    let log = journal.of_file(&file).await?;
    let change_set = ChangeSetId::from_text(id);
    let answer = |undone: bool| json!({ "changeSet": id, "undone": undone, "file": file });
    let undone = log
        .iter()
        .any(|(_, record)| record.cancels.as_ref() == Some(&change_set));
    let (false, Some(change)) = (undone, place(&log, &change_set)) else {
        let sentence = format!(
            "{} was taken back already, or never made; nothing was changed.",
            file.display()
        );
        return done(json, &answer(false), || vec![sentence]);
    };
    let opened = open_package(&file, &Limits::default());
    let (mut package, stamp) = opened.map_err(|error| unreadable(&file, &error))?;
    if log.last().and_then(|(_, last)| last.after) != Some(stamp) {
        let sentence = "The file was changed by somebody else since, so it was left as it is.";
        return Err(UserError::new(ErrorCode::UndoConflict).happened(sentence).into());
    }
    let way = way(&log, change)?;
    let set = way.set.remembering(&package);
    package
        .apply(&set)
        .map_err(|error| UserError::new(ErrorCode::UndoConflict).detail(error))?;
    let record = Record {
        file: file.clone(),
        at: clock::now(),
        set,
        before: stamp,
        after: None,
        cancels: Some(change_set),
    };
    save_journaled(&journal, &package, record).await?;
    let told = if way.over.is_empty() {
        format!("{} is as it was before.", file.display())
    } else {
        format!("{id} was taken back in {}; later changes stay.", file.display())
    };
    done(json, &answer(true), || vec![told])
}

/// Where a change stands in the log of its file.
fn place(log: &[(ChangeSetId, Record)], wanted: &ChangeSetId) -> Option<usize> {
    log.iter().position(|(known, _)| known == wanted)
}

/// What takes a change back while those after it stay.
fn way(log: &[(ChangeSetId, Record)], change: usize) -> Outcome<WayBack> {
    let step = |(_, record): &(ChangeSetId, Record)| Step {
        set: record.set.clone(),
        cancels: record
            .cancels
            .as_ref()
            .and_then(|cancelled| place(log, cancelled)),
    };
    let steps: Vec<Step> = log.iter().map(step).collect();
    let found = way_back(&steps, change).map_err(|conflict| {
        let later = conflict
            .step
            .and_then(|step| log.get(step))
            .map(|(id, _)| id.to_string());
        let later = later.unwrap_or_default();
        let sentence = format!("The later change set {later} touches the same places; take it back first.");
        UserError::new(ErrorCode::UndoConflict)
            .happened(sentence)
            .detail(&conflict)
    });
    Ok(found?)
}

/// Finds out what came of changes whose command ended in the middle: the file tells.
pub(super) async fn settle(journal: &Journal, file: &Path) -> Outcome<()> {
    for (id, mut record) in journal.unsettled(file).await? {
        if let Ok((mut package, now)) = open_package(file, &Limits::default())
            && now != record.before
            && package.apply(&record.set.invert()).is_ok()
            && package
                .write()
                .is_ok_and(|bytes| FileStamp::of(&bytes) == record.before)
        {
            record.after = Some(now);
        }
        journal.put(&id, &record, false).await?;
    }
    Ok(())
}

/// Saves a package with its record and names the change set: the way back is on disk before the file changes (Invariant 6).
pub(super) async fn save_journaled(
    journal: &Journal,
    package: &Package,
    mut record: Record,
) -> Outcome<ChangeSetId> {
    let id = ChangeSetId::new(record.at, clock::chance());
    guard_open(&record.file)?;
    journal.put(&id, &record, true).await?;
    let saved = save(package, &record.file, &record.before);
    // A save that failed left the file as it was: there is nothing to lead back from.
    record.after = saved.as_ref().ok().copied();
    journal.put(&id, &record, false).await?;
    saved.map_err(|error| unwritten(&record.file, &error))?;
    Ok(id)
}
