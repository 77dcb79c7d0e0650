//! Which folders are attached, and which may be. The only place that opens a path of the system.

use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use crate::error::WorkspaceError;
use crate::folder::{Access, Folder};
use crate::plain_path::plain;
use crate::relative::RelativePath;

/// A folder that may be attached, with everything below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedFolder {
    /// Its absolute path.
    pub path: PathBuf,
    /// What may be done in it.
    pub access: Access,
}

/// A folder that may be attached, and where it was when it was first seen.
#[derive(Debug)]
struct Root {
    allowed: AllowedFolder,
    real: OnceLock<PathBuf>,
}

impl Root {
    fn new(allowed: AllowedFolder) -> Self {
        let root = Self {
            allowed,
            real: OnceLock::new(),
        };
        root.real();
        root
    }

    /// Its real path. It does not change any more once it is known: what allows one folder does not allow another that is put
    /// in its place by a link.
    fn real(&self) -> Option<&Path> {
        if let Some(real) = self.real.get() {
            return Some(real);
        }
        let real = real_path(&self.allowed.path).ok()?;
        Some(self.real.get_or_init(|| real))
    }
}

/// The attached folders.
#[derive(Debug)]
pub struct Folders {
    /// `None`: any folder may be attached.
    allowed: Option<Vec<Root>>,
    attached: RwLock<Vec<Arc<Folder>>>,
}

impl Folders {
    /// No folder yet. With `allowed`, only folders in one of these may be attached; links in their paths count as they are now,
    /// or, where nothing is there now, as they are when something is first found.
    pub fn new(allowed: Option<Vec<AllowedFolder>>) -> Self {
        Self {
            allowed: allowed.map(|roots| roots.into_iter().map(Root::new).collect()),
            attached: RwLock::default(),
        }
    }

    /// Opens and attaches a folder; one that is attached is answered as it is.
    pub fn attach(&self, path: &Path) -> Result<Arc<Folder>, WorkspaceError> {
        let real = real_path(path)?;
        let mut attached = self.attached.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = attached.iter().find(|folder| folder.path() == real) {
            return Ok(Arc::clone(folder));
        }
        let (dir, access) = self.handle(&real)?;
        let folder = Arc::new(Folder::new(real, dir, access));
        attached.push(Arc::clone(&folder));
        Ok(folder)
    }

    /// Opens a folder for one session. It is in no list here: whoever has it detaches it with [`Folder::detach`].
    pub fn open(&self, path: &Path) -> Result<Arc<Folder>, WorkspaceError> {
        let real = real_path(path)?;
        let (dir, access) = self.handle(&real)?;
        Ok(Arc::new(Folder::new(real, dir, access)))
    }

    /// True where no folder at all may be attached.
    pub fn are_closed(&self) -> bool {
        self.allowed.as_ref().is_some_and(Vec::is_empty)
    }

    /// Where a folder is, without links in its path, and what might be done in it. Of what lies outside of the allowed folders
    /// nobody learns here whether it is there.
    pub fn look(&self, path: &Path) -> Result<(PathBuf, Access), WorkspaceError> {
        match real_path(path) {
            Ok(real) => {
                let (_, access) = self.handle(&real)?;
                Ok((real, access))
            }
            Err(_) if !self.may_hold(path) => Err(WorkspaceError::NotAllowed(path.to_owned())),
            Err(error) => Err(error),
        }
    }

    /// True for a path that, as it is written, leads into an allowed folder.
    fn may_hold(&self, path: &Path) -> bool {
        let Some(allowed) = &self.allowed else { return true };
        let goes_up = path.components().any(|part| part == Component::ParentDir);
        let holds = |root: &Root| {
            path.starts_with(&root.allowed.path) || root.real().is_some_and(|real| path.starts_with(real))
        };
        !goes_up && allowed.iter().any(holds)
    }

    /// Detaches a folder: whoever still holds it can do nothing more with it. False where it was not attached.
    pub fn detach(&self, path: &Path) -> bool {
        let mut attached = self.attached.write().unwrap_or_else(PoisonError::into_inner);
        let Some(at) = attached.iter().position(|folder| folder.path() == path) else {
            return false;
        };
        attached.remove(at).detach();
        true
    }

    /// The attached folders, in the order of attaching.
    pub fn attached(&self) -> Vec<Arc<Folder>> {
        self.attached
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The attached folder that holds this absolute path, and the path below it. Looks at names only: what the path leads
    /// to is decided when it is opened.
    pub fn locate(&self, path: &Path) -> Result<(Arc<Folder>, RelativePath), WorkspaceError> {
        nearest(&self.attached(), path)
    }

    /// Opens a folder. Where only some are allowed, it is opened from the handle of the nearest of them, so that no exchange
    /// of a folder or link between looking and opening can lead out of it.
    fn handle(&self, real: &Path) -> Result<(Dir, Access), WorkspaceError> {
        let Some(allowed) = &self.allowed else {
            return Ok((open_ambient(real)?, Access::ReadWrite));
        };
        let holders = allowed.iter().filter_map(|root| {
            let path = root.real()?;
            let below = real.strip_prefix(path).ok()?.to_owned();
            Some((path, below, root.allowed.access))
        });
        let nearest = holders.min_by_key(|(_, below, access)| (below.components().count(), *access));
        let (root, below, access) = nearest.ok_or_else(|| WorkspaceError::NotAllowed(real.to_owned()))?;
        let root = open_exactly(root)?;
        if below.as_os_str().is_empty() {
            return Ok((root, access));
        }
        let below = RelativePath::from_path(&below)?;
        Ok((
            root.open_dir(below.as_path())
                .map_err(WorkspaceError::below(&below))?,
            access,
        ))
    }
}

/// As [`Folders::locate`], among some folders.
pub fn nearest(folders: &[Arc<Folder>], path: &Path) -> Result<(Arc<Folder>, RelativePath), WorkspaceError> {
    let holders = folders
        .iter()
        .filter_map(|folder| Some((folder, path.strip_prefix(folder.path()).ok()?)));
    // The nearest one, which may have its own access.
    let nearest = holders.min_by_key(|(_, below)| below.components().count());
    let (folder, below) = nearest.ok_or_else(|| WorkspaceError::NotAllowed(path.to_owned()))?;
    Ok((Arc::clone(folder), RelativePath::from_path(below)?))
}

/// The path without links and `..`.
fn real_path(path: &Path) -> Result<PathBuf, WorkspaceError> {
    let real = path.canonicalize().map_err(|cause| match cause.kind() {
        std::io::ErrorKind::NotFound => WorkspaceError::NotFound(path.to_owned()),
        _ => WorkspaceError::Io {
            path: path.to_owned(),
            cause,
        },
    })?;
    if real.is_dir() {
        Ok(as_written(real))
    } else {
        Err(WorkspaceError::NotAFolder(path.to_owned()))
    }
}

/// The path as people write it, where the system answers with another form of it.
fn as_written(path: PathBuf) -> PathBuf {
    let plain = path.to_str().filter(|_| cfg!(windows)).and_then(plain);
    plain.map_or(path, PathBuf::from)
}

fn open_ambient(path: &Path) -> Result<Dir, WorkspaceError> {
    Dir::open_ambient_dir(path, ambient_authority()).map_err(|cause| WorkspaceError::Io {
        path: path.to_owned(),
        cause,
    })
}

/// Opens a folder whose real path is known, and refuses where a link stands there by now.
fn open_exactly(path: &Path) -> Result<Dir, WorkspaceError> {
    let dir = open_ambient(path)?;
    if real_path(path)? == path && is_this(&dir, path) {
        Ok(dir)
    } else {
        Err(WorkspaceError::NotAllowed(path.to_owned()))
    }
}

/// True where a path, its last name not followed, is that of an open folder.
#[cfg(unix)]
fn is_this(dir: &Dir, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    use cap_std::fs::MetadataExt as _;

    let (Ok(opened), Ok(named)) = (dir.dir_metadata(), path.symlink_metadata()) else {
        return false;
    };
    (opened.dev(), opened.ino()) == (named.dev(), named.ino())
}

/// An open folder cannot be exchanged here.
#[cfg(not(unix))]
fn is_this(_: &Dir, _: &Path) -> bool {
    true
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn an_allowed_folder_is_opened_where_no_link_stands_in_its_place_alone() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("inside")).unwrap();
        symlink("inside", root.join("link")).unwrap();
        assert!(open_exactly(&root.join("inside")).is_ok());
        let refused = open_exactly(&root.join("link"));
        assert!(matches!(refused, Err(WorkspaceError::NotAllowed(_))));
        let inside = open_ambient(&root.join("inside")).unwrap();
        assert!(!is_this(&inside, &root.join("link")));
    }
}
