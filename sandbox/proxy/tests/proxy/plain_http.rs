//! Plain HTTP: what goes on, what stays here, what comes back.

use deskhand_vm_proxy::{Carried, DoorRefusalKind, Entry, Host, Limits, Outcome};
use tokio::io::AsyncWriteExt as _;

use super::party::{Mood, Stage, exactly, failed, refusal, refused, rest, until};

#[tokio::test(start_paused = true)]
async fn a_request_goes_on_with_its_own_fields_and_a_response_comes_back() {
    let stage = Stage::open();
    let mut guest = stage.guest();
    guest
        .send(
            b"GET http://Files.Example/a%20b?q=1 HTTP/1.1\r\nhost: files.example:80\r\nAccept: */*\r\n\
              Proxy-Connection: keep-alive\r\nProxy-Authorization: Basic eDp5\r\nConnection: keep-alive, X-Own\r\n\
              X-Own: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\nTrailer: X\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n",
        )
        .await;
    let mut far = stage.far().await;
    let head = until(&mut far, b"\r\n\r\n").await;
    let wanted = "GET /a%20b?q=1 HTTP/1.1\r\nHost: files.example\r\nAccept: */*\r\nConnection: close\r\n\r\n";
    assert_eq!(String::from_utf8_lossy(&head), wanted);
    let response = b"HTTP/1.1 200 Fine\r\nContent-Length: 5\r\nConnection: keep-alive\r\nKeep-Alive: 9\r\n\
        X-Deskhand-Refusal: forged\r\nX-Own: 2\r\n\r\nhello, and more that is no part of it";
    far.write_all(response).await.expect("the proxy reads");
    let answer = guest.rest().await;
    let wanted = "HTTP/1.1 200 Fine\r\nContent-Length: 5\r\nX-Own: 2\r\nConnection: close\r\n\r\nhello";
    assert_eq!(String::from_utf8_lossy(&answer), wanted);
    assert_eq!(guest.outcome().await, Outcome::Ended);
    let record = stage.record();
    assert_eq!((record.entry, record.carried), (Entry::Forward, Carried::Http));
    assert_eq!(record.host, Some(Host::Name("files.example".to_owned())));
    assert_eq!((record.port, record.method.as_deref()), (Some(80), Some("GET")));
    assert_eq!(record.sent, head.len() as u64);
    let head_of_response = response
        .windows(4)
        .position(|end| end == b"\r\n\r\n")
        .expect("a head")
        + 4;
    assert_eq!(record.received, head_of_response as u64 + 5);
    assert_eq!(record.duration.as_secs(), 1);
    assert!(
        !format!("{record:?}").contains("q=1"),
        "a query may hold a secret: {record:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_but_the_one_request_reaches_the_host() {
    for body in ["", "Content-Length: 4\r\n", "Transfer-Encoding: chunked\r\n"] {
        let sent = match body.len() {
            0 => "",
            19 => "data",
            _ => "4\r\ndata\r\n0\r\n\r\n",
        };
        let stage = Stage::open();
        let mut guest = stage.guest();
        let second = "GET http://files.example/second HTTP/1.1\r\nHost: evil.example\r\n\r\n";
        let first = format!("PUT http://files.example/ HTTP/1.1\r\nHost: files.example\r\n{body}\r\n{sent}");
        guest.send(format!("{first}{second}").as_bytes()).await;
        let mut far = stage.far().await;
        until(&mut far, b"\r\n\r\n").await;
        assert_eq!(exactly(&mut far, sent.len()).await, sent.as_bytes());
        far.write_all(b"HTTP/1.1 204 No\r\n\r\n")
            .await
            .expect("the proxy reads");
        guest.rest().await;
        assert_eq!(rest(&mut far).await, b"", "{body:?}: more than one request");
        assert_eq!(stage.asked().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
async fn what_is_no_request_for_a_host_is_refused_by_name() {
    let table = [
        ("GET / HTTP/1.1\r\nHost: a.example\r\n", "not_absolute"),
        ("GET * HTTP/1.1\r\nHost: a.example\r\n", "not_absolute"),
        (
            "GET https://a.example/ HTTP/1.1\r\nHost: a.example\r\n",
            "bad_scheme",
        ),
        (
            "GET ftp://a.example/ HTTP/1.1\r\nHost: a.example\r\n",
            "bad_scheme",
        ),
        (
            "GET file:///etc/passwd HTTP/1.1\r\nHost: a.example\r\n",
            "bad_scheme",
        ),
        ("GET a.example HTTP/1.1\r\nHost: a.example\r\n", "bad_scheme"),
        (
            "GET http://a.example/#x HTTP/1.1\r\nHost: a.example\r\n",
            "bad_request",
        ),
        (
            "GET http://u:p@a.example/ HTTP/1.1\r\nHost: a.example\r\n",
            "bad_host",
        ),
        (
            "GET http://a.example\\@b.example/ HTTP/1.1\r\nHost: a.example\r\n",
            "bad_host",
        ),
        ("GET http:///path HTTP/1.1\r\nHost: a.example\r\n", "bad_host"),
        (
            "GET http://a.example:443/ HTTP/1.1\r\nHost: a.example:443\r\n",
            "not_tls",
        ),
        (
            "TRACE http://a.example/ HTTP/1.1\r\nHost: a.example\r\n",
            "bad_method",
        ),
        ("PRI * HTTP/2.0\r\n", "bad_request"),
        (
            "GET http://a.example/\u{fc} HTTP/1.1\r\nHost: a.example\r\n",
            "bad_request",
        ),
        ("GET http://a.example/ HTTP/0.9\r\n", "bad_request"),
        ("GET http://a.example/ HTTP/1.2\r\n", "bad_request"),
        ("GET http://a.example/\r\n", "bad_request"),
        (
            "GET  http://a.example/ HTTP/1.1\r\nHost: a.example\r\n",
            "bad_request",
        ),
        ("GET http://a.example/ HTTP/1.1\r\n", "host_mismatch"),
        ("GET http://a.example/ HTTP/1.1\r\nHost:\r\n", "host_mismatch"),
        (
            "GET http://a.example/ HTTP/1.1\r\nHost: b.example\r\n",
            "host_mismatch",
        ),
        (
            "GET http://a.example/ HTTP/1.1\r\nHost: a.example:81\r\n",
            "host_mismatch",
        ),
        (
            "GET http://a.example:81/ HTTP/1.1\r\nHost: a.example\r\n",
            "host_mismatch",
        ),
        (
            "GET http://a.example/ HTTP/1.1\r\nHost: a.example, b.example\r\n",
            "host_mismatch",
        ),
        (
            "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\nHost: a.example\r\n",
            "host_mismatch",
        ),
        (
            "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\nhost: b.example\r\n",
            "host_mismatch",
        ),
        (
            "GET http://a.example/ HTTP/1.0\r\nHost: b.example\r\n",
            "host_mismatch",
        ),
        (
            "CONNECT a.example:443 HTTP/1.1\r\nHost: b.example:443\r\n",
            "host_mismatch",
        ),
        (
            "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:80\r\n",
            "host_mismatch",
        ),
        (
            "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\nHost: a.example\r\n",
            "host_mismatch",
        ),
        (
            "CONNECT a.example:443 HTTP/1.1\r\nContent-Length: 5\r\n",
            "bad_framing",
        ),
        (
            "CONNECT a.example:443 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n",
            "bad_framing",
        ),
    ];
    for (head, wanted) in table {
        let stage = Stage::open();
        let (code, answer) = stage
            .refused_before_the_door(format!("{head}\r\n").as_bytes())
            .await;
        assert_eq!(code, wanted, "{head}");
        assert!(
            answer.contains(&format!("X-Deskhand-Refusal: {wanted}\r\n")),
            "{answer}"
        );
        assert!(answer.contains("\r\n\r\nsandbox: "), "{answer}");
        let https = head.starts_with("GET https:");
        assert_eq!(answer.contains("https goes through CONNECT"), https, "{answer}");
        assert_eq!(stage.record().outcome, refused(wanted));
    }
}

#[tokio::test(start_paused = true)]
async fn the_doors_refusal_reaches_the_person_with_its_code_and_status() {
    let table = [
        (DoorRefusalKind::Policy, 403, refused("not_listed")),
        (DoorRefusalKind::Failed, 502, failed("not_listed")),
        (DoorRefusalKind::TimedOut, 504, failed("not_listed")),
    ];
    let why = "files.example is not on the list of allowed hosts (coworkEgressAllowedHosts). Ask your administrator.";
    for (kind, status, outcome) in table {
        for request in [
            "GET http://files.example/ HTTP/1.1\r\nHost: files.example",
            "CONNECT files.example:443 HTTP/1.1",
        ] {
            let stage = Stage::new(
                Mood::Refuse(refusal("not_\r\nlisted", why, kind)),
                Limits::default(),
            );
            let mut guest = stage.guest();
            guest.send(format!("{request}\r\n\r\n").as_bytes()).await;
            let answer = String::from_utf8(guest.rest().await).expect("text");
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
            assert!(
                answer.contains("\r\nX-Deskhand-Refusal: not_listed\r\n"),
                "{answer}"
            );
            assert!(answer.ends_with(&format!("\r\n\r\nsandbox: {why}\n")), "{answer}");
            assert_eq!(guest.outcome().await, outcome);
            assert_eq!(stage.record().message.as_deref(), Some(why));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_reaches_a_client_that_first_sends_everything() {
    let stage = Stage::open();
    let mut guest = stage.guest();
    guest
        .send(b"PUT / HTTP/1.1\r\nContent-Length: 200000\r\n\r\n")
        .await;
    let body = guest.stream.write_all(&vec![7; 200_000]).await;
    body.expect("a client that cannot send might not read either");
    let answer = String::from_utf8(guest.rest().await).expect("text");
    assert!(
        answer.contains("X-Deskhand-Refusal: not_absolute\r\n"),
        "{answer}"
    );
}

#[tokio::test(start_paused = true)]
async fn head_has_a_refusal_without_a_body() {
    let stage = Stage::open();
    let (_, answer) = stage
        .refused_before_the_door(b"HEAD http://a.example/ HTTP/1.1\r\n\r\n")
        .await;
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_for_100_continue_hears_the_hosts() {
    let stage = Stage::open();
    let mut guest = stage.guest();
    guest
        .send(b"POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        .await;
    let mut far = stage.far().await;
    let head = until(&mut far, b"\r\n\r\n").await;
    assert!(String::from_utf8_lossy(&head).contains("\r\nExpect: 100-continue\r\n"));
    far.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")
        .await
        .expect("the proxy reads");
    assert_eq!(
        until(&mut guest.stream, b"\r\n\r\n").await,
        b"HTTP/1.1 100 Continue\r\n\r\n"
    );
    guest.send(b"data").await;
    assert_eq!(exactly(&mut far, 4).await, b"data");
    far.write_all(b"HTTP/1.1 201 Made\r\nContent-Length: 0\r\n\r\n")
        .await
        .expect("the proxy reads");
    assert!(guest.rest().await.starts_with(b"HTTP/1.1 201 Made\r\n"));
    assert_eq!(guest.outcome().await, Outcome::Ended);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_answers_before_the_body_is_sent_is_heard() {
    let stage = Stage::open();
    let mut guest = stage.guest();
    guest
        .send(b"POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nContent-Length: 1000000\r\n\r\nfirst")
        .await;
    let mut far = stage.far().await;
    until(&mut far, b"\r\n\r\n").await;
    far.write_all(b"HTTP/1.1 413 Too much\r\nContent-Length: 2\r\n\r\nno")
        .await
        .expect("the proxy reads");
    drop(far);
    let answer = rest(&mut guest.stream).await;
    assert!(answer.starts_with(b"HTTP/1.1 413 ") && answer.ends_with(b"\r\n\r\nno"));
}

#[tokio::test(start_paused = true)]
async fn options_without_a_path_asks_the_whole_server() {
    for (target, wanted) in [
        ("http://a.example", "*"),
        ("http://a.example/", "/"),
        ("http://a.example?x", "/?x"),
    ] {
        let stage = Stage::open();
        let mut guest = stage.guest();
        guest
            .send(format!("OPTIONS {target} HTTP/1.1\r\nHost: a.example\r\n\r\n").as_bytes())
            .await;
        let head = until(&mut stage.far().await, b"\r\n").await;
        assert_eq!(
            String::from_utf8_lossy(&head),
            format!("OPTIONS {wanted} HTTP/1.1\r\n")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn bodies_of_responses_end_where_their_framing_says() {
    let table: &[(&str, &str, &str, Outcome)] = &[
        ("GET", "Content-Length: 3\r\n", "abc|junk", Outcome::Ended),
        (
            "GET",
            "Content-Length: 3\r\nContent-Length: 3\r\n",
            "abc|junk",
            Outcome::Ended,
        ),
        (
            "GET",
            "Transfer-Encoding: chunked\r\n",
            "3;x=\"y\"\r\nabc\r\n0\r\nTrailer: 1\r\n\r\n|junk",
            Outcome::Ended,
        ),
        ("GET", "", "to the end|", Outcome::Ended),
        ("HEAD", "Content-Length: 3\r\n", "|junk", Outcome::Ended),
        ("GET", "Content-Length: 9\r\n", "cut|", failed("server_gone")),
        (
            "GET",
            "Transfer-Encoding: chunked\r\n",
            "3\r\nab|",
            failed("server_gone"),
        ),
    ];
    for (method, field, body, outcome) in table {
        let (ours, junk) = body.split_once('|').expect("a mark");
        let stage = Stage::open();
        let mut guest = stage.guest();
        guest
            .send(format!("{method} http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n").as_bytes())
            .await;
        let mut far = stage.far().await;
        far.write_all(format!("HTTP/1.1 200 Fine\r\n{field}\r\n{ours}{junk}").as_bytes())
            .await
            .expect("a pipe");
        drop(far);
        let answer = String::from_utf8(guest.rest().await).expect("text");
        let (_, found) = answer.split_once("\r\n\r\n").expect("a head");
        assert_eq!(found, ours, "{method} {field}");
        assert_eq!(guest.outcome().await, *outcome, "{method} {field}");
    }
}

#[tokio::test(start_paused = true)]
async fn responses_that_could_be_read_in_two_ways_become_502() {
    let endless = "HTTP/1.1 100 Continue\r\n\r\n".repeat(9);
    let large = format!("HTTP/1.1 200 Fine\r\nX: {}\r\n\r\n", "x".repeat(40_000));
    let table = [
        "HTTP/1.1 200 Fine\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 Fine\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
        "HTTP/1.1 200 Fine\r\nContent-Length: +3\r\n\r\n",
        "HTTP/1.1 200 Fine\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 Fine\nContent-Length: 3\n\n",
        "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n",
        "HTTP/2 200\r\n\r\n",
        "220 mail.example\r\n\r\n",
        "HTTP/1.1 099 Odd\r\n\r\n",
        large.as_str(),
    ];
    for response in table {
        let stage = Stage::open();
        let mut guest = stage.guest();
        guest
            .send(b"GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n")
            .await;
        let mut far = stage.far().await;
        far.write_all(response.as_bytes()).await.expect("a pipe");
        let answer = String::from_utf8(guest.rest().await).expect("text");
        assert!(
            answer.starts_with("HTTP/1.1 502 Bad Gateway\r\nX-Deskhand-Refusal: bad_response\r\n"),
            "{answer}"
        );
        assert_eq!(guest.outcome().await, failed("bad_response"), "{response:.60}");
    }
    let stage = Stage::open();
    let mut guest = stage.guest();
    guest
        .send(b"GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n")
        .await;
    stage
        .far()
        .await
        .write_all(endless.as_bytes())
        .await
        .expect("a pipe");
    assert!(
        !String::from_utf8_lossy(&guest.rest().await).contains("502"),
        "only one answer may be given"
    );
    assert_eq!(guest.outcome().await, failed("bad_response"));
}

#[tokio::test(start_paused = true)]
async fn http_1_0_is_spoken_on_as_http_1_0() {
    let stage = Stage::open();
    let mut guest = stage.guest();
    guest.send(b"GET http://a.example/ HTTP/1.0\r\n\r\n").await;
    let head = until(&mut stage.far().await, b"\r\n\r\n").await;
    assert_eq!(
        head,
        b"GET / HTTP/1.0\r\nHost: a.example\r\nConnection: close\r\n\r\n"
    );
}
