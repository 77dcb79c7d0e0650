//! TLS in a tunnel, with hellos made by hand: which names pass, and what a refused client is told.

use deskhand_vm_proxy::{Carried, Outcome};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::hello::{message, named, records, server_names, unnamed, vector_16};
use super::party::{Stage, exactly, refused, rest};

/// unrecognized_name, decode_error, access_denied.
const ALERTS: [u8; 3] = [112, 50, 49];

/// Sends a hello through a tunnel; the alert if it was refused, with the code.
async fn refusal_of(authority: &str, hello: &[u8]) -> Option<(u8, Outcome)> {
    let stage = Stage::open();
    let mut guest = stage.guest();
    guest.connect(authority).await;
    let mut far = stage.far().await;
    far.write_all(b"a banner").await.expect("a pipe");
    // Whatever follows a hello waits for the far side's answer; here it would reach it if a refused hello did.
    guest.send(hello).await;
    let mut seen = vec![0; hello.len()];
    if far.read_exact(&mut seen).await.is_ok() {
        assert_eq!(seen, hello);
        return None;
    }
    let answer = guest.rest().await;
    assert_eq!(seen[0], 0, "{} reached the host", hello.escape_ascii());
    let answer = answer.strip_prefix(b"a banner").unwrap_or(&answer);
    let [0x15, 3, 3, 0, 2, 2, alert] = answer else {
        panic!("no alert: {}", answer.escape_ascii());
    };
    assert!(ALERTS.contains(alert));
    Some((*alert, guest.outcome().await))
}

/// The host of the tunnel, what is sent through it, and the alert and the code of its refusal.
type Case = (&'static str, Vec<u8>, Option<(u8, &'static str)>);

#[tokio::test(start_paused = true)]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
async fn only_a_hello_for_the_host_of_the_tunnel_passes() {
    let with = |extensions: &[(u16, Vec<u8>)]| records(&message(extensions), 1 << 14);
    let sni = || server_names(&[(0, b"a.example")]);
    let table: Vec<Case> = vec![
        ("a.example", named("a.example"), None),
        ("a.example", named("A.Example"), None),
        ("a.example", named("a.example."), None),
        ("A.EXAMPLE.", named("a.example"), None),
        ("xn--bcher-kva.example", named("XN--bcher-kva.example"), None),
        ("a.example", named("b.example"), Some((112, "sni_mismatch"))),
        ("a.example", named("sub.a.example"), Some((112, "sni_mismatch"))),
        ("sub.a.example", named("a.example"), Some((112, "sni_mismatch"))),
        ("a.example", named("a.example.."), Some((112, "sni_mismatch"))),
        ("a.example", named("%61.example"), Some((112, "sni_mismatch"))),
        ("a.example", named("a.example:443"), Some((112, "sni_mismatch"))),
        ("a.example", named("127.0.0.1"), Some((112, "sni_mismatch"))),
        ("a.example", unnamed(), Some((112, "sni_missing"))),
        ("192.0.2.1", unnamed(), None),
        ("[2001:db8::1]", unnamed(), None),
        ("192.0.2.1", named("a.example"), Some((112, "sni_on_address"))),
        ("192.0.2.1", named("192.0.2.1"), Some((112, "sni_on_address"))),
        (
            "a.example",
            with(&[sni(), (0xfe0d, vec![0, 0, 1])]),
            Some((49, "encrypted_client_hello")),
        ),
        (
            "a.example",
            with(&[sni(), (0xffce, vec![1])]),
            Some((49, "encrypted_client_hello")),
        ),
        (
            "a.example",
            with(&[(0xfe0d, vec![1])]),
            Some((49, "encrypted_client_hello")),
        ),
        (
            "192.0.2.1",
            with(&[(0xfe0d, vec![1])]),
            Some((49, "encrypted_client_hello")),
        ),
        (
            "a.example",
            with(&[server_names(&[(0, b"a.example"), (0, b"b.example")])]),
            Some((50, "bad_client_hello")),
        ),
        (
            "a.example",
            with(&[sni(), server_names(&[(0, b"b.example")])]),
            Some((50, "bad_client_hello")),
        ),
        (
            "a.example",
            with(&[server_names(&[(0, b"a.example\0")])]),
            Some((50, "bad_client_hello")),
        ),
        (
            "a.example",
            [&[22, 3, 1][..], &vector_16(&[1, 0, 0x40, 1])].concat(),
            Some((50, "bad_client_hello")),
        ),
        (
            "a.example",
            [&[22, 3, 1][..], &vector_16(&[2, 0, 0, 0])].concat(),
            Some((50, "bad_client_hello")),
        ),
        (
            "a.example",
            records(
                &[message(&[sni()]), message(&[server_names(&[(0, b"b.example")])])].concat(),
                1 << 14,
            ),
            Some((50, "bad_client_hello")),
        ),
    ];
    // On every port: a name inside TLS counts wherever TLS is spoken.
    for port in [443, 80, 8443, 22] {
        for (host, hello, wanted) in &table {
            let found = refusal_of(&format!("{host}:{port}"), hello).await;
            let wanted = wanted.map(|(alert, code)| (alert, refused(code)));
            assert_eq!(found, wanted, "{host}:{port} {}", hello.escape_ascii());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_hello_split_at_any_byte_passes_whole_and_not_before_it_is_whole() {
    let hello = named("a.example");
    let wrong = named("b.example");
    for split in 1..hello.len() {
        let stage = Stage::open();
        let mut guest = stage.guest();
        guest.connect("a.example:443").await;
        let mut far = stage.far().await;
        guest.send(&hello[..split]).await;
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        let nothing = tokio::io::AsyncReadExt::read_u8(&mut far);
        let nothing = futures_util::FutureExt::now_or_never(nothing);
        assert!(nothing.is_none(), "something passed after {split} bytes");
        guest.send(&hello[split..]).await;
        assert_eq!(exactly(&mut far, hello.len()).await, hello);

        let stage = Stage::open();
        let mut guest = stage.guest();
        guest.connect("a.example:443").await;
        let mut far = stage.far().await;
        guest.send(&wrong[..split]).await;
        tokio::task::yield_now().await;
        guest.send(&wrong[split..]).await;
        guest.rest().await;
        assert_eq!(rest(&mut far).await, b"");
        assert_eq!(guest.outcome().await, refused("sni_mismatch"));
    }
}

/// A ServerHello record with this random.
pub(crate) fn server_hello(random: [u8; 32]) -> Vec<u8> {
    let body = [&[3, 3][..], &random, &[0, 0x13, 1, 0, 0, 0]].concat();
    let message = [&[2, 0, 0, body.len() as u8][..], &body].concat();
    [&[22, 3, 3][..], &vector_16(&message)].concat()
}

/// RFC 8446, section 4.1.3.
pub(crate) const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
    0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];
const CHANGE_CIPHER_SPEC: [u8; 6] = [20, 3, 3, 0, 1, 1];

#[tokio::test(start_paused = true)]
async fn a_second_hello_is_judged_like_the_first() {
    let early = [23, 3, 3, 0, 3, 9, 9, 9];
    for before in [
        &[][..],
        &CHANGE_CIPHER_SPEC,
        &early,
        &[&early[..], &CHANGE_CIPHER_SPEC].concat(),
    ] {
        for size in [1 << 14, 7] {
            for (name, wanted) in [("a.example", None), ("b.example", Some("sni_mismatch"))] {
                let stage = Stage::open();
                let mut guest = stage.guest();
                guest.connect("a.example:443").await;
                let mut far = stage.far().await;
                let first = named("a.example");
                // All at once: a hostile client knows that it will be asked again.
                let second = records(&message(&[server_names(&[(0, name.as_bytes())])]), size);
                guest.send(&[&first[..], before, &second, b"keys"].concat()).await;
                assert_eq!(exactly(&mut far, first.len()).await, first);
                far.write_all(&server_hello(RETRY)).await.expect("a pipe");
                assert_eq!(
                    exactly(&mut guest.stream, server_hello(RETRY).len()).await,
                    server_hello(RETRY)
                );
                assert_eq!(exactly(&mut far, before.len()).await, before);
                if let Some(code) = wanted {
                    assert_eq!(guest.rest().await, [0x15, 3, 3, 0, 2, 2, 112]);
                    assert_eq!(rest(&mut far).await, b"", "the second hello reached the host");
                    assert_eq!(guest.outcome().await, refused(code));
                } else {
                    assert_eq!(
                        exactly(&mut far, second.len() + 4).await,
                        [&second[..], b"keys"].concat()
                    );
                    drop(far);
                    guest.rest().await;
                    assert_eq!(guest.outcome().await, Outcome::Ended);
                    assert_eq!(stage.record().carried, Carried::Tls);
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_follows_a_hello_before_the_host_answered() {
    let stage = Stage::open();
    let mut guest = stage.guest();
    guest.connect("a.example:443").await;
    let mut far = stage.far().await;
    let hello = named("a.example");
    guest.send(&[&hello[..], &named("b.example")].concat()).await;
    assert_eq!(exactly(&mut far, hello.len()).await, hello);
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    let early = futures_util::FutureExt::now_or_never(tokio::io::AsyncReadExt::read_u8(&mut far));
    assert!(early.is_none(), "a second hello went out unseen");
    // After an answer that asks for no other, the rest is the server's to refuse.
    far.write_all(&server_hello([1; 32])).await.expect("a pipe");
    assert_eq!(exactly(&mut far, 1).await, [22]);
}
