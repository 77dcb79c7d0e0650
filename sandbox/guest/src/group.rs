//! Control groups: what all processes of a command, and of a session, may use together
//! (<https://docs.kernel.org/admin-guide/cgroup-v2.html>).

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use deskhand_vm_protocol::{RunLimits, SessionSpec};

const ROOT: &str = "/sys/fs/cgroup";
const CONTROLLERS: &str = "+cpu +memory +pids";

static NEXT: AtomicU64 = AtomicU64::new(1);

/// Groups whose processes were still ending when they were let go.
static LEFT: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// The group of one command. Dropping it ends all that is left in it.
#[derive(Debug)]
pub(crate) struct Group {
    folder: PathBuf,
}

/// Makes the group of the session, which holds those of its commands.
pub(crate) fn session(spec: &SessionSpec) -> io::Result<()> {
    let folder = Path::new(ROOT).join("session");
    fs::write(Path::new(ROOT).join("cgroup.subtree_control"), CONTROLLERS)?;
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("cgroup.subtree_control"), CONTROLLERS)?;
    fs::write(folder.join("memory.max"), spec.memory.to_string())?;
    fs::write(folder.join("pids.max"), spec.processes.to_string())
}

impl Group {
    /// Makes the group of a command.
    pub(crate) fn new(limits: &RunLimits) -> io::Result<Self> {
        left().retain(|folder| fs::remove_dir(folder).is_err());
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let group = Self {
            folder: Path::new(ROOT).join(format!("session/command-{number}")),
        };
        fs::create_dir(&group.folder)?;
        group.set("memory.max", &limits.memory.to_string())?;
        // One that is out of memory ends as a whole, not at some process in its middle.
        group.set("memory.oom.group", "1")?;
        group.set("pids.max", &limits.processes.to_string())?;
        Ok(group)
    }

    /// Where a process writes itself into the group.
    pub(crate) fn entrance(&self) -> io::Result<OwnedFd> {
        let file: File = OpenOptions::new()
            .write(true)
            .open(self.folder.join("cgroup.procs"))?;
        Ok(file.into())
    }

    /// Ends every process of the group, with all that they started.
    pub(crate) fn end(&self) {
        // It fails where the group is gone, and then there is nothing to end.
        self.set("cgroup.kill", "1").ok();
    }

    /// Time of the processor that was used, in milliseconds.
    pub(crate) fn processor(&self) -> u64 {
        self.field("cpu.stat", "usage_usec").unwrap_or_default() / 1000
    }

    /// The most memory that was held, in bytes, where this kernel tells.
    pub(crate) fn peak(&self) -> Option<u64> {
        let text = fs::read_to_string(self.folder.join("memory.peak")).ok()?;
        text.trim().parse().ok()
    }

    /// Whether a process of it was ended because there was no more memory for it.
    pub(crate) fn was_out_of_memory(&self) -> bool {
        self.field("memory.events", "oom_kill").unwrap_or_default() > 0
    }

    fn set(&self, name: &str, value: &str) -> io::Result<()> {
        fs::write(self.folder.join(name), value)
    }

    fn field(&self, file: &str, name: &str) -> Option<u64> {
        let text = fs::read_to_string(self.folder.join(file)).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().parse().ok()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
        // Processes that are ending keep it a moment longer.
        if fs::remove_dir(&self.folder).is_err() {
            left().push(std::mem::take(&mut self.folder));
        }
    }
}

fn left() -> std::sync::MutexGuard<'static, Vec<PathBuf>> {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner)
}
