//! Links of all kinds.

use std::fs;
use std::os::unix::fs::symlink;

use deskhand_workspace::{Expected, Fingerprint, ListLimits, OfficeProgram, WorkspaceError};
use pretty_assertions::assert_eq;

use crate::stage::{CANARY, Fixture, parse};

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
fn refuses_an_absolute_link_to_a_file_inside() {
    let fixture = Fixture::new();
    symlink(fixture.inside("own.xlsx"), fixture.inside("link.xlsx")).unwrap();
    fixture.refuses("link.xlsx");
}

#[test]
fn refuses_a_link_to_a_folder_outside() {
    let fixture = Fixture::new();
    symlink("../outside", fixture.inside("link")).unwrap();
    fixture.refuses("link");
    fixture.refuses("link/canary.xlsx");
    fixture.refuses("link/deep");
    let refused = fixture.folder.make_parents(&parse("link/new.xlsx"));
    assert!(matches!(refused, Err(WorkspaceError::Escapes(_))), "{refused:?}");
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
fn refuses_the_root_and_other_ways_of_proc() {
    let fixture = Fixture::new();
    let canary = fixture.outside().join("canary.xlsx");
    symlink("/proc/self/root", fixture.inside("proc")).unwrap();
    symlink("/proc/self/cwd", fixture.inside("cwd")).unwrap();
    let held = fs::File::open(&canary).unwrap();
    let number = std::os::fd::AsRawFd::as_raw_fd(&held);
    symlink(format!("/proc/self/fd/{number}"), fixture.inside("fd.xlsx")).unwrap();
    fixture.refuses(&format!("proc{}", canary.to_str().unwrap()));
    fixture.refuses("cwd/Cargo.toml");
    fixture.refuses("fd.xlsx");
}

#[cfg(target_os = "linux")]
#[test]
fn an_attached_folder_of_proc_leads_nowhere_else() {
    let fixture = Fixture::new();
    let process = fixture.folders.attach("/proc/self".as_ref()).unwrap();
    let canary = fixture.outside().join("canary.xlsx");
    for path in [
        format!("root{}", canary.to_str().unwrap()),
        "cwd/Cargo.toml".to_owned(),
    ] {
        let outcome = process.read(&parse(&path), 100);
        assert!(outcome.is_err(), "{path}: {outcome:?}");
    }
}

#[test]
fn refuses_to_make_or_remove_anything_behind_a_link() {
    let fixture = Fixture::new();
    symlink("../outside", fixture.inside("link")).unwrap();
    symlink("../outside/new.xlsx", fixture.inside("dangling.xlsx")).unwrap();
    fixture.refuses("link/new.xlsx");
    fixture.refuses("dangling.xlsx");
    assert!(
        fixture
            .inside("dangling.xlsx")
            .symlink_metadata()
            .unwrap()
            .is_symlink()
    );
}

#[test]
fn a_link_that_ends_inside_and_points_nowhere_makes_no_file() {
    let fixture = Fixture::new();
    symlink("missing.xlsx", fixture.inside("dangling.xlsx")).unwrap();
    for expected in [Expected::Nothing, Expected::Content(Fingerprint::of(b""))] {
        let refused = fixture
            .folder
            .replace(&parse("dangling.xlsx"), b"new", expected)
            .unwrap_err();
        assert!(matches!(refused, WorkspaceError::NotAFile(_)), "{refused:?}");
    }
    fixture.leaks_nothing("dangling.xlsx");
    assert!(!fixture.inside("missing.xlsx").exists());
}

#[test]
fn links_that_lead_to_each_other_end() {
    let fixture = Fixture::new();
    symlink("two", fixture.inside("one")).unwrap();
    symlink("one", fixture.inside("two")).unwrap();
    symlink(".", fixture.inside("here")).unwrap();
    for (what, outcome) in fixture.leaks_nothing("one/canary.xlsx") {
        let is_whole = ["list", "glob", "grep", "grep hidden"].contains(&what);
        assert_eq!(outcome.is_ok(), is_whole, "{what}: {outcome:?}");
    }
    fixture.leaks_nothing("here/here/here/missing.xlsx");
}

#[test]
fn a_listing_and_a_search_do_not_follow_links_outside() {
    let fixture = Fixture::new();
    symlink("../outside/canary.xlsx", fixture.inside("link.xlsx")).unwrap();
    symlink("../outside", fixture.inside("folder")).unwrap();
    let listing = fixture.folder.list(ListLimits::default()).unwrap();
    let paths: Vec<&str> = listing.entries.iter().map(|entry| entry.path.as_str()).collect();
    assert_eq!(paths, ["own.xlsx"]);
    for (what, outcome) in fixture.leaks_nothing("own.xlsx") {
        let text = outcome.unwrap_or_default();
        assert!(!text.contains("link") && !text.contains("deep"), "{what}: {text}");
    }
}

#[test]
fn a_lock_file_that_is_a_link_out_tells_nobodys_name() {
    let fixture = Fixture::new();
    fs::write(fixture.outside().join("owner"), b",canary,,,;").unwrap();
    symlink("../outside/owner", fixture.inside(".~lock.own.xlsx#")).unwrap();
    let lock = fixture.folder.lock_file(&parse("own.xlsx")).unwrap().unwrap();
    assert_eq!((lock.program, lock.owner), (OfficeProgram::LibreOffice, None));
}

#[test]
fn the_side_files_of_ours_are_no_way_out_when_they_are_links() {
    let fixture = Fixture::new();
    let id = "01a1fe8b6af270fda4e635371cbf24c4";
    let canary = Fingerprint::of(CANARY).to_string();
    let (_, mark) = canary.split_once('-').unwrap();
    let held = format!(".deskhand-{id}-{}.held", &mark[..32]);
    symlink("../outside", fixture.inside(&held)).unwrap();
    symlink(
        "../outside/canary.xlsx",
        fixture.inside(&format!(".deskhand-{id}.tmp")),
    )
    .unwrap();
    let own = Fingerprint::of(b"own");
    fixture
        .folder
        .replace(&parse("own.xlsx"), b"new", Expected::Content(own))
        .unwrap();
    fixture
        .folder
        .remove(&parse("own.xlsx"), Fingerprint::of(b"new"))
        .unwrap();
    fixture.nothing_happened();
    fs::remove_file(fixture.inside(&held)).unwrap();
    fs::remove_file(fixture.inside(&format!(".deskhand-{id}.tmp"))).unwrap();
    // In a holding folder a link is put back as a link.
    fs::create_dir(fixture.inside(&held)).unwrap();
    symlink(
        "../../outside/canary.xlsx",
        fixture.inside(&held).join("link.xlsx"),
    )
    .unwrap();
    fixture
        .folder
        .replace(&parse("new.xlsx"), b"new", Expected::Nothing)
        .unwrap();
    assert!(
        fixture
            .inside("link.xlsx")
            .symlink_metadata()
            .unwrap()
            .is_symlink()
    );
    fixture.nothing_happened();
}

#[test]
fn a_write_or_removal_does_not_go_through_a_hard_link() {
    let fixture = Fixture::new();
    let canary = Fingerprint::of(CANARY);
    for name in ["written.xlsx", "removed.xlsx"] {
        fs::hard_link(fixture.outside().join("canary.xlsx"), fixture.inside(name)).unwrap();
    }
    let path = parse("written.xlsx");
    assert_eq!(fixture.folder.read(&path, 100).unwrap().0, CANARY);
    fixture
        .folder
        .replace(&path, b"inside only", Expected::Content(canary))
        .unwrap();
    fixture.folder.remove(&parse("removed.xlsx"), canary).unwrap();
    assert_eq!(fs::read(fixture.inside("written.xlsx")).unwrap(), b"inside only");
    assert!(!fixture.inside("removed.xlsx").exists());
    fixture.nothing_happened();
}
