//! The program that prints headers.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use deskhand_telemetry::headers::{Helper, REFRESH, fixed};
use deskhand_telemetry::port::{HeaderError, HeaderSource as _};
use pretty_assertions::assert_eq;

/// A program that does this, and counts its runs in a file.
/// Written by another program: while this one has the file open for writing, a child that a test beside it forks has so too, and
/// nobody can start it.
fn program(folder: &Path, does: &str) -> PathBuf {
    let path = folder.join("helper");
    let script = format!("#!/bin/sh\necho run >> '{}/runs'\n{does}\n", folder.display());
    let mut write = std::process::Command::new("sh");
    write.args([
        "-c",
        "printf %s \"$1\" > \"$2\" && chmod 700 \"$2\"",
        "sh",
        &script,
    ]);
    assert!(write.arg(&path).status().expect("a test's own values").success());
    path
}

fn runs(folder: &Path) -> usize {
    std::fs::read_to_string(folder.join("runs")).map_or(0, |runs| runs.lines().count())
}

#[tokio::test]
async fn its_headers_are_used_until_they_are_refused() {
    let folder = tempfile::tempdir().expect("a test's own values");
    let helper = Helper::new(program(
        folder.path(),
        r#"echo '{"Authorization": "Bearer SECRET"}'"#,
    ))
    .expect("a test's own values");
    assert_eq!(runs(folder.path()), 0, "it is started when it is needed");
    for _ in 0..3 {
        assert_eq!(
            helper.headers().await.expect("a test's own values")["authorization"],
            "Bearer SECRET"
        );
    }
    assert_eq!(runs(folder.path()), 1);
    helper.refused();
    helper.headers().await.expect("a test's own values");
    helper.headers().await.expect("a test's own values");
    assert_eq!(runs(folder.path()), 2);
    assert!(!format!("{helper:?}").contains("SECRET"));
}

#[tokio::test(start_paused = true)]
async fn it_runs_again_after_twenty_nine_minutes() {
    let folder = tempfile::tempdir().expect("a test's own values");
    let helper = Helper::new(program(folder.path(), "echo '{}'")).expect("a test's own values");
    // The pipe of a child is no timer: the paused clock would jump over the limit while it runs.
    tokio::time::resume();
    helper.headers().await.expect("a test's own values");
    tokio::time::pause();
    tokio::time::advance(REFRESH).await;
    tokio::time::resume();
    helper.headers().await.expect("a test's own values");
    assert_eq!(runs(folder.path()), 2);
}

#[tokio::test]
async fn what_goes_wrong_is_told_without_what_it_printed() {
    let folder = tempfile::tempdir().expect("a test's own values");
    for (does, expected) in [
        ("echo SECRET; exit 3", HeaderError::Failed),
        ("echo SECRET", HeaderError::Unreadable),
        (r#"echo '{"a": 1}'"#, HeaderError::Unreadable),
        ("yes SECRET", HeaderError::Unreadable),
    ] {
        let helper = Helper::new(program(folder.path(), does)).expect("a test's own values");
        let error = helper.headers().await.unwrap_err();
        assert_eq!(error, expected, "{does}");
        assert!(!format!("{error} {error:?}").contains("SECRET"));
    }
    let gone = Helper::new(folder.path().join("gone")).expect("a test's own values");
    assert_eq!(gone.headers().await.unwrap_err(), HeaderError::NotStarted);
}

#[tokio::test]
async fn one_that_others_can_change_is_not_run_where_the_organisation_named_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().expect("a test's own values");
    let path = program(folder.path(), "echo '{}'");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777)).expect("a test's own values");
    let helper = || Helper::new(path.clone()).expect("a test's own values");
    let error = HeaderError::Open("it can be changed by other users");
    assert_eq!(helper().of_organisation(true).headers().await.unwrap_err(), error);
    assert_eq!(runs(folder.path()), 0);
    helper().headers().await.expect("a test's own values");
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_end_is_given_up() {
    let folder = tempfile::tempdir().expect("a test's own values");
    let helper = Helper::new(program(folder.path(), "exec tail -f /dev/null")).expect("a test's own values");
    assert_eq!(helper.headers().await.unwrap_err(), HeaderError::TooSlow);
}

#[test]
fn its_path_is_absolute() {
    assert_eq!(Helper::new("helper".into()).err(), Some(HeaderError::NotAbsolute));
}

#[test]
fn headers_that_are_ours_and_what_is_no_header_are_left_out() {
    let named = [
        ("X-Key", "SECRET"),
        ("Host", "other.example.com"),
        ("content-type", "text/plain"),
        ("grpc-timeout", "1S"),
        ("bad name", "x"),
        ("x-split", "a\r\nb: c"),
    ];
    let headers = fixed(&BTreeMap::from(
        named.map(|(name, value)| (name.to_owned(), value.to_owned())),
    ));
    assert_eq!(headers.len(), 1);
    assert_eq!(headers["x-key"], "SECRET");
    assert!(
        !format!("{headers:?}").contains("SECRET"),
        "values are marked as sensitive"
    );
}
