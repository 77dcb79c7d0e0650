//! What is sent and what answers mean, rule by rule of the protocol.

use http::HeaderName;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsPartialSuccess;
use pretty_assertions::assert_eq;

use super::*;

fn target(endpoint: &str, protocol: Protocol) -> Target {
    Target::new(endpoint, protocol).unwrap()
}

fn http() -> Target {
    target("https://collector.example.com", Protocol::HttpProtobuf)
}

fn grpc() -> Target {
    target("https://collector.example.com:4317", Protocol::Grpc)
}

fn answer(status: u16, headers: &[(&'static str, &str)]) -> Answer {
    let mut answer = Answer {
        status: StatusCode::from_u16(status).unwrap(),
        ..Answer::default()
    };
    for (name, value) in headers {
        answer
            .headers
            .insert(HeaderName::from_static(name), value.parse().unwrap());
    }
    answer
}

fn status(code: u32) -> Answer {
    let mut answer = answer(200, &[]);
    answer
        .trailers
        .insert("grpc-status", code.to_string().parse().unwrap());
    answer
}

fn payload(size: usize) -> Payload {
    Payload {
        stream: Stream::Traces,
        items: 1,
        message: vec![b'x'; size],
    }
}

/// Some records.
fn records() -> Payload {
    Payload {
        stream: Stream::Logs,
        ..payload(100)
    }
}

#[test]
fn addresses_follow_the_endpoint() {
    for (endpoint, protocol, expected) in [
        (
            "https://example.com",
            Protocol::HttpProtobuf,
            "https://example.com/v1/traces",
        ),
        (
            "https://example.com:4318/",
            Protocol::HttpJson,
            "https://example.com:4318/v1/traces",
        ),
        (
            "https://example.com/otlp/?a=b#c",
            Protocol::HttpProtobuf,
            "https://example.com/otlp/v1/traces",
        ),
        (
            "http://example.com:4317/x",
            Protocol::Grpc,
            "http://example.com:4317/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        ),
    ] {
        assert_eq!(target(endpoint, protocol).address(Stream::Traces), expected);
    }
}

#[test]
fn an_endpoint_that_is_no_address_of_http_is_refused() {
    for endpoint in [
        "",
        "collector:4317",
        "ftp://example.com",
        "grpc://example.com",
        "https://",
    ] {
        assert!(Target::new(endpoint, Protocol::Grpc).is_none(), "{endpoint}");
    }
}

#[test]
fn headers_of_the_administrator_stand_beside_ours() {
    let mut headers = HeaderMap::new();
    headers.insert("x-key", HeaderValue::from_static("secret"));
    headers.insert("content-type", HeaderValue::from_static("text/plain"));
    let request = http().request(&payload(10), true, &headers).unwrap();
    assert_eq!(request.headers()["x-key"], "secret");
    assert_eq!(request.headers()["content-type"], "application/x-protobuf");
    assert!(
        !request.headers().contains_key("content-encoding"),
        "too small to be worth it"
    );
    assert_eq!(request.version(), Version::HTTP_11);
}

#[test]
fn large_bodies_are_made_smaller_until_the_collector_cannot_read_that() {
    let request = http()
        .request(&payload(100_000), true, &HeaderMap::new())
        .unwrap();
    assert_eq!(request.headers()["content-encoding"], "gzip");
    assert!(request.body().len() < 1_000);
    let request = http()
        .request(&payload(100_000), false, &HeaderMap::new())
        .unwrap();
    assert_eq!(request.body().len(), 100_000);
}

#[test]
fn grpc_has_its_prefix_its_headers_and_its_version() {
    let request = grpc().request(&payload(10), true, &HeaderMap::new()).unwrap();
    assert_eq!(request.body()[..5], [0, 0, 0, 0, 10]);
    assert_eq!(request.headers()["te"], "trailers");
    assert_eq!(request.headers()["content-type"], "application/grpc");
    assert_eq!(request.version(), Version::HTTP_2);
    let request = grpc()
        .request(&payload(100_000), true, &HeaderMap::new())
        .unwrap();
    assert_eq!(request.body()[0], 1);
    assert_eq!(request.headers()["grpc-encoding"], "gzip");
}

#[test]
fn a_payload_of_another_version_is_no_request() {
    let json = target("https://example.com", Protocol::HttpJson);
    let other = Payload {
        message: vec![0xff; 10],
        ..payload(0)
    };
    assert!(json.request(&other, false, &HeaderMap::new()).is_none());
}

#[test]
fn http_answers_mean_what_the_protocol_says() {
    for code in [429, 502, 503, 504] {
        let again = http().verdict(&records(), &answer(code, &[("retry-after", "7")]));
        assert_eq!(
            again,
            Verdict::Again {
                after: Some(Duration::from_secs(7))
            },
            "{code}"
        );
    }
    for code in [400, 500, 501, 301] {
        assert_eq!(
            http().verdict(&records(), &answer(code, &[])),
            Verdict::Refused,
            "{code}"
        );
    }
    for code in [401, 403] {
        assert_eq!(
            http().verdict(&records(), &answer(code, &[])),
            Verdict::Unauthorized,
            "{code}"
        );
    }
    for code in [404, 405] {
        assert_eq!(
            http().verdict(&records(), &answer(code, &[])),
            Verdict::NoPlace,
            "{code}"
        );
    }
    assert_eq!(http().verdict(&records(), &answer(413, &[])), Verdict::TooLarge);
    assert_eq!(
        http().verdict(&records(), &answer(415, &[])),
        Verdict::NotCompressed
    );
    assert_eq!(
        http().verdict(&records(), &answer(200, &[])),
        Verdict::Taken { rejected: 0 }
    );
}

#[test]
fn a_collector_cannot_ask_to_wait_for_ever() {
    let again = http().verdict(&records(), &answer(503, &[("retry-after", "99999999")]));
    assert_eq!(
        again,
        Verdict::Again {
            after: Some(LONGEST_WAIT)
        }
    );
    for odd in ["Fri, 31 Dec 1999 23:59:59 GMT", "-1", "soon", ""] {
        let again = http().verdict(&records(), &answer(503, &[("retry-after", odd)]));
        assert_eq!(again, Verdict::Again { after: None }, "{odd}");
    }
}

#[test]
fn what_a_collector_rejects_of_a_request_is_counted_in_each_form() {
    let success = ExportLogsServiceResponse {
        partial_success: Some(ExportLogsPartialSuccess {
            rejected_log_records: 3,
            error_message: String::new(),
        }),
    };
    let message = success.encode_to_vec();
    let three = Verdict::Taken { rejected: 3 };
    let protobuf = Answer {
        body: message.clone().into(),
        ..answer(200, &[])
    };
    assert_eq!(http().verdict(&records(), &protobuf), three);
    for text in [
        r#"{"partialSuccess":{"rejectedLogRecords":"3"}}"#,
        r#"{"partialSuccess":{"rejectedLogRecords":3}}"#,
    ] {
        let json = answer(200, &[("content-type", "application/json; charset=utf-8")]);
        let json = Answer {
            body: text.into(),
            ..json
        };
        assert_eq!(http().verdict(&records(), &json), three);
    }
    let framed = Answer {
        body: framed(&message, false).unwrap().into(),
        ..status(0)
    };
    assert_eq!(grpc().verdict(&records(), &framed), three);
}

#[test]
fn grpc_codes_mean_what_the_protocol_says() {
    for code in [1, 4, 10, 14, 15] {
        assert_eq!(
            grpc().verdict(&records(), &status(code)),
            Verdict::Again { after: None },
            "{code}"
        );
    }
    for code in [2, 3, 6, 9, 13, 99] {
        assert_eq!(
            grpc().verdict(&records(), &status(code)),
            Verdict::Refused,
            "{code}"
        );
    }
    for code in [7, 16] {
        assert_eq!(
            grpc().verdict(&records(), &status(code)),
            Verdict::Unauthorized,
            "{code}"
        );
    }
    assert_eq!(grpc().verdict(&records(), &status(12)), Verdict::NotCompressed);
    assert_eq!(grpc().verdict(&records(), &status(5)), Verdict::NoPlace);
    assert_eq!(
        grpc().verdict(&records(), &answer(200, &[("grpc-status", "14")])),
        Verdict::Again { after: None }
    );
    assert_eq!(
        grpc().verdict(&records(), &answer(200, &[])),
        Verdict::Refused,
        "no status at all"
    );
    assert_eq!(
        grpc().verdict(&records(), &answer(503, &[])),
        Verdict::Again { after: None }
    );
}

#[test]
fn a_grpc_collector_without_room_gets_a_pause_and_finds_too_large_only_what_may_be() {
    let later = Verdict::Again { after: None };
    for code in [8, 11] {
        let said = |payload: &Payload, says: &str| {
            let mut full = status(code);
            full.trailers.insert("grpc-message", says.parse().unwrap());
            grpc().verdict(payload, &full)
        };
        assert_eq!(grpc().verdict(&records(), &status(code)), later);
        assert_eq!(said(&records(), "quota exceeded"), later);
        assert_eq!(said(&payload(SUSPICIOUS - 1), ""), later);
        assert_eq!(said(&payload(SUSPICIOUS), ""), Verdict::TooLarge);
        for says in [
            "grpc: received message larger than max (700000 vs. 65536)",
            "gRPC message exceeds maximum size 65536: 700000",
            "Received message exceeds the maximum configured message size.",
            "Error, decoded message length too large: found 700000 bytes, the limit is: 65536 bytes",
        ] {
            assert_eq!(said(&records(), says), Verdict::TooLarge, "{says}");
        }
    }
}

#[test]
fn a_grpc_collector_without_room_says_when_to_come_back() {
    let info = RetryInfo {
        delay: Some(RpcDuration {
            seconds: 3,
            nanos: 500_000_000,
        }),
    };
    let detail = RpcDetail {
        type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(),
        value: info.encode_to_vec(),
    };
    let details = RpcStatus {
        details: vec![detail],
    }
    .encode_to_vec();
    for code in [8, 14] {
        let mut full = status(code);
        let text = BASE64_STANDARD_NO_PAD.encode(&details);
        full.trailers
            .insert("grpc-status-details-bin", text.parse().unwrap());
        let expected = Verdict::Again {
            after: Some(Duration::from_millis(3_500)),
        };
        assert_eq!(
            grpc().verdict(&payload(SUSPICIOUS), &full),
            expected,
            "however large it is"
        );
    }
}

#[test]
fn answers_that_are_no_answers_do_no_harm() {
    for body in [
        &b"\xff\xff\xff\xff"[..],
        b"",
        b"{",
        b"\x00\xff\xff\xff\xff",
        b"\x01\x00\x00\x00\x01a",
    ] {
        let http_answer = Answer {
            body: Bytes::copy_from_slice(body),
            ..answer(200, &[])
        };
        assert_eq!(
            http().verdict(&records(), &http_answer),
            Verdict::Taken { rejected: 0 }
        );
        let grpc_answer = Answer {
            body: Bytes::copy_from_slice(body),
            ..status(0)
        };
        assert_eq!(
            grpc().verdict(&records(), &grpc_answer),
            Verdict::Taken { rejected: 0 }
        );
    }
}
