//! Ways out of an attached folder, each by name; none of them leads anywhere (Invariant 8).

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use deskhand_workspace::{
    Access, AllowedFolder, Expected, Fingerprint, Folder, Folders, ListLimits, RelativePath, WorkspaceError,
};
use pretty_assertions::assert_eq;

const CANARY: &[u8] = b"nobody may read this";

/// `root/inside` is attached; `root/outside/canary.xlsx` must stay as it is and unread.
struct Fixture {
    root: tempfile::TempDir,
    folders: Folders,
    folder: Arc<Folder>,
}

impl Fixture {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("inside/sub")).unwrap();
        fs::create_dir(root.path().join("outside")).unwrap();
        fs::write(root.path().join("outside/canary.xlsx"), CANARY).unwrap();
        fs::write(root.path().join("inside/own.xlsx"), b"own").unwrap();
        let folders = Folders::new(None);
        let folder = folders.attach(&root.path().join("inside")).unwrap();
        Self {
            root,
            folders,
            folder,
        }
    }

    fn inside(&self, name: &str) -> PathBuf {
        self.root.path().join("inside").join(name)
    }

    fn outside(&self) -> PathBuf {
        self.root.path().join("outside")
    }

    /// Nothing that can be done with `path` reads or changes what is outside.
    fn refuses(&self, path: &str) {
        let path = RelativePath::parse(path).unwrap();
        let canary = Fingerprint::of(CANARY);
        let outcomes = [
            self.folder.read(&path, 1 << 20).map(drop),
            self.folder.open_for_read(&path).map(drop),
            self.folder.fingerprint(&path).map(drop),
            self.folder
                .replace(&path, b"taken over", Expected::Content(canary))
                .map(drop),
            self.folder
                .replace(&path, b"taken over", Expected::Nothing)
                .map(drop),
        ];
        for outcome in outcomes {
            assert!(
                matches!(outcome, Err(WorkspaceError::Escapes(_))),
                "{path}: {outcome:?}"
            );
        }
        self.nothing_happened();
    }

    fn nothing_happened(&self) {
        assert_eq!(fs::read(self.outside().join("canary.xlsx")).unwrap(), CANARY);
        assert_eq!(fs::read_dir(self.outside()).unwrap().count(), 1);
    }
}

#[test]
fn refuses_a_link_to_a_file_outside() {
    let fixture = Fixture::new();
    symlink("../outside/canary.xlsx", fixture.inside("link.xlsx")).unwrap();
    fixture.refuses("link.xlsx");
}

#[test]
fn refuses_an_absolute_link() {
    let fixture = Fixture::new();
    symlink(fixture.outside().join("canary.xlsx"), fixture.inside("link.xlsx")).unwrap();
    fixture.refuses("link.xlsx");
}

#[test]
fn refuses_a_link_to_a_folder_outside() {
    let fixture = Fixture::new();
    symlink("../outside", fixture.inside("link")).unwrap();
    fixture.refuses("link/canary.xlsx");
}

#[test]
fn refuses_a_chain_of_links() {
    let fixture = Fixture::new();
    symlink("../../outside", fixture.inside("sub/second")).unwrap();
    symlink("sub/second", fixture.inside("first")).unwrap();
    fixture.refuses("first/canary.xlsx");
}

#[test]
fn refuses_a_link_to_the_folder_above() {
    let fixture = Fixture::new();
    symlink("..", fixture.inside("up")).unwrap();
    fixture.refuses("up/outside/canary.xlsx");
}

#[test]
fn refuses_a_link_that_leaves_and_comes_back() {
    let fixture = Fixture::new();
    symlink("../inside/own.xlsx", fixture.inside("round.xlsx")).unwrap();
    fixture.refuses("round.xlsx");
}

#[test]
fn refuses_the_root_by_way_of_proc() {
    let fixture = Fixture::new();
    symlink("/proc/self/root", fixture.inside("proc")).unwrap();
    let canary = fixture.outside().join("canary.xlsx");
    fixture.refuses(&format!("proc{}", canary.to_str().unwrap()));
}

#[test]
fn refuses_to_make_a_file_behind_a_link() {
    let fixture = Fixture::new();
    symlink("../outside", fixture.inside("link")).unwrap();
    symlink("../outside/new.xlsx", fixture.inside("dangling.xlsx")).unwrap();
    for path in ["link/new.xlsx", "dangling.xlsx"] {
        let path = RelativePath::parse(path).unwrap();
        let refused = fixture
            .folder
            .replace(&path, b"new", Expected::Nothing)
            .unwrap_err();
        assert!(matches!(refused, WorkspaceError::Escapes(_)), "{refused:?}");
    }
    fixture.nothing_happened();
}

#[test]
fn a_link_that_ends_inside_and_points_nowhere_makes_no_file() {
    let fixture = Fixture::new();
    symlink("missing.xlsx", fixture.inside("dangling.xlsx")).unwrap();
    let path = RelativePath::parse("dangling.xlsx").unwrap();
    let refused = fixture
        .folder
        .replace(&path, b"new", Expected::Nothing)
        .unwrap_err();
    assert!(matches!(refused, WorkspaceError::NotAFile(_)), "{refused:?}");
}

#[test]
fn a_listing_does_not_follow_links_outside() {
    let fixture = Fixture::new();
    symlink("../outside/canary.xlsx", fixture.inside("link.xlsx")).unwrap();
    symlink("../outside", fixture.inside("folder")).unwrap();
    let listing = fixture.folder.list(ListLimits::default()).unwrap();
    let paths: Vec<&str> = listing.entries.iter().map(|entry| entry.path.as_str()).collect();
    assert_eq!(paths, ["own.xlsx"]);
}

#[test]
fn pipes_sockets_and_folders_are_no_files_and_nobody_waits_for_them() {
    let fixture = Fixture::new();
    let made = Command::new("mkfifo")
        .arg(fixture.inside("pipe.xlsx"))
        .status()
        .unwrap();
    assert!(made.success());
    let _socket = UnixListener::bind(fixture.inside("socket.xlsx")).unwrap();
    fs::create_dir(fixture.inside("folder.xlsx")).unwrap();
    for name in ["pipe.xlsx", "socket.xlsx", "folder.xlsx"] {
        let path = RelativePath::parse(name).unwrap();
        assert!(fixture.folder.read(&path, 10).is_err(), "{name}");
        assert!(
            fixture.folder.replace(&path, b"x", Expected::Nothing).is_err(),
            "{name}"
        );
        assert!(
            fs::symlink_metadata(fixture.inside(name)).is_ok_and(|found| !found.is_file()),
            "{name}"
        );
    }
    assert_eq!(
        fixture.folder.list(ListLimits::default()).unwrap().entries.len(),
        1
    );
}

#[test]
fn the_handle_stays_where_it_was_when_the_folder_is_exchanged() {
    let fixture = Fixture::new();
    fs::write(fixture.outside().join("own.xlsx"), b"false").unwrap();
    fs::rename(fixture.inside(""), fixture.root.path().join("moved")).unwrap();
    symlink("outside", fixture.root.path().join("inside")).unwrap();
    let path = RelativePath::parse("own.xlsx").unwrap();
    let (content, fingerprint) = fixture.folder.read(&path, 100).unwrap();
    assert_eq!(content, b"own");
    fixture
        .folder
        .replace(&path, b"changed", Expected::Content(fingerprint))
        .unwrap();
    assert_eq!(
        fs::read(fixture.root.path().join("moved/own.xlsx")).unwrap(),
        b"changed"
    );
    assert_eq!(fs::read(fixture.outside().join("own.xlsx")).unwrap(), b"false");
}

#[test]
fn a_write_does_not_go_through_a_hard_link() {
    let fixture = Fixture::new();
    fs::hard_link(fixture.outside().join("canary.xlsx"), fixture.inside("hard.xlsx")).unwrap();
    let path = RelativePath::parse("hard.xlsx").unwrap();
    let expected = Expected::Content(Fingerprint::of(CANARY));
    fixture.folder.replace(&path, b"inside only", expected).unwrap();
    assert_eq!(fs::read(fixture.inside("hard.xlsx")).unwrap(), b"inside only");
    fixture.nothing_happened();
}

#[test]
fn a_folder_exchanged_for_a_link_at_speed_leads_nowhere() {
    let fixture = Fixture::new();
    fs::write(fixture.inside("sub/canary.xlsx"), b"inside").unwrap();
    symlink("../outside", fixture.inside("other")).unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let exchanger = {
        let (done, one, two) = (Arc::clone(&done), fixture.inside("sub"), fixture.inside("other"));
        let aside = fixture.inside("aside");
        std::thread::spawn(move || {
            while !done.load(Ordering::Relaxed) {
                fs::rename(&one, &aside).unwrap();
                fs::rename(&two, &one).unwrap();
                fs::rename(&aside, &two).unwrap();
            }
        })
    };
    let path = RelativePath::parse("sub/canary.xlsx").unwrap();
    let mut reads = (0, 0);
    for attempt in 0.. {
        if attempt >= 5_000 && reads.0 > 0 && reads.1 > 0 {
            break;
        }
        assert!(attempt < 2_000_000, "the exchange was not met: {reads:?}");
        match fixture.folder.read(&path, 100) {
            Ok((content, _)) => {
                assert!(
                    content == b"inside" || content.starts_with(b"write"),
                    "attempt {attempt} read outside"
                );
                reads.0 += 1;
            }
            Err(_) => reads.1 += 1,
        }
        if attempt % 10 == 0
            && let Ok(Some(found)) = fixture.folder.fingerprint(&path)
        {
            let content = format!("write {attempt}");
            drop(
                fixture
                    .folder
                    .replace(&path, content.as_bytes(), Expected::Content(found)),
            );
        }
    }
    done.store(true, Ordering::Relaxed);
    exchanger.join().unwrap();
    fixture.nothing_happened();
}

#[test]
fn a_detached_folder_does_nothing_more() {
    let fixture = Fixture::new();
    let path = RelativePath::parse("own.xlsx").unwrap();
    assert!(fixture.folders.detach(fixture.folder.path()));
    let outcomes = [
        fixture.folder.read(&path, 10).map(drop),
        fixture.folder.list(ListLimits::default()).map(drop),
        fixture
            .folder
            .replace(&path, b"x", Expected::Content(Fingerprint::of(b"own")))
            .map(drop),
    ];
    assert!(
        outcomes
            .iter()
            .all(|outcome| matches!(outcome, Err(WorkspaceError::Detached))),
        "{outcomes:?}"
    );
    assert!(fixture.folders.locate(&fixture.inside("own.xlsx")).is_err());
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
