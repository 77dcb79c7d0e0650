//! `cargo xtask run`: builds the programs, starts the service and opens the window, or prints the address where there
//! is no display.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::command::{cargo, command, output, run as run_to_end, spelled, succeeds};
use crate::ledger::{Ledger, Outcome, Step};
use crate::options::Run;
use crate::{machine, place, setup, tour};

const BUILD: Step = Step::new("Build", "the service and the window", 15);

/// Sets up, builds and runs until the window is closed or the service ends.
pub(crate) fn run(ledger: &mut Ledger, options: &Run) -> Result<()> {
    if options.tour && machine::is_managed() {
        bail!("the tour is not offered on a managed computer: /etc/deskhand/managed-settings.json exists");
    }
    setup::for_run(ledger)?;
    let with_window = !options.headless && machine::has_display();
    build(ledger, options, with_window)?;
    ledger.print();

    if options.tour || wants_tour(options)? {
        if !options.tour {
            build(
                ledger,
                &Run {
                    tour: true,
                    release: options.release,
                    headless: options.headless,
                },
                with_window,
            )?;
        }
        return tour::tour(options, with_window);
    }
    let mut service = Program::start(&mut serve(options))?;
    present(options, &service.ready("url")?, with_window, &mut service, &[])
}

/// The command that starts the service on the bundles of this repository.
pub(crate) fn serve(options: &Run) -> Command {
    let mut serve = command(program(options, "deskhand"), &["serve", "--ready-json", "--web"]);
    serve.arg(place::root().join("target/web"));
    serve
}

/// Opens the window and waits until it is closed; without one, prints the address and waits for the service.
pub(crate) fn present(
    options: &Run,
    address: &str,
    with_window: bool,
    service: &mut Program,
    environment: &[(&str, PathBuf)],
) -> Result<()> {
    if with_window {
        println!("\nDeskhand runs at {address}. Close the window to end it.");
        let mut window = command(program(options, "deskhand-window"), &[]);
        return run_to_end(window.envs(environment.iter().map(|(name, value)| (name, value))));
    }
    println!("\nDeskhand runs at {address}");
    println!("Open the address in a browser of this machine; press Ctrl+C here to end it.");
    service.wait()
}

fn build(ledger: &mut Ledger, options: &Run, with_window: bool) -> Result<()> {
    ledger.need(BUILD, || {
        let mut build = cargo(&["build", "--quiet", "--locked", "--package", "deskhand-service"]);
        if with_window {
            build.args(["--package", "deskhand-window"]);
        }
        if options.tour {
            build.args(["--package", "deskhand-standins"]);
        }
        if options.release {
            build.arg("--release");
        }
        run_to_end(&mut build)?;
        Ok(Outcome::Done)
    })
}

/// Where nothing is configured and nobody manages the machine, the person is asked whether to see the tour.
fn wants_tour(options: &Run) -> Result<bool> {
    if machine::is_managed() || is_configured(options)? {
        return Ok(false);
    }
    println!(
        "\nNo model provider is configured. The tour shows Deskhand with scripted answers and real files."
    );
    if !machine::has_terminal() {
        println!("See it with: cargo xtask run --tour");
        return Ok(false);
    }
    print!("Start the tour? [Y/n] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(!matches!(answer.trim(), "n" | "N" | "no"))
}

/// Whether a provider is configured, as the service sees it.
fn is_configured(options: &Run) -> Result<bool> {
    let answer = output(&mut command(program(options, "deskhand"), &["status", "--json"]))?;
    let status: Value =
        serde_json::from_str(&answer).context("`deskhand status --json` answers with JSON")?;
    status
        .get("configured")
        .and_then(Value::as_bool)
        .context("`deskhand status --json` says whether it is configured")
}

/// A program that this repository built.
pub(crate) fn program(options: &Run, name: &str) -> PathBuf {
    let profile = if options.release { "release" } else { "debug" };
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| place::root().join("target"), PathBuf::from);
    target
        .join(profile)
        .join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// A program that runs beside this one and is stopped with it.
#[derive(Debug)]
pub(crate) struct Program {
    name: String,
    child: Child,
}

impl Program {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let name = spelled(command);
        println!("$ {name}");
        let child = command
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("`{name}` could not be started"))?;
        Ok(Self { name, child })
    }

    /// Waits for the one line of JSON that the program prints when it is ready, and gives one text of it.
    pub(crate) fn ready(&mut self, key: &str) -> Result<String> {
        let out = self
            .child
            .stdout
            .take()
            .context("a program says once that it is ready")?;
        let mut lines = BufReader::new(out).lines();
        let value = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| serde_json::from_str::<Value>(&line).ok());
        // What it prints afterwards is shown, so that it never waits for a reader.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| println!("{line}")));
        let ready = value.with_context(|| format!("`{}` ended before it was ready", self.name))?;
        ready
            .get(key)
            .and_then(Value::as_str)
            .map(str::to_owned)
            .with_context(|| format!("`{}` says no `{key}`", self.name))
    }

    fn wait(&mut self) -> Result<()> {
        let status = self.child.wait()?;
        ensure!(status.success(), "`{}` ended with {status}", self.name);
        Ok(())
    }
}

impl Drop for Program {
    /// Asks it to end in order, and waits for that; where it cannot be asked it is killed.
    fn drop(&mut self) {
        let id = self.child.id().to_string();
        let still_runs = matches!(self.child.try_wait(), Ok(None));
        if still_runs
            && !(cfg!(unix) && succeeds(&mut command("kill", &["-TERM", &id])))
            && self.child.kill().is_err()
        {
            eprintln!("`{}` could not be ended", self.name);
        }
        if let Err(error) = self.child.wait() {
            eprintln!("`{}`: {error}", self.name);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_ready_when_it_says_so_in_json_and_ends_with_its_owner() {
        let script = r#"echo starting; echo '{"url":"https://localhost:1"}'; exec sleep 60"#;
        let mut program = Program::start(&mut command("sh", &["-c", script])).unwrap();
        assert_eq!(program.ready("url").unwrap(), "https://localhost:1");
        let process = format!("/proc/{}", program.child.id());
        drop(program);
        assert!(!std::path::Path::new(&process).exists());
    }

    #[test]
    fn a_program_that_ends_first_is_named() {
        let mut program = Program::start(&mut command("sh", &["-c", "echo no"])).unwrap();
        let error = program.ready("url").unwrap_err();
        assert!(error.to_string().contains("ended before it was ready"), "{error}");
    }
}
