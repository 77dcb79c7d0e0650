//! Listing, reading and replacing files of an attached folder.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::sync::Arc;

use deskhand_workspace::{
    Access, AllowedFolder, Expected, FileKind, Fingerprint, Folder, Folders, ListLimits, OfficeProgram,
    RelativePath, WorkspaceError,
};
use pretty_assertions::assert_eq;

struct Fixture {
    root: tempfile::TempDir,
    folders: Folders,
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
        let folders = Folders::new(None);
        let folder = folders.attach(root.path()).unwrap();
        Self {
            root,
            folders,
            folder,
        }
    }

    fn content(&self, name: &str) -> String {
        fs::read_to_string(self.root.path().join(name)).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.root.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn path(text: &str) -> RelativePath {
    RelativePath::parse(text).unwrap()
}

fn was(content: &str) -> Expected {
    Expected::Content(Fingerprint::of(content.as_bytes()))
}

#[test]
fn lists_documents_level_by_level() {
    let fixture = Fixture::new(&[
        ("b.xlsx", "12345"),
        ("a.PPTX", ""),
        ("notes/deep/plan.docx", ""),
        ("notes/data.csv", ""),
        ("run.exe", ""),
        (".git/config.xml", ""),
        (".hidden.xlsx", ""),
        ("~$b.xlsx", ""),
    ]);
    let listing = fixture.folder.list(ListLimits::default()).unwrap();
    let told: Vec<_> = listing
        .entries
        .iter()
        .map(|entry| {
            let lock = entry.lock.as_ref().map(|lock| lock.program);
            (entry.path.as_str(), entry.kind, entry.size, lock)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("a.PPTX", FileKind::Deck, 0, None),
            ("b.xlsx", FileKind::Workbook, 5, Some(OfficeProgram::Office)),
            ("notes/data.csv", FileKind::Table, 0, None),
            ("notes/deep/plan.docx", FileKind::Text, 0, None),
        ]
    );
    assert!(
        !listing.cut
            && listing
                .entries
                .iter()
                .all(|entry| entry.modified_at > 1_600_000_000_000)
    );
}

#[test]
fn a_listing_says_when_a_limit_cut_it() {
    let fixture = Fixture::new(&[
        ("a.xlsx", ""),
        ("b.xlsx", ""),
        ("x/c.xlsx", ""),
        ("x/y/d.xlsx", ""),
    ]);
    let all = ListLimits::default();
    let cases = [
        (all, 4, false),
        (ListLimits { depth: 2, ..all }, 4, false),
        (ListLimits { depth: 1, ..all }, 3, true),
        (ListLimits { depth: 0, ..all }, 2, true),
        (ListLimits { documents: 4, ..all }, 4, false),
        (ListLimits { documents: 3, ..all }, 3, true),
        (ListLimits { names: 6, ..all }, 4, false),
    ];
    for (limits, count, cut) in cases {
        let listing = fixture.folder.list(limits).unwrap();
        assert_eq!((listing.entries.len(), listing.cut), (count, cut), "{limits:?}");
    }
    let listing = fixture.folder.list(ListLimits { names: 2, ..all }).unwrap();
    assert!(listing.cut && listing.entries.len() <= 2);
}

#[test]
fn reads_no_more_than_asked() {
    let fixture = Fixture::new(&[("a.csv", "12345")]);
    assert_eq!(fixture.folder.read(&path("a.csv"), 5).unwrap().0, b"12345");
    let refused = fixture.folder.read(&path("a.csv"), 4).unwrap_err();
    assert!(matches!(refused, WorkspaceError::TooLarge { cap: 4, .. }));
    assert!(matches!(
        fixture.folder.read(&path("b.csv"), 4),
        Err(WorkspaceError::NotFound(_))
    ));
    assert_eq!(fixture.folder.fingerprint(&path("b.csv")).unwrap(), None);
}

#[test]
fn replaces_what_was_read() {
    let fixture = Fixture::new(&[("sub/a.xlsx", "old")]);
    let (_, fingerprint) = fixture.folder.read(&path("sub/a.xlsx"), 100).unwrap();
    let written = fixture
        .folder
        .replace(&path("sub/a.xlsx"), b"new", Expected::Content(fingerprint))
        .unwrap();
    assert_eq!(fixture.content("sub/a.xlsx"), "new");
    assert_eq!(
        fixture.folder.fingerprint(&path("sub/a.xlsx")).unwrap(),
        Some(written)
    );
    assert_eq!(
        fs::read_dir(fixture.root.path().join("sub")).unwrap().count(),
        1,
        "nothing is left beside it"
    );
}

#[test]
fn sweeps_away_what_a_killed_program_left_and_nothing_else() {
    let left = ".deskhand-01a1fe8b6af270fda4e635371cbf24c4.tmp";
    let in_work = ".deskhand-01a1fe8b6af270fda4e635371cbf24c5.tmp";
    let strange = ".deskhand-notes.tmp";
    let fixture = Fixture::new(&[
        ("a.xlsx", "old"),
        (left, "half"),
        (in_work, "half"),
        (strange, "mine"),
    ]);
    let writer = fs::File::open(fixture.root.path().join(in_work)).unwrap();
    writer.lock().unwrap();
    fixture
        .folder
        .replace(&path("a.xlsx"), b"new", was("old"))
        .unwrap();
    assert_eq!(fixture.names(), [in_work, strange, "a.xlsx"]);
    drop(writer);
    fixture
        .folder
        .replace(&path("a.xlsx"), b"newer", was("new"))
        .unwrap();
    assert_eq!(fixture.names(), [strange, "a.xlsx"]);
}

#[test]
fn makes_a_new_file_where_there_is_none() {
    let fixture = Fixture::new(&[]);
    fixture
        .folder
        .replace(&path("new.xlsx"), b"content", Expected::Nothing)
        .unwrap();
    assert_eq!(
        (fixture.content("new.xlsx").as_str(), fixture.names().len()),
        ("content", 1)
    );
    let refused = fixture
        .folder
        .replace(&path("no/folder.xlsx"), b"x", Expected::Nothing)
        .unwrap_err();
    assert!(matches!(refused, WorkspaceError::NotFound(_)), "{refused:?}");
}

#[test]
fn refuses_to_write_over_what_somebody_else_wrote() {
    let fixture = Fixture::new(&[("a.xlsx", "theirs")]);
    let found = Some(Fingerprint::of(b"theirs"));
    for expected in [Expected::Nothing, was("mine")] {
        let refused = fixture
            .folder
            .replace(&path("a.xlsx"), b"new", expected)
            .unwrap_err();
        assert!(matches!(&refused, WorkspaceError::ChangedElsewhere { found: told, .. } if *told == found));
    }
    let gone = fixture
        .folder
        .replace(&path("gone.xlsx"), b"new", was("mine"))
        .unwrap_err();
    assert!(matches!(
        gone,
        WorkspaceError::ChangedElsewhere { found: None, .. }
    ));
    assert_eq!(
        (fixture.content("a.xlsx").as_str(), fixture.names()),
        ("theirs", vec!["a.xlsx".to_owned()])
    );
}

#[test]
fn a_read_only_folder_is_not_written() {
    let fixture = Fixture::new(&[("a.xlsx", "old")]);
    let only = AllowedFolder {
        path: fixture.root.path().to_owned(),
        access: Access::ReadOnly,
    };
    let folder = Folders::new(Some(vec![only]))
        .attach(fixture.root.path())
        .unwrap();
    assert_eq!(folder.read(&path("a.xlsx"), 9).unwrap().0, b"old");
    assert!(matches!(
        folder.replace(&path("a.xlsx"), b"new", was("old")),
        Err(WorkspaceError::ReadOnly)
    ));
    assert_eq!(fixture.content("a.xlsx"), "old");
}

#[test]
fn finds_the_folder_that_holds_a_path() {
    let fixture = Fixture::new(&[("sub/a.xlsx", "")]);
    let root = fixture.folder.path().to_owned();
    fixture.folders.attach(&root.join("sub")).unwrap();
    let (folder, below) = fixture.folders.locate(&root.join("sub/a.xlsx")).unwrap();
    assert_eq!(
        (folder.path(), below.as_str()),
        (root.join("sub").as_path(), "a.xlsx")
    );
    assert!(matches!(
        fixture.folders.locate(&root.join("../b")),
        Err(WorkspaceError::Path(_))
    ));
    assert!(matches!(
        fixture.folders.locate("/elsewhere".as_ref()),
        Err(WorkspaceError::NotAllowed(_))
    ));
    assert_eq!(
        fixture.folders.attach(&root).unwrap().path(),
        root,
        "a second attach answers the first folder"
    );
    assert_eq!(fixture.folders.attached().len(), 2);
}

#[test]
fn a_file_or_nothing_is_no_folder() {
    let fixture = Fixture::new(&[("a.xlsx", "")]);
    let refused = fixture.folders.attach(&fixture.root.path().join("a.xlsx"));
    assert!(matches!(refused, Err(WorkspaceError::NotAFolder(_))));
    let refused = fixture.folders.attach(&fixture.root.path().join("missing"));
    assert!(matches!(refused, Err(WorkspaceError::NotFound(_))));
}

#[cfg(unix)]
#[test]
fn permissions_and_links_inside_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let fixture = Fixture::new(&[("real.xlsx", "old")]);
    let real = fixture.root.path().join("real.xlsx");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.xlsx", fixture.root.path().join("link.xlsx")).unwrap();
    fixture
        .folder
        .replace(&path("link.xlsx"), b"new", was("old"))
        .unwrap();
    assert_eq!(fixture.content("real.xlsx"), "new");
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(
        fs::symlink_metadata(fixture.root.path().join("link.xlsx"))
            .unwrap()
            .is_symlink()
    );
}
