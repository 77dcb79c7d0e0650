//! Whether the user's browsers and Office accept certificates of an authority, and making them do so.
//!
//! Works on the store of this user only; nothing here needs an administrator. On Linux that is the NSS database that
//! Chromium reads, on Windows the user's root store, on macOS the login keychain.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

#[cfg(target_os = "linux")]
#[path = "trust/linux.rs"]
mod os;
#[cfg(target_os = "macos")]
#[path = "trust/macos.rs"]
mod os;
#[cfg(windows)]
#[path = "trust/windows.rs"]
mod os;

/// Whether an authority is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustState {
    /// It is in the user's store.
    Trusted,
    /// It is not, so pages show a warning and panes stay empty.
    NotTrusted,
    /// The store cannot be asked: its tool is missing.
    Unknown,
}

/// Why the trust store was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// The program that changes the store is not installed.
    #[error("`{program}` is not installed")]
    NoTool {
        /// The program, and on Linux the package that brings it.
        program: &'static str,
    },
    /// The store refused, or the user said no.
    #[error("the trust store refused: {0}")]
    Refused(String),
    /// The operating system refused.
    #[error("cannot use the trust store")]
    Io(#[from] io::Error),
}

/// An authority as trust stores take it.
#[derive(Clone, Copy, Debug)]
pub struct Authority<'a> {
    /// The name it is listed under; one name is one authority.
    pub name: &'a str,
    /// Its certificate in PEM, as a file that lives as long as the call.
    pub certificate: &'a Path,
    /// The home folder of the user, where Linux keeps the database.
    pub home: &'a Path,
}

/// Whether `authority`, that very certificate and not just its name, is in the user's store.
pub fn state(authority: Authority<'_>) -> TrustState {
    os::state(authority)
}

/// Puts `authority` into the user's store, replacing one of the same name. Windows and macOS ask the user first.
pub fn install(authority: Authority<'_>) -> Result<(), TrustError> {
    os::install(authority)
}

/// Takes `authority` out of the user's store.
pub fn remove(authority: Authority<'_>) -> Result<(), TrustError> {
    os::remove(authority)
}

fn run(program: &'static str, arguments: &[&std::ffi::OsStr]) -> Result<Output, TrustError> {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output();
    let output = output.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => TrustError::NoTool { program },
        _ => TrustError::Io(error),
    })?;
    if output.status.success() {
        Ok(output)
    } else {
        let said = if output.stderr.is_empty() {
            &output.stdout
        } else {
            &output.stderr
        };
        Err(TrustError::Refused(
            String::from_utf8_lossy(said).trim().to_owned(),
        ))
    }
}

/// A PEM text without what may differ between two copies of one certificate: line breaks and what stands around it.
fn body(pem: &str) -> Option<String> {
    let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    Some(body.split_whitespace().collect())
}

fn body_of_file(path: &Path) -> Option<String> {
    body(&std::fs::read_to_string(path).ok()?)
}

/// The NSS database below `home`, which Chromium and Chrome read on Linux.
pub fn nss_database(home: &Path) -> PathBuf {
    home.join(".pki/nssdb")
}
