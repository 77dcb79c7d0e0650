//! Taking back any change while others stay, against a model that never forgets a byte: each byte of the model knows which
//! set put it there and which took it out, so what is left when some sets are gone is a matter of looking.
#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

use deskhand_opc::{Conflict, Draft, Package, Span, Step, way_back};
use proptest::prelude::*;

#[path = "rebase/model.rs"]
mod model;

use model::{Action, BASE, World, actions, archive, never, open};

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
