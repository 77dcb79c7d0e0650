//! Programs that print credentials, and those that do not.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use pretty_assertions::assert_eq;
use tempfile::TempDir;

use super::*;
use crate::credential::tests::{Watch, at, shown};

const HOUR: u64 = 3_600;

/// A program that counts its runs in a file, with what it is told, and does this.
struct Place {
    folder: TempDir,
    watch: Watch,
    settings: HelperSettings,
}

impl Place {
    fn new(does: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = HelperSettings {
            program: folder.path().join("helper"),
            of_organisation: false,
            ttl: Duration::from_secs(HOUR),
            within: Duration::from_mins(1),
            silent_refresh: true,
            for_aws: false,
        };
        let place = Self {
            folder,
            watch: Watch::new(),
            settings,
        };
        place.does(does);
        place
    }

    /// Written by another program: while this one has the file open for writing, a child that a test beside it forks has so too, and
    /// nobody can start it.
    fn does(&self, does: &str) {
        let folder = self.folder.path().display();
        let script =
            format!("#!/bin/sh\ncd '{folder}'\necho \"$CLAUDE_HELPER_CONTEXT $#\" >> runs\n{does}\n");
        let mut write = std::process::Command::new("sh");
        write.args([
            "-c",
            "printf %s \"$1\" > \"$2.new\" && chmod 700 \"$2.new\" && mv \"$2.new\" \"$2\"",
            "sh",
            &script,
        ]);
        assert!(
            write
                .arg(&self.settings.program)
                .status()
                .expect("a shell")
                .success()
        );
    }

    fn helper(&self) -> Helper {
        Helper::new(self.settings.clone(), self.watch.clock())
    }

    /// What each run was told, and how many arguments it had.
    fn runs(&self) -> Vec<String> {
        let runs = std::fs::read_to_string(self.folder.path().join("runs"));
        runs.unwrap_or_default().lines().map(str::to_owned).collect()
    }
}

/// Prints keys that end so many minutes after the beginning.
fn prints_keys(minutes: u64) -> String {
    let ends = time::OffsetDateTime::from(at(minutes * 60));
    let ends = ends
        .format(&time::format_description::well_known::Rfc3339)
        .expect("a time");
    format!(
        "echo '{{\"Version\": 1, \"AccessKeyId\": \"id\", \"SecretAccessKey\": \"key\", \"Expiration\": \"{ends}\"}}'"
    )
}

async fn asked(helper: &Helper) -> Result<Credential, CredentialError> {
    helper.credential(Occasion::Interactive, None).await
}

#[tokio::test]
async fn what_it_printed_counts_for_its_time() {
    let place = Place::new("echo token-$(wc -l < runs)");
    let helper = place.helper();
    assert_eq!(place.runs().len(), 0, "it is started when it is needed");
    for _ in 0..3 {
        assert_eq!(shown(&asked(&helper).await.unwrap()), "token-1");
    }
    place.watch.after(HOUR - 1);
    assert_eq!(shown(&asked(&helper).await.unwrap()), "token-1");
    place.watch.after(1);
    assert_eq!(shown(&asked(&helper).await.unwrap()), "token-2");
    assert_eq!((helper.ends_at(), helper.secrets().len()), (None, 1));
    assert!(!format!("{helper:?}").contains("token-2"));
}

#[tokio::test]
async fn a_clock_that_is_set_back_makes_nothing_last_longer() {
    let place = Place::new("echo token-$(wc -l < runs)");
    let helper = place.helper();
    asked(&helper).await.unwrap();
    place.watch.back(24 * HOUR);
    assert_eq!(shown(&asked(&helper).await.unwrap()), "token-2");
}

#[tokio::test]
async fn it_is_told_why_it_runs_and_nothing_else() {
    let place = Place::new("echo token-$(wc -l < runs)");
    let helper = place.helper();
    for occasion in [
        Occasion::Interactive,
        Occasion::MidSession,
        Occasion::Background,
        Occasion::SetupTest,
    ] {
        helper.credential(occasion, None).await.unwrap();
        place.watch.after(HOUR);
    }
    assert_eq!(
        place.runs(),
        [
            "interactive 0",
            "mid-session-refresh 0",
            "background 0",
            "setup-test 0"
        ]
    );
}

#[tokio::test]
async fn a_test_of_the_settings_always_runs_it() {
    let place = Place::new("echo token-$(wc -l < runs)");
    let helper = place.helper();
    asked(&helper).await.unwrap();
    let tested = helper.credential(Occasion::SetupTest, None).await.unwrap();
    assert_eq!(shown(&tested), "token-2");
}

#[tokio::test]
async fn what_was_refused_is_not_given_again() {
    let place = Place::new("echo token-$(wc -l < runs)");
    let helper = place.helper();
    let first = asked(&helper).await.unwrap();
    let second = helper
        .credential(Occasion::MidSession, Some(&first))
        .await
        .unwrap();
    assert_eq!(shown(&second), "token-2");
    // Somebody whose request was still under way with the first one gets the second.
    let late = helper
        .credential(Occasion::MidSession, Some(&first))
        .await
        .unwrap();
    assert_eq!((shown(&late), place.runs().len()), ("token-2", 2));
    place.does("echo token-2");
    let same = helper.credential(Occasion::MidSession, Some(&second)).await;
    assert_eq!(same.unwrap_err(), CredentialError::Unchanged);
}

#[tokio::test]
async fn everybody_who_waits_shares_one_run_also_one_that_fails() {
    let place = Place::new("echo token");
    let helper = place.helper();
    let asks = (0..5).map(|_| asked(&helper));
    let given = futures_util::future::join_all(asks).await;
    assert!(
        given
            .iter()
            .all(|given| shown(given.as_ref().unwrap()) == "token")
    );
    assert_eq!(place.runs().len(), 1);
    place.does("exit 7");
    place.watch.after(HOUR);
    let asks = (0..5).map(|_| asked(&helper));
    for given in futures_util::future::join_all(asks).await {
        assert_eq!(given.unwrap_err(), CredentialError::HelperFailed(Some(7)));
    }
    assert_eq!(place.runs().len(), 2);
    asked(&helper).await.unwrap_err();
    assert_eq!(place.runs().len(), 3, "a failure is not kept");
}

#[tokio::test]
async fn in_a_conversation_it_rests_where_the_settings_say_so() {
    let mut place = Place::new("echo token-$(wc -l < runs)");
    place.settings.silent_refresh = false;
    let helper = place.helper();
    let none = helper.credential(Occasion::MidSession, None).await;
    assert_eq!(none.unwrap_err(), CredentialError::HelperResting);
    let first = asked(&helper).await.unwrap();
    place.watch.after(2 * HOUR);
    // Nobody said that it ended: the provider will.
    let same = helper.credential(Occasion::MidSession, None).await.unwrap();
    assert_eq!(shown(&same), "token-1");
    let refused = helper.credential(Occasion::MidSession, Some(&first)).await;
    assert_eq!(refused.unwrap_err(), CredentialError::HelperResting);
    assert_eq!(shown(&asked(&helper).await.unwrap()), "token-2");
    assert_eq!(place.runs().len(), 2);
}

#[tokio::test]
async fn keys_that_have_ended_are_not_given_where_it_rests() {
    let mut place = Place::new("");
    place.settings.for_aws = true;
    place.settings.silent_refresh = false;
    place.does(&prints_keys(10));
    let helper = place.helper();
    asked(&helper).await.unwrap();
    place.watch.after(599);
    helper.credential(Occasion::MidSession, None).await.unwrap();
    place.watch.after(1);
    let over = helper.credential(Occasion::MidSession, None).await;
    assert_eq!(over.unwrap_err(), CredentialError::HelperResting);
    assert_eq!(place.runs().len(), 1);
}

#[tokio::test]
async fn keys_that_end_before_their_time_are_replaced_ahead_of_it() {
    let mut place = Place::new("");
    place.settings.for_aws = true;
    place.does(&prints_keys(10));
    let helper = place.helper();
    assert_eq!(asked(&helper).await.unwrap().ends_at, Some(at(600)));
    place.watch.after(7 * 60);
    asked(&helper).await.unwrap();
    assert_eq!(place.runs().len(), 1);
    place.watch.after(60);
    place.does(&prints_keys(20));
    assert_eq!(asked(&helper).await.unwrap().ends_at, Some(at(1_200)));
    // What ends at once is used all the same, once.
    place.watch.after(11 * 60 + 30);
    asked(&helper).await.unwrap();
    asked(&helper).await.unwrap();
    assert_eq!(place.runs().len(), 4);
}

#[tokio::test]
async fn what_goes_wrong_is_told_without_what_it_printed() {
    let place = Place::new("");
    for (does, expected) in [
        ("echo SECRET; exit 3", CredentialError::HelperFailed(Some(3))),
        ("echo SECRET; kill -9 $$", CredentialError::HelperFailed(None)),
        (
            "echo SECRET SECRET",
            CredentialError::HelperAnswer("it is no single token"),
        ),
        ("true", CredentialError::HelperAnswer("there is nothing in it")),
        (
            "yes SECRET",
            CredentialError::HelperAnswer("it is longer than 64 KiB"),
        ),
    ] {
        place.does(does);
        let error = asked(&place.helper()).await.unwrap_err();
        assert_eq!(error, expected, "{does}");
        assert!(!format!("{error} {error:?}").contains("SECRET"));
    }
    let mut gone = place.settings.clone();
    gone.program = Path::new("helper").to_owned();
    let gone = Helper::new(gone, place.watch.clock());
    let error = CredentialError::HelperMissing("has no absolute path");
    assert_eq!(asked(&gone).await.unwrap_err(), error);
    std::fs::set_permissions(&place.settings.program, std::fs::Permissions::from_mode(0o600)).unwrap();
    let error = CredentialError::HelperMissing("the system does not start");
    assert_eq!(asked(&place.helper()).await.unwrap_err(), error);
    std::fs::remove_file(&place.settings.program).unwrap();
    let error = CredentialError::HelperMissing("is not there");
    assert_eq!(asked(&place.helper()).await.unwrap_err(), error);
}

#[tokio::test(start_paused = true)]
async fn it_has_less_time_in_a_conversation() {
    let place = Place::new("exec tail -f /dev/null");
    for (occasion, seconds) in [(Occasion::Interactive, 60), (Occasion::MidSession, 20)] {
        let ran = place.helper().credential(occasion, None).await;
        let late = CredentialError::HelperTimedOut(Duration::from_secs(seconds));
        assert_eq!(ran.unwrap_err(), late);
    }
}

#[tokio::test(start_paused = true)]
async fn who_joins_a_run_has_a_time_of_their_own() {
    let place = Place::new("exec tail -f /dev/null");
    let helper = place.helper();
    let (slow, quick) = tokio::join!(
        helper.credential(Occasion::Background, None),
        helper.credential(Occasion::MidSession, None)
    );
    let late = |seconds| CredentialError::HelperTimedOut(Duration::from_secs(seconds));
    assert_eq!((slow.unwrap_err(), quick.unwrap_err()), (late(60), late(20)));
}

#[tokio::test]
async fn one_that_others_can_change_is_not_run_where_the_organisation_named_it() {
    let mut place = Place::new("echo token");
    let open = |place: &Place| {
        std::fs::set_permissions(&place.settings.program, std::fs::Permissions::from_mode(0o777)).unwrap();
    };
    open(&place);
    asked(&place.helper()).await.unwrap();
    place.settings.of_organisation = true;
    let error = CredentialError::HelperOpen("it can be changed by other users");
    assert_eq!(asked(&place.helper()).await.unwrap_err(), error);
    assert_eq!(place.runs().len(), 1);
    place.does("echo token");
    asked(&place.helper()).await.unwrap();
}
