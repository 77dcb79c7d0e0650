//! The command line.

mod administrator;
mod command;
#[cfg(unix)]
mod sandbox;

use std::ffi::OsString;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use deskhand_platform::Paths;
use deskhand_protocol::bootstrap::ConsentParams;
use deskhand_server::DEFAULT_PORT;

pub(crate) use administrator::{
    AuditCommand, AuditExport, AuditFormat, ConfigCommand, DiagnosticsCommand, EgressCommand, EgressForm,
    PolicyCommand, ProviderCommand, SupportCommand,
};

pub(crate) use command::{RunningCommand, running};
#[cfg(unix)]
pub(crate) use sandbox::SandboxCommand;

use crate::document::DocumentCommand;
use crate::serve::ServeOptions;
use crate::terminal::ask::{Answers, Question, ask as give};
use crate::terminal::client::Client;
use crate::terminal::start::with_client;
use crate::terminal::{grants, instructions, journal, sessions};

/// An agent that works inside Excel and PowerPoint, on your own computer.
#[derive(Debug, Parser)]
#[command(name = "deskhand", version, propagate_version = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs the service.
    Serve(Serve),
    /// Gives the agent a prompt and shows its turn.
    Ask(Ask),
    /// Lists the models to choose from, and says where what they are asked goes.
    Models {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Tells how the service stands: address, certificate, secret store, settings.
    Status {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Lists, shows, searches, exports and deletes sessions.
    Session {
        #[command(subcommand)]
        command: SessionCommand,
        /// As JSON.
        #[arg(long, global = true)]
        json: bool,
    },
    /// Sessions from before your organisation named this deployment (`deploymentOrganizationUuid`): takes them over or
    /// leaves them.
    History {
        #[command(subcommand)]
        command: HistoryCommand,
    },
    /// Lists the files that the agent changed or deleted, and brings them back.
    Journal {
        #[command(subcommand)]
        command: JournalCommand,
        /// As JSON.
        #[arg(long, global = true)]
        json: bool,
    },
    /// Lists the commands of the agent that run, and ends them.
    #[command(name = "command")]
    Running {
        #[command(subcommand)]
        command: RunningCommand,
        /// As JSON.
        #[arg(long, global = true)]
        json: bool,
    },
    /// Lists what was allowed for longer than once, and takes it back.
    Permission {
        #[command(subcommand)]
        command: PermissionCommand,
        /// As JSON.
        #[arg(long, global = true)]
        json: bool,
    },
    /// Lists and changes what the model is told beside a conversation: your instructions, and notes about folders.
    Instructions {
        #[command(subcommand)]
        command: InstructionsCommand,
        /// As JSON.
        #[arg(long, global = true)]
        json: bool,
    },
    /// Signs in: for the settings that your organisation hands out to you, and for the model, where either asks for it.
    SignIn(SignIn),
    /// Signs out of both: the sign-ins are forgotten, and the settings that came with one.
    SignOut,
    /// Allows and refuses panes that ask to be paired, lists those that are, and ends pairings.
    Pairing {
        #[command(subcommand)]
        command: PairingCommand,
        /// As JSON.
        #[arg(long, global = true)]
        json: bool,
    },
    /// Checks, shows and gives out the audit. Reads it by itself, whether the service runs or not.
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
        /// As JSON.
        #[arg(long, global = true)]
        json: bool,
    },
    /// Shows the settings in force, and sets or removes the user's own.
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
        /// As JSON.
        #[arg(long, global = true)]
        json: bool,
    },
    /// Shows the settings in force and why, and checks, compares, takes over and writes files of settings.
    Policy {
        #[command(subcommand)]
        command: PolicyCommand,
        /// As JSON.
        #[arg(long, global = true)]
        json: bool,
    },
    /// Tests the connection to the model provider.
    Provider {
        #[command(subcommand)]
        command: ProviderCommand,
        /// As JSON.
        #[arg(long, global = true)]
        json: bool,
    },
    /// Lists everything that this computer would contact under the settings in force, and explains single hosts.
    Egress {
        #[command(subcommand)]
        command: EgressCommand,
    },
    /// Prints the add-in manifest for Excel and PowerPoint.
    Manifest {
        /// The port that the service listens on.
        #[arg(long, default_value_t = DEFAULT_PORT)]
        port: u16,
    },
    /// Reads, changes, checks and compares documents on disk: the agent's own tools, for scripts.
    Document {
        #[command(subcommand)]
        command: DocumentCommand,
    },
    /// Looks at everything that Deskhand needs, and says what to do where something is not as it should be. Asks the model
    /// provider for its list of models, and sends the collector a request without records.
    Doctor {
        /// Ask neither the model provider nor the collector.
        #[arg(long)]
        offline: bool,
        /// As JSON, for fleet scripts.
        #[arg(long)]
        json: bool,
    },
    /// Shows what Deskhand keeps of its own failures, times and counts. It stays on this computer.
    Diagnostics {
        #[command(subcommand)]
        command: DiagnosticsCommand,
        /// As JSON.
        #[arg(long, global = true)]
        json: bool,
    },
    /// Gathers what support needs.
    Support {
        #[command(subcommand)]
        command: SupportCommand,
    },
    /// Says how the sandbox stands in which code runs, looks for what is wrong with it, and runs commands in it.
    #[cfg(unix)]
    Sandbox {
        #[command(subcommand)]
        command: SandboxCommand,
    },
    /// Makes this user's programs trust the local authority.
    Trust,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The port on the loopback addresses.
    #[arg(long, default_value_t = DEFAULT_PORT)]
    port: u16,
    /// The folder of the web pages; beside the program when absent.
    #[arg(long, value_name = "DIR")]
    web: Option<PathBuf>,
    /// A copy of office.js that the administrator provides; Microsoft's CDN when absent.
    #[arg(long, value_name = "DIR")]
    office_js: Option<PathBuf>,
    /// The origin of a host page for tests and the tour that may frame the pages. May be given several times.
    #[arg(long, value_name = "URL")]
    test_host_origin: Vec<String>,
    /// Labels every front end as the tour: scripted answers, no model.
    #[arg(long)]
    tour: bool,
    /// Prints one line of JSON when front ends can connect.
    #[arg(long)]
    ready_json: bool,
    /// Ends when standard input is closed, for a program that starts the service for itself.
    #[arg(long)]
    until_stdin_closes: bool,
    /// The port of the service that started itself anew; it announces nothing.
    #[arg(long, hide = true, value_name = "PORT", overrides_with = "again")]
    again: Option<u16>,
}

/// The arguments under which a service starts itself anew on its port.
pub(crate) fn serve_again(given: impl Iterator<Item = OsString>, port: u16) -> Vec<OsString> {
    given.chain(["--again".into(), port.to_string().into()]).collect()
}

impl From<Serve> for ServeOptions {
    fn from(serve: Serve) -> Self {
        Self {
            port: serve.again.unwrap_or(serve.port),
            again: serve.again.is_some(),
            web: serve.web.or_else(beside_program),
            office_script: serve.office_js,
            test_hosts: serve.test_host_origin,
            tour: serve.tour,
            ready_json: serve.ready_json,
            until_stdin_closes: serve.until_stdin_closes,
        }
    }
}

/// The folder `web` beside the program, or the one of a build in a checkout.
fn beside_program() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let folders = program
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join("web"));
    folders.into_iter().find(|folder| folder.is_dir())
}

#[derive(Debug, Args)]
pub(crate) struct SignIn {
    /// Lets the values that were shown under this digest count; they are not asked about again.
    #[arg(long, value_name = "DIGEST", conflicts_with = "refuse")]
    allow: Option<String>,
    /// Keeps them from counting.
    #[arg(long, value_name = "DIGEST")]
    refuse: Option<String>,
    /// The outcome as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

impl SignIn {
    /// What is said of values that were shown before.
    pub(crate) fn said(&self) -> Option<ConsentParams> {
        let allow = self.allow.is_some();
        let digest = self.allow.clone().or_else(|| self.refuse.clone())?;
        Some(ConsentParams { digest, allow })
    }
}

#[derive(Debug, Args)]
pub(crate) struct Ask {
    /// The session to go on with; a new one when absent.
    #[arg(long, value_name = "ID", conflicts_with = "new")]
    session: Option<String>,
    /// A new session.
    #[arg(long)]
    new: bool,
    /// A folder whose documents the agent may use. May be given several times.
    #[arg(long, value_name = "DIR")]
    folder: Vec<PathBuf>,
    /// A workbook, deck, Word document, PDF or .csv file that the agent may use. May be given several times.
    #[arg(long, value_name = "FILE")]
    file: Vec<PathBuf>,
    /// The model, by its id, its label or its family (`deskhand models`); the default one when absent.
    #[arg(long)]
    model: Option<String>,
    /// Tokens that it may use, in and out: it ends before the step that comes once they are used.
    #[arg(long, value_name = "TOKENS")]
    budget: Option<NonZeroU64>,
    /// Change nothing.
    #[arg(long)]
    read_only: bool,
    /// One JSON object an event, one a line.
    #[arg(long)]
    json: bool,
    /// Answer every question with yes, once.
    #[arg(long, conflicts_with = "no")]
    yes: bool,
    /// Answer every question with no.
    #[arg(long)]
    no: bool,
    /// What to do.
    prompt: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SessionCommand {
    /// Lists sessions, newest first.
    List,
    /// Shows what was said and done.
    Show {
        /// The session.
        id: String,
    },
    /// Finds words in all sessions.
    Search {
        /// The words.
        text: String,
    },
    /// Gives out every event.
    Export {
        /// The session.
        id: String,
    },
    /// Deletes a session and destroys its key.
    Delete {
        /// The session.
        id: String,
    },
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum HistoryCommand {
    /// Makes them sessions of the deployment, under its rules for keeping and auditing.
    TakeOver,
    /// Leaves them where they are, and offers them no more.
    Leave,
}

#[derive(Debug, Subcommand)]
pub(crate) enum JournalCommand {
    /// Lists files, the newest change first.
    List {
        /// Of this session alone.
        #[arg(long, value_name = "ID")]
        session: Option<String>,
    },
    /// Brings a file back to what it was before a change.
    Restore {
        /// The change, from `deskhand journal list`.
        change: String,
        /// Also where somebody changed the file since; that content stays in the journal.
        #[arg(long)]
        overwrite: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PermissionCommand {
    /// Lists answers that last, and those of a session.
    List {
        /// With the answers for this session.
        #[arg(long, value_name = "ID")]
        session: Option<String>,
    },
    /// Takes an answer back, with effect on turns that run.
    Revoke {
        /// The id, from `deskhand permission list`.
        id: String,
        /// The session, for an answer for one session.
        #[arg(long, value_name = "ID")]
        session: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum InstructionsCommand {
    /// Lists them in the order in which they are told.
    List,
    /// Writes one; the text is read from standard input.
    Set {
        #[command(flatten)]
        place: GuidancePlace,
        /// Keeps it without telling the model.
        #[arg(long)]
        paused: bool,
    },
    /// Deletes one.
    Delete {
        #[command(flatten)]
        place: GuidancePlace,
    },
}

#[derive(Debug, Args)]
pub(crate) struct GuidancePlace {
    /// The folder that it is for; without it, all sessions.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// The note about the folder, by its name; without it, your instructions.
    #[arg(long, value_name = "NAME", requires = "folder")]
    note: Option<String>,
}

impl GuidancePlace {
    /// The folder by the path that sessions know it by, and the note.
    fn named(self) -> (Option<String>, Option<String>) {
        let real = |folder: PathBuf| folder.canonicalize().unwrap_or(folder);
        let folder = self.folder.map(|folder| real(folder).display().to_string());
        (folder, self.note)
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum PairingCommand {
    /// Lists attempts that wait.
    List,
    /// Allows the attempt that shows this number.
    Allow {
        /// The six digits in the pane.
        number: String,
    },
    /// Refuses the attempt that shows this number.
    Refuse {
        /// The six digits in the pane.
        number: String,
    },
    /// Lists the panes that are paired.
    Tokens,
    /// Ends a pairing and closes its panes.
    Revoke {
        /// The id, from `deskhand pairing tokens`.
        id: String,
    },
}

/// `deskhand ask`: joins the running service, or starts one for this turn.
pub(crate) async fn ask(paths: &Paths, ask: Ask) -> anyhow::Result<ExitCode> {
    let answers = match (ask.yes, ask.no) {
        (true, _) => Answers::Yes,
        (_, true) => Answers::No,
        _ => Answers::Person,
    };
    let question = Question {
        session: ask.session,
        folders: ask.folder,
        files: ask.file,
        prompt: ask.prompt,
        model: ask.model,
        budget: ask.budget,
        read_only: ask.read_only,
        json: ask.json,
        answers,
    };
    Box::pin(with_client(paths, async |client: &mut Client| {
        give(client, question).await
    }))
    .await
}

/// `deskhand journal …`
pub(crate) async fn journal(paths: &Paths, command: JournalCommand, json: bool) -> anyhow::Result<ExitCode> {
    let work = async |client: &mut Client| match command {
        JournalCommand::List { session } => journal::list(client, session, json).await,
        JournalCommand::Restore { change, overwrite } => {
            journal::restore(client, &change, overwrite, json).await
        }
    };
    with_client(paths, work).await.map(|()| ExitCode::SUCCESS)
}

/// `deskhand permission …`
pub(crate) async fn permission(
    paths: &Paths,
    command: PermissionCommand,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let work = async |client: &mut Client| match command {
        PermissionCommand::List { session } => grants::list(client, session, json).await,
        PermissionCommand::Revoke { id, session } => grants::revoke(client, &id, session, json).await,
    };
    with_client(paths, work).await.map(|()| ExitCode::SUCCESS)
}

/// `deskhand instructions …`
pub(crate) async fn instructions(
    paths: &Paths,
    command: InstructionsCommand,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let work = async |client: &mut Client| match command {
        InstructionsCommand::List => instructions::list(client, json).await,
        InstructionsCommand::Set { place, paused } => {
            instructions::set(client, place.named(), paused, json).await
        }
        InstructionsCommand::Delete { place } => instructions::delete(client, place.named(), json).await,
    };
    with_client(paths, work).await.map(|()| ExitCode::SUCCESS)
}

/// `deskhand session …`
pub(crate) async fn session(paths: &Paths, command: SessionCommand, json: bool) -> anyhow::Result<ExitCode> {
    let work = async |client: &mut Client| match command {
        SessionCommand::List => sessions::list(client, json).await,
        SessionCommand::Show { id } => sessions::show(client, &id, json).await,
        SessionCommand::Search { text } => sessions::search(client, text, json).await,
        SessionCommand::Export { id } => sessions::export(client, &id, json).await,
        SessionCommand::Delete { id } => sessions::delete(client, &id, json).await,
    };
    with_client(paths, work).await.map(|()| ExitCode::SUCCESS)
}
