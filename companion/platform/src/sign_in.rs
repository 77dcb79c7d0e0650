//! The sign-in of the person at this machine to a server of its network (SPNEGO and NTLM), with the logon that the operating
//! system keeps. No password passes through here. Windows alone has one that every program of the user may ask for.

use std::io;

#[cfg(windows)]
#[path = "sign_in/windows.rs"]
mod os;
#[cfg(not(windows))]
#[path = "sign_in/unix.rs"]
mod os;

/// How to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Package {
    /// Kerberos where the network has it, NTLM otherwise.
    Negotiate,
    /// NTLM alone.
    Ntlm,
}

/// One sign-in.
#[derive(Debug)]
pub struct SignIn(os::Context);

/// Whether this system can sign in at all.
pub fn is_here() -> bool {
    os::IS_HERE
}

impl SignIn {
    /// Begins a sign-in to the HTTP service of a host.
    pub fn begin(package: Package, host: &str) -> io::Result<Self> {
        os::Context::new(package, &format!("HTTP/{host}")).map(Self)
    }

    /// The next message for the server; `said` is its answer to the one before, empty at first. May ask the network for
    /// tickets, and block.
    pub fn next(&mut self, said: &[u8]) -> io::Result<Vec<u8>> {
        self.0.next(said)
    }
}
