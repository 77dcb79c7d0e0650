//! `deskhand sandbox …` on the command line.

use std::path::PathBuf;

use clap::Subcommand;

/// What may be asked of the sandbox.
#[derive(Debug, Subcommand)]
pub(crate) enum SandboxCommand {
    /// Says whether code can run, by what means, and what it takes on the disk.
    Status {
        /// As JSON, for fleet scripts.
        #[arg(long)]
        json: bool,
    },
    /// Looks at every step from the engine to a command that runs, and says what to do where one fails.
    Doctor {
        /// As JSON, for fleet scripts.
        #[arg(long)]
        json: bool,
    },
    /// Fetches the image from the organisation's image store now, or goes on with a fetch that was cut off.
    Fetch {
        /// As JSON, for fleet scripts.
        #[arg(long)]
        json: bool,
    },
    /// Forgets kept states and what was found out about acceleration; the next start finds it anew.
    Reset,
    /// Runs a command in a machine of its own, which ends with it. It reaches no network.
    Run {
        /// A folder of this computer that the command may read, under /mnt. May be given several times.
        #[arg(long, value_name = "DIR")]
        folder: Vec<PathBuf>,
        /// Seconds until it is ended.
        #[arg(long, value_name = "SECONDS")]
        time: Option<u64>,
        /// The command and its arguments.
        #[arg(last = true, required = true, value_name = "CMD")]
        command: Vec<String>,
    },
}
