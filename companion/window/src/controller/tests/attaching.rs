//! Folders and files that a person chooses in a dialog or drops on the window.

use std::path::PathBuf;

use pretty_assertions::assert_eq;

use super::*;

const PICK: &str = r#"{"pick":{"id":7,"what":"folders"}}"#;

fn paths(names: &[&str]) -> Vec<PathBuf> {
    names.iter().map(PathBuf::from).collect()
}

fn many(count: usize) -> Vec<PathBuf> {
    (0..count)
        .map(|number| PathBuf::from(format!("/srv/{number}")))
        .collect()
}

/// What the page was told last.
fn told(window: &Fake) -> &ToPage {
    match &window.done[..] {
        [Effect::Tell(message)] => message,
        other => panic!("the page was told nothing: {other:?}"),
    }
}

fn picking(window: &mut Fake, asked: &str) -> Pick {
    window.on(message(asked.into()));
    match window.done[..] {
        [Effect::Pick(pick)] => pick,
        ref other => panic!("no dialog: {other:?}"),
    }
}

#[test]
fn what_a_person_chooses_is_told_to_the_page_under_its_number() {
    let mut window = Fake::with_page();
    for (asked, kind) in [
        (PICK, ItemKind::Folder),
        (r#"{"pick":{"id":7,"what":"documents"}}"#, ItemKind::File),
    ] {
        let pick = picking(&mut window, asked);
        window.on(Event::Picked(pick, paths(&["/srv/plans", "/srv/other"])));
        let items = ["/srv/plans", "/srv/other"].map(|path| Item {
            path: path.into(),
            kind,
        });
        let chosen = Chosen {
            items: items.to_vec(),
            total: 2,
        };
        assert_eq!(told(&window), &ToPage::Picked { id: 7, chosen });
    }
}

#[test]
fn a_dialog_that_is_closed_is_an_answer_and_another_one_can_be_opened() {
    let mut window = Fake::with_page();
    for _ in 0..2 {
        let pick = picking(&mut window, PICK);
        window.on(Event::Picked(pick, Vec::new()));
        let chosen = Chosen::default();
        assert_eq!(told(&window), &ToPage::Picked { id: 7, chosen });
    }
}

#[test]
fn a_second_dialog_is_not_opened_over_the_first() {
    let mut window = Fake::with_page();
    picking(&mut window, PICK);
    window.on(message(r#"{"pick":{"id":8,"what":"documents"}}"#.into()));
    let chosen = Chosen::default();
    assert_eq!(told(&window), &ToPage::Picked { id: 8, chosen });
}

#[test]
fn no_dialog_is_opened_for_another_page_or_what_is_no_question() {
    for from in [
        "https://localhost:47600.example.com/desktop/",
        "https://localhost:47601/desktop/",
        "https://example.com/",
        "about:blank",
        "",
    ] {
        let mut window = Fake::with_page();
        window.on(Event::Message {
            from: from.into(),
            text: PICK.into(),
        });
        assert_eq!(window.done, [], "{from}");
    }
    for text in [
        r#"{"pick":true}"#,
        r#"{"pick":{"id":7}}"#,
        r#"{"pick":{"id":-1,"what":"folders"}}"#,
        r#"{"pick":{"id":7,"what":"everything"}}"#,
        r#"{"pick":{"id":7,"what":"folders"},"turnRunning":"yes"}"#,
    ] {
        let mut window = Fake::with_page();
        window.on(message(text.into()));
        assert_eq!(window.done, [], "{text}");
    }
    let mut window = Fake::with_page();
    window.on(Event::LoadFailed);
    window.on(message(PICK.into()));
    assert_eq!(window.done, [], "the page is gone");
}

#[test]
fn what_is_held_over_the_window_is_told_and_what_is_dropped_is_looked_at() {
    let mut window = Fake::with_page();
    window.on(Event::DragEntered(paths(&["/srv/plans"])));
    assert_eq!(told(&window), &ToPage::DragEntered);
    window.on(Event::DragLeft);
    assert_eq!(told(&window), &ToPage::DragLeft);
    window.on(Event::Dropped(paths(&["/srv/plans", "/srv/a.xlsx"])));
    assert_eq!(
        window.done,
        [Effect::LookAt(paths(&["/srv/plans", "/srv/a.xlsx"]))]
    );
    let items = vec![Item {
        path: "/srv/plans".into(),
        kind: ItemKind::Folder,
    }];
    window.on(Event::LookedAt(items.clone()));
    let chosen = Chosen { items, total: 1 };
    assert_eq!(told(&window), &ToPage::Dropped { chosen });
}

#[test]
fn a_link_that_is_dropped_is_no_file() {
    let mut window = Fake::with_page();
    let link = paths(&["https://docs.example.com/guide", "nowhere"]);
    window.on(Event::DragEntered(link.clone()));
    assert_eq!(window.done, []);
    window.on(Event::Dropped(link));
    assert_eq!(told(&window), &ToPage::DragLeft);
}

#[test]
fn of_more_than_fifty_the_page_is_told_only_how_many_there_are() {
    let mut window = Fake::with_page();
    window.on(Event::Dropped(many(MOST_ITEMS)));
    assert!(matches!(&window.done[..], [Effect::LookAt(paths)] if paths.len() == MOST_ITEMS));
    let chosen = Chosen {
        items: Vec::new(),
        total: MOST_ITEMS + 1,
    };
    window.on(Event::Dropped(many(MOST_ITEMS + 1)));
    assert_eq!(
        told(&window),
        &ToPage::Dropped {
            chosen: chosen.clone()
        }
    );
    let pick = picking(&mut window, PICK);
    window.on(Event::Picked(pick, many(MOST_ITEMS + 1)));
    assert_eq!(told(&window), &ToPage::Picked { id: 7, chosen });
}

#[test]
fn where_no_page_is_nothing_is_taken() {
    let mut window = Fake::new();
    window.on(Event::Opened);
    for event in [
        Event::DragEntered(paths(&["/srv/plans"])),
        Event::Dropped(paths(&["/srv/plans"])),
        Event::Dropped(many(MOST_ITEMS + 1)),
        Event::DragLeft,
        Event::LookedAt(Vec::new()),
    ] {
        window.on(event);
        assert_eq!(window.done, []);
    }
}
