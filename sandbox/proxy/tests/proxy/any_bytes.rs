//! Any bytes, in any pieces: no panic, one record, and never a byte to a host that the client did not name.

use std::sync::Arc;

use deskhand_vm_proxy::{
    BodyFraming, Carried, ClientHello, Framed, HelloReading, Limits, RequestHead, ServerName,
};
use proptest::prelude::*;
use proptest::sample::select;
use rustls::server::Acceptor;
use tokio::io::AsyncWriteExt as _;

use super::hello::named;
use super::party::{Stage, rest};

/// Pieces of what clients say, good and bad.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let words: Vec<&[u8]> = vec![
        b"CONNECT a.example:443 HTTP/1.1\r\n\r\n",
        b"CONNECT a.example:22 HTTP/1.1\r\nHost: a.example:22\r\n\r\n",
        b"CONNECT a.example:80 HTTP/1.1\r\n\r\n",
        b"GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n",
        b"POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: b.example\r\n\r\n",
        b"4\r\ndata\r\n",
        b"0\r\n\r\n",
        b"Content-Length: 3\r\n",
        b"\r\n",
        b"\n",
        b"\x05\x01\x00",
        b"\x05\x01\x00\x03\x09a.example\x01\xbb",
        b"\x16\x03\x01",
        b"\x14\x03\x03\x00\x01\x01",
    ];
    prop_oneof![
        4 => select(words).prop_map(<[u8]>::to_vec),
        2 => select(vec!["a.example", "b.example", "A.example."]).prop_map(named),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ]
}

/// A name that stands in a ClientHello at the start of what a host received.
fn server_name(bytes: &[u8]) -> Option<String> {
    match ClientHello::read(bytes, &Limits::default()) {
        Ok(HelloReading::Whole(hello, _)) => match hello.server_name {
            ServerName::Name(name) => Some(name),
            ServerName::Absent => None,
        },
        _ => None,
    }
}

async fn serve(pieces: Vec<Vec<u8>>, answer: Vec<u8>) {
    let stage = Arc::new(Stage::open());
    let hosts = {
        let stage = Arc::clone(&stage);
        tokio::spawn(async move {
            let mut far = stage.far().await;
            drop(far.write_all(&answer).await);
            rest(&mut far).await
        })
    };
    let mut guest = stage.guest();
    for piece in pieces {
        guest.send(&piece).await;
        tokio::task::yield_now().await;
    }
    guest.rest().await;
    guest.outcome().await;
    let record = stage.record();
    let Some((host, port)) = stage.asked().first().cloned() else {
        hosts.abort();
        assert_eq!(record.sent, 0);
        return;
    };
    let received = hosts.await.expect("no panic");
    assert_eq!(record.sent, received.len() as u64, "{record:?}");
    assert_eq!((host.as_str(), stage.asked().len()), ("a.example", 1));
    let text = String::from_utf8_lossy(&received).into_owned();
    match record.carried {
        Carried::Nothing => assert_eq!(received, b""),
        Carried::Tls if received.is_empty() => {}
        Carried::Tls => {
            let name = server_name(&received)
                .expect("a hello comes first")
                .to_ascii_lowercase();
            assert_eq!(name.trim_end_matches('.'), host);
        }
        Carried::Http => {
            assert!(
                received.is_empty() || text.contains("\r\nHost: a.example"),
                "{text}"
            );
            assert!(!text.contains("Host: b.example"), "{text}");
        }
        Carried::Raw => assert_eq!(port, 22),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_stream_ends_in_one_record_and_reaches_nobody_else(
        pieces in prop::collection::vec(piece(), 0..8),
        answer in prop_oneof![Just(b"HTTP/1.1 200 Fine\r\nContent-Length: 1\r\n\r\nx".to_vec()), prop::collection::vec(any::<u8>(), 0..60)],
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(serve(pieces, answer));
    }

    /// What rustls takes for a hello with a name is here the same hello with the same name.
    #[test]
    fn a_changed_hello_is_read_as_rustls_reads_it_or_refused(at in 0_usize..70, byte in any::<u8>(), cut in 0_usize..90) {
        let mut bytes = named("a.example");
        let at = at % bytes.len();
        bytes[at] = byte;
        bytes.truncate(bytes.len().min(90 - cut.min(89)).max(1));
        let mut acceptor = Acceptor::default();
        acceptor.read_tls(&mut &bytes[..]).expect("a slice is read");
        if let Ok(Some(accepted)) = acceptor.accept()
            && let Some(theirs) = accepted.client_hello().server_name()
        {
            let ours = server_name(&bytes);
            prop_assert!(ours.is_none_or(|ours| ours.eq_ignore_ascii_case(theirs)), "{:?}", &bytes);
        }
    }

    #[test]
    fn heads_and_bodies_of_any_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..300), split in 0_usize..300) {
        let limits = Limits::default();
        if let Ok(Some((head, length))) = RequestHead::read(&bytes, &limits) {
            prop_assert!(length <= bytes.len());
            let _ = head.framing();
        }
        let split = split.min(bytes.len());
        for strict in [true, false] {
            let (mut whole, mut parts) = (Framed::new(BodyFraming::Chunked, strict), Framed::new(BodyFraming::Chunked, strict));
            let at_once = whole.take(&bytes);
            let first = parts.take(&bytes[..split]);
            let in_parts = match first {
                Ok(taken) if !parts.is_done() => parts.take(&bytes[taken..]).map(|more| taken + more),
                other => other,
            };
            prop_assert_eq!(at_once, in_parts);
        }
    }
}
