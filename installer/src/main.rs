//! `cargo xtask`: everything between a fresh clone and a running or tested Deskhand, one command each.
//!
//! Owns set-up, building, and the order of the checks. Must know no crate of Deskhand: it starts programs, and builds
//! in seconds so that the first thing a newcomer types answers at once.
#![expect(
    clippy::print_stdout,
    reason = "a command line program speaks on standard output"
)]

mod bench;
mod check;
mod command;
mod count;
mod fips;
mod image;
mod ledger;
mod machine;
mod options;
mod packages;
mod place;
mod program;
mod python;
mod room;
mod run;
mod setup;
mod stamp;
mod tour;
mod web;
mod windows;

use std::process::ExitCode;

use ledger::Ledger;
use options::Task;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let task = match options::parse(&arguments) {
        Ok(task) => task,
        Err(reason) => {
            eprintln!("{reason}\n\n{}", options::HELP);
            return ExitCode::from(2);
        }
    };
    let mut ledger = Ledger::new();
    let done = match task {
        Task::Help => {
            println!("{}", options::HELP);
            return ExitCode::SUCCESS;
        }
        Task::Setup => setup::everything(&mut ledger),
        Task::Run(options) => run::run(&mut ledger, &options),
        Task::Test => check::test(&mut ledger),
        Task::TestWindows => windows::task(&mut ledger),
        Task::TestFips => fips::task(&mut ledger),
        Task::Image(layers, locks, to) => image::image(&mut ledger, layers, locks, to.as_deref()),
        Task::Bench(arguments) => bench::bench(&mut ledger, &arguments),
    };
    ledger.print();
    match done {
        Ok(()) if ledger.failures() == 0 => ExitCode::SUCCESS,
        Ok(()) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("\n{error:#}");
            ExitCode::FAILURE
        }
    }
}
