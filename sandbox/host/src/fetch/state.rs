//! How far a fetch is, as its folder shows it to whoever looks: another process needs to ask nobody.
//!
//! `.fetching/<id>` holds `image.json`, parts that are whole under their names, and the one that is on its way as
//! `<part>.partial`. `.fetch.lock` is locked (`flock`) while somebody fetches, and `.fetch-failed.json` says why the last fetch
//! ended without an image.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::SandboxError;
use crate::folders::gone;
use crate::image::{Image, MAX_LIST};
use crate::manifest::{is_digest, read_manifest};

/// Where images are that are not whole yet.
pub(super) const FETCHING: &str = ".fetching";
/// How the name of a part ends that is not whole.
pub(super) const PARTIAL: &str = ".partial";
/// The list of an image.
pub(super) const LIST: &str = "image.json";
const LOCK: &str = ".fetch.lock";
const FAILED: &str = ".fetch-failed.json";

/// How long the lock is waited for that somebody holds who only looks.
const LOOKS: usize = 20;
const LOOK: Duration = Duration::from_millis(25);

/// A fetch that is under way, was left in the middle, or failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetching {
    /// The image, once that is known.
    pub id: Option<String>,
    /// Bytes of it that are here.
    pub done: u64,
    /// Bytes that it has; 0 while that is not known.
    pub total: u64,
    /// How much of it is here, in percent.
    pub percent: u64,
    /// Whether some process fetches it now.
    pub running: bool,
    /// Why the last fetch ended without an image; none while one runs.
    pub failed: Option<Failed>,
}

/// Why a fetch ended without an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// Which step and why, in a sentence without its full stop.
    pub reason: String,
    /// What helps.
    pub remedy: String,
    /// One word that stays, for programs.
    pub code: String,
}

impl Fetching {
    /// What the folder of images shows; nothing where nothing was fetched that is not done.
    pub(crate) fn look(images: &Path) -> Option<Self> {
        let running = is_locked(images);
        let begun = begun(images);
        let failed = if running { None } else { failure(images) };
        if !running && begun.is_none() && failed.is_none() {
            return None;
        }
        let (id, done, total) = match begun {
            Some(image) => {
                let done = image
                    .parts
                    .iter()
                    .map(|part| here(&image.folder, &part.name, part.size))
                    .sum();
                (Some(image.id.clone()), done, image.size())
            }
            None => (None, 0, 0),
        };
        let percent = (done * 100).checked_div(total).unwrap_or(0);
        Some(Self {
            id,
            done,
            total,
            percent,
            running,
            failed,
        })
    }
}

/// How many bytes of a part are here.
pub(super) fn here(folder: &Path, name: &str, size: u64) -> u64 {
    let length = |name: &str| fs::metadata(folder.join(name)).map(|file| file.len());
    let found = length(name).or_else(|_| length(&format!("{name}{PARTIAL}")));
    found.unwrap_or(0).min(size)
}

/// The image that was begun last, with its folder.
fn begun(images: &Path) -> Option<Image> {
    let found = fs::read_dir(images.join(FETCHING)).ok()?.flatten();
    let named = found.filter(|entry| entry.file_name().to_str().is_some_and(is_digest));
    let mut begun = named.filter_map(|entry| {
        let list = entry.path().join(LIST);
        let short = fs::metadata(&list).is_ok_and(|file| file.len() <= MAX_LIST);
        let mut image = read_manifest(&fs::read(list).ok().filter(|_| short)?).ok()?;
        image.id = entry.file_name().into_string().ok()?;
        image.folder = entry.path();
        Some(image)
    });
    begun.next()
}

fn failure(images: &Path) -> Option<Failed> {
    let text = fs::read(images.join(FAILED)).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Keeps why there is no image, for whoever asks later.
pub(super) fn keep_failure(images: &Path, error: &SandboxError) {
    let failed = Failed {
        reason: error.reason.clone(),
        remedy: error.remedy.clone(),
        code: error.code.to_owned(),
    };
    // Where even that cannot be written, the error itself was told.
    if let Ok(text) = serde_json::to_vec(&failed) {
        fs::write(images.join(FAILED), text).ok();
    }
}

/// The fetch ended with an image.
pub(super) fn forget(images: &Path) -> io::Result<()> {
    gone(fs::remove_file(images.join(FAILED)))?;
    gone(fs::remove_dir_all(images.join(FETCHING)))
}

fn lock_file(images: &Path) -> PathBuf {
    images.join(LOCK)
}

/// Whether somebody fetches. The look itself is a lock that others may share, for a moment.
fn is_locked(images: &Path) -> bool {
    let Ok(file) = File::open(lock_file(images)) else {
        return false;
    };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// The lock of whoever fetches; `None` where another does. It is let go of however its process ends.
pub(super) async fn lock(images: &Path) -> io::Result<Option<File>> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(lock_file(images))?;
    for _ in 0..LOOKS {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            // One that only looks is gone in a moment.
            Err(TryLockError::WouldBlock) => tokio::time::sleep(LOOK).await,
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(None)
}
