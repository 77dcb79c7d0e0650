//! Taking files out of a folder, and what a killed program left of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use deskhand_workspace::{
    Access, AllowedFolder, Expected, Fingerprint, Folder, Folders, RelativePath, WorkspaceError,
};
use pretty_assertions::assert_eq;

const GUARD: &str = "01a1fe8b6af270fda4e635371cbf24c4";

struct Fixture {
    root: tempfile::TempDir,
    folder: Arc<Folder>,
}

impl Fixture {
    fn new(files: &[(&str, &str)]) -> Self {
        let root = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let folder = Folders::new(None).attach(root.path()).unwrap();
        Self { root, folder }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.root.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn remove(&self, name: &str, content: &str) -> Result<(), WorkspaceError> {
        self.folder.remove(&path(name), of(content))
    }
}

fn path(text: &str) -> RelativePath {
    RelativePath::parse(text).unwrap()
}

fn of(content: &str) -> Fingerprint {
    Fingerprint::of(content.as_bytes())
}

/// The folder in which a program holds a file that may go where it has this content.
fn held(content: &str) -> String {
    let hash: String = of(content).to_string();
    let (_, hash) = hash.split_once('-').unwrap();
    format!(".deskhand-{GUARD}-{}.held", &hash[..32])
}

#[test]
fn a_file_goes_where_it_is_what_is_expected() {
    let fixture = Fixture::new(&[("sub/a.xlsx", "old"), ("b.xlsx", "old")]);
    fixture.remove("sub/a.xlsx", "old").unwrap();
    assert_eq!(fs::read_dir(fixture.at("sub")).unwrap().count(), 0);
    assert_eq!(fixture.names(), ["b.xlsx", "sub"]);
}

#[test]
fn a_file_that_is_not_what_is_expected_stays() {
    let fixture = Fixture::new(&[("a.xlsx", "theirs")]);
    let refused = fixture.remove("a.xlsx", "mine").unwrap_err();
    let theirs = Some(of("theirs"));
    assert!(matches!(refused, WorkspaceError::ChangedElsewhere { found, .. } if found == theirs));
    let gone = fixture.remove("b.xlsx", "mine").unwrap_err();
    assert!(matches!(
        gone,
        WorkspaceError::ChangedElsewhere { found: None, .. }
    ));
    let nowhere = fixture.remove("no/b.xlsx", "mine").unwrap_err();
    assert!(matches!(nowhere, WorkspaceError::NotFound(_)));
    assert_eq!(fixture.names(), ["a.xlsx"]);
}

#[test]
fn a_read_only_folder_keeps_its_files_and_folders() {
    let fixture = Fixture::new(&[("a.xlsx", "old"), ("sub/b.xlsx", "")]);
    let only = AllowedFolder {
        path: fixture.root.path().to_owned(),
        access: Access::ReadOnly,
    };
    let folder = Folders::new(Some(vec![only]))
        .attach(fixture.root.path())
        .unwrap();
    fs::create_dir(fixture.at("empty")).unwrap();
    let outcomes = [
        folder.remove(&path("a.xlsx"), of("old")),
        folder.make_parents(&path("new/a.xlsx")).map(drop),
        folder.remove_empty(&path("empty")),
    ];
    for outcome in outcomes {
        assert!(matches!(outcome, Err(WorkspaceError::ReadOnly)), "{outcome:?}");
    }
    assert_eq!(fixture.names(), ["a.xlsx", "empty", "sub"]);
}

#[test]
fn a_file_that_is_open_in_an_office_program_stays() {
    let fixture = Fixture::new(&[("a.xlsx", "old"), ("~$a.xlsx", "")]);
    let refused = fixture.remove("a.xlsx", "old").unwrap_err();
    assert!(
        matches!(refused, WorkspaceError::OpenElsewhere { .. }),
        "{refused:?}"
    );
    assert_eq!(fixture.names(), ["a.xlsx", "~$a.xlsx"]);
}

#[test]
fn a_file_that_is_marked_read_only_stays() {
    let fixture = Fixture::new(&[("a.xlsx", "old")]);
    let mut permissions = fs::metadata(fixture.at("a.xlsx")).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(fixture.at("a.xlsx"), permissions).unwrap();
    let refused = fixture.remove("a.xlsx", "old").unwrap_err();
    assert!(
        matches!(refused, WorkspaceError::WriteProtected(_)),
        "{refused:?}"
    );
    assert_eq!(fixture.names(), ["a.xlsx"]);
}

#[test]
fn a_folder_is_no_file_to_be_removed() {
    let fixture = Fixture::new(&[("sub/a.xlsx", "old")]);
    let refused = fixture.remove("sub", "").unwrap_err();
    assert!(matches!(refused, WorkspaceError::NotAFile(_)), "{refused:?}");
}

#[cfg(unix)]
#[test]
fn a_link_is_not_removed_and_neither_is_what_it_leads_to() {
    use std::os::unix::fs::symlink;

    let fixture = Fixture::new(&[("sub/a.xlsx", "old")]);
    symlink("sub/a.xlsx", fixture.at("link.xlsx")).unwrap();
    symlink("nothing.xlsx", fixture.at("dangling.xlsx")).unwrap();
    symlink("sub", fixture.at("way")).unwrap();
    for name in ["link.xlsx", "dangling.xlsx"] {
        let refused = fixture.remove(name, "old").unwrap_err();
        assert!(matches!(refused, WorkspaceError::NotAFile(_)), "{refused:?}");
    }
    assert_eq!(fixture.names(), ["dangling.xlsx", "link.xlsx", "sub", "way"]);
    fixture.remove("way/a.xlsx", "old").unwrap();
    assert!(!fixture.at("sub/a.xlsx").exists() && fixture.at("way").is_dir());
}

#[test]
fn a_removal_that_was_killed_is_ended_by_the_next_write() {
    let aside = held("old");
    let fixture = Fixture::new(&[(&format!("{aside}/a.xlsx"), "old"), ("b.xlsx", "")]);
    fixture.remove("b.xlsx", "").unwrap();
    assert_eq!(fixture.names(), [""; 0]);
}

#[test]
fn what_a_killed_program_held_and_nobody_expected_goes_back() {
    let aside = held("old");
    let fixture = Fixture::new(&[(&format!("{aside}/a.xlsx"), "theirs"), ("b.xlsx", "")]);
    fixture.remove("b.xlsx", "").unwrap();
    assert_eq!(fixture.names(), ["a.xlsx"]);
    assert_eq!(fs::read(fixture.at("a.xlsx")).unwrap(), b"theirs");
}

#[test]
fn what_was_held_gets_another_name_where_its_own_was_taken() {
    let aside = held("old");
    let fixture = Fixture::new(&[
        (&format!("{aside}/a.xlsx"), "theirs"),
        ("a.xlsx", "newer"),
        ("a (recovered).xlsx", "earlier"),
    ]);
    let expected = Expected::Content(of("newer"));
    fixture
        .folder
        .replace(&path("a.xlsx"), b"newest", expected)
        .unwrap();
    assert_eq!(
        fixture.names(),
        ["a (recovered 2).xlsx", "a (recovered).xlsx", "a.xlsx"]
    );
    assert_eq!(fs::read(fixture.at("a (recovered 2).xlsx")).unwrap(), b"theirs");
    assert_eq!(fs::read(fixture.at("a.xlsx")).unwrap(), b"newest");
}

#[test]
fn what_another_program_holds_at_this_moment_is_left_to_it() {
    let aside = held("old");
    let guard = format!(".deskhand-{GUARD}.tmp");
    let fixture = Fixture::new(&[
        (&format!("{aside}/a.xlsx"), "old"),
        (&guard, ""),
        ("b.xlsx", ""),
        ("c.xlsx", ""),
    ]);
    let holder = fs::File::open(fixture.at(&guard)).unwrap();
    holder.lock().unwrap();
    fixture.remove("b.xlsx", "").unwrap();
    assert_eq!(fixture.names(), [&aside, &guard, "c.xlsx"]);
    drop(holder);
    fixture.remove("c.xlsx", "").unwrap();
    assert_eq!(fixture.names(), [""; 0]);
}

#[test]
fn folders_of_similar_names_are_nobodys_to_sweep() {
    let names = [
        ".deskhand-notes.held/a.xlsx".to_owned(),
        format!(".deskhand-{GUARD}-notamark.held/a.xlsx"),
        format!(".deskhand-{GUARD}/a.xlsx"),
    ];
    let mut files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "old")).collect();
    files.push(("b.xlsx", ""));
    let fixture = Fixture::new(&files);
    fixture.remove("b.xlsx", "").unwrap();
    assert!(names.iter().all(|name| fixture.at(name).is_file()));
}

#[cfg(unix)]
#[test]
fn links_with_names_of_ours_are_nobodys_to_sweep() {
    use std::os::unix::fs::symlink;

    let fixture = Fixture::new(&[("sub/theirs.xlsx", "theirs"), ("a.xlsx", "own"), ("b.xlsx", "")]);
    let (aside, half) = (held("old"), format!(".deskhand-{GUARD}.tmp"));
    symlink("sub", fixture.at(&aside)).unwrap();
    fixture.remove("b.xlsx", "").unwrap();
    assert!(fixture.at("sub/theirs.xlsx").is_file() && fixture.at(&aside).is_symlink());
    symlink("a.xlsx", fixture.at(&half)).unwrap();
    fixture
        .folder
        .replace(&path("b.xlsx"), b"", Expected::Nothing)
        .unwrap();
    assert!(fixture.at(&half).is_symlink());
    assert_eq!(fs::read(fixture.at("a.xlsx")).unwrap(), b"own");
}

#[test]
fn missing_folders_above_a_file_are_made_and_told() {
    let fixture = Fixture::new(&[("there/a.xlsx", "")]);
    let made = fixture
        .folder
        .make_parents(&path("there/new/deep/a.xlsx"))
        .unwrap();
    assert_eq!(made, [path("there/new"), path("there/new/deep")]);
    assert!(fixture.at("there/new/deep").is_dir());
    let again = fixture
        .folder
        .make_parents(&path("there/new/deep/a.xlsx"))
        .unwrap();
    assert_eq!(again, []);
    assert_eq!(fixture.folder.make_parents(&path("a.xlsx")).unwrap(), []);
}

#[test]
fn a_file_in_the_way_of_a_folder_is_refused_and_nothing_stays_half_made() {
    let fixture = Fixture::new(&[("file", "content"), ("sub/b.xlsx", "")]);
    let refused = fixture
        .folder
        .make_parents(&path("file/deep/a.xlsx"))
        .unwrap_err();
    assert!(matches!(refused, WorkspaceError::NotAFolder(_)), "{refused:?}");
    assert_eq!(fixture.names(), ["file", "sub"]);
}

#[test]
fn a_folder_is_taken_away_where_it_is_empty_alone() {
    let fixture = Fixture::new(&[("full/a.xlsx", ""), ("file", "")]);
    fs::create_dir(fixture.at("empty")).unwrap();
    fs::create_dir(fixture.at("swept")).unwrap();
    let left = format!("swept/.deskhand-{GUARD}.tmp");
    fs::write(fixture.at(&left), "half").unwrap();
    fixture.folder.remove_empty(&path("empty")).unwrap();
    fixture.folder.remove_empty(&path("swept")).unwrap();
    let refused = fixture.folder.remove_empty(&path("full")).unwrap_err();
    assert!(matches!(refused, WorkspaceError::NotEmpty(_)), "{refused:?}");
    let refused = fixture.folder.remove_empty(&path("file")).unwrap_err();
    assert!(matches!(refused, WorkspaceError::NotAFolder(_)), "{refused:?}");
    let refused = fixture.folder.remove_empty(&path("nothing")).unwrap_err();
    assert!(matches!(refused, WorkspaceError::NotFound(_)), "{refused:?}");
    assert_eq!(fixture.names(), ["file", "full"]);
}

#[cfg(unix)]
#[test]
fn folders_are_made_behind_a_link_that_stays_inside_and_behind_no_other() {
    use std::os::unix::fs::symlink;

    let fixture = Fixture::new(&[("real/a.xlsx", "")]);
    symlink("real", fixture.at("way")).unwrap();
    symlink("missing", fixture.at("nowhere")).unwrap();
    let made = fixture.folder.make_parents(&path("way/new/a.xlsx")).unwrap();
    assert_eq!(made, [path("way/new")]);
    assert!(fixture.at("real/new").is_dir());
    let refused = fixture.folder.make_parents(&path("nowhere/a.xlsx")).unwrap_err();
    assert!(matches!(refused, WorkspaceError::NotAFolder(_)), "{refused:?}");
    let refused = fixture.folder.remove_empty(&path("way")).unwrap_err();
    assert!(matches!(refused, WorkspaceError::NotAFolder(_)), "{refused:?}");
    assert_eq!(fixture.names(), ["nowhere", "real", "way"]);
}
