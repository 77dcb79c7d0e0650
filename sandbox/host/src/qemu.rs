//! QEMU as an engine: found, started as a child process that may do nothing but run the machine, spoken to over QMP.

mod arguments;
mod cage;
#[cfg(all(test, target_os = "linux"))]
mod caged;
mod qmp;
#[cfg(test)]
mod slept;
mod state;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use tokio::net::UnixStream;

use crate::child::{Beginning, Child};
use crate::error::{ASK_DOCTOR, SandboxError, Step};
use crate::folders::{Folders, MachineFolder};
use crate::lines::Pair;
use crate::machine::{BoxFuture, Engine, Line, Machine, MachineSpec, Start};
use crate::room;
use arguments::Given;
use cage::Bars;
pub use cage::Cage;
use qmp::Qmp;

/// How long the program may take until it greets. It reads its disks' heads and allocates; no guest runs yet.
const GREETS: Duration = Duration::from_secs(20);

/// Files that QEMU has open: its disks, its sockets, some of each thread.
const MAX_OPEN: u64 = 1024;

/// How long QEMU may take to end once it has closed its control connection.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// QEMU on this computer.
#[derive(Clone, Debug)]
pub struct Qemu {
    program: PathBuf,
    version: String,
    cage: Cage,
    folders: Folders,
}

impl Qemu {
    /// Looks for it: the program that is named, or the places where it is installed. Machines get folders of their own
    /// in `workplace`, which only this user may read.
    pub fn find(named: Option<&Path>, workplace: &Path) -> Result<Self, SandboxError> {
        let program = match named {
            Some(named) => named.to_owned(),
            None => places()
                .into_iter()
                .find(|place| place.is_file())
                .ok_or_else(missing)?,
        };
        let failed = |why: String| {
            SandboxError::new(
                Step::Engine,
                format!("{} cannot be run: {why}", program.display()),
                INSTALL,
            )
        };
        let (told, cage) = tell_version(&program).map_err(|error| failed(error.to_string()))?;
        let text = String::from_utf8_lossy(&told.stdout);
        let version = text.lines().next().unwrap_or_default().trim().to_owned();
        if !told.status.success() || version.is_empty() {
            return Err(failed(String::from_utf8_lossy(&told.stderr).trim().to_owned()));
        }
        Ok(Self {
            program,
            version,
            cage,
            folders: Folders::new(workplace.to_owned()),
        })
    }

    /// Where the program is.
    pub fn program(&self) -> &Path {
        &self.program
    }
}

/// Has the program tell its version, in the cage in which it runs machines: what cannot start there is found here.
fn tell_version(program: &Path) -> std::io::Result<(Output, Cage)> {
    let bars = Bars::around(program);
    let run = || {
        let cage = bars.close()?;
        let told = Command::new(program)
            .arg("--version")
            .env_clear()
            .stdin(Stdio::null())
            .output()?;
        Ok((told, cage))
    };
    // A thread of its own: the cage holds for the thread that closes it, for good.
    let done = thread::scope(|scope| scope.spawn(run).join());
    done.unwrap_or_else(|_| Err(std::io::Error::other("the look at it failed")))
}

const INSTALL: &str = if cfg!(target_os = "macos") {
    "install QEMU with `brew install qemu`"
} else if cfg!(windows) {
    "install QEMU from its installer for Windows"
} else {
    "install QEMU with `sudo apt install qemu-system-x86` or your distribution's package of that name"
};

fn missing() -> SandboxError {
    SandboxError::new(Step::Engine, "QEMU is not installed on this computer", INSTALL)
}

/// Where packages put it. `PATH` is not looked at: what runs all code of the sandbox comes from no folder of a download.
fn places() -> Vec<PathBuf> {
    let name = format!("qemu-system-{}", std::env::consts::ARCH);
    ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/usr/libexec"]
        .iter()
        .map(|folder| Path::new(folder).join(&name))
        .collect()
}

impl Engine for Qemu {
    fn version(&self) -> String {
        self.version.clone()
    }

    fn cage(&self) -> Cage {
        self.cage
    }

    fn start<'a>(
        &'a self,
        spec: &'a MachineSpec,
        from: Start,
    ) -> BoxFuture<'a, Result<Box<dyn Machine>, SandboxError>> {
        Box::pin(async move {
            let machine = Box::pin(self.launch(spec, from)).await?;
            Ok(Box::new(machine) as Box<dyn Machine>)
        })
    }
}

impl Qemu {
    async fn launch(&self, spec: &MachineSpec, from: Start) -> Result<QemuMachine, SandboxError> {
        let resumes = matches!(from, Start::Resume(_));
        let no_pair = |error: std::io::Error| SandboxError::new(Step::Start, error.to_string(), ASK_DOCTOR);
        let (line, control) = (Pair::new().map_err(no_pair)?, Pair::new().map_err(no_pair)?);
        let given = Given {
            line: line.number(),
            qmp: control.number(),
        };
        let (qemu, spec) = (self.clone(), spec.clone());
        // It waits for others that make folders, and for the start of a process.
        let started = tokio::task::spawn_blocking(move || {
            let folder = qemu.folders.make(spec.session_disk.is_some())?;
            let arguments = arguments::of(&spec, given, resumes);
            let child = Child::start(Beginning {
                name: "QEMU",
                program: &qemu.program,
                arguments,
                folder: folder.path(),
                given: vec![line.other, control.other],
                input: None,
                user: None,
                shut: Bars::of_machine(&qemu.program, &spec, folder.path()).shut(),
                most_open: MAX_OPEN,
                largest_file: folder.share(),
            })?;
            Ok((folder, child))
        });
        let (folder, child) = started
            .await
            .unwrap_or_else(|error| Err(SandboxError::new(Step::Start, error.to_string(), ASK_DOCTOR)))?;
        let greeted = tokio::select! {
            greeted = tokio::time::timeout(GREETS, Qmp::new(control.own)) => greeted,
            how = child.ended() => return Err(start_failed(&format!("QEMU ended: {how}"), &child)),
        };
        let mut qmp = match greeted {
            Ok(Ok(qmp)) => qmp,
            Ok(Err(error)) => {
                return Err(match tokio::time::timeout(LAST_WORDS, child.ended()).await {
                    Ok(how) => start_failed(&format!("QEMU ended: {how}"), &child),
                    Err(_) => error.with_detail(child.console().tail(10)),
                });
            }
            Err(_) => return Err(start_failed("QEMU did not greet in time", &child)),
        };
        if let Start::Resume(bytes) = from {
            state::give(&mut qmp, &bytes)
                .await
                .map_err(|error| error.with_detail(child.console().tail(10)))?;
        }
        if let Err(error) = qmp.command("cont", None).await {
            // Where it ended, its last words say why.
            tokio::time::timeout(LAST_WORDS, child.ended()).await.ok();
            return Err(error.with_detail(child.console().tail(10)));
        }
        Ok(QemuMachine {
            line: Some(line.own),
            qmp,
            child,
            folder,
        })
    }
}

fn start_failed(reason: &str, child: &Child) -> SandboxError {
    SandboxError::new(Step::Start, reason, ASK_DOCTOR).with_detail(child.console().tail(10))
}

/// A machine that QEMU runs.
#[derive(Debug)]
struct QemuMachine {
    line: Option<UnixStream>,
    qmp: Qmp,
    child: Child,
    /// The session's disk; goes with the machine.
    folder: MachineFolder,
}

impl Machine for QemuMachine {
    fn line(&mut self) -> Option<Box<dyn Line>> {
        self.line.take().map(|line| Box::new(line) as Box<dyn Line>)
    }

    fn save(&mut self) -> BoxFuture<'_, Result<Vec<u8>, SandboxError>> {
        Box::pin(async move {
            let bytes = state::take(&mut self.qmp).await;
            bytes.map_err(|error| error.with_detail(self.child.console().tail(10)))
        })
    }

    fn room(&self) -> Result<(), SandboxError> {
        room::check(Step::Run, self.folder.path())
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
