//! What is kept, what is refused, and what the model is told.

use deskhand_core::instructions::SYSTEM;
use deskhand_storage::{MasterKey, OpenOptions, Store};
use deskhand_trail::Content;

use super::*;

struct Home {
    guide: Guide,
    store: Store,
    _folder: tempfile::TempDir,
}

fn trail(store: &Store) -> Trail {
    Trail::new(store.clone(), "ada", Content::Hashed)
}

async fn home(organisation: Option<&str>, notes_closed: bool) -> Home {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(OpenOptions {
        folder: folder.path().to_owned(),
        deployment: None,
        master_key: MasterKey::new([7; 32]),
        text_of: |_| None,
        max_bytes: None,
    });
    let store = store.expect("a store");
    let organisation = organisation.map(str::to_owned);
    let guide = Guide::open(trail(&store), organisation, notes_closed).await;
    Home {
        guide: guide.expect("a guide"),
        store,
        _folder: folder,
    }
}

fn text(folder: Option<&str>, note: Option<&str>, text: &str) -> PutInstructionsParams {
    PutInstructionsParams {
        folder: folder.map(str::to_owned),
        note: note.map(str::to_owned),
        text: text.to_owned(),
        paused: false,
    }
}

#[tokio::test]
async fn instructions_are_told_in_their_order_and_only_for_the_folders_of_the_session() {
    let home = home(Some("In EUR."), false).await;
    let guide = &home.guide;
    for one in [
        text(Some("/data/Q4"), None, "Nothing of Q3."),
        text(None, None, "Be brief.\n"),
        text(Some("/data/Q3"), None, "Use the master."),
        text(Some("/data/Q3"), Some("Sources"), "Revenue is in S1."),
    ] {
        guide.put(one, Actor::Window).await.expect("kept");
    }
    let told = guide.system(&["/data/Q3".to_owned()]);
    let at = |words: &str| told.find(words).unwrap_or_else(|| panic!("{words}: {told}"));
    assert!(
        at(SYSTEM) < at("In EUR.")
            && at("In EUR.") < at("Be brief.")
            && at("Be brief.") < at("Use the master.")
    );
    assert!(
        !told.contains("Nothing of Q3") && !told.contains("Revenue is in S1"),
        "{told}"
    );
    assert!(!guide.system(&[]).contains("Use the master."));
    let again = Guide::open(trail(&home.store), None, false)
        .await
        .expect("a guide");
    assert_eq!(again.all(), guide.all(), "they outlive the service");
}

#[tokio::test]
async fn what_is_paused_is_kept_and_not_told_and_an_empty_text_deletes() {
    let home = home(None, false).await;
    let guide = &home.guide;
    let folder = Some("/data");
    let paused = |text: PutInstructionsParams| PutInstructionsParams { paused: true, ..text };
    guide
        .put(paused(text(None, None, "Be brief.")), Actor::Window)
        .await
        .expect("kept");
    guide
        .put(paused(text(folder, Some("n"), "A note.")), Actor::Window)
        .await
        .expect("kept");
    assert_eq!(guide.system(&["/data".to_owned()]), SYSTEM);
    assert_eq!(guide.notes("/data"), []);
    assert_eq!(guide.all().len(), 2);
    guide
        .put(text(folder, Some("n"), "A note."), Actor::Agent)
        .await
        .expect("kept");
    assert_eq!(guide.notes("/data"), [("n".to_owned(), "A note.".to_owned())]);
    guide
        .put(text(folder, Some("n"), "  "), Actor::Window)
        .await
        .expect("deleted");
    guide
        .put(text(None, None, ""), Actor::Window)
        .await
        .expect("deleted");
    assert_eq!(guide.list().guidance, []);
}

#[tokio::test]
async fn what_is_too_long_or_badly_named_is_refused_and_what_was_there_stays() {
    let home = home(None, false).await;
    let guide = &home.guide;
    let folder = Some("/data");
    guide
        .put(text(folder, Some("n"), "A note."), Actor::Window)
        .await
        .expect("kept");
    let long = "x".repeat(MAX_INSTRUCTIONS + 1);
    for refused in [
        text(None, None, &long),
        text(None, Some("n"), "belongs to no folder"),
        text(folder, Some(""), "no name"),
        text(folder, Some("../n"), "a path"),
        text(folder, Some("a\nb"), "two lines"),
        text(folder, Some(&"n".repeat(MAX_NAME + 1)), "a long name"),
        text(folder, Some("m"), &long[..MAX_NOTES - 3]),
    ] {
        let error = guide.put(refused, Actor::Agent).await.expect_err("refused");
        assert_eq!(error.code, ErrorCode::InstructionsRefused);
    }
    assert_eq!(guide.notes("/data"), [("n".to_owned(), "A note.".to_owned())]);
    guide
        .put(text(folder, Some("m"), &long[..MAX_NOTES - 7]), Actor::Agent)
        .await
        .expect("it fits");
}

#[tokio::test]
async fn notes_are_told_to_nobody_where_the_organisation_closed_them() {
    let home = home(None, true).await;
    home.guide
        .put(text(Some("/data"), Some("n"), "A note."), Actor::Window)
        .await
        .expect("kept");
    assert_eq!(home.guide.notes("/data"), []);
    assert!(home.guide.list().notes_closed);
}
