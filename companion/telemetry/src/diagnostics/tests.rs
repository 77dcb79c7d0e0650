//! Which records are kept, and that none holds what must never be in one.

use std::panic::catch_unwind;

use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;
use crate::scrub::Known;

fn machine() -> Machine {
    Machine {
        install: "0190c1c6-0f4b-4c3e-8f6e-1f2d3c4b5a69".to_owned(),
        mode: "managed",
        ..Machine::default()
    }
}

fn open(folder: &Path, closed: &[Category]) -> Diagnostics {
    Diagnostics::open(
        folder,
        closed,
        machine(),
        Arc::new(Scrubber::new(Known::default())),
    )
    .unwrap()
}

fn one_of_each() -> Vec<Diagnostic> {
    let url = "https://example.com/a?b=c".to_owned();
    let fetched = |category| Diagnostic::Fetched {
        category,
        method: "GET",
        url: url.clone(),
        status: None,
        duration_ms: 1,
    };
    vec![
        Diagnostic::Error {
            kind: "io",
            code: None,
            message: "no file",
            frames: Vec::new(),
        },
        Diagnostic::Timing {
            step: "start",
            duration_ms: 1,
        },
        Diagnostic::Memory { free: 1, used: 2 },
        Diagnostic::Exit {
            process: "sandbox",
            code: Some(1),
            duration_ms: 1,
        },
        Diagnostic::Used {
            feature: "undo",
            count: 1,
        },
        Diagnostic::Typed {
            feature: "prompt",
            length: 1,
        },
        fetched(Category::Services),
        fetched(Category::Updates),
    ]
}

#[test]
fn each_switch_closes_its_category_and_no_other() {
    for closed in Category::ALL {
        let folder = tempfile::tempdir().unwrap();
        let before = open(folder.path(), &[]);
        for one in one_of_each() {
            before.record(1, &one);
        }
        assert!(
            Category::ALL
                .iter()
                .all(|&category| !before.kept(category).is_empty())
        );
        let diagnostics = open(folder.path(), &[closed]);
        for one in one_of_each() {
            diagnostics.record(2, &one);
        }
        for category in Category::ALL {
            assert_eq!(diagnostics.keeps(category), category != closed);
            assert_eq!(
                diagnostics.kept(category).is_empty(),
                category == closed,
                "{}",
                closed.key()
            );
        }
        assert!(
            !folder.path().join(closed.file()).exists(),
            "what an earlier run kept is gone"
        );
        assert_eq!(diagnostics.files().len(), 3);
    }
}

#[test]
fn an_error_tells_the_newest_steps() {
    let folder = tempfile::tempdir().unwrap();
    let diagnostics = open(folder.path(), &[]);
    (0..100).for_each(|_| diagnostics.step("connected"));
    diagnostics.step("closed");
    diagnostics.record(5, &one_of_each()[0]);
    let kept = diagnostics.kept(Category::Essential);
    let steps = kept[0]["what"]["error"]["steps"].as_array().unwrap();
    assert_eq!((steps.len(), &steps[STEPS - 1]), (STEPS, &Json::from("closed")));
    assert_eq!(kept[0]["at"], 5);
    assert_eq!(kept[0]["install"], machine().install);
}

#[test]
fn the_files_stay_small() {
    let folder = tempfile::tempdir().unwrap();
    let diagnostics = open(folder.path(), &[]);
    let frame = Frame {
        function: "f".repeat(10_000),
        file: Some("/a/b.rs".to_owned()),
        line: Some(1),
    };
    let large = Diagnostic::Error {
        kind: "panic",
        code: None,
        message: "x",
        frames: vec![frame; 500],
    };
    (0..200).for_each(|_| diagnostics.record(1, &large));
    let sizes: u64 = diagnostics
        .files()
        .iter()
        .map(|path| path.metadata().unwrap().len())
        .sum();
    assert!(sizes <= MOST * FILES as u64);
}

#[test]
fn a_panic_is_recorded_without_what_it_says() {
    fn now() -> Timestamp {
        7
    }
    let folder = tempfile::tempdir().unwrap();
    let diagnostics = open(folder.path(), &[]);
    record_panics(diagnostics.clone(), now);
    let secret = "ZQXMARK";
    catch_unwind(|| panic!("the prompt was {secret}")).unwrap_err();
    let kept = Json::from(diagnostics.kept(Category::Essential)).to_string();
    assert!(kept.contains("a message that was made while running"), "{kept}");
    assert!(kept.contains("diagnostics/tests.rs"), "{kept}");
    assert!(!kept.contains(secret), "{kept}");
}

proptest! {
    #[test]
    fn no_text_that_comes_from_outside_is_in_a_record(
        word in "[a-zA-Z0-9]{1,10}", mark in Just("ZQXMARK"), organization in "[ -~]{0,80}",
    ) {
        let folder = tempfile::tempdir().unwrap();
        let user = format!("{word}{mark}");
        let known = Known { names: vec![user.clone()], homes: vec![format!("/home/{user}")], ..Known::default() };
        let machine = Machine {
            install: user.clone(),
            organization: Some(format!("{organization}{mark}")),
            cpu: format!("cpu of {user}"),
            os: format!("os at /home/{user}/x"),
            ..machine()
        };
        let diagnostics =
            Diagnostics::open(folder.path(), &[], machine, Arc::new(Scrubber::new(known))).unwrap();
        for url in [
            format!("https://{user}:{word}@example.com/{user}?key={mark}#{mark}"),
            format!("https://example.com/{mark}/{word}"),
        ] {
            let fetched = Diagnostic::Fetched {
                category: Category::Services, method: "GET", url, status: Some(200), duration_ms: 1,
            };
            diagnostics.record(1, &fetched);
        }
        let frame = Frame {
            function: "core::turn::handle".to_owned(),
            file: Some(format!("/home/{user}/src/{word}/turn.rs")),
            line: None,
        };
        let error = Diagnostic::Error { kind: "io", code: None, message: "no file", frames: vec![frame] };
        diagnostics.record(1, &error);
        for path in diagnostics.files() {
            let text = std::fs::read_to_string(path).unwrap();
            prop_assert!(!text.contains(mark), "{text}");
        }
    }
}
