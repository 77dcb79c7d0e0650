//! `deskhand status` and `deskhand trust`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use deskhand_platform::Paths;
use deskhand_platform::trust::TrustState;
use deskhand_protocol::UserError;
use deskhand_protocol::hello::{SandboxState, ServiceView};
use deskhand_server::Authority;
use serde::Serialize;

use super::TOUR;
use super::client::join;
use super::safe::safe_line;
use super::sessions::{print, print_json};
use crate::clock::now;
use crate::serve::open_secrets;
use crate::settings::Settings;
use crate::usage;
use crate::view::store_name;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    version: &'static str,
    running: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<u32>,
    data: PathBuf,
    secret_store: String,
    authority: PathBuf,
    authority_trusted: &'static str,
    managed: bool,
    provider: &'static str,
    /// What may be said of where content goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    promise: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    view: Option<ServiceView>,
    /// Why no turn starts.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<UserError>,
    notices: Vec<String>,
}

/// `deskhand status`: exit 0 when the service runs, 1 when not.
pub(crate) async fn status(paths: &Paths, json: bool) -> anyhow::Result<ExitCode> {
    paths.create()?;
    let secrets = open_secrets(paths).await?;
    let settings = Settings::load(paths, &secrets)?;
    let (attachment, view) = join(paths)
        .await?
        .map(|(attachment, client)| (attachment, client.hello.view))
        .unzip();
    let authority = Authority::open(paths, &secrets, SystemTime::now())?;
    let status = Status {
        version: env!("CARGO_PKG_VERSION"),
        running: attachment.is_some(),
        address: attachment.as_ref().map(|attachment| attachment.address.clone()),
        pid: attachment.as_ref().map(|attachment| attachment.pid),
        data: paths.data().to_owned(),
        secret_store: store_name(secrets.kind()).to_owned(),
        authority: authority.file().to_owned(),
        authority_trusted: trusted(&authority),
        managed: settings.managed,
        provider: settings
            .provider
            .as_ref()
            .map_or("none", |provider| provider.place.name()),
        promise: match &view {
            Some(view) => view.promise.clone(),
            None => crate::view::promise(&settings, false),
        },
        view,
        stopped: settings.stopped.clone(),
        notices: settings.told(),
    };
    let running = status.running;
    if json {
        print_json(&status)?;
    } else {
        table(&status)?;
    }
    Ok(if running {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn table(status: &Status) -> anyhow::Result<()> {
    let service = match (&status.address, status.pid) {
        (Some(address), Some(pid)) => format!("runs at {address}, process {pid}"),
        _ => "does not run; start it with `deskhand serve`".to_owned(),
    };
    let store = match status.secret_store.as_str() {
        "keyFile" => "a key file that only this user may read; no secret store of the system is used",
        _ => "the secret store of the system",
    };
    print(&format!("Deskhand {}", status.version))?;
    print(&format!("Service     {service}"))?;
    print(&format!("Data        {}", status.data.display()))?;
    print(&format!("Keys        {store}"))?;
    print(&format!(
        "Authority   {} ({})",
        status.authority.display(),
        status.authority_trusted
    ))?;
    print(&format!(
        "Managed     {}",
        if status.managed {
            "by your organisation"
        } else {
            "no"
        }
    ))?;
    print(&format!("Provider    {}", status.provider))?;
    if let Some(sign_in) = status.view.as_ref().and_then(|view| view.sign_in.as_ref()) {
        print(&format!(
            "Sign-in     {}",
            super::sign_in::told_for_model(sign_in)
        ))?;
    }
    content(status)?;
    sandbox(status)?;
    if let Some(usage) = status.view.as_ref().and_then(|view| view.usage) {
        print(&format!("Tokens      {}", usage::line(usage, now())))?;
    }
    if let Some(view) = &status.view {
        print(&format!(
            "Used        in the last 24 hours: {}",
            usage::told_of(view.last_day)
        ))?;
    }
    let bootstrap = status.view.as_ref().and_then(|view| view.bootstrap.as_ref());
    let settings = bootstrap.map(super::sign_in::told).unwrap_or_default();
    settings
        .iter()
        .try_for_each(|line| print(&format!("Settings    {line}")))?;
    if let Some(stopped) = &status.stopped {
        print(&format!("Stopped     {}", in_one_line(stopped)))?;
    }
    if status.view.as_ref().is_some_and(|view| view.tour) {
        print(TOUR)?;
    }
    let told = status.stopped.as_ref().and_then(|why| why.detail.as_ref());
    let mut more = status.notices.iter().filter(|notice| Some(*notice) != told);
    more.try_for_each(|notice| print(&format!("Note        {notice}")))?;
    let live = status.view.iter().flat_map(|view| &view.notices);
    let mut live = live.filter(|notice| Some(*notice) != told && !status.notices.contains(notice));
    live.try_for_each(|notice| print(&format!("Note        {notice}")))
}

/// Where content goes, and how many models may be answered elsewhere.
fn content(status: &Status) -> anyhow::Result<()> {
    let Some(promise) = &status.promise else {
        return Ok(());
    };
    print(&format!("Content     {promise}"))?;
    let models = status.view.iter().flat_map(|view| &view.models);
    match models.filter(|model| model.leaves.is_some()).count() {
        0 => Ok(()),
        1 => print("            1 model is marked: `deskhand models` says which"),
        count => print(&format!(
            "            {count} models are marked: `deskhand models` says which"
        )),
    }
}

fn sandbox(status: &Status) -> anyhow::Result<()> {
    let mut lines = status.view.iter().flat_map(sandbox_lines);
    lines.try_for_each(|line| print(&format!("Sandbox     {line}")))
}

/// Where code runs; where it cannot, which step failed, why, and what helps.
fn sandbox_lines(view: &ServiceView) -> Vec<String> {
    let state = match view.sandbox {
        SandboxState::Vm => "in a virtual machine without a network card",
        SandboxState::VmEmulated => {
            "in a virtual machine without a network card; the processor does not help it, so that it is slower"
        }
        SandboxState::Processes => {
            "in a process sandbox without a network, since no virtual machine can be had and your organisation allows it: weaker, for it \
             shares this computer's kernel; of programs that a command starts nothing is seen"
        }
        SandboxState::Unavailable => "not available: code cannot run; documents still work",
        SandboxState::NotNeeded => "not needed: nothing runs code",
    };
    let mut lines = vec![state.to_owned()];
    if let Some(fault) = &view.sandbox_fault {
        lines.push(safe_line(&in_one_line(fault)));
        lines.push(safe_line(&fault.action));
    }
    lines
}

/// What happened and who says so.
pub(super) fn in_one_line(error: &UserError) -> String {
    match &error.detail {
        Some(detail) => format!("{} ({detail}) [{}]", error.happened, error.code.as_str()),
        None => format!("{} [{}]", error.happened, error.code.as_str()),
    }
}

fn trusted(authority: &Authority) -> &'static str {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    match authority.trust(&home) {
        TrustState::Trusted => "trusted",
        TrustState::NotTrusted => "not trusted; run `deskhand trust` once",
        TrustState::Unknown => "trust not known on this system",
    }
}

/// `deskhand trust`.
pub(crate) async fn trust(paths: &Paths) -> anyhow::Result<ExitCode> {
    paths.create()?;
    let secrets = open_secrets(paths).await?;
    let authority = Authority::open(paths, &secrets, SystemTime::now())?;
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let stored = deskhand_platform::trust::Authority {
        name: authority.name(),
        certificate: authority.file(),
        home: &home,
    };
    deskhand_platform::trust::install(stored)?;
    print(&format!(
        "This user's programs trust {}, for this computer's loopback only.",
        authority.name()
    ))?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use deskhand_protocol::ErrorCode;

    use super::*;

    #[test]
    fn a_sandbox_that_cannot_start_says_which_step_failed_why_and_what_helps() {
        let mut view: ServiceView = serde_json::from_value(serde_json::json!({
            "tour": false, "managed": false, "configured": true, "models": [], "modelLocked": false, "actLocked": false,
            "sandbox": "unavailable", "secretStore": "keyFile", "notices": [], "earlierSessions": false,
            "organisation": {}, "lastDay": { "input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0 },
        }))
        .unwrap();
        let fault = UserError::new(ErrorCode::SandboxUnavailable).detail("open /dev/kvm\u{1b}[2J: denied");
        view.sandbox_fault = Some(fault.clone());
        let lines = sandbox_lines(&view);
        assert!(
            lines[0].contains("code cannot run; documents still work"),
            "{lines:?}"
        );
        assert!(lines[1].contains("open /dev/kvm\u{fffd}[2J: denied"), "{lines:?}");
        assert_eq!(lines[2], fault.action);
        view.sandbox_fault = None;
        for state in [
            SandboxState::Vm,
            SandboxState::VmEmulated,
            SandboxState::Processes,
            SandboxState::NotNeeded,
        ] {
            view.sandbox = state;
            assert_eq!(sandbox_lines(&view).len(), 1, "{state:?}");
        }
    }
}
