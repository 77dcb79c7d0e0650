//! The process of QEMU, seen from outside. What it may open is tried in `src/qemu/caged.rs`, by a program in its place.
#![cfg(target_os = "linux")]

use pretty_assertions::assert_eq;

use crate::support::{session, workshop};

/// A line of `/proc/<process>/status` or `limits`, by how it begins.
fn line(text: &str, name: &str) -> Vec<String> {
    let found = text.lines().find_map(|line| line.strip_prefix(name));
    let rest = found.unwrap_or_else(|| panic!("no {name} in {text}"));
    rest.split_whitespace().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_engine_of_a_session_is_shut_in() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let process = session.process().unwrap();
    let read = |name: &str| std::fs::read_to_string(format!("/proc/{process}/{name}")).unwrap();
    let status = read("status");
    assert_eq!(line(&status, "NoNewPrivs:"), ["1"]);
    assert_eq!(line(&status, "Seccomp:"), ["2"]);
    // Ours and QEMU's own.
    assert!(
        line(&status, "Seccomp_filters:")[0].parse::<u32>().unwrap() >= 2,
        "{status}"
    );
    let limits = read("limits");
    assert_eq!(line(&limits, "Max core file size")[..2], ["1", "1"]);
    assert_eq!(line(&limits, "Max open files")[..2], ["1024", "1024"]);
    let largest: u64 = line(&limits, "Max file size")[1].parse().unwrap();
    assert!(largest <= (8 << 30) + (16 << 20), "{largest}");
    let stat = read("stat");
    let nice: i32 = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .nth(16)
        .unwrap()
        .parse()
        .unwrap();
    assert!(nice >= 5, "{nice}");

    let cage = workshop.cage();
    assert!(cage.calls, "{}", cage.describe());
    eprintln!("{}", cage.describe());
}
