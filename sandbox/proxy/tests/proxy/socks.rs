//! SOCKS5 on the same port.

use deskhand_vm_proxy::{Carried, DoorRefusalKind, Entry, Host, Limits, Outcome};
use tokio::io::AsyncWriteExt as _;

use super::hello::named;
use super::party::{Mood, Stage, exactly, failed, refusal, refused, rest, until};

fn request(kind: u8, address: &[u8], port: u16) -> Vec<u8> {
    let port = port.to_be_bytes();
    [&[5, 1, 0, 5, 1, 0, kind][..], address, &port].concat()
}

fn by_name(name: &str, port: u16) -> Vec<u8> {
    request(3, &[&[name.len() as u8], name.as_bytes()].concat(), port)
}

const YES: [u8; 12] = [5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

#[tokio::test(start_paused = true)]
async fn names_and_addresses_reach_the_door_in_one_spelling() {
    let table = [
        (by_name("Files.Example", 22), "files.example"),
        (by_name("files.example.", 22), "files.example"),
        (by_name("0x7f.1", 22), "127.0.0.1"),
        (by_name("::1", 22), "[::1]"),
        (by_name("[::1]", 22), "[::1]"),
        (request(1, &[10, 0, 0, 1], 22), "10.0.0.1"),
        (
            request(4, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1], 22),
            "10.0.0.1",
        ),
        (
            request(4, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 22),
            "[::1]",
        ),
    ];
    for (bytes, host) in table {
        let stage = Stage::open();
        let mut guest = stage.guest();
        // A byte at a time: a stream has no messages.
        for byte in &bytes {
            guest.send(&[*byte]).await;
            tokio::task::yield_now().await;
        }
        assert_eq!(exactly(&mut guest.stream, 12).await, YES);
        assert_eq!(stage.asked(), [(host.to_owned(), 22)]);
        let mut far = stage.far().await;
        guest.send(b"\0hello").await;
        assert_eq!(exactly(&mut far, 6).await, b"\0hello");
        drop(far);
        guest.rest().await;
        assert_eq!(guest.outcome().await, Outcome::Ended);
        assert_eq!(
            (stage.record().entry, stage.record().carried),
            (Entry::Socks, Carried::Raw)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn tls_and_http_are_judged_as_behind_connect() {
    let cases: [(u16, Vec<u8>, Option<&'static str>); 5] = [
        (443, named("a.example"), None),
        (443, named("b.example"), Some("sni_mismatch")),
        (
            443,
            b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n".to_vec(),
            Some("not_tls"),
        ),
        (
            80,
            b"GET / HTTP/1.1\r\nHost: b.example\r\n\r\n".to_vec(),
            Some("host_mismatch"),
        ),
        (80, b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n".to_vec(), None),
    ];
    for (port, bytes, code) in cases {
        let stage = Stage::open();
        let mut guest = stage.guest();
        guest.send(&by_name("a.example", port)).await;
        assert_eq!(exactly(&mut guest.stream, 12).await, YES);
        let mut far = stage.far().await;
        guest.send(&bytes).await;
        if let Some(code) = code {
            guest.rest().await;
            assert_eq!(rest(&mut far).await, b"");
            assert_eq!(guest.outcome().await, refused(code));
        } else {
            until(&mut far, if port == 443 { b"a.example" } else { b"\r\n\r\n" }).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_doors_refusal_has_the_code_of_socks() {
    for (kind, code, outcome) in [
        (DoorRefusalKind::Policy, 2, refused("x")),
        (DoorRefusalKind::Failed, 4, failed("x")),
        (DoorRefusalKind::TimedOut, 6, failed("x")),
    ] {
        let stage = Stage::new(Mood::Refuse(refusal("x", "no", kind)), Limits::default());
        let mut guest = stage.guest();
        guest.send(&by_name("a.example", 443)).await;
        assert_eq!(guest.rest().await, [&[5, 0, 5, code, 0, 1][..], &[0; 6]].concat());
        assert_eq!(guest.outcome().await, outcome);
        assert_eq!(stage.record().host, Some(Host::Name("a.example".to_owned())));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_served_is_refused_by_name() {
    let table: [(Vec<u8>, &str, &[u8]); 12] = [
        (vec![5, 0], "bad_socks", &[5, 0xff]),
        (vec![5, 2, 1, 2], "bad_socks", &[5, 0xff]),
        (vec![5, 1, 0, 5, 2, 0, 1], "bad_socks", &[5, 0, 5, 7]),
        (vec![5, 1, 0, 5, 3, 0, 1], "bad_socks", &[5, 0, 5, 7]),
        (vec![5, 1, 0, 4, 1, 0, 1], "bad_socks", &[5, 0, 5, 7]),
        (vec![5, 1, 0, 5, 1, 0, 2], "bad_socks", &[5, 0, 5, 8]),
        (by_name("a.example", 0), "bad_port", &[5, 0, 5, 1]),
        (by_name("", 443), "bad_host", &[5, 0, 5, 1]),
        (by_name("user@a.example", 443), "bad_host", &[5, 0, 5, 1]),
        (by_name("a.example\0.b", 443), "bad_host", &[5, 0, 5, 1]),
        (by_name("bücher.example", 443), "bad_host", &[5, 0, 5, 1]),
        (request(3, &[2, 0xff, 0xfe], 443), "bad_host", &[5, 0, 5, 1]),
    ];
    for (bytes, code, reply) in table {
        let stage = Stage::open();
        let mut guest = stage.guest();
        guest.send(&bytes).await;
        let answer = guest.rest().await;
        assert!(answer.starts_with(reply), "{bytes:?}: {answer:?}");
        assert_eq!(guest.outcome().await, refused(code), "{bytes:?}");
        assert_eq!(stage.asked(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_ends_in_its_middle_is_a_client_that_went() {
    let bytes = by_name("a.example", 443);
    for end in 1..bytes.len() {
        let stage = Stage::open();
        let mut guest = stage.guest();
        guest.send(&bytes[..end]).await;
        guest.rest().await;
        assert_eq!(guest.outcome().await, failed("client_gone"), "{end}");
        assert_eq!(stage.asked(), []);
    }
    let mut guest = Stage::open().guest();
    guest.stream.shutdown().await.expect("a pipe");
    assert_eq!(guest.outcome().await, failed("client_gone"));
}
