//! A Unix socket, with the peer's user checked by the kernel's own record.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

use super::{LocalAddress, LocalError, LocalStream};
use crate::permissions;

pub(super) struct Listener {
    listener: UnixListener,
    path: PathBuf,
}

impl Listener {
    pub(super) fn bind(address: &LocalAddress) -> Result<Self, LocalError> {
        let path = address.path().to_owned();
        check_length(&path)?;
        if let Some(folder) = path.parent() {
            permissions::private_folder(folder)?;
        }
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        Ok(Self { listener, path })
    }

    pub(super) async fn accept(&mut self) -> io::Result<LocalStream> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            if is_same_user(&stream)? {
                return Ok(Box::new(stream));
            }
            tracing::warn!("turned away another user at the local channel");
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Nothing to do when it is gone already; the next start removes what is left.
        drop(fs::remove_file(&self.path));
    }
}

pub(super) async fn connect(address: &LocalAddress) -> Result<LocalStream, LocalError> {
    let path = address.path();
    check_length(path)?;
    let stream = UnixStream::connect(path)
        .await
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                LocalError::NotRunning(path.to_owned())
            }
            _ => LocalError::Io(error),
        })?;
    if is_same_user(&stream)? {
        Ok(Box::new(stream))
    } else {
        Err(LocalError::OtherUser(path.to_owned()))
    }
}

fn is_same_user(stream: &UnixStream) -> io::Result<bool> {
    Ok(stream.peer_cred()?.uid() == rustix::process::geteuid().as_raw())
}

/// `sun_path` holds 104 bytes on macOS and 108 on Linux, with the closing null.
fn check_length(path: &Path) -> Result<(), LocalError> {
    let longest = if cfg!(target_os = "macos") { 103 } else { 107 };
    if path.as_os_str().len() > longest {
        Err(LocalError::PathTooLong(path.to_owned()))
    } else {
        Ok(())
    }
}
