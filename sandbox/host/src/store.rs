//! The folder of images: each in a folder of the name of its content, and a file that says which one is used.
//!
//! Whoever starts machines from an image holds a lock on its folder (`flock`, shared); an image that is not used any more goes
//! once nobody holds it. Machines that run hold its files open, and need no lock.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::error::{IMAGE_ABSENT, IMAGE_FETCHING, SandboxError, Step};
use crate::fetch::Fetching;
use crate::folders::gone;
use crate::image::{Image, REMEDY, damaged};
use crate::manifest::is_digest;

/// The file that says which image is used.
const CURRENT: &str = "current";

/// How the names of images begin that are on their way out.
const GOING: &str = ".going-";

/// How often the image that is used is looked for anew, where it is exchanged just then.
const EXCHANGES: usize = 3;

/// A folder with images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    pub(crate) folder: PathBuf,
}

/// An image that lies in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub id: String,
    /// What its files take, in bytes.
    pub bytes: u64,
    /// Whether it is the one that is used.
    pub current: bool,
}

impl Store {
    /// The store in this folder.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The image that is used. Its files are there and have their sizes; [`Image::verify`] reads all of them.
    pub fn current(&self) -> Result<Image, SandboxError> {
        Image::open(&self.folder.join(self.current_id()?))
    }

    /// The same with a lock on it: while that is held, the image stays, whichever comes.
    pub(crate) fn hold(&self) -> Result<(Image, Option<File>), SandboxError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let id = self.current_id()?;
            let folder = self.folder.join(&id);
            // One that cannot be locked, as on some network drives, is not removed either.
            let lock = File::open(&folder).and_then(|open| open.lock_shared().map(|()| open));
            match Image::open(&folder) {
                Ok(image) => return Ok((image, lock.ok())),
                // It was exchanged meanwhile, and this one is gone.
                Err(_) if tries < EXCHANGES && self.current_id()? != id => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Whether there is an image that can be used, or one that is damaged: what fails is told by [`Store::current`].
    pub(crate) fn current_id(&self) -> Result<String, SandboxError> {
        let text = fs::read_to_string(self.folder.join(CURRENT)).map_err(|_| self.none())?;
        let id = text.trim();
        if !is_digest(id) {
            return Err(damaged("the store does not say which image is used"));
        }
        Ok(id.to_owned())
    }

    /// Why there is none: it is on its way, it could not be fetched, or nobody asked for one.
    fn none(&self) -> SandboxError {
        match Fetching::look(&self.folder) {
            Some(Fetching {
                running: true,
                percent,
                ..
            }) => SandboxError::new(
                Step::Image,
                format!("the image is being fetched: {percent} %"),
                "wait until it is here, then try again; `deskhand sandbox status` says how far it is",
            )
            .with_code(IMAGE_FETCHING),
            Some(Fetching {
                failed: Some(failed), ..
            }) => SandboxError::new(
                Step::Image,
                format!(
                    "there is no image on this computer, and none could be fetched: {}",
                    failed.reason
                ),
                failed.remedy,
            ),
            _ => SandboxError::new(Step::Image, "there is no image on this computer", REMEDY)
                .with_code(IMAGE_ABSENT),
        }
    }

    /// How far a fetch is, where one is under way, was left in the middle, or failed.
    pub fn fetching(&self) -> Option<Fetching> {
        Fetching::look(&self.folder)
    }

    /// The images that lie here, the one that is used first.
    pub fn kept(&self) -> Vec<Kept> {
        let current = self.current_id().unwrap_or_default();
        let mut kept: Vec<Kept> = self
            .ids()
            .into_iter()
            .map(|id| Kept {
                bytes: size_of(&self.folder.join(&id)),
                current: id == current,
                id,
            })
            .collect();
        kept.sort_by(|one, other| other.current.cmp(&one.current).then(one.id.cmp(&other.id)));
        kept
    }

    /// Removes images that are neither used nor held by anybody; says how many went. Whoever calls holds the lock of fetches.
    pub(crate) fn sweep(&self) -> io::Result<usize> {
        let Ok(current) = self.current_id() else {
            return Ok(0);
        };
        for left in self.names()?.filter(|name| name.starts_with(GOING)) {
            gone(fs::remove_dir_all(self.folder.join(left)))?;
        }
        let mut removed = 0;
        for id in self.ids().into_iter().filter(|id| *id != current) {
            let folder = self.folder.join(&id);
            let open = File::open(&folder)?;
            match open.try_lock() {
                Ok(()) => {
                    self.remove(&id)?;
                    removed += 1;
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => {
                    tracing::warn!(%error, id, "an older image stays: it cannot be told whether it is used");
                }
            }
        }
        Ok(removed)
    }

    /// Removes one, in an order in which nobody finds half of it under its name.
    pub(crate) fn remove(&self, id: &str) -> io::Result<()> {
        let going = self.folder.join(format!("{GOING}{id}"));
        gone(fs::remove_dir_all(&going))?;
        fs::rename(self.folder.join(id), &going)?;
        fs::remove_dir_all(going)
    }

    /// From now on this one is used.
    pub(crate) fn make_current(&self, id: &str) -> io::Result<()> {
        let beside = self.folder.join(".current");
        let mut file = File::create(&beside)?;
        file.write_all(format!("{id}\n").as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, self.folder.join(CURRENT))?;
        sync_folder(&self.folder)
    }

    /// Ids of the images that lie here. A link among them is none: its target is not ours.
    pub(crate) fn ids(&self) -> Vec<String> {
        let names = self.names().map(Iterator::collect::<Vec<_>>).unwrap_or_default();
        let mut ids: Vec<String> = names.into_iter().filter(|name| is_digest(name)).collect();
        ids.sort();
        ids
    }

    /// Names of the folders in it.
    fn names(&self) -> io::Result<impl Iterator<Item = String>> {
        let found = fs::read_dir(&self.folder)?.flatten();
        let folders = found.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        Ok(folders.map(|entry| entry.file_name().to_string_lossy().into_owned()))
    }
}

/// Makes a folder that only this user may read and write.
pub(crate) fn make_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Has the names in a folder written to the disk (fsync(2): a file's own does not do that).
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// What the files of a folder take, in bytes.
pub(crate) fn size_of(folder: &Path) -> u64 {
    let found = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = found
        .filter_map(|entry| entry.metadata().ok())
        .filter(fs::Metadata::is_file);
    sizes.fold(0, |size, file| size.saturating_add(file.len()))
}
