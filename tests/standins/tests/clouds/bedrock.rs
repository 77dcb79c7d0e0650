//! Amazon Bedrock: AWS's own library and the model's SDK talk to the stand-in, signed and with an API key, and sign in
//! through Identity Center.

use deskhand_standins::Device;
use deskhand_standins::bedrock::{self, Bedrock, Keys};
use deskhand_standins::gateway::Outcome;
use deskhand_standins::script::Script;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use crate::oracle::{GREETING, Oracle, TALK, faults};

const MODEL: &str = "eu.anthropic.claude-standin-v1:0";

async fn play(yaml: &str) -> Bedrock {
    let script = Script::from_yaml(yaml).expect("a script");
    Bedrock::start(script, 0).await.expect("a free port")
}

/// A model by its full name, which has signs that paths escape.
const ARN: &str =
    "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.anthropic.claude-standin-v1:0";

/// The talk that every library has, with a model of Bedrock's names.
async fn greeting() -> Bedrock {
    play(&GREETING.replace("[claude-standin]", &format!("['{MODEL}', '{ARN}']"))).await
}

/// AWS's library with what the stand-in knows.
struct Amazon(Oracle);

impl Amazon {
    fn start(stand_in: &Bedrock) -> Self {
        let known = json!({
            "base": stand_in.base_url(), "model": MODEL, "region": bedrock::REGION, "account": bedrock::ACCOUNT,
            "role": bedrock::ROLE, "start": bedrock::START_URL, "arn": ARN,
        });
        Self(Oracle::start("bedrock.py", &known))
    }

    async fn ask(&mut self, what: &str, keys: &Keys) -> Value {
        let keys =
            json!({"id": keys.access_key_id, "secret": keys.secret_access_key, "token": keys.session_token});
        self.0.ask_with(what, &keys).await
    }
}

#[tokio::test]
async fn the_models_sdk_talks_with_keys_with_temporary_keys_and_with_an_api_key() {
    let stand_in = greeting().await;
    let mut amazon = Amazon::start(&stand_in);
    let (lasting, temporary) = (stand_in.keys(), stand_in.temporary_keys());
    assert_eq!(amazon.ask("sdk", &lasting).await, *TALK);
    assert_eq!(amazon.ask("sdk", &temporary).await, *TALK);
    assert_eq!(amazon.ask("api key", &lasting).await, *TALK);
    let outcomes: Vec<Outcome> = stand_in.log().into_iter().map(|entry| entry.outcome).collect();
    assert_eq!(
        outcomes[..3],
        [Outcome::Step(1), Outcome::Step(2), Outcome::Step(2)]
    );
    let log = format!("{:?}", stand_in.log());
    assert!(!stand_in.secrets().iter().any(|secret| log.contains(secret)));
}

#[tokio::test]
async fn the_clouds_library_invokes_and_converses() {
    let stand_in = greeting().await;
    let mut amazon = Amazon::start(&stand_in);
    let keys = stand_in.temporary_keys();
    let words = ["I look", " at the ", "forecast – für Zürich ☀."];
    assert_eq!(
        amazon.ask("invoke", &keys).await,
        json!({
            "words": words, "kinds": ["content_block_delta", "content_block_start", "content_block_stop",
                "message_delta", "message_start", "message_stop"],
            "metrics": true, "its own version": [200, ""], "by its full name": [200, ""],
        })
    );
    assert_eq!(
        amazon.ask("converse", &keys).await,
        json!({
            "words": words, "stop": ["tool_use", "end_turn", "end_turn"],
            "call": {"name": "forecast", "input": {"place": "Zürich", "days": 2}},
            "second": "It will be clear, 21 degrees.", "whole": "It will be clear, 21 degrees.",
            "usage": {"inputTokens": 40, "outputTokens": 12, "totalTokens": 82, "cacheReadInputTokens": 30,
                "cacheWriteInputTokens": 0},
        })
    );
}

#[tokio::test]
async fn reasoning_pictures_and_documents_go_through_converse() {
    let stand_in = play(&format!(
        "
models: ['{MODEL}']
steps:
  - expect: {{ user: look, tools: [see] }}
    answer: {{ say: [{{ thinking: Hm. }}, {{ tool: see, input: {{}} }}] }}
  - expect: {{ results: [{{ tool: see, error: true, contains: shown, shows: [image/png, application/pdf] }}] }}
    answer: {{ say: [{{ text: Seen. }}], stop: max_tokens }}
"
    ))
    .await;
    let mut amazon = Amazon::start(&stand_in);
    assert_eq!(
        amazon.ask("content", &stand_in.keys()).await,
        json!({
            "reasoning": ["Hm.", "seal-of-3-bytes"], "stop": ["tool_use", "max_tokens"], "second": "Seen.",
            "document without a text": "A message with a document must also have a text.",
            "document with a dot": "document.name: \"page.pdf\" has other letters than alphanumeric ones, single blanks, hyphens, brackets",
            "no tools": "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
            "two turns of one": "A conversation must alternate between user and assistant roles.",
            "blank": "messages: text content blocks must contain non-whitespace text",
        })
    );
}

#[tokio::test]
async fn refuses_signatures_that_do_not_hold() {
    let stand_in = greeting().await;
    let mut amazon = Amazon::start(&stand_in);
    let keys = stand_in.temporary_keys();
    let invalid = json!([403, "InvalidSignatureException"]);
    assert_eq!(
        amazon.ask("signatures", &keys).await,
        json!({
            "right": [200, ""], "wrong secret": invalid, "other region": invalid, "other service": invalid,
            "other body": invalid, "other path": invalid, "other header": invalid, "header not signed": invalid,
            "other hash": invalid, "host not signed": invalid, "other day": invalid,
            "unknown key": [403, "UnrecognizedClientException"],
            "other session": [403, "UnrecognizedClientException"],
            "no session": [403, "UnrecognizedClientException"],
            "no signature": [403, "MissingAuthenticationTokenException"],
            "half a signature": [403, "IncompleteSignatureException"],
            "wrong api key": [403, "AccessDeniedException"],
        })
    );
}

#[tokio::test]
async fn refuses_signatures_of_another_time_and_keys_that_ended() {
    let stand_in = greeting().await;
    let mut amazon = Amazon::start(&stand_in);
    let keys = stand_in.temporary_keys();

    for (ahead, is_refused) in [(-420, true), (-180, false), (180, false), (420, true)] {
        stand_in.set_clock(ahead);
        let answer = amazon.ask("invoked", &keys).await;
        let refusal = if is_refused {
            "InvalidSignatureException"
        } else {
            ""
        };
        assert_eq!(answer["error"], refusal, "{ahead}");
        // Whoever is refused can find out by how much: the answer carries the time.
        let off = answer["ahead"].as_i64().expect("seconds");
        assert!((off - ahead).abs() < 60, "{ahead}: {off}");
    }
    stand_in.set_clock(0);
    stand_in.end_access();
    let answer = amazon.ask("invoked", &keys).await;
    assert_eq!(answer["error"], "ExpiredTokenException");
}

#[tokio::test]
async fn refuses_requests_as_the_service_would() {
    let stand_in = greeting().await;
    let mut amazon = Amazon::start(&stand_in);
    assert_eq!(
        amazon.ask("refusals", &stand_in.keys()).await,
        json!({
            "unknown model": [404, "ResourceNotFoundException"], "broken request": [400, "ValidationException"],
            "model in the body": [400, "ValidationException"], "stream in the body": [400, "ValidationException"],
            "other version": [400, "ValidationException"], "not in the script": [400, "ValidationException"],
        })
    );
    let log = stand_in.log().pop().expect("an entry");
    assert!(matches!(log.outcome, Outcome::Unexpected(why) if why.contains("weather")));
}

#[tokio::test]
async fn lists_models_and_profiles_to_whoever_signs() {
    let stand_in = play(&format!(
        "
models: ['{MODEL}', {{ id: us.anthropic.claude-other-v1:0, name: Other }}, anthropic.claude-plain-v1:0, meta.plain-v1:0]
steps: []
"
    ))
    .await;
    let mut amazon = Amazon::start(&stand_in);
    assert_eq!(
        amazon.ask("lists", &stand_in.keys()).await,
        json!({
            "all": ["anthropic.claude-plain-v1:0", "meta.plain-v1:0"], "of one": ["anthropic.claude-plain-v1:0"],
            "profiles": [MODEL, "us.anthropic.claude-other-v1:0"], "in pages": [1, 1],
            "of applications": [], "unsigned": [403, "UnrecognizedClientException"],
        })
    );
}

#[tokio::test]
async fn signs_in_through_identity_center_and_says_how_far_the_person_is() {
    let stand_in = greeting().await;
    let mut amazon = Amazon::start(&stand_in);
    let keys = stand_in.keys();
    for (device, said) in [
        (Device::Pending, "AuthorizationPendingException"),
        (Device::SlowDown, "SlowDownException"),
        (Device::Denied, "AccessDeniedException"),
        (Device::Expired, "ExpiredTokenException"),
    ] {
        stand_in.person(device);
        assert_eq!(amazon.ask("sign in", &keys).await, json!(said), "{device:?}");
    }
    stand_in.person(Device::Granted);
    assert_eq!(
        amazon.ask("sign in", &keys).await,
        json!({
            "talks": [200, ""], "expires in an hour": true, "code again": "InvalidGrantException",
            "refreshed": true, "refresh again": "InvalidGrantException", "other token": "UnauthorizedException",
            "other role": "ForbiddenException", "other start": "InvalidRequestException",
            "other secret": "InvalidClientException", "other scope": "InvalidScopeException",
        })
    );
}

/// What becomes of each try of `faults`.
fn heard() -> Value {
    json!([
        "429 ThrottlingException retry-after 7",
        "cut after one ",
        "cut after one ",
        "ended after one ",
        "ChecksumMismatch after one ",
        "ChecksumMismatch after one ",
        "InvalidPayloadLength after one ",
        "serviceUnavailableException after one ",
        "silence after one ",
        "one two three",
        "one two three",
    ])
}

#[tokio::test]
async fn every_fault_of_a_script_reaches_the_clouds_library() {
    let stand_in = play(&faults(MODEL, 3)).await;
    let mut amazon = Amazon::start(&stand_in);
    assert_eq!(amazon.ask("invoke faults", &stand_in.keys()).await, heard());
    let stand_in = play(&faults(MODEL, 2)).await;
    let mut amazon = Amazon::start(&stand_in);
    assert_eq!(amazon.ask("converse faults", &stand_in.keys()).await, heard());
}

#[tokio::test]
async fn a_connection_breaks_inside_a_frame() {
    let script = format!(
        "
models: ['{MODEL}']
steps: [{{ faults: [cut_inside: 2], answer: {{ say: [{{ text: one }}] }} }}]
"
    );
    let stand_in = play(&script).await;
    let mut amazon = Amazon::start(&stand_in);
    assert_eq!(
        amazon.ask("cut", &stand_in.keys()).await,
        json!([2, true]),
        "two frames and a piece"
    );
}

#[tokio::test]
async fn names_exceptions_as_the_service_does() {
    let script = format!(
        "
models: ['{MODEL}']
steps:
  - faults:
      - error_after: {{ events: 3, kind: rate_limit_error }}
      - error_after: {{ events: 3, kind: api_error }}
      - error_after: {{ events: 3, kind: invalid_request_error }}
      - error_after: {{ events: 3, kind: ModelStreamErrorException }}
      - error_after: {{ events: 3, kind: ModelTimeoutException }}
      - status: {{ code: 503 }}
      - status: {{ code: 424 }}
      - status: {{ code: 429, kind: ModelNotReadyException }}
      - status: {{ code: 403, kind: permission_error }}
      - status: {{ code: 500 }}
    answer: {{ say: [{{ text: one two }}] }}
"
    );
    let stand_in = play(&script).await;
    let mut amazon = Amazon::start(&stand_in);
    assert_eq!(
        amazon.ask("exceptions", &stand_in.keys()).await,
        json!([
            "throttlingException after one ",
            "internalServerException after one ",
            "validationException after one ",
            "modelStreamErrorException after one ",
            "modelTimeoutException after one ",
            "503 ServiceUnavailableException retry-after never",
            "424 ModelErrorException retry-after never",
            "429 ModelNotReadyException retry-after never",
            "403 AccessDeniedException retry-after never",
            "500 InternalServerException retry-after never",
        ])
    );
}
