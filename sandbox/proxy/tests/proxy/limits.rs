//! Every cap, met. Time is stopped: it goes on only when nobody has anything else to do.

use std::time::Duration;

use deskhand_vm_proxy::{Limits, Outcome};
use tokio::io::AsyncWriteExt as _;
use tokio::time::{Instant, sleep};

use super::hello::named;
use super::party::{Mood, Stage, exactly, failed, refused, rest, until};

/// Sends a byte whenever `every` has passed, until the proxy ends the stream.
async fn drip(stage: &Stage, start: &str, bytes: &[u8], every: Duration) -> (Outcome, Duration) {
    let began = Instant::now();
    let mut guest = stage.guest();
    if !start.is_empty() {
        guest.connect(start).await;
    }
    for byte in bytes {
        if guest.outcome.is_finished() || guest.stream.write_all(&[*byte]).await.is_err() {
            break;
        }
        sleep(every).await;
    }
    let outcome = (&mut guest.outcome).await.expect("no panic");
    (outcome, began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_in_ends_in_time() {
    let head = format!(
        "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\nX: {}",
        "x".repeat(1000)
    );
    for bytes in [head.as_bytes(), b"\x05\x01\x00\x05\x01\x00\x03\xff".as_slice()] {
        let stage = Stage::open();
        let (outcome, after) = drip(&stage, "", &bytes.repeat(20), Duration::from_secs(5)).await;
        assert_eq!(outcome, refused("head_timeout"));
        assert!(after <= Duration::from_mins(1), "{after:?}");
        assert_eq!(stage.asked(), []);
    }
    let stage = Stage::open();
    let guest = stage.guest();
    let began = Instant::now();
    assert_eq!(guest.outcome.await.expect("no panic"), refused("head_timeout"));
    assert!(began.elapsed() <= Duration::from_secs(31));
}

#[tokio::test(start_paused = true)]
async fn a_hello_that_drips_in_ends_in_time() {
    for (port, code) in [(443, "client_hello_timeout"), (8443, "client_hello_timeout")] {
        let stage = Stage::open();
        let (outcome, after) = drip(
            &stage,
            &format!("a.example:{port}"),
            &named("a.example"),
            Duration::from_secs(4),
        )
        .await;
        assert_eq!(outcome, refused(code), "{port}");
        assert!(after <= Duration::from_secs(40), "{after:?}");
    }
    for port in [443, 80] {
        let stage = Stage::open();
        let mut guest = stage.guest();
        guest.connect(&format!("a.example:{port}")).await;
        let began = Instant::now();
        assert_eq!(
            (&mut guest.outcome).await.expect("no panic"),
            refused("client_hello_timeout")
        );
        assert!(began.elapsed() <= Duration::from_secs(13));
    }
    // First bytes that decide nothing.
    let stage = Stage::open();
    let mut guest = stage.guest();
    guest.connect("a.example:8080").await;
    guest.send(b"GET").await;
    assert_eq!(
        (&mut guest.outcome).await.expect("no panic"),
        refused("client_hello_timeout")
    );
}

#[tokio::test(start_paused = true)]
async fn a_second_hello_that_does_not_come_ends_in_time() {
    let stage = Stage::open();
    let mut guest = stage.guest();
    guest.connect("a.example:443").await;
    let mut far = stage.far().await;
    guest.send(&named("a.example")).await;
    let retry = super::tls::server_hello(super::tls::RETRY);
    far.write_all(&retry).await.expect("a pipe");
    assert_eq!(
        (&mut guest.outcome).await.expect("no panic"),
        refused("client_hello_timeout")
    );
}

#[tokio::test(start_paused = true)]
async fn a_connection_on_which_nothing_moves_is_closed() {
    // Raw, TLS while the host is awaited, HTTP while the host is awaited, and a raw one that nobody began.
    for (authority, bytes) in [
        ("a.example:22", &b"\0hello"[..]),
        ("a.example:443", &named("a.example")),
        ("a.example:80", b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"),
        ("a.example:22", b""),
    ] {
        let stage = Stage::open();
        let mut guest = stage.guest();
        guest.connect(authority).await;
        let _far = stage.far().await;
        guest.send(bytes).await;
        let began = Instant::now();
        assert_eq!(
            (&mut guest.outcome).await.expect("no panic"),
            failed("idle"),
            "{authority}"
        );
        let after = began.elapsed();
        assert!(
            after >= Duration::from_mins(10) && after < Duration::from_secs(610),
            "{after:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_on_which_something_moves_stays() {
    let stage = Stage::open();
    let mut guest = stage.guest();
    guest.connect("a.example:22").await;
    let mut far = stage.far().await;
    for turn in 0..10 {
        sleep(Duration::from_mins(9)).await;
        if turn % 2 == 0 {
            guest.send(&[turn]).await;
            assert_eq!(exactly(&mut far, 1).await, [turn]);
        } else {
            far.write_all(&[turn]).await.expect("a pipe");
            assert_eq!(exactly(&mut guest.stream, 1).await, [turn]);
        }
    }
    drop(far);
    guest.rest().await;
    assert_eq!(guest.outcome().await, Outcome::Ended);
}

#[tokio::test(start_paused = true)]
async fn a_guest_that_reads_nothing_is_no_reason_to_wait_for_ever() {
    let stage = Stage::open();
    let mut guest = stage.guest();
    guest.connect("a.example:22").await;
    let mut far = stage.far().await;
    guest.send(b"\0").await;
    tokio::spawn(async move { while far.write_all(&[1; 1024]).await.is_ok() {} });
    assert_eq!((&mut guest.outcome).await.expect("no panic"), failed("idle"));
}

#[tokio::test(start_paused = true)]
async fn a_door_without_an_answer_becomes_504() {
    let stage = Stage::new(Mood::Hang, Limits::default());
    let mut guest = stage.guest();
    let began = Instant::now();
    guest.send(b"CONNECT a.example:443 HTTP/1.1\r\n\r\n").await;
    let answer = until(&mut guest.stream, b"\r\n\r\n").await;
    assert!(answer.starts_with(b"HTTP/1.1 504 Gateway Timeout\r\nX-Deskhand-Refusal: connect_timeout\r\n"));
    assert!(began.elapsed() <= Duration::from_secs(31));
    assert_eq!(guest.outcome().await, failed("connect_timeout"));
}

#[tokio::test(start_paused = true)]
async fn heads_have_a_size() {
    let most = Limits::default().head_bytes;
    for (what, fields) in [
        ("one long field", format!("X: {}\r\n", "x".repeat(most))),
        ("many fields", "X: y\r\n".repeat(101)),
        ("no end", "x".repeat(4 * most)),
    ] {
        let stage = Stage::open();
        let request = format!("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n{fields}\r\n");
        let (code, answer) = stage.refused_before_the_door(request.as_bytes()).await;
        assert_eq!(code, "head_too_large", "{what}");
        assert!(answer.starts_with("HTTP/1.1 431 "), "{what}: {answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn so_many_connections_and_no_more() {
    let limits = Limits {
        connections: 2,
        ..Limits::default()
    };
    let stage = Stage::new(Mood::Open, limits);
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut guest = stage.guest();
        guest.connect("a.example:22").await;
        held.push((guest, stage.far().await));
    }
    let mut third = stage.guest();
    let answer = String::from_utf8(third.rest().await).expect("text");
    assert!(
        answer.starts_with("HTTP/1.1 503 ") && answer.contains("too_many_connections"),
        "{answer}"
    );
    assert_eq!(third.outcome().await, refused("too_many_connections"));
    // One that ends makes room.
    let (guest, far) = held.pop().expect("two are held");
    drop(far);
    guest.outcome().await;
    stage.guest().connect("a.example:22").await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_client_that_stays_is_left() {
    let stage = Stage::open();
    let mut guest = stage.guest();
    guest.send(b"GET / HTTP/1.1\r\n\r\n").await;
    let began = Instant::now();
    assert_eq!(
        (&mut guest.outcome).await.expect("no panic"),
        refused("not_absolute")
    );
    assert!(began.elapsed() <= Duration::from_secs(3));
    // Also one that never stops talking.
    let stage = Stage::open();
    let guest = stage.guest();
    let (mut hears, mut talks) = tokio::io::split(guest.stream);
    talks.write_all(b"GET / HTTP/1.1\r\n\r\n").await.expect("a pipe");
    tokio::spawn(async move { while talks.write_all(&[b'x'; 4096]).await.is_ok() {} });
    assert_eq!(guest.outcome.await.expect("no panic"), refused("not_absolute"));
    let mut byte = [0];
    tokio::io::AsyncReadExt::read_exact(&mut hears, &mut byte)
        .await
        .expect("the refusal was sent");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_dropped_has_its_record() {
    let stage = Stage::open();
    let mut guest = stage.guest();
    guest.connect("a.example:22").await;
    let mut far = stage.far().await;
    guest.send(b"\0hello").await;
    assert_eq!(exactly(&mut far, 6).await, b"\0hello");
    guest.outcome.abort();
    assert_eq!(rest(&mut far).await, b"", "the connection ends with the stream");
    let record = stage.record();
    assert_eq!((record.outcome, record.sent), (failed("cancelled"), 6));
}
