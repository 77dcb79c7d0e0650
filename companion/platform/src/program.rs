//! Runs a program that an administrator or the user named and that prints something: with what it prints
//! bounded, and with an end in time for it and for everything that it started.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use zeroize::Zeroizing;

#[cfg(unix)]
#[path = "program/unix.rs"]
mod os;
#[cfg(windows)]
#[path = "program/windows.rs"]
mod os;

/// Bytes of standard error that are kept; the rest is read and dropped.
const COMPLAINT: usize = 4 * 1024;

/// What a program printed, and how it ended. `Debug` shows the code alone.
pub struct Ran {
    /// Its exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub output: Zeroizing<Vec<u8>>,
    /// The first 4 KiB of standard error.
    pub complaint: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Ran {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Ran");
        shown.field("code", &self.code).finish_non_exhaustive()
    }
}

/// Why nothing can be said of what a program prints.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// Its path depends on where the service was started.
    #[error("its path is not absolute")]
    NotAbsolute,
    /// There is no such program.
    #[error("it is not there")]
    Missing,
    /// The system did not start it, or did not hand on what it printed.
    #[error("it could not be run")]
    Io(#[source] io::Error),
    /// Others than its owner, root and this user could have changed it.
    #[error("{0}")]
    Open(&'static str),
    /// It did not end in time; it was killed with everything that it started.
    #[error("it did not end in time")]
    TimedOut,
    /// It printed more than it may; it was killed with everything that it started.
    #[error("it printed too much")]
    TooLong,
}

/// Runs a program without arguments: see [`run_with`].
pub async fn run(
    program: &Path,
    variables: &[(&str, &str)],
    within: Duration,
    most: usize,
) -> Result<Ran, ProgramError> {
    run_with(program, &[], variables, within, most).await
}

/// Runs a program that has these variables beside the environment of this process. `most` bounds what it may print, in bytes. It
/// ends with everything that it started where it takes longer than `within`, prints more, or nobody waits for it any longer.
pub async fn run_with(
    program: &Path,
    arguments: &[&str],
    variables: &[(&str, &str)],
    within: Duration,
    most: usize,
) -> Result<Ran, ProgramError> {
    if !program.is_absolute() {
        return Err(ProgramError::NotAbsolute);
    }
    let mut command = Command::new(program);
    command
        .args(arguments)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut command = CommandWrap::from(command);
    command.wrap(KillOnDrop);
    os::together(&mut command);
    let mut family = Family(Some(command.spawn().map_err(not_started)?));
    let ran = tokio::time::timeout(within, family.ended(most)).await;
    ran.map_err(|_| ProgramError::TimedOut)?
}

/// Refuses a program that somebody else could have replaced: once links are followed, it and its folder have to belong to this user
/// or to root, and neither may be writable by group or others. Gives the path without links, which is the one to run. Windows has
/// access lists in the place of owners and modes; they are not looked at.
pub fn check(program: &Path) -> Result<PathBuf, ProgramError> {
    if !program.is_absolute() {
        return Err(ProgramError::NotAbsolute);
    }
    let program = program.canonicalize().map_err(not_started)?;
    os::check(&program)?;
    Ok(program)
}

fn not_started(error: io::Error) -> ProgramError {
    if error.kind() == io::ErrorKind::NotFound {
        ProgramError::Missing
    } else {
        ProgramError::Io(error)
    }
}

/// A program and what it started. What is left of it when this is dropped is killed.
struct Family(Option<Box<dyn ChildWrapper>>);

impl Family {
    async fn ended(&mut self, most: usize) -> Result<Ran, ProgramError> {
        let gone = || ProgramError::Io(io::ErrorKind::BrokenPipe.into());
        let child = self.0.as_mut().ok_or_else(gone)?;
        let output = child.stdout().take().ok_or_else(gone)?;
        let complaint = child.stderr().take().ok_or_else(gone)?;
        let (output, complaint) = tokio::try_join!(whole(output, most), beginning(complaint, COMPLAINT))?;
        // Until here nobody took in its end, so that its number is nobody else's.
        let status = child.wait().await.map_err(ProgramError::Io)?;
        self.0 = None;
        Ok(Ran {
            code: status.code(),
            output,
            complaint,
        })
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0
            && let Err(error) = child.start_kill()
        {
            tracing::debug!(%error, "a program could not be ended");
        }
    }
}

/// All that comes, if it is not more than `most` bytes.
async fn whole(from: impl AsyncRead + Unpin, most: usize) -> Result<Zeroizing<Vec<u8>>, ProgramError> {
    let mut read = Zeroizing::new(Vec::new());
    from.take(most as u64 + 1)
        .read_to_end(&mut read)
        .await
        .map_err(ProgramError::Io)?;
    if read.len() > most {
        return Err(ProgramError::TooLong);
    }
    Ok(read)
}

/// The first `most` bytes; the rest is read, since nobody who waits for a reader can go on.
async fn beginning(
    mut from: impl AsyncRead + Unpin,
    most: usize,
) -> Result<Zeroizing<Vec<u8>>, ProgramError> {
    let mut read = Zeroizing::new(Vec::new());
    (&mut from)
        .take(most as u64)
        .read_to_end(&mut read)
        .await
        .map_err(ProgramError::Io)?;
    tokio::io::copy(&mut from, &mut tokio::io::sink())
        .await
        .map_err(ProgramError::Io)?;
    Ok(read)
}

#[cfg(all(test, unix))]
mod tests;
