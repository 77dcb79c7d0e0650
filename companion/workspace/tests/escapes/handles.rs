//! Handles that are held longer than the folder is attached, there, or where it was.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use deskhand_workspace::{Access, AllowedFolder, Expected, Folders, WorkspaceError};
use pretty_assertions::assert_eq;

use crate::stage::{CANARY, Fixture, parse};

#[test]
fn a_detached_folder_does_nothing_more() {
    let fixture = Fixture::new();
    assert!(fixture.folders.detach(fixture.folder.path()));
    for (what, outcome) in fixture.leaks_nothing("own.xlsx") {
        assert!(
            matches!(outcome, Err(WorkspaceError::Detached)),
            "{what}: {outcome:?}"
        );
    }
    assert!(fixture.folders.locate(&fixture.inside("own.xlsx")).is_err());
    assert_eq!(fs::read(fixture.inside("own.xlsx")).unwrap(), b"own");
}

#[test]
fn a_folder_that_was_deleted_is_gone_and_it_is_said() {
    let fixture = Fixture::new();
    fs::remove_dir_all(fixture.inside("")).unwrap();
    let told = fixture.folder.path().to_owned();
    for (what, outcome) in fixture.leaks_nothing("own.xlsx") {
        let is_gone = matches!(&outcome, Err(WorkspaceError::Gone { folder }) if *folder == told);
        assert!(is_gone, "{what}: {outcome:?}");
    }
    // Another folder of the same name is not the one that was attached.
    fs::create_dir(fixture.inside("")).unwrap();
    fs::write(fixture.inside("own.xlsx"), CANARY).unwrap();
    fixture.leaks_nothing("own.xlsx");
    assert_eq!(fs::read(fixture.inside("own.xlsx")).unwrap(), CANARY);
}

#[test]
fn the_sentence_for_a_folder_that_is_gone_says_what_to_look_for() {
    let gone = WorkspaceError::Gone {
        folder: PathBuf::from("reports"),
    };
    assert_eq!(
        gone.to_string(),
        "the folder `reports` is not there any more; it may be on a drive or network that is not connected"
    );
}

#[test]
fn the_handle_stays_where_it_was_when_the_folder_is_exchanged() {
    let fixture = Fixture::new();
    fs::rename(fixture.inside(""), fixture.root.path().join("moved")).unwrap();
    symlink("outside", fixture.root.path().join("inside")).unwrap();
    fixture.leaks_nothing("canary.xlsx");
    let moved = fixture.root.path().join("moved");
    let path = parse("own.xlsx");
    let (content, fingerprint) = fixture.folder.read(&path, 100).unwrap();
    assert_eq!(content, b"own");
    let written = fixture
        .folder
        .replace(&path, b"changed", Expected::Content(fingerprint))
        .unwrap();
    assert_eq!(fs::read(moved.join("own.xlsx")).unwrap(), b"changed");
    fixture.folder.remove(&path, written).unwrap();
    fixture.folder.make_parents(&parse("new/a.xlsx")).unwrap();
    assert!(!moved.join("own.xlsx").exists() && moved.join("new").is_dir());
    fixture.nothing_happened();
}

#[test]
fn only_allowed_folders_are_attached_however_they_are_named() {
    let fixture = Fixture::new();
    let root = fixture.root.path().canonicalize().unwrap();
    fs::create_dir(root.join("insider")).unwrap();
    symlink("../outside", root.join("inside/link")).unwrap();
    symlink("inside/sub", root.join("entrance")).unwrap();
    let allow = |path: PathBuf, access| AllowedFolder { path, access };
    let folders = Folders::new(Some(vec![
        allow(root.join("inside"), Access::ReadWrite),
        allow(root.join("inside/sub"), Access::ReadOnly),
        allow(root.join("not/there"), Access::ReadWrite),
    ]));
    for refused in [
        "",
        "outside",
        "insider",
        "inside/../outside",
        "inside/link",
        "inside/..",
    ] {
        let outcome = folders.attach(&root.join(refused));
        assert!(
            matches!(outcome, Err(WorkspaceError::NotAllowed(_))),
            "{refused}: {outcome:?}"
        );
    }
    let cases = [
        ("inside", Access::ReadWrite),
        ("inside/sub", Access::ReadOnly),
        ("entrance", Access::ReadOnly),
    ];
    for (path, access) in cases {
        assert_eq!(
            folders.attach(&root.join(path)).unwrap().access(),
            access,
            "{path}"
        );
    }
    let none = Folders::new(Some(Vec::new()));
    assert!(matches!(
        none.attach(&root.join("inside")),
        Err(WorkspaceError::NotAllowed(_))
    ));
}

#[test]
fn an_allowed_folder_that_is_exchanged_for_a_link_allows_nothing_else() {
    let fixture = Fixture::new();
    let root = fixture.root.path().canonicalize().unwrap();
    let allowed = |name: &str| AllowedFolder {
        path: root.join(name),
        access: Access::ReadWrite,
    };
    let folders = Folders::new(Some(vec![allowed("inside"), allowed("later")]));
    fs::rename(root.join("inside"), root.join("moved")).unwrap();
    symlink("outside", root.join("inside")).unwrap();
    for path in ["inside", "outside", "inside/deep", "moved"] {
        let outcome = folders.attach(&root.join(path));
        assert!(
            matches!(outcome, Err(WorkspaceError::NotAllowed(_))),
            "{path}: {outcome:?}"
        );
    }
    // One that was not there is allowed as it is when it first is.
    fs::create_dir(root.join("later")).unwrap();
    folders.attach(&root.join("later")).unwrap();
    assert!(folders.detach(&root.join("later")));
    fs::remove_dir(root.join("later")).unwrap();
    symlink("outside", root.join("later")).unwrap();
    let outcome = folders.attach(&root.join("later"));
    assert!(
        matches!(outcome, Err(WorkspaceError::NotAllowed(_))),
        "{outcome:?}"
    );
    fixture.nothing_happened();
}

#[test]
fn a_stub_of_a_cloud_is_no_document_and_no_free_place() {
    let fixture = Fixture::new();
    fs::write(fixture.inside(".a.xlsx.icloud"), "stub").unwrap();
    for name in ["a.xlsx", ".a.xlsx.icloud"] {
        for (what, outcome) in fixture.leaks_nothing(name) {
            let is_right = match what {
                "list" | "glob" | "grep" | "grep hidden" => {
                    outcome.as_ref().is_ok_and(|text| !text.contains("icloud"))
                }
                "read" | "open_for_read" | "fingerprint" | "replace nothing" | "replace content" => {
                    matches!(outcome, Err(WorkspaceError::NotHydrated(_)))
                }
                "remove" => matches!(outcome, Err(WorkspaceError::NotHydrated(_))),
                _ => true,
            };
            assert!(is_right, "{what} {name}: {outcome:?}");
        }
        if fixture.inside("a.xlsx").is_dir() {
            fs::remove_dir_all(fixture.inside("a.xlsx")).unwrap();
        }
    }
    assert_eq!(fs::read(fixture.inside(".a.xlsx.icloud")).unwrap(), b"stub");
}
