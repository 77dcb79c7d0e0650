//! Starting programs: shown before they run, with an error that names them when they fail.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context as _, Result, bail, ensure};

use crate::count::{Counts, TestsFailed, closing_line};

/// A command in the repository's root.
pub(crate) fn command(program: impl AsRef<Path>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program.as_ref());
    command
        .args(arguments)
        .current_dir(crate::place::root())
        .stdin(Stdio::null());
    command
}

/// `cargo` as it was called, so that a toolchain chosen by the caller stays chosen.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    command(
        std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from),
        arguments,
    )
}

/// Runs it to its end, its output shown as it comes.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let text = spelled(command);
    println!("$ {text}");
    let status = command
        .status()
        .with_context(|| format!("`{text}` could not be started"))?;
    ensure!(status.success(), "`{text}` failed ({status})");
    Ok(())
}

/// Runs it to its end and gives what it wrote to standard output. Nothing is shown unless it fails.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let text = spelled(command);
    let output = command
        .output()
        .with_context(|| format!("`{text}` could not be started"))?;
    if !output.status.success() {
        bail!(
            "`{text}` failed ({})\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether it can be started and ends well. Its output is not shown.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Runs tests: the output is shown as it comes, and the runners' closing lines are summed.
pub(crate) fn tests(command: &mut Command) -> Result<Counts> {
    counted(command, std::io::stdout(), std::io::stderr())
}

fn counted(command: &mut Command, out: impl Write, errors: impl Write + Send + 'static) -> Result<Counts> {
    let text = spelled(command);
    println!("$ {text}");
    // Without colours the closing lines read the same everywhere.
    command
        .env("NO_COLOR", "1")
        .env("CARGO_TERM_COLOR", "never")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .with_context(|| format!("`{text}` could not be started"))?;
    let output = child.stdout.take().context("standard output was piped")?;
    let complaints = child.stderr.take().context("standard error was piped")?;
    let counting = thread::spawn(move || show(complaints, errors));
    let counts = show(output, out);
    let counts = counts
        + counting
            .join()
            .ok()
            .context("the reader of standard error ended badly")?;
    let status = child.wait()?;
    if counts.failed > 0 {
        return Err(TestsFailed {
            counts,
            command: text,
        }
        .into());
    }
    ensure!(status.success(), "`{text}` failed ({status})");
    ensure!(counts.passed > 0, "`{text}` ran no test");
    Ok(counts)
}

/// Copies a stream line by line and sums its closing lines.
fn show(stream: impl Read, mut target: impl Write) -> Counts {
    let mut counts = Counts::default();
    for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        counts += closing_line(&line).unwrap_or_default();
        if writeln!(target, "{line}").is_err() {
            break;
        }
    }
    counts
}

/// The command as one would type it.
pub(crate) fn spelled(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    std::iter::once(program)
        .chain(command.get_args())
        .map(|part| quoted(&part.to_string_lossy()))
        .collect::<Vec<_>>()
        .join(" ")
}

fn quoted(part: &str) -> String {
    let plain = |sign: char| sign.is_alphanumeric() || "-_=./:,@+".contains(sign);
    if !part.is_empty() && part.chars().all(plain) {
        part.to_owned()
    } else {
        format!("'{}'", part.replace('\'', r"'\''"))
    }
}

/// The first program of this name on the `PATH`.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Not shown: somebody may count the closing lines of this very test run.
    fn count(command: &mut Command) -> Result<Counts> {
        counted(command, std::io::sink(), std::io::sink())
    }

    #[test]
    fn sums_the_closing_lines_of_a_test_run() {
        let mut run = command("sh", &["-c", "echo '3 passed, 0 failed'; echo '# pass 2' >&2"]);
        assert_eq!(count(&mut run).unwrap(), Counts::passed(5));
    }

    #[test]
    fn a_run_without_a_test_is_no_success() {
        let error = count(&mut command("true", &[])).unwrap_err();
        assert_eq!(error.to_string(), "`true` ran no test");
    }

    #[test]
    fn failed_tests_are_counted_even_when_the_runner_forgets_to_fail() {
        let error = count(&mut command("echo", &["2 passed, 1 failed"])).unwrap_err();
        assert_eq!(crate::count::of_error(&error), Counts { passed: 2, failed: 1 });
    }

    #[test]
    fn an_error_names_the_command_as_one_would_type_it() {
        let error = run(&mut command("sh", &["-c", "exit 3"])).unwrap_err();
        assert_eq!(error.to_string(), "`sh -c 'exit 3'` failed (exit status: 3)");
    }
}
