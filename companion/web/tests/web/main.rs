//! The web tools against a real server on this machine, which policy allows by `deskhandEgressAllowPrivate`.

mod tools;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use deskhand_egress::{EgressError, Exchange, Gate, Network, WebRefusal};
use deskhand_policy::types::McpServer;
use deskhand_web::{
    FetchParams, FetchedPage, MAX_BODY, PageKind, SearchParams, SearchServer, WebError, WebFetch, WebSearch,
};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use tokio::net::TcpListener;

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let place = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move { axum::serve(listener, router).await });
    place
}

fn entry_of(entry: &Value) -> McpServer {
    serde_json::from_value(entry.clone()).expect("an entry of managedMcpServers")
}

fn gate(settings: Value) -> Gate {
    Gate::new(move |key| settings[key].clone(), Network::default())
}

fn fetcher(place: &str) -> WebFetch {
    let settings = json!({"coworkEgressAllowedHosts": [place], "deskhandEgressAllowPrivate": ["127.0.0.1"]});
    WebFetch::new(&gate(settings)).expect("an open tool")
}

fn params(url: String) -> FetchParams {
    FetchParams {
        url,
        from: 0,
        most: None,
    }
}

async fn fetch(place: &str, path: &str) -> Result<FetchedPage, WebError> {
    fetcher(place)
        .fetch(&params(format!("http://{place}{path}")))
        .await
}

fn answer(kind: &'static str, body: impl Into<Body>) -> Response {
    ([("content-type", kind)], body.into()).into_response()
}

#[tokio::test]
async fn gives_a_page_in_words_with_its_title_and_final_address() {
    let page = "<title>Rates</title><nav>Menu</nav><h1>Rates 2026</h1><p>Three &amp; a half.</p>";
    let place = serve(
        Router::new()
            .route("/old", get(|| async { Redirect::permanent("/new?x=1") }))
            .route(
                "/new",
                get(move || async move { answer("text/html; charset=utf-8", page) }),
            ),
    )
    .await;
    let found = fetch(&place, "/old").await.expect("a page");
    assert_eq!(found.address, format!("http://{place}/new?x=1"));
    assert_eq!(
        (found.title.as_deref(), found.kind),
        (Some("Rates"), PageKind::Html)
    );
    assert_eq!(found.text.trim(), "# Rates 2026\n\nThree & a half.");
    assert_eq!(found.next, None);
}

#[tokio::test]
async fn gives_plain_text_json_and_csv_as_they_came_and_in_parts() {
    let place = serve(
        Router::new()
            .route(
                "/text",
                get(|| async { answer("text/plain; charset=iso-8859-1", vec![b'b', 0xfc, b'c', b'h']) }),
            )
            .route(
                "/json",
                get(|| async { answer("application/json", r#"{"a": [1]}"#) }),
            )
            .route("/csv", get(|| async { answer("text/csv", "year;sum\n2025;7\n") })),
    )
    .await;
    assert_eq!(fetch(&place, "/text").await.expect("a page").text, "b\u{fc}ch");
    let json = fetch(&place, "/json").await.expect("a page");
    assert_eq!((json.text.as_str(), json.kind), (r#"{"a": [1]}"#, PageKind::Json));
    let part = |from, most| FetchParams {
        url: format!("http://{place}/csv"),
        from,
        most: Some(most),
    };
    let first = fetcher(&place).fetch(&part(0, 8)).await.expect("a page");
    assert_eq!(
        (first.text.as_str(), first.next, first.characters),
        ("year;sum", Some(8), 16)
    );
    let rest = fetcher(&place).fetch(&part(8, 100)).await.expect("a page");
    assert_eq!((rest.text.as_str(), rest.next), ("\n2025;7\n", None));
    let beyond = fetcher(&place)
        .fetch(&part(usize::MAX, 100))
        .await
        .expect("a page");
    assert_eq!((beyond.text.as_str(), beyond.next), ("", None));
}

#[tokio::test]
async fn gives_the_text_of_a_pdf_by_page() {
    let place = serve(Router::new().fallback(|| async { answer("application/pdf", small_pdf()) })).await;
    let found = fetch(&place, "/").await.expect("a page");
    assert_eq!(found.kind, PageKind::Pdf);
    assert!(
        found.text.starts_with("[Page 1]\n") && found.text.contains("Quarterly figures"),
        "{}",
        found.text
    );
    let broken =
        serve(Router::new().fallback(|| async { answer("application/pdf", "%PDF-1.7 and no more") })).await;
    let error = fetch(&broken, "/").await.expect_err("a refusal");
    assert!(matches!(error, WebError::Unreadable(_)), "{error}");
}

/// One page with one line, written by hand (ISO 32000-2, annex H).
fn small_pdf() -> Vec<u8> {
    let stream = "BT /F1 24 Tf 72 700 Td (Quarterly figures) Tj ET";
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{stream}\nendstream", stream.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let (mut file, mut places) = ("%PDF-1.4\n".to_owned(), Vec::new());
    for (number, object) in (1..).zip(&objects) {
        places.push(format!("{:010} 00000 n \n", file.len()));
        file += &[&format!("{number} 0 obj\n"), object.as_str(), "\nendobj\n"].concat();
    }
    let (table, count) = (file.len(), objects.len() + 1);
    let head = format!("xref\n0 {count}\n0000000000 65535 f \n");
    let end = format!("trailer\n<< /Size {count} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n");
    file += &[head, places.concat(), end].concat();
    file.into_bytes()
}

#[tokio::test]
async fn sends_nothing_of_the_person_along() {
    let seen = Arc::new(Mutex::new(HeaderMap::new()));
    let record = Arc::clone(&seen);
    let place = serve(Router::new().fallback(move |request: Request| async move {
        assert_eq!(request.method(), "GET");
        *record.lock().expect("no panic") = request.headers().clone();
        "hello"
    }))
    .await;
    fetch(&place, "/").await.expect("a page");
    let seen = seen.lock().expect("no panic").clone();
    let mut names: Vec<&str> = seen.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "host", "user-agent"]);
}

#[tokio::test]
async fn refuses_what_is_no_text_too_large_or_compressed() {
    let long = || async { answer("text/plain", Body::from(vec![b'x'; MAX_BODY + 1])) };
    let squeezed = || async {
        (
            [("content-encoding", "gzip"), ("content-type", "text/plain")],
            "x",
        )
            .into_response()
    };
    let place = serve(
        Router::new()
            .route("/image", get(|| async { answer("image/png", "x") }))
            .route(
                "/zip",
                get(|| async { answer("application/octet-stream", "PK\0\0") }),
            )
            .route("/long", get(long))
            .route("/gzip", get(squeezed))
            .route("/gone", get(|| async { StatusCode::GONE })),
    )
    .await;
    assert_eq!(
        fetch(&place, "/image").await,
        Err(WebError::Kind("image/png".to_owned()))
    );
    assert!(matches!(fetch(&place, "/zip").await, Err(WebError::Kind(_))));
    assert!(matches!(
        fetch(&place, "/gzip").await,
        Err(WebError::Unreadable(_))
    ));
    assert!(
        fetch(&place, "/long")
            .await
            .is_err_and(|error| error.is_too_large())
    );
    let address = format!("http://{place}/gone");
    assert_eq!(
        fetch(&place, "/gone").await,
        Err(WebError::Status { status: 410, address })
    );
}

#[tokio::test]
async fn refuses_addresses_that_are_no_pages_or_that_policy_closes() {
    let tool = fetcher("127.0.0.1:1");
    for wrong in [
        "",
        "ftp://example.com",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https://user:s3cr3t@example.com/",
        "a b",
    ] {
        let error = tool.fetch(&params(wrong.to_owned())).await.expect_err(wrong);
        assert!(matches!(error, WebError::Address(_)), "{wrong}: {error}");
        assert!(!error.to_string().contains("s3cr3t"), "{error}");
    }
    let closed = tool
        .fetch(&params("example.com/page".to_owned()))
        .await
        .expect_err("a refusal");
    let WebError::Egress(EgressError::Web { host, why, .. }) = closed else {
        panic!("{closed}");
    };
    assert_eq!((host.as_str(), why), ("example.com:443", WebRefusal::NotListed));
    let private = json!({"coworkEgressAllowedHosts": ["*"]});
    let tool = WebFetch::new(&gate(private)).expect("an open tool");
    for place in [
        "http://169.254.169.254/latest/meta-data",
        "http://0x7f.1/",
        "http://[::ffff:10.0.0.1]/",
    ] {
        let error = tool.fetch(&params(place.to_owned())).await.expect_err(place);
        assert!(
            matches!(
                error,
                WebError::Egress(EgressError::Web {
                    why: WebRefusal::NotPublic,
                    ..
                })
            ),
            "{error}"
        );
    }
}

#[test]
fn the_tool_is_closed_by_its_keys() {
    let table = [
        (json!({}), "coworkEgressAllowedHosts"),
        (
            json!({"coworkEgressAllowedHosts": []}),
            "coworkEgressAllowedHosts",
        ),
        (
            json!({"coworkEgressAllowedHosts": ["*"], "disabledBuiltinTools": ["WebFetch"]}),
            "disabledBuiltinTools",
        ),
    ];
    for (settings, key) in table {
        let error = WebFetch::new(&gate(settings)).expect_err(key);
        assert!(
            matches!(error, EgressError::Closed { key: found, .. } if found == key),
            "{error}"
        );
    }
}

#[tokio::test]
async fn stops_in_the_middle_of_an_answer_without_end() {
    let sent = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let place = serve(Router::new().fallback(move || async move {
        let block = bytes::Bytes::from(vec![b'x'; 1 << 16]);
        let endless = futures_util::stream::repeat_with(move || {
            count.fetch_add(block.len(), Ordering::SeqCst);
            Ok::<_, std::io::Error>(block.clone())
        });
        answer("text/plain", Body::from_stream(endless))
    }))
    .await;
    let error = fetch(&place, "/").await.expect_err("a refusal");
    assert!(
        matches!(
            &error,
            WebError::Egress(EgressError::Failed {
                exchange: Exchange::TooLong(_),
                ..
            })
        ),
        "{error}"
    );
    assert!(sent.load(Ordering::SeqCst) < 4 * MAX_BODY);
}

#[tokio::test]
async fn searches_with_the_organisations_service() {
    let place = serve(Router::new().route(
        "/q",
        post(|headers: HeaderMap, body: String| async move {
            if headers.get("authorization").is_none_or(|value| value != "Bearer company-key") {
                return StatusCode::UNAUTHORIZED.into_response();
            }
            assert_eq!(body, r#"{"q":"rates 2026"}"#);
            let found = json!({"results": [{"title": "Rates", "url": "https://example.com/rates", "snippet": "Three."}]});
            axum::Json(found).into_response()
        }),
    ))
    .await;
    let entry = |key: &str| {
        json!({"name": "search", "server": "websearch", "provider": "custom", "customUrl": format!("http://{place}/q"),
            "headers": {"Authorization": format!("Bearer {key}")}})
    };
    let tool = |entry: Value| {
        let server = SearchServer::among(&[entry_of(&entry)]).expect("a server");
        WebSearch::new(&gate(json!({"managedMcpServers": [entry]})), server)
    };
    let asked = |query: &str| SearchParams {
        query: query.to_owned(),
        most: None,
    };
    let found = tool(entry("company-key"))
        .expect("an open tool")
        .search(&asked(" rates 2026 "))
        .await;
    let found = found.expect("results").results;
    assert_eq!(
        (found.len(), found[0].address.as_str()),
        (1, "https://example.com/rates")
    );
    let refused = tool(entry("other"))
        .expect("an open tool")
        .search(&asked("rates 2026"))
        .await;
    assert_eq!(
        refused,
        Err(WebError::Status {
            status: 401,
            address: format!("http://{place}")
        })
    );
    let search = tool(entry("company-key")).expect("an open tool");
    for wrong in ["", "  ", &"x".repeat(401)] {
        assert!(matches!(
            search.search(&asked(wrong)).await,
            Err(WebError::Query(_))
        ));
    }
    for hidden in ["rates\u{e0041}\u{e0042}", "a\u{200b}b", "a\nb", "\u{202e}a"] {
        assert_eq!(search.search(&asked(hidden)).await, Err(WebError::Unseen));
    }
    let server = SearchServer::among(&[entry_of(&entry("x"))]).expect("a server");
    let closed = WebSearch::new(&gate(json!({})), server).expect_err("a refusal");
    assert!(closed.to_string().contains("managedMcpServers"), "{closed}");
}
