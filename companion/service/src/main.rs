//! `deskhand`: the service, and the terminal front end that talks to it.

mod audit;
mod bootstrap;
mod clock;
mod code;
mod configuration;
mod cryptography;
mod diagnostics;
mod document;
mod grants;
mod guidance;
mod handler;
mod history;
mod hub;
mod kept;
mod leftover;
mod log;
mod logging;
mod manifest;
mod models;
mod network;
mod options;
mod panes;
mod provider;
mod reload;
mod runner;
#[cfg(unix)]
mod sandbox;
mod sealed;
mod serve;
mod settings;
mod sign_in;
mod stopped;
mod summary;
mod telemetry;
mod terminal;
mod tokens;
mod trial;
mod undoing;
mod usage;
mod view;
mod wire;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser as _;
use deskhand_platform::Paths;
use deskhand_platform::again::start_again;
use deskhand_protocol::UserError;

use logging::Logging;
use options::{Command, DiagnosticsCommand, Options, ProviderCommand, SupportCommand};
use terminal::doctor::Asks;
use terminal::support::BundleOptions;

/// What tasks get to end, once everything is done.
const GOODBYE: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => {
            let outcome = runtime.block_on(Box::pin(run(options)));
            // A thread that waits for standard input ends only with the process.
            runtime.shutdown_timeout(GOODBYE);
            outcome
        }
        Err(error) => Err(error.into()),
    };
    // Everything that the service held is released by now.
    let outcome = outcome.and_then(Ended::finish);
    outcome.unwrap_or_else(|error| {
        let closed = |error: &std::io::Error| error.kind() == std::io::ErrorKind::BrokenPipe;
        if error.downcast_ref().is_some_and(closed) {
            // Who reads along has seen enough, as `head` has.
            return ExitCode::SUCCESS;
        }
        say(&error);
        ExitCode::FAILURE
    })
}

/// How the program ends.
enum Ended {
    With(ExitCode),
    /// The service starts anew on this port.
    Again(u16),
}

impl Ended {
    fn finish(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::With(code) => Ok(code),
            Self::Again(port) => {
                match start_again(&options::serve_again(std::env::args_os().skip(1), port)) {
                    Ok(never) => match never {},
                    Err(error) => Err(error).context("starting anew under changed settings"),
                }
            }
        }
    }
}

async fn run(options: Options) -> anyhow::Result<Ended> {
    cryptography::confirm()?;
    let paths = Paths::resolve(|name| std::env::var_os(name))?;
    let logging = Logging::begin(matches!(options.command, Command::Serve(_)).then_some(&paths));
    let code = match options.command {
        Command::Serve(serve) => {
            let again = Box::pin(serve::serve(paths, serve.into(), logging)).await?;
            return Ok(again.map_or(Ended::With(ExitCode::SUCCESS), Ended::Again));
        }
        Command::Manifest { port } => {
            terminal::sessions::print(&manifest::render(port))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Status { json } => Box::pin(terminal::status::status(&paths, json)).await,
        Command::Ask(ask) => Box::pin(options::ask(&paths, ask)).await,
        Command::Models { json } => terminal::models::models(&paths, json).await,
        Command::Session { command, json } => options::session(&paths, command, json).await,
        Command::History { command } => terminal::history::history(&paths, command).await,
        Command::Journal { command, json } => options::journal(&paths, command, json).await,
        Command::Running { command, json } => options::running(&paths, command, json).await,
        Command::Permission { command, json } => options::permission(&paths, command, json).await,
        Command::Instructions { command, json } => options::instructions(&paths, command, json).await,
        Command::SignIn(options) => Box::pin(terminal::sign_in::sign_in(&paths, options)).await,
        Command::SignOut => terminal::sign_in::sign_out(&paths).await,
        Command::Pairing { command, json } => terminal::pairing::pairing(&paths, command, json).await,
        Command::Config { command, json } => terminal::config::config(&paths, command, json).await,
        Command::Document { command } => document::run(&paths, command).await,
        Command::Policy { command, json } => terminal::policy::policy(&paths, command, json).await,
        Command::Provider {
            command: ProviderCommand::Test,
            json,
        } => Box::pin(terminal::provider::test(&paths, json)).await,
        Command::Egress { command } => terminal::egress::egress(&paths, command).await,
        Command::Doctor { json, offline } => {
            let asks = if offline { Asks::Nobody } else { Asks::Everybody };
            Box::pin(terminal::doctor::doctor(&paths, asks, json)).await
        }
        Command::Audit { command, json } => Box::pin(terminal::audit::audit(&paths, command, json)).await,
        Command::Diagnostics {
            command: DiagnosticsCommand::Show,
            json,
        } => terminal::diagnostics::show(&paths, json).await,
        Command::Support {
            command: SupportCommand::Bundle { output, yes, offline },
        } => {
            let options = BundleOptions { output, yes, offline };
            Box::pin(terminal::support::bundle(&paths, options)).await
        }
        #[cfg(unix)]
        Command::Sandbox { command } => Box::pin(terminal::sandbox::sandbox(&paths, command)).await,
        Command::Trust => terminal::status::trust(&paths).await,
    };
    code.map(Ended::With)
}

/// An error on one line, the same words as in every front end.
#[expect(clippy::print_stderr, reason = "the terminal is where this error belongs")]
fn say(error: &anyhow::Error) {
    match error.downcast_ref::<UserError>() {
        Some(error) => match &error.detail {
            Some(detail) => eprintln!("{error} ({detail})"),
            None => eprintln!("{error}"),
        },
        None => eprintln!("{error:#}"),
    }
}
