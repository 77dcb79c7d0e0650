//! The stand-in gateway over its socket: strictness, templates, faults and the log.

#![expect(clippy::disallowed_methods, reason = "tests are clients of the stand-in")]

use deskhand_standins::gateway::{Gateway, Outcome, Part};
use deskhand_standins::script::Script;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn play(yaml: &str) -> Gateway {
    let script = Script::from_yaml(yaml).expect("a script");
    Gateway::start(Part::Script(Box::new(script)), 0)
        .await
        .expect("a free port")
}

/// Sends a request on a connection of its own and reads until the other side ends; `None` for a connection that broke.
async fn send(gateway: &Gateway, head: &str, body: &Value) -> String {
    let address = gateway.base_url();
    let mut stream = TcpStream::connect(address.trim_start_matches("http://"))
        .await
        .expect("a connection");
    let body = body.to_string();
    let request = format!(
        "{head} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nanthropic-version: 2023-06-01\r\nx-api-key: standin-key\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream
        .write_all(request.as_bytes())
        .await
        .expect("an open connection");
    let mut answer = Vec::new();
    // A cut connection is a result too.
    stream.read_to_end(&mut answer).await.ok();
    String::from_utf8_lossy(&answer).into_owned()
}

async fn ask(gateway: &Gateway, messages: Value) -> String {
    let tools = json!([{"name": "forecast", "input_schema": {"type": "object"}}]);
    let body = json!({"model": "claude-standin", "max_tokens": 10, "stream": true, "messages": messages, "tools": tools});
    send(gateway, "POST /v1/messages", &body).await
}

fn asked() -> Value {
    json!([{"role": "user", "content": "What will the Weather be?"}])
}

fn answered(sky: &str) -> Value {
    let mut messages = asked();
    let list = messages.as_array_mut().expect("a list");
    list.push(json!({"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "forecast", "input": {}}]}));
    list.push(json!({"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "c1", "content": format!("<data>{{\"sky\": \"{sky}\", \"high\": 21}}</data>")}]}));
    messages
}

const GREETING: &str = include_str!("../scripts/greeting.yaml");

#[tokio::test]
async fn plays_each_step_where_the_conversation_stands() {
    let gateway = play(GREETING).await;
    let second = ask(&gateway, answered("clear")).await;
    assert!(second.contains("clear, ") && second.contains("21 "), "{second}");
    let first = ask(&gateway, asked()).await;
    assert!(
        first.contains("input_json_delta") && first.contains("\"stop_reason\":\"tool_use\""),
        "{first}"
    );
    let again = ask(&gateway, answered("foggy")).await;
    assert!(again.contains("foggy, "), "{again}");
    let outcomes: Vec<Outcome> = gateway.log().into_iter().map(|entry| entry.outcome).collect();
    assert_eq!(outcomes, [Outcome::Step(2), Outcome::Step(1), Outcome::Step(2)]);
}

#[tokio::test]
async fn answers_an_unexpected_request_with_what_was_expected() {
    let gateway = play(GREETING).await;
    let answer = ask(&gateway, json!([{"role": "user", "content": "Hello"}])).await;
    assert!(
        answer.starts_with("HTTP/1.1 500") && answer.contains("x-should-retry: false"),
        "{answer}"
    );
    assert!(answer.contains("expected the person to say"), "{answer}");
    let entry = gateway.log().pop().expect("an entry");
    assert!(matches!(entry.outcome, Outcome::Unexpected(why) if why.contains("weather")));
    let log = send(&gateway, "GET /__log", &Value::Null).await;
    assert!(
        log.contains("expected the person to say") && !log.contains("standin-key"),
        "{log}"
    );
}

#[tokio::test]
async fn refuses_a_wrong_key_an_unknown_model_and_a_broken_request() {
    let gateway = play(&GREETING.replace("standin-key", "another-key")).await;
    assert!(ask(&gateway, asked()).await.starts_with("HTTP/1.1 401"));
    let gateway = play(&GREETING.replace("claude-standin", "claude-other")).await;
    assert!(ask(&gateway, asked()).await.starts_with("HTTP/1.1 404"));
    let gateway = play(GREETING).await;
    assert!(ask(&gateway, json!([])).await.starts_with("HTTP/1.1 400"));
    assert!(
        send(&gateway, "POST /v1/other", &Value::Null)
            .await
            .starts_with("HTTP/1.1 404")
    );
}

#[tokio::test]
async fn plays_each_fault_once_and_then_the_answer() {
    let faults = "
models: [claude-standin]
steps:
  - faults:
      - status: { code: 529, kind: overloaded_error, headers: { retry-after: '0' } }
      - cut_after: 3
      - cut_inside: 3
      - end_after: 3
      - garbage_after: 1
      - error_after: { events: 2, kind: overloaded_error }
      - not_streamed
    answer: { say: [{ text: one two }] }
";
    let gateway = play(faults).await;
    let mut answers = Vec::new();
    for _ in 0..8 {
        answers.push(ask(&gateway, asked()).await);
    }
    assert!(
        answers[0].starts_with("HTTP/1.1 529") && answers[0].contains("retry-after: 0"),
        "{}",
        answers[0]
    );
    let ends = |answer: &str| answer.ends_with("\r\n0\r\n\r\n");
    assert!(
        !ends(&answers[1]) && !answers[1].contains("content_block_delta"),
        "{}",
        answers[1]
    );
    let inside = &answers[2];
    assert!(
        !ends(inside) && inside.contains("event: content_block_delta") && !inside.contains("text_delta"),
        "{inside}"
    );
    assert!(
        ends(&answers[3]) && !answers[3].contains("message_stop"),
        "{}",
        answers[3]
    );
    assert!(answers[4].contains("data: {\"type\":\n"), "{}", answers[4]);
    assert!(
        answers[5].contains("event: error") && answers[5].contains("overloaded_error"),
        "{}",
        answers[5]
    );
    assert!(
        answers[6].contains("content-type: application/json") && answers[6].contains("one two"),
        "{}",
        answers[6]
    );
    assert!(
        ends(&answers[7]) && answers[7].contains("message_stop"),
        "{}",
        answers[7]
    );
}

#[tokio::test]
async fn finds_the_step_by_its_expectations_where_the_order_is_free() {
    let free = "
models: [claude-standin]
order: any
steps:
  - { expect: { user: rain }, answer: { say: [{ text: yes-rain }] } }
  - { expect: { user: weather }, answer: { say: [{ text: yes-weather }] } }
";
    let gateway = play(free).await;
    assert!(ask(&gateway, asked()).await.contains("yes-weather"));
    let none = ask(&gateway, json!([{"role": "user", "content": "sun"}])).await;
    assert!(none.contains("step 1:") && none.contains("step 2:"), "{none}");
}

#[test]
fn every_script_of_the_folder_can_be_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts");
    let paths = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path());
    let scripts: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .collect();
    assert!(!scripts.is_empty());
    for path in scripts {
        let text = std::fs::read_to_string(&path).expect("a script");
        Script::from_yaml(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}
