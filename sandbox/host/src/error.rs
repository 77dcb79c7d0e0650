//! Why there is no sandbox, as a person is told: which step failed, why, and what helps.

/// The steps from nothing to a session, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The program that runs virtual machines.
    Engine,
    /// Kernel, agent and system.
    Image,
    /// Hardware acceleration, or software emulation in its place.
    Accelerator,
    /// From the start of the engine to the agent's word that it is up.
    Start,
    /// From there to the session: time, disk, corner.
    Session,
    /// While a session runs.
    Run,
}

impl Step {
    /// As it stands in a message.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Engine => "the engine",
            Self::Image => "the image",
            Self::Accelerator => "the accelerator",
            Self::Start => "the start of the virtual machine",
            Self::Session => "the start of the session",
            Self::Run => "the running session",
        }
    }

    /// In one word that stays, for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::Image => "image",
            Self::Accelerator => "accelerator",
            Self::Start => "start",
            Self::Session => "session",
            Self::Run => "run",
        }
    }
}

/// The code of an error for want of room on this computer's disk.
pub const DISK_LOW: &str = "disk_low";

/// The code of an error where no image is here, and none was tried to be fetched.
pub const IMAGE_ABSENT: &str = "image_absent";

/// The code of an error where no image is here yet and one is on its way.
pub const IMAGE_FETCHING: &str = "image_fetching";

/// The code of an error where another process of this user fetches the image.
pub const IMAGE_BUSY: &str = "image_busy";

/// The code of an error where the image store was not reached, or the connection broke again and again.
pub const IMAGE_UNREACHABLE: &str = "image_unreachable";

/// The code of an error where the image store does not have a file that it is to have.
pub const IMAGE_MISSING: &str = "image_missing";

/// The code of an error where the image store is closed, leads elsewhere, or does not answer as one.
pub const IMAGE_REFUSED: &str = "image_refused";

/// The code of an error where the image store sends next to nothing.
pub const IMAGE_SLOW: &str = "image_slow";

/// The code of an error where what came is not what the image's id stands for.
pub const IMAGE_WRONG: &str = "image_wrong";

/// What went wrong, with the step that failed and what helps.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} failed: {reason}", .step.as_str())]
pub struct SandboxError {
    /// Which step.
    pub step: Step,
    /// One word that stays, for programs: the step's, or a finer one such as [`DISK_LOW`].
    pub code: &'static str,
    /// Why, in a sentence without its full stop.
    pub reason: String,
    /// What the person or the administrator can do.
    pub remedy: String,
    /// The last lines that engine and kernel wrote, where they say more.
    pub detail: Option<String>,
}

impl SandboxError {
    /// An error of this step.
    pub fn new(step: Step, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            step,
            code: step.code(),
            reason: reason.into(),
            remedy: remedy.into(),
            detail: None,
        }
    }

    /// With a code that says more than the step does.
    #[must_use]
    pub fn with_code(mut self, code: &'static str) -> Self {
        self.code = code;
        self
    }

    /// With the last lines of a console.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        self.detail = (!detail.trim().is_empty()).then_some(detail);
        self
    }
}

/// Makes a folder to work in.
pub(crate) fn make_folder(place: &std::path::Path) -> Result<(), SandboxError> {
    std::fs::create_dir_all(place).map_err(|error| no_folder(place, &error))
}

/// No folder can be made there.
pub(crate) fn no_folder(place: &std::path::Path, error: &std::io::Error) -> SandboxError {
    SandboxError::new(
        Step::Start,
        format!("no folder can be made in {}: {error}", place.display()),
        "make room on the disk, or correct the rights of that folder",
    )
}

/// What helps where nothing else is known: the programs explain themselves.
pub(crate) const ASK_DOCTOR: &str = "run `deskhand sandbox doctor`, which looks at every step";
