//! The agent as the first process of a process sandbox: bubblewrap made its namespaces and what it sees of this computer, and the
//! line is its standard input. Mounts, modules, disks and the clock of a machine are none of its business.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd as _;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::process::Command;

use rustix::mount::{MountFlags, mount};

use crate::boot::{BootError, step};
use crate::session::{HOME, SHARED, TEMPORARY};

/// Where the agent finds itself.
pub(crate) const PROGRAM: &str = "/run/deskhand/agent";

/// Folders of a system that are links into `/usr` on most.
const ROOTS: [&str; 6] = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];

/// Files of `/proc` that tell how this computer was started, what its kernel has loaded and whose keys it holds.
const OF_THE_COMPUTER: [&str; 7] = [
    "cmdline",
    "config.gz",
    "kallsyms",
    "kcore",
    "key-users",
    "keys",
    "modules",
];

/// Gets ready, with so many bytes for the session's files; answers the line.
pub(crate) fn early(room: &str) -> Result<File, BootError> {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    // Where this computer has no memory left, what runs here ends first, and nothing of the person's.
    step(
        "the order of ending",
        fs::write("/proc/self/oom_score_adj", "1000"),
    )?;
    // What the agent starts has none of its rights, not for a moment.
    step(
        "keeping rights to oneself",
        rustix::thread::clear_ambient_capability_set(),
    )?;
    let room: u64 = step("the room for files", room.parse().map_err(io::Error::other))?;
    let options = format!("mode=755,size={room},nr_inodes=262144");
    let options = step("the room for files", std::ffi::CString::new(options))?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    step(
        "the session's files",
        mount("tmpfs", "/session", "tmpfs", flags, options.as_c_str()),
    )?;
    step(
        "/mnt",
        mount(
            "tmpfs",
            "/mnt",
            "tmpfs",
            flags | MountFlags::NOEXEC,
            c"mode=755,size=1m",
        ),
    )?;
    let line = step(
        "the line to the service",
        io::stdin().as_fd().try_clone_to_owned(),
    )?;
    step("the line to the service", rustix::io::ioctl_fionbio(&line, true))?;
    Ok(line.into())
}

/// What commands see as their home, their folder for temporary files, and their shared memory: all within the session's room.
pub(crate) fn files(user: u32) -> io::Result<()> {
    let own = rustix::process::getuid().as_raw();
    if own != user {
        return Err(io::Error::other(format!(
            "commands run as the user {own} here, and the session is for {user}"
        )));
    }
    for (place, mode) in [(HOME, 0o700), (TEMPORARY, 0o1777), (SHARED, 0o1777)] {
        fs::DirBuilder::new().mode(mode).create(place)?;
        // The mask of this process takes bits away from what is asked for.
        fs::set_permissions(place, fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// What bubblewrap gives a corner within this one. Everything in it belongs to the user that commands are, so that what is not
/// theirs to write is mounted for reading.
pub(crate) fn corner(command: &mut Command, home: &str) {
    let user = rustix::process::getuid().as_raw().to_string();
    command.args(["--unshare-user", "--uid", &user, "--gid", &user, "--as-pid-1"]);
    for name in ROOTS {
        let place = format!("/{name}");
        match fs::read_link(&place) {
            Ok(target) => {
                command.arg("--symlink").arg(target).arg(&place);
            }
            Err(_) => {
                command.args(["--ro-bind-try", &place, &place]);
            }
        }
    }
    command
        .args(["--ro-bind", "/mnt", "/mnt"])
        .args(["--proc", "/proc", "--dev", "/dev"])
        // Both read as zeros. Memory of the first may be shared, and is then no process's.
        .args(["--dev-bind", "/dev/full", "/dev/zero", "--remount-ro", "/dev"])
        .args(["--perms", "0755", "--tmpfs", "/run"])
        .args(["--ro-bind", PROGRAM, PROGRAM, "--remount-ro", "/run"])
        .args(["--dir", home, "--perms", "0755", "--dir", "/tmp"])
        .args(["--remount-ro", "/"]);
    // Of this computer, not of the sandbox.
    for name in OF_THE_COMPUTER {
        let place = format!("/proc/{name}");
        if fs::exists(&place).unwrap_or(false) {
            command.args(["--ro-bind", "/dev/null", &place]);
        }
    }
}

/// The first process of a corner: keeps it until its input ends, and collects what has lost its parent.
pub(crate) fn hold() -> io::Result<()> {
    // Commands are the same user: what is not to be looked at belongs to nobody.
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    crate::sys::collect_children()?;
    io::copy(&mut io::stdin(), &mut io::stdout()).map(drop)
}
