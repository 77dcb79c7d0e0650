//! `deskhand.exe` under Wine: the registry, the service behind its named pipe, and the tools on files. What Wine is not
//! (Credential Manager's protection, Office, WebView2) is not shown here.
//!
//! `cargo xtask test --windows` builds the program, lays out a Wine prefix, and runs these; the feature `wine` keeps them
//! out of every other run.

#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use deskhand_e2e::{Finished, PATIENCE, finish, play};
use deskhand_test_support::{Child, Home, python, repository};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

/// The folder of the programs for Windows.
const PROGRAMS: &str = "DESKHAND_WINDOWS_PROGRAMS";
const CONNECTIONS: &str = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings\Connections";
const POLICY: &str = r"HKLM\SOFTWARE\Policies\Deskhand";

const SCRIPT: &str = r#"
models: [claude-standin]
key: e2e-key
capture: { book: { before: " | workbook | " } }
steps:
  - answer:
      say:
        - { tool: range_read, input: { document: "{{book}}", range: "Sheet1!A1:C3" } }
        - { tool: sheet_add, input: { document: "{{book}}", name: Summary } }
        - { tool: range_write, input: { document: "{{book}}", range: "Summary!A1:B1", cells: [[Sum, "=SUM(Sheet1!C1:C3)"]] } }
  - answer: { say: [{ text: [The sum is on, " the sheet Summary."] }] }
"#;

/// A computer with Windows, as far as Wine is one, and one user's home on it.
struct Computer {
    home: Home,
}

impl Computer {
    fn new() -> Self {
        let computer = Self { home: Home::new() };
        computer.forget_policy();
        computer
    }

    /// A path of this machine as programs there see it.
    fn path(path: &Path) -> String {
        format!("Z:{}", path.display()).replace('/', "\\")
    }

    fn wine(&self, program: &str, arguments: &[&str]) -> Command {
        // Debian puts no name of it on the PATH.
        let mut wine = Command::new("/usr/lib/wine/wine64");
        wine.arg(program).args(arguments);
        wine.env("DESKHAND_HOME", Self::path(self.home.path()));
        wine.stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        wine
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let programs = std::env::var_os(PROGRAMS).expect("run by `cargo xtask test --windows`");
        let program = PathBuf::from(programs).join("deskhand.exe");
        self.wine(program.to_str().expect("a path of text"), arguments)
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        self.given(arguments, "")
    }

    fn given(&self, arguments: &[&str], input: &str) -> Finished {
        finish(self.command(arguments), input)
    }

    fn done(&self, arguments: &[&str]) -> String {
        let done = self.run(arguments);
        assert_eq!(done.code(), Some(0), "{arguments:?}: {}{}", done.out, done.err);
        done.out
    }

    /// Sets a value below the key of policy, as Group Policy does.
    fn policy(&self, name: &str, kind: &str, value: &str) {
        let add = ["add", POLICY, "/v", name, "/t", kind, "/d", value, "/f"];
        let done = finish(self.wine("reg", &add), "");
        assert!(done.status.success(), "{}{}", done.out, done.err);
    }

    fn forget_policy(&self) {
        // It fails where there is none.
        finish(self.wine("reg", &["delete", POLICY, "/f"]), "");
        finish(self.wine("reg", &["delete", CONNECTIONS, "/f"]), "");
    }

    /// Sets the proxies of this user's connections, as the settings of Windows do: flags (1 direct, 2 proxy, 4 script), and three texts
    /// behind their lengths, all little-endian.
    fn proxies(&self, flags: u32, proxy: &str, exceptions: &str, script: &str) {
        let mut blob: Vec<u8> = [0x46, 1, flags]
            .iter()
            .flat_map(|part: &u32| part.to_le_bytes())
            .collect();
        for text in [proxy, exceptions, script] {
            blob.extend((text.len() as u32).to_le_bytes());
            blob.extend(text.as_bytes());
        }
        blob.extend([0; 32]);
        let hex: String = blob.iter().map(|byte| format!("{byte:02x}")).collect();
        let value = "DefaultConnectionSettings";
        let add = [
            "add",
            CONNECTIONS,
            "/v",
            value,
            "/t",
            "REG_BINARY",
            "/d",
            &hex,
            "/f",
        ];
        let done = finish(self.wine("reg", &add), "");
        assert!(done.status.success(), "{}{}", done.out, done.err);
    }

    fn gateway(&self, url: &str) {
        self.done(&["config", "set", "inferenceProvider", "gateway"]);
        self.done(&["config", "set", "inferenceGatewayBaseUrl", url]);
        let key = self.given(&["config", "set", "inferenceGatewayApiKey"], "e2e-key");
        assert_eq!(key.code(), Some(0), "{}", key.err);
    }

    fn workbook(&self) -> PathBuf {
        let copy = self.home.path().join("book.xlsx");
        let fixture = repository().join("file-tools/fixtures/workbooks/ironcalc__example.xlsx");
        std::fs::copy(fixture, &copy).expect("the fixture");
        copy
    }
}

impl Drop for Computer {
    fn drop(&mut self) {
        self.forget_policy();
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The formula that the agent wrote, read by an independent reader.
fn sum(path: &Path) -> String {
    let program = "import sys, openpyxl\nprint(openpyxl.load_workbook(sys.argv[1])['Summary']['B1'].value)";
    let mut read = Command::new(python());
    let read = read.args(["-W", "ignore", "-c", program]).arg(path).output();
    String::from_utf8_lossy(&read.expect("python starts").stdout)
        .trim()
        .to_owned()
}

#[test]
fn what_group_policy_says_is_shown_with_its_hive_and_locks() {
    let computer = Computer::new();
    computer.policy("deskhandMaxStepsPerTurn", "REG_DWORD", "7");
    computer.policy(
        "allowedWorkspaceFolders",
        "REG_SZ",
        r#"[{"path": "C:\\Reports", "mode": "ro"}]"#,
    );
    let shown = json(&computer.done(&["policy", "show", "--json"]));
    let entries = shown["keys"].as_array().unwrap_or_else(|| panic!("{shown}"));
    let of = |name: &str| entries.iter().find(|entry| entry["key"] == name).expect(name);
    let steps = of("deskhandMaxStepsPerTurn");
    assert_eq!(steps["value"], json!(7), "{steps}");
    assert!(
        steps.to_string().contains(r"HKLM\\SOFTWARE\\Policies\\Deskhand"),
        "{steps}"
    );
    assert_eq!(of("allowedWorkspaceFolders")["value"][0]["mode"], json!("ro"));
    let set = computer.run(&["config", "set", "deskhandMaxStepsPerTurn", "9"]);
    assert_eq!(set.code(), Some(1), "{}{}", set.out, set.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_changes_a_closed_workbook() {
    let computer = Computer::new();
    let gateway = play(SCRIPT).await;
    computer.gateway(&gateway.base_url());
    let book = computer.workbook();
    let asked = computer.run(&["ask", "--yes", "--file", &Computer::path(&book), "Sum it up"]);
    assert_eq!(asked.code(), Some(0), "{}{}", asked.out, asked.err);
    assert!(
        asked.out.contains("The sum is on the sheet Summary."),
        "{}",
        asked.out
    );
    assert_eq!(sum(&book), "=SUM(Sheet1!C1:C3)");
    let audit = computer.done(&["audit", "verify"]);
    assert!(!audit.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_is_found_by_its_user_and_serves_more_than_one_command() {
    let computer = Computer::new();
    let gateway =
        play("models: [claude-standin]\nkey: e2e-key\nsteps: [{ answer: { say: [{ text: One. }] } }]").await;
    computer.gateway(&gateway.base_url());
    let serve = ["serve", "--ready-json", "--until-stdin-closes", "--port", "0"];
    let mut service = Child::spawn(&mut computer.command(&serve));
    let ready = json(&service.line(PATIENCE, |line| line.starts_with('{')));
    let status = json(&computer.done(&["status", "--json"]));
    assert_eq!(status["running"], json!(true));
    assert_eq!(status["address"], ready["address"]);
    let asked = computer.run(&["ask", "Hello"]);
    assert_eq!(asked.code(), Some(0), "{}{}", asked.out, asked.err);
    drop(service.stdin());
    service.ended(PATIENCE);
    assert_eq!(
        json(&computer.run(&["status", "--json"]).out)["running"],
        json!(false)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn group_policy_switches_off() {
    let computer = Computer::new();
    let gateway =
        play("models: [claude-standin]\nkey: e2e-key\nsteps: [{ answer: { say: [{ text: One. }] } }]").await;
    computer.gateway(&gateway.base_url());
    computer.policy("deskhandEnabled", "REG_SZ", "false");
    let asked = computer.run(&["ask", "Hello"]);
    assert_eq!(asked.code(), Some(1), "{}{}", asked.out, asked.err);
    assert!(gateway.log().is_empty(), "nothing was sent");
}

#[test]
fn the_proxies_that_windows_is_set_to_are_used_and_the_doctor_names_them() {
    let computer = Computer::new();
    let proxy = || {
        let findings = json(&computer.run(&["doctor", "--offline", "--json"]).out);
        let all = findings.as_array().cloned().unwrap_or_default();
        let found = all.into_iter().find(|one| one["step"] == "proxy");
        found.expect("the proxy is told").to_string()
    };
    let direct = proxy();
    assert!(!direct.contains("proxy.example.com"), "{direct}");
    computer.proxies(
        3,
        "http=plain.example.com:80;https=proxy.example.com:8443",
        "<local>",
        "",
    );
    let set = proxy();
    for each in [
        "http://proxy.example.com:8443",
        "http://plain.example.com",
        "operating system",
    ] {
        assert!(set.contains(each), "{set}");
    }
    computer.proxies(5, "", "", "http://pac.example.com/proxy.pac");
    let script = proxy();
    assert!(script.contains("script at http://pac.example.com,"), "{script}");
    // What policy says wins.
    computer.policy("egressProxyUrl", "REG_SZ", "http://corporate.example.com:3128");
    let policy = proxy();
    assert!(
        policy.contains("corporate.example.com") && !policy.contains("pac.example.com"),
        "{policy}"
    );
}
