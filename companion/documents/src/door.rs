//! The way to a file that a person attached: the handle of its folder and the path below it (Invariant 8). Knows what may
//! be read and replaced there, and nothing of what the files mean.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use deskhand_protocol::operations::{Refusal, RefusalCode};
use deskhand_workspace::{Access, Expected, Fingerprint, Folder, Folders, RelativePath, WorkspaceError};

/// A way to one file.
#[derive(Clone, Debug)]
pub struct Door {
    folder: Arc<Folder>,
    below: RelativePath,
    /// True where the person attached this file and not its folder: a link in its place would lead to another file.
    alone: bool,
}

/// Why a file was not replaced.
#[derive(Debug)]
pub enum Unsaved {
    /// Refused; nothing was changed.
    Refused(Refusal),
    /// It was replaced, and what is there is not known.
    Unknown,
}

impl Door {
    /// The way to one file that a person names. Links are followed once, now.
    pub fn to(file: &Path) -> Result<Self, Refusal> {
        Self::to_real(file, file.canonicalize().ok())
    }

    /// The way to a file that may not be there yet; its folder must be.
    pub fn to_new(file: &Path) -> Result<Self, Refusal> {
        let new = || {
            let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
            Some(folder.join(file.file_name()?))
        };
        Self::to_real(file, file.canonicalize().ok().or_else(new))
    }

    fn to_real(file: &Path, real: Option<PathBuf>) -> Result<Self, Refusal> {
        let missing = || {
            Refusal::new(
                RefusalCode::NotFound,
                format!("There is no file {}.", file.display()),
            )
        };
        let real = real.ok_or_else(missing)?;
        let (Some(folder), Some(name)) = (real.parent(), real.file_name()) else {
            return Err(missing());
        };
        let failed =
            |error: WorkspaceError| Refusal::new(RefusalCode::Failed, format!("{}: {error}", file.display()));
        let folder = Folders::new(None).attach(folder).map_err(failed)?;
        let below = RelativePath::from_path(Path::new(name)).map_err(|fault| failed(fault.into()))?;
        Ok(Self::alone(folder, below))
    }

    /// The way to a file of an attached folder.
    pub(crate) fn within(folder: Arc<Folder>, below: RelativePath) -> Self {
        let alone = false;
        Self { folder, below, alone }
    }

    /// The way to this one file. The folder's handle is only what it is opened from.
    pub(crate) fn alone(folder: Arc<Folder>, below: RelativePath) -> Self {
        let alone = true;
        Self { folder, below, alone }
    }

    /// The folder, the path below it, and whether the file was attached alone: what leads here again after a restart.
    pub(crate) fn parts(&self) -> (&Folder, &RelativePath, bool) {
        (&self.folder, &self.below, self.alone)
    }

    /// Where the file was when it was attached: for showing and comparing, not for opening.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join(self.below.as_path())
    }

    /// The file's name.
    pub(crate) fn name(&self) -> &str {
        self.below.name()
    }

    /// True where the folder may be read only.
    pub(crate) fn is_read_only(&self) -> bool {
        self.folder.access() == Access::ReadOnly
    }

    /// Opens the file, of at most `cap` bytes, with the mark that [`Door::replace`] asks for.
    pub fn open(&self, cap: u64) -> Result<(File, Fingerprint), Refusal> {
        self.check_no_link()?;
        let opened = || {
            let mut file = self.folder.open_for_read(&self.below)?;
            let failed = |cause| WorkspaceError::Io {
                path: self.path(),
                cause,
            };
            let read = Fingerprint::read((&file).take(cap.saturating_add(1))).map_err(failed)?;
            if read.size > cap {
                return Err(WorkspaceError::TooLarge {
                    path: self.below.clone(),
                    cap,
                });
            }
            file.rewind().map_err(failed)?;
            Ok((file, read))
        };
        opened().map_err(|error: WorkspaceError| self.refusal(&error))
    }

    /// Opens the file for what reads only as much of it as it needs, and writes nothing back.
    pub(crate) fn stream(&self) -> Result<File, Refusal> {
        self.check_no_link()?;
        let file = self.folder.open_for_read(&self.below);
        file.map_err(|error| self.refusal(&error))
    }

    /// The same, where nothing has to be brought out of a cloud for it and nothing stands in the way.
    pub(crate) fn stream_where_here(&self) -> Option<File> {
        self.check_no_link().ok()?;
        self.folder.open_where_here(&self.below).ok()?
    }

    /// Refuses where the file may not be written, or another program has it open.
    pub fn check_writable(&self) -> Result<(), Refusal> {
        if self.is_read_only() {
            return Err(self.refusal(&WorkspaceError::ReadOnly));
        }
        let lock = self.folder.lock_file(&self.below);
        if let Some(lock) = lock.map_err(|error| self.refusal(&error))? {
            return Err(self.says(RefusalCode::InUse, &lock.to_string()));
        }
        let file = self.folder.open_for_read(&self.below);
        let metadata = file.map_err(|error| self.refusal(&error))?.metadata();
        if metadata.is_ok_and(|metadata| metadata.permissions().readonly()) {
            return Err(self.says(RefusalCode::Protected, "is marked read-only on disk"));
        }
        Ok(())
    }

    /// Puts what is written in the place of what is expected there.
    pub fn replace(
        &self,
        expected: Expected,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Fingerprint, Unsaved> {
        self.check_no_link().map_err(Unsaved::Refused)?;
        match self.folder.replace_with(&self.below, expected, write) {
            Ok(written) => Ok(written),
            Err(WorkspaceError::NotVerified(_)) => Err(Unsaved::Unknown),
            Err(error) => Err(Unsaved::Refused(self.refusal(&error))),
        }
    }

    /// Can only refuse: what is opened is decided by the folder's handle, out of which no link leads.
    fn check_no_link(&self) -> Result<(), Refusal> {
        let is_link = || {
            self.path()
                .symlink_metadata()
                .is_ok_and(|found| found.is_symlink())
        };
        if self.alone && is_link() {
            return Err(self.says(RefusalCode::NotFound, "is a link to another file now"));
        }
        Ok(())
    }

    fn says(&self, code: RefusalCode, what: &str) -> Refusal {
        Refusal::new(code, format!("{} {what}", self.name()))
    }

    fn refusal(&self, error: &WorkspaceError) -> Refusal {
        match error {
            WorkspaceError::ReadOnly => self.says(
                RefusalCode::Protected,
                "is in a folder that your organisation allows for reading only",
            ),
            WorkspaceError::NotFound(_) => self.says(RefusalCode::NotFound, "is not there any more"),
            WorkspaceError::Escapes(_) => self.says(
                RefusalCode::NotFound,
                "leads out of the attached folder, so it was not opened",
            ),
            WorkspaceError::OpenElsewhere { lock, .. } => self.says(RefusalCode::InUse, &lock.to_string()),
            WorkspaceError::WriteProtected(_) => {
                self.says(RefusalCode::Protected, "is marked read-only on disk")
            }
            WorkspaceError::NotOurs(_) => self.says(
                RefusalCode::Protected,
                "belongs to another user, and a save would make it ours",
            ),
            WorkspaceError::ChangedElsewhere { .. } => self.says(
                RefusalCode::Changed,
                "was changed on disk by somebody else; read it again",
            ),
            WorkspaceError::TooLarge { cap, .. } => {
                self.says(RefusalCode::TooLarge, &format!("is larger than {cap} bytes"))
            }
            other => Refusal::new(RefusalCode::Failed, format!("{}: {other}", self.name())),
        }
    }
}
