//! `deskhand doctor`: looks at each thing that Deskhand needs, in the order in which one rests on the other. Changes nothing
//! but what every start makes: its folders, its key and its authority. It asks the model provider for its list of models or, where it has none, for one word, and
//! sends the collector a request without records; offline it asks nobody.

mod provider;
mod proxy;

use std::fs::OpenOptions;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use deskhand_egress::{Destination, Gate};
use deskhand_platform::trust::TrustState;
use deskhand_platform::{Paths, SecretStore, SecretStoreKind};
use deskhand_protocol::pairing::TokensAnswer;
use deskhand_protocol::session::Nothing;
use deskhand_protocol::{Method, UserError};
use deskhand_server::{Attachment, Authority, DEFAULT_PORT};
use serde::Serialize;

use super::client::{Client, find};
use super::sessions::{print, print_json};
use super::sign_in;
use crate::provider::Keeper;
use crate::serve::{gate, open_secrets};
use crate::settings::Settings;
use crate::view::promise;
use crate::{logging, telemetry};

/// How a thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
enum State {
    /// As it should be.
    Good,
    /// It works; somebody should know.
    Note,
    /// It does not work.
    Bad,
}

/// What was found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    /// The thing, by a name that stays.
    step: &'static str,
    state: State,
    /// How it stands.
    #[serde(rename = "finding")]
    says: String,
    /// What to do; empty where nothing is.
    #[serde(skip_serializing_if = "String::is_empty")]
    remedy: String,
}

impl Finding {
    fn good(step: &'static str, finding: impl Into<String>) -> Self {
        Self::of(step, State::Good, finding, "")
    }

    fn of(step: &'static str, state: State, finding: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            step,
            state,
            says: finding.into(),
            remedy: remedy.into(),
        }
    }

    fn error(step: &'static str, error: &UserError) -> Self {
        let detail = error.detail.as_ref().map(|detail| format!(" ({detail})"));
        let finding = format!(
            "{}{} [{}]",
            error.happened,
            detail.unwrap_or_default(),
            error.code.as_str()
        );
        Self::of(step, State::Bad, finding, error.action.clone())
    }
}

/// Whom the doctor asks beside this computer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asks {
    /// The model provider and the collector.
    Everybody,
    /// Nobody: `--offline`.
    Nobody,
}

/// Exit 0 where nothing is bad, 1 otherwise.
pub(crate) async fn doctor(paths: &Paths, asks: Asks, json: bool) -> anyhow::Result<ExitCode> {
    let findings = Box::pin(find_out(paths, asks)).await?;
    let bad = findings.iter().any(|finding| finding.state == State::Bad);
    if json {
        print_json(&findings)?;
    } else {
        findings.iter().try_for_each(|finding| print(&told(finding)))?;
    }
    Ok(if bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Everything that was found, as it is shown.
pub(crate) async fn report(paths: &Paths, asks: Asks) -> anyhow::Result<String> {
    let findings = Box::pin(find_out(paths, asks)).await?;
    let lines: Vec<String> = findings.iter().map(told).collect();
    Ok(lines.join("\n"))
}

/// Whom the doctor would ask under these settings, one a line: what it is, where, and what it is asked.
pub(crate) fn contacts(gate: &Gate) -> Vec<String> {
    const PROVIDER: &str = "the model provider";
    const KEYS: &str = "whoever gives out the credential";
    const WORD: &str = "for one word of its default model where it has no list";
    let asked = [
        (Destination::InferenceGateway, PROVIDER, "for its list of models"),
        (Destination::InferenceVertex, PROVIDER, WORD),
        (Destination::InferenceFoundry, PROVIDER, WORD),
        (Destination::InferenceBedrock, PROVIDER, WORD),
        (
            Destination::AwsCredentials,
            KEYS,
            "for a credential, and for the list of models",
        ),
        (Destination::GoogleCredentials, KEYS, "for a credential"),
        (Destination::GoogleMachine, KEYS, "for a credential"),
        (
            Destination::Collector,
            "the collector",
            "to take a request without records",
        ),
    ];
    let open = asked.into_iter().filter_map(|(destination, who, what)| {
        let origins = gate.origins(destination).ok()?;
        let places: Vec<String> = origins.iter().map(ToString::to_string).collect();
        Some(format!("{who} at {}, {what}", places.join(", ")))
    });
    open.collect()
}

async fn find_out(paths: &Paths, asks: Asks) -> anyhow::Result<Vec<Finding>> {
    paths.create()?;
    let secrets = open_secrets(paths).await?;
    let settings = Settings::load(paths, &secrets)?;
    let attachment = find(paths).await?;
    let mut findings = policy(&settings);
    findings.push(Finding::good("cryptography", crate::cryptography::told()));
    findings.push(secret_store(&secrets));
    findings.push(storage(paths));
    findings.push(certificate(paths, &secrets)?);
    findings.push(port(attachment.as_ref()));
    findings.extend(bootstrap(attachment.as_ref()).await);
    let gate = gate(&settings, None, None);
    if settings.policy.source.deskhand_enabled.value {
        findings.push(proxy::finding(gate.way_out(), settings.watched.proxies.detects));
        findings.push(provider::finding(&settings, &gate, Keeper(paths, &secrets), asks).await);
        findings.extend(promise(&settings, false).map(|says| Finding::good("content", says)));
        findings.push(collector(&settings, &gate, asks).await);
        findings.extend(elsewhere(&settings, paths));
    } else {
        let off = "Deskhand is switched off (`deskhandEnabled`): nothing is contacted but the address of settings and the way to it, so nobody was asked.";
        findings.push(Finding::of("network", State::Note, off, ""));
    }
    findings.push(logs(paths));
    findings.push(panes(attachment.as_ref()).await);
    findings.push(sandbox(paths));
    Ok(findings)
}

/// Whether there is what a machine is made of. `deskhand sandbox doctor` starts one.
#[cfg(unix)]
fn sandbox(paths: &Paths) -> Finding {
    let settings = crate::sandbox::settings(paths, false);
    let engine = deskhand_vm_host::Qemu::find(None, &settings.workplace);
    let image = deskhand_vm_host::Store::new(settings.images).current();
    match engine.and(image) {
        Ok(_) => Finding::good(
            "sandbox",
            "Engine and image are here; `deskhand sandbox doctor` starts a machine.",
        ),
        Err(error) => Finding::of(
            "sandbox",
            State::Note,
            format!(
                "Code cannot run: {}. Documents, files and the web can be worked with.",
                error.reason
            ),
            error.remedy,
        ),
    }
}

#[cfg(not(unix))]
fn sandbox(_: &Paths) -> Finding {
    Finding::good(
        "sandbox",
        "No sandbox is part of this version for this system: nothing runs code.",
    )
}

fn told(finding: &Finding) -> String {
    let mark = match finding.state {
        State::Good => "ok  ",
        State::Note => "note",
        State::Bad => "BAD ",
    };
    let line = format!("{mark}  {:<12} {}", finding.step, finding.says);
    if finding.remedy.is_empty() {
        return line;
    }
    format!("{line}\n{:18} {}", "", finding.remedy)
}

fn policy(settings: &Settings) -> Vec<Finding> {
    let who = if settings.managed {
        "managed by your organisation"
    } else {
        "not managed"
    };
    let mut findings: Vec<Finding> = settings
        .stopped
        .iter()
        .map(|why| Finding::error("policy", why))
        .collect();
    let stopping: Vec<String> = settings
        .policy
        .stopping()
        .iter()
        .map(ToString::to_string)
        .collect();
    let told = settings.stopped.as_ref().and_then(|why| why.detail.as_ref());
    let notices = settings.told();
    let more = notices.iter().filter(|notice| Some(*notice) != told);
    let notes = more.map(|notice| {
        // One that keeps sessions from starting is no mere note.
        let (state, remedy) = if stopping.contains(notice) {
            (
                State::Bad,
                "No session starts until it is corrected where it is set.",
            )
        } else {
            (
                State::Note,
                "`deskhand policy show` says what is in force in its place.",
            )
        };
        Finding::of("policy", state, notice.clone(), remedy)
    });
    findings.extend(notes);
    if findings.is_empty() {
        findings.push(Finding::good("policy", format!("Every setting is valid; {who}.")));
    }
    findings
}

fn secret_store(secrets: &SecretStore) -> Finding {
    match secrets.kind() {
        SecretStoreKind::OperatingSystem => {
            Finding::good("keys", "The secret store of the system holds Deskhand's key.")
        }
        SecretStoreKind::KeyFile => Finding::of(
            "keys",
            State::Note,
            "No secret store of the system runs, so a file that only this user may read holds Deskhand's key.",
            "Start a keyring (such as gnome-keyring) for this user where that is not enough.",
        ),
    }
}

fn storage(paths: &Paths) -> Finding {
    let probe = tempfile::tempfile_in(paths.data()).and_then(|file| file.set_len(1 << 20));
    match probe {
        Ok(()) => Finding::good("storage", format!("{} can be written.", paths.data().display())),
        Err(error) => Finding::of(
            "storage",
            State::Bad,
            format!("{} cannot be written: {error}", paths.data().display()),
            "Make room on the disk, or give this user the right to write there.",
        ),
    }
}

fn certificate(paths: &Paths, secrets: &SecretStore) -> anyhow::Result<Finding> {
    let authority = Authority::open(paths, secrets, SystemTime::now())?;
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    Ok(match authority.trust(&home) {
        TrustState::Trusted => Finding::good(
            "certificate",
            format!(
                "This user's programs trust {}, for this computer alone.",
                authority.name()
            ),
        ),
        TrustState::NotTrusted => Finding::of(
            "certificate",
            State::Note,
            "This user's browser does not trust the local authority: panes in it stay empty. The window does not need it.",
            "Run `deskhand trust` once.",
        ),
        TrustState::Unknown => Finding::of(
            "certificate",
            State::Note,
            "Whether this user's browser trusts the local authority cannot be told here.",
            "If panes stay empty, run `deskhand trust` once.",
        ),
    })
}

fn port(attachment: Option<&Attachment>) -> Finding {
    if let Some(running) = attachment {
        return Finding::good(
            "port",
            format!(
                "The service runs at {}, process {}.",
                running.address, running.pid
            ),
        );
    }
    match TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT))) {
        Ok(_) => Finding::of(
            "port",
            State::Note,
            format!("The service does not run; its port {DEFAULT_PORT} is free."),
            "Start it with `deskhand serve`, or open the window.",
        ),
        Err(error) => Finding::of(
            "port",
            State::Bad,
            format!("The service does not run, and its port {DEFAULT_PORT} is taken: {error}"),
            "End the program that listens there; panes need this port.",
        ),
    }
}

/// How far the settings are that an address of the organisation hands out, where there is one.
async fn bootstrap(attachment: Option<&Attachment>) -> Option<Finding> {
    let client = Client::connect(attachment?).await.ok()?;
    let view = client.hello.view.bootstrap?;
    let state = match (view.counts_until, &view.problem) {
        (Some(_), None) => State::Good,
        (Some(_), Some(_)) => State::Note,
        (None, _) => State::Bad,
    };
    let remedy = match state {
        State::Good => String::new(),
        State::Note | State::Bad => {
            "`deskhand sign-in` asks for them now, and says what is missing.".to_owned()
        }
    };
    Some(Finding::of(
        "settings",
        state,
        sign_in::told(&view).join("; "),
        remedy,
    ))
}

/// What is found of somebody who is not asked.
fn not_asked(step: &'static str, who: &str) -> Finding {
    let says = format!("{who} is named in the settings, and was not asked.");
    Finding::of(
        step,
        State::Note,
        says,
        "Run `deskhand doctor` without `--offline` to ask it.",
    )
}

async fn collector(settings: &Settings, gate: &Gate, asks: Asks) -> Finding {
    let is_named = settings.policy.telemetry.otlp_endpoint.value.is_some();
    if is_named && asks == Asks::Nobody {
        return not_asked("collector", "A collector");
    }
    let mut problems = settings.policy.problems.iter();
    if !is_named && problems.any(|problem| problem.key == "otlpEndpoint") {
        let says = "`otlpEndpoint` has a value that cannot be used: nothing is exported.";
        return Finding::of("collector", State::Bad, says, "Correct it where it is set.");
    }
    match telemetry::try_out(settings, gate).await {
        Ok(None) => Finding::good(
            "collector",
            "No collector is named (`otlpEndpoint`): nothing is exported.",
        ),
        Ok(Some(())) => Finding::good(
            "collector",
            "The collector at `otlpEndpoint` takes what is exported.",
        ),
        Err(error) => Finding::of(
            "collector",
            State::Bad,
            format!("Nothing can be exported: {error:#}"),
            format!(
                "Check `otlpEndpoint`, `otlpProtocol` and the headers, and the way there with `deskhand egress explain`. {}",
                telemetry::until_mended(&error)
            ),
        ),
    }
}

/// What waited for another collector and was dropped, for as long as somebody may still wonder.
fn elsewhere(settings: &Settings, paths: &Paths) -> Option<Finding> {
    let (count, at) = telemetry::last_elsewhere(settings, paths)?;
    let recent = at
        .elapsed()
        .is_ok_and(|since| since <= Duration::from_hours(30 * 24));
    let items = counted(usize::try_from(count).unwrap_or(usize::MAX), "record", "records");
    let says = format!(
        "{items} waited for the collector that was named before, and went to none: `otlpEndpoint` or `otlpHeaders` changed."
    );
    recent.then(|| Finding::of("collector", State::Note, says, ""))
}

/// A number with its noun.
fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn logs(paths: &Paths) -> Finding {
    let folder = logging::folder(paths);
    let files = super::support::log_files(paths);
    match files
        .iter()
        .map(|file| OpenOptions::new().append(true).open(file))
        .find_map(Result::err)
    {
        Some(error) => Finding::of(
            "logs",
            State::Bad,
            format!("A log file in {} cannot be written: {error}", folder.display()),
            "Give this user the right to write there.",
        ),
        None if files.is_empty() => Finding::good(
            "logs",
            format!(
                "There is no log file yet; the service writes them to {}.",
                folder.display()
            ),
        ),
        None => Finding::good(
            "logs",
            format!(
                "{} in {} can be written.",
                counted(files.len(), "log file", "log files"),
                folder.display()
            ),
        ),
    }
}

async fn panes(attachment: Option<&Attachment>) -> Finding {
    let Some(attachment) = attachment else {
        return Finding::of("panes", State::Note, "Panes need the running service.", "");
    };
    let tokens = async {
        let mut client = Client::connect(attachment).await?;
        client
            .call::<TokensAnswer>(Method::PairingTokens, Nothing {})
            .await
    };
    match tokens.await {
        Ok(answer) if answer.tokens.is_empty() => Finding::good("panes", "No pane is paired yet."),
        Ok(answer) => {
            let paired = counted(answer.tokens.len(), "pane is", "panes are");
            Finding::good("panes", format!("{paired} paired."))
        }
        Err(error) => Finding::of(
            "panes",
            State::Bad,
            format!("The service does not answer: {error:#}"),
            "Start it again.",
        ),
    }
}
