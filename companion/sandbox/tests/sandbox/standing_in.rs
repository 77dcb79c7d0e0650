//! Where no machine can be had: a process sandbox stands in where an administrator allows it, and else nothing runs.

use std::path::{Path, PathBuf};

use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::hello::SandboxState;
use deskhand_protocol::sandbox::{SandboxTier, Sight};
use deskhand_sandbox::{Terms, settings};
use deskhand_test_support::{FuseDevice, sandbox_agent};
use deskhand_vm_host::{ProcessSandbox, Settings};
use pretty_assertions::assert_eq;
use serde_json::json;

use crate::stage::Stage;

/// A stage on a computer that has no image.
fn stage() -> Stage {
    let policy = json!({ "coworkEgressAllowedHosts": [] });
    Stage::with(&Terms::AsAttached, &policy, PathBuf::from("/nowhere"))
}

fn allowed(stage: &Stage, agent: PathBuf, device: &FuseDevice) -> Settings {
    let with = ProcessSandbox {
        device: device.path().to_owned(),
        ..ProcessSandbox::new(agent)
    };
    Settings {
        process_sandbox: Some(with),
        ..settings(stage.home.path().join("workplace"), PathBuf::from("/nowhere"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_is_allowed_commands_run_in_processes_and_what_they_change_is_undone() {
    let (stage, device) = (stage(), FuseDevice::for_everybody());
    std::fs::write(stage.plans().join("kept.txt"), "before\n").unwrap();
    let settings = allowed(&stage, sandbox_agent(), &device);
    stage.machines.renew(settings).await;
    let ran = stage.ok("pwd; rm kept.txt; echo made > new.txt; id -u").await;
    assert!(
        ran.output.contains("/mnt/plans") && ran.output.contains("20000"),
        "{}",
        ran.output
    );
    assert_eq!(ran.tier, Some(SandboxTier::Processes));
    assert!(
        ran.output.contains("no virtual machine can be had"),
        "{}",
        ran.output
    );
    assert!(!stage.plans().join("kept.txt").exists());
    let changed = ran.change_set.expect("it changed files");
    let undone = stage
        .machines
        .undo(&Stage::session(), &changed.id, None)
        .await
        .unwrap();
    assert!(undone.is_some());
    assert_eq!(
        std::fs::read_to_string(stage.plans().join("kept.txt")).unwrap(),
        "before\n"
    );
    assert!(!stage.plans().join("new.txt").exists());
    let states = stage.around.states.lock().expect("states");
    let told: Vec<_> = states
        .iter()
        .map(|(state, fault)| (*state, fault.is_some()))
        .collect();
    assert_eq!(told, [(SandboxState::Processes, false)]);
    let began = |sight: &Sight| {
        matches!(
            sight,
            Sight::MachineStarted {
                tier: SandboxTier::Processes,
                resumed: false,
                ..
            }
        )
    };
    assert!(stage.sights().iter().any(began));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_allowed_it_nothing_runs_and_the_failing_step_is_told() {
    let stage = stage();
    let failed = stage.bash("echo ran > ran.txt").await;
    assert_eq!(
        (failed.outcome, failed.title.as_str(), failed.tier),
        (ToolOutcome::Failed, "Workspace unavailable", None)
    );
    assert!(failed.output.contains("the image failed:"), "{}", failed.output);
    assert!(!failed.output.contains("process sandbox"), "{}", failed.output);
    assert!(!stage.plans().join("ran.txt").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_neither_both_reasons_are_told_with_what_helps() {
    let (stage, device) = (stage(), FuseDevice::for_everybody());
    let settings = allowed(&stage, Path::new("/nowhere/agent").into(), &device);
    stage.machines.renew(settings).await;
    let failed = stage.bash("true").await;
    assert_eq!(failed.title, "Workspace unavailable");
    for part in [
        "the image failed:",
        "and the process sandbox",
        "/nowhere/agent",
        "install Deskhand anew",
    ] {
        assert!(failed.output.contains(part), "{part}: {}", failed.output);
    }
}
