//! Tunnels that carry no TLS: who may speak first, what each port is for, how they end.

use deskhand_vm_proxy::{Carried, Entry, Outcome};
use futures_util::FutureExt as _;
use tokio::io::AsyncWriteExt as _;

use super::hello::named;
use super::party::{Stage, exactly, failed, refused, rest, until};

#[tokio::test(start_paused = true)]
async fn a_server_that_speaks_first_is_heard_and_answered() {
    let stage = Stage::open();
    let mut guest = stage.guest();
    guest.connect("git.example:22").await;
    let mut far = stage.far().await;
    far.write_all(b"SSH-2.0-server\r\n").await.expect("a pipe");
    assert_eq!(exactly(&mut guest.stream, 16).await, b"SSH-2.0-server\r\n");
    guest.send(b"SSH-2.0-client\r\n").await;
    assert_eq!(exactly(&mut far, 16).await, b"SSH-2.0-client\r\n");
    far.write_all(&[0, 1, 2]).await.expect("a pipe");
    assert_eq!(exactly(&mut guest.stream, 3).await, [0, 1, 2]);
    drop(far);
    assert_eq!(guest.rest().await, b"");
    assert_eq!(guest.outcome().await, Outcome::Ended);
    let record = stage.record();
    assert_eq!((record.entry, record.carried), (Entry::Connect, Carried::Raw));
    assert_eq!((record.sent, record.received), (16, 19));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_one_direction_leaves_the_other_open() {
    // The guest ends first, with and without having said anything.
    for said in [&b"\x00question"[..], b""] {
        let stage = Stage::open();
        let mut guest = stage.guest();
        guest.connect("a.example:5432").await;
        let mut far = stage.far().await;
        guest.send(said).await;
        guest.stream.shutdown().await.expect("a pipe");
        assert_eq!(rest(&mut far).await, said);
        far.write_all(b"answer").await.expect("a pipe");
        drop(far);
        assert_eq!(guest.rest().await, b"answer");
        assert_eq!(guest.outcome().await, Outcome::Ended);
    }
    // The host ends first, before the guest said anything and after.
    for early in [true, false] {
        let stage = Stage::open();
        let mut guest = stage.guest();
        guest.connect("a.example:5432").await;
        let mut far = stage.far().await;
        if !early {
            guest.send(b"\0first").await;
            assert_eq!(exactly(&mut far, 6).await, b"\0first");
        }
        far.write_all(b"all").await.expect("a pipe");
        far.shutdown().await.expect("a pipe");
        assert_eq!(rest(&mut guest.stream).await, b"all");
        guest.send(b"\0still").await;
        guest.stream.shutdown().await.expect("a pipe");
        assert_eq!(rest(&mut far).await, b"\0still");
        assert_eq!(guest.outcome().await, Outcome::Ended);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_slows_the_writer() {
    let stage = Stage::open();
    let mut guest = stage.guest();
    guest.connect("a.example:5432").await;
    let mut far = stage.far().await;
    guest.send(b"\0").await;
    exactly(&mut far, 1).await;
    // The guest reads nothing: what two pipes and one buffer hold is taken, and not a byte more.
    let (mut taken, piece) = (0, vec![7; 64 * 1024]);
    while let Some(Ok(written)) = far.write(&piece).now_or_never() {
        taken += written;
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }
    assert!(taken <= 2 * 64 * 1024 + 16 * 1024, "{taken} bytes lie about");
    far.shutdown().await.expect("a pipe");
    let reading = tokio::spawn(async move { rest(&mut guest.stream).await.len() });
    assert_eq!(reading.await.expect("no panic"), taken);
}

#[tokio::test(start_paused = true)]
async fn bytes_of_a_host_that_spoke_first_come_before_what_follows() {
    let request = b"GET / HTTP/1.1\r\nHost: a.example:8080\r\n\r\n".to_vec();
    for (first, sent) in [
        (b"\0raw".to_vec(), 4),
        (named("a.example"), named("a.example").len()),
        (request, 59),
    ] {
        let stage = Stage::open();
        let mut guest = stage.guest();
        guest.connect("a.example:8080").await;
        let mut far = stage.far().await;
        // More than the guest's pipe holds: the rest waits in the proxy while the guest begins to speak.
        let banner = vec![9; 64 * 1024 + 10_000];
        far.write_all(&banner).await.expect("a pipe");
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        guest.send(&first).await;
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        assert!(exactly(&mut guest.stream, banner.len()).await == banner);
        exactly(&mut far, sent).await;
        far.write_all(b"HTTP/1.1 200 Fine\r\nContent-Length: 4\r\n\r\nlast")
            .await
            .expect("a pipe");
        drop(far);
        assert!(guest.rest().await.ends_with(b"last"));
        assert_eq!(guest.outcome().await, Outcome::Ended);
    }
}

#[tokio::test(start_paused = true)]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
async fn port_80_carries_http_for_its_host_alone() {
    let stage = Stage::open();
    let mut guest = stage.guest();
    guest.connect("a.example:80").await;
    let mut far = stage.far().await;
    guest.send(b"GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n").await;
    let head = until(&mut far, b"\r\n\r\n").await;
    assert_eq!(
        head,
        b"GET /x HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"
    );
    far.write_all(b"HTTP/1.1 200 Fine\r\nContent-Length: 1\r\n\r\nx")
        .await
        .expect("a pipe");
    assert!(guest.rest().await.ends_with(b"\r\n\r\nx"));
    assert_eq!(stage.record().method.as_deref(), Some("GET"));

    for (port, request, code) in [
        (80, "GET /x HTTP/1.1\r\nHost: b.example\r\n\r\n", "host_mismatch"),
        (
            80,
            "GET http://b.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n",
            "host_mismatch",
        ),
        (
            80,
            "GET http://a.example/ HTTP/1.1\r\nHost: b.example\r\n\r\n",
            "host_mismatch",
        ),
        (80, "GET /x HTTP/1.1\r\n\r\n", "host_mismatch"),
        (
            80,
            "\r\nGET /x HTTP/1.1\r\nHost: b.example\r\n\r\n",
            "bad_request",
        ),
        (80, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "bad_request"),
        (80, "CONNECT /x HTTP/1.1\r\nHost: a.example\r\n\r\n", "bad_method"),
        (
            80,
            "CONNECT http://b.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n",
            "bad_method",
        ),
        (80, "\0binary", "not_http"),
        (80, "EHLO mail.example\r\n", "not_http"),
        (
            8080,
            "GET /x HTTP/1.1\r\nHost: b.example:8080\r\n\r\n",
            "host_mismatch",
        ),
        (
            8080,
            "get /x HTTP/1.1\r\nHost: b.example:8080\r\n\r\n",
            "host_mismatch",
        ),
        (
            8080,
            "\r\n\r\nGET /x HTTP/1.1\r\nHost: b.example:8080\r\n\r\n",
            "bad_request",
        ),
        (
            8080,
            "ODD\t/x HTTP/1.1\r\nHost: b.example:8080\r\n\r\n",
            "bad_request",
        ),
    ] {
        let stage = Stage::open();
        let mut guest = stage.guest();
        guest.connect(&format!("a.example:{port}")).await;
        let mut far = stage.far().await;
        guest.send(request.as_bytes()).await;
        guest.rest().await;
        assert_eq!(rest(&mut far).await, b"", "{request:?} reached the host");
        assert_eq!(guest.outcome().await, refused(code), "{request:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn port_443_carries_tls_alone() {
    for bytes in [
        &b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"[..],
        b"SSH-2.0-client\r\n",
        b"\x16\x02\x00",
        b"\x17\x03\x03\0\x01\0",
        b"\x80\x2e\x01\x03\x01",
        b"\0",
    ] {
        let stage = Stage::open();
        let mut guest = stage.guest();
        guest.connect("a.example:443").await;
        let mut far = stage.far().await;
        far.write_all(b"a banner").await.expect("a pipe");
        guest.send(bytes).await;
        assert_eq!(
            guest.rest().await,
            b"",
            "nothing of the host may pass before the hello"
        );
        assert_eq!(rest(&mut far).await, b"", "{}", bytes.escape_ascii());
        assert_eq!(
            guest.outcome().await,
            refused("not_tls"),
            "{}",
            bytes.escape_ascii()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_breaks_off_is_told_from_a_guest_that_does() {
    let stage = Stage::open();
    let mut guest = stage.guest();
    guest.connect("a.example:443").await;
    let mut far = stage.far().await;
    assert_eq!(guest.rest().await, b"");
    assert_eq!(rest(&mut far).await, b"");
    assert_eq!(guest.outcome().await, failed("client_gone"));
}

#[tokio::test(start_paused = true)]
async fn bytes_sent_along_with_connect_are_no_way_round() {
    let stage = Stage::open();
    let mut guest = stage.guest();
    guest
        .send(b"CONNECT a.example:443 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n")
        .await;
    let mut far = stage.far().await;
    guest.rest().await;
    assert_eq!(rest(&mut far).await, b"");
    assert_eq!(guest.outcome().await, refused("not_tls"));
}
