//! Requests that two readers would cut apart differently: none reaches a host.

use super::party::{Stage, refused, rest, until};

#[tokio::test(start_paused = true)]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
async fn heads_that_could_be_cut_in_two_ways_are_refused() {
    let table: &[(&str, &str)] = &[
        ("Content-Length: 4\r\nTransfer-Encoding: chunked", "bad_framing"),
        ("Transfer-Encoding: chunked\r\nContent-Length: 4", "bad_framing"),
        ("Content-Length: 4\r\nContent-Length: 4", "bad_framing"),
        ("Content-Length: 4\r\nContent-Length: 5", "bad_framing"),
        ("Content-Length: 4, 4", "bad_framing"),
        ("Content-Length: +4", "bad_framing"),
        ("Content-Length: -1", "bad_framing"),
        ("Content-Length: 0x4", "bad_framing"),
        ("Content-Length: 4 4", "bad_framing"),
        ("Content-Length:", "bad_framing"),
        ("Content-Length: 99999999999999999999", "bad_framing"),
        ("Transfer-Encoding: identity", "bad_framing"),
        ("Transfer-Encoding: gzip, chunked", "bad_framing"),
        ("Transfer-Encoding: chunked, chunked", "bad_framing"),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "bad_framing",
        ),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
            "bad_framing",
        ),
        ("Transfer-Encoding: xchunked", "bad_framing"),
        ("Transfer-Encoding: \"chunked\"", "bad_framing"),
        ("Transfer-Encoding: \u{b}chunked", "bad_request"),
        ("Transfer-Encoding : chunked", "bad_request"),
        ("Transfer-Encoding\t: chunked", "bad_request"),
        ("Content-Length : 4", "bad_request"),
        ("X: 1\r\n Content-Length: 4", "bad_request"),
        ("X: 1\r\n\tfolded", "bad_request"),
        (" X: 1", "bad_request"),
        ("X: a\nContent-Length: 4", "bad_request"),
        ("X: a\rContent-Length: 4", "bad_request"),
        ("X: a\r\rContent-Length: 4", "bad_request"),
        ("X: a\0b", "bad_request"),
        ("X: a\u{7f}", "bad_request"),
        ("X\0: a", "bad_request"),
        ("X y: a", "bad_request"),
        (": a", "bad_request"),
        ("no colon", "bad_request"),
        ("Connection: Content-Length\r\nContent-Length: 4", "bad_framing"),
        ("Connection: close, host", "bad_framing"),
        (
            "Connection: transfer-encoding\r\nTransfer-Encoding: chunked",
            "bad_framing",
        ),
    ];
    for (fields, wanted) in table {
        let stage = Stage::open();
        let request = format!("POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\n{fields}\r\n\r\nbody");
        let (code, answer) = stage.refused_before_the_door(request.as_bytes()).await;
        assert_eq!(code, *wanted, "{fields:?}");
        assert!(answer.starts_with("HTTP/1.1 400 "), "{fields:?}: {answer}");
        // The same in a tunnel on port 80, where the door was asked for the tunnel and no more.
        let stage = Stage::open();
        let mut guest = stage.guest();
        guest.connect("a.example:80").await;
        let mut far = stage.far().await;
        let request = request.replace("http://a.example/", "/");
        guest.send(request.as_bytes()).await;
        let answer = String::from_utf8(guest.rest().await).expect("text");
        assert!(answer.starts_with("HTTP/1.1 400 "), "{fields:?}: {answer}");
        assert_eq!(rest(&mut far).await, b"", "{fields:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_line_before_a_request_is_refused() {
    let stage = Stage::open();
    let (code, _) = stage
        .refused_before_the_door(b"\r\nGET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n")
        .await;
    assert_eq!(code, "bad_request");
}

#[tokio::test(start_paused = true)]
async fn a_byte_that_no_head_may_have_is_refused_before_the_head_is_whole() {
    for bytes in [
        "GET /\rx",
        "GET /\n",
        "GET /\0",
        "GET /\u{7f}",
        "GET / HTTP/1.1\r\nX: \u{1}",
        "\r\n",
    ] {
        let stage = Stage::open();
        let mut guest = stage.guest();
        guest.send(bytes.as_bytes()).await;
        // Otherwise the proxy would wait for the rest, and then for nothing.
        assert_eq!(
            (&mut guest.outcome).await.expect("no panic"),
            refused("bad_request"),
            "{bytes:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn http_1_0_has_no_chunks() {
    let stage = Stage::open();
    let request = b"POST http://a.example/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(stage.refused_before_the_door(request).await.0, "bad_framing");
}

#[tokio::test(start_paused = true)]
async fn chunks_that_could_be_cut_in_two_ways_end_the_request() {
    let table = [
        "4\ndata\r\n0\r\n\r\n",
        "4\r\ndata\n0\r\n\r\n",
        "4\r\ndataX\r\n0\r\n\r\n",
        "4;ext\r\ndata\r\n0\r\n\r\n",
        "4 \r\ndata\r\n0\r\n\r\n",
        " 4\r\ndata\r\n0\r\n\r\n",
        "+4\r\ndata\r\n0\r\n\r\n",
        "0x4\r\ndata\r\n0\r\n\r\n",
        "-1\r\n",
        "\r\n",
        "g\r\n",
        "10000000000000004\r\ndata\r\n",
        "0000000000004\r\ndata\r\n",
        "4\rdata\r\n0\r\n\r\n",
        "0\r\nTrailer: 1\r\n\r\n",
        "0\r\nGET /second HTTP/1.1\r\n\r\n",
        "0\r\n\n",
    ];
    for body in table {
        let stage = Stage::open();
        let mut guest = stage.guest();
        let head = "POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n";
        guest.send(head.as_bytes()).await;
        let mut far = stage.far().await;
        until(&mut far, b"\r\n\r\n").await;
        guest.send(body.as_bytes()).await;
        let answer = String::from_utf8(guest.rest().await).expect("text");
        assert!(
            answer.contains("X-Deskhand-Refusal: bad_framing\r\n"),
            "{body:?}: {answer}"
        );
        assert_eq!(guest.outcome().await, refused("bad_framing"));
        assert!(
            !rest(&mut far).await.ends_with(b"0\r\n\r\n"),
            "{body:?} was completed"
        );
    }
}
