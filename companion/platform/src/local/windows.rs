//! A named pipe for this user alone. Pipe names are shared by the whole machine, so the first instance is asked for and
//! the client checks whose process answers.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::windows::io::AsRawHandle;
use std::time::Duration;

use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeServer, ServerOptions};
use windows_sys::Win32::Foundation::ERROR_PIPE_BUSY;
use windows_sys::Win32::System::Pipes::{GetNamedPipeClientProcessId, GetNamedPipeServerProcessId};

use super::{LocalAddress, LocalError, LocalStream};
use crate::windows_user::{PrivateAccess, own_sid, process_sid};

/// How often a client asks again while every instance of the pipe is taken.
const BUSY_TRIES: u32 = 50;

pub(super) struct Listener {
    name: String,
    next: NamedPipeServer,
}

impl Listener {
    pub(super) fn bind(address: &LocalAddress) -> Result<Self, LocalError> {
        let name = pipe_name(address)?;
        let next = instance(&name, true)?;
        Ok(Self { name, next })
    }

    pub(super) async fn accept(&mut self) -> io::Result<LocalStream> {
        loop {
            self.next.connect().await?;
            // The next instance must exist before this one is handed out, or a client would find no pipe.
            let fresh = instance(&self.name, false)?;
            let stream = std::mem::replace(&mut self.next, fresh);
            if is_same_user(client_of(&stream)?)? {
                return Ok(Box::new(stream));
            }
            tracing::warn!("turned away another user at the local channel");
        }
    }
}

pub(super) async fn connect(address: &LocalAddress) -> Result<LocalStream, LocalError> {
    let name = pipe_name(address)?;
    for _ in 0..BUSY_TRIES {
        match ClientOptions::new().open(&name) {
            Ok(stream) if is_same_user(server_of(&stream)?)? => return Ok(Box::new(stream)),
            Ok(_) => return Err(LocalError::OtherUser(address.path().to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(LocalError::NotRunning(address.path().to_owned()));
            }
            Err(error) if error.raw_os_error() == Some(ERROR_PIPE_BUSY as i32) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(LocalError::NotRunning(address.path().to_owned()))
}

fn pipe_name(address: &LocalAddress) -> io::Result<String> {
    let mut hasher = DefaultHasher::new();
    address.path().hash(&mut hasher);
    Ok(format!(
        r"\\.\pipe\deskhand-{}-{:016x}",
        own_sid()?,
        hasher.finish()
    ))
}

#[expect(
    unsafe_code,
    reason = "a pipe with an access list of its own has no safe call in tokio"
)]
fn instance(name: &str, first: bool) -> io::Result<NamedPipeServer> {
    let access = PrivateAccess::new()?;
    let mut options = ServerOptions::new();
    options.first_pipe_instance(first).reject_remote_clients(true);
    // SAFETY: the attributes are a valid SECURITY_ATTRIBUTES that `access` keeps alive over the call.
    unsafe { options.create_with_security_attributes_raw(name, access.attributes().cast_mut().cast()) }
}

fn is_same_user(pid: u32) -> io::Result<bool> {
    let own = own_sid()?;
    Ok(process_sid(pid)?.is_some_and(|sid| sid == own))
}

#[expect(unsafe_code, reason = "the process at the other end is known to the platform")]
fn client_of(stream: &impl AsRawHandle) -> io::Result<u32> {
    let mut pid = 0;
    // SAFETY: the handle is that of a live pipe; `pid` is a place for the answer.
    let done = unsafe { GetNamedPipeClientProcessId(stream.as_raw_handle(), &raw mut pid) };
    if done == 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(pid)
    }
}

#[expect(unsafe_code, reason = "the process at the other end is known to the platform")]
fn server_of(stream: &impl AsRawHandle) -> io::Result<u32> {
    let mut pid = 0;
    // SAFETY: the handle is that of a live pipe; `pid` is a place for the answer.
    let done = unsafe { GetNamedPipeServerProcessId(stream.as_raw_handle(), &raw mut pid) };
    if done == 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(pid)
    }
}
