//! What an administrator finds out at the command line: `deskhand doctor`, and who decided what.

use deskhand_e2e::{Service, Setup, play};
use deskhand_test_support::free_port;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

const GATEWAY: &str =
    "models: [claude-standin]\nkey: e2e-key\nsteps: [{ answer: { say: [{ text: Hello. }] } }]";

/// The findings of `deskhand doctor`, by step, and its exit code.
fn doctor(setup: &Setup) -> (Value, Option<i32>) {
    let done = setup.run(&["doctor", "--json"]);
    let findings: Value =
        serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}: {}", done.err));
    (findings, done.code())
}

fn step<'a>(findings: &'a Value, name: &str) -> &'a Value {
    let all = findings.as_array().expect("a list");
    all.iter()
        .find(|one| one["step"] == name)
        .expect("every step is told")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doctor_who_finds_nothing_bad_ends_with_0() {
    let gateway = play(GATEWAY).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    let service = Service::start(&setup, 0);
    let (findings, code) = doctor(&setup);
    assert_eq!(code, Some(0), "{findings:#}");
    assert_eq!(
        step(&findings, "provider")["finding"],
        "The model provider answers. The gateway lists 1 model."
    );
    let content = step(&findings, "content")["finding"].as_str().unwrap_or_default();
    assert!(
        content.starts_with("Prompts and what Deskhand reads go to the gateway"),
        "{content}"
    );
    let port = step(&findings, "port")["finding"].as_str().unwrap_or_default();
    assert!(port.contains(service.address()), "{port}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doctor_tells_a_refused_key_from_a_gateway_that_is_not_there_and_ends_with_1() {
    let gateway = play(GATEWAY).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    setup.key("another-key");
    let (findings, code) = doctor(&setup);
    let found = step(&findings, "provider");
    assert_eq!((code, &found["state"]), (Some(1), &json!("bad")));
    assert!(
        found["finding"]
            .as_str()
            .is_some_and(|text| text.contains("[INF_AUTH]")),
        "{found}"
    );
    assert!(
        found["remedy"].as_str().is_some_and(|text| !text.is_empty()),
        "{found}"
    );
    assert!(!findings.to_string().contains("another-key"));

    let setup = Setup::with_gateway(&format!("http://127.0.0.1:{}", free_port()));
    let (findings, code) = doctor(&setup);
    let found = step(&findings, "provider");
    assert_eq!(code, Some(1));
    assert!(
        found["finding"]
            .as_str()
            .is_some_and(|text| text.contains("[INF_UNREACHABLE]")),
        "{found}"
    );
}

#[test]
fn a_doctor_says_what_a_new_user_has_to_do_and_ends_with_0() {
    let (findings, code) = doctor(&Setup::empty());
    assert_eq!(code, Some(0), "{findings:#}");
    for name in ["provider", "port"] {
        let found = step(&findings, name);
        assert_eq!(found["state"], "note", "{found}");
        assert!(
            found["remedy"].as_str().is_some_and(|text| !text.is_empty()),
            "{found}"
        );
    }
}

#[test]
fn a_doctor_names_an_invalid_setting() {
    let setup = Setup::empty();
    let settings = json!({ "inferenceGatewayBaseUrl": "ftp://gateway.example.com" });
    let file = setup.path().join("data/settings.json");
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
    std::fs::write(&file, settings.to_string()).expect("a file");
    let (findings, code) = doctor(&setup);
    assert_eq!(code, Some(1));
    let found = step(&findings, "policy");
    assert!(
        found["finding"]
            .as_str()
            .is_some_and(|text| text.contains("inferenceGatewayBaseUrl")),
        "{found}"
    );
}

/// A file of settings in this home.
fn file(setup: &Setup, name: &str, text: &str) -> String {
    let path = setup.path().join(name);
    std::fs::write(&path, text).expect("a file");
    path.to_str().expect("a path of text").to_owned()
}

#[test]
fn a_check_names_the_line_of_what_is_wrong_and_ends_with_1() {
    let setup = Setup::empty();
    let wrong = file(
        &setup,
        "wrong.json",
        "{\n  \"deskhandEnabled\": true,\n  \"alowedWorkspaceFolders\": []\n}",
    );
    let done = setup.run(&["policy", "check", &wrong]);
    assert_eq!(done.code(), Some(1), "{}", done.err);
    assert!(
        done.out.contains("line 3") && done.out.contains("`allowedWorkspaceFolders`"),
        "{}",
        done.out
    );
    let right = file(&setup, "right.json", r#"{ "allowedWorkspaceFolders": [] }"#);
    assert_eq!(setup.run(&["policy", "check", &right]).code(), Some(0));
    let broken = file(&setup, "broken.json", "{");
    let done = setup.run(&["policy", "check", &broken]);
    assert_eq!(
        (done.code(), done.err.lines().count()),
        (Some(1), 1),
        "{}",
        done.err
    );
}

#[test]
fn an_explanation_says_where_a_value_comes_from() {
    let setup = Setup::empty();
    setup.configure("deskhandMaxStepsPerTurn", "7");
    let done = setup.run(&["policy", "explain", "deskhandMaxStepsPerTurn"]);
    assert!(
        done.out.contains("Value now: 7") && done.out.contains("settings.json"),
        "{}",
        done.out
    );
    let done = setup.run(&["policy", "explain", "deskhandMaxStepsPerTrun"]);
    assert_eq!(done.code(), Some(1));
    assert!(done.err.contains("`deskhandMaxStepsPerTurn`"), "{}", done.err);
}

#[test]
fn what_is_shown_and_given_out_holds_no_secret() {
    let setup = Setup::with_gateway("https://gateway.example.com");
    for command in [
        &["policy", "show", "--all"][..],
        &["policy", "show", "--json"],
        &["policy", "explain", "inferenceGatewayApiKey"],
        &["policy", "export", "--format", "json"],
        &["policy", "export", "--format", "mobileconfig"],
    ] {
        let done = setup.run(command);
        assert_eq!(done.code(), Some(0), "{command:?} {}", done.err);
        assert!(!done.out.contains("e2e-key"), "{command:?}");
    }
    let exported = setup.run(&["policy", "export", "--format", "json"]).out;
    assert!(exported.contains("https://gateway.example.com"), "{exported}");
}

#[test]
fn a_comparison_says_which_way_a_key_goes() {
    let setup = Setup::empty();
    let loose = file(&setup, "loose.json", r#"{ "deskhandEnabled": true }"#);
    let tight = file(&setup, "tight.json", r#"{ "allowedWorkspaceFolders": [] }"#);
    let done = setup.run(&["policy", "diff", &loose, &tight, "--json"]);
    let changes: Value = serde_json::from_str(&done.out).expect("JSON");
    assert_eq!(changes[0]["key"], "allowedWorkspaceFolders");
    assert_eq!(changes[0]["direction"], "tighter");
}

#[test]
fn an_import_lists_what_differs_and_writes_over_no_file() {
    let setup = Setup::empty();
    let profile = file(
        &setup,
        "other.reg",
        "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude]\r\n\
         \"inferenceProvider\"=\"gateway\"\r\n\"otlpEndpoint\"=\"https://collector.example.com\"\r\n",
    );
    let output = setup.path().join("managed-settings.json");
    let output = output.to_str().expect("a path of text");
    let done = setup.run(&["policy", "import", &profile, "--output", output]);
    assert_eq!(done.code(), Some(0), "{}", done.err);
    assert!(done.out.contains("otlpContentCapture"), "{}", done.out);
    let taken: Value = serde_json::from_slice(&std::fs::read(output).expect("a file")).expect("JSON");
    assert_eq!(taken["otlpEndpoint"], "https://collector.example.com");
    let again = setup.run(&["policy", "import", &profile, "--output", output]);
    assert_eq!(again.code(), Some(1));
    assert!(again.err.contains("is there already"), "{}", again.err);
}

#[test]
fn the_egress_list_is_what_the_settings_open_and_closes_with_their_keys() {
    let setup = Setup::with_gateway("https://gateway.example.com");
    let listed = |setup: &Setup| -> Vec<String> {
        let done = setup.run(&["egress", "list", "--format", "firewall"]);
        assert_eq!(done.code(), Some(0), "{}", done.err);
        done.out.lines().map(str::to_owned).collect()
    };
    assert_eq!(
        listed(&setup),
        ["appsforoffice.microsoft.com:443", "gateway.example.com:443"]
    );
    setup.configure("deskhandOfficeScriptFolder", "/srv/office-js");
    assert_eq!(listed(&setup), ["gateway.example.com:443"]);
    for format in ["text", "json", "csv"] {
        let done = setup.run(&["egress", "list", "--format", format]);
        assert!(
            done.out.contains("inferenceProvider") && !done.out.contains('\r'),
            "{format}: {}",
            done.out
        );
    }
    let open = setup.run(&["egress", "explain", "gateway.example.com"]);
    assert!(open.out.contains("inferenceProvider"), "{}", open.out);
    let closed = setup.run(&["egress", "explain", "telemetry.example.com"]);
    assert!(
        closed.out.starts_with("Nothing reaches telemetry.example.com"),
        "{}",
        closed.out
    );
    assert_eq!(setup.run(&["egress", "explain", "no host"]).code(), Some(1));
}

#[test]
fn a_simulation_answers_with_the_key_that_decides() {
    let setup = Setup::empty();
    let tight = file(
        &setup,
        "tight.json",
        r#"{ "inferenceProvider": "gateway", "inferenceGatewayBaseUrl": "https://gateway.example.com",
             "allowedWorkspaceFolders": [], "coworkEgressAllowedHosts": ["*.corp.example"], "disabledBuiltinTools": ["Write"] }"#,
    );
    for (question, code, key) in [
        ("read /data/secret.xlsx", 1, "allowedWorkspaceFolders"),
        ("connect wiki.corp.example", 0, "coworkEgressAllowedHosts"),
        ("connect corp.example", 1, "coworkEgressAllowedHosts"),
        ("tool Write", 1, "disabledBuiltinTools"),
    ] {
        let done = setup.run(&["policy", "check", &tight, "--simulate", question]);
        assert_eq!(done.code(), Some(code), "{question}: {}{}", done.out, done.err);
        assert!(done.out.contains(key), "{question}: {}", done.out);
    }
    for (question, why) in [
        ("dance", "ask one of"),
        ("tool Raed", "there is no such tool; the nearest is `Read`"),
    ] {
        let done = setup.run(&["policy", "check", &tight, "--simulate", question]);
        assert_eq!(done.code(), Some(1), "{question}");
        assert!(
            done.out.is_empty() && done.err.contains(why),
            "{question}: {}",
            done.err
        );
    }
}

#[test]
fn a_recommended_profile_is_given_out_in_a_form_that_is_taken_in_again() {
    let setup = Setup::empty();
    for form in ["json", "reg", "mobileconfig"] {
        let output = setup.path().join(format!("locked-down.{form}"));
        let output = output.to_str().expect("a path of text");
        let done = setup.run(&[
            "policy",
            "export",
            "--profile",
            "locked-down",
            "--format",
            form,
            "--output",
            output,
        ]);
        assert_eq!(done.code(), Some(0), "{}", done.err);
        let done = setup.run(&["policy", "check", output]);
        assert_eq!(done.code(), Some(0), "{form}: {}", done.out);
    }
    assert_eq!(
        setup
            .run(&["policy", "export", "--profile", "lax", "--format", "json"])
            .code(),
        Some(1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_asks_nobody_offline_and_says_once_what_keeps_sessions_from_starting() {
    let gateway = play(GATEWAY).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    let done = setup.run(&["doctor", "--offline"]);
    assert!(done.out.contains("was not asked"), "{}", done.out);
    assert!(gateway.log().is_empty(), "the gateway was asked");

    setup.configure("deskhandAuditRequired", "true");
    let done = setup.run(&["doctor", "--offline"]);
    assert_eq!(done.code(), Some(1));
    let why = "the audit needs a collector, and `otlpEndpoint` names none";
    assert_eq!(done.out.matches(why).count(), 1, "{}", done.out);
    assert!(!done.out.contains("could not be read"), "{}", done.out);
    let shown = setup.run(&["policy", "show"]);
    assert!(
        shown.out.contains("names none; sessions do not start"),
        "{}",
        shown.out
    );
}
