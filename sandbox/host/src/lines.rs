//! The sockets between the service and an engine: nameless pairs, one end of which the engine is given. No path leads to them, so none
//! can be too long for a socket (108 bytes on Linux, 104 on macOS) and nobody else of this computer can connect.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd, RawFd};

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use tokio::io::Interest;
use tokio::net::UnixStream;

/// The service's end and QEMU's.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) own: UnixStream,
    pub(crate) other: OwnedFd,
}

impl Pair {
    /// Both are closed where a program starts, unless they are given to it.
    pub(crate) fn new() -> io::Result<Self> {
        let (own, other) = std::os::unix::net::UnixStream::pair()?;
        own.set_nonblocking(true)?;
        Ok(Self {
            own: UnixStream::from_std(own)?,
            other: other.into(),
        })
    }

    /// Its number in this process and in a child that is given it.
    pub(crate) fn number(&self) -> RawFd {
        self.other.as_raw_fd()
    }
}

/// Sends some bytes and a descriptor with them (`SCM_RIGHTS`,
/// <https://man7.org/linux/man-pages/man7/unix.7.html>). Answers how many bytes went.
pub(crate) async fn send_with(to: &UnixStream, bytes: &[u8], descriptor: &OwnedFd) -> io::Result<usize> {
    let send = || {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut beside = SendAncillaryBuffer::new(&mut space);
        let descriptors = [descriptor.as_fd()];
        if !beside.push(SendAncillaryMessage::ScmRights(&descriptors)) {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        let sent = sendmsg(to, &[IoSlice::new(bytes)], &mut beside, SendFlags::empty());
        Ok(sent?)
    };
    to.async_io(Interest::WRITABLE, send).await
}
