//! How machines end: with their session, with the service, by their own failure.

use std::path::Path;
use std::process::{Command, Stdio};

use deskhand_vm_host::RunOutput;
use pretty_assertions::assert_eq;

use crate::support::{KIND, Kind, command, run, session, workshop};

fn is_there(process: u32) -> bool {
    // A process that was ended and not yet collected is none any more.
    let status = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    status
        .rsplit(')')
        .next()
        .is_some_and(|rest| !rest.trim().is_empty() && !rest.trim_start().starts_with('Z'))
}

async fn gone(process: u32) -> bool {
    for _ in 0..1_000 {
        if !is_there(process) {
            return true;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_let_go_leaves_no_machine_and_no_file() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let process = session.process().expect("a process");
    assert!(is_there(process));
    drop(session);
    assert!(gone(process).await);
    // A process sandbox has no folder.
    if KIND == Kind::Machine {
        let machines = home.path().join("machines");
        let left = std::fs::read_dir(machines).unwrap().count();
        assert_eq!(left, 0, "folders of machines go with them");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_is_killed_is_told_and_the_next_session_is_a_new_machine() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let lost = session(&workshop).await;
    let mut job = lost.start(command(&["sleep", "600"])).await.unwrap();
    assert!(matches!(job.next().await.unwrap(), Some(RunOutput::Started(_))));
    Command::new("kill")
        .args(["-9", &lost.process().unwrap().to_string()])
        .status()
        .unwrap();
    assert_eq!(lost.ended().await, "signal 9");
    // The command's stream ends or breaks; it does not hang, and no end is made up.
    assert!(!matches!(job.next().await, Ok(Some(_))));
    assert!(lost.start(command(&["true"])).await.is_err());
    assert_eq!(
        run(&session(&workshop).await, &["echo", "new"]).await.ok(),
        "new\n"
    );
}

/// Named in the environment of the process that is killed.
const VICTIM: &str = "DESKHAND_TEST_VICTIM";

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_killed_leaves_no_machine() {
    if let Some(home) = std::env::var_os(VICTIM) {
        let workshop = workshop(Path::new(&home)).await;
        let session = session(&workshop).await;
        println!("machine {}", session.process().unwrap());
        // Until it is killed.
        session.ended().await;
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "ending::a_service_that_is_killed_leaves_no_machine",
            "--nocapture",
        ])
        .env(VICTIM, home.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = std::io::BufReader::new(victim.stdout.take().unwrap());
    let process: u32 = std::io::BufRead::lines(output)
        .map_while(Result::ok)
        .find_map(|line| {
            line.split("machine ")
                .nth(1)
                .and_then(|number| number.trim().parse().ok())
        })
        .expect("the machine's process");
    assert!(is_there(process));
    victim.kill().unwrap();
    victim.wait().unwrap();
    assert!(
        gone(process).await,
        "the machine {process} lives on without its service"
    );
    if KIND == Kind::Processes {
        return;
    }
    let machines = || std::fs::read_dir(home.path().join("machines")).unwrap().count();
    assert_eq!(machines(), 1, "nobody was there to remove its folder");
    workshop(home.path()).await;
    assert_eq!(machines(), 0, "the next service does");
}
