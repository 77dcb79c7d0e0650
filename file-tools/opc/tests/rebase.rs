//! Taking back any change while others stay, against a model that never forgets a byte: each byte of the model knows which
//! set put it there and which took it out, so what is left when some sets are gone is a matter of looking.
#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

use std::collections::{BTreeMap, BTreeSet};

use deskhand_opc::{Blob, Conflict, Draft, Limits, Package, PatchSet, Span, Step, WayBack, way_back};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

/// No change gives way to another.
fn never(_: &str, _: &Span) -> bool {
    false
}

/// Entries are stored and dated: what we write anew is deflated, so a part that was not restored exactly shows.
fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
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

fn open(bytes: Vec<u8>) -> Package {
    Package::open(bytes, &Limits::default()).unwrap()
}

const TYPES: &str = concat!(
    r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">"#,
    r#"<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>"#,
    r#"<Default Extension="xml" ContentType="application/xml"/></Types>"#
);
const BASE: [(&str, &str); 5] = [
    ("[Content_Types].xml", TYPES),
    ("a.xml", "abcdefghijklmnopqrstuvwxyz"),
    ("b.xml", "0123456789"),
    ("c.xml", "one two three four five"),
    ("d.xml", "x"),
];
/// Names that sets add and remove, those of the base among them.
const NAMES: [&str; 7] = ["a.xml", "b.xml", "c.xml", "d.xml", "e.xml", "f.xml", "g.xml"];

/// One byte, the set that put it there (none: the file) and the sets that took it out.
#[derive(Clone, Debug)]
struct Atom {
    byte: u8,
    by: Option<usize>,
    out: BTreeSet<usize>,
}

/// One life of a part.
#[derive(Clone, Debug)]
struct Life {
    by: Option<usize>,
    out: BTreeSet<usize>,
    atoms: Vec<Atom>,
}

/// Everything that ever was.
#[derive(Clone, Debug, Default)]
struct Model(BTreeMap<String, Vec<Life>>);

type Standing = BTreeSet<usize>;

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
enum Change {
    Edit(usize, Vec<(u16, u8, String)>),
    Add(usize, String),
    Remove(usize),
}

#[derive(Clone, Debug)]
enum Action {
    Apply(Vec<Change>),
    /// Takes back, or does again, one of the sets.
    Turn(u16),
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
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
struct World {
    original: Vec<u8>,
    package: Package,
    model: Model,
    log: Vec<Step>,
    /// The first step of each set, and its last.
    sets: Vec<(usize, usize)>,
    standing: Standing,
    parts: Vec<BTreeSet<String>>,
}

impl World {
    fn new() -> Self {
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

    fn apply(&mut self, changes: &[Change]) {
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
    fn turn(&mut self, set: usize) -> Result<(), Conflict> {
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

    fn check(&self) -> TestCaseResult {
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
    fn justified(&self, set: usize, conflict: &Conflict) -> TestCaseResult {
        let shared = |other: usize| other != set && self.parts[other].contains(&conflict.part);
        prop_assert!(self.parts[set].contains(&conflict.part), "{:?}", conflict);
        prop_assert!((0..self.sets.len()).any(shared), "{:?}", conflict);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_set_is_taken_back_exactly_or_its_conflict_is_named(actions in actions(), order in any::<u64>()) {
        let mut world = World::new();
        for action in &actions {
            match action {
                Action::Apply(changes) => world.apply(changes),
                Action::Turn(_) if world.sets.is_empty() => {}
                Action::Turn(which) => {
                    let set = usize::from(*which) % world.sets.len();
                    if let Err(conflict) = world.turn(set) {
                        world.justified(set, &conflict)?;
                    }
                }
            }
            world.check()?;
        }
        // Everything back, in any order, as far as it goes; the newest one always goes.
        let mut chance = order;
        while let Some(newest) = world.standing.iter().copied().max_by_key(|set| world.sets[*set].1) {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let standing: Vec<usize> = world.standing.iter().copied().collect();
            let set = standing[(chance >> 33) as usize % standing.len()];
            if world.turn(set).is_err() {
                prop_assert_eq!(world.turn(newest), Ok(()), "the newest set {} is in nobody's way", newest);
            }
            world.check()?;
        }
    }
}

type Made<'a> = &'a dyn Fn(&mut Draft);

/// A package and the log of what was done to it.
fn after(sets: &[Made<'_>]) -> (Package, Vec<Step>) {
    let mut package = open(archive(&BASE));
    let mut log = Vec::new();
    for change in sets {
        let mut draft = Draft::new(&package);
        change(&mut draft);
        let set = draft.finish();
        package.apply(&set).unwrap();
        package = open(package.write().unwrap());
        log.push(Step { set, cancels: None });
    }
    (package, log)
}

fn text(package: &Package, part: &str) -> String {
    String::from_utf8(package.part(part).unwrap().to_vec()).unwrap()
}

/// A change that adds a part with its type and a relationship that leads to it.
fn related(part: &'static str, source: &'static str) -> impl Fn(&mut Draft) {
    move |draft: &mut Draft| {
        let kind = format!("application/{}", &part[..1]);
        draft.add_part(part, "<x/>", &kind).unwrap();
        let target = deskhand_opc::Target::Part(part.to_owned());
        draft
            .add_relationship(source, "http://example.com/x", &target)
            .unwrap();
    }
}

#[test]
fn sets_that_append_types_and_relationships_at_one_place_are_taken_apart() {
    let one = related("one.xml", "a.xml");
    let two = related("two.xml", "a.xml");
    let (package, log) = after(&[&one, &two]);
    // The first set also made the part of relationships, in which the second one wrote.
    for (gone, stays) in [(0, "two.xml"), (1, "one.xml")] {
        let mut package = package.clone();
        let back = way_back(&log, gone, &never).unwrap();
        package.apply(&back.set).unwrap();
        let related = package.relationships("a.xml").unwrap();
        assert_eq!(related.len(), 1);
        assert_eq!(related[0].part(), Some(stays));
        let types = package.content_types().unwrap();
        assert_eq!(types.overridden().collect::<Vec<_>>(), [stays]);
        assert!(package.contains(stays));
        assert_eq!(package.contains("one.xml"), stays == "one.xml");

        // Then the other one: nothing is left of either.
        let mut log = log.clone();
        log.push(Step {
            set: back.set,
            cancels: Some(gone),
        });
        package
            .apply(&way_back(&log, 1 - gone, &never).unwrap().set)
            .unwrap();
        assert!(package.write().unwrap() == archive(&BASE), "without {stays}");
    }
}

#[test]
fn a_way_back_tells_what_it_was_carried_over() {
    let first = |draft: &mut Draft| draft.edit("a.xml", [(0..1, "X".into())]).unwrap();
    let second = |draft: &mut Draft| draft.edit("b.xml", [(0..1, "Y".into())]).unwrap();
    let (_, log) = after(&[&first, &second]);
    assert_eq!(way_back(&log, 0, &never).unwrap().over, [1]);
    assert_eq!(way_back(&log, 1, &never).unwrap().over, Vec::<usize>::new());
}

#[test]
fn a_conflict_names_the_part_the_place_and_the_change_in_the_way() {
    let first = |draft: &mut Draft| draft.edit("a.xml", [(10..12, "1234".into())]).unwrap();
    let apart = |draft: &mut Draft| {
        draft
            .edit("a.xml", [(0..1, "".into()), (20..20, "Q".into())])
            .unwrap();
    };
    let (_, log) = after(&[&first, &apart]);
    assert!(way_back(&log, 0, &never).is_ok());
    let cases: [(&str, Made<'_>, u64); 4] = [
        (
            "its end is replaced",
            &|draft| draft.edit("a.xml", [(12..16, "".into())]).unwrap(),
            12,
        ),
        (
            "written in its middle",
            &|draft| draft.edit("a.xml", [(11..11, "Q".into())]).unwrap(),
            11,
        ),
        (
            "all of it is replaced",
            &|draft| draft.edit("a.xml", [(5..20, "".into())]).unwrap(),
            10,
        ),
        (
            "its part is removed",
            &|draft| draft.remove_part("a.xml").unwrap(),
            0,
        ),
    ];
    for (what, later, offset) in cases {
        let other = |draft: &mut Draft| draft.edit("b.xml", [(0..1, "Y".into())]).unwrap();
        let (_, log) = after(&[&first, &other, &later]);
        let conflict = way_back(&log, 0, &never).unwrap_err();
        let expected = Conflict {
            part: "a.xml".to_owned(),
            offset,
            step: Some(2),
        };
        assert_eq!(conflict, expected, "{what}");
    }
}

#[test]
fn what_only_adjoins_is_no_conflict() {
    let first = |draft: &mut Draft| draft.edit("b.xml", [(4..6, "XY".into())]).unwrap();
    let adjoining: [(Made<'_>, &str); 4] = [
        (
            &|draft| draft.edit("b.xml", [(4..4, "Q".into())]).unwrap(),
            "0123Q456789",
        ),
        (
            &|draft| draft.edit("b.xml", [(6..6, "Q".into())]).unwrap(),
            "012345Q6789",
        ),
        (
            &|draft| draft.edit("b.xml", [(2..4, "".into())]).unwrap(),
            "01456789",
        ),
        (
            &|draft| draft.edit("b.xml", [(6..8, "Q".into())]).unwrap(),
            "012345Q89",
        ),
    ];
    for (later, content) in adjoining {
        let (mut package, log) = after(&[&first, &later]);
        package.apply(&way_back(&log, 0, &never).unwrap().set).unwrap();
        assert_eq!(text(&package, "b.xml"), content);
    }
}

#[test]
fn where_a_change_gives_way_the_newer_one_stays() {
    let first = |draft: &mut Draft| {
        draft
            .edit("b.xml", [(4..6, "XYZ".into()), (8..8, "+".into())])
            .unwrap();
    };
    let later = |draft: &mut Draft| {
        draft
            .edit("b.xml", [(4..7, "Q".into()), (9..9, "-".into())])
            .unwrap();
    };
    let (mut package, mut log) = after(&[&first, &later]);
    let yields = |part: &str, span: &Span| part == "b.xml" && span.offset == 4;
    assert!(way_back(&log, 0, &never).is_err());
    let back = way_back(&log, 0, &yields).unwrap().set;
    package.apply(&back).unwrap();
    assert_eq!(text(&package, "b.xml"), "0123Q67-89");
    log.push(Step {
        set: back,
        cancels: Some(0),
    });
    package.apply(&way_back(&log, 1, &yields).unwrap().set).unwrap();
    assert!(package.write().unwrap() == archive(&BASE), "both are gone");
}
