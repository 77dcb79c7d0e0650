//! The image of the sandbox from the organisation's image store, in the whole program: fetched while the service runs or at the
//! terminal, told meanwhile, recorded, and used.
#![cfg(target_os = "linux")]

#[path = "image_store/server.rs"]
mod server;

use std::path::Path;

use deskhand_e2e::{Finished, PATIENCE, Service, Setup, Talk, command, finish, play};
use deskhand_protocol::EventBody;
use deskhand_protocol::event::{ToolOutcome, TurnOutcome};
use deskhand_test_support::{eventually, sandbox_images};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use server::{Half, ImageStore};

/// A home whose policy names the store and whose computer trusts its certificate.
fn trusting(setup: &Setup, store: &ImageStore) -> String {
    setup.configure("deskhandImageStoreUrl", &store.address);
    let authority = setup.path().join("authority.pem");
    std::fs::write(&authority, &store.authority).expect("a file");
    authority.display().to_string()
}

/// `deskhand sandbox …` of this home.
fn sandbox(home: &Path, authority: &str, arguments: &[&str]) -> Finished {
    let mut line = vec!["sandbox"];
    line.extend(arguments);
    let mut command = command(home, &line);
    command.env("SSL_CERT_FILE", authority);
    finish(command, "")
}

fn told(done: &Finished) -> Value {
    serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}: {} {}", done.out, done.err))
}

/// Records of a kind.
fn records(setup: &Setup, kind: &str) -> Vec<Value> {
    let done = setup.run(&["audit", "export", "--format", "jsonl"]);
    assert_eq!(done.code(), Some(0), "{}", done.err);
    let all = done
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a record"));
    all.filter(|record| record["type"] == kind).collect()
}

fn outcomes(talk: &Talk) -> Vec<ToolOutcome> {
    let ended = talk.view.events().filter_map(|event| match &event.body {
        EventBody::ToolCallCompleted { outcome, .. } => Some(*outcome),
        _ => None,
    });
    ended.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_without_an_image_gets_it_from_the_store_and_ends_with_a_command_that_runs() {
    let call = json!({ "answer": { "say": [{ "tool": "Bash", "input": { "command": "echo $((6 * 7))", "timeout": 300 } }] } });
    let done = json!({ "answer": { "say": [{ "text": "Done." }] } });
    let steps = [call.clone(), done.clone(), call, done];
    let script = json!({ "models": ["claude-standin"], "key": "e2e-key", "steps": steps });
    let gateway = play(&script.to_string()).await;
    let store = ImageStore::of(&sandbox_images(), Half::Waits).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    let authority = trusting(&setup, &store);
    let service = Service::under(&setup, "env", &[&format!("SSL_CERT_FILE={authority}")]);
    let status = || told(&sandbox(setup.path(), &authority, &["status", "--json"]));

    // Half of the largest part is a third of an image with the office layer.
    let half = eventually("half of the system is here", PATIENCE, async || {
        let fetch = status()["images"]["fetch"].clone();
        (fetch["percent"].as_u64() > Some(30)).then_some(fetch)
    });
    let fetch = half.await;
    assert_eq!(
        (&fetch["running"], &fetch["failed"]),
        (&json!(true), &Value::Null),
        "{fetch}"
    );
    let mut talk = Talk::begin(&service).await;
    let prompt = talk.prompt("What is six times seven?");
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
    assert_eq!(outcomes(&talk), [ToolOutcome::Failed]);
    let output = talk.outputs()[0].clone();
    assert!(
        output.contains("the image is being fetched: ") && output.contains(" %"),
        "{output}"
    );

    store.second_half(Half::Comes);
    let fetched = told(&sandbox(setup.path(), &authority, &["fetch", "--json"]));
    let wanted = std::fs::read_to_string(sandbox_images().join("current")).expect("the image of the tests");
    assert_eq!(fetched["id"], wanted.trim(), "{}", service.errors());
    assert_eq!(fetched["isNew"], false, "the service was at it already");
    let prompt = talk.prompt("And now?");
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
    assert_eq!(
        outcomes(&talk),
        [ToolOutcome::Failed, ToolOutcome::Done],
        "{:?}",
        talk.outputs()
    );
    assert!(talk.outputs()[1].contains("42"), "{:?}", talk.outputs());
    service.stop();

    let taken = records(&setup, "imageTaken");
    assert_eq!(taken.len(), 1, "{taken:?}");
    assert_eq!(
        (&taken[0]["image"], &taken[0]["by"]),
        (&json!(wanted.trim()), &json!("service"))
    );
    let opened = records(&setup, "egressAllowed");
    assert!(
        opened.iter().any(|record| record["destination"] == "image-store"),
        "{opened:?}"
    );
}

/// A folder of images with one that starts nothing, and is small.
fn small(folder: &Path) -> String {
    let sha256 = |file: &Path| {
        let told = std::process::Command::new("sha256sum")
            .arg(file)
            .output()
            .expect("sha256sum");
        String::from_utf8_lossy(&told.stdout)[..64].to_owned()
    };
    let made = folder.join("made");
    std::fs::create_dir(&made).expect("a folder");
    let parts = ["kernel", "initrd", "system.squashfs", "session.qcow2"].map(|name| {
        let content: Vec<u8> = name.bytes().cycle().take(3_000_000).collect();
        std::fs::write(made.join(name), content).expect("a file");
        json!({ "name": name, "sha256": sha256(&made.join(name)), "size": 3_000_000 })
    });
    let list = json!({ "format": 1, "architecture": std::env::consts::ARCH, "parts": parts });
    std::fs::write(made.join("image.json"), list.to_string()).expect("a file");
    let id = sha256(&made.join("image.json"));
    std::fs::rename(made, folder.join(&id)).expect("a folder");
    std::fs::write(folder.join("current"), &id).expect("a file");
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_fetches_without_the_service_and_goes_on_where_it_was_cut() {
    let folder = tempfile::tempdir().expect("a folder");
    let id = small(folder.path());
    let store = ImageStore::of(folder.path(), Half::Cut).await;
    let setup = Setup::empty();
    let authority = trusting(&setup, &store);
    let sandbox = |arguments: &[&str]| sandbox(setup.path(), &authority, arguments);

    let cut = sandbox(&["fetch"]);
    assert_ne!(cut.code(), Some(0));
    assert!(
        cut.err
            .contains("etching `system.squashfs` at https://localhost:"),
        "{}",
        cut.err
    );
    let status = told(&sandbox(&["status", "--json"]));
    let fetch = &status["images"]["fetch"];
    assert_eq!(
        (&fetch["percent"], &fetch["running"]),
        (&json!(62), &json!(false)),
        "{status}"
    );
    assert_eq!(fetch["failed"]["code"], "image_unreachable");
    assert_eq!(status["images"]["store"], store.address);
    let looked = sandbox(&["doctor"]);
    assert!(looked.out.contains("BAD   the image store"), "{}", looked.out);

    store.second_half(Half::Comes);
    let fetched = told(&sandbox(&["fetch", "--json"]));
    assert_eq!(
        fetched,
        json!({ "id": id, "bytes": 12_000_000, "fetched": 4_500_000, "isNew": true })
    );
    let again = sandbox(&["fetch"]);
    assert!(again.out.contains("in use already"), "{}", again.out);

    let taken = records(&setup, "imageTaken");
    assert_eq!(taken.len(), 1, "{taken:?}");
    assert_eq!(
        (&taken[0]["image"], &taken[0]["by"]),
        (&json!(id), &json!("terminal"))
    );
    let opened = records(&setup, "egressAllowed");
    assert!(
        opened.iter().any(|record| record["destination"] == "image-store"),
        "{opened:?}"
    );
}

#[test]
fn without_a_store_the_person_is_told_which_setting_names_one() {
    let setup = Setup::empty();
    let refused = setup.run(&["sandbox", "fetch"]);
    assert_ne!(refused.code(), Some(0));
    assert!(
        refused
            .err
            .contains("no image store is set (`deskhandImageStoreUrl`)"),
        "{}",
        refused.err
    );
    let looked = setup.run(&["sandbox", "doctor"]);
    assert!(
        looked.out.contains("none is set (`deskhandImageStoreUrl`)"),
        "{}",
        looked.out
    );
}
