//! An image from the organisation's store, over TLS and the gate, into the folder of images.
#![cfg(unix)]

mod server;

use std::fs;
use std::path::{Path, PathBuf};

use deskhand_egress::{Destination, Gate, Network, Outcome};
use deskhand_sandbox::ImageStore;
use deskhand_vm_host::{
    IMAGE_MISSING, IMAGE_REFUSED, IMAGE_UNREACHABLE, IMAGE_WRONG, SandboxError, Store, Taken, sha256_of,
};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use server::{Does, Server};

const NAMES: [&str; 4] = ["kernel", "initrd", "system.squashfs", "session.qcow2"];
const SIZE: usize = 3 << 20;

/// A folder that a web server gives out, an image store as `cargo xtask image --store` writes it; answers the image's id.
fn publish(folder: &Path, seed: u8) -> String {
    let beside = folder.join("new");
    fs::create_dir(&beside).expect("a file of the test");
    let mut parts = Vec::new();
    for (name, letter) in NAMES.iter().zip(seed..) {
        let file = beside.join(name);
        let content: Vec<u8> = (0..SIZE)
            .map(|at| (at / 7) as u8 ^ (at / 4099) as u8 ^ letter)
            .collect();
        fs::write(&file, content).expect("a file of the test");
        parts.push(
            json!({ "name": name, "sha256": sha256_of(&file).expect("a file of the test"), "size": SIZE }),
        );
    }
    let list = json!({ "format": 1, "architecture": std::env::consts::ARCH, "parts": parts });
    let file = beside.join("manifest.json");
    fs::write(&file, list.to_string()).expect("a file of the test");
    let id = sha256_of(&file).expect("a file of the test");
    fs::rename(beside, folder.join(&id)).expect("a file of the test");
    fs::write(folder.join("current"), format!("{id}\n")).expect("a file of the test");
    id
}

struct Setup {
    home: tempfile::TempDir,
    server: Server,
    store: Store,
    id: String,
}

async fn setup() -> Setup {
    let home = tempfile::tempdir().expect("a file of the test");
    let published = home.path().join("published");
    fs::create_dir(&published).expect("a file of the test");
    let id = publish(&published, 1);
    Setup {
        server: Server::of(published).await,
        store: Store::new(home.path().join("images")),
        home,
        id,
    }
}

impl Setup {
    fn source(&self) -> ImageStore {
        ImageStore::open(&self.server.gate(), &self.server.address).expect("an open destination")
    }

    async fn take(&self) -> Result<Taken, SandboxError> {
        self.store.take(&self.source(), None, &|_| {}).await
    }

    async fn refused(&self, code: &str) -> SandboxError {
        let refused = self.take().await.expect_err("it is refused");
        assert_eq!(refused.code, code, "{refused}");
        refused
    }

    fn published(&self, name: &str) -> PathBuf {
        self.home.path().join("published").join(&self.id).join(name)
    }
}

#[tokio::test]
async fn a_whole_image_comes_over_tls_and_the_way_out_is_on_record() {
    let setup = setup().await;
    let taken = setup.take().await.unwrap();
    assert_eq!(
        (taken.image.id.as_str(), taken.fetched),
        (setup.id.as_str(), 4 * SIZE as u64)
    );
    setup.store.current().unwrap().verify().unwrap();
    let decided = setup.server.decided();
    assert!(!decided.is_empty());
    for decision in decided {
        assert_eq!(
            (
                decision.destination,
                decision.outcome,
                decision.host.as_str(),
                decision.key
            ),
            (
                Destination::ImageStore,
                Outcome::Opened,
                "localhost",
                "deskhandImageStoreUrl"
            )
        );
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_is_taken_up_by_a_range() {
    let setup = setup().await;
    setup.server.once("/system.squashfs", Does::Cut(1_000_000));
    setup.take().await.unwrap().image.verify().unwrap();
    let asked = setup.server.asked("/system.squashfs");
    assert_eq!((asked.len(), asked[0]), (2, 0));
    assert!(asked[1] > 0 && asked[1] <= 1_000_000, "{asked:?}");
}

#[tokio::test]
async fn a_server_without_ranges_sends_it_from_the_start_and_one_with_a_shorter_file_is_told() {
    let setup = setup().await;
    setup.server.once("/kernel", Does::Cut(1_000_000));
    setup.server.once("/kernel", Does::NoRanges);
    setup.take().await.unwrap().image.verify().unwrap();

    let newer = publish(&setup.home.path().join("published"), 50);
    for _ in 0..6 {
        setup.server.once("/kernel", Does::Cut(500_000));
    }
    setup.refused(IMAGE_UNREACHABLE).await;
    let kernel = setup.home.path().join("published").join(newer).join("kernel");
    fs::write(&kernel, "short").unwrap();
    let refused = setup.refused(IMAGE_WRONG).await;
    assert!(refused.reason.contains("has 5 bytes there"), "{refused}");
}

#[tokio::test]
async fn a_file_that_was_exchanged_on_the_server_is_refused_and_what_was_used_is_used_still() {
    let setup = setup().await;
    setup.take().await.unwrap();
    let newer = publish(&setup.home.path().join("published"), 60);
    let file = setup.home.path().join("published").join(&newer).join("initrd");
    fs::write(&file, vec![0; SIZE]).unwrap();
    let refused = setup.refused(IMAGE_WRONG).await;
    assert!(
        refused
            .reason
            .contains("`initrd` is another file than its list says"),
        "{refused}"
    );
    assert!(
        refused.remedy.contains("cargo xtask image --store"),
        "{refused:?}"
    );
    assert_eq!(setup.store.current().unwrap().id, setup.id);
}

#[tokio::test]
async fn a_redirect_to_another_host_is_refused_and_not_followed() {
    let setup = setup().await;
    let other = Server::of(setup.home.path().join("published")).await;
    let away = format!(
        "HTTP/1.1 302 Found\r\nlocation: {}/current\r\ncontent-length: 0\r\n\r\n",
        other.address
    );
    setup.server.once("/current", Does::Raw(away));
    setup.refused(IMAGE_REFUSED).await;
    assert_eq!(other.asked(""), [0; 0]);
    let refused = setup
        .server
        .decided()
        .iter()
        .any(|decision| decision.outcome == Outcome::Refused);
    assert!(refused);
}

#[tokio::test]
async fn what_is_not_there_is_named() {
    let setup = setup().await;
    fs::remove_file(setup.published("session.qcow2")).unwrap();
    let refused = setup.refused(IMAGE_MISSING).await;
    assert!(
        refused
            .reason
            .contains(&format!("it has no `{}/session.qcow2`", setup.id)),
        "{refused}"
    );
    fs::remove_file(setup.home.path().join("published/current")).unwrap();
    let refused = setup.refused(IMAGE_MISSING).await;
    let reason = format!(
        "asking which image is current at {}: it has no `current`",
        setup.server.address
    );
    assert_eq!(refused.reason, reason);
}

#[tokio::test]
async fn a_server_that_answers_as_no_store_does_is_told_by_its_status() {
    for (status, code) in [
        ("500 Oh", IMAGE_UNREACHABLE),
        ("401 Who", IMAGE_REFUSED),
        ("204 None", IMAGE_REFUSED),
    ] {
        let setup = setup().await;
        setup.server.once(
            "/current",
            Does::Raw(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n")),
        );
        let refused = setup.refused(code).await;
        assert!(refused.reason.contains(&status[..3]), "{refused}");
    }
    let setup = setup().await;
    let packed = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nxx";
    setup.server.once("/kernel", Does::Raw(packed.to_owned()));
    let refused = setup.refused(IMAGE_REFUSED).await;
    assert!(refused.reason.contains("packed"), "{refused}");
}

#[tokio::test]
async fn a_certificate_that_this_computer_does_not_trust_is_told_with_what_helps() {
    let setup = setup().await;
    let gate = setup.server.gate_trusting(Vec::new());
    let source = ImageStore::open(&gate, &setup.server.address).unwrap();
    let refused = setup.store.take(&source, None, &|_| {}).await.unwrap_err();
    assert_eq!(refused.code, IMAGE_UNREACHABLE);
    assert!(refused.reason.contains("TLS failed"), "{refused}");
    assert!(refused.remedy.contains("authority"), "{refused:?}");
}

#[test]
fn where_policy_names_no_store_there_is_none() {
    let gate = Gate::new(|_| Value::Null, Network::default());
    let closed = ImageStore::open(&gate, "https://images.corp.example").unwrap_err();
    assert!(closed.to_string().contains("deskhandImageStoreUrl"), "{closed}");
}
