//! What the organisation's own collector is told of a turn, what it is not told, what becomes of it while the collector is
//! away, and what stays on the computer.

use std::path::{Path, PathBuf};

use deskhand_e2e::{Collector, PATIENCE, Service, Setup, Talk, play};
use deskhand_protocol::Method;
use deskhand_protocol::diagnostics::DiagnosticsAnswer;
use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_standins::gateway::Gateway;
use deskhand_test_support::wait_for;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

/// What is said, written and answered: words that stand nowhere else.
const MARKER: &str = "zinnober-4711";

const SCRIPT: &str = r#"
models: [claude-standin]
key: e2e-key
order: any
capture: { book: { before: " | workbook | " } }
steps:
  - expect: { user: Add, results: [] }
    answer:
      say:
        - { tool: range_read, input: { document: "{{book}}", range: "Sheet1!A1:C3" } }
        - { tool: sheet_add, input: { document: "{{book}}", name: zinnober-4711 } }
  - expect: { user: Add, results: [range_read, sheet_add] }
    answer: { say: [{ text: The sheet zinnober-4711 is there. }] }
  - expect: { user: Thanks }
    answer: { say: [{ text: You are welcome. }] }
"#;

/// A home whose service exports to this collector.
async fn exporting(collector: &Collector, protocol: &str) -> (Setup, Gateway) {
    let gateway = play(SCRIPT).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    setup.configure("otlpEndpoint", &collector.endpoint());
    setup.configure("otlpProtocol", protocol);
    (setup, gateway)
}

/// One turn that reads a workbook and adds a sheet to it.
async fn turn(setup: &Setup, service: &Service) -> Talk {
    let book = setup.fixture("workbooks/ironcalc__example.xlsx", "book.xlsx");
    let mut talk = Talk::begin(service).await;
    talk.attach(&book).await.expect("the workbook is attached");
    let prompt = talk.prompt(&format!("Add a sheet named {MARKER}"));
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
    talk
}

fn values(records: &[Value], attribute: &str) -> Vec<Value> {
    records.iter().map(|record| record[attribute].clone()).collect()
}

/// The requests that wait for the collector.
fn waiting(setup: &Setup) -> Vec<PathBuf> {
    let spools = std::fs::read_dir(setup.path().join("data/spool"));
    let spools = spools.into_iter().flatten().flatten();
    let files = spools.flat_map(|spool| std::fs::read_dir(spool.path()).into_iter().flatten().flatten());
    files.map(|file| file.path()).collect()
}

fn holds(path: &Path, text: &str) -> bool {
    let bytes = std::fs::read(path).unwrap_or_default();
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_is_told_from_the_prompt_to_its_end_without_its_words() {
    let mut collector = Collector::start("http");
    let (setup, _gateway) = exporting(&collector, "http/protobuf").await;
    let service = Service::start(&setup, 0);
    let talk = turn(&setup, &service).await;
    service.stop();
    for name in [
        "claude_code.user_prompt",
        "claude_code.api_request",
        "claude_code.assistant_response",
        "claude_code.session.count",
        "claude_code.token.usage",
        "deskhand.document_attached",
        "deskhand.document_changed",
        "deskhand.egress_decision",
        "deskhand.pane_connected",
        "deskhand.pane_disconnected",
        "deskhand.policy_changed",
        "deskhand.turn_ended",
        "deskhand.audit_anchor",
    ] {
        assert!(!collector.received(name).is_empty(), "{name} never came");
    }
    let prompts = collector.received("claude_code.user_prompt");
    assert_eq!(values(&prompts, "prompt"), ["<REDACTED>"]);
    assert_eq!(
        values(&prompts, "prompt_length"),
        [format!("Add a sheet named {MARKER}").len()]
    );
    assert_eq!(values(&prompts, "session.id"), [talk.session.as_str()]);
    let tools = collector.received("claude_code.tool_result");
    assert_eq!(values(&tools, "tool_name"), ["range_read", "sheet_add"]);
    assert_eq!(values(&tools, "success"), ["true", "true"]);
    let ended = collector.received("deskhand.turn_ended");
    assert_eq!(values(&ended, "outcome"), ["completed"]);
    let decisions = collector.received("deskhand.egress_decision");
    let ways = values(&decisions, "egress.destination");
    assert!(
        ways.iter().all(|way| way == "inference-gateway"),
        "the way to the collector is not told: {ways:?}"
    );
    let changed = collector.received("deskhand.policy_changed");
    assert!(changed[0].to_string().contains("otlpEndpoint"), "{changed:?}");
    for text in [MARKER, "e2e-key", "book.xlsx"] {
        assert!(!collector.holds(text), "a request holds {text}");
    }
    assert!(collector.holds("range_read"), "what is looked for would be found");
    for resource in collector.resources() {
        assert_eq!(resource["service.name"], "deskhand");
        assert_eq!(resource["enduser.id"], Value::Null);
        assert!(resource["process.owner"].is_string(), "{resource}");
    }
    assert_eq!(waiting(&setup), Vec::<PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn content_spans_and_the_user_are_told_where_policy_opens_them() {
    let mut collector = Collector::start("grpc");
    let (setup, _gateway) = exporting(&collector, "grpc").await;
    setup.configure("otlpContentCapture", r#"["userPrompts", "toolDetails"]"#);
    setup.configure("otlpTracesEnabled", "true");
    setup.configure("endUserAttribution", "true");
    setup.configure(
        "otlpResourceAttributes",
        r#"{"team": "finance", "service.name": "other"}"#,
    );
    setup.configure(
        "deploymentOrganizationUuid",
        "0d5a7c3e-58a4-4c3c-9c57-0e7c3a1f2b4d",
    );
    let service = Service::start(&setup, 0);
    turn(&setup, &service).await;
    service.stop();
    let prompts = collector.received("claude_code.user_prompt");
    assert_eq!(
        values(&prompts, "prompt"),
        [format!("Add a sheet named {MARKER}")]
    );
    let tools = collector.received("claude_code.tool_result");
    assert!(tools[1]["tool_input"].to_string().contains(MARKER), "{tools:?}");
    assert_eq!(collector.received("claude_code.interaction").len(), 1);
    assert!(collector.received("claude_code.llm_request").len() >= 2);
    for resource in collector.resources() {
        assert_eq!(resource["service.name"], "deskhand");
        assert_eq!(resource["team"], "finance");
        assert_eq!(resource["enduser.id"], resource["process.owner"]);
        assert_eq!(
            resource["deskhand.organization.uuid"],
            "0d5a7c3e-58a4-4c3c-9c57-0e7c3a1f2b4d"
        );
    }
    assert!(!collector.holds("e2e-key"));
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_the_provider_are_told_where_they_are_listed_alone_and_without_its_key() {
    for (listed, told) in [
        (r#"["rawApiBodies"]"#, true),
        (
            r#"["userPrompts", "assistantResponses", "toolDetails", "toolContent"]"#,
            false,
        ),
    ] {
        let mut collector = Collector::start("http");
        let (setup, _gateway) = exporting(&collector, "http/protobuf").await;
        setup.configure("otlpContentCapture", listed);
        let service = Service::start(&setup, 0);
        let mut talk = Talk::begin(&service).await;
        let prompt = talk.prompt("Thanks for the e2e-key");
        assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
        service.stop();
        let requests = collector.received("claude_code.api_request_body");
        let answers = collector.received("claude_code.api_response_body");
        assert_eq!(
            (requests.len(), answers.len()),
            (usize::from(told), usize::from(told))
        );
        if let ([request], [answer]) = (requests.as_slice(), answers.as_slice()) {
            let (sent, said) = (request["body"].to_string(), answer["body"].to_string());
            assert!(
                sent.contains("Thanks for the …") && !sent.contains("e2e-key"),
                "{sent}"
            );
            assert!(
                said.contains("welcome") && said.contains("message_stop"),
                "{said}"
            );
            assert_eq!(request["model"], "claude-standin");
            assert_eq!(request["session.id"], talk.session.as_str());
            assert_eq!(request["prompt.id"], answer["prompt.id"]);
            assert_eq!(request["body_truncated"], false);
            assert!(request["body_length"].as_u64().is_some_and(|length| length > 100));
            assert_eq!(request["query_source"], "main");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_of_a_provider_that_refuses_is_told() {
    let mut collector = Collector::start("http");
    let gateway = play(&SCRIPT.replace("e2e-key", "another-key")).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    setup.configure("otlpEndpoint", &collector.endpoint());
    setup.configure("otlpContentCapture", r#"["rawApiBodies"]"#);
    setup.configure("inferenceModels", r#"["claude-standin"]"#);
    let service = Service::start(&setup, 0);
    let mut talk = Talk::begin(&service).await;
    let prompt = talk.prompt("Thanks");
    assert!(matches!(talk.say(prompt).await, TurnOutcome::Failed(_)));
    service.stop();
    let errors = collector.received("claude_code.api_error");
    assert_eq!(values(&errors, "status_code"), ["401"]);
    assert_eq!(collector.received("claude_code.api_response_body").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_collector_missed_waits_sealed_and_arrives_once_it_is_back() {
    let mut collector = Collector::start("http");
    collector.go_away();
    let (setup, _gateway) = exporting(&collector, "http/json").await;
    setup.configure("otlpContentCapture", r#"["userPrompts"]"#);
    let service = Service::start(&setup, 0);
    let mut talk = turn(&setup, &service).await;
    service.stop();
    let files = waiting(&setup);
    assert!(!files.is_empty(), "what was missed waits");
    assert!(!files.iter().any(|file| holds(file, MARKER)), "it is sealed");
    assert!(
        files[0]
            .parent()
            .is_some_and(|folder| folder.ends_with("local-user")),
        "{files:?}"
    );
    assert_eq!(collector.received("claude_code.user_prompt").len(), 0);

    collector.come_back();
    let service = Service::start(&setup, 0);
    wait_for("an empty spool", PATIENCE, || {
        waiting(&setup).is_empty().then_some(())
    });
    let prompts = collector.received("claude_code.user_prompt");
    assert_eq!(
        values(&prompts, "prompt"),
        [format!("Add a sheet named {MARKER}")]
    );

    // The session goes on where it was: its numbers, too.
    talk.window = service.join(FrontEndKind::Window).await;
    talk.window.follow(&talk.session, talk.view.cursor()).await;
    let prompt = talk.prompt("Thanks");
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
    service.stop();
    let prompts = collector.received("claude_code.user_prompt");
    let numbers: Vec<u64> = values(&prompts, "event.sequence")
        .iter()
        .filter_map(|number| number.as_u64().or_else(|| number.as_str()?.parse().ok()))
        .collect();
    assert!(numbers.len() == 2 && numbers[0] + 5 < numbers[1], "{numbers:?}");
    let counted = collector.received("claude_code.session.count");
    assert_eq!(values(&counted, "start_type"), ["fresh", "resume"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_helper_gives_the_headers_that_the_collector_asks_for() {
    let mut collector = Collector::asking_for("http", "x-test-key", "open sesame");
    let (setup, _gateway) = exporting(&collector, "http/protobuf").await;
    let helper = setup.path().join("helper.sh");
    std::fs::write(&helper, "#!/bin/sh\necho '{\"x-test-key\": \"open sesame\"}'\n").expect("a file");
    std::fs::set_permissions(&helper, std::os::unix::fs::PermissionsExt::from_mode(0o700))
        .expect("a program");
    let doctor = |setup: &Setup| {
        let done = setup.run(&["doctor", "--json"]);
        let findings: Vec<Value> = serde_json::from_str(&done.out).expect("JSON");
        let found = findings
            .into_iter()
            .find(|finding| finding["step"] == "collector");
        found.expect("the collector is looked at")
    };
    let without = doctor(&setup);
    assert_eq!(without["state"], "bad", "{without}");
    assert!(
        without["finding"].to_string().contains("credentials"),
        "{without}"
    );
    setup.configure("otlpHeadersHelper", helper.to_str().expect("a path"));
    assert_eq!(doctor(&setup)["state"], "good");
    Service::start(&setup, 0).stop();
    assert!(!collector.received("deskhand.policy_changed").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_credential_for_the_model_is_sent_where_policy_says_so() {
    let mut collector = Collector::asking_for("grpc", "authorization", "Bearer e2e-key");
    let (setup, _gateway) = exporting(&collector, "grpc").await;
    let set = setup.run(&["config", "set", "otlpAuthMode", "inference-credential"]);
    // The key was given for the gateway alone.
    assert!(
        set.out.contains("inferenceGatewayApiKey") && set.out.contains("give it again"),
        "{}",
        set.out
    );
    Service::start(&setup, 0).stop();
    assert!(collector.received("deskhand.policy_changed").is_empty());
    setup.key("e2e-key");
    Service::start(&setup, 0).stop();
    assert!(!collector.received("deskhand.policy_changed").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_the_log_are_told_from_their_level_on_and_kept_in_files() {
    let mut collector = Collector::start("http");
    let (setup, _gateway) = exporting(&collector, "http/protobuf").await;
    setup.configure("otlpDesktopLogLevel", "warn");
    let folder = format!("/gone/{MARKER}");
    let folders = json!([{ "path": folder, "mode": "ro", "isDefaultSelected": true }]);
    setup.configure("allowedWorkspaceFolders", &folders.to_string());
    let service = Service::start(&setup, 0);
    drop(Talk::begin(&service).await);
    service.stop();
    let lines = values(&collector.received("deskhand.log"), "log.message");
    let told = |line: &Value| {
        line.to_string()
            .contains("a folder of the organisation is not attached")
    };
    assert!(lines.iter().any(told), "{lines:?}");
    let log = std::fs::read_to_string(setup.path().join("data/logs/service.log")).expect("a log");
    assert!(
        log.contains("a folder of the organisation is not attached"),
        "{log}"
    );
    assert!(!log.contains(MARKER) && !collector.holds(MARKER));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_sent_before_the_service_starts_anew_under_other_settings() {
    let mut collector = Collector::start("http");
    let gateway = play(SCRIPT).await;
    let (setup, endpoint) = (Setup::empty(), collector.endpoint());
    let settings = |team: &str| {
        json!({
            "inferenceProvider": "gateway",
            "inferenceGatewayBaseUrl": gateway.base_url(),
            "inferenceGatewayApiKey": "e2e-key",
            "otlpEndpoint": endpoint,
            "otlpResourceAttributes": { "team": team },
        })
    };
    setup.manage(&settings("finance"));
    let service = Service::managed(&setup);
    let mut talk = turn(&setup, &service).await;
    setup.manage(&settings("legal"));
    let ended = tokio::time::timeout(PATIENCE, async { while talk.window.next().await.is_ok() {} });
    ended.await.expect("the service starts anew");
    talk.window = service.rejoin(FrontEndKind::Window).await;
    assert_eq!(collector.received("claude_code.user_prompt").len(), 1);
    service.stop();
    let changed = collector.received("deskhand.policy_changed");
    let last = changed.last().expect("a change");
    assert_eq!(last["policy.keys"], json!(["otlpResourceAttributes"]));
    assert_eq!(last["policy.source"], "file");
    let resources = collector.resources();
    assert_eq!(resources.last().expect("a request")["team"], "legal");
}

#[tokio::test(flavor = "multi_thread")]
async fn anchors_at_the_collector_show_a_chain_that_was_rebuilt_with_the_key() {
    let mut collector = Collector::start("http");
    let (setup, _gateway) = exporting(&collector, "http/protobuf").await;
    let service = Service::start(&setup, 0);
    service.stop();
    let older = setup.path().join("older.db");
    std::fs::copy(setup.database(), &older).expect("a copy");
    let service = Service::start(&setup, 0);
    turn(&setup, &service).await;
    service.stop();
    let anchors = setup.path().join("anchors.jsonl");
    assert!(collector.write(&anchors) > 0);
    let path = anchors.to_str().expect("a path");
    let agreed = setup.run(&["audit", "verify", "--anchors", path]);
    assert_eq!(agreed.code(), Some(0), "{}{}", agreed.out, agreed.err);

    // Who holds the key puts an older copy back and lets the service write another past.
    for ending in ["", "-wal", "-shm"] {
        std::fs::remove_file(setup.path().join(format!("data/local.db{ending}"))).ok();
    }
    std::fs::copy(&older, setup.database()).expect("the copy is put back");
    setup.configure("otlpEndpoint", &Collector::start("http").endpoint());
    for _ in 0..2 {
        let service = Service::start(&setup, 0);
        turn(&setup, &service).await;
        service.stop();
    }
    assert_eq!(
        setup.run(&["audit", "verify"]).code(),
        Some(0),
        "the chain alone does not show it"
    );
    let shown = setup.run(&["audit", "verify", "--anchors", path]);
    assert_eq!(shown.code(), Some(1), "{}{}", shown.out, shown.err);
    assert!(shown.out.contains("rebuilt since"), "{}", shown.out);
}

/// The records that are kept, by the key that closes them.
fn diagnostics(setup: &Setup) -> Value {
    let done = setup.run(&["diagnostics", "show", "--json"]);
    assert_eq!(done.code(), Some(0), "{}", done.err);
    let all: Vec<Value> = serde_json::from_str(&done.out).expect("JSON");
    all.into_iter()
        .map(|one| (one["key"].as_str().unwrap_or_default().to_owned(), one))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_switch_closes_its_diagnostics_and_what_was_kept_of_them() {
    let gateway = play(SCRIPT).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    let service = Service::start(&setup, 0);
    turn(&setup, &service).await;
    let mut window = service.join(FrontEndKind::Window).await;
    let shown = window
        .call::<DiagnosticsAnswer>(Method::DiagnosticsShow, json!({}))
        .await;
    let shown = shown.expect("the window may see them").categories;
    let essential = shown.iter().find(|one| one.key == "disableEssentialTelemetry");
    let essential = essential.expect("every category is told");
    assert!(
        essential.records.iter().any(|record| record.contains("ready")),
        "{essential:?}"
    );
    assert_eq!(essential.count as usize, essential.records.len());
    drop(window);
    service.stop();
    let open = diagnostics(&setup);
    let steps = open["disableEssentialTelemetry"]["records"].to_string();
    assert!(
        steps.contains("open the store") && steps.contains("ready"),
        "{steps}"
    );
    let used = open["disableNonessentialTelemetry"]["records"].to_string();
    assert!(
        used.contains(Method::SessionPrompt.name()) && used.contains(r#""typed""#),
        "{used}"
    );
    assert!(!open.to_string().contains(MARKER) && !open.to_string().contains("book.xlsx"));
    for key in [
        "disableEssentialTelemetry",
        "disableNonessentialTelemetry",
        "disableNonessentialServices",
        "disableAutoUpdates",
    ] {
        assert_eq!(open[key]["closed"], false, "{key}");
        setup.configure(key, "true");
        Service::start(&setup, 0).stop();
        let shut = diagnostics(&setup);
        assert_eq!(
            (&shut[key]["closed"], &shut[key]["records"]),
            (&json!(true), &json!([])),
            "{key}"
        );
        let done = setup.run(&["config", "unset", key]);
        assert_eq!(done.code(), Some(0), "{}", done.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bundle_for_support_is_listed_before_it_is_written_and_holds_no_content() {
    let gateway = play(SCRIPT).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    let service = Service::start(&setup, 0);
    turn(&setup, &service).await;
    let log = std::fs::read_to_string(setup.path().join("data/logs/service.log")).unwrap_or_default();
    let file = setup.path().join("bundle.zip");
    let output = file.to_str().expect("a path");
    let asked = gateway.log().len();
    let listed = setup.run(&["support", "bundle", "--output", output]);
    assert_eq!(listed.code(), Some(1), "nobody agreed: {}", listed.out);
    assert!(listed.out.contains(&gateway.base_url()), "{}", listed.out);
    let offline = setup.path().join("offline.zip");
    let offline = [
        "support",
        "bundle",
        "--yes",
        "--offline",
        "--output",
        offline.to_str().expect("a path"),
    ];
    let quiet = setup.run(&offline);
    assert_eq!(quiet.code(), Some(0), "{}", quiet.err);
    assert!(!quiet.out.contains("would ask"), "{}", quiet.out);
    assert_eq!(
        gateway.log().len(),
        asked,
        "the gateway was asked before anybody agreed"
    );
    for name in [
        "versions.txt",
        "settings.txt",
        "doctor.txt",
        "diagnostics/essential.jsonl",
    ] {
        assert!(listed.out.contains(name), "{name} is not in {}", listed.out);
    }
    assert!(!file.exists());
    let written = setup.run(&["support", "bundle", "--yes", "--output", output]);
    assert_eq!(written.code(), Some(0), "{}", written.err);
    assert!(file.exists() && !log.contains(MARKER));
    assert_eq!(gateway.log().len(), asked + 1, "the doctor asks once");
    let again = setup.run(&["support", "bundle", "--yes", "--output", output]);
    assert_eq!(again.code(), Some(1), "a file that is there is not replaced");
    let shown = std::process::Command::new(deskhand_test_support::python())
        .args(["-c", "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\nprint(*(z.read(n).decode() for n in z.namelist()))"])
        .arg(&file)
        .output()
        .expect("Python reads it");
    let text = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(
        text.contains("inferenceGatewayBaseUrl") && text.contains("open the store"),
        "{text}"
    );
    for word in ["`deskhand trust`", "= \"gateway\"", "`otlpEndpoint`"] {
        assert!(text.contains(word), "{word} was taken out of {text}");
    }
    for gone in [MARKER, "e2e-key", "book.xlsx"] {
        assert!(!text.contains(gone), "the bundle holds {gone}");
    }
    service.stop();
}
