//! `deskhand command …` on the command line.

use std::process::ExitCode;

use clap::Subcommand;
use deskhand_platform::Paths;

use crate::terminal::client::Client;
use crate::terminal::commands;
use crate::terminal::start::with_client;

/// What may be done with commands of the agent that run.
#[derive(Debug, Subcommand)]
pub(crate) enum RunningCommand {
    /// Lists them, with what they see and wrote last.
    List {
        /// Of this session alone.
        #[arg(long, value_name = "ID")]
        session: Option<String>,
    },
    /// Ends one; what it changed stays, and can be undone.
    End {
        /// The command, from `deskhand command list`.
        command: String,
    },
}

/// `deskhand command …`
pub(crate) async fn running(paths: &Paths, command: RunningCommand, json: bool) -> anyhow::Result<ExitCode> {
    let work = async |client: &mut Client| match command {
        RunningCommand::List { session } => commands::list(client, session, json).await,
        RunningCommand::End { command } => commands::end(client, &command, json).await,
    };
    with_client(paths, work).await.map(|()| ExitCode::SUCCESS)
}
