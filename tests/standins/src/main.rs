//! The command line of the stand-in gateway, for the tour, tests and measurements.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use deskhand_standins::gateway::{Bench, Gateway, Part};
use deskhand_standins::script::Script;

/// A gateway that is not a model. It prints its address as one JSON line once it listens.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The port on the loopback address; 0 takes a free one.
    #[arg(long, global = true, default_value_t = 0)]
    port: u16,
    #[command(subcommand)]
    part: Play,
}

#[derive(Debug, Subcommand)]
enum Play {
    /// Plays a script.
    Gateway {
        /// The script, YAML.
        #[arg(long)]
        script: PathBuf,
    },
    /// Sends timed deltas.
    Bench {
        /// Deltas of an answer.
        #[arg(long, default_value_t = 1000)]
        deltas: u32,
        /// Deltas a second; 0 for as fast as they are taken.
        #[arg(long, default_value_t = 200)]
        rate: u32,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            writeln!(std::io::stderr(), "deskhand-standins: {error}").ok();
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let part = match arguments.part {
        Play::Gateway { script } => {
            Part::Script(Box::new(Script::from_yaml(&std::fs::read_to_string(script)?)?))
        }
        Play::Bench { deltas, rate } => Part::Bench(Bench { deltas, rate }),
    };
    let gateway = Gateway::start(part, arguments.port).await?;
    let line = serde_json::json!({ "url": gateway.base_url() });
    // Nobody reads the line: the gateway serves all the same.
    writeln!(std::io::stdout(), "{line}")
        .and_then(|()| std::io::stdout().flush())
        .ok();
    Ok(gateway.serve().await?)
}
