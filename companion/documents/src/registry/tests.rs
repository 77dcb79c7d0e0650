//! Which document it is that somebody opens.

use deskhand_workspace::{Folders, RelativePath};

use super::*;

fn id(last: u8) -> DocumentId {
    DocumentId::new(1, [last; 10])
}

fn workbook(path: Option<&str>, embedded: Option<&DocumentId>) -> LiveDocument {
    LiveDocument {
        kind: DocumentKind::Workbook,
        title: "Book".to_owned(),
        path: path.map(str::to_owned),
        embedded_id: embedded.cloned(),
        sets: Vec::new(),
        summary: None,
    }
}

/// A registry where `id(1)` is open at `/a.xlsx`.
fn open_at_a() -> Registry {
    let registry = Registry::default();
    let view = registry.open(&workbook(Some("/a.xlsx"), None), id(1));
    assert_eq!(view.id, id(1));
    registry
}

#[test]
fn keeps_the_id_over_save_as_by_the_embedded_id() {
    let registry = open_at_a();
    registry.left(&id(1));
    let saved_as = registry.open(&workbook(Some("/b.xlsx"), Some(&id(1))), id(2));
    assert_eq!((saved_as.id, saved_as.path.as_deref()), (id(1), Some("/b.xlsx")));
}

#[test]
fn keeps_the_id_when_the_document_is_opened_elsewhere_later() {
    let registry = open_at_a();
    registry.closed(&id(1));
    let live = registry.open(&workbook(Some("/b.xlsx"), Some(&id(1))), id(2));
    assert_eq!(live.id, id(1));
    registry.closed(&id(1));
    let file = registry.attach_file(DocumentKind::Workbook, "/c.xlsx", Some(&id(1)), id(3));
    assert_eq!((file.id, file.path.as_deref()), (id(1), Some("/c.xlsx")));
}

#[test]
fn knows_a_document_of_an_earlier_run_by_the_embedded_id() {
    let registry = Registry::default();
    let live = registry.open(&workbook(Some("/a.xlsx"), Some(&id(7))), id(1));
    assert_eq!(live.id, id(7));
}

#[test]
fn gives_a_copy_beside_its_original_an_id_of_its_own() {
    for path in [Some("/copy.xlsx"), None] {
        let registry = open_at_a();
        let copy = registry.open(&workbook(path, Some(&id(1))), id(2));
        assert_eq!(copy.id, id(2), "{path:?}");
        let original = registry.get(&id(1)).unwrap();
        assert_eq!(original.path.as_deref(), Some("/a.xlsx"));
    }
}

#[test]
fn keeps_the_own_id_of_a_copy_while_its_pane_is_loaded_anew() {
    let registry = open_at_a();
    let copy = workbook(Some("/copy.xlsx"), Some(&id(1)));
    registry.open(&copy, id(2));
    registry.closed(&id(1));
    registry.left(&id(2));
    assert_eq!(registry.open(&copy, id(3)).id, id(2));
}

#[test]
fn gives_an_attached_copy_an_id_of_its_own_while_the_original_is_open_or_waited_for() {
    let registry = open_at_a();
    let attach = |fresh| registry.attach_file(DocumentKind::Workbook, "/copy.xlsx", Some(&id(1)), fresh);
    assert_eq!(attach(id(2)).id, id(2));
    registry.left(&id(1));
    assert_eq!(attach(id(3)).id, id(2));
    assert_eq!(registry.get(&id(1)).unwrap().path.as_deref(), Some("/a.xlsx"));
}

#[test]
fn tells_two_attached_copies_apart() {
    let folder = tempfile::tempdir().unwrap();
    let folders = Folders::new(None);
    let folder = folders.attach(folder.path()).unwrap();
    let registry = Registry::default();
    let session = SessionId::new(1, [0; 10]);
    let attach = |name: &str, fresh| {
        let door = Door::within(folder.clone(), RelativePath::parse(name).unwrap());
        let path = door.path();
        let view = registry.attach_file(
            DocumentKind::Workbook,
            path.to_str().unwrap(),
            Some(&id(9)),
            fresh,
        );
        registry.put_door(&session, &view.id, door);
        view.id
    };
    assert_eq!(attach("a.xlsx", id(1)), id(9));
    assert_eq!(attach("copy.xlsx", id(2)), id(2));
    assert_eq!(attach("a.xlsx", id(3)), id(9));
    assert_eq!(attach("copy.xlsx", id(4)), id(2));
}

#[test]
fn finds_the_same_document_on_disk_and_live() {
    let registry = Registry::default();
    let file = registry.attach_file(DocumentKind::Workbook, "/a.xlsx", Some(&id(9)), id(1));
    let live = registry.open(&workbook(Some("/a.xlsx"), Some(&id(9))), id(2));
    assert_eq!((&file.id, &live.id), (&id(9), &id(9)));
    let again = registry.attach_file(DocumentKind::Workbook, "/a.xlsx", None, id(3));
    assert_eq!((again.id, again.state), (id(9), DocumentState::Live));
}

#[test]
fn takes_no_embedded_text_that_is_no_id_of_ours() {
    let hostile = [
        "",
        "x",
        "018f0000-0000-4000-8000-000000000000",
        "../../../../../../../../../../../../x",
    ];
    for text in hostile {
        let embedded = DocumentId::from_text(text);
        let live = Registry::default().open(&workbook(Some("/a.xlsx"), Some(&embedded)), id(1));
        assert_eq!(live.id, id(1), "{text:?}");
    }
}

#[test]
fn takes_no_id_of_a_document_of_another_kind() {
    let registry = open_at_a();
    registry.closed(&id(1));
    let deck = registry.attach_file(DocumentKind::Deck, "/d.pptx", Some(&id(1)), id(2));
    assert_eq!(deck.id, id(2));
}

#[test]
fn whoever_holds_a_folder_that_was_taken_out_can_do_nothing_more_with_it() {
    let place = tempfile::tempdir().expect("a folder");
    std::fs::write(place.path().join("notes.md"), "x").expect("written");
    let folder = deskhand_workspace::Folders::new(None)
        .open(place.path())
        .expect("opened");
    let (registry, session) = (Registry::default(), SessionId::from_text("s"));
    registry.put_folder(&session, Arc::clone(&folder));
    let held = registry.folders(&session);
    let path = deskhand_workspace::RelativePath::parse("notes.md").expect("a path");
    assert!(held[0].fingerprint(&path).is_ok());
    registry.take_folder(&session, folder.path());
    assert!(registry.folders(&session).is_empty());
    let refused = held[0].fingerprint(&path);
    assert!(
        matches!(refused, Err(deskhand_workspace::WorkspaceError::Detached)),
        "{refused:?}"
    );
}
