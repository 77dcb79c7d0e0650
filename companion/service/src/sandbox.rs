//! The sandbox of this computer: where its image and its states are, how large a machine is, and what it is told of folders.
//! Its machines are `deskhand-vm-host`'s.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use deskhand_platform::{Paths, SecretStore};
use deskhand_policy::Origin;
use deskhand_vm_files::{Access, Change, Event, Events, Journal, Kept, Share};
use deskhand_vm_host::{
    Contained, ProcessSandbox, RunLimits, SandboxError, Session, Settings, Step, Workshop, neither, stand_in,
};

use crate::serve::{key_of, open_secrets};

/// Names the folder of images, for tests and for set-ups that keep it elsewhere.
pub(crate) const IMAGES_VARIABLE: &str = "DESKHAND_SANDBOX_IMAGES";

/// What a command may use where nobody says otherwise: ten minutes.
pub(crate) fn usual_limits() -> RunLimits {
    deskhand_sandbox::limits(10 * 60 * 1000)
}

/// What a command may use that only shows that commands run.
pub(crate) fn limits_of_a_look() -> RunLimits {
    RunLimits {
        output: 64 * 1024,
        ..deskhand_sandbox::limits(20 * 1000)
    }
}

/// The key of the secret store with which kept states of machines are sealed.
const STATE_KEY: &str = "sandbox-state-key";

/// Names the program of the agent, for tests and for set-ups that keep it elsewhere.
pub(crate) const AGENT_VARIABLE: &str = "DESKHAND_SANDBOX_AGENT";

/// As the agent's program is called beside the service's.
const AGENT: &str = "deskhand-vm-guest";

/// What starts machines, without its kept states.
pub(crate) async fn workshop(paths: &Paths) -> Result<Workshop, SandboxError> {
    // Who may stand in for a machine is asked elsewhere.
    Workshop::open(settings(paths, false)).await
}

/// The same with the states that the service keeps: both have the key.
pub(crate) async fn workshop_with_states(paths: &Paths) -> Result<Workshop, SandboxError> {
    let key = async { state_key(&open_secrets(paths).await?) };
    let key = key.await.map_err(|error| {
        SandboxError::new(
            Step::Start,
            format!("the key of kept machines cannot be read: {error:#}"),
            "unlock the keyring of this computer",
        )
    })?;
    Ok(workshop(paths).await?.with_state_key(&key))
}

/// The key of kept states; made on first use.
pub(crate) fn state_key(secrets: &SecretStore) -> anyhow::Result<[u8; 32]> {
    key_of(secrets, STATE_KEY)
}

/// Where its images, states and folders are, and what a machine is given. A process sandbox stands in for a machine only
/// where policy allows it (`deskhandAllowProcessSandbox`), which the caller says.
pub(crate) fn settings(paths: &Paths, allows_processes: bool) -> Settings {
    let own = paths.cache().join("sandbox");
    let images = images(&own);
    let process_sandbox = allows_processes.then(|| ProcessSandbox::new(agent(&own)));
    Settings {
        process_sandbox,
        ..deskhand_sandbox::settings(own, images)
    }
}

/// Whether an administrator allows a process sandbox where no machine can be had. The word of anybody else does not count.
pub(crate) fn allows_processes(settings: &crate::settings::Settings) -> bool {
    let setting = &settings.policy.sandbox.deskhand_allow_process_sandbox;
    setting.value && matches!(setting.origin, Origin::Managed(_) | Origin::ManagedForUser(_))
}

/// The agent for process sandboxes: the one that came with the program, and is as well kept as that. A service that is being developed
/// takes the one that is named, or that `cargo xtask image` built for this user; one that people use does not, since whoever may write
/// there would decide what shuts commands in.
fn agent(own: &Path) -> PathBuf {
    let program = std::env::current_exe().ok();
    let beside = program.and_then(|program| Some(program.parent()?.join(AGENT)));
    if !cfg!(debug_assertions) {
        return beside.unwrap_or_else(|| Path::new("/").join(AGENT));
    }
    if let Some(named) = std::env::var_os(AGENT_VARIABLE).filter(|named| !named.is_empty()) {
        return named.into();
    }
    let beside = beside.filter(|agent| agent.is_file());
    beside.unwrap_or_else(|| own.join(AGENT))
}

/// A session without a way out: in a machine, or in what stands in for it where policy allows that; then with why there is no machine.
pub(crate) async fn any_session(
    paths: &Paths,
    policy: &crate::settings::Settings,
) -> Result<(Session, Option<Workshop>, Option<SandboxError>), SandboxError> {
    let begun = async {
        let workshop = workshop_with_states(paths).await?;
        let session = session(&workshop).await?;
        Ok::<_, SandboxError>((session, workshop))
    };
    let failed = match Box::pin(begun).await {
        Ok((session, workshop)) => return Ok((session, Some(workshop), None)),
        Err(error) => error,
    };
    let processes = processes(paths, policy, failed.clone())?;
    let session = session_of_processes(&processes).await;
    let session = session.map_err(|second| neither(&failed, &second))?;
    Ok((session, None, Some(failed)))
}

/// The same in a process sandbox.
pub(crate) async fn session_of_processes(processes: &Contained) -> Result<Session, SandboxError> {
    let (events, _) = tokio::sync::mpsc::channel(1);
    let spec = deskhand_sandbox::session_spec(false);
    processes.session(spec, None, events).await
}

/// What stands in for a machine that could not be had, where policy allows it.
pub(crate) fn processes(
    paths: &Paths,
    policy: &crate::settings::Settings,
    failed: SandboxError,
) -> Result<Contained, SandboxError> {
    let settings = settings(paths, allows_processes(policy));
    stand_in(&settings, deskhand_sandbox::USER, failed)
}

/// Where images are put that are fetched: the folder that is named, else the user's own.
pub(crate) fn own_images(paths: &Paths) -> PathBuf {
    named_images().unwrap_or_else(|| paths.cache().join("sandbox/images"))
}

fn named_images() -> Option<PathBuf> {
    let named = std::env::var_os(IMAGES_VARIABLE).filter(|named| !named.is_empty());
    named.map(PathBuf::from)
}

/// The folder that is named, else the user's own, else the one that came with the program.
fn images(own: &Path) -> PathBuf {
    if let Some(named) = named_images() {
        return named;
    }
    let own = own.join("images");
    if own.join("current").is_file() {
        return own;
    }
    let installed = std::env::current_exe()
        .ok()
        .and_then(|program| Some(program.parent()?.join("../lib/deskhand/sandbox/images")));
    installed
        .filter(|folder| folder.join("current").is_file())
        .unwrap_or(own)
}

/// A session without a way out.
pub(crate) async fn session(workshop: &Workshop) -> Result<Session, SandboxError> {
    // What the guest tells of itself is not kept for a command of the terminal.
    let (events, _) = tokio::sync::mpsc::channel(1);
    workshop
        .session(deskhand_sandbox::session_spec(false), None, events)
        .await
}

/// Shows a folder to a session, for reading alone.
pub(crate) async fn show(
    session: &Session,
    name: &str,
    folder: &Path,
) -> anyhow::Result<tokio::task::JoinHandle<()>> {
    let share = Share::open(
        folder,
        Access::ReadOnly,
        deskhand_sandbox::USER,
        deskhand_sandbox::USER,
    )?;
    let stream = session.mount(name, false).await?;
    Ok(tokio::spawn(async move {
        // It ends with the session.
        deskhand_vm_files::serve(stream, share, Arc::new(NoChanges), Arc::new(Unheard))
            .await
            .ok();
    }))
}

/// The journal of a folder that is not changed: it refuses whatever comes so far.
#[derive(Debug)]
struct NoChanges;

impl Journal for NoChanges {
    fn before(&self, _: &Change<'_>) -> io::Result<Kept> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }
}

#[derive(Debug)]
struct Unheard;

impl Events for Unheard {
    fn done(&self, _: Event) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_is_looked_for_in_the_users_own_folder_first() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::below(home.path());
        let settings = settings(&paths, false);
        assert_eq!(settings.images, paths.cache().join("sandbox/images"));
        assert!(settings.processors >= 1);
    }

    #[test]
    fn without_the_policys_word_nothing_stands_in_for_a_machine() {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::below(home.path());
        assert_eq!(settings(&paths, false).process_sandbox, None);
        let allowed = settings(&paths, true).process_sandbox.expect("it is allowed");
        assert!(allowed.agent.ends_with(AGENT), "{}", allowed.agent.display());
    }
}
