//! The process sandbox: what stands in on Linux where no virtual machine can be had and an administrator allows it. The same agent
//! as in a machine is the first process of namespaces that bubblewrap makes, without rights on this computer, and its line is
//! a pair of sockets; so commands, folders, the way out and every limit of the service are the same.
//!
//! It is weaker than a machine: what runs in it speaks with this computer's own kernel, through the filter of calls. A fault of
//! that kernel is a way out.

mod bars;
mod fault;
pub(crate) mod instead;
mod view;

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use deskhand_vm_protocol::{GuestEvent, SessionSpec};
use tokio::net::UnixStream;
use tokio::sync::mpsc;

use crate::accelerator::Accelerator;
use crate::child::{Beginning, Child};
use crate::contained::instead::ProcessSandbox;
use crate::error::{ASK_DOCTOR, SandboxError, Step};
use crate::lines::Pair;
use crate::machine::{BoxFuture, Engine, Line, Machine, MachineSpec, Means, Start};
use crate::parts::beside;
use crate::qemu::Cage;
use crate::session::{Connections, Session};
use crate::starting;

/// bubblewrap, where packages put it. The agent starts it once more within, from the same place.
const BUBBLEWRAP: &str = "/usr/bin/bwrap";

/// Who runs it where the service is root: `nobody`. Processes that are root to the kernel may write settings of this computer, whatever
/// rights they have lost.
const NOBODY: u32 = 65_534;

/// Files that the agent has open at once: the streams of commands, folders and connections.
const MAX_OPEN: u64 = 4096;

/// Makes sessions in process sandboxes. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Contained {
    agent: PathBuf,
    version: String,
    /// As whom commands run within.
    user: u32,
    memory: u64,
    fuse: PathBuf,
}

impl Contained {
    /// Looks for bubblewrap, and for the agent's program. Commands will run as `user` within, which is nobody outside, and
    /// write up to half of `memory`, in mebibytes.
    ///
    /// # Errors
    ///
    /// [`Step::Engine`], where this system is not Linux or one of them is missing or cannot be used.
    pub fn find(with: &ProcessSandbox, user: u32, memory: u32) -> Result<Self, SandboxError> {
        let agent = with.agent.as_path();
        let failed = |why: &str, remedy: &str| SandboxError::new(Step::Engine, why, remedy);
        if !cfg!(target_os = "linux") {
            return Err(failed(
                "process sandboxes are there on Linux alone",
                "use a virtual machine",
            ));
        }
        let found = std::fs::metadata(BUBBLEWRAP)
            .map_err(|_| failed("bubblewrap is not installed on this computer", fault::INSTALL))?;
        if found.permissions().mode() & 0o6000 != 0 {
            return Err(failed(
                "bubblewrap is installed with rights of its own (setuid), and gives the agent none within",
                "install the package `bubblewrap` of a distribution where programs may make user namespaces",
            ));
        }
        let told = Command::new(BUBBLEWRAP)
            .arg("--version")
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .map_err(|error| failed(&format!("bubblewrap cannot be run: {error}"), fault::INSTALL))?;
        if std::env::home_dir().is_some_and(|home| view::shows(&home)) {
            return Err(failed(
                "your home folder lies among the system's programs, which commands read",
                "use a virtual machine, or a home folder elsewhere",
            ));
        }
        File::open(agent).map_err(|error| {
            failed(
                &format!(
                    "the agent of the sandbox, {}, cannot be read: {error}",
                    agent.display()
                ),
                "install Deskhand anew, or build the agent with `cargo xtask image`",
            )
        })?;
        Ok(Self {
            agent: agent.to_owned(),
            version: String::from_utf8_lossy(&told.stdout).trim().to_owned(),
            user,
            memory: u64::from(memory) << 20,
            fuse: with.device.clone(),
        })
    }

    /// bubblewrap's version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// A session in a process sandbox of its own. `spec.user` must be the user that was named before.
    pub async fn session(
        &self,
        spec: SessionSpec,
        connections: Option<Arc<dyn Connections>>,
        events: mpsc::Sender<GuestEvent>,
    ) -> Result<Session, SandboxError> {
        let begun = Instant::now();
        let ready = starting::start(self, &nothing(), Start::Cold)
            .await
            .map_err(fault::explained)?;
        Session::begin(ready, begun, spec, connections, events).await
    }

    async fn launch(&self) -> Result<Processes, SandboxError> {
        let failed = |error: std::io::Error| SandboxError::new(Step::Start, error.to_string(), ASK_DOCTOR);
        let pair = Pair::new().map_err(failed)?;
        let (this, input) = (self.clone(), pair.other);
        let child = beside(Step::Start, move || this.begin(input)).await?;
        Ok(Processes {
            line: Some(pair.own),
            child,
        })
    }

    fn begin(&self, input: OwnedFd) -> Result<Child, SandboxError> {
        let failed = |error: std::io::Error| SandboxError::new(Step::Start, error.to_string(), ASK_DOCTOR);
        let agent = File::open(&self.agent).map_err(failed)?;
        let mut arguments = view::arguments(self.user, &self.fuse);
        let mut given = Vec::new();
        arguments.given("0555", &agent, view::AGENT);
        given.push(OwnedFd::from(agent));
        for (place, text) in view::files(self.user) {
            let file = written(&text).map_err(failed)?;
            arguments.given("0444", &file, place);
            given.push(file.into());
        }
        arguments.words(&["--", view::AGENT, "contained"]);
        arguments.word(&(self.memory / 2).to_string());
        Child::start(Beginning {
            name: "bubblewrap",
            program: Path::new(BUBBLEWRAP),
            arguments: arguments.0,
            folder: Path::new("/"),
            given,
            input: Some(input),
            user: is_root().then_some(NOBODY),
            shut: Box::new(bars::close),
            most_open: MAX_OPEN,
            // What is written lies in memory, and has its own limit.
            largest_file: i64::MAX as u64,
        })
    }
}

/// True for who is root to the kernel. Root of a user namespace, as in a container without rights, is somebody else to it.
fn is_root() -> bool {
    let maps = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    rustix::process::getuid().is_root() && !maps_root_to_another(&maps)
}

/// user_namespaces(7): within, outside, how many. Where nothing is known, root is root.
fn maps_root_to_another(maps: &str) -> bool {
    maps.lines().any(|line| {
        let mut fields = line.split_whitespace();
        fields.next() == Some("0") && fields.next().is_some_and(|outside| outside != "0")
    })
}

/// A nameless file with this content, to be read from its start.
fn written(text: &str) -> std::io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(text.as_bytes())?;
    file.rewind()?;
    Ok(file)
}

/// A process sandbox has no parts.
fn nothing() -> MachineSpec {
    MachineSpec {
        kernel: PathBuf::new(),
        initial: PathBuf::new(),
        disks: Vec::new(),
        session_disk: None,
        memory: 0,
        processors: 0,
        accelerator: Accelerator::Tcg,
        words: Vec::new(),
    }
}

impl Engine for Contained {
    fn version(&self) -> String {
        self.version.clone()
    }

    /// There is no QEMU to be caged.
    fn cage(&self) -> Cage {
        Cage::default()
    }

    fn means(&self, _: &MachineSpec) -> Means {
        Means::Processes
    }

    /// The specification is of machines: nothing of it is used. There are no states.
    fn start<'a>(
        &'a self,
        _: &'a MachineSpec,
        from: Start,
    ) -> BoxFuture<'a, Result<Box<dyn Machine>, SandboxError>> {
        Box::pin(async move {
            if matches!(from, Start::Resume(_)) {
                let reason = "a process sandbox goes on from no state";
                return Err(SandboxError::new(Step::Start, reason, ASK_DOCTOR));
            }
            Ok(Box::new(self.launch().await?) as Box<dyn Machine>)
        })
    }
}

/// A process sandbox that runs.
#[derive(Debug)]
struct Processes {
    line: Option<UnixStream>,
    child: Child,
}

impl Machine for Processes {
    fn line(&mut self) -> Option<Box<dyn Line>> {
        self.line.take().map(|line| Box::new(line) as Box<dyn Line>)
    }

    fn save(&mut self) -> BoxFuture<'_, Result<Vec<u8>, SandboxError>> {
        let reason = "the state of a process sandbox cannot be kept";
        Box::pin(async move { Err(SandboxError::new(Step::Start, reason, ASK_DOCTOR)) })
    }

    /// It writes to memory alone.
    fn room(&self) -> Result<(), SandboxError> {
        Ok(())
    }

    fn ended(&self) -> BoxFuture<'_, String> {
        Box::pin(self.child.ended())
    }

    fn end(&self) {
        self.child.end();
    }

    fn console(&self) -> String {
        self.child.console().tail(20)
    }

    fn process(&self) -> Option<u32> {
        Some(self.child.process())
    }
}

#[cfg(test)]
mod tests {
    use super::maps_root_to_another;

    #[test]
    fn root_is_root_unless_its_namespace_maps_it_to_another() {
        // The first namespace, systemd's `PrivateUsers=identity`, and nothing known.
        for maps in [
            "         0          0 4294967295\n",
            "0 0 65536\n",
            "1000 0 1\n",
            "",
        ] {
            assert!(!maps_root_to_another(maps), "{maps}");
        }
        for maps in ["0 1000 1\n", "0 100000 65536\n", "1 0 1\n0 100000 1\n"] {
            assert!(maps_root_to_another(maps), "{maps}");
        }
    }
}
