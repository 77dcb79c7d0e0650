//! Acknowledged means flushed (Invariant 1), for the whole service, by the order of its system calls: before the answer
//! to a prompt leaves on the socket, what was written to the database's log was flushed by fsync or fdatasync.

#![cfg(target_os = "linux")]

use std::collections::HashMap;

use deskhand_e2e::{FrontEnd, Service, Setup, View};
use deskhand_protocol::Method;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::session::{
    ListAnswer, ListParams, PermissionMode, PromptParams, RenameParams, SessionAnswer,
};
use pretty_assertions::assert_eq;

const PROMPTS: usize = 25;
const LISTS: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_is_acknowledged_only_after_it_was_flushed() {
    let setup = Setup::empty();
    let trace = setup.path().join("trace");
    let calls = "trace=recvfrom,read,sendto,write,writev,pwrite64,pwritev,fsync,fdatasync";
    let trace_path = trace.to_str().expect("a path of text");
    let service = Service::under(
        &setup,
        "strace",
        &["-f", "-yy", "-s0", "-e", calls, "-o", trace_path],
    );
    let mut window = service.join(FrontEndKind::Window).await;
    let mut watcher = service.join(FrontEndKind::Terminal).await;
    for number in 0..PROMPTS {
        give_prompt(&mut window, &mut watcher, number).await;
    }
    for _ in 0..LISTS {
        let listed: ListAnswer = window
            .call(Method::SessionList, ListParams::default())
            .await
            .expect("a list");
        assert_eq!(listed.sessions.len(), PROMPTS);
    }
    let port = window.port();
    service.stop();

    let trace = std::fs::read_to_string(trace).expect("strace is installed and wrote its trace");
    let answers = answers(&trace, port);
    let (changing, listing) = answers.split_at(answers.len() - LISTS);
    // For each prompt: a session made, whose answer may come behind news of the session before; a title and the prompt,
    // which both are promised to be on disk.
    let changing: Vec<&[bool]> = changing[changing.len() - 3 * PROMPTS..].chunks(3).collect();
    for made_titled_prompted in &changing {
        assert_eq!(made_titled_prompted[1..], [true, true]);
    }
    // The counter-check: the same look sees answers that needed none.
    assert_eq!(listing, [false; LISTS]);
}

async fn give_prompt(window: &mut FrontEnd, watcher: &mut FrontEnd, number: usize) {
    let session = window.create(&format!("session {number}")).await;
    watcher.follow(&session, 0).await;
    // When the title is answered, nothing else of the session is on its way to this front end.
    let rename = RenameParams {
        session: session.clone(),
        title: format!("Prompt {number}"),
    };
    let _: SessionAnswer = window.call(Method::SessionRename, rename).await.expect("a title");
    let prompt = PromptParams {
        session: session.clone(),
        client_id: "p".to_owned(),
        text: "Nobody is there to answer".to_owned(),
        documents: Vec::new(),
        selection: None,
        model: None,
        mode: PermissionMode::Ask,
        budget: None,
    };
    window.prompt(prompt).await.expect("the prompt is taken");
    watcher.turn(&session, &mut View::default()).await;
    // The line of the list follows the turn's end; until it came, the next answers might stand behind it.
    loop {
        let news = window.next().await.expect("the line of the ended session").params;
        let line = news.map(|params| params["session"].clone()).unwrap_or_default();
        if line["id"] == session.as_str() && line["status"] == "failed" {
            return;
        }
    }
}

/// For each message that came in on the socket with this peer: whether something was written to the log and flushed
/// between it and the first bytes that left there. Calls count in the order in which strace saw them start, flushes from
/// when they returned.
fn answers(trace: &str, port: u16) -> Vec<bool> {
    let peer = format!(":{port}]>");
    let mut answers = Vec::new();
    let mut waiting: Option<Progress> = None;
    let mut flushing: HashMap<&str, bool> = HashMap::new();
    let mut reading: Option<&str> = None;
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(' ') else {
            continue;
        };
        let call = call.trim_start();
        let is = |names: &[&str]| names.iter().any(|name| call.starts_with(name));
        let (on_wal, on_socket) = (call.contains("-wal>"), call.contains(&peer));
        let done = call.trim_end().ends_with("= 0");
        if on_socket && is(&["recvfrom(", "read("]) {
            if call.contains("<unfinished") {
                reading = Some(thread);
            } else if brought_bytes(call) {
                waiting = Some(Progress::Nothing);
            }
        } else if reading == Some(thread) && is(&["<... recvfrom", "<... read"]) {
            reading = None;
            if brought_bytes(call) {
                waiting = Some(Progress::Nothing);
            }
        } else if on_wal && is(&["pwrite64(", "pwritev("]) {
            // What is acknowledged is written first; later words of the same turn need no flush.
            waiting = waiting.map(|progress| match progress {
                Progress::Flushed => Progress::Flushed,
                Progress::Nothing | Progress::Written => Progress::Written,
            });
            for covers_all in flushing.values_mut() {
                *covers_all = false;
            }
        } else if on_wal && is(&["fdatasync(", "fsync("]) {
            if call.contains("<unfinished") {
                flushing.insert(thread, true);
            } else if done && waiting == Some(Progress::Written) {
                waiting = Some(Progress::Flushed);
            }
        } else if is(&["<... fdatasync", "<... fsync"]) {
            if flushing.remove(thread) == Some(true) && done && waiting == Some(Progress::Written) {
                waiting = Some(Progress::Flushed);
            }
        } else if on_socket
            && is(&["sendto(", "write(", "writev("])
            && !is_ping(call)
            && let Some(progress) = waiting.take()
        {
            answers.push(progress == Progress::Flushed);
        }
    }
    answers
}

/// What became of a message so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Nothing,
    Written,
    Flushed,
}

/// More bytes than a ping or pong takes with its TLS record, and fewer than any message.
const PING: i64 = 32;

/// Whether a call brought a message: a pong is none.
fn brought_bytes(call: &str) -> bool {
    let result = call.rsplit("= ").next().unwrap_or_default().trim();
    result.parse::<i64>().is_ok_and(|bytes| bytes > PING)
}

/// Whether a call sends so little that it is a ping, which goes out every 20 seconds whatever else is under way.
fn is_ping(call: &str) -> bool {
    let behind = call.split_once("\"..., ").map_or("", |(_, behind)| behind);
    let length = behind.split([',', ')']).next().unwrap_or_default();
    length.parse::<i64>().is_ok_and(|bytes| bytes <= PING)
}

#[test]
fn an_answer_before_the_flush_would_be_seen() {
    let trace = |calls: [&str; 4]| calls.map(|call| format!("7 {call}\n")).concat();
    let [receive, write, flush, send] = [
        "recvfrom(9<TCP:[127.0.0.1:1->127.0.0.1:50]>, \"\"..., 4096, 0, NULL, NULL) = 120",
        "pwrite64(4</home/local.db-wal>, \"\"..., 4096, 0) = 4096",
        "fdatasync(4</home/local.db-wal>) = 0",
        "sendto(9<TCP:[127.0.0.1:1->127.0.0.1:50]>, \"\"..., 90, MSG_NOSIGNAL, NULL, 0) = 90",
    ];
    assert_eq!(answers(&trace([receive, write, flush, send]), 50), [true]);
    assert_eq!(answers(&trace([receive, write, send, flush]), 50), [false]);
    assert_eq!(answers(&trace([receive, flush, write, send]), 50), [false]);
    assert_eq!(answers(&trace([receive, write, flush, send]), 51), [false; 0]);
    // A ping goes out at any time, and is answered at any time.
    let ping = send.replace("90", "24");
    let pong = receive.replace("= 120", "= 29");
    let around = [
        trace([receive, &ping, write, &pong]),
        trace([flush, &ping, send, &pong]),
    ];
    assert_eq!(answers(&around.concat(), 50), [true]);
}
