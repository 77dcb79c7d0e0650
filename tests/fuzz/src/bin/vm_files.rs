//! What a sandbox's kernel asks of a shared folder: the bytes are the stream. No request ends the service, and nothing outside
//! of the folder is touched.

#![no_main]

use std::fs;
use std::io;
use std::sync::{Arc, LazyLock};

use deskhand_vm_files::{Access, Change, Event, Events, Journal, Kept, Limits, Share, serve};
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
});

#[derive(Debug)]
struct Nobody;

impl Journal for Nobody {
    fn before(&self, _: &Change<'_>) -> io::Result<Kept> {
        Ok(Kept::InPlace)
    }
}

impl Events for Nobody {
    fn done(&self, _: Event) {}
}

/// A message: operation, node, body. The length is set here, so that what follows is met at all.
fn message(unique: u64, part: &[u8]) -> Vec<u8> {
    let (opcode, node) = (
        part.first().copied().unwrap_or(0),
        part.get(1).copied().unwrap_or(0),
    );
    let body = part.get(2..).unwrap_or_default();
    let mut bytes = (40 + body.len() as u32).to_le_bytes().to_vec();
    bytes.extend(u32::from(opcode).to_le_bytes());
    bytes.extend(unique.to_le_bytes());
    bytes.extend(u64::from(node).to_le_bytes());
    bytes.extend([0; 16]);
    bytes.extend(body);
    bytes
}

fuzz_target!(|data: &[u8]| {
    let home = tempfile::tempdir().unwrap();
    let (shared, outside) = (home.path().join("shared"), home.path().join("outside"));
    fs::create_dir_all(shared.join("d")).unwrap();
    fs::write(shared.join("a"), "inside").unwrap();
    fs::write(&outside, "canary").unwrap();
    let limits = Limits {
        quota: 1 << 20,
        nodes: 100,
        files: 20,
        ..Limits::default()
    };
    let share = Share::open(&shared, Access::ReadWrite, 0, 0)
        .unwrap()
        .with_limits(limits);
    RUNTIME.block_on(async {
        let (mut ours, theirs) = tokio::io::duplex(1 << 20);
        let served = tokio::spawn(serve(theirs, share, Arc::new(Nobody), Arc::new(Nobody)));
        // Raw bytes, or messages parted by the byte 1E after a proper beginning.
        if let Some(raw) = data.strip_prefix(b"\x00") {
            drop(ours.write_all(raw).await);
        } else {
            let mut init = vec![26, 1];
            for number in [7_u32, 37, 1 << 17, u32::MAX] {
                init.extend(number.to_le_bytes());
            }
            drop(ours.write_all(&message(1, &init)).await);
            for (number, part) in data.split(|byte| *byte == 0x1e).take(64).enumerate() {
                drop(ours.write_all(&message(number as u64 + 2, part)).await);
            }
        }
        drop(ours.shutdown().await);
        let mut answers = Vec::new();
        drop(ours.read_to_end(&mut answers).await);
        // Every answer is whole, and says its own length.
        let mut rest = &answers[..];
        while let Some((length, _)) = rest.split_first_chunk::<4>() {
            let length = u32::from_le_bytes(*length) as usize;
            assert!(length >= 16);
            rest = rest.get(length..).unwrap_or_default();
        }
        drop(ours);
        drop(served.await.expect("the server does not panic"));
    });
    assert_eq!(fs::read(&outside).unwrap(), b"canary");
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2);
    // What was not closed left nothing behind.
    for entry in fs::read_dir(&shared).unwrap() {
        let name = entry.unwrap().file_name();
        assert!(
            !name.to_string_lossy().starts_with(".deskhand-"),
            "{name:?} was left"
        );
    }
});
