//! The model: every byte that ever was, and the sets that put it there and took it out; and the package beside it.

use std::collections::{BTreeMap, BTreeSet};

use deskhand_opc::{Blob, Conflict, Draft, Limits, Package, PatchSet, Span, Step, WayBack, way_back};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

/// No change gives way to another.
pub(crate) fn never(_: &str, _: &Span) -> bool {
    false
}

/// Entries are stored and dated: what we write anew is deflated, so a part that was not restored exactly shows.
pub(crate) fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in parts {
        let mut crc = flate2::Crc::new();
        crc.update(content.as_bytes());
        let mut header = vec![10, 0, 0, 0, 0, 0, 0x42, 0x6b, 0x51, 0x57];
        header.extend(crc.sum().to_le_bytes());
        header.extend((content.len() as u32).to_le_bytes());
        header.extend((content.len() as u32).to_le_bytes());
        header.extend((name.len() as u16).to_le_bytes());
        header.extend([0, 0]);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&header);
        directory.extend([0; 10]);
        directory.extend((bytes.len() as u32).to_le_bytes());
        directory.extend(name.as_bytes());
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&header);
        bytes.extend(name.as_bytes());
        bytes.extend(content.as_bytes());
    }
    let (at, count) = (bytes.len() as u32, parts.len() as u16);
    bytes.extend(&directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(count.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(at.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

pub(crate) fn open(bytes: Vec<u8>) -> Package {
    Package::open(bytes, &Limits::default()).unwrap()
}

pub(crate) const TYPES: &str = concat!(
    r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">"#,
    r#"<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>"#,
    r#"<Default Extension="xml" ContentType="application/xml"/></Types>"#
);
pub(crate) const BASE: [(&str, &str); 5] = [
    ("[Content_Types].xml", TYPES),
    ("a.xml", "abcdefghijklmnopqrstuvwxyz"),
    ("b.xml", "0123456789"),
    ("c.xml", "one two three four five"),
    ("d.xml", "x"),
];
/// Names that sets add and remove, those of the base among them.
pub(crate) const NAMES: [&str; 7] = ["a.xml", "b.xml", "c.xml", "d.xml", "e.xml", "f.xml", "g.xml"];

/// One byte, the set that put it there (none: the file) and the sets that took it out.
#[derive(Clone, Debug)]
pub(crate) struct Atom {
    byte: u8,
    by: Option<usize>,
    out: BTreeSet<usize>,
}

/// One life of a part.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    by: Option<usize>,
    out: BTreeSet<usize>,
    atoms: Vec<Atom>,
}

/// Everything that ever was.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model(BTreeMap<String, Vec<Life>>);

pub(crate) type Standing = BTreeSet<usize>;

impl Life {
    fn shows(&self, standing: &Standing) -> bool {
        self.by.is_none_or(|by| standing.contains(&by)) && self.out.is_disjoint(standing)
    }

    fn seen(&self, standing: &Standing) -> Vec<usize> {
        let shows =
            |atom: &Atom| atom.by.is_none_or(|by| standing.contains(&by)) && atom.out.is_disjoint(standing);
        let seen = self.atoms.iter().enumerate().filter(|(_, atom)| shows(atom));
        seen.map(|(at, _)| at).collect()
    }

    fn text(&self, standing: &Standing) -> Vec<u8> {
        let seen = self.seen(standing);
        seen.into_iter().map(|at| self.atoms[at].byte).collect()
    }

    /// New bytes stand after what they replace; what only inserts stands right after the byte before it.
    fn replace(&mut self, standing: &Standing, set: usize, from: usize, to: usize, new: &[u8]) {
        let seen = self.seen(standing);
        for at in &seen[from..to] {
            self.atoms[*at].out.insert(set);
        }
        let after = if to > 0 { seen[to - 1] + 1 } else { 0 };
        let new = new.iter().map(|byte| Atom {
            byte: *byte,
            by: Some(set),
            out: BTreeSet::new(),
        });
        self.atoms.splice(after..after, new);
    }
}

impl Model {
    fn base() -> Self {
        let lives = BASE.iter().map(|(name, content)| {
            let atoms = content.bytes().map(|byte| Atom {
                byte,
                by: None,
                out: BTreeSet::new(),
            });
            let life = Life {
                by: None,
                out: BTreeSet::new(),
                atoms: atoms.collect(),
            };
            ((*name).to_owned(), vec![life])
        });
        Self(lives.collect())
    }

    fn life(&mut self, name: &str, standing: &Standing) -> Option<&mut Life> {
        self.0.get_mut(name)?.iter_mut().find(|life| life.shows(standing))
    }

    fn contents(&self, standing: &Standing) -> BTreeMap<String, Vec<u8>> {
        let mut contents = BTreeMap::new();
        for (name, lives) in &self.0 {
            if let Some(life) = lives.iter().find(|life| life.shows(standing)) {
                contents.insert(name.clone(), life.text(standing));
            }
        }
        contents
    }
}

/// One change of a set, places as shares of what is there.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Edit(usize, Vec<(u16, u8, String)>),
    Add(usize, String),
    Remove(usize),
}

#[derive(Clone, Debug)]
pub(crate) enum Action {
    Apply(Vec<Change>),
    /// Takes back, or does again, one of the sets.
    Turn(u16),
}

pub(crate) fn actions() -> impl Strategy<Value = Vec<Action>> {
    let span = (any::<u16>(), 0u8..4, "[A-Z]{0,3}");
    let change = prop_oneof![
        8 => (0usize..7, prop::collection::vec(span, 1..4)).prop_map(|(part, spans)| Change::Edit(part, spans)),
        2 => (0usize..7, "[a-z]{0,6}").prop_map(|(part, text)| Change::Add(part, text)),
        1 => (0usize..7).prop_map(Change::Remove),
    ];
    let action = prop_oneof![
        prop::collection::vec(change, 1..4).prop_map(Action::Apply),
        any::<u16>().prop_map(Action::Turn),
    ];
    prop::collection::vec(action, 1..14)
}

/// The package under test beside its model.
pub(crate) struct World {
    original: Vec<u8>,
    package: Package,
    model: Model,
    log: Vec<Step>,
    /// The first step of each set, and its last.
    pub(crate) sets: Vec<(usize, usize)>,
    pub(crate) standing: Standing,
    parts: Vec<BTreeSet<String>>,
}

impl World {
    pub(crate) fn new() -> Self {
        let original = archive(&BASE);
        Self {
            package: open(original.clone()),
            original,
            model: Model::base(),
            log: Vec::new(),
            sets: Vec::new(),
            standing: Standing::new(),
            parts: Vec::new(),
        }
    }

    /// Saved and opened again, as between two changes of a file.
    fn take(&mut self, set: &PatchSet, cancels: Option<usize>) {
        self.package.apply(set).unwrap();
        self.package = open(self.package.write().unwrap());
        // A journal keeps sets as JSON.
        let set = serde_json::from_str(&serde_json::to_string(set).unwrap()).unwrap();
        self.log.push(Step { set, cancels });
    }

    pub(crate) fn apply(&mut self, changes: &[Change]) {
        let number = self.sets.len();
        self.standing.insert(number);
        let mut draft = Draft::new(&self.package);
        for (index, change) in changes.iter().enumerate() {
            // What an operation takes out it does not write in first.
            let wrote = |part: &usize| {
                changes[..index]
                    .iter()
                    .any(|one| matches!(one, Change::Edit(on, _) if on == part))
            };
            if !matches!(change, Change::Remove(part) if wrote(part)) {
                self.change(&mut draft, number, change);
            }
        }
        let set = draft.finish();
        let touched = set.patches.iter().map(|patch| patch.part().to_owned());
        self.parts.push(touched.collect());
        self.sets.push((self.log.len(), self.log.len()));
        self.take(&set, None);
    }

    fn change(&mut self, draft: &mut Draft, number: usize, change: &Change) {
        let standing = self.standing.clone();
        match change {
            Change::Edit(part, spans) => {
                let Some(life) = self.model.life(NAMES[*part], &standing) else {
                    return;
                };
                for (place, length, new) in spans {
                    let now = life.text(&standing).len();
                    let from = usize::from(*place) % (now + 1);
                    let to = (from + usize::from(*length)).min(now);
                    if from == to && new.is_empty() {
                        continue;
                    }
                    life.replace(&standing, number, from, to, new.as_bytes());
                    draft
                        .edit(NAMES[*part], [(from..to, Blob::from(new.clone()))])
                        .unwrap();
                }
            }
            Change::Add(part, text) => {
                let name = NAMES[*part];
                if self.model.life(name, &standing).is_some() {
                    return;
                }
                let atoms = text.bytes().map(|byte| Atom {
                    byte,
                    by: Some(number),
                    out: BTreeSet::new(),
                });
                let life = Life {
                    by: Some(number),
                    out: BTreeSet::new(),
                    atoms: atoms.collect(),
                };
                self.model.0.entry(name.to_owned()).or_default().push(life);
                draft.add_part(name, text.clone(), "application/xml").unwrap();
            }
            Change::Remove(part) => {
                if let Some(life) = self.model.life(NAMES[*part], &standing) {
                    life.out.insert(number);
                    draft.remove_part(NAMES[*part]).unwrap();
                }
            }
        }
    }

    /// Undoes a set that stands, or does an undone one again.
    pub(crate) fn turn(&mut self, set: usize) -> Result<(), Conflict> {
        let (first, last) = self.sets[set];
        let WayBack { set: back, over } = way_back(&self.log, first, &never)?;
        if !self.standing.contains(&set) && (!over.is_empty() || self.turned_since(last)) {
            // Where something was put beside what is gone, its place beside what comes again is anybody's guess.
            return Ok(());
        }
        self.sets[set].1 = self.log.len();
        self.take(&back.remembering(&self.package), Some(last));
        if !self.standing.remove(&set) {
            self.standing.insert(set);
        }
        Ok(())
    }

    /// True when another set came or went for good since a step.
    fn turned_since(&self, step: usize) -> bool {
        let mut odd = BTreeSet::new();
        for index in step + 1..self.log.len() {
            let mut first = index;
            while let Some(cancelled) = self.log[first].cancels {
                first = cancelled;
            }
            if !odd.remove(&first) {
                odd.insert(first);
            }
        }
        !odd.is_empty()
    }

    pub(crate) fn check(&self) -> TestCaseResult {
        let names = self.package.parts();
        let now: BTreeMap<String, Vec<u8>> = names
            .map(|name| (name.to_owned(), self.package.part(name).unwrap().to_vec()))
            .collect();
        prop_assert_eq!(now, self.model.contents(&self.standing));
        if self.standing.is_empty() {
            prop_assert!(
                self.package.write().unwrap() == self.original,
                "not the first bytes"
            );
        }
        Ok(())
    }

    /// A conflict names a part that this set and another one touch.
    pub(crate) fn justified(&self, set: usize, conflict: &Conflict) -> TestCaseResult {
        let shared = |other: usize| other != set && self.parts[other].contains(&conflict.part);
        prop_assert!(self.parts[set].contains(&conflict.part), "{:?}", conflict);
        prop_assert!((0..self.sets.len()).any(shared), "{:?}", conflict);
        Ok(())
    }
}
