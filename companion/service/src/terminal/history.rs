//! `deskhand history …`: what becomes of sessions from before the deployment had its name.

use std::process::ExitCode;

use anyhow::bail;
use deskhand_platform::Paths;
use deskhand_protocol::session::EarlierSessions;

use super::policy::in_force;
use super::sessions::print;
use crate::history::{choose, is_there};
use crate::options::HistoryCommand;

/// Keeps the person's choice.
pub(crate) async fn history(paths: &Paths, command: HistoryCommand) -> anyhow::Result<ExitCode> {
    let Some(deployment) = in_force(paths).await?.organisation else {
        bail!("No deployment is named: `deploymentOrganizationUuid` is not set, and all sessions are shown.");
    };
    if !is_there(paths) {
        bail!("There are no sessions from before this deployment.");
    }
    let (choice, said) = match command {
        HistoryCommand::TakeOver => (
            EarlierSessions::TakeOver,
            "They are taken over when the service starts, or, while it runs, as soon as no turn is at work. From then on \
             your organisation's settings for keeping and auditing hold for them.",
        ),
        HistoryCommand::Leave => (
            EarlierSessions::Leave,
            "They stay on this computer as they are, and are not shown while this deployment is named.",
        ),
    };
    choose(paths, deployment, choice)?;
    print(said)?;
    Ok(ExitCode::SUCCESS)
}
