//! Programs that run beside this one until it ends: started, waited for until they are ready, and stopped in order,
//! also when a signal ends this one.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::command::{command, spelled, succeeds};
use crate::options::Run;
use crate::place;

/// A program that this repository built.
pub(crate) fn built(options: &Run, name: &str) -> PathBuf {
    let profile = if options.release { "release" } else { "debug" };
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| place::root().join("target"), PathBuf::from);
    target
        .join(profile)
        .join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// The processes that run now, for a signal that ends this program without a drop.
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// From now on SIGINT, SIGTERM and SIGHUP end the programs before they end this one.
pub(crate) fn end_with_signals() -> Result<()> {
    #[cfg(unix)]
    {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM])?;
        std::thread::spawn(move || {
            if let Some(signal) = signals.forever().next() {
                // Held until the process is gone: nothing is started any more.
                let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
                for process in running.iter().rev() {
                    ask_to_end(*process);
                }
                // As a shell tells the signal that ended a program.
                std::process::exit(128 + signal);
            }
        });
    }
    Ok(())
}

fn ask_to_end(process: u32) -> bool {
    cfg!(unix) && succeeds(&mut command("kill", &["-TERM", &process.to_string()]))
}

/// One that runs.
#[derive(Debug)]
pub(crate) struct Program {
    name: String,
    child: Child,
}

impl Program {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let name = spelled(command);
        println!("$ {name}");
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        let started = command.stdout(Stdio::piped()).spawn();
        let child = started.with_context(|| format!("`{name}` could not be started"))?;
        running.push(child.id());
        Ok(Self { name, child })
    }

    /// Waits for the one line of JSON that the program prints when it is ready, and gives one text of it.
    pub(crate) fn ready(&mut self, key: &str) -> Result<String> {
        let out = self
            .child
            .stdout
            .take()
            .context("a program says once that it is ready")?;
        let mut lines = BufReader::new(out).lines().map_while(Result::ok);
        let ready = lines.find_map(|line| serde_json::from_str::<Value>(&line).ok());
        // What it prints afterwards is shown, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(|line| println!("{line}")));
        let ready = ready.with_context(|| format!("`{}` ended before it was ready", self.name))?;
        let text = ready.get(key).and_then(Value::as_str).map(str::to_owned);
        text.with_context(|| format!("`{}` says no `{key}`", self.name))
    }

    /// Waits until it ends by itself. Its input stays open: closing it would tell it to end.
    pub(crate) fn wait(&mut self) -> Result<()> {
        let _open = self.child.stdin.take();
        if let Some(mut out) = self.child.stdout.take() {
            std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::stdout()));
        }
        let status = self.child.wait()?;
        self.forget();
        ensure!(status.success(), "`{}` ended with {status}", self.name);
        Ok(())
    }

    /// It ended: its number may be another process's soon.
    fn forget(&self) {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|process| *process != self.child.id());
    }
}

impl Drop for Program {
    /// Asks it to end in order and waits for that; where it cannot be asked it is killed.
    fn drop(&mut self) {
        self.forget();
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        let asked = ask_to_end(self.child.id());
        if !asked && let Err(error) = self.child.kill() {
            eprintln!("`{}` could not be ended: {error}", self.name);
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
        let script = r#"echo starting; echo '{"address":"https://localhost:1"}'; exec sleep 60"#;
        let mut program = Program::start(&mut command("sh", &["-c", script])).unwrap();
        assert_eq!(program.ready("address").unwrap(), "https://localhost:1");
        let process = format!("/proc/{}", program.child.id());
        drop(program);
        assert!(!std::path::Path::new(&process).exists());
    }

    #[test]
    fn a_program_that_ends_first_is_named() {
        let mut program = Program::start(&mut command("sh", &["-c", "echo no"])).unwrap();
        let error = program.ready("address").unwrap_err();
        assert!(error.to_string().contains("ended before it was ready"), "{error}");
    }
}
