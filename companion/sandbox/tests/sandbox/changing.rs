//! What commands change in a person's folders, and the way back.

use std::fs;
use std::sync::atomic::Ordering;

use deskhand_core::instructions::holds_data;
use deskhand_protocol::ErrorCode;
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::sandbox::{FileChange, SandboxTier, Sight};
use deskhand_sandbox::Terms;
use deskhand_test_support::sandbox_images;
use pretty_assertions::assert_eq;
use serde_json::json;

use crate::stage::{Stage, tree, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_command_is_told_seen_and_undone_byte_for_byte() {
    let stage = Stage::new();
    let plans = stage.plans();
    fs::create_dir_all(plans.join("2026/q3")).expect("folders");
    fs::write(plans.join("2026/q3/figures.csv"), "a,b\n1,2\n").expect("a file");
    fs::write(plans.join("large.bin"), vec![7; 20_000_000]).expect("a file");
    fs::write(plans.join("notes.txt"), "keep me\n").expect("a file");
    let before = tree(&plans);

    let ran = stage
        .ok("pwd; sed -i s/keep/lose/ notes.txt && rm -rf 2026 large.bin && mkdir new && echo x > new/made.txt && echo done >&2")
        .await;
    assert_eq!(ran.tier, Some(SandboxTier::VmEmulated));
    assert!(ran.output.contains("/mnt/plans\ndone"), "{}", ran.output);
    assert!(holds_data(&ran.output));
    assert!(stage.watch.live.lock().expect("live").contains("done"));
    assert_eq!(
        tree(&plans).keys().map(String::as_str).collect::<Vec<_>>(),
        ["new", "new/made.txt", "notes.txt"]
    );
    let changed = ran.change_set.expect("a change set");
    assert_eq!(changed.title, "2 files made, 1 changed, 4 removed by a command");
    let named: Vec<&str> = changed.entries.iter().map(|entry| entry.title.as_str()).collect();
    assert_eq!(
        named,
        [
            "2026",
            "2026/q3",
            "2026/q3/figures.csv",
            "large.bin",
            "new",
            "new/made.txt",
            "notes.txt"
        ]
    );
    assert!(
        ran.output
            .contains(&plans.join("notes.txt").display().to_string())
    );

    is_seen(&stage);

    let undone = stage.machines.undo(&Stage::session(), &changed.id, None).await;
    assert_eq!(undone, Ok(Some(Vec::new())));
    assert!(tree(&plans) == before, "the folder is as it was");
    assert_eq!(
        stage.machines.undo(&Stage::session(), &changed.id, None).await,
        Ok(Some(Vec::new())),
        "undoing twice is no error"
    );
    is_seen_again(&stage).await;
}

/// What was put back, as a command sees it, and as the journal lists it.
async fn is_seen_again(stage: &Stage) {
    let seen = stage
        .ok("cat notes.txt 2026/q3/figures.csv; stat -c %s large.bin")
        .await;
    assert!(
        seen.output.contains("keep me\na,b\n1,2\n20000000"),
        "{}",
        seen.output
    );
    let listed = stage
        .machines
        .changed(&Stage::session())
        .await
        .expect("the journal");
    let listed: Vec<_> = listed
        .iter()
        .map(|entry| (entry.title.as_str(), entry.undone))
        .collect();
    assert_eq!(
        listed,
        [("2 files made, 1 changed, 4 removed by a command", true)]
    );
}

/// The programs of that command, and what became of the files.
fn is_seen(stage: &Stage) {
    let sights = stage.sights();
    let started = |program: &str| {
        sights.iter().any(|sight| {
            matches!(sight, Sight::Started { arguments, user: 20_000, .. } if arguments.first().is_some_and(|name| name == program))
        })
    };
    assert!(
        started("/bin/bash") && started("sed") && started("rm"),
        "{sights:#?}"
    );
    let gone = stage.plans().join("large.bin").display().to_string();
    assert!(sights.iter().any(|sight| matches!(
        sight,
        Sight::File { change: FileChange::Removed, path, bytes: Some(20_000_000), .. } if *path == gone
    )));
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_undone_one_by_one_and_what_a_person_changed_since_stays() {
    let stage = Stage::new();
    let plans = stage.plans();
    fs::write(plans.join("a"), "a").expect("a file");
    fs::write(plans.join("b"), "b").expect("a file");
    let first = stage
        .ok("echo first > a; echo first > c")
        .await
        .change_set
        .expect("changes");
    let second = stage
        .ok("echo second > b; echo second > d")
        .await
        .change_set
        .expect("changes");
    fs::write(plans.join("c"), "a person's").expect("a file");
    let undone = stage.machines.undo(&Stage::session(), &first.id, None).await;
    assert_eq!(undone, Ok(Some(vec![plans.join("c").display().to_string()])));
    let content = |name: &str| fs::read_to_string(plans.join(name)).ok();
    assert_eq!(content("a").as_deref(), Some("a"));
    assert_eq!(content("c").as_deref(), Some("a person's"));
    assert_eq!(
        content("b").as_deref(),
        Some("second\n"),
        "the later command stays"
    );
    assert_eq!(
        stage.machines.undo(&Stage::session(), &second.id, None).await,
        Ok(Some(Vec::new()))
    );
    assert_eq!((content("b").as_deref(), content("d")), (Some("b"), None));
    let again = stage.machines.may_redo(&Stage::session(), &second.id).await;
    assert_eq!(again.map_err(|error| error.code), Err(ErrorCode::UndoConflict));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_changed_since_is_overwritten_where_they_say_so_and_can_be_had_back() {
    let stage = Stage::new();
    let plans = stage.plans();
    fs::write(plans.join("a"), "a\n").expect("a file");
    fs::write(plans.join("b"), "b\n").expect("a file");
    let before = tree(&plans);
    let changed = stage
        .ok("sed -i s/a/command/ a; rm b; echo made > c")
        .await
        .change_set
        .expect("changes");
    for name in ["a", "b", "c"] {
        fs::write(plans.join(name), "a person's").expect("a file");
    }
    let session = Stage::session();
    let undo = |id, overwrite| stage.machines.undo(&session, id, overwrite);
    let kept = undo(&changed.id, None)
        .await
        .expect("an answer")
        .expect("of a command");
    let kept_of = |name: &str| kept.contains(&plans.join(name).display().to_string());
    assert!(kept_of("a") && kept_of("b") && kept_of("c"), "{kept:?}");
    assert_eq!(fs::read(plans.join("a")).expect("a file"), b"a person's");

    assert_eq!(
        undo(&changed.id, Some(FrontEndKind::Excel)).await,
        Ok(Some(Vec::new()))
    );
    assert_eq!(tree(&plans), before);
    let over = stage.around.changed.lock().expect("changed").last().cloned();
    let over = over.expect("what was overwritten is told");
    let by = stage.around.changed_by.lock().expect("changed").clone();
    assert_eq!(by.last(), Some(&Some(FrontEndKind::Excel)), "a person decided it");
    assert!(over.title.ends_with("by undoing a command"), "{}", over.title);
    assert_eq!((&over.call, &over.turn), (&changed.call, &changed.turn));
    // The undone command is listed as such, and what was overwritten as what can be brought back.
    let listed = stage.machines.changed(&session).await.expect("the journal");
    let listed: Vec<_> = listed
        .iter()
        .map(|entry| (&entry.change_set, entry.undone))
        .collect();
    assert_eq!(listed, [(&changed.id, true), (&over.id, false)]);
    assert_eq!(undo(&over.id, None).await, Ok(Some(Vec::new())));
    for name in ["a", "b", "c"] {
        assert_eq!(
            fs::read(plans.join(name)).expect("a file"),
            b"a person's",
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_overwritten_is_told_also_where_the_undoing_cannot_be_written_down() {
    let stage = Stage::new();
    let changed = stage.ok("echo made > c").await.change_set.expect("changes");
    fs::write(stage.plans().join("c"), "a person's").expect("a file");
    *stage.journal.refuses.lock().expect("a key") = "sandbox-put-back".to_owned();
    let by = Some(FrontEndKind::Window);
    let failed = stage.machines.undo(&Stage::session(), &changed.id, by).await;
    assert_eq!(failed.map_err(|error| error.code), Err(ErrorCode::Internal));
    assert!(!stage.plans().join("c").exists(), "it was overwritten");
    let told = stage.around.changed.lock().expect("changed").clone();
    assert_eq!(told.len(), 1, "and that is told");
    stage.journal.refuses.lock().expect("a key").clear();
    let back = stage.machines.undo(&Stage::session(), &told[0].id, None).await;
    assert_eq!(back, Ok(Some(Vec::new())));
    assert_eq!(fs::read(stage.plans().join("c")).expect("a file"), b"a person's");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_person_is_overwritten_without_room_in_the_journal() {
    let stage = Stage::new();
    let changed = stage.ok("echo made > c").await.change_set.expect("changes");
    fs::write(stage.plans().join("c"), "a person's").expect("a file");
    stage.journal.full.store(true, Ordering::SeqCst);
    let refused = stage
        .machines
        .undo(&Stage::session(), &changed.id, Some(FrontEndKind::Window))
        .await;
    assert_eq!(refused.map_err(|error| error.code), Err(ErrorCode::JournalFull));
    assert_eq!(fs::read(stage.plans().join("c")).expect("a file"), b"a person's");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_commands_is_undone_from_the_last_to_the_first() {
    let stage = Stage::new();
    let plans = stage.plans();
    fs::write(plans.join("a"), "a").expect("a file");
    let mut trees = vec![tree(&plans)];
    let mut changes = Vec::new();
    for command in [
        "echo one > a; mkdir d; echo x > d/x",
        "rm a; mv d e",
        "echo two > a; chmod 600 e/x",
        "rm -rf a e",
    ] {
        changes.push(stage.ok(command).await.change_set.expect("changes"));
        trees.push(tree(&plans));
    }
    for (changed, before) in changes.iter().zip(&trees).rev() {
        let undone = stage.machines.undo(&Stage::session(), &changed.id, None).await;
        assert_eq!(undone, Ok(Some(Vec::new())));
        assert_eq!(tree(&plans), *before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_changed_or_seen_is_not() {
    let policy = json!({ "coworkEgressAllowedHosts": [] });
    let stage = Stage::with(&Terms::ReadOnly, &policy, sandbox_images());
    fs::write(stage.plans().join("a"), "a").expect("a file");
    let asked = stage
        .prepare("Bash", json!({ "command": "ls" }))
        .await
        .expect("a question");
    let command = asked.command.expect("what would run");
    assert!(command.folders[0].read_only && command.hosts.is_empty());
    let context = deskhand_core::ports::Tools::context(&stage.tools, &Stage::session()).await;
    let told = format!("/mnt/plans is {} (read only)", stage.plans().display());
    assert!(context.contains(&told), "{context}");
    let refused = stage
        .bash("cat a; echo x > a; rm a; touch b; echo x > ~/own && cat ~/own")
        .await;
    assert!(
        refused.output.contains("Read-only file system"),
        "{}",
        refused.output
    );
    assert_eq!(refused.change_set, None);
    assert_eq!(fs::read(stage.plans().join("a")).expect("the file"), b"a");

    let none = Stage::with(
        &Terms::NoFolders("the organisation says so.".to_owned()),
        &policy,
        sandbox_images(),
    );
    let asked = none
        .prepare("Bash", json!({ "command": "ls" }))
        .await
        .expect("a question");
    assert_eq!(asked.command.expect("what would run").folders, []);
    let empty = none.ok("ls -A /mnt").await;
    assert!(empty.output.contains("It wrote nothing"), "{}", empty.output);
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_come_and_go_while_the_machine_runs() {
    let stage = Stage::new();
    fs::write(stage.plans().join("a"), "a").expect("a file");
    stage.ok("ls /mnt/plans/a && echo kept > /tmp/kept").await;
    fs::create_dir(stage.home.path().join("more")).expect("a folder");
    stage.attach("more");
    stage
        .ok("echo x > /mnt/more/x && cat /mnt/plans/a /tmp/kept")
        .await;
    assert_eq!(
        fs::read(stage.home.path().join("more/x")).expect("a file"),
        b"x\n"
    );
    stage.around.folders.lock().expect("folders").remove(0);
    let gone = stage
        .bash("ls /mnt/plans; cat /mnt/plans/a; cat /mnt/more/x")
        .await;
    assert!(
        !gone.output.contains("\na\n") && gone.output.contains("x\n"),
        "{}",
        gone.output
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_room_in_the_journal_nothing_is_changed() {
    let stage = Stage::new();
    fs::write(stage.plans().join("a"), "a").expect("a file");
    stage.ok("true").await;
    stage.journal.full.store(true, Ordering::SeqCst);
    let refused = stage.prepare("Bash", json!({ "command": "rm a" })).await;
    assert!(refused.expect_err("no room").output.contains("JOURNAL_FULL"));
    // A command that was allowed before is refused each change.
    let ran = stage.bash("rm a; echo x > b; ls").await;
    assert_eq!(ran.outcome, ToolOutcome::Done);
    assert!(ran.output.contains("quota exceeded"), "{}", ran.output);
    assert_eq!(tree(&stage.plans()).keys().collect::<Vec<_>>(), ["a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_journal_keeps_nobody_from_undoing() {
    let stage = Stage::new();
    fs::write(stage.plans().join("a"), "a").expect("a file");
    let changed = stage.ok("rm a; echo x > b").await.change_set.expect("changes");
    stage.journal.full.store(true, Ordering::SeqCst);
    let undone = stage.machines.undo(&Stage::session(), &changed.id, None).await;
    assert_eq!(undone, Ok(Some(Vec::new())));
    assert_eq!(tree(&stage.plans()).keys().collect::<Vec<_>>(), ["a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_of_one_change_set_also_where_commands_run_side_by_side() {
    let stage = Stage::new();
    let plans = stage.plans();
    fs::write(plans.join("a"), "a").expect("a file");
    let before = tree(&plans);
    // A folder is one change. Making a file and writing it are two, which may be of two parts.
    let left = "for n in 1 2 3 4 5 6; do mkdir left-$n; sleep 0.3; done";
    let left = stage
        .run("Bash", json!({ "command": left, "background": true }))
        .await;
    let beside = stage
        .ok("echo beside > a; until [ -d left-6 ]; do sleep 0.1; done; echo x > late")
        .await;
    let mut sets: Vec<_> = left.change_set.into_iter().collect();
    stage.run("BashOutput", json!({ "job": 1, "stop": true })).await;
    stage.ok("true").await;
    sets.extend(stage.around.changed.lock().expect("changed").iter().cloned());
    sets.push(beside.change_set.expect("changes"));
    let mut named: Vec<&str> = sets
        .iter()
        .flat_map(|set| set.entries.iter().map(|entry| entry.title.as_str()))
        .collect();
    named.sort_unstable();
    let all = [
        "a", "late", "left-1", "left-2", "left-3", "left-4", "left-5", "left-6",
    ];
    assert_eq!(named, all, "each is of one of them: {sets:#?}");
    for set in sets.iter().rev() {
        let undone = stage.machines.undo(&Stage::session(), &set.id, None).await;
        assert_eq!(undone, Ok(Some(Vec::new())), "{}", set.title);
    }
    assert_eq!(tree(&plans), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_taken_out_is_written_no_more_before_anybody_is_told_to_end() {
    let stage = Stage::new();
    let left = "while sleep 0.1; do echo x >> log; touch made-$((n++)) || echo refused; done";
    stage
        .run("Bash", json!({ "command": left, "background": true }))
        .await;
    let log = stage.plans().join("log");
    until("it writes", || log.exists()).await;
    stage.around.folders.lock().expect("folders")[0].detach();
    let after = fs::read(&log).expect("the file");
    let mut told = String::new();
    let mut looks = tokio::time::interval(std::time::Duration::from_millis(100));
    for _ in 0..600 {
        looks.tick().await;
        told.push_str(&stage.run("BashOutput", json!({ "job": 1 })).await.output);
        if told.contains("refused") {
            break;
        }
    }
    assert!(told.contains("refused"), "{told}");
    let rest = fs::read(&log).expect("the file");
    assert!(
        rest.len() <= after.len() + 2,
        "what was under way, and nothing more"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_sees_what_a_person_was_asked_about_and_no_more() {
    let stage = Stage::new();
    let asked = stage
        .prepare("Bash", json!({ "command": "ls /mnt" }))
        .await
        .expect("a question");
    fs::create_dir(stage.home.path().join("later")).expect("a folder");
    stage.attach("later");
    let mut request = stage.request("Bash", json!({ "command": "ls /mnt" }));
    request.command = asked.command;
    let ran = deskhand_core::ports::Tools::run(&stage.tools, &request, &stage.watch).await;
    assert!(
        ran.output.contains("plans") && !ran.output.contains("later"),
        "{}",
        ran.output
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_in_a_folder_has_one_name_and_one_for_reading_keeps_its_outer_one_for_reading() {
    let stage = Stage::new();
    fs::create_dir(stage.plans().join("inner")).expect("a folder");
    stage.attach("plans/inner");
    let asked = stage
        .prepare("Bash", json!({ "command": "ls" }))
        .await
        .expect("a question");
    let seen = |asked: deskhand_core::tool::Prepared| {
        let command = asked.command.expect("what would run");
        command
            .folders
            .iter()
            .map(|folder| folder.read_only)
            .collect::<Vec<_>>()
    };
    assert_eq!(seen(asked), [false]);
    let read_only = deskhand_workspace::AllowedFolder {
        path: stage.plans().join("inner"),
        access: deskhand_workspace::Access::ReadOnly,
    };
    let folders = deskhand_workspace::Folders::new(Some(vec![read_only]));
    let inner = folders.attach(&stage.plans().join("inner")).expect("a folder");
    stage.around.folders.lock().expect("folders")[1] = inner;
    let asked = stage
        .prepare("Bash", json!({ "command": "ls" }))
        .await
        .expect("a question");
    assert_eq!(seen(asked), [true, true]);
}
