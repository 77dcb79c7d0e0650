//! The proxies that the operating system is set to, as browsers and Office use them. Linux has no such settings of its own:
//! its desktops keep them each in another place, and programs of a service manager see the environment.

use std::io;

#[cfg(target_os = "linux")]
#[path = "proxies/linux.rs"]
mod os;
#[cfg(target_os = "macos")]
#[path = "proxies/macos.rs"]
mod os;
#[cfg(windows)]
#[path = "proxies/windows.rs"]
mod os;
// What stands in texts is read alike everywhere, so that it is tested everywhere.
#[cfg(any(target_os = "macos", test))]
mod dictionary;
#[cfg(any(windows, test))]
mod options;

/// Exceptions that are read; more than any system takes.
#[cfg(any(windows, target_os = "macos", test))]
const MAX_EXCEPTIONS: usize = 1_000;

/// What the operating system is set to. Nothing of it is checked.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SystemProxies {
    /// The proxy of https addresses: `host`, `host:port` or a whole address.
    pub https: Option<String>,
    /// The proxy of http addresses.
    pub http: Option<String>,
    /// Hosts that go direct: names and addresses with `*` for any text, or networks such as `10.0.0.0/8` and
    /// `169.254/16`, each with a scheme before it or a port behind it or without.
    pub exceptions: Vec<String>,
    /// Hosts whose name has no dot go direct.
    pub simple_names_direct: bool,
    /// The address of a script that says which proxy to use (PAC). It goes before the proxies.
    pub script: Option<String>,
    /// The system asks the network for a script (WPAD).
    pub detects: bool,
    /// Why the system did not say what it is set to. Nothing else is told then, and that is not the same as no proxy.
    pub failure: Option<String>,
}

/// Proxies may hold a password.
impl std::fmt::Debug for SystemProxies {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SystemProxies").finish_non_exhaustive()
    }
}

/// The settings of this user as they are now; of the machine where the user has none. Takes up to some milliseconds.
pub fn read() -> SystemProxies {
    told(os::read())
}

fn told(read: io::Result<SystemProxies>) -> SystemProxies {
    read.unwrap_or_else(|error| SystemProxies {
        failure: Some(error.to_string()),
        ..SystemProxies::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_that_does_not_answer_is_not_one_without_proxies() {
        let failed = told(Err(io::Error::other("no answer")));
        assert_eq!(failed.failure.as_deref(), Some("no answer"));
        assert!(failed != told(Ok(SystemProxies::default())));
    }
}
