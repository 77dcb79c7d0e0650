//! Secrets inside values, and where credentials go.

use std::sync::Arc;

use deskhand_platform::{Paths, Secret};
use deskhand_policy::{ProblemKind, Store as _};
use deskhand_protocol::ErrorCode;
use deskhand_protocol::configuration::{DraftParams, ExportContent, ProblemWeight, SettingInput};
use serde_json::{Value, json};

use super::super::{files, set};
use super::{GATEWAY, Home, KEY, SECRET, changes, file, managed, setting};
use crate::configuration::draft::Draft;
use crate::settings::{Settings, user_file};

const SERVERS: &str = "managedMcpServers";
const NAME: &str = "managedMcpServers/docs/headers/x-key";
const MASK: &str = "••••";

fn servers(url: &str, secret: &Value) -> Value {
    json!([{ "name": "docs", "transport": "http", "url": url, "headers": { "x-key": secret } }])
}

fn docs(secret: &str) -> Value {
    json!({ SERVERS: servers("https://docs.example.com/mcp", &json!(secret)) })
}

fn gateway(url: &str) -> Value {
    json!({ "inferenceProvider": "gateway", GATEWAY: url, KEY: SECRET })
}

/// The header of the one server as it is in effect.
fn header(home: &Home) -> Option<String> {
    let policy = home.configuration.sources().policy;
    let server = policy.connectors.managed_mcp_servers.value.0.first()?;
    Some(server.headers.as_ref()?.iter().next()?.1.to_owned())
}

#[tokio::test]
async fn a_secret_inside_a_value_goes_into_the_secret_store_and_the_file_refers_to_it() {
    let home = Home::new(None);
    let answer = home.applied(docs(SECRET)).await;
    let text = home.file().expect("a file");
    assert!(
        !text.contains(SECRET) && text.contains("\"$secret\"") && text.contains(NAME),
        "{text}"
    );
    assert!(!serde_json::to_string(&answer).expect("JSON").contains(SECRET));
    let row = setting(&answer, SERVERS);
    assert!(row.secrets && row.value.to_string().contains(MASK));
    assert_eq!(home.kept_under(NAME).as_deref(), Some(SECRET));
    assert_eq!(header(&home).as_deref(), Some(SECRET));

    let more = json!([row.value[0], { "name": "b", "transport": "http", "url": "https://b.example.org" }]);
    let answer = home.applied(json!({ SERVERS: more })).await;
    assert_eq!(header(&home).as_deref(), Some(SECRET), "a mask stays as it is");
    assert_eq!(setting(&answer, SERVERS).value.as_array().map(Vec::len), Some(2));

    home.applied(docs("the-next")).await;
    assert_eq!(header(&home).as_deref(), Some("the-next"));
    home.applied(json!({ SERVERS: null })).await;
    assert_eq!(home.kept_under(NAME), None, "nothing is left behind");
}

#[tokio::test]
async fn a_clear_secret_of_the_file_moves_into_the_secret_store() {
    let home = Home::new(Some(&docs(SECRET).to_string()));
    assert_eq!(header(&home).as_deref(), Some(SECRET));
    let mut value = home.configuration.sources().policy.value(SERVERS);
    value[0]["headersHelperTtlSec"] = json!(60);
    home.applied(json!({ SERVERS: value })).await;
    assert!(!home.file().expect("a file").contains(SECRET));
    assert_eq!(header(&home).as_deref(), Some(SECRET));
}

#[tokio::test]
async fn a_mask_stands_for_no_secret_of_another_address_or_name() {
    let home = Home::new(None);
    home.applied(docs(SECRET)).await;
    let elsewhere = servers("https://elsewhere.example.org/mcp", &json!(MASK));
    let mut renamed = servers("https://docs.example.com/mcp", &json!(MASK));
    renamed[0]["name"] = json!("other");
    for (value, reason) in [(elsewhere, "give it again"), (renamed, "give the secret itself")] {
        let draft = Draft::new(&home.configuration.sources(), &changes(json!({ SERVERS: value })));
        let refusal = draft.refusal().expect("a refusal");
        assert_eq!(refusal.code, ErrorCode::SettingRefused);
        let detail = refusal.detail.unwrap_or_default();
        assert!(detail.contains(reason) && !detail.contains(SECRET), "{detail}");
        assert!(draft.secret_edits.is_empty());
    }
}

#[test]
fn more_secrets_than_are_read_and_names_that_no_store_takes_are_refused() {
    let home = Home::new(None);
    let server = |name: String, variables: usize| {
        let variables = (0..variables).map(|at| (format!("V{at}"), json!(SECRET)));
        let variables: serde_json::Map<_, _> = variables.collect();
        json!({ "name": name, "transport": "stdio", "command": "/opt/example", "env": variables })
    };
    let many = [0, 1, 2].map(|at| server(format!("s{at}"), 150));
    let mut long = server("s".to_owned(), 0);
    long["env"] = json!({ "V".repeat(2_000): SECRET });
    for (value, reason) in [
        (json!(many), "More than 400 secrets"),
        (json!([long]), "longer than 512 bytes"),
    ] {
        let draft = Draft::new(&home.configuration.sources(), &changes(json!({ SERVERS: value })));
        let detail = draft.refusal().expect("a refusal").detail.unwrap_or_default();
        assert!(detail.contains(reason) && !detail.contains(SECRET), "{detail}");
    }
}

#[tokio::test]
async fn a_secret_that_is_gone_from_the_store_is_a_problem_of_its_key() {
    let home = Home::new(None);
    home.applied(docs(SECRET)).await;
    home.store.delete(NAME).expect("it is deleted");
    let settings = Settings::load(&Paths::below(home.folder.path()), &home.store).expect("settings");
    let problem = settings.policy.entry(SERVERS).expect("a row").problem.cloned();
    let reason = problem.expect("a problem").reason;
    assert!(
        reason.contains(NAME) && reason.contains("give it again"),
        "{reason}"
    );
}

#[tokio::test]
async fn the_kept_key_does_not_follow_an_address_that_a_file_changes() {
    let home = Home::new(None);
    home.applied(gateway("https://gateway.example.com")).await;
    let content = json!({ GATEWAY: "https://elsewhere.example.org" }).to_string();
    let imported = files::import(&file(&content), &home.configuration.sources().policy).expect("a draft");
    let reaches: Vec<_> = imported.reaches.iter().map(|one| one.sentence.as_str()).collect();
    assert_eq!(
        reaches,
        ["Connects to, or lets through: https://elsewhere.example.org"]
    );
    let params = DraftParams {
        changes: imported.changes.clone(),
    };
    let check = home.configuration.check(&params);
    let told = check
        .problems
        .iter()
        .find(|one| one.key == KEY)
        .expect("a problem");
    assert_eq!(told.weight, ProblemWeight::StopsSessions);
    assert!(
        told.sentence.contains("https://gateway.example.com")
            && told.sentence.contains("https://elsewhere.example.org")
            && told.sentence.contains("give it again"),
        "{}",
        told.sentence
    );
    let test = home.configuration.test_connection(&params, |_| {}).await;
    let stopped = test.expect("a test").stopped;
    assert_eq!(stopped.map(|why| why.code), Some(ErrorCode::CredentialWithheld));

    home.applied(json!({ GATEWAY: "https://elsewhere.example.org" }))
        .await;
    let settings = Settings::load(&Paths::below(home.folder.path()), &home.store).expect("settings");
    assert_eq!(
        settings.stopped.map(|error| error.code),
        Some(ErrorCode::CredentialWithheld)
    );
    assert!(!settings.provider.expect("a gateway").signs_in);
    home.applied(json!({ KEY: SECRET })).await;
    let settings = Settings::load(&Paths::below(home.folder.path()), &home.store).expect("settings");
    assert!(settings.stopped.is_none() && settings.provider.expect("a gateway").signs_in);
}

#[tokio::test]
async fn a_key_in_clear_in_the_file_does_not_follow_an_address_either() {
    let home = Home::new(Some(&gateway("https://gateway.example.com").to_string()));
    let before = home.configuration.sources().policy;
    assert!(before.connection.inference_gateway_api_key.value.is_some());
    home.applied(json!({ GATEWAY: "https://elsewhere.example.org" }))
        .await;
    let policy = home.configuration.sources().policy;
    assert!(policy.connection.inference_gateway_api_key.value.is_none());
    assert!(!home.file().expect("a file").contains(SECRET));
    home.applied(json!({ GATEWAY: "https://gateway.example.com" }))
        .await;
    let policy = home.configuration.sources().policy;
    assert!(policy.connection.inference_gateway_api_key.value.is_some());
}

#[tokio::test]
async fn no_session_starts_where_the_organisations_key_would_go_to_an_address_of_the_user() {
    let sources = managed(json!({
        "inferenceProvider": "gateway", GATEWAY: "https://gateway.example.com", KEY: SECRET,
        "deskhandUserMaySet": [GATEWAY],
    }));
    let draft = Draft::new(
        &sources,
        &changes(json!({ GATEWAY: "https://elsewhere.example.org" })),
    );
    assert!(draft.refusal().is_none());
    let stopping = draft.policy.stopping();
    assert_eq!(
        stopping
            .iter()
            .map(|one| (one.key.as_str(), one.kind))
            .collect::<Vec<_>>(),
        [(KEY, ProblemKind::Withheld)]
    );
    let config = crate::provider::named(&draft.policy).expect("a gateway");
    assert!(!config.signs_in);
}

#[tokio::test]
async fn a_key_is_taken_with_the_address_that_it_is_for() {
    let home = Home::new(None);
    let draft = Draft::new(&home.configuration.sources(), &changes(json!({ KEY: SECRET })));
    let refusal = draft.refusal().expect("a refusal");
    assert!(refusal.detail.unwrap_or_default().contains("address"));
    // One from before keys had addresses is asked for again.
    home.applied(json!({ "inferenceProvider": "gateway", GATEWAY: "https://gateway.example.com" }))
        .await;
    home.store
        .set(KEY, &Secret::new(SECRET.into()))
        .expect("it is kept");
    let settings = Settings::load(&Paths::below(home.folder.path()), &home.store).expect("settings");
    assert!(!settings.provider.expect("a gateway").signs_in);
}

#[tokio::test]
async fn secrets_of_every_key_that_acts_are_taken_and_kept() {
    let home = Home::new(None);
    let answer = home.configuration.shown();
    for key in ["otlpHeaders", "inferenceCustomHeaders", KEY] {
        let row = setting(&answer, key);
        assert!(row.editable && !row.inert && row.secrets, "{key}");
    }
    assert!(!setting(&answer, "inferenceAnthropicApiKey").editable);
    let answer = home
        .applied(json!({ "otlpEndpoint": "https://otel.example.com", "otlpHeaders": { "x-key": SECRET } }))
        .await;
    assert!(!home.file().expect("a file").contains(SECRET));
    let row = setting(&answer, "otlpHeaders");
    assert!(row.own && row.problem.is_none() && matches!(row.input, SettingInput::Json { .. }));
    let headers = &home.configuration.sources().policy.telemetry.otlp_headers.value.0;
    assert_eq!(headers.iter().collect::<Vec<_>>(), [("x-key", SECRET)]);
}

#[test]
fn what_is_given_out_names_the_secrets_that_it_is_without() {
    let home = Home::new(None);
    let mut draft = gateway("https://gateway.example.com");
    draft[SERVERS] = servers("https://docs.example.com/mcp", &json!(SECRET));
    let draft_of = Draft::new(&home.configuration.sources(), &changes(draft.clone()));
    let gate = home.configuration.gate(&draft_of.policy);
    for form in files::exports() {
        let left_out = files::export(&form.format, &draft_of.policy, &gate)
            .expect("a file")
            .into_answer()
            .left_out;
        let named: &[&str] = match form.holds {
            ExportContent::Values => &[KEY, NAME],
            ExportContent::Template | ExportContent::Egress => &[],
        };
        assert_eq!(left_out, named, "{}", form.format);
        let text = home.export(&form.format, &draft);
        assert!(
            !text.contains(MASK) && !text.contains("$secret"),
            "{}",
            form.format
        );
        if form.holds == ExportContent::Values {
            assert!(text.contains("docs.example.com"), "{}: {text}", form.format);
        }
    }
}

#[test]
fn an_import_names_the_secrets_that_it_leaves_and_what_it_would_reach() {
    let home = Home::new(None);
    let content = json!({
        SERVERS: servers("https://docs.example.com/mcp", &json!(SECRET)),
        "otlpEndpoint": "https://otel.example.com", "otlpHeadersHelper": "/opt/example/headers",
        "deskhandMaxStepsPerTurn": 7,
    });
    let answer =
        files::import(&file(&content.to_string()), &home.configuration.sources().policy).expect("a draft");
    assert!(!format!("{answer:?}").contains(SECRET));
    assert!(answer.changes.contains_key(SERVERS));
    let left = answer.differences.iter().find(|one| one.sentence.contains(NAME));
    assert_eq!(left.map(|one| one.key.as_str()), Some(SERVERS));
    let reaches: Vec<_> = answer.reaches.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(reaches, [SERVERS, "otlpEndpoint", "otlpHeadersHelper"]);
    assert!(answer.reaches[2].sentence.contains("/opt/example/headers"));
}

/// Settings that are read while others are written are the ones before or the ones after, never a key beside another
/// address.
#[test]
fn a_key_is_never_read_beside_another_address() {
    let home = Home::new(None);
    let paths = Paths::below(home.folder.path());
    let store = Arc::clone(&home.store);
    let write = |at: usize| {
        let draft = changes(gateway(&format!("https://gateway-{}.example.com", at % 2)));
        set(&paths, &store, &draft, None).expect("it is set");
    };
    write(0);
    std::thread::scope(|threads| {
        let writer = threads.spawn(|| (1..40).for_each(write));
        while !writer.is_finished() {
            let settings = Settings::load(&paths, &home.store).expect("settings");
            assert!(settings.stopped.is_none(), "{:?}", settings.policy.problems);
        }
        writer.join().expect("the writer ends");
    });
}

/// The window and the command line at one moment: neither takes back what the other one set.
#[test]
fn two_who_set_at_one_moment_both_have_set() {
    let home = Home::new(None);
    let paths = Paths::below(home.folder.path());
    let keys = [("deskhandMaxStepsPerTurn", 40), ("deskhandJournalMegabytes", 300)];
    std::thread::scope(|threads| {
        for (key, least) in keys {
            let (paths, store) = (&paths, &home.store);
            threads.spawn(move || {
                for more in 0..20 {
                    set(paths, store, &changes(json!({ key: least + more })), None).expect("it is set");
                    let read = user_file(paths).read();
                    let deskhand_policy::Reading::Present(values) = read else {
                        panic!("no values");
                    };
                    assert_eq!(values.entries.get(key), Some(&Ok(json!(least + more))), "{key}");
                }
            });
        }
    });
}
