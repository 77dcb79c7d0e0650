//! The line between service and guest, with either of them as the one that lies: what is read of a greeting, an opening, a frame, and
//! what comes over yamux. Either end answers with a reason and never panics, and what is read can be written and read again.

#![no_main]

use std::sync::LazyLock;

use deskhand_vm_protocol::{
    GuestEvent, MAX_FRAME, Mux, Opening, RunInput, RunOutput, Side, read_frame, read_go, read_json,
    read_ready, write_go, write_json, write_ready,
};
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build().unwrap());

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else {
        return;
    };
    RUNTIME.block_on(async {
        match kind % 8 {
            0 => ready(rest).await,
            1 => go(rest).await,
            2 => opening(rest).await,
            3 => event(rest).await,
            4 => run(rest).await,
            5 => line(rest.to_vec(), Side::Service).await,
            6 => line(frames(rest), Side::Service).await,
            _ => line(frames(rest), Side::Guest).await,
        }
    });
});

async fn ready(mut bytes: &[u8]) {
    if let Ok(ready) = read_ready(&mut bytes).await {
        let mut written = Vec::new();
        write_ready(&mut written, &ready).await.expect("what was read");
        assert_eq!(
            read_ready(&mut written.as_slice())
                .await
                .expect("what was written"),
            ready
        );
    }
}

async fn go(mut bytes: &[u8]) {
    if let Ok(go) = read_go(&mut bytes).await {
        let mut written = Vec::new();
        write_go(&mut written, &go).await.expect("what was read");
        assert!(read_go(&mut written.as_slice()).await.expect("what was written") == go);
    }
}

async fn opening(mut bytes: &[u8]) {
    if let Ok(opening) = Opening::read(&mut bytes).await {
        let mut written = Vec::new();
        // Escapes may make more of it than may be sent.
        if opening.write(&mut written).await.is_ok() {
            assert!(Opening::read(&mut written.as_slice()).await.is_ok());
        }
    }
}

async fn event(mut bytes: &[u8]) {
    let what = "an event";
    while let Ok(event) = read_json::<_, GuestEvent>(&mut bytes, what, MAX_FRAME).await {
        let mut written = Vec::new();
        // Escapes may make more of it than may be sent.
        if write_json(&mut written, what, MAX_FRAME, &event).await.is_ok() {
            let again = read_json::<_, GuestEvent>(&mut written.as_slice(), what, MAX_FRAME).await;
            assert_eq!(again.expect("what was written"), event);
        }
    }
}

async fn run(bytes: &[u8]) {
    let mut from = bytes;
    while let Ok(Some((_, frame))) = read_frame(&mut from).await {
        assert!(frame.len() <= MAX_FRAME);
    }
    let mut from = bytes;
    while let Ok(Some(output)) = RunOutput::read(&mut from).await {
        // Escapes may make more of an end than may be sent.
        drop(output.write(&mut Vec::new()).await);
    }
    let mut from = bytes;
    while let Ok(Some(input)) = RunInput::read(&mut from).await {
        input.write(&mut Vec::new()).await.expect("what was read");
    }
}

/// Frames of yamux, parted by the byte 1E: kind, flags, stream, then the body or, of those without, the length.
fn frames(data: &[u8]) -> Vec<u8> {
    let mut line = Vec::new();
    for part in data.split(|byte| *byte == 0x1e).take(200) {
        let byte = |place: usize| part.get(place).copied().unwrap_or(0);
        let body = part.get(3..).unwrap_or_default();
        let (kind, flags) = (byte(0) % 4, byte(1) % 16);
        line.extend([0, kind, 0, flags, 0, 0, 0, byte(2)]);
        if kind == 0 {
            line.extend((body.len() as u32).to_be_bytes());
            line.extend(body);
        } else {
            let mut length = [0; 4];
            length
                .iter_mut()
                .zip(body)
                .for_each(|(place, byte)| *place = *byte);
            line.extend(length);
        }
    }
    line
}

/// One end that reads what comes and opens streams of its own, until the other has said all it says.
async fn line(bytes: Vec<u8>, side: Side) {
    let (theirs, own) = tokio::io::duplex(1 << 16);
    let (mut answers, mut said) = tokio::io::split(theirs);
    let mux = Mux::new(own, side);
    let saying = async move {
        drop(said.write_all(&bytes).await);
        drop(said.shutdown().await);
    };
    let hearing = async move {
        drop(tokio::io::copy(&mut answers, &mut tokio::io::sink()).await);
    };
    let taking = async {
        if let Ok(mut stream) = mux.open().await {
            drop(Opening::Egress.write(&mut stream).await);
            drop(stream.shutdown().await);
            drop(RunOutput::read(&mut stream).await);
        }
        let mut read = 0;
        while let Some(mut stream) = mux.accept().await {
            let mut some = [0; 64];
            read += stream.read(&mut some).await.unwrap_or(0);
        }
        read
    };
    tokio::join!(saying, hearing, async {
        taking.await;
        assert!(!mux.ended().await.is_empty());
    });
}
