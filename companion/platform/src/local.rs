//! The local channel: a byte stream between processes of one user, which no browser and no other user can open.
//!
//! On Unix a socket in a private folder, with the credentials of the peer checked on both sides. On Windows a named pipe
//! with an access list for this user, whose other end is checked too. What is said over it is the caller's business.

use std::io;
use std::path::{Path, PathBuf};

use tokio::io::{AsyncRead, AsyncWrite};

use crate::Paths;
use crate::permissions::PermissionError;

#[cfg(unix)]
#[path = "local/unix.rs"]
mod os;
#[cfg(windows)]
#[path = "local/windows.rs"]
mod os;

/// Where a local channel is: a socket's path, or what a pipe's name is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalAddress(PathBuf);

impl LocalAddress {
    /// The channel of the service that runs for `paths`.
    pub fn of(paths: &Paths) -> Self {
        Self(paths.runtime().join("service.sock"))
    }

    /// The path it stands for.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

/// Why a local channel could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalError {
    /// Nobody listens there.
    #[error("no service listens at `{}`", .0.display())]
    NotRunning(PathBuf),
    /// Another user is at the other end.
    #[error("the local channel at `{}` belongs to another user", .0.display())]
    OtherUser(PathBuf),
    /// The path is longer than a socket's name may be (about 100 bytes).
    #[error("the path `{}` is too long for a socket", .0.display())]
    PathTooLong(PathBuf),
    /// The folder of the socket is not private.
    #[error(transparent)]
    Folder(#[from] PermissionError),
    /// The operating system refused.
    #[error("cannot use the local channel")]
    Io(#[from] io::Error),
}

/// One end of a local channel.
pub trait Channel: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Channel for T {}

/// A boxed end of a local channel, the same type on every platform.
pub type LocalStream = Box<dyn Channel>;

/// Listens on a local channel; the socket is removed when it is dropped.
pub struct LocalListener(os::Listener);

impl std::fmt::Debug for LocalListener {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("LocalListener")
    }
}

impl LocalListener {
    /// Listens at `address`. The caller holds the instance lock: a socket that a crash left behind is replaced.
    pub fn bind(address: &LocalAddress) -> Result<Self, LocalError> {
        os::Listener::bind(address).map(Self)
    }

    /// The next process of this user that connects; others are turned away. Cancel safe.
    pub async fn accept(&mut self) -> io::Result<LocalStream> {
        self.0.accept().await
    }
}

/// Connects to the service at `address`, which must run as this user.
pub async fn connect(address: &LocalAddress) -> Result<LocalStream, LocalError> {
    os::connect(address).await
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    fn home() -> (tempfile::TempDir, Paths) {
        let home = tempfile::tempdir().expect("tempdir");
        let paths = Paths::below(home.path());
        (home, paths)
    }

    #[tokio::test]
    async fn carries_bytes_both_ways_and_replaces_a_socket_left_behind() {
        let (_home, paths) = home();
        let address = LocalAddress::of(&paths);
        assert!(matches!(connect(&address).await, Err(LocalError::NotRunning(_))));
        for _ in 0..2 {
            let mut listener = LocalListener::bind(&address).expect("bind");
            let (client, server) = tokio::join!(connect(&address), listener.accept());
            let (mut client, mut server) = (client.expect("connect"), server.expect("accept"));
            client.write_all(b"ping").await.expect("write");
            let mut said = [0; 4];
            server.read_exact(&mut said).await.expect("read");
            server.write_all(&said).await.expect("answer");
            client.read_exact(&mut said).await.expect("answer");
            assert_eq!(&said, b"ping");
            // A crash leaves the socket there; `bind` of the next round must cope.
            std::mem::forget(listener);
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn lives_in_a_folder_only_this_user_may_enter() {
        use std::os::unix::fs::PermissionsExt;

        let (_home, paths) = home();
        let _listener = LocalListener::bind(&LocalAddress::of(&paths)).expect("bind");
        let mode = std::fs::metadata(paths.runtime())
            .expect("folder")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn refuses_a_path_too_long_for_a_socket() {
        let home = tempfile::tempdir().expect("tempdir");
        let paths = Paths::below(home.path().join("x".repeat(120)));
        let refused = LocalListener::bind(&LocalAddress::of(&paths));
        assert!(matches!(refused, Err(LocalError::PathTooLong(_))));
    }
}
