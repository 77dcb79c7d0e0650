//! What an other side that sends as much as windows allow, in the smallest frames, makes this one hold.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use deskhand_vm_protocol::{Mux, Side};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

/// Streams that the guest may open and that wait to be taken, each with the window that it has from the beginning.
const STREAMS: u32 = 64;
const WINDOW: usize = 256 * 1024;

/// A header of yamux: kind, flags, stream, length.
fn header(kind: u8, flags: u16, stream: u32, length: u32) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[1] = kind;
    bytes[2..4].copy_from_slice(&flags.to_be_bytes());
    bytes[4..8].copy_from_slice(&stream.to_be_bytes());
    bytes[8..].copy_from_slice(&length.to_be_bytes());
    bytes
}

/// Memory of this process in bytes (`VmRSS` of proc_pid_status(5)).
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_full_of_frames_of_one_byte_cost_little_more_than_their_bytes() {
    let (mut guest, line) = duplex(1 << 16);
    let service = Mux::new(line, Side::Service);
    let before = resident();
    for number in 0..STREAMS {
        guest.write_all(&header(1, 1, 2 + 2 * number, 0)).await.unwrap();
    }
    let mut round = Vec::new();
    for number in 0..STREAMS {
        for _ in 0..64 {
            round.extend(header(0, 0, 2 + 2 * number, 1));
            round.push(number as u8);
        }
    }
    for _ in 0..WINDOW / 64 {
        guest.write_all(&round).await.unwrap();
    }
    // A ping is answered behind what came before it.
    guest.write_all(&header(2, 1, 0, 77)).await.unwrap();
    let mut answer = [0; 12];
    while answer != header(2, 2, 0, 77) {
        guest.read_exact(&mut answer).await.unwrap();
    }
    let grown = resident().saturating_sub(before);
    let allowed = STREAMS as usize * WINDOW;
    eprintln!("{} MiB for {} MiB of bytes", grown >> 20, allowed >> 20);
    assert!(grown < 2 * allowed, "{grown} bytes for {allowed}");
    // And all of it is there to be read.
    for number in 0..STREAMS {
        let mut stream = service.accept().await.unwrap();
        let mut bytes = vec![0; WINDOW];
        stream.read_exact(&mut bytes).await.unwrap();
        assert!(bytes.iter().all(|byte| *byte == number as u8));
    }
}
