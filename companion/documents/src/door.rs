//! The way to a file that a person attached: the handle of its folder and the path below it (Invariant 8). Knows what may
//! be read and replaced there, and nothing of what the files mean.

use std::path::PathBuf;
use std::sync::Arc;

use deskhand_protocol::operations::{Refusal, RefusalCode};
use deskhand_workspace::{Access, Expected, Fingerprint, Folder, RelativePath, WorkspaceError};

use crate::backend::Trouble;

/// A way to one file.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    folder: Arc<Folder>,
    below: RelativePath,
    /// True where the person attached this file and not its folder: a link in its place would lead to another file.
    alone: bool,
}

impl Door {
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
    pub(crate) fn path(&self) -> PathBuf {
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

    /// Reads the file, at most `cap` bytes, with the mark that [`Door::replace`] asks for.
    pub(crate) fn read(&self, cap: u64) -> Result<(Vec<u8>, Fingerprint), Refusal> {
        self.check_no_link()?;
        self.folder
            .read(&self.below, cap)
            .map_err(|error| self.refusal(&error))
    }

    /// Refuses where the file may not be written, or another program has it open.
    pub(crate) fn check_writable(&self) -> Result<(), Refusal> {
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

    /// Puts content in the place of what was read.
    pub(crate) fn replace(&self, content: &[u8], read: Fingerprint) -> Result<(), Trouble> {
        self.check_no_link()?;
        match self.folder.replace(&self.below, content, Expected::Content(read)) {
            Ok(_) => Ok(()),
            Err(WorkspaceError::NotVerified(_)) => Err(Trouble::Unknown),
            // The name may be in place already when flushing its folder fails: what is there tells.
            Err(WorkspaceError::Io { .. })
                if self.folder.fingerprint(&self.below).ok().flatten() == Some(Fingerprint::of(content)) =>
            {
                Ok(())
            }
            Err(error) => Err(self.refusal(&error).into()),
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
