//! The command line of the Office host for tests and the tour.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use deskhand_standins::office::{Options, make_certificates, serve};

/// A host for task panes that is not Office: it opens a real file, frames a pane and saves the file.
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Option<Serve>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes an authority and a certificate for `localhost` that are good for a few days.
    Certificates {
        /// Where `authority.pem`, `certificate.pem` and `key.pem` go.
        folder: PathBuf,
    },
}

#[derive(Debug, Args)]
struct Serve {
    /// The .xlsx or .pptx to open, and to save into.
    #[arg(long)]
    document: PathBuf,
    /// The port on the loopback address; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The address of the pane, `https://localhost:47600/excel/`.
    #[arg(long)]
    pane: String,
    /// The address of another host, whose page `/tour.html` shows beside this one.
    #[arg(long)]
    beside: Option<String>,
    /// The folder of the built host page.
    #[arg(long)]
    web: PathBuf,
    /// The certificate chain for `localhost`, PEM.
    #[arg(long)]
    cert: PathBuf,
    /// Its private key, PEM.
    #[arg(long)]
    key: PathBuf,
    /// Write each change to the file at once.
    #[arg(long)]
    autosave: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { command, serve } = Arguments::parse();
    let outcome = match (command, serve) {
        (Some(Command::Certificates { folder }), _) => {
            make_certificates(&folder).map_err(|error| error.to_string())
        }
        (None, Some(arguments)) => run(arguments).await,
        (None, None) => Err("nothing was asked for; see --help".to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody reads the reason: the exit code tells all the same.
            writeln!(std::io::stderr(), "deskhand-office-host: {error}").ok();
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Serve) -> Result<(), String> {
    let options = Options {
        document: arguments.document,
        port: arguments.port,
        pane: arguments.pane,
        beside: arguments.beside,
        web: arguments.web,
        certificate: arguments.cert,
        key: arguments.key,
        autosave: arguments.autosave,
    };
    let ready = |address: &str| {
        let line = serde_json::json!({ "url": address });
        // Nobody reads the line: the host serves all the same.
        writeln!(std::io::stdout(), "{line}")
            .and_then(|()| std::io::stdout().flush())
            .ok();
    };
    serve(options, ready).await.map_err(|error| error.to_string())
}
