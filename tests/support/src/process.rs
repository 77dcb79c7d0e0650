//! Child processes that cannot outlive the test which started them. Knows nothing of what they do.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What is kept of a child's standard error, in bytes.
const KEPT_ERRORS: usize = 64 * 1024;

/// A running program. It is killed and reaped when the value is dropped.
///
/// Standard output is read by line in the background, so a child never blocks on a full pipe; of standard error the
/// last part is kept for the failing test to print.
#[derive(Debug)]
pub struct Child {
    name: String,
    inner: std::process::Child,
    lines: Receiver<String>,
    errors: Arc<Mutex<Vec<u8>>>,
}

impl Child {
    /// Starts `command` with its three streams taken over.
    ///
    /// # Panics
    /// When the program cannot be started.
    pub fn spawn(command: &mut Command) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut inner = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start `{name}`: {error}"));
        let lines = read_lines(inner.stdout.take().expect("standard output was piped"));
        let errors = keep_tail(inner.stderr.take().expect("standard error was piped"));
        Self {
            name,
            inner,
            lines,
            errors,
        }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.inner.id()
    }

    /// The standard input, once.
    pub fn stdin(&mut self) -> Option<std::process::ChildStdin> {
        self.inner.stdin.take()
    }

    /// The next line of standard output for which `wanted` says yes; the lines before it are dropped.
    ///
    /// # Panics
    /// When the child ends or `deadline` passes first; the message carries what the child wrote to standard error.
    pub fn line(&self, deadline: Duration, wanted: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + deadline;
        loop {
            match self
                .lines
                .recv_timeout(until.saturating_duration_since(Instant::now()))
            {
                Ok(line) if wanted(&line) => return line,
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => {
                    panic!(
                        "`{}` wrote no such line within {deadline:?}\n{}",
                        self.name,
                        self.errors()
                    )
                }
                Err(RecvTimeoutError::Disconnected) => {
                    panic!(
                        "`{}` ended before it wrote such a line\n{}",
                        self.name,
                        self.errors()
                    )
                }
            }
        }
    }

    /// The last part of what the child wrote to standard error so far.
    pub fn errors(&self) -> String {
        let kept = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&kept).into_owned()
    }

    /// Whether the child has ended by itself.
    ///
    /// # Panics
    /// When the system cannot tell.
    pub fn is_ended(&mut self) -> bool {
        self.inner
            .try_wait()
            .expect("a child can be asked for its state")
            .is_some()
    }

    /// Ends the child at once, as a crash would (SIGKILL on Unix), and waits until it is gone.
    pub fn kill(&mut self) {
        if self.inner.kill().is_ok() {
            self.inner.wait().expect("a killed child can be waited for");
        }
    }

    /// Waits until the child ends by itself.
    ///
    /// # Panics
    /// When it has not ended after `deadline`.
    pub fn ended(&mut self, deadline: Duration) -> ExitStatus {
        let name = self.name.clone();
        crate::wait_for(&format!("the end of `{name}`"), deadline, || {
            self.inner.try_wait().expect("a child can be asked for its state")
        })
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Reads lines in the background until the stream ends.
fn read_lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    receiver
}

/// Keeps the last [`KEPT_ERRORS`] bytes of a stream, read in the background.
fn keep_tail(mut stream: impl Read + Send + 'static) -> Arc<Mutex<Vec<u8>>> {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let shared = Arc::clone(&kept);
    std::thread::spawn(move || {
        let mut block = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut block) {
            let mut kept = shared.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend_from_slice(&block[..count]);
            let surplus = kept.len().saturating_sub(KEPT_ERRORS);
            kept.drain(..surplus);
        }
    });
    kept
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    fn shell(script: &str) -> Child {
        Child::spawn(Command::new("sh").args(["-c", script]))
    }

    #[test]
    fn hands_out_the_wanted_line() {
        let child = shell("echo one; echo ready 7; sleep 60");
        assert_eq!(child.line(SOON, |line| line.starts_with("ready")), "ready 7");
    }

    #[test]
    #[should_panic(expected = "no such key")]
    fn a_missing_line_shows_the_errors_of_the_child() {
        let mut child = shell("echo 'no such key' >&2");
        child.ended(SOON);
        crate::wait_for("the errors", SOON, || {
            child.errors().contains("key").then_some(())
        });
        child.line(SOON, |_| true);
    }

    #[test]
    fn a_dropped_child_is_gone() {
        let child = shell("exec sleep 60");
        let process = format!("/proc/{}", child.id());
        drop(child);
        assert!(!std::path::Path::new(&process).exists());
    }
}
