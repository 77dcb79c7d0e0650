//! Where no machine can start, that is said with the step that failed and what helps, and it mends itself.

use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::hello::SandboxState;
use deskhand_sandbox::Terms;
use deskhand_test_support::sandbox_images;
use pretty_assertions::assert_eq;
use serde_json::json;

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn a_call_says_which_step_failed_and_the_next_one_works_once_the_cause_is_gone() {
    let elsewhere = tempfile::tempdir().expect("a folder");
    let images = elsewhere.path().join("images");
    let policy = json!({ "coworkEgressAllowedHosts": [] });
    let stage = Stage::with(&Terms::AsAttached, &policy, images.clone());
    let failed = stage.bash("true").await;
    assert_eq!(
        (failed.outcome, failed.title.as_str()),
        (ToolOutcome::Failed, "Workspace unavailable")
    );
    assert!(
        failed.output.contains("Workspace unavailable: the image failed:")
            && failed.output.contains("What helps:"),
        "{}",
        failed.output
    );
    std::os::unix::fs::symlink(sandbox_images(), &images).expect("the image comes");
    stage.ok("true").await;
    let states = stage.around.states.lock().expect("states");
    let told: Vec<_> = states
        .iter()
        .map(|(state, fault)| (*state, fault.is_some()))
        .collect();
    assert_eq!(
        told,
        [
            (SandboxState::Unavailable, true),
            (SandboxState::VmEmulated, false)
        ]
    );
    let fault = states[0].1.as_ref().expect("a fault");
    assert!(fault.happened.starts_with("The image failed: "), "{fault}");
}
