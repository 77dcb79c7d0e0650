//! Files found by name, and lines by words.

#![expect(clippy::unwrap_used, reason = "these are tests throughout, helpers too")]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deskhand_workspace::{Folder, Folders, Search, Searched, WalkLimits, WorkspaceError};

fn folder(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Arc<Folder>) {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("root");
    for (name, content) in files {
        put(&root, name, content);
    }
    let attached = Folders::new(None).attach(&root).unwrap();
    (home, attached)
}

fn put(root: &Path, name: &str, content: &[u8]) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

fn names(folder: &Folder, pattern: &str) -> Vec<String> {
    let found = folder.glob(pattern, 100, WalkLimits::default()).unwrap();
    let mut names: Vec<String> = found.files.iter().map(|file| file.path.to_string()).collect();
    names.sort();
    names
}

fn looked(folder: &Folder, search: Search) -> Searched {
    let most = if search.most == 0 { 100 } else { search.most };
    folder
        .grep(&Search { most, ..search }, WalkLimits::default())
        .unwrap()
}

fn words(pattern: &str) -> Search {
    Search {
        pattern: pattern.to_owned(),
        ..Search::default()
    }
}

/// `path:number:text`, with `-` for lines around a match.
fn lines(searched: &Searched) -> Vec<String> {
    let files = searched.files.iter();
    files
        .flat_map(|file| {
            file.lines.iter().map(|line| {
                let mark = if line.is_match { ':' } else { '-' };
                format!("{}{mark}{}{mark}{}", file.path, line.number, line.text)
            })
        })
        .collect()
}

#[test]
fn a_pattern_finds_names_anywhere_and_paths_where_they_stand() {
    let (_home, folder) = folder(&[
        ("Plan.XLSX", b""),
        ("2026/q1/plan.xlsx", b""),
        ("2026/q1/notes.md", b""),
        ("2026/q2/plan.csv", b""),
        ("2026/.hidden/plan.xlsx", b""),
        (".env", b""),
        ("~$Plan.xlsx", b""),
        (".git/config", b""),
    ]);
    assert_eq!(names(&folder, "*.xlsx"), ["2026/q1/plan.xlsx", "Plan.XLSX"]);
    assert_eq!(
        names(&folder, "2026/*/plan.{xlsx,csv}"),
        ["2026/q1/plan.xlsx", "2026/q2/plan.csv"]
    );
    assert_eq!(
        names(&folder, "2026/**"),
        ["2026/q1/notes.md", "2026/q1/plan.xlsx", "2026/q2/plan.csv"]
    );
    assert_eq!(names(&folder, "./2026/q1/*.md"), ["2026/q1/notes.md"]);
    assert_eq!(names(&folder, ".env"), [".env"]);
    assert_eq!(names(&folder, "**/.hidden/*"), ["2026/.hidden/plan.xlsx"]);
    assert_eq!(names(&folder, "config"), [""; 0]);
}

#[test]
fn the_newest_files_come_first_and_all_are_counted() {
    let (home, folder) = folder(&[("a.csv", b"1"), ("b.csv", b"22"), ("c.csv", b"")]);
    for (name, seconds) in [("a.csv", 300), ("b.csv", 100), ("c.csv", 200)] {
        let file = fs::File::options()
            .write(true)
            .open(home.path().join("root").join(name))
            .unwrap();
        file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds))
            .unwrap();
    }
    let found = folder.glob("*.csv", 2, WalkLimits::default()).unwrap();
    let told: Vec<(&str, u64, i64)> = found
        .files
        .iter()
        .map(|file| (file.path.as_str(), file.size, file.modified_at))
        .collect();
    assert_eq!(told, [("a.csv", 1, 300_000), ("c.csv", 0, 200_000)]);
    assert_eq!((found.total, found.cut), (3, false));
}

#[test]
fn files_that_the_folder_ignores_are_left_out_by_the_nearest_rule() {
    let (_home, folder) = folder(&[
        (".gitignore", b"*.log\nout/\n/only-here.txt\n"),
        ("keep/.gitignore", b"!kept.log\n"),
        ("keep/kept.log", b""),
        ("keep/left.log", b""),
        ("keep/only-here.txt", b""),
        ("only-here.txt", b""),
        ("out/made.txt", b""),
        ("src/a.txt", b""),
        ("src/.ignore", b"a.txt\n[\n"),
        ("src/b.txt", b""),
    ]);
    assert_eq!(
        names(&folder, "**"),
        ["keep/kept.log", "keep/only-here.txt", "src/b.txt"]
    );
}

#[test]
fn patterns_that_lead_out_or_are_none_are_refused_with_a_reason() {
    let (_home, folder) = folder(&[("a.txt", b"x")]);
    for pattern in ["", "../*", "/etc/*", "a/../b", "[", "{a", &"x".repeat(1_001)] {
        let refused = folder.glob(pattern, 1, WalkLimits::default());
        assert!(
            matches!(refused, Err(WorkspaceError::Pattern { .. })),
            "{pattern:?}: {refused:?}"
        );
    }
    for pattern in ["", "(", "[z-a]", "a\\nb", "a{1000000000}", &"x".repeat(4_001)] {
        let refused = folder.grep(&words(pattern), WalkLimits::default());
        assert!(
            matches!(refused, Err(WorkspaceError::Pattern { .. })),
            "{pattern:?}: {refused:?}"
        );
    }
}

#[test]
fn lines_are_found_with_their_numbers_and_neighbours() {
    let (_home, folder) = folder(&[
        ("b.txt", b"one\r\ntwo total\r\nthree\r\nfour Total\r\n"),
        ("a/x.csv", b"region,total\nNorth,3\n"),
        ("plain.bin", b"total\0total"),
        ("wide.txt", b"\xff\xfet\0o\0t\0a\0l\0\n\0"),
    ]);
    let found = looked(&folder, words("total$"));
    assert_eq!(
        lines(&found),
        ["a/x.csv:1:region,total", "b.txt:2:two total", "wide.txt:1:total"]
    );
    assert_eq!((found.searched, found.binary, found.unread), (3, 1, 0));
    let found = looked(
        &folder,
        Search {
            ignore_case: true,
            before: 1,
            files: Some("*.txt".to_owned()),
            ..words("four total")
        },
    );
    assert_eq!(lines(&found), ["b.txt-3-three", "b.txt:4:four Total"]);
    let literal = Search {
        literal: true,
        ..words("North,3")
    };
    assert_eq!(lines(&looked(&folder, literal)), ["a/x.csv:2:North,3"]);
    let both = Search {
        multiline: true,
        ..words("region.*North")
    };
    let both = looked(&folder, both);
    assert_eq!(lines(&both), ["a/x.csv:1:region,total", "a/x.csv:2:North,3"]);
}

#[test]
fn many_files_come_in_their_order_page_by_page() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("root");
    let mut all = Vec::new();
    for number in 0..700 {
        let name = format!("d{}/f{number:03}.txt", number % 7);
        put(
            &root,
            &name,
            format!("the word stands here\nand {number}\n").as_bytes(),
        );
        all.push(name);
    }
    // A folder and a file whose names begin alike: the order is by names and not by bytes of the path.
    put(&root, "d1.txt", b"the word\n");
    all.push("d1.txt".to_owned());
    all.sort_by(|one, other| one.split('/').cmp(other.split('/')));
    let folder = Folders::new(None).attach(&root).unwrap();
    let mut paged = Vec::new();
    let mut behind = None;
    loop {
        let page = looked(
            &folder,
            Search {
                most: 90,
                behind: behind.clone(),
                ..words("word")
            },
        );
        assert!(page.files.len() <= 90);
        paged.extend(page.files.iter().map(|file| file.path.to_string()));
        if !page.more {
            break;
        }
        behind = page.files.last().map(|file| file.path.clone());
    }
    assert_eq!(paged, all);
}

#[test]
fn long_lines_and_many_matches_are_cut_and_counted() {
    let long = format!("{}needle{}\n", "ü".repeat(600), "x".repeat(100_000));
    let many = "needle\n".repeat(1_000);
    let (_home, folder) = folder(&[("long.txt", long.as_bytes()), ("many.txt", many.as_bytes())]);
    let found = looked(&folder, words("needle"));
    assert_eq!(found.files[0].lines[0].text, format!("{}…", "ü".repeat(500)));
    assert_eq!((found.files[1].matches, found.files[1].lines.len()), (1_000, 200));
}

#[test]
fn limits_end_a_walk_and_it_is_said() {
    let (_home, folder) = folder(&[("a/b/c/d.txt", b"word"), ("e.txt", b"word"), ("f.txt", b"word")]);
    let shallow = WalkLimits {
        depth: 1,
        ..WalkLimits::default()
    };
    let found = folder.glob("*.txt", 10, shallow).unwrap();
    assert_eq!((found.files.len(), found.cut), (2, true));
    let few = WalkLimits {
        names: 2,
        ..WalkLimits::default()
    };
    assert!(
        folder
            .grep(
                &Search {
                    most: 9,
                    ..words("word")
                },
                few
            )
            .unwrap()
            .cut
    );
}

#[test]
fn a_search_that_is_stopped_or_out_of_time_says_that_it_is_cut() {
    let (_home, folder) = folder(&[("a.txt", b"word"), ("b/c.txt", b"word")]);
    let stopped = WalkLimits {
        stop: Some(Arc::new(AtomicBool::new(true))),
        ..WalkLimits::default()
    };
    let late = WalkLimits {
        time: Duration::ZERO,
        ..WalkLimits::default()
    };
    for limits in [stopped, late] {
        let found = folder.glob("*", 9, limits.clone()).unwrap();
        assert_eq!((found.files.len(), found.cut), (0, true));
        let found = folder.grep(&words("word"), limits).unwrap();
        assert_eq!((found.files.len(), found.cut, found.more), (0, true, false));
    }
    let going = WalkLimits {
        stop: Some(Arc::default()),
        ..WalkLimits::default()
    };
    assert_eq!(folder.glob("*", 9, going).unwrap().files.len(), 2);
}

#[test]
fn a_search_that_is_stopped_at_any_moment_tells_the_first_files_without_a_gap() {
    let files: Vec<(String, Vec<u8>)> = (0..300)
        .map(|number| (format!("f{number:03}.txt"), b"word\n".repeat(500)))
        .collect();
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, text)| (name.as_str(), &text[..]))
        .collect();
    let (_home, folder) = folder(&files);
    for round in 0..20 {
        let stop = Arc::new(AtomicBool::new(false));
        let limits = WalkLimits {
            stop: Some(Arc::clone(&stop)),
            ..WalkLimits::default()
        };
        let search = Search {
            most: 1_000,
            ..words("word")
        };
        let found = std::thread::scope(|scope| {
            let searching = scope.spawn(|| folder.grep(&search, limits));
            for _ in 0..round * 20_000 {
                std::hint::spin_loop();
            }
            stop.store(true, Ordering::Relaxed);
            searching.join().unwrap().unwrap()
        });
        assert!(found.cut || found.files.len() == files.len(), "round {round}");
        for (number, file) in found.files.iter().enumerate() {
            assert_eq!(file.path.as_str(), format!("f{number:03}.txt"));
            assert_eq!(file.matches, 500, "{}", file.path);
        }
    }
}

#[test]
fn side_files_of_ours_and_stubs_of_a_cloud_are_never_found() {
    let guard = ".deskhand-01a1fe8b6af270fda4e635371cbf24c4";
    let (half, held) = (
        format!("{guard}.tmp"),
        format!("{guard}-{}.held/a.xlsx", "0".repeat(32)),
    );
    let (_home, folder) = folder(&[
        (".a.xlsx.icloud", b"word"),
        (".own", b"word"),
        (&half, b"word"),
        (&held, b"word"),
    ]);
    assert_eq!(names(&folder, ".*"), [".own"]);
    assert_eq!(names(&folder, ".deskhand-*/*"), [""; 0]);
    let hidden = Search {
        files: Some(".*".to_owned()),
        ..words("word")
    };
    assert_eq!(lines(&looked(&folder, hidden)), [".own:1:word"]);
}

#[cfg(unix)]
mod escapes {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_pipes_and_what_lies_outside_are_never_met() {
        let (home, folder) = folder(&[("inside.txt", b"canary")]);
        put(home.path(), "outside.txt", b"canary");
        put(home.path(), "beside/deep.txt", b"canary");
        let root = home.path().join("root");
        symlink("../outside.txt", root.join("link.txt")).unwrap();
        symlink("../beside", root.join("linked")).unwrap();
        symlink(".", root.join("loop")).unwrap();
        symlink("../outside.txt", root.join(".gitignore")).unwrap();
        let pipe = std::process::Command::new("mkfifo")
            .arg(root.join("pipe.txt"))
            .status()
            .unwrap();
        assert!(pipe.success());
        assert_eq!(names(&folder, "**"), ["inside.txt"]);
        assert_eq!(lines(&looked(&folder, words("canary"))), ["inside.txt:1:canary"]);
    }

    #[test]
    fn rules_that_are_a_link_are_none() {
        let (home, folder) = folder(&[("a.txt", b""), ("rules", b"*.txt\n")]);
        symlink("rules", home.path().join("root/.gitignore")).unwrap();
        assert_eq!(names(&folder, "*.txt"), ["a.txt"]);
    }

    #[test]
    fn nothing_outside_is_met_while_folders_are_swapped_for_links() {
        let (home, folder) = folder(&[("swap/inside.txt", b"inside")]);
        put(home.path(), "beside/inside.txt", b"canary");
        let root = home.path().join("root");
        let swapping = std::sync::atomic::AtomicBool::new(true);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while swapping.load(std::sync::atomic::Ordering::Relaxed) {
                    fs::rename(root.join("swap"), root.join("away")).unwrap();
                    symlink("../beside", root.join("swap")).unwrap();
                    fs::remove_file(root.join("swap")).unwrap();
                    fs::rename(root.join("away"), root.join("swap")).unwrap();
                }
            });
            for _ in 0..2_000 {
                let found = looked(&folder, words("."));
                assert!(
                    lines(&found).iter().all(|line| line.ends_with("inside")),
                    "{found:?}"
                );
            }
            swapping.store(false, std::sync::atomic::Ordering::Relaxed);
        });
    }

    #[test]
    fn a_detached_folder_gives_nothing_more() {
        let home = tempfile::tempdir().unwrap();
        put(home.path(), "root/a.txt", b"word");
        let folders = Folders::new(None);
        let folder = folders.attach(&home.path().join("root")).unwrap();
        assert!(folders.detach(folder.path()));
        assert!(matches!(
            folder.glob("*", 1, WalkLimits::default()),
            Err(WorkspaceError::Detached)
        ));
        assert!(matches!(
            folder.grep(&words("word"), WalkLimits::default()),
            Err(WorkspaceError::Detached)
        ));
    }
}
