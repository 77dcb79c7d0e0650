//! What runs in the machine is told to the host: each program with its arguments, and how it ended.

use deskhand_vm_host::GuestEvent;
use pretty_assertions::assert_eq;

use crate::support::{session_heard, shell, spec, workshop};

#[tokio::test(flavor = "multi_thread")]
async fn every_program_that_starts_is_told_with_its_arguments_and_its_end() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let (session, mut events) = session_heard(&workshop).await;
    // Short ones, one that cannot be started, one that fails, and arguments that are no words.
    let script =
        "/bin/true 'two words' \"$(printf 'a\\nb')\"; /nowhere; sh -c 'exit 5'; sleep 0 & wait; echo done";
    assert_eq!(shell(&session, script).await.out, "done\n");

    let (mut started, mut ended) = (Vec::new(), Vec::new());
    while ended.len() < 4 {
        let next = tokio::time::timeout(std::time::Duration::from_secs(20), events.recv()).await;
        match next.expect("events come").expect("the guest tells") {
            GuestEvent::Started {
                process,
                user,
                arguments,
                ..
            } => {
                assert_eq!(user, spec().user);
                started.push((process, arguments));
            }
            GuestEvent::Ended { process, code, .. } => ended.push((process, code)),
            GuestEvent::Lost { count } => panic!("{count} events were lost"),
        }
    }
    let words = |arguments: &[&str]| {
        arguments
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    let expected = [
        words(&["/bin/sh", "-c", script]),
        words(&["/bin/true", "two words", "a\nb"]),
        words(&["sh", "-c", "exit 5"]),
        words(&["sleep", "0"]),
    ];
    assert_eq!(
        started
            .iter()
            .map(|(_, arguments)| arguments.clone())
            .collect::<Vec<_>>(),
        expected
    );
    let code = |place: usize| {
        ended
            .iter()
            .find(|(process, _)| *process == started[place].0)
            .map(|(_, code)| *code)
    };
    assert_eq!(
        [code(0), code(1), code(2), code(3)],
        [Some(0), Some(0), Some(5), Some(0)]
    );
}
