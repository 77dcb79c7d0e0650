//! What was done to one file, in order, and the exact way back of one change while others stay. Blocks; knows no journal and
//! no disk.
//!
//! A way back is exact where every part is what the log left it: what another program wrote since is never guessed at.

use std::collections::BTreeMap;

use deskhand_opc::{Fingerprint, Package, Patch, PatchSet, Span, Step, WayBack, way_back};
use deskhand_operations::Refusal;
use deskhand_sheet::Workbook;
use deskhand_slides::Deck;
use serde::{Deserialize, Serialize};

/// What was done to a file at once, and by what its parts are known again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Applied {
    /// When, in Unix milliseconds: the order of steps of one file.
    pub at: i64,
    /// What was changed, with what was there.
    pub set: PatchSet,
    /// True where the change is undone after it.
    pub undone: bool,
    /// True where it takes back the step before it, byte for byte.
    pub cancels: bool,
    /// Mark of the file before and after.
    pub file: (String, String),
    /// Marks of the parts that it touched, before and after; none where the part was not there.
    pub parts: BTreeMap<String, (Option<u64>, Option<u64>)>,
}

/// One step with the change that it belongs to.
#[derive(Clone, Debug)]
pub struct Noted {
    /// The change set's id.
    pub change: String,
    /// What a person knows it by.
    pub title: String,
    /// The step.
    pub applied: Applied,
}

/// What leads back.
#[derive(Debug)]
pub enum Way {
    /// Nothing of the change is in the file.
    Nothing,
    /// This set does. True where later changes stay, which may rest on what goes.
    Back(PatchSet, bool),
    /// No exact way: what stands in it, as a sentence without its full stop.
    Barred(String),
}

/// A change set of a file, and whether the file holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The change set's id.
    pub change: String,
    /// What a person knows it by.
    pub title: String,
    /// When it was made, in Unix milliseconds.
    pub at: i64,
    /// True where the file does not hold it any more.
    pub undone: bool,
}

/// The change sets of a file that has this mark, oldest first. What was written down and never saved is not among them.
pub fn list(mut steps: Vec<Noted>, now: &str) -> Vec<Listed> {
    drop_what_never_was(&mut steps, now);
    let mut list: Vec<Listed> = Vec::new();
    for Noted {
        change,
        title,
        applied,
    } in steps
    {
        match list.iter_mut().find(|listed| listed.change == change) {
            Some(listed) => listed.undone = applied.undone,
            None => list.push(Listed {
                change,
                title,
                at: applied.at,
                undone: applied.undone,
            }),
        }
    }
    list
}

/// Marks of the parts that a set touches, before and after.
pub fn marks(
    set: &PatchSet,
    before: &Package,
    after: &Package,
) -> BTreeMap<String, (Option<u64>, Option<u64>)> {
    let parts = set.patches.iter().map(|patch| patch.part().to_lowercase());
    parts
        .map(|part| {
            let marks = (mark(before, &part), mark(after, &part));
            (part, marks)
        })
        .collect()
}

fn mark(package: &Package, part: &str) -> Option<u64> {
    let content = package.part(part).ok()?;
    Some(Fingerprint::of(&content).value())
}

/// The way to where a change is undone, or done again, in a file that has this mark and holds this package.
pub fn way(mut steps: Vec<Noted>, (change, undone): (&str, bool), package: &Package, now: &str) -> Way {
    drop_what_never_was(&mut steps, now);
    let log = log(&steps);
    let own = |(_, step): &(usize, &Noted)| step.change == change;
    let last = steps.iter().enumerate().rfind(own);
    if last.is_none_or(|(_, last)| last.applied.undone == undone) {
        return Way::Nothing;
    }
    let begins = |(index, step): &(usize, &Noted)| own(&(*index, step)) && !step.applied.cancels;
    let Some((target, step)) = steps.iter().enumerate().rfind(begins) else {
        return Way::Nothing;
    };
    for part in step.applied.parts.keys() {
        if !is_unbroken(&steps[target..], part, mark(package, part)) {
            return Way::Barred(format!("another program changed the part `{part}` since"));
        }
    }
    let heads = heads(&step.applied, package);
    let yields = |part: &str, span: &Span| is_extent(&heads, part, span);
    let mut way = way_back(&log, target, &yields);
    let is_whole = way.as_ref().is_ok_and(|way| way.over.is_empty());
    if !is_whole && only_adds_formats(&step.applied.set) {
        // Later changes count on the places of formats: those that were added stay, used by nobody.
        way = way_back(&without_formats(log), target, &yields);
    }
    match way {
        Ok(WayBack { set, over }) => Way::Back(set, !over.is_empty()),
        Err(conflict) => {
            let later = conflict.step.and_then(|step| steps.get(step));
            let part = &conflict.part;
            Way::Barred(match later {
                Some(later) => format!("“{}” changed the same place of the part `{part}`", later.title),
                None => format!("a later change touches the same place of the part `{part}`"),
            })
        }
    }
}

/// A way back that later changes stay beside, with what it needs so that the document stays whole: what those changes hold
/// must not rest on what goes.
pub fn carried(package: &Package, set: PatchSet) -> Result<PatchSet, Refusal> {
    if let Ok(workbook) = Workbook::open(package.clone()) {
        return workbook.take_back(&set);
    }
    if let Ok(deck) = Deck::open(package.clone()) {
        return deck.take_back(&set);
    }
    let mut changed = package.clone();
    let applied = changed.apply(&set);
    applied.map_err(|error| Refusal::new(deskhand_operations::RefusalCode::Changed, error.to_string()))?;
    crate::Document::open(changed)?;
    Ok(set)
}

/// A step whose file still was what it started from when the next one came was written down and never done.
fn drop_what_never_was(steps: &mut Vec<Noted>, now: &str) {
    let mut next = now.to_owned();
    let mut kept = Vec::with_capacity(steps.len());
    while let Some(step) = steps.pop() {
        let (before, after) = &step.applied.file;
        if *after == next || *before != next {
            next.clone_from(before);
            kept.push(step);
        }
    }
    kept.reverse();
    *steps = kept;
}

fn log(steps: &[Noted]) -> Vec<Step> {
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    let mut log = Vec::with_capacity(steps.len());
    for (index, step) in steps.iter().enumerate() {
        let before = last.insert(step.change.as_str(), index);
        log.push(Step {
            set: step.applied.set.clone(),
            cancels: before.filter(|_| step.applied.cancels),
        });
    }
    log
}

/// True when every step found a part as the one before left it, and so is it now.
fn is_unbroken(steps: &[Noted], part: &str, now: Option<u64>) -> bool {
    let mut marks = steps.iter().filter_map(|step| step.applied.parts.get(part));
    let Some((_, mut left)) = marks.next().copied() else {
        return true;
    };
    for (found, after) in marks {
        if *found != left {
            return false;
        }
        left = *after;
    }
    left == now
}

/// Where the cells of the touched sheets begin.
fn heads(step: &Applied, package: &Package) -> BTreeMap<String, u64> {
    let sheets = step.parts.keys().filter(|part| part.contains("/worksheets/"));
    let heads = sheets.filter_map(|part| {
        let content = package.part(part).ok()?;
        let at = content.windows(9).position(|bytes| bytes == b"sheetData")?;
        Some((part.clone(), at as u64))
    });
    heads.collect()
}

/// True for the range that a sheet says it uses, and for the columns that a row says it spans: they may be too wide.
fn is_extent(heads: &BTreeMap<String, u64>, part: &str, span: &Span) -> bool {
    let Some(head) = heads.get(&part.to_lowercase()) else {
        return false;
    };
    let range = |text: &[u8]| {
        !text.is_empty()
            && text
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b':')
    };
    let columns =
        |text: &[u8]| text.contains(&b':') && text.iter().all(|byte| byte.is_ascii_digit() || *byte == b':');
    let both = |is: &dyn Fn(&[u8]) -> bool| is(&span.old) && is(&span.new);
    (span.offset < *head && both(&range)) || both(&columns)
}

/// The table of formats of a workbook, which cells name by their place in it.
fn is_formats(patch: &Patch) -> bool {
    patch.part().to_lowercase().ends_with("/styles.xml")
}

/// True where all that a set does to formats is to add some and to count them.
fn only_adds_formats(set: &PatchSet) -> bool {
    let mut formats = set.patches.iter().filter(|patch| is_formats(patch));
    formats.all(|patch| match patch {
        Patch::Edited { spans, .. } => spans
            .iter()
            .all(|span| span.old.iter().all(|byte| byte.is_ascii_digit() || *byte == b'"')),
        _ => false,
    })
}

fn without_formats(mut log: Vec<Step>) -> Vec<Step> {
    for step in &mut log {
        step.set.patches.retain(|patch| !is_formats(patch));
    }
    log
}
