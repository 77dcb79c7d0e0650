//! Sessions from before the deployment had its name (`deploymentOrganizationUuid`): each deployment has a database of its
//! own, so they are not shown. The person may bring them into it or leave them; nobody else decides that.

use anyhow::Context as _;
use deskhand_platform::permissions::{read_private_file, write_private_file};
use deskhand_platform::{Paths, SecretStore};
use deskhand_protocol::session::EarlierSessions;
use deskhand_storage::{MasterKey, OpenOptions, Store, StoreChange, copy_sessions, has_history};
use deskhand_trail::{Actor, Content, Id, Trail, What};
use uuid::Uuid;

use crate::audit;
use crate::clock::now;
use crate::log::told;
use crate::serve::{master_key, store_options};
use crate::settings::Settings;

/// What the terminal says until the person chose; the window has buttons for it.
pub(crate) const OFFER: &str = "Sessions from before your organisation named this deployment are on this computer and not shown. \
                     `deskhand history take-over` brings them here, `deskhand history leave` leaves them where they are.";
/// Bytes that a choice may have.
const MAX_CHOICE: u64 = 1_024;

/// Whether there are sessions from before a deployment had its name.
pub(crate) fn is_there(paths: &Paths) -> bool {
    has_history(paths.data(), None)
}

/// Whether the person has yet to choose.
pub(crate) fn is_open(paths: &Paths, deployment: Option<Uuid>) -> bool {
    deployment.is_some_and(|deployment| chosen(paths, deployment).is_none()) && is_there(paths)
}

/// Keeps the choice; a service that runs acts on it as soon as no turn is at work, another one when it starts.
pub(crate) fn choose(paths: &Paths, deployment: Uuid, choice: EarlierSessions) -> anyhow::Result<()> {
    let kept = serde_json::to_vec(&choice)?;
    Ok(write_private_file(&place(paths, deployment), &kept)?)
}

/// Whether a service that runs has to start anew for it.
pub(crate) fn is_wanted(paths: &Paths, deployment: Option<Uuid>) -> bool {
    deployment.is_some_and(|deployment| chosen(paths, deployment) == Some(EarlierSessions::TakeOver))
}

/// Does what the person chose, before the database is opened. Answers with the
/// number of sessions that were taken over. Where that does not work nothing is lost, and the service starts all the same.
pub(crate) async fn settle(paths: &Paths, secrets: &SecretStore, settings: &mut Settings) -> Option<u64> {
    let deployment = settings.organisation?;
    if !is_wanted(paths, Some(deployment)) {
        return None;
    }
    // Before anything is done: whatever comes of it, it is not tried again by itself.
    let begun = std::fs::remove_file(place(paths, deployment)).context("the choice cannot be forgotten");
    let copied = match begun {
        Ok(()) => copied(paths, secrets, deployment).await,
        Err(error) => Err(error),
    };
    let sessions = match copied {
        Ok(sessions) => sessions,
        Err(error) => {
            let notice = format!("The earlier sessions were not taken over, and none is lost: {error:#}");
            tracing::error!("{notice}");
            settings.notices.push(notice);
            return None;
        }
    };
    if sessions.is_empty() {
        return None;
    }
    if let Err(error) = deleted(paths, secrets, settings.audit_content, &sessions, deployment).await {
        settings.notices.push(format!(
            "The earlier sessions were taken over. Where they were, some are left: {error:#}. `deskhand history take-over` \
             deletes them."
        ));
    }
    Some(sessions.len() as u64)
}

/// How the database of before, or of a deployment, is opened.
fn options(paths: &Paths, secrets: &SecretStore, deployment: Option<Uuid>) -> anyhow::Result<OpenOptions> {
    Ok(OpenOptions {
        deployment,
        ..store_options(paths, MasterKey::new(master_key(secrets)?))
    })
}

/// Copies them; gives those that are safe.
async fn copied(paths: &Paths, secrets: &SecretStore, deployment: Uuid) -> anyhow::Result<Vec<Uuid>> {
    if !is_there(paths) {
        return Ok(Vec::new());
    }
    let from = options(paths, secrets, None)?;
    let into = options(paths, secrets, Some(deployment))?;
    let copied = tokio::task::spawn_blocking(move || copy_sessions(from, into)).await?;
    Ok(copied.map_err(|error| told(&error))?)
}

/// Deletes them where they were.
async fn deleted(
    paths: &Paths,
    secrets: &SecretStore,
    content: Content,
    sessions: &[Uuid],
    deployment: Uuid,
) -> anyhow::Result<()> {
    let former = Store::open(options(paths, secrets, None)?).map_err(|error| told(&error))?;
    let trail = Trail::new(former, &audit::user(), content);
    record(&trail, sessions.len() as u64, deployment).await?;
    for session in sessions {
        trail
            .store()
            .delete(*session)
            .await
            .map_err(|error| told(&error))?;
    }
    Ok(())
}

/// Records it in one of the two audits.
pub(crate) async fn record(trail: &Trail, sessions: u64, deployment: Uuid) -> anyhow::Result<()> {
    let into = Id::of(&deployment.hyphenated().to_string());
    let what = What::SessionsTakenOver { sessions, into };
    let record = trail.record(now(), Actor::Service, None, what, None)?;
    let written = trail.store().write_store(vec![StoreChange::Audit(record)]).await;
    Ok(written.map_err(|error| told(&error))?)
}

fn chosen(paths: &Paths, deployment: Uuid) -> Option<EarlierSessions> {
    let kept = read_private_file(&place(paths, deployment), MAX_CHOICE).ok()??;
    serde_json::from_slice(&kept).ok()
}

fn place(paths: &Paths, deployment: Uuid) -> std::path::PathBuf {
    paths
        .data()
        .join(format!("{}.earlier-sessions.json", deployment.hyphenated()))
}
