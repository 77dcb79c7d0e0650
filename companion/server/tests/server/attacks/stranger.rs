//! Another user of this machine: a child process that runs as `nobody`, opens the TCP connection and carries its bytes.

use std::process::Stdio;

use tokio::process::Command;

use crate::harness::{Running, exchange};

/// `nobody` of every Linux.
const NOBODY: u32 = 65_534;

/// Whether this test can become somebody else; says so when it cannot.
pub(crate) fn is_possible() -> bool {
    let root =
        std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if !root {
        eprintln!(
            "SKIPPED refuses_another_user_of_the_machine: only root can start a process of another user"
        );
    }
    root
}

/// The door tells a stranger why it stays shut. TLS is spoken here, over the stranger's socket.
pub(crate) async fn reads_a_page(server: &Running) -> bool {
    let mut read = false;
    for path in ["/desktop/", "/v1/session", "/"] {
        let script = format!(
            "exec 3<>/dev/tcp/127.0.0.1/{} || exit 1; cat <&3 & cat >&3",
            server.port
        );
        let mut child = Command::new("/bin/bash")
            .args(["-c", &script])
            .uid(NOBODY)
            .gid(NOBODY)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("a process of another user");
        let stream = tokio::io::join(
            child.stdout.take().expect("stdout"),
            child.stdin.take().expect("stdin"),
        );
        let stream = server.tls_over(stream).await;
        let answer = exchange(
            stream,
            &format!("GET {path} HTTP/1.1"),
            &[("Host", &server.host())],
        )
        .await;
        let told_why =
            answer.body.contains("belongs to another user") && answer.body.contains("NET_OTHER_USER");
        assert!(!told_why || answer.status == 403, "{answer:?}");
        read |= !told_why;
    }
    read
}
