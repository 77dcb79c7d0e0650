//! Where the file is that a path leads to: the folder that holds it, as a handle, and its name there.

use std::io;
use std::path::{Component, PathBuf};

use cap_std::fs::Dir;

use super::Folder;
use crate::error::WorkspaceError;
use crate::relative::RelativePath;

/// Links that are followed one after the other, as the kernel does.
const LINKS: usize = 40;

impl Folder {
    /// The folder that holds what a path leads to, links inside the folder followed, and the name in it.
    ///
    /// Goes by names alone: the system's answer to where a file is now would be another name, if another program just gave
    /// it one.
    pub(super) fn parent(&self, path: &RelativePath) -> Result<(Dir, String), WorkspaceError> {
        let dir = self.dir()?;
        let told = self.told(path);
        let no_file = || WorkspaceError::NotAFile(path.clone());
        let mut at = path.as_path().to_owned();
        for links in 0..LINKS {
            let Some(Component::Normal(name)) = at.components().next_back() else {
                return Err(no_file());
            };
            let name = RelativePath::from_path(name.as_ref())?;
            let above = at.parent().filter(|above| !above.as_os_str().is_empty());
            let opened = above.map_or_else(|| dir.try_clone(), |above| dir.open_dir(above));
            let parent = match opened {
                // A link to nothing.
                Err(error) if links > 0 && error.kind() == io::ErrorKind::NotFound => return Err(no_file()),
                opened => opened.map_err(&told)?,
            };
            match parent.symlink_metadata(name.as_path()) {
                Ok(found) if found.is_symlink() => {
                    let target = parent.read_link_contents(name.as_path()).map_err(&told)?;
                    // What is absolute or goes up in it is left to the handle, which knows where the link's folder is.
                    at = above.map_or_else(PathBuf::new, PathBuf::from).join(target);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.check_there()?;
                    // A new file; through a link to nothing none is made.
                    return if links == 0 {
                        Ok((parent, name.to_string()))
                    } else {
                        Err(no_file())
                    };
                }
                found => return found.map(|_| (parent, name.to_string())).map_err(told),
            }
        }
        Err(no_file())
    }
}
