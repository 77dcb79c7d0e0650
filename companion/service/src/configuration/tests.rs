//! The methods on a home of their own, and drafts beside an administrator's settings.

mod in_and_out;
mod secrets;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use deskhand_egress::{Gate, Network};
use deskhand_platform::proxies::SystemProxies;
use deskhand_platform::{Paths, SecretStore};
use deskhand_policy::{KeptSecrets, MemoryStore, Origin, Policy, Reading, Store as _, definitions};
use deskhand_protocol::configuration::{
    ApplyDraftParams, ConfigurationAnswer, DraftParams, EgressView, ProblemWeight, SettingInput,
    SettingOrigin, SettingView, SettingsFile,
};
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::provider::TestState;
use deskhand_protocol::{ErrorCode, Method, UserError};
use serde_json::{Value, json};

use super::draft::Draft;
use super::{Configuration, Sources, files, shown};
use crate::bootstrap::Layer;
use crate::reload::Watched;
use crate::serve::ServeOptions;
use crate::settings::Settings;

const GATEWAY: &str = "inferenceGatewayBaseUrl";
const KEY: &str = "inferenceGatewayApiKey";
const SECRET: &str = "a-secret-that-nobody-sees";

/// A user's home with its configuration.
struct Home {
    folder: tempfile::TempDir,
    store: Arc<SecretStore>,
    configuration: Configuration,
}

impl Home {
    fn new(file: Option<&str>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let paths = Paths::below(folder.path());
        paths.create().expect("folders");
        if let Some(file) = file {
            std::fs::write(paths.data().join("settings.json"), file).expect("a file");
        }
        let store = Arc::new(SecretStore::open(&paths).expect("a store"));
        let settings = Settings::load(&paths, &store).expect("settings");
        // Without the proxy of the computer that tests.
        let gate = Gate::new(|_| Value::Null, Network::default());
        let options = ServeOptions {
            port: 0,
            again: false,
            web: None,
            office_script: None,
            test_hosts: Vec::new(),
            tour: false,
            ready_json: false,
            until_stdin_closes: false,
        };
        Self {
            configuration: Configuration::new(&paths, &store, &settings, &gate, &options, None),
            folder,
            store,
        }
    }

    fn file(&self) -> Option<String> {
        std::fs::read_to_string(self.folder.path().join("data/settings.json")).ok()
    }

    fn kept(&self) -> Option<String> {
        self.kept_under(KEY)
    }

    /// The secret in an entry of the store, without what it was given for.
    fn kept_under(&self, name: &str) -> Option<String> {
        let kept = self.store.read(name).expect("a store that can be read")?;
        let record: Value = serde_json::from_slice(kept.expose()).expect("a record");
        record["secret"].as_str().map(str::to_owned)
    }

    async fn apply(&self, version: &str, draft: Value) -> Result<ConfigurationAnswer, UserError> {
        let params = ApplyDraftParams {
            version: version.to_owned(),
            changes: changes(draft),
        };
        self.configuration.apply(params).await
    }

    async fn applied(&self, draft: Value) -> ConfigurationAnswer {
        let version = self.configuration.shown().version;
        self.apply(&version, draft).await.expect("the draft is applied")
    }

    fn export(&self, format: &str, draft: &Value) -> String {
        let draft = Draft::new(&self.configuration.sources(), &changes(draft.clone()));
        let gate = self.configuration.gate(&draft.policy);
        let answer = files::export(format, &draft.policy, &gate)
            .expect("a file")
            .into_answer();
        let bytes = STANDARD.decode(answer.file.bytes).expect("Base64");
        match bytes.strip_prefix(b"\xff\xfe") {
            Some(wide) => {
                let units = wide
                    .chunks_exact(2)
                    .map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
                String::from_utf16(&units.collect::<Vec<_>>()).expect("UTF-16")
            }
            None => String::from_utf8(bytes).expect("UTF-8"),
        }
    }
}

fn changes(draft: Value) -> BTreeMap<String, Value> {
    serde_json::from_value(draft).expect("an object")
}

fn settings(answer: &ConfigurationAnswer) -> Vec<&SettingView> {
    let sections = answer.pages.iter().flat_map(|page| &page.sections);
    sections.flat_map(|section| &section.settings).collect()
}

fn setting<'a>(answer: &'a ConfigurationAnswer, key: &str) -> &'a SettingView {
    let mut found = settings(answer).into_iter();
    found.find(|one| one.key == key).expect("a setting")
}

/// Sources in which an administrator set these keys.
fn managed(keys: Value) -> Sources {
    let origin = Origin::Managed("/etc/deskhand/managed-settings.json".into());
    let keys = changes(keys);
    let entries = keys.iter().map(|(key, value)| (key.as_str(), value.clone()));
    let managed = MemoryStore::new(origin, entries).read();
    let watched = Watched {
        managed,
        user: Reading::Absent,
        stamp: 0,
        proxies: SystemProxies::default(),
    };
    Sources::new(watched, KeptSecrets::default(), Layer::default())
}

#[test]
fn every_key_of_the_table_stands_on_one_page() {
    let home = Home::new(None);
    let answer = home.configuration.shown();
    let keys: Vec<_> = settings(&answer).iter().map(|one| one.key.clone()).collect();
    let names: BTreeSet<_> = definitions().map(|row| row.name.to_owned()).collect();
    assert_eq!(keys.len(), names.len());
    assert_eq!(keys.into_iter().collect::<BTreeSet<_>>(), names);
}

#[test]
fn a_key_that_does_nothing_in_this_build_says_so_and_is_not_edited() {
    let home = Home::new(None);
    let answer = home.configuration.shown();
    for one in settings(&answer) {
        assert_eq!(one.editable, !one.inert, "{}", one.key);
        assert!(!one.inert || one.effect.is_some(), "{}", one.key);
    }
    let inert = setting(&answer, "allowedPluginMarketplaces");
    let words = inert.effect.clone().unwrap_or_default();
    assert!(words.starts_with("No effect yet"), "{words}");
}

#[test]
fn a_locked_key_says_by_whom_and_a_draft_with_it_is_refused_by_name() {
    let sources = managed(json!({ "inferenceProvider": "gateway", GATEWAY: "https://gateway.example.com" }));
    let pages = shown::pages(&sources);
    let all = pages.iter().flat_map(|page| &page.sections);
    let mut all = all.flat_map(|section| &section.settings);
    let row = all.find(|one| one.key == GATEWAY).expect("a row");
    assert!(row.locked && !row.editable);
    assert_eq!(row.origin, SettingOrigin::Managed);
    assert_eq!(row.place, "/etc/deskhand/managed-settings.json");

    let draft = Draft::new(
        &sources,
        &changes(json!({ GATEWAY: "https://elsewhere.example.org" })),
    );
    let refusal = draft.refusal().expect("a refusal");
    assert_eq!(refusal.code, ErrorCode::SettingLocked);
    let detail = refusal.detail.unwrap_or_default();
    assert!(
        detail.contains(GATEWAY) && detail.contains("managed-settings.json"),
        "{detail}"
    );
    let kept = draft.policy.value(GATEWAY);
    assert!(
        kept.as_str()
            .is_some_and(|kept| kept.contains("gateway.example.com")),
        "{kept}"
    );
}

#[tokio::test]
async fn a_draft_goes_into_the_users_file_and_its_secret_into_the_secret_store() {
    let home = Home::new(Some(r#"{"somebodyElses": 1}"#));
    let answer = home
        .applied(
            json!({ "inferenceProvider": "gateway", GATEWAY: "https://gateway.example.com", KEY: SECRET }),
        )
        .await;
    let file = home.file().expect("a file");
    assert!(
        file.contains("somebodyElses") && file.contains("gateway.example.com"),
        "{file}"
    );
    assert_eq!(home.kept().as_deref(), Some(SECRET));
    let key = setting(&answer, KEY);
    assert!(key.own && matches!(key.input, SettingInput::Secret { .. }));
    let told = serde_json::to_string(&answer).expect("JSON");
    assert!(!told.contains(SECRET) && !file.contains(SECRET));

    let answer = home.applied(json!({ GATEWAY: null, KEY: null })).await;
    assert_eq!(home.kept(), None);
    assert!(!setting(&answer, GATEWAY).own && !setting(&answer, KEY).own);
    assert!(!home.file().expect("a file").contains(GATEWAY));
}

#[test]
fn parameters_that_hold_values_do_not_show_them() {
    let params = DraftParams {
        changes: changes(json!({ KEY: SECRET })),
    };
    assert!(!format!("{params:?}").contains(SECRET));
}

#[tokio::test]
async fn a_draft_on_a_state_that_is_no_more_is_refused_and_nothing_changes() {
    let home = Home::new(Some(r#"{"deskhandMaxStepsPerTurn": 50}"#));
    let version = home.configuration.shown().version;
    let file = home.folder.path().join("data/settings.json");
    let meanwhile = r#"{"deskhandMaxStepsPerTurn": 60}"#;
    std::fs::write(&file, meanwhile).expect("a file");
    let refused = home
        .apply(&version, json!({ "deskhandMaxStepsPerTurn": 70, KEY: SECRET }))
        .await;
    assert_eq!(refused.expect_err("stale").code, ErrorCode::SettingsStale);
    assert_eq!(home.file().as_deref(), Some(meanwhile));
    assert_eq!(home.kept(), None);
}

#[tokio::test]
async fn where_the_file_cannot_be_written_the_secret_is_put_back() {
    let home = Home::new(None);
    home.applied(
        json!({ "inferenceProvider": "gateway", GATEWAY: "https://gateway.example.com", KEY: "the-first" }),
    )
    .await;
    let file = home.folder.path().join("data/settings.json");
    let mut full: Value = serde_json::from_str(&home.file().expect("a file")).expect("JSON");
    full["somebodyElses"] = json!("x".repeat((1 << 20) - 300));
    std::fs::write(&file, full.to_string()).expect("a file");
    let version = home.configuration.shown().version;
    let tools: Vec<String> = (0..50).map(|at| format!("tool-{at}")).collect();
    let refused = home
        .apply(&version, json!({ "disabledBuiltinTools": tools, KEY: SECRET }))
        .await;
    assert_eq!(refused.expect_err("too large").code, ErrorCode::SettingsUnusable);
    assert_eq!(home.file(), Some(full.to_string()));
    assert_eq!(home.kept().as_deref(), Some("the-first"));
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_not_written_over() {
    let home = Home::new(Some("no JSON"));
    let version = home.configuration.shown().version;
    let refused = home
        .apply(&version, json!({ "deskhandMaxStepsPerTurn": 70 }))
        .await;
    assert_eq!(refused.expect_err("unusable").code, ErrorCode::SettingsUnusable);
    assert_eq!(home.file().as_deref(), Some("no JSON"));
}

#[tokio::test]
async fn a_malformed_value_is_told_in_the_words_of_its_row_and_spoils_the_whole_draft() {
    let home = Home::new(None);
    let draft = json!({
        GATEWAY: "ftp://gateway.example.com",
        "inferenceProvider": "carrier-pigeon",
        "deskhandMaxStepsPerTurn": 0,
        "noSuchKey": 1,
        "otlpHeaders": { "Authorization": SECRET },
        "deskhandKeepSourcesInFiles": false,
    });
    let answer = home.configuration.check(&DraftParams {
        changes: changes(draft.clone()),
    });
    let refused = answer.problems.iter();
    let refused: BTreeMap<_, _> = refused
        .filter(|one| one.weight == ProblemWeight::Refused)
        .map(|one| (one.key.as_str(), one.sentence.as_str()))
        .collect();
    assert_eq!(
        refused.keys().copied().collect::<Vec<_>>(),
        [
            "deskhandMaxStepsPerTurn",
            GATEWAY,
            "inferenceProvider",
            "noSuchKey",
            "otlpHeaders"
        ]
    );
    assert!(
        refused["deskhandMaxStepsPerTurn"].contains("from 1 to 1000"),
        "{refused:?}"
    );
    assert!(!format!("{refused:?}").contains(SECRET));
    let version = home.configuration.shown().version;
    let error = home.apply(&version, draft).await.expect_err("refused");
    assert_eq!(error.code, ErrorCode::SettingRefused);
    assert_eq!(home.file(), None);
}

#[test]
fn what_stands_for_a_secret_is_never_taken_for_it() {
    let home = Home::new(None);
    let draft = Draft::new(&home.configuration.sources(), &changes(json!({ KEY: "••••" })));
    let refusal = draft.refusal().expect("a refusal");
    assert_eq!(refusal.code, ErrorCode::SettingRefused);
    assert!(draft.secret_edits.is_empty());
}

#[test]
fn a_draft_of_rubbish_gets_a_short_answer() {
    let home = Home::new(None);
    let changes = (0..5_000).map(|at| (format!("{at}{}", "x".repeat(1_000)), json!(1)));
    let answer = home.configuration.check(&DraftParams {
        changes: changes.collect(),
    });
    assert!(answer.problems.len() <= 100);
    assert!(answer.problems.iter().all(|one| one.key.chars().count() <= 80));
}

#[test]
fn what_would_be_contacted_follows_the_draft() {
    let home = Home::new(None);
    let hosts = |egress: &[EgressView]| -> Vec<(String, Vec<u16>)> {
        let hosts = egress.iter().filter(|one| one.destination == "inference-gateway");
        hosts
            .filter_map(|one| Some((one.host.clone()?, one.ports.clone())))
            .collect()
    };
    let now = home.configuration.shown();
    assert_eq!(hosts(&now.egress), []);
    let closed = now
        .egress
        .iter()
        .find(|one| one.destination == "inference-gateway");
    assert_eq!(
        closed.map(|one| (one.host.clone(), one.key.as_str())),
        Some((None, GATEWAY))
    );
    let draft = json!({ "inferenceProvider": "gateway", GATEWAY: "https://gateway.example.com:8443/v1" });
    let then = home.configuration.check(&DraftParams {
        changes: changes(draft.clone()),
    });
    assert_eq!(
        hosts(&then.egress),
        [("gateway.example.com".to_owned(), vec![8443])]
    );
    let rules = home.export("egress-firewall", &draft);
    assert!(
        rules.lines().any(|line| line == "gateway.example.com:8443"),
        "{rules}"
    );
    for format in ["egress-text", "egress-csv", "egress-json"] {
        assert!(
            home.export(format, &draft).contains("gateway.example.com"),
            "{format}"
        );
    }
}

#[test]
fn what_may_close_something_takes_effect_at_once_and_the_rest_waits() {
    let home = Home::new(None);
    let check = |draft: Value| {
        home.configuration.check(&DraftParams {
            changes: changes(draft),
        })
    };
    let tighter = check(json!({ "disableBypassPermissionsMode": true }));
    assert!(tighter.at_once && tighter.changes[0].at_once);
    let looser = check(json!({ "deskhandMaxStepsPerTurn": 200 }));
    assert!(!looser.at_once && !looser.changes[0].at_once);
    assert_eq!(
        (&looser.changes[0].before, &looser.changes[0].after),
        (&json!(100), &json!(200))
    );
}

fn file(content: &str) -> SettingsFile {
    SettingsFile {
        name: "deskhand.json".to_owned(),
        bytes: STANDARD.encode(content),
    }
}

#[test]
fn a_problem_names_its_line() {
    let home = Home::new(Some(
        "{\n  \"deskhandEnabled\": true,\n  \"deskhandPairing\": \"never\"\n}",
    ));
    let answer = home.configuration.shown();
    let found = answer.problems.iter().find(|one| one.key == "deskhandPairing");
    let found = found.expect("a problem");
    assert_eq!(found.line, Some(3));
    assert!(found.place.ends_with("settings.json"), "{}", found.place);
}

#[test]
fn no_pane_may_call_any_of_it() {
    let tests = [Method::ProviderTest, Method::ProviderCancelTest];
    let methods: Vec<&Method> = Method::ALL
        .iter()
        .filter(|method| method.name().starts_with("configuration/"))
        .chain(&tests)
        .collect();
    assert_eq!(methods.len(), 8);
    for method in methods {
        let admits = |kind| method.caller().admits(kind);
        let panes = [FrontEndKind::Excel, FrontEndKind::Powerpoint].map(admits);
        assert_eq!(
            (panes, admits(FrontEndKind::Window)),
            ([false; 2], true),
            "{}",
            method.name()
        );
    }
}

#[tokio::test]
async fn without_a_provider_there_is_no_connection_to_test() {
    let home = Home::new(None);
    let params = DraftParams::default();
    let test = home
        .configuration
        .test_connection(&params, |_| panic!("nobody is asked"));
    let test = test.await.expect("a test");
    let stopped = test.stopped.expect("nobody is asked");
    assert_eq!(stopped.code, ErrorCode::InferenceNotConfigured);
    assert!(!test.passed && test.provider.is_none());
    assert!(
        test.steps.iter().all(|step| step.state == TestState::Skipped),
        "{:?}",
        test.steps
    );
}

#[tokio::test]
async fn a_draft_that_lets_no_session_start_tests_nothing() {
    let home = Home::new(None);
    let params = DraftParams {
        changes: changes(json!({
            "inferenceProvider": "gateway",
            GATEWAY: "https://gateway.example.com",
            "deskhandAuditRequired": true,
        })),
    };
    let test = home
        .configuration
        .test_connection(&params, |_| panic!("nobody is asked"));
    let stopped = test.await.expect("a test").stopped.expect("a reason");
    assert_eq!(stopped.code, ErrorCode::PolicyInvalid);
}

/// A person's own settings beside an administrator's, as the page's tests show them.
fn example(managed: Option<Value>, own: Value) -> ConfigurationAnswer {
    let reading = |origin, keys: Value| {
        let keys = changes(keys);
        let entries = keys.iter().map(|(key, value)| (key.as_str(), value.clone()));
        MemoryStore::new(origin, entries).read()
    };
    let place = "/etc/deskhand/managed-settings.json".into();
    let watched = Watched {
        managed: managed.map_or(Reading::Absent, |keys| reading(Origin::Managed(place), keys)),
        user: reading(Origin::User("settings.json".into()), own),
        stamp: 0,
        proxies: SystemProxies::default(),
    };
    let mut home = Home::new(None);
    let policy = Policy::resolve(&watched.managed, std::slice::from_ref(&watched.user));
    home.configuration.in_force = policy.clone();
    let policy = Box::new(policy);
    let sources = Sources {
        watched,
        kept: KeptSecrets::default(),
        bootstrap: Layer::default(),
        policy,
    };
    ConfigurationAnswer {
        // 2026-09-18, 08:02 UTC.
        read_at: 1_789_718_520_000,
        ..home.configuration.answer(&sources)
    }
}

/// The answers that the page is tested with are those of the service. Writes them anew where they are others.
#[test]
fn the_answers_that_the_page_is_tested_with_are_current() {
    let gateway = json!({
        "inferenceProvider": "gateway",
        GATEWAY: "https://gateway.example.com/v1",
        KEY: SECRET,
        "deskhandManagedReason": "Requests stay on our own network.",
        "deskhandManagedContact": "it-help@example.com",
        "deskhandUserMaySet": ["inferenceStreamIdleTimeoutSec", "deskhandMaxStepsPerTurn", "inferenceModels"],
    });
    let own = json!({
        "inferenceProvider": "gateway",
        GATEWAY: "https://gateway.example.com/v1",
        "deskhandMaxStepsPerTurn": 50,
        "disabledBuiltinTools": ["web_fetch"],
        "deskhandPairing": "never",
    });
    let note = "Generated by a test of companion/service/src/configuration. Do not edit.";
    let answers =
        json!({ "$comment": note, "managed": example(Some(gateway), json!({})), "own": example(None, own) });
    let mut text = serde_json::to_string_pretty(&answers).expect("JSON");
    text.push('\n');
    assert!(!text.contains(SECRET));
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../addin-web/tests/generated/configuration.json"
    );
    if std::fs::read_to_string(path).is_ok_and(|kept| kept == text) {
        return;
    }
    let folder = std::path::Path::new(path).parent().expect("a folder");
    std::fs::create_dir_all(folder).expect("a folder");
    std::fs::write(path, text).expect("the file is written");
    panic!("{path} was not current: commit it as it is now");
}
