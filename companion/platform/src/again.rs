//! Starting the running program anew, in its own place.

use std::convert::Infallible;
use std::ffi::OsString;
use std::io;
use std::process::Command;

/// Starts the running program anew with these arguments, without its own name. On Unix the process stays and becomes
/// the new program; on Windows another process takes over and this one ends. Returns only when that failed.
///
/// Everything that has to be released before (locks, sockets) must be.
pub fn start_again(arguments: &[OsString]) -> io::Result<Infallible> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(arguments);
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        Err(command.exec())
    }
    #[cfg(not(unix))]
    {
        drop(command.spawn()?);
        std::process::exit(0)
    }
}
