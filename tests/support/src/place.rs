//! Where a test finds programs, folders and ports. Must not start anything.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

/// The root folder of the repository.
///
/// What cargo says of the package under test counts: clones share one build folder, and this crate may have been
/// built for another.
///
/// # Panics
/// When no folder above the package holds the lock file of the workspace.
pub fn repository() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let package = package.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    let mut above = package.ancestors();
    let root = above.find(|folder| folder.join("Cargo.lock").is_file());
    root.expect("the package lies in a workspace").to_owned()
}

/// The Python of the test environment that `cargo xtask test` sets up from `tests/support/requirements.txt`.
///
/// # Panics
/// When the environment was not set up.
pub fn python() -> PathBuf {
    let home = std::env::home_dir().expect("this user has a home folder");
    let python = home.join(".cache/deskhand/python/bin/python");
    assert!(
        python.exists(),
        "no Python for tests at {}: run `cargo xtask setup`",
        python.display()
    );
    python
}

/// Chromium, for tests of pages.
///
/// # Panics
/// When none is installed.
pub fn chromium() -> PathBuf {
    ["chromium", "chromium-browser"]
        .iter()
        .find_map(|name| on_path(name))
        .expect("no chromium on the PATH: run `cargo xtask setup`")
}

/// A program that this workspace builds, such as `deskhand`.
///
/// Cargo builds a package's own programs before its tests and names them in `CARGO_BIN_EXE_…`; use that inside the
/// package. This is for tests of other packages: it finds what the last build left beside the test's own profile.
///
/// # Panics
/// When the program was not built.
pub fn binary(name: &str) -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from);
    let profile = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    let program = target
        .join(profile)
        .join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "{} is not built: run `cargo build` first",
        program.display()
    );
    program
}

/// A TCP port of the loopback interface that nobody listened on a moment ago.
///
/// Another program may take it before the test does: a test that can bind port 0 itself should do that instead.
///
/// # Panics
/// When the machine has no port left.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free loopback port");
    listener
        .local_addr()
        .expect("a bound listener has an address")
        .port()
}

/// A folder of the test's own, used as `DESKHAND_HOME` and removed with the value.
#[derive(Debug)]
pub struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    /// Creates an empty home with a name no other test has.
    ///
    /// # Panics
    /// When the temporary folder cannot be written.
    #[expect(
        clippy::new_without_default,
        reason = "it makes a folder; a default should not"
    )]
    pub fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("deskhand-test-")
            .tempdir()
            .expect("a temporary folder");
        Self { folder }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The variable that makes every Deskhand program keep its files here.
    pub fn variable(&self) -> (&'static str, &Path) {
        ("DESKHAND_HOME", self.path())
    }
}

/// The first program of this name on the `PATH`.
fn on_path(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Where `cargo xtask image` puts the agent of the sandbox, for sandboxes that have no image.
pub fn sandbox_agent() -> PathBuf {
    let home = std::env::home_dir().expect("a home folder");
    home.join(".cache/deskhand/sandbox/deskhand-vm-guest")
}

/// Where `cargo xtask image` puts images of the sandbox.
pub fn sandbox_images() -> PathBuf {
    let home = std::env::home_dir().expect("a home folder");
    home.join(".cache/deskhand/sandbox/images")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_homes_are_two_folders_and_go_with_their_value() {
        let (one, other) = (Home::new(), Home::new());
        assert_ne!(one.path(), other.path());
        let path = one.path().to_owned();
        drop(one);
        assert!(!path.exists());
    }

    #[test]
    fn a_free_port_can_be_bound() {
        TcpListener::bind((Ipv4Addr::LOCALHOST, free_port())).expect("the port is free");
    }

    #[test]
    fn the_repository_holds_the_workspace_manifest() {
        assert!(repository().join("Cargo.lock").is_file());
    }
}
