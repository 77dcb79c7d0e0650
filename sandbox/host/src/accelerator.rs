//! What runs the guest's instructions. The device of an accelerator says nothing: on some machines it opens and the guest
//! hangs. It counts once a machine has started with it, and that is remembered until something changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use deskhand_vm_protocol::read_ready;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout};

use crate::error::SandboxError;
use crate::machine::{Engine, MachineSpec, Start};
use crate::parts::sha256;

/// A kernel starts within a second with hardware acceleration. What takes longer than this hangs.
const PROOF: Duration = Duration::from_secs(10);

/// What runs the guest's instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Accelerator {
    /// The hypervisor of Linux.
    Kvm,
    /// The hypervisor of macOS.
    Hvf,
    /// The hypervisor of Windows.
    Whpx,
    /// None: QEMU translates. Slower, and works everywhere.
    Tcg,
}

impl Accelerator {
    /// As the engine calls it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kvm => "kvm",
            Self::Hvf => "hvf",
            Self::Whpx => "whpx",
            Self::Tcg => "tcg",
        }
    }

    /// As a person is told.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Kvm => "hardware acceleration (KVM)",
            Self::Hvf => "hardware acceleration (Hypervisor.framework)",
            Self::Whpx => "hardware acceleration (Windows Hypervisor Platform)",
            Self::Tcg => "software emulation",
        }
    }

    /// The one that this system may have.
    pub fn of_this_system() -> Self {
        if cfg!(target_os = "linux") {
            Self::Kvm
        } else if cfg!(target_os = "macos") {
            Self::Hvf
        } else if cfg!(windows) {
            Self::Whpx
        } else {
            Self::Tcg
        }
    }
}

/// One accelerator that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// Which.
    pub accelerator: Accelerator,
    /// How long a machine took to start with it, in milliseconds.
    pub took: Option<u64>,
    /// Why it does not count.
    pub fault: Option<String>,
}

/// What was found, and for which computer it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The one that is used.
    pub accelerator: Accelerator,
    /// What was tried before it.
    pub trials: Vec<Trial>,
    /// The digest of what it depends on: engine, image, the system's own kernel.
    key: String,
}

impl Verdict {
    /// One that somebody decided.
    pub fn given(accelerator: Accelerator) -> Self {
        Self {
            accelerator,
            trials: Vec::new(),
            key: String::new(),
        }
    }

    /// The one that was found before, where nothing has changed since; else tries, and remembers.
    pub async fn find(engine: &dyn Engine, proof: &MachineSpec, kept: &Path) -> Self {
        let depends = format!("{}\n{}", engine.version(), proof.kernel.display());
        let place = kept.to_owned();
        let looked = tokio::task::spawn_blocking(move || (key(&depends), Self::kept(&place))).await;
        // Where that failed, nothing is remembered and nothing is found again.
        let (key, before) = looked.unwrap_or_default();
        if let Some(verdict) = before.filter(|verdict| verdict.key == key) {
            return verdict;
        }
        let verdict = Self::try_all(engine, proof, key).await;
        // One that cannot be kept is found anew the next time.
        if let Ok(text) = serde_json::to_vec_pretty(&verdict) {
            let place = kept.to_owned();
            tokio::task::spawn_blocking(move || fs::write(place, text).ok())
                .await
                .ok();
        }
        verdict
    }

    /// The one that was kept, whether or not it still holds.
    pub fn kept(kept: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(kept).ok()?).ok()
    }

    async fn try_all(engine: &dyn Engine, proof: &MachineSpec, key: String) -> Self {
        let mut trials = Vec::new();
        let accelerator = Accelerator::of_this_system();
        if accelerator != Accelerator::Tcg {
            let trial = try_one(engine, proof, accelerator).await;
            let works = trial.fault.is_none();
            trials.push(trial);
            if works {
                return Self {
                    accelerator,
                    trials,
                    key,
                };
            }
        }
        Self {
            accelerator: Accelerator::Tcg,
            trials,
            key,
        }
    }
}

async fn try_one(engine: &dyn Engine, proof: &MachineSpec, accelerator: Accelerator) -> Trial {
    let begun = Instant::now();
    let device = tokio::task::spawn_blocking(move || missing(accelerator)).await;
    let fault = match device.unwrap_or_else(|error| Some(error.to_string())) {
        Some(fault) => Some(fault),
        None => start(engine, proof, accelerator)
            .await
            .err()
            .map(|error| error.reason),
    };
    Trial {
        accelerator,
        took: fault.is_none().then(|| begun.elapsed().as_millis() as u64),
        fault,
    }
}

/// Why it is not worth starting a machine.
fn missing(accelerator: Accelerator) -> Option<String> {
    if accelerator != Accelerator::Kvm {
        return None;
    }
    let device = PathBuf::from("/dev/kvm");
    let opened = fs::OpenOptions::new().read(true).write(true).open(&device);
    opened.err().map(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            "this computer has no /dev/kvm: virtualization is switched off in its firmware, or it is itself a virtual machine \
             without nested virtualization"
                .to_owned()
        }
        std::io::ErrorKind::PermissionDenied => {
            "/dev/kvm is not this user's: `sudo usermod -aG kvm $USER`, then sign in again".to_owned()
        }
        _ => format!("/dev/kvm cannot be opened: {error}"),
    })
}

async fn start(
    engine: &dyn Engine,
    proof: &MachineSpec,
    accelerator: Accelerator,
) -> Result<(), SandboxError> {
    let spec = MachineSpec {
        accelerator,
        ..proof.clone()
    };
    let failed = |reason: String| SandboxError::new(crate::error::Step::Accelerator, reason, "");
    let mut machine = engine.start(&spec, Start::Cold).await?;
    let mut line = machine
        .line()
        .ok_or_else(|| failed("the engine gave no line".to_owned()))?;
    let up = tokio::select! {
        up = timeout(PROOF, read_ready(&mut line)) => up,
        how = machine.ended() => return Err(failed(format!("the engine ended: {}", last(&machine.console(), &how)))),
    };
    match up {
        Ok(Ok(_)) => Ok(()),
        // The engine's own last words come with its end.
        Ok(Err(_)) => {
            let how = timeout(Duration::from_secs(2), machine.ended())
                .await
                .unwrap_or_default();
            Err(failed(format!(
                "the engine ended: {}",
                last(&machine.console(), &how)
            )))
        }
        Err(_) => Err(failed(format!(
            "the device is there, but a guest did not start within {} seconds",
            PROOF.as_secs()
        ))),
    }
}

fn last(console: &str, how: &str) -> String {
    console
        .lines()
        .last()
        .map_or_else(|| how.to_owned(), str::to_owned)
}

/// What a verdict depends on: engine and image, which are told, the system's kernel, and the device. An update of any of it
/// asks for a new trial.
fn key(depends: &str) -> String {
    let system = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let device = missing(Accelerator::of_this_system());
    sha256(format!("{depends}\n{system}\n{device:?}").as_bytes())
}
