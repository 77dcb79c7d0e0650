//! From the kernel's first process to a machine that is ready: file systems, modules, root, the line.

use std::ffi::CString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::mount::{MountFlags, mount, mount_move};

/// How long a device may take to appear once its module is loaded. Milliseconds as a rule; software emulation under load
/// takes longer.
const DEVICE_WAIT: Duration = Duration::from_secs(20);

/// A step that failed, with its reason.
#[derive(Debug, thiserror::Error)]
#[error("{step}: {error}")]
pub(crate) struct BootError {
    step: String,
    error: io::Error,
}

/// Names a step in its error.
pub(crate) fn step<T, E: Into<io::Error>>(step: &str, done: Result<T, E>) -> Result<T, BootError> {
    done.map_err(|error| BootError {
        step: step.to_owned(),
        error: error.into(),
    })
}

/// What the service asks of this start, on the kernel's command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To run a session.
    Session,
    /// To show that the engine's accelerator starts a machine at all: no disks, no session.
    Proof,
}

/// Mounts what every process needs, loads the modules that came with the agent.
pub(crate) fn early() -> Result<Purpose, BootError> {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    for (what, place, kind) in [
        ("proc", "/proc", "proc"),
        ("sysfs", "/sys", "sysfs"),
        ("dev", "/dev", "devtmpfs"),
    ] {
        fs::create_dir_all(place).ok();
        step(place, mount(what, place, kind, safe(), None))?;
    }
    // No process looks into another's memory, also not into one of the same user: each command is held to its own limits.
    step(
        "the rule about other processes' memory",
        fs::write("/proc/sys/kernel/yama/ptrace_scope", "2"),
    )?;
    modules()?;
    Ok(if is_said("deskhand.proof")? {
        Purpose::Proof
    } else {
        Purpose::Session
    })
}

/// Whether the service put this word on the kernel's command line.
fn is_said(word: &str) -> Result<bool, BootError> {
    let line = step("the kernel's command line", fs::read_to_string("/proc/cmdline"))?;
    Ok(line.split_whitespace().any(|said| said == word))
}

/// The read-only system, from its disk, becomes the root; with the office layer over it where the service gave one.
pub(crate) fn root() -> Result<(), BootError> {
    let base = step("the disk of the system", disk("base"))?;
    // Waited for: a disk that shows itself a moment later must not make a machine without its layer.
    let office = if is_said("deskhand.office")? {
        Some(step("the disk of the office layer", disk("office"))?)
    } else {
        None
    };
    for place in ["/base", "/office", "/system"] {
        fs::create_dir_all(place).ok();
    }
    let read_only = safe_program() | MountFlags::RDONLY;
    step(
        "mounting the system",
        mount(&base, "/base", "squashfs", read_only, None),
    )?;
    let system = match office {
        Some(office) => {
            step(
                "mounting the office layer",
                mount(&office, "/office", "squashfs", read_only, None),
            )?;
            let layers = CString::new("lowerdir=/office:/base").unwrap_or_default();
            step(
                "laying the office layer over the system",
                mount("system", "/system", "overlay", read_only, layers.as_c_str()),
            )?;
            "/system"
        }
        None => "/base",
    };
    for place in ["proc", "sys", "dev"] {
        step(
            "moving what is mounted",
            mount_move(format!("/{place}"), format!("{system}/{place}")),
        )?;
    }
    step("entering the system", enter(system))?;
    for (place, options) in [
        ("/run", c"mode=755,size=16m"),
        ("/tmp", c"mode=755,size=16m"),
        ("/mnt", c"mode=755,size=1m"),
        ("/session", c"mode=755,size=1m"),
    ] {
        step(place, mount("tmpfs", place, "tmpfs", safe(), options))?;
    }
    fs::create_dir_all("/dev/pts").ok();
    step(
        "/dev/pts",
        mount("devpts", "/dev/pts", "devpts", safe(), c"mode=620,ptmxmode=666"),
    )?;
    step(
        "control groups",
        mount("cgroup2", "/sys/fs/cgroup", "cgroup2", safe(), None),
    )?;
    step("the loopback", crate::sys::loopback_up())
}

/// The place of a disk, by the name that the engine gave it; waits for it.
pub(crate) fn disk(name: &str) -> io::Result<PathBuf> {
    wait_for(|| find_disk(name))
}

/// The place of the serial port that is the line; waits for it.
pub(crate) fn port() -> Result<PathBuf, BootError> {
    step("the line to the service", wait_for(find_port))
}

/// Ends the machine.
pub(crate) fn power_off() -> ! {
    rustix::fs::sync();
    // Restart: the engine is told to end where a guest restarts, and this way needs no ACPI.
    rustix::system::reboot(rustix::system::RebootCommand::Restart).ok();
    std::process::exit(1)
}

/// Mounts of ours hold no programs with a set user and no devices.
fn safe() -> MountFlags {
    MountFlags::NOSUID | MountFlags::NOEXEC
}

fn safe_program() -> MountFlags {
    MountFlags::NOSUID | MountFlags::NODEV
}

fn enter(system: &str) -> io::Result<()> {
    rustix::process::chdir(system)?;
    mount_move(".", "/")?;
    rustix::process::chroot(".")?;
    Ok(rustix::process::chdir("/")?)
}

/// Loads `/modules/*.ko` in the order in which the recipe lists them.
fn modules() -> Result<(), BootError> {
    let order = step("the list of modules", fs::read_to_string("/modules/order"))?;
    for name in order.lines() {
        let file = step(name, File::open(Path::new("/modules").join(name)))?;
        match rustix::system::finit_module(&file, c"", 0) {
            // Built into this kernel, or loaded by another.
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(error) => step(name, Err(error))?,
        }
    }
    Ok(())
}

fn find_disk(name: &str) -> Option<PathBuf> {
    let entries = fs::read_dir("/sys/block").ok()?;
    entries.flatten().find_map(|entry| {
        let serial = fs::read_to_string(entry.path().join("serial")).ok()?;
        let device = Path::new("/dev").join(entry.file_name());
        (serial.trim() == name && device.exists()).then_some(device)
    })
}

fn find_port() -> Option<PathBuf> {
    let entries = fs::read_dir("/sys/class/virtio-ports").ok()?;
    entries.flatten().find_map(|entry| {
        let name = fs::read_to_string(entry.path().join("name")).ok()?;
        let device = Path::new("/dev").join(entry.file_name());
        (name.trim() == "deskhand" && device.exists()).then_some(device)
    })
}

/// Looks until it is there. The kernel makes devices by itself, in its own time; there is no process yet whose events
/// could be waited for.
fn wait_for(mut look: impl FnMut() -> Option<PathBuf>) -> io::Result<PathBuf> {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return Ok(found);
        }
        if begun.elapsed() > DEVICE_WAIT {
            return Err(io::Error::from(io::ErrorKind::TimedOut));
        }
        let pause = rustix::thread::Timespec {
            tv_sec: 0,
            tv_nsec: 1_000_000,
        };
        drop(rustix::thread::nanosleep(&pause));
    }
}
