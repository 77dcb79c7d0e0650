//! The folders above a new file, and taking them away again where they are empty.

use std::io;

use super::{Access, Folder, beside, flush};
use crate::error::WorkspaceError;
use crate::relative::RelativePath;

impl Folder {
    /// Makes the folders above a file that are missing, and answers those that it made, the outermost first. Where one of
    /// them cannot be made, those before it are taken away again.
    pub fn make_parents(&self, path: &RelativePath) -> Result<Vec<RelativePath>, WorkspaceError> {
        if self.access == Access::ReadOnly {
            return Err(WorkspaceError::ReadOnly);
        }
        let mut made = Vec::new();
        for folder in path.above() {
            match self.make(&folder) {
                Ok(true) => made.push(folder),
                Ok(false) => {}
                Err(error) => {
                    for folder in made.iter().rev() {
                        // Somebody may have put something into it meanwhile; that stays.
                        drop(self.remove_empty(folder));
                    }
                    return Err(error);
                }
            }
        }
        Ok(made)
    }

    /// Takes a folder away where nothing is in it; [`WorkspaceError::NotEmpty`] where something is. A link to a folder is
    /// none.
    pub fn remove_empty(&self, folder: &RelativePath) -> Result<(), WorkspaceError> {
        if self.access == Access::ReadOnly {
            return Err(WorkspaceError::ReadOnly);
        }
        let parent = self.above(folder)?;
        let told = self.told(folder);
        let found = parent.symlink_metadata(folder.name()).map_err(&told)?;
        if !found.is_dir() {
            return Err(WorkspaceError::NotAFolder(folder.as_path().to_owned()));
        }
        if let Ok(dir) = self.open_folder(Some(folder)) {
            // What a killed program of ours left in it is nothing.
            beside::sweep(&dir);
        }
        match parent.remove_dir(folder.name()) {
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
                return Err(WorkspaceError::NotEmpty(folder.clone()));
            }
            removed => removed.map_err(&told)?,
        }
        // Not every file system flushes folders.
        drop(flush(&parent));
        Ok(())
    }

    /// True where it was made, false where it was there.
    fn make(&self, folder: &RelativePath) -> Result<bool, WorkspaceError> {
        let parent = self.above(folder)?;
        match parent.create_dir(folder.name()) {
            Ok(()) => {
                drop(flush(&parent));
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // It may be a link: one that stays inside the folder will do.
                let opened = self.dir()?.open_dir(folder.as_path());
                match opened.map_err(self.told(folder)) {
                    Ok(_) => Ok(false),
                    Err(WorkspaceError::Escapes(path)) => Err(WorkspaceError::Escapes(path)),
                    Err(_) => Err(WorkspaceError::NotAFolder(folder.as_path().to_owned())),
                }
            }
            Err(error) => Err(self.told(folder)(error)),
        }
    }
}
