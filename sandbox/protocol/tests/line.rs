//! The line between service and guest: what gets through, and what is refused.

use deskhand_vm_protocol::{
    End, Ended, Go, MAX_FRAME, MAX_GREETING, MAX_OPENING, Mux, Opening, Ready, RunInput, RunLimits,
    RunOutput, RunRequest, SessionSpec, Side, VERSION, WireError, read_frame, read_go, read_ready, write_go,
    write_ready,
};
use pretty_assertions::assert_eq;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

fn request() -> RunRequest {
    RunRequest {
        arguments: vec!["/bin/true".to_owned()],
        folder: None,
        environment: Vec::new(),
        input: false,
        limits: RunLimits {
            time: 1_000,
            processor: 1_000,
            memory: 1 << 20,
            processes: 8,
            output: 1 << 20,
        },
    }
}

fn go() -> Go {
    Go {
        seed: "5e".repeat(32),
        time: 1,
        token: "a-token-of-once".to_owned(),
        session: SessionSpec {
            user: 20_001,
            memory: 1 << 28,
            processes: 512,
            network: true,
            zone: None,
        },
    }
}

#[tokio::test]
async fn the_greeting_comes_over_and_what_follows_belongs_to_the_streams() {
    let (mut guest, mut service) = duplex(1 << 16);
    let ready = Ready {
        deskhand: VERSION,
        kernel: "6.1".to_owned(),
        uptime: 900,
    };
    write_ready(&mut guest, &ready).await.unwrap();
    guest.write_all(b"behind").await.unwrap();
    assert_eq!(read_ready(&mut service).await.unwrap(), ready);
    let mut behind = [0; 6];
    service.read_exact(&mut behind).await.unwrap();
    assert_eq!(&behind, b"behind");

    write_go(&mut service, &go()).await.unwrap();
    assert_eq!(read_go(&mut guest).await.unwrap(), go());
}

#[tokio::test]
async fn an_agent_of_another_version_is_refused() {
    let mut line = &b"{\"deskhand\":7,\"kernel\":\"6.1\",\"uptime\":1}\n"[..];
    let refused = read_ready(&mut line).await;
    assert!(
        matches!(refused, Err(WireError::Version { found: 7, .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_greeting_without_end_is_refused() {
    let endless = vec![b'{'; MAX_GREETING + 1];
    let refused = read_ready(&mut endless.as_slice()).await;
    assert!(matches!(refused, Err(WireError::TooLong { .. })), "{refused:?}");
}

#[test]
fn seed_and_token_are_in_no_log() {
    let spelled = format!("{:?}", go());
    assert!(
        !spelled.contains("5e5e") && !spelled.contains("a-token-of-once"),
        "{spelled}"
    );
}

#[tokio::test]
async fn a_frame_that_announces_more_than_the_cap_is_refused_before_it_is_read() {
    let mut announced = vec![17];
    announced.extend_from_slice(&(MAX_FRAME as u32 + 1).to_be_bytes());
    let refused = read_frame(&mut announced.as_slice()).await;
    assert!(matches!(refused, Err(WireError::TooLong { .. })), "{refused:?}");
}

#[tokio::test]
async fn an_opening_that_announces_more_than_the_cap_is_refused_before_it_is_read() {
    let announced = (MAX_OPENING as u32 + 1).to_be_bytes();
    let refused = Opening::read(&mut announced.as_slice()).await;
    assert!(matches!(refused, Err(WireError::TooLong { .. })), "{refused:?}");
}

#[tokio::test]
async fn an_opening_that_is_too_long_is_not_sent() {
    let mut long = request();
    long.arguments.push("x".repeat(MAX_OPENING));
    let refused = Opening::Run(long).write(&mut Vec::new()).await;
    assert!(matches!(refused, Err(WireError::TooLong { .. })), "{refused:?}");
}

#[tokio::test]
async fn long_output_goes_in_frames_that_are_taken() {
    let mut line = Vec::new();
    let output = vec![7; MAX_FRAME * 2 + 5];
    RunOutput::Out(output.clone()).write(&mut line).await.unwrap();
    let (mut from, mut got) = (line.as_slice(), Vec::new());
    while let Some(RunOutput::Out(piece)) = RunOutput::read(&mut from).await.unwrap() {
        got.extend(piece);
    }
    assert_eq!(got, output);
}

#[tokio::test]
async fn a_command_and_its_end_come_over_a_stream() {
    let (guest, service) = duplex(1 << 16);
    let (guest, service) = (Mux::new(guest, Side::Guest), Mux::new(service, Side::Service));
    let agent = tokio::spawn(async move {
        let mut stream = guest.accept().await.expect("a stream");
        let opening = Opening::read(&mut stream).await.unwrap();
        let input = RunInput::read(&mut stream).await.unwrap();
        RunOutput::Started(42).write(&mut stream).await.unwrap();
        let ended = Ended {
            end: End::Exited { code: 3 },
            time: 12,
            processor: 7,
            memory: Some(4096),
        };
        RunOutput::Ended(ended).write(&mut stream).await.unwrap();
        stream.shutdown().await.unwrap();
        // Until the service has read it all and lets go.
        while stream.read(&mut [0; 8]).await.is_ok_and(|read| read > 0) {}
        (opening, input, guest)
    });
    let mut stream = service.open().await.unwrap();
    Opening::Run(request()).write(&mut stream).await.unwrap();
    RunInput::Data(b"hello".to_vec())
        .write(&mut stream)
        .await
        .unwrap();
    assert_eq!(
        RunOutput::read(&mut stream).await.unwrap(),
        Some(RunOutput::Started(42))
    );
    let Some(RunOutput::Ended(ended)) = RunOutput::read(&mut stream).await.unwrap() else {
        panic!("no end came");
    };
    assert_eq!(ended.end, End::Exited { code: 3 });
    assert_eq!(RunOutput::read(&mut stream).await.unwrap(), None);
    drop(stream);
    let (opening, input, _guest) = agent.await.unwrap();
    assert_eq!(opening, Opening::Run(request()));
    assert_eq!(input, Some(RunInput::Data(b"hello".to_vec())));
}

#[tokio::test]
async fn streams_that_nobody_takes_are_closed_and_the_line_goes_on() {
    let (guest, service) = duplex(1 << 16);
    let (guest, service) = (Mux::new(guest, Side::Guest), Mux::new(service, Side::Service));
    // More than wait at once; each is written to, since yamux tells of a stream with its first byte.
    let mut held = Vec::new();
    for _ in 0..100 {
        let mut stream = guest.open().await.unwrap();
        stream.write_all(b"x").await.unwrap();
        stream.flush().await.unwrap();
        held.push(stream);
    }
    let mut back = service.open().await.unwrap();
    back.write_all(b"still here").await.unwrap();
    back.flush().await.unwrap();
    let mut arrived = guest.accept().await.expect("the line goes on");
    let mut said = [0; 10];
    arrived.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"still here");
}

#[tokio::test]
async fn a_side_that_has_its_share_open_waits_and_the_line_stays() {
    let (guest, service) = duplex(1 << 16);
    let (guest, service) = (Mux::new(guest, Side::Guest), Mux::new(service, Side::Service));
    let mut held = Vec::new();
    for _ in 0..96 {
        held.push(service.open().await.unwrap());
    }
    let one_more = service.open();
    tokio::pin!(one_more);
    let early = futures_util::poll!(&mut one_more);
    assert!(early.is_pending());
    held.pop();
    assert!(one_more.await.is_ok());
    assert!(guest.open().await.is_ok());
}

#[tokio::test]
async fn garbage_ends_the_line_with_a_reason() {
    let (mut guest, service) = duplex(1 << 16);
    let service = Mux::new(service, Side::Service);
    guest.write_all(&[0xff; 64]).await.unwrap();
    let why = service.ended().await;
    assert!(!why.is_empty());
    assert!(service.accept().await.is_none());
    assert!(matches!(service.open().await, Err(WireError::Line(_))));
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            drop(read_ready(&mut bytes.as_slice()).await);
            drop(read_go(&mut bytes.as_slice()).await);
            drop(Opening::read(&mut bytes.as_slice()).await);
            drop(RunInput::read(&mut bytes.as_slice()).await);
            drop(RunOutput::read(&mut bytes.as_slice()).await);
        });
    }
}

#[tokio::test]
async fn any_number_of_streams_may_follow_each_other() {
    let (guest, service) = duplex(1 << 16);
    let (guest, service) = (Mux::new(guest, Side::Guest), Mux::new(service, Side::Service));
    for number in 0..1_000_u32 {
        let mut stream = guest.open().await.unwrap();
        stream.write_u32(number).await.unwrap();
        let mut taken = service.accept().await.expect("the line goes on");
        assert_eq!(taken.read_u32().await.unwrap(), number);
        drop(taken);
        // Until the other side has let go.
        assert!(stream.read(&mut [0; 1]).await.is_ok_and(|count| count == 0));
    }
}

/// Numbers that are the same for the same seed (xorshift64*).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % end
    }
}

/// The bytes of one stream: told from those of another, and from each other.
fn told(stream: usize, length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| (at * 31 + at / 251 + stream) as u8)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_sizes_of_writes_and_reads_each_stream_comes_over_as_it_was() {
    const STREAMS: usize = 8;
    const LENGTH: usize = 600_000;
    let (guest, service) = duplex(1 << 16);
    let (guest, service) = (Mux::new(guest, Side::Guest), Mux::new(service, Side::Service));
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..STREAMS {
        let mut stream = guest.open().await.unwrap();
        tasks.spawn(async move {
            let (bytes, mut chance) = (told(number, LENGTH), Chance(number as u64 + 1));
            // Who writes one byte at a time, who writes much, and who does both.
            let most = [3, 100, 40_000][number % 3];
            stream.write_all(&[number as u8]).await.unwrap();
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let (piece, behind) = rest.split_at(rest.len().min(1 + chance.below(most)));
                stream.write_all(piece).await.unwrap();
                rest = behind;
            }
            stream.shutdown().await.unwrap();
            // Until the other side has read it all.
            assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
        });
    }
    for _ in 0..STREAMS {
        let mut stream = service.accept().await.unwrap();
        tasks.spawn(async move {
            let number = usize::from(stream.read_u8().await.unwrap());
            let (mut got, mut chance) = (Vec::<u8>::new(), Chance(number as u64 + 99));
            loop {
                let mut piece = vec![0; 1 + chance.below([10_000, 7, 300][number / 3 % 3])];
                let count = stream.read(&mut piece).await.unwrap();
                if count == 0 {
                    break;
                }
                got.extend(&piece[..count]);
            }
            assert!(got == told(number, LENGTH), "stream {number}");
            stream.shutdown().await.unwrap();
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
}
