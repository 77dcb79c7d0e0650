//! Spellings of paths.

use std::fs;
use std::path::Path;

use deskhand_workspace::{Expected, Fingerprint, PathFault, RelativePath, WalkLimits, WorkspaceError};
use pretty_assertions::assert_eq;

use crate::stage::{Fixture, parse};

#[test]
fn going_up_is_refused_in_all_spellings() {
    for path in [
        "..",
        "../outside/canary.xlsx",
        "sub/../../outside/canary.xlsx",
        "sub/..",
        "./../outside",
        "sub/./../..",
        "../inside/own.xlsx",
    ] {
        assert_eq!(RelativePath::parse(path), Err(PathFault::Up), "{path}");
    }
    let fixture = Fixture::new();
    for path in ["../outside/canary.xlsx", "sub/../../outside/canary.xlsx"] {
        let refused = fixture.folders.locate(&fixture.inside(path)).unwrap_err();
        assert!(
            matches!(refused, WorkspaceError::Path(PathFault::Up)),
            "{refused:?}"
        );
    }
}

#[test]
fn names_that_only_look_like_going_up_are_names() {
    let fixture = Fixture::new();
    for name in ["...", "..a", "%2e%2e", "․․", "．．", "sub/..%2f..%2foutside"] {
        assert!(RelativePath::parse(name).is_ok(), "{name}");
        fixture.leaks_nothing(&format!("{name}/outside/canary.xlsx"));
    }
}

#[test]
fn absolute_paths_drives_and_shares_are_refused() {
    let fixture = Fixture::new();
    let canary = fixture.outside().join("canary.xlsx");
    let cases = [
        (canary.to_str().unwrap(), PathFault::Absolute),
        ("//server/share/a.xlsx", PathFault::Absolute),
        (r"\\server\share\a.xlsx", PathFault::Backslash),
        (r"\\?\C:\a.xlsx", PathFault::Backslash),
        (r"C:\a.xlsx", PathFault::Backslash),
        (r"sub\..\..\outside", PathFault::Backslash),
        (r"..\outside\canary.xlsx", PathFault::Backslash),
    ];
    for (path, fault) in cases {
        assert_eq!(RelativePath::parse(path), Err(fault), "{path}");
    }
    assert_eq!(RelativePath::from_path(&canary), Err(PathFault::Absolute));
    let refused = fixture.folders.locate(&canary).unwrap_err();
    assert!(matches!(refused, WorkspaceError::NotAllowed(_)), "{refused:?}");
}

#[test]
fn a_drive_or_stream_is_an_ordinary_name_where_it_means_nothing() {
    let fixture = Fixture::new();
    for name in ["C:own.xlsx", "own.xlsx:stream", "own.xlsx::$DATA"] {
        fixture
            .folder
            .replace(&parse(name), b"a name", Expected::Nothing)
            .unwrap();
        assert_eq!(fs::read(fixture.inside("own.xlsx")).unwrap(), b"own");
        fixture
            .folder
            .remove(&parse(name), Fingerprint::of(b"a name"))
            .unwrap();
    }
    fixture.nothing_happened();
}

#[test]
fn devices_of_windows_and_names_with_dots_at_their_end_are_files_of_the_folder() {
    let fixture = Fixture::new();
    for name in [
        "CON",
        "NUL.txt",
        "COM1",
        "aux.xlsx",
        "own.xlsx.",
        "own.xlsx ",
        "own.xlsx. .",
    ] {
        fixture
            .folder
            .replace(&parse(name), b"a name", Expected::Nothing)
            .unwrap();
        assert_eq!(fs::read(fixture.inside(name)).unwrap(), b"a name", "{name}");
        assert_eq!(fs::read(fixture.inside("own.xlsx")).unwrap(), b"own");
    }
    fixture.nothing_happened();
}

#[test]
fn control_characters_are_refused() {
    for path in [
        "own.xlsx\0",
        "own.xlsx\0.txt",
        "a\nb",
        "a\rb",
        "a\tb",
        "\u{1b}[2J",
        "\u{7f}",
        "\u{85}a",
    ] {
        assert_eq!(RelativePath::parse(path), Err(PathFault::Control), "{path:?}");
    }
}

#[test]
fn paths_without_end_are_refused_and_long_ones_answered() {
    let name = "x".repeat(256);
    let long = format!("{}a", "long/".repeat(1_000));
    let deep = format!("{}a", "d/".repeat(64));
    for path in [&name, &long, &deep] {
        assert_eq!(RelativePath::parse(path), Err(PathFault::TooLong));
    }
    let fixture = Fixture::new();
    let name = "y".repeat(255);
    let path = parse(&[name.as_str(); 15].join("/"));
    fixture.leaks_nothing(path.as_str());
    let file = parse(&"z".repeat(255));
    fixture.folder.replace(&file, b"1", Expected::Nothing).unwrap();
    let one = Expected::Content(Fingerprint::of(b"1"));
    fixture.folder.replace(&file, b"2", one).unwrap();
    fixture.folder.remove(&file, Fingerprint::of(b"2")).unwrap();
}

#[test]
fn a_name_that_is_not_unicode_is_refused_and_not_listed() {
    use std::os::unix::ffi::OsStrExt as _;

    let fixture = Fixture::new();
    let name = Path::new(std::ffi::OsStr::from_bytes(b"\xff\xfe.xlsx"));
    assert_eq!(RelativePath::from_path(name), Err(PathFault::NotUnicode));
    fs::write(fixture.inside("").join(name), "own").unwrap();
    let found = fixture.folder.glob("**", 9, WalkLimits::default()).unwrap();
    assert_eq!(found.files.len(), 1);
}

#[test]
fn names_that_differ_in_case_lead_to_one_file_inside_or_to_none() {
    let fixture = Fixture::new();
    let path = parse("OWN.XLSX");
    let is_one = fixture.inside("OWN.XLSX").exists();
    let read = fixture.folder.read(&path, 100);
    assert_eq!(read.is_ok(), is_one, "{read:?}");
    fs::write(fixture.inside("Canary.xlsx"), "inside").unwrap();
    fixture.leaks_nothing("canary.xlsx");
    fixture.leaks_nothing("INSIDE/canary.xlsx");
}

#[test]
fn names_in_two_forms_of_unicode_are_not_taken_for_each_other() {
    let fixture = Fixture::new();
    let (composed, decomposed) = ("Umsätze.xlsx", "Umsa\u{308}tze.xlsx");
    fixture
        .folder
        .replace(&parse(composed), b"composed", Expected::Nothing)
        .unwrap();
    if fixture.inside(decomposed).exists() {
        // A file system for which both are one name.
        return;
    }
    let other = parse(decomposed);
    assert_eq!(fixture.folder.fingerprint(&other).unwrap(), None);
    fixture
        .folder
        .replace(&other, b"decomposed", Expected::Nothing)
        .unwrap();
    assert_eq!(fixture.folder.read(&parse(composed), 99).unwrap().0, b"composed");
    fixture
        .folder
        .remove(&other, Fingerprint::of(b"decomposed"))
        .unwrap();
    assert_eq!(fixture.folder.read(&parse(composed), 99).unwrap().0, b"composed");
}

#[test]
fn patterns_do_not_lead_out() {
    let fixture = Fixture::new();
    for pattern in ["../**", "/etc/**", "**/../**", "sub/../../outside/*"] {
        let refused = fixture
            .folder
            .glob(pattern, 9, WalkLimits::default())
            .unwrap_err();
        assert!(
            matches!(refused, WorkspaceError::Pattern { .. }),
            "{pattern}: {refused:?}"
        );
    }
    for pattern in ["{..,sub}/**", "[.][.]/**", "?.?/**", "\\.\\./**"] {
        let found = fixture.folder.glob(pattern, 9, WalkLimits::default());
        assert!(
            found.as_ref().map_or(true, |found| found.files.is_empty()),
            "{pattern}: {found:?}"
        );
    }
}
