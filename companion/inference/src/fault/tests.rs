//! Which fault each answer and each failure on the way becomes.

use http::HeaderValue;
use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-11-21 08:00:00 UTC);

fn of(status: u16, body: &str) -> Fault {
    let status = StatusCode::from_u16(status).expect("a status");
    Fault::of_answer(status, &HeaderMap::new(), body.as_bytes(), &[], NOW)
}

#[test]
fn each_status_has_its_kind() {
    let anthropic = r#"{"type":"error","error":{"type":"not_found_error","message":"model: claude-nine"}}"#;
    let litellm = r#"{"error":{"message":"/v1/messages: Invalid model name passed in model=x","type":"None","code":"400"}}"#;
    let long = r#"{"error":{"type":"invalid_request_error","message":"prompt is too long: 208310 tokens > 200000 maximum"}}"#;
    let vllm = r#"{"error":{"message":"This model's maximum context length is 8192 tokens. However, you requested 9000 tokens.","code":400}}"#;
    let plain =
        r#"{"error":{"type":"invalid_request_error","message":"messages: at least one is required"}}"#;
    let table = [
        (400, plain, FaultKind::BadRequest),
        (400, litellm, FaultKind::ModelUnknown),
        (400, long, FaultKind::TooLong),
        (400, vllm, FaultKind::TooLong),
        (401, "", FaultKind::Auth),
        (403, "", FaultKind::Auth),
        (404, anthropic, FaultKind::ModelUnknown),
        (404, "<html>nginx</html>", FaultKind::BadRequest),
        (407, "", FaultKind::Proxy),
        (408, "", FaultKind::TimedOut),
        (413, "", FaultKind::TooLong),
        (429, "", FaultKind::RateLimited),
        (500, "", FaultKind::Overloaded),
        (502, "", FaultKind::Overloaded),
        (503, "", FaultKind::Overloaded),
        (529, "", FaultKind::Overloaded),
        (302, "", FaultKind::BadRequest),
    ];
    for (status, body, wanted) in table {
        assert_eq!(of(status, body).kind, wanted, "{status} {body}");
    }
}

#[test]
fn each_kind_has_a_code_of_its_own() {
    let kinds = [
        FaultKind::NotConfigured,
        FaultKind::Unreachable,
        FaultKind::Tls,
        FaultKind::Auth,
        FaultKind::ModelUnknown,
        FaultKind::RateLimited,
        FaultKind::Overloaded,
        FaultKind::TimedOut,
        FaultKind::StreamCut,
        FaultKind::Proxy,
        FaultKind::BadRequest,
        FaultKind::BadAnswer,
    ];
    let codes: std::collections::BTreeSet<_> = kinds.iter().map(|kind| kind.code().as_str()).collect();
    assert_eq!(codes.len(), kinds.len());
    assert!(codes.iter().all(|code| code.starts_with("INF_")));
}

fn on_the_way(exchange: Exchange) -> Fault {
    let origin = deskhand_egress::Origin::of_address("https://gateway.example").expect("an origin");
    Fault::of_egress(&EgressError::Failed { origin, exchange })
}

#[test]
fn name_connection_tls_and_provider_are_told_apart() {
    let why = || "why".to_owned();
    let (unresolved, trust) = (
        "The name of the model provider could not be resolved.",
        "No protected connection to the model provider came about.",
    );
    let closed = "The model provider could not be reached.";
    let table = [
        (Exchange::Unresolved(why()), unresolved, "INF_UNREACHABLE"),
        (Exchange::Unreachable(why()), closed, "INF_UNREACHABLE"),
        (Exchange::Tls(why()), trust, "INF_TLS"),
    ];
    for (exchange, happened, code) in table {
        let told = on_the_way(exchange).to_user_error();
        assert_eq!((told.happened.as_str(), told.code.as_str()), (happened, code));
    }
    // What the provider says is no fault of the way.
    let said = |status| Fault::of_answer(status, &HeaderMap::new(), b"", &[], NOW);
    let code = |status| said(status).to_user_error().code.as_str();
    assert_eq!(code(StatusCode::BAD_GATEWAY), "INF_OVERLOADED");
    assert_eq!(code(StatusCode::FORBIDDEN), "INF_AUTH");
}

#[test]
fn each_fault_of_a_proxy_has_its_sentence_and_names_the_proxy() {
    let why = || "why".to_owned();
    let scheme = deskhand_egress::SignInScheme::Negotiate;
    let asks = "The proxy asks for a sign-in.";
    let trust = "No protected connection to the proxy came about.";
    // The last says whether it is tried again.
    let table = [
        (
            ProxyFault::Unresolved(why()),
            "The name of the proxy could not be resolved.",
            true,
        ),
        (
            ProxyFault::Unreachable(why()),
            "The proxy could not be reached.",
            true,
        ),
        (ProxyFault::TimedOut, "The proxy did not answer in time.", true),
        (ProxyFault::Tls(why()), trust, true),
        (ProxyFault::SignIn("Negotiate, NTLM".to_owned()), asks, false),
        (ProxyFault::SignInFailed { scheme, why: why() }, asks, false),
        (
            ProxyFault::Refused(403),
            "The proxy refused the connection.",
            true,
        ),
        (
            ProxyFault::Answer,
            "The proxy's address is not one of a proxy.",
            true,
        ),
        (
            ProxyFault::Script(why()),
            "The script that names the proxy gave no way.",
            true,
        ),
    ];
    for (fault, happened, again) in table {
        let proxy = "http://proxy.example:3128".to_owned();
        let fault = on_the_way(Exchange::Proxy { proxy, fault });
        let told = fault.to_user_error();
        assert_eq!(
            (told.happened.as_str(), told.code.as_str()),
            (happened, "INF_PROXY")
        );
        assert_eq!(!fault.is_final, again, "{happened}");
        assert!(
            fault.detail.contains("http://proxy.example:3128"),
            "{}",
            fault.detail
        );
    }
    let managed = Fault::of_egress(&EgressError::Proxy(deskhand_egress::ProxyError::Scheme));
    assert_eq!(managed.to_user_error().code.as_str(), "INF_PROXY");
}

#[test]
fn the_key_that_a_gateway_repeats_is_not_shown() {
    let ours = Secret::new("company-key".to_owned());
    let body = br#"{"error":{"message":"bad key company-key, or sk-live-0123456789abcdef"}}"#;
    let fault = Fault::of_answer(StatusCode::UNAUTHORIZED, &HeaderMap::new(), body, &[&ours], NOW);
    let shown = fault.to_user_error().to_string() + &fault.detail;
    assert!(
        !shown.contains("company-key") && !shown.contains("0123456789abcdef"),
        "{shown}"
    );
    assert!(shown.contains("INF_AUTH"));
}

#[test]
fn a_body_of_any_bytes_gives_a_bounded_detail() {
    let fault = Fault::of_answer(
        StatusCode::BAD_GATEWAY,
        &HeaderMap::new(),
        &vec![0xff; 20_000],
        &[],
        NOW,
    );
    assert!(fault.detail.chars().count() < 400);
}

#[test]
fn reads_every_form_of_retry_after() {
    let table = [
        ("retry-after", "7", Some(7000)),
        ("retry-after", "0.5", Some(500)),
        ("retry-after", "Sat, 21 Nov 2026 08:00:09 GMT", Some(9000)),
        ("retry-after", "Sat, 21 Nov 2026 07:00:00 GMT", Some(0)),
        ("retry-after", "-3", None),
        ("retry-after", "NaN", None),
        ("retry-after", "soon", None),
        ("retry-after-ms", "250", Some(250)),
    ];
    for (name, value, wanted) in table {
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )]);
        assert_eq!(
            retry_after(&headers, NOW).map(|d| d.as_millis()),
            wanted,
            "{name}: {value}"
        );
    }
}

#[test]
fn what_refuses_a_stream_on_vertex_ai_is_read_in_a_list_and_by_itself() {
    let one = r#"{"error":{"code":400,"message":"prompt is too long","status":"INVALID_ARGUMENT"}}"#;
    for body in [one.to_owned(), format!("[{one}]")] {
        let said = WireError::read(body.as_bytes()).expect("an error");
        assert_eq!(said.message, "prompt is too long");
    }
}
