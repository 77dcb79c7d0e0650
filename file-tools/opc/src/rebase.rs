//! Taking back an earlier patch set while later ones stay: operational transformation of byte spans.
//!
//! Two sets that start from the same package are each rewritten to follow the other. Nothing is guessed: spans that share
//! a byte, an insertion inside bytes that the other set replaces, and parts that one set adds or removes while the other
//! touches them are a [`Conflict`]. Insertions at one place, and what only adjoins, are no conflict. Of two insertions at one
//! place the newer one stands first, as it did when it was made.
//!
//! Knows bytes and parts only. That spans cover whole values (a number, not one of its digits) is the duty of whoever makes
//! a set; what the result means (sums that depend on what went, indexes into tables) is the duty of whoever takes it.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::name;
use crate::patch::{EntryImage, Patch, PatchSet, Span, replace};

/// Two sets that touch the same place, so that neither can be taken back without the other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a later change touches the same place of the part `{part}`")]
pub struct Conflict {
    /// The part.
    pub part: String,
    /// Where in it, in bytes, as it was before the later change; 0 where the whole part is meant.
    pub offset: u64,
    /// Which step of the log stands in the way, where the conflict comes from a log.
    pub step: Option<usize>,
}

/// A set that was applied, in the order of application.
#[derive(Clone, Debug)]
pub struct Step {
    /// What was applied.
    pub set: PatchSet,
    /// The step that it took back, by its index in the log: for an undo, and for the undo of an undo, which is a redo.
    pub cancels: Option<usize>,
}

/// A way back, and what it was carried over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WayBack {
    /// To be applied to the package as it is today.
    pub set: PatchSet,
    /// The later steps that stay, by their index in the log: where there are none, the package becomes what it was. Where
    /// there are some, what they hold may rest on what goes.
    pub over: Vec<usize>,
}

impl PatchSet {
    /// Rewrites two sets that start from the same package so that each follows the other: `self` after `newer`, and `newer`
    /// after `self`. Both ways lead to the same content.
    pub fn rebase(self, newer: Self) -> Result<(Self, Self), Conflict> {
        self.carry(newer, &|_, _| false)
    }

    fn carry(self, newer: Self, yields: Yields<'_>) -> Result<(Self, Self), Conflict> {
        let mut mine = self.patches;
        let mut theirs = Vec::with_capacity(newer.patches.len());
        for their in newer.patches {
            let mut their = Some(their);
            let mut moved = Vec::with_capacity(mine.len());
            for own in mine {
                let Some(other) = their else {
                    moved.push(own);
                    continue;
                };
                let (next, rest) = (
                    follow(&own, &other, Side::Older, yields)?,
                    follow(&other, &own, Side::Newer, yields)?,
                );
                moved.extend(next.of(own));
                their = rest.of(other);
            }
            mine = moved;
            theirs.extend(their);
        }
        Ok((Self { patches: mine }, Self { patches: theirs }))
    }
}

/// The set that takes back the change that `log[change]` is the first step of, in the coordinates of today: an undo where
/// the change stands, a redo where it was taken back. All other changes stay as they are.
///
/// Pairs that cancelled each other are first taken out of the log, as if they had never been: so what was put between them
/// is known as exactly as before, and taking everything back in any order leads to the first bytes.
///
/// Two changes of the very same bytes are no conflict where `yields` says so for both (it is given the part and a span): what
/// the newer one wrote stays. That is for notes about content which may say too much and never too little, such as the range
/// that a sheet uses.
pub fn way_back(log: &[Step], change: usize, yields: Yields<'_>) -> Result<WayBack, Conflict> {
    let chains = chains(log);
    let chain = chains.iter().find(|chain| chain.contains(&change));
    let Some(chain) = chain else {
        return Ok(WayBack::default());
    };
    // An even chain ends with an undo: taking that one back is a redo.
    let kept = if chain.len() % 2 == 1 { 1 } else { 2 };
    let pairs = |chain: &Vec<usize>, from: usize| -> Vec<(usize, usize)> {
        let rest = chain.get(from..).unwrap_or_default();
        rest.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
    };
    let mut own = pairs(chain, kept);
    let mut others: Vec<(usize, usize)> = Vec::new();
    for other in chains.iter().filter(|other| *other != chain) {
        others.extend(pairs(other, other.len() % 2));
    }
    let last = chain.last().copied().unwrap_or(change);
    let target = chain.get(kept - 1).copied().unwrap_or(change);
    own.extend(&others);
    // A longer log is as true, and sometimes shows a way where the shortest shows none.
    back_of(&simplified(log, own, yields), target, yields)
        .or_else(|conflict| back_of(&simplified(log, others, yields), last, yields).map_err(|_| conflict))
}

/// Whether a change gives way to a newer one of the same bytes.
pub type Yields<'a> = &'a dyn Fn(&str, &Span) -> bool;

/// A step that is still in the log, by its index.
type Entry = (usize, PatchSet);

/// The steps of each change, in order: done, undone, done again, and so on.
fn chains(log: &[Step]) -> Vec<Vec<usize>> {
    let mut chains: Vec<Vec<usize>> = Vec::new();
    let mut chain_of: HashMap<usize, usize> = HashMap::new();
    for (index, step) in log.iter().enumerate() {
        let chain = step
            .cancels
            .and_then(|cancelled| chain_of.get(&cancelled).copied());
        let chain = chain.unwrap_or_else(|| {
            chains.push(Vec::new());
            chains.len() - 1
        });
        chains[chain].push(index);
        chain_of.insert(index, chain);
    }
    chains
}

/// The log without these pairs. One that cannot be taken out stays: the log is true with it as well.
fn simplified(log: &[Step], mut pairs: Vec<(usize, usize)>, yields: Yields<'_>) -> Vec<Entry> {
    pairs.sort_by_key(|(_, last)| *last);
    let mut entries: Vec<Entry> = log.iter().map(|step| step.set.clone()).enumerate().collect();
    for (first, last) in pairs {
        if let Some(shorter) = without(&entries, (first, last), yields) {
            entries = shorter;
        }
    }
    entries
}

/// The entries without a step and the one that took it back; what stands between them is rewritten.
fn without(entries: &[Entry], (first, last): (usize, usize), yields: Yields<'_>) -> Option<Vec<Entry>> {
    let mut back = None;
    let mut kept = Vec::with_capacity(entries.len());
    for (index, set) in entries {
        if *index == first {
            back = Some(set.invert());
        } else if *index == last {
            // Only where it leads to the very content that the step led to is the shorter log as true as the whole one.
            if !back.take().is_some_and(|way| same(&way, set)) {
                return None;
            }
        } else if let Some(way) = back.take() {
            let (way, moved) = way.carry(set.clone(), yields).ok()?;
            kept.push((*index, moved));
            back = Some(way);
        } else {
            kept.push((*index, set.clone()));
        }
    }
    Some(kept)
}

/// True when two sets change the same bytes, whatever they know of entries.
fn same(one: &PatchSet, other: &PatchSet) -> bool {
    let pairs = one.patches.iter().zip(&other.patches);
    one.patches.len() == other.patches.len()
        && pairs.into_iter().all(|pair| match pair {
            (
                Patch::Edited { part, spans, .. },
                Patch::Edited {
                    part: on,
                    spans: others,
                    ..
                },
            ) => part == on && spans == others,
            (
                Patch::Added { part, content, .. },
                Patch::Added {
                    part: on,
                    content: other,
                    ..
                },
            )
            | (
                Patch::Removed { part, content, .. },
                Patch::Removed {
                    part: on,
                    content: other,
                    ..
                },
            ) => part == on && content == other,
            _ => false,
        })
}

/// The inverse of a step, after all that follow it.
fn back_of(entries: &[Entry], target: usize, yields: Yields<'_>) -> Result<WayBack, Conflict> {
    let at = entries.iter().position(|(index, _)| *index == target);
    let Some((set, later)) = at.and_then(|at| Some((&entries.get(at)?.1, entries.get(at + 1..)?))) else {
        return Ok(WayBack::default());
    };
    let mut back = set.invert();
    for (index, set) in later {
        let (moved, _) = back.carry(set.clone(), yields).map_err(|conflict| Conflict {
            step: Some(*index),
            ..conflict
        })?;
        back = moved;
    }
    Ok(WayBack {
        set: back,
        over: later.iter().map(|(index, _)| *index).collect(),
    })
}

/// Which of two changes is rewritten: at one place, the newer one's insertion stands first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Older,
    Newer,
}

/// What becomes of a change.
enum Followed {
    Same,
    Is(Box<Patch>),
    Gone,
}

impl Followed {
    fn of(self, own: Patch) -> Option<Patch> {
        match self {
            Self::Same => Some(own),
            Self::Is(patch) => Some(*patch),
            Self::Gone => None,
        }
    }
}

/// A change rewritten to follow another one that started from the same package.
fn follow(own: &Patch, other: &Patch, side: Side, yields: Yields<'_>) -> Result<Followed, Conflict> {
    if own.part() != other.part() && name::key(own.part()) != name::key(other.part()) {
        return Ok(placed(own, other, side).map_or(Followed::Same, |patch| Followed::Is(Box::new(patch))));
    }
    let conflict = |offset| Conflict {
        part: own.part().to_owned(),
        offset,
        step: None,
    };
    match (own, other) {
        (
            Patch::Edited { part, spans, .. },
            Patch::Edited {
                spans: others, after, ..
            },
        ) => {
            let spans = moved(spans, others, side, &|span| yields(part, span)).map_err(conflict)?;
            if spans.is_empty() {
                return Ok(Followed::Gone);
            }
            Ok(Followed::Is(Box::new(Patch::Edited {
                part: part.clone(),
                spans,
                // Where the other one leads back to an entry of the file, this is the entry that is there now.
                before: after.clone(),
                after: None,
            })))
        }
        // A part of relationships, or of sources, is made with the first one and shared by all: it goes with the last one.
        (Patch::Removed { .. }, Patch::Edited { .. }) if is_shared(own.part()) => Ok(Followed::Gone),
        (Patch::Edited { spans, .. }, Patch::Removed { part, content, .. }) if is_shared(part) => {
            let content = replace(part, content, spans).map_err(|_| conflict(0))?;
            Ok(Followed::Is(Box::new(Patch::Added {
                part: part.clone(),
                content: content.into(),
                image: None,
            })))
        }
        _ => Err(conflict(0)),
    }
}

/// True for parts of relationships, and for the one of sources: what leads to that is [`crate::figures::settle`]'s business.
fn is_shared(part: &str) -> bool {
    let key = name::key(part);
    key.rsplit('.').next() == Some("rels") || key == name::key(crate::figures::PART)
}

/// Spans after other spans of the same content; the offset where they meet, where they do.
fn moved(
    spans: &[Span],
    others: &[Span],
    side: Side,
    yields: &dyn Fn(&Span) -> bool,
) -> Result<Vec<Span>, u64> {
    let mut shift = 0i128;
    let mut rest = others.iter().peekable();
    let mut result = Vec::with_capacity(spans.len());
    for span in spans {
        let (from, to) = extent(span);
        while let Some(other) = rest.next_if(|other| {
            let (other_from, other_to) = extent(other);
            let both_insert = from == to && other_from == other_to && from == other_from;
            other_to <= from && !(both_insert && side == Side::Newer)
        }) {
            shift += other.new.len() as i128 - other.old.len() as i128;
        }
        let mut old = &span.old;
        if let Some(other) = rest.peek() {
            let (other_from, other_to) = extent(other);
            if from < other_to && other_from < to {
                if (from, to) != (other_from, other_to) || !yields(span) || !yields(other) {
                    return Err(from.max(other_from));
                }
                if side == Side::Older {
                    continue;
                }
                old = &other.new;
            }
        }
        result.push(Span {
            offset: u64::try_from(i128::from(span.offset) + shift).map_err(|_| from)?,
            old: old.clone(),
            new: span.new.clone(),
        });
    }
    Ok(result)
}

/// First byte and end of what a span replaces.
fn extent(span: &Span) -> (u64, u64) {
    (span.offset, span.offset.saturating_add(span.old.len() as u64))
}

/// A change to another part, at the place in directory and file that the other one leaves it; nothing where that is the
/// same.
fn placed(own: &Patch, other: &Patch, side: Side) -> Option<Patch> {
    let (Patch::Added { image, .. } | Patch::Removed { image, .. }) = other else {
        return None;
    };
    let EntryImage {
        directory, layout, ..
    } = image.as_ref()?;
    let (adds, is_added) = (
        matches!(own, Patch::Added { .. }),
        matches!(other, Patch::Added { .. }),
    );
    let step = |place: usize, other: usize| match (is_added, place.cmp(&other)) {
        (true, Ordering::Greater) => place.saturating_add(1),
        (true, Ordering::Equal) if !(adds && side == Side::Newer) => place.saturating_add(1),
        (false, Ordering::Greater) => place.saturating_sub(1),
        _ => place,
    };
    let mut own = own.clone();
    let (Patch::Added {
        image: Some(image), ..
    }
    | Patch::Removed {
        image: Some(image), ..
    }) = &mut own
    else {
        return None;
    };
    image.directory = step(image.directory, *directory);
    image.layout = step(image.layout, *layout);
    Some(own)
}
