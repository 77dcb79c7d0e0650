//! Where machines come from: engine, image, accelerator and states put together, and one machine kept ready.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use deskhand_vm_protocol::{GuestEvent, SessionSpec};
use tokio::sync::{Mutex, mpsc};

use crate::accelerator::{Accelerator, Verdict};
use crate::contained::instead::ProcessSandbox;
use crate::error::{DISK_LOW, SandboxError, Step, make_folder};
use crate::folders::{Folders, gone};
use crate::image::{Image, OFFICE};
use crate::machine::{Engine, MachineSpec, Origin, Start};
use crate::parts::beside;
use crate::qemu::{Cage, Qemu};
use crate::session::{Connections, Ready, Session};
use crate::starting;
use crate::state::StateStore;
use crate::store::Store;

/// The folders of running machines, kept states, and what was found out about the accelerator, in the workplace.
const MACHINES: &str = "machines";
const STATES: &str = "states";
const VERDICT: &str = "accelerator.json";
/// Which files of the image were read and found good.
const VERIFIED: &str = "image.verified";

/// What a workshop works with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where images are.
    pub images: PathBuf,
    /// Where states, verdict and the folders of running machines are; only this user's.
    pub workplace: PathBuf,
    /// The engine, where it is not one of the known places.
    pub engine: Option<PathBuf>,
    /// Memory of a machine, in mebibytes.
    pub memory: u32,
    /// Processors of a machine.
    pub processors: u32,
    /// An accelerator that is not tried but taken.
    pub accelerator: Option<Accelerator>,
    /// What stands in where no machine can be had ([`stand_in`](crate::stand_in)); none unless an administrator allows it.
    pub process_sandbox: Option<ProcessSandbox>,
}

/// Makes machines.
#[derive(Debug)]
pub struct Workshop {
    settings: Settings,
    engine: Arc<dyn Engine>,
    image: Image,
    /// The lock on the image: it stays while machines may start from it.
    _held: Option<File>,
    verdict: Verdict,
    states: StateStore,
    kept_ready: Mutex<Option<Ready>>,
}

impl Workshop {
    /// Looks at every step up to the accelerator, with QEMU as its engine. The error names the step that failed.
    pub async fn open(settings: Settings) -> Result<Self, SandboxError> {
        let machines = settings.workplace.join(MACHINES);
        let named = settings.engine.clone();
        let found = beside(Step::Engine, move || Qemu::find(named.as_deref(), &machines)).await?;
        Self::open_with(Arc::new(found), settings).await
    }

    /// The same with another engine: whatever stands behind the port.
    pub async fn open_with(engine: Arc<dyn Engine>, settings: Settings) -> Result<Self, SandboxError> {
        let looked = settings.clone();
        let (image, held) = beside(Step::Image, move || look(&looked)).await?;
        let kept = settings.workplace.join(VERDICT);
        let verdict = match settings.accelerator {
            Some(accelerator) => Verdict::given(accelerator),
            None => Verdict::find(engine.as_ref(), &proof(&image)?, &kept).await,
        };
        let states = StateStore::new(settings.workplace.join(STATES));
        Ok(Self {
            settings,
            engine,
            image,
            _held: held,
            verdict,
            states,
            kept_ready: Mutex::new(None),
        })
    }

    /// With a key that only the service has, for the states that it keeps: whoever else can write to their folder cannot
    /// make one that is taken. Without it a state is protected from damage and not from its owner.
    #[must_use]
    pub fn with_state_key(mut self, key: &[u8; 32]) -> Self {
        self.states = self.states.with_key(key);
        self
    }

    /// The engine's name and version.
    pub fn engine(&self) -> String {
        self.engine.version()
    }

    /// How far the engine is shut in on this computer.
    pub fn cage(&self) -> Cage {
        self.engine.cage()
    }

    /// The image.
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// What runs instructions, and why.
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// The states.
    pub fn states(&self) -> &StateStore {
        &self.states
    }

    /// A session: in the machine that is kept ready, else in one that resumes, else in one that starts cold.
    pub async fn session(
        &self,
        spec: SessionSpec,
        connections: Option<Arc<dyn Connections>>,
        events: mpsc::Sender<GuestEvent>,
    ) -> Result<Session, SandboxError> {
        let begun = Instant::now();
        let kept = self.kept_ready.lock().await.take();
        let ready = match kept {
            Some(ready) => ready,
            None => self.ready().await?,
        };
        // What waited may have ended meanwhile, and a state may resume into a guest that does not answer: neither is a
        // reason to be without a machine.
        let shortcut = ready.kept || ready.origin == Origin::Resumed;
        match Session::begin(ready, begun, spec.clone(), connections.clone(), events.clone()).await {
            Err(error) if shortcut => {
                tracing::warn!(%error, "a machine that was ready did not begin a session; one starts cold");
                self.states.clear().ok();
                let ready = self.start(&self.spec()?, Start::Cold).await?;
                Session::begin(ready, begun, spec, connections, events).await
            }
            other => other,
        }
    }

    /// A machine whose agent waits.
    async fn ready(&self) -> Result<Ready, SandboxError> {
        let spec = self.spec()?;
        if let Some(state) = self.states.get(self.engine.as_ref(), &spec).await {
            // A state that this engine does not take after all is no reason to be without a machine.
            match self.start(&spec, Start::Resume(state)).await {
                Ok(ready) => return Ok(ready),
                // The state is not to blame.
                Err(error) if error.code == DISK_LOW => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, "a kept state was not taken; the machine starts cold");
                    self.states.clear().ok();
                }
            }
        }
        self.start(&spec, Start::Cold).await
    }

    /// Starts a machine once, keeps its state and lets go of it; answers the size of what was kept, in bytes. Nothing is
    /// done where a state is kept already.
    pub async fn keep_state(&self) -> Result<Option<u64>, SandboxError> {
        let spec = self.spec()?;
        if self.states.has(self.engine.as_ref(), &spec).await {
            return Ok(None);
        }
        let mut ready = self.start(&spec, Start::Cold).await?;
        let state = ready.machine.save().await?;
        let kept = self.states.put(self.engine.as_ref(), &spec, state).await;
        let failed = |error: std::io::Error| {
            SandboxError::new(
                Step::Start,
                format!("the state cannot be kept: {error}"),
                "make room on the disk",
            )
        };
        kept.map(Some).map_err(failed)
    }

    /// Keeps a machine ready for the next session.
    pub async fn keep_ready(&self) -> Result<(), SandboxError> {
        let mut kept = self.kept_ready.lock().await;
        if kept.is_none() {
            *kept = Some(Ready {
                kept: true,
                ..self.ready().await?
            });
        }
        Ok(())
    }

    /// Lets go of the machine that is kept ready.
    pub async fn let_go(&self) {
        self.kept_ready.lock().await.take();
    }

    async fn start(&self, spec: &MachineSpec, from: Start) -> Result<Ready, SandboxError> {
        starting::start(self.engine.as_ref(), spec, from).await
    }

    fn spec(&self) -> Result<MachineSpec, SandboxError> {
        let mut disks = vec![("base".to_owned(), self.image.path("system.squashfs")?)];
        let mut words = Vec::new();
        if self.image.has_office() {
            disks.push(("office".to_owned(), self.image.path(OFFICE)?));
            words.push("deskhand.office".to_owned());
        }
        Ok(MachineSpec {
            kernel: self.image.path("kernel")?,
            initial: self.image.path("initrd")?,
            disks,
            session_disk: Some(self.image.path("session.qcow2")?),
            memory: self.settings.memory,
            processors: self.settings.processors,
            accelerator: self.verdict.accelerator,
            words,
        })
    }
}

/// The image, read where it was not before; and what killed services left goes.
fn look(settings: &Settings) -> Result<(Image, Option<File>), SandboxError> {
    let (image, held) = Store::new(settings.images.clone()).hold()?;
    make_folder(&settings.workplace)?;
    // What cannot be swept now is swept the next time; it holds nobody up.
    if let Err(error) = Folders::new(settings.workplace.join(MACHINES)).sweep() {
        tracing::warn!(%error, "folders that killed machines left were not removed");
    }
    image.verify_once(&settings.workplace.join(VERIFIED))?;
    Ok((image, held))
}

/// What was left where a computer was to forget its machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// Machines that run, of this service or another: their folders and the kept states were left.
    pub running: usize,
}

/// Forgets kept states, the verdict on the accelerator, and folders that killed machines left. What belongs to machines
/// that run stays: as many as the answer says.
pub fn forget(workplace: &Path) -> std::io::Result<Forgotten> {
    let swept = Folders::new(workplace.join(MACHINES)).sweep_and(|swept| {
        if swept.running == 0 {
            StateStore::new(workplace.join(STATES)).clear()?;
        }
        gone(std::fs::remove_file(workplace.join(VERDICT)))?;
        gone(std::fs::remove_file(workplace.join(VERIFIED)))
    })?;
    Ok(Forgotten {
        running: swept.running,
    })
}

/// The smallest machine that shows that an accelerator works.
fn proof(image: &Image) -> Result<MachineSpec, SandboxError> {
    Ok(MachineSpec {
        kernel: image.path("kernel")?,
        initial: image.path("initrd")?,
        disks: Vec::new(),
        session_disk: None,
        memory: 256,
        processors: 1,
        accelerator: Accelerator::Tcg,
        words: vec!["deskhand.proof".to_owned()],
    })
}
