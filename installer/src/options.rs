//! The command line of `cargo xtask`. Knows no task, only how each is asked for.

use std::path::PathBuf;

use crate::image::{Layers, Locks};

/// Shown for `help` and after a mistake.
pub(crate) const HELP: &str = "\
cargo xtask run [--tour] [--headless] [--release]
    Installs what is missing, builds, starts the service and opens the window.
    --tour      scripted answers instead of a model, with a data folder of its own
    --headless  no window: print the address
    --release   build as it is shipped
cargo xtask test [--windows|--fips]
    Installs what is missing and runs every check and test.
    --windows   only what concerns Windows: builds for it and runs the programs under Wine
    --fips      only the build with the FIPS 140-3 module, which the other tests leave out
cargo xtask image [--office] [--update|--locked] [--store DIR]
    Builds the image of the sandbox and puts it where the service finds it.
    --office    with the layer that has LibreOffice and Node, which takes as long again
    --update    takes the packages and libraries of today and writes them into the lock files
    --locked    fails where a package is not the one of the lock file
    --store     writes it to DIR as well, as a web server gives it out (deskhandImageStoreUrl)
cargo xtask setup            Installs what is missing for both, and nothing else.
cargo xtask bench [NAME…]    Measures, prints the figures and keeps them as JSON.
cargo xtask help             Prints this.";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Help,
    Setup,
    Run(Run),
    Test,
    TestWindows,
    TestFips,
    Bench(Vec<String>),
    Image(Layers, Locks, Option<PathBuf>),
}

/// The switches of `cargo xtask run`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Run {
    /// Scripted answers, no model, a data folder of its own.
    pub(crate) tour: bool,
    /// No window even where there is a display.
    pub(crate) headless: bool,
    /// The profile that is shipped.
    pub(crate) release: bool,
}

/// Reads the arguments after the program's name. An error is one sentence.
pub(crate) fn parse(arguments: &[String]) -> Result<Task, String> {
    let Some((task, rest)) = arguments.split_first() else {
        return Ok(Task::Help);
    };
    match task.as_str() {
        "help" | "--help" | "-h" => Ok(Task::Help),
        "run" => parse_run(rest).map(Task::Run),
        "bench" => Ok(Task::Bench(rest.to_vec())),
        "image" => parse_image(rest),
        "setup" => alone(Task::Setup, rest),
        "test" => match rest {
            [switch] if switch == "--windows" => Ok(Task::TestWindows),
            [switch] if switch == "--fips" => Ok(Task::TestFips),
            _ => alone(Task::Test, rest),
        },
        unknown => Err(format!("`{unknown}` is no task of cargo xtask.")),
    }
}

fn parse_run(switches: &[String]) -> Result<Run, String> {
    let mut run = Run::default();
    for switch in switches {
        match switch.as_str() {
            "--tour" => run.tour = true,
            "--headless" => run.headless = true,
            "--release" => run.release = true,
            unknown => return Err(format!("`run` has no switch `{unknown}`.")),
        }
    }
    Ok(run)
}

fn parse_image(switches: &[String]) -> Result<Task, String> {
    let (mut layers, mut locks, mut to) = (Layers::AsBefore, Locks::Told, None);
    let mut switches = switches.iter();
    while let Some(switch) = switches.next() {
        match switch.as_str() {
            "--office" if layers == Layers::AsBefore => layers = Layers::Office,
            "--update" if locks == Locks::Told => locks = Locks::Updated,
            "--locked" if locks == Locks::Told => locks = Locks::Held,
            "--store" if to.is_none() => {
                let folder = switches.next().ok_or("`--store` names no folder.")?;
                to = Some(folder.into());
            }
            extra => return Err(format!("`{extra}` is one word too many.")),
        }
    }
    Ok(Task::Image(layers, locks, to))
}

fn alone(task: Task, rest: &[String]) -> Result<Task, String> {
    match rest.first() {
        None => Ok(task),
        Some(extra) => Err(format!("`{extra}` is one word too many.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Task, String> {
        parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn reads_each_task() {
        let cases = [
            ("", Task::Help),
            ("help", Task::Help),
            ("setup", Task::Setup),
            ("test", Task::Test),
            ("test --windows", Task::TestWindows),
            ("test --fips", Task::TestFips),
            ("image", Task::Image(Layers::AsBefore, Locks::Told, None)),
            ("image --office", Task::Image(Layers::Office, Locks::Told, None)),
            (
                "image --store out",
                Task::Image(Layers::AsBefore, Locks::Told, Some("out".into())),
            ),
            (
                "image --locked --office --store out",
                Task::Image(Layers::Office, Locks::Held, Some("out".into())),
            ),
            (
                "image --update",
                Task::Image(Layers::AsBefore, Locks::Updated, None),
            ),
            ("image --locked", Task::Image(Layers::AsBefore, Locks::Held, None)),
            ("bench replay", Task::Bench(vec!["replay".into()])),
            ("run", Task::Run(Run::default())),
            (
                "run --tour --headless",
                Task::Run(Run {
                    tour: true,
                    headless: true,
                    release: false,
                }),
            ),
            (
                "run --release",
                Task::Run(Run {
                    release: true,
                    ..Run::default()
                }),
            ),
        ];
        for (line, task) in cases {
            assert_eq!(read(line), Ok(task), "{line}");
        }
    }

    #[test]
    fn refuses_what_it_does_not_know_by_name() {
        for (line, named) in [
            ("fly", "fly"),
            ("run --fast", "--fast"),
            ("test twice", "twice"),
            ("image --store", "--store"),
            ("image --update --locked", "--locked"),
            ("image here", "here"),
            ("image --office --fast", "--fast"),
            ("image --office --office", "--office"),
        ] {
            assert!(read(line).unwrap_err().contains(named), "{line}");
        }
    }
}
