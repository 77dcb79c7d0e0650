//! An image from a store into the folder of images: verified while it streams, taken up where it was left, exchanged in one step.
//!
//! The id of an image is the SHA-256 of its list, and the list names each part with its size and its SHA-256. So whoever names
//! the id vouches for every byte: the store, by its `current`, or the caller, who names the only id that is taken.

mod part;
mod state;
mod writing;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::timeout;

use crate::error::{
    ASK_DOCTOR, DISK_LOW, IMAGE_BUSY, IMAGE_MISSING, IMAGE_REFUSED, IMAGE_SLOW, IMAGE_UNREACHABLE,
    IMAGE_WRONG, SandboxError, Step,
};
use crate::image::{Image, MAX_LIST};
use crate::manifest::{is_digest, read_manifest};
use crate::parts::{beside, sha256};
use crate::room;
use crate::source::{Source, SourceError, SourceErrorKind};
use crate::store::{Store, make_private, sync_folder};

use state::{FETCHING, LIST};
pub use state::{Failed, Fetching};

/// The longest `current`, in bytes: an id, and what ends a line.
const MAX_CURRENT: u64 = 128;

/// How long a store may take until a file begins.
const BEGINS: Duration = Duration::from_mins(1);

/// What was read and found good of an image, in the folder of images.
const VERIFIED: &str = ".verified";

/// How far a fetch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress<'a> {
    /// The image.
    pub id: &'a str,
    /// The part that is on its way.
    pub part: &'a str,
    /// Bytes of the image that are here.
    pub done: u64,
    /// Bytes that it has.
    pub total: u64,
}

/// Hears of each mebibyte.
pub type Told<'a> = dyn Fn(Progress<'_>) + Send + Sync + 'a;

/// What a fetch came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The image that is used from now on.
    pub image: Image,
    /// Whether another one was used before, or none.
    pub is_new: bool,
    /// Bytes of parts that came from the store.
    pub fetched: u64,
}

impl Store {
    /// Which image a store names.
    async fn named_by(&self, source: &dyn Source) -> Result<String, SandboxError> {
        let asked = "asking which image is current";
        let text = small(source, "current", MAX_CURRENT, asked).await?;
        let text = String::from_utf8_lossy(&text);
        let id = text.trim();
        if !is_digest(id) {
            return Err(refused(source, asked, "its `current` holds no id of an image"));
        }
        Ok(id.to_owned())
    }

    /// Has the image of a store here, whole, verified and in use: the one that the store calls current or, where `pin` names an
    /// id, that one and no other. What lay here before goes once nobody holds it. Where it fails, what came stays, and the next
    /// call goes on with it; why it failed is kept for [`Store::fetching`].
    ///
    /// # Errors
    ///
    /// [`IMAGE_BUSY`] where another process of this user fetches; [`DISK_LOW`], [`IMAGE_UNREACHABLE`], [`IMAGE_MISSING`],
    /// [`IMAGE_REFUSED`], [`IMAGE_SLOW`], [`IMAGE_WRONG`] where it fails.
    pub async fn take(
        &self,
        source: &dyn Source,
        pin: Option<&str>,
        told: &Told<'_>,
    ) -> Result<Taken, SandboxError> {
        make_private(&self.folder).map_err(|error| on_disk(&self.folder, &error))?;
        let lock = state::lock(&self.folder).await;
        let Some(_lock) = lock.map_err(|error| on_disk(&self.folder, &error))? else {
            return Err(SandboxError::new(
                Step::Image,
                "another process of this user fetches the image",
                "wait until it is done; `deskhand sandbox status` says how far it is",
            )
            .with_code(IMAGE_BUSY));
        };
        let taken = self.take_alone(source, pin, told).await;
        match &taken {
            Ok(_) => state::forget(&self.folder).map_err(|error| on_disk(&self.folder, &error))?,
            Err(error) => state::keep_failure(&self.folder, error),
        }
        taken
    }

    async fn take_alone(
        &self,
        source: &dyn Source,
        pin: Option<&str>,
        told: &Told<'_>,
    ) -> Result<Taken, SandboxError> {
        let id = match pin {
            Some(id) => id.to_owned(),
            None => self.named_by(source).await?,
        };
        let before = self.current_id().ok();
        let (image, fetched) = match self.whole(&id).await? {
            Some(image) => (image, 0),
            None => self.fetch(source, &id, told).await?,
        };
        let is_new = before.as_deref() != Some(image.id.as_str());
        let store = self.clone();
        beside(Step::Image, move || {
            if before.as_deref() != Some(id.as_str()) {
                store
                    .make_current(&id)
                    .map_err(|error| on_disk(&store.folder, &error))?;
            }
            // An image is here; that an older one stays is no failure.
            if let Err(error) = store.sweep() {
                tracing::warn!(%error, "older images were not removed");
            }
            Ok(())
        })
        .await?;
        Ok(Taken {
            image,
            is_new,
            fetched,
        })
    }

    /// Removes older images that nobody uses any more, unless somebody fetches one. For whoever let go of one.
    pub async fn tidy(&self) -> io::Result<usize> {
        if !self.folder.is_dir() {
            return Ok(0);
        }
        match state::lock(&self.folder).await? {
            Some(_lock) => self.sweep(),
            None => Ok(0),
        }
    }

    /// The image of this id, where it lies here and every byte of it is good.
    async fn whole(&self, id: &str) -> Result<Option<Image>, SandboxError> {
        let (folder, kept) = (self.folder.join(id), self.folder.join(VERIFIED));
        beside(Step::Image, move || {
            let image = Image::open(&folder);
            Ok(image.ok().filter(|image| image.verify_once(&kept).is_ok()))
        })
        .await
    }

    async fn fetch(
        &self,
        source: &dyn Source,
        id: &str,
        told: &Told<'_>,
    ) -> Result<(Image, u64), SandboxError> {
        let place = self.folder.join(FETCHING).join(id);
        let image = self.manifest(source, id, &place).await?;
        let (store, list) = (self.clone(), image.clone());
        beside(Step::Image, move || store.prepare(&list)).await?;
        let mut fetched = 0;
        for part in &image.parts {
            fetched += part::take(source, &image, part, told).await?;
        }
        let store = self.clone();
        let image = beside(Step::Image, move || store.finish(&image)).await?;
        Ok((image, fetched))
    }

    /// The list of an image: the one that was kept when the fetch began, or the store's.
    async fn manifest(&self, source: &dyn Source, id: &str, place: &Path) -> Result<Image, SandboxError> {
        let step = "reading the image's list";
        let file = place.join(LIST);
        let kept = fs::read(&file).ok().filter(|text| sha256(text) == id);
        let text = if let Some(text) = kept {
            text
        } else {
            let text = small(source, &format!("{id}/manifest.json"), MAX_LIST, step).await?;
            if sha256(&text) != id {
                let why = format!("`{id}/manifest.json` is another list than the one of this id");
                return Err(wrong(source, step, &why));
            }
            text
        };
        let mut image = read_manifest(&text)?;
        place.clone_into(&mut image.folder);
        id.clone_into(&mut image.id);
        let written = make_private(place).and_then(|()| fs::write(&file, &text));
        written.map_err(|error| on_disk(&self.folder, &error))?;
        Ok(image)
    }

    /// Before parts come: what was begun for another image goes, what an image here has already is taken from it, and
    /// there is room for the rest.
    fn prepare(&self, image: &Image) -> Result<(), SandboxError> {
        let failed = |error: io::Error| on_disk(&self.folder, &error);
        for other in fs::read_dir(self.folder.join(FETCHING))
            .map_err(failed)?
            .flatten()
        {
            if other.path() != image.folder {
                fs::remove_dir_all(other.path()).map_err(failed)?;
            }
        }
        part::reuse(self, image).map_err(failed)?;
        let there: u64 = image
            .parts
            .iter()
            .map(|part| state::here(&image.folder, &part.name, part.size))
            .sum();
        let free = room::free(&self.folder).map_err(failed)?;
        room::for_image(&self.folder, free, image.size().saturating_sub(there))
    }

    /// All parts are here: the image gets its name.
    fn finish(&self, image: &Image) -> Result<Image, SandboxError> {
        let failed = |error: io::Error| on_disk(&self.folder, &error);
        let place = self.folder.join(&image.id);
        File::open(image.folder.join(LIST))
            .and_then(|list| list.sync_all())
            .map_err(failed)?;
        sync_folder(&image.folder).map_err(failed)?;
        // One that lies there is damaged, or it would not have been fetched.
        if place.exists() {
            self.remove(&image.id).map_err(failed)?;
        }
        fs::rename(&image.folder, &place).map_err(failed)?;
        sync_folder(&self.folder).map_err(failed)?;
        Image::open(&place)
    }
}

/// A small file of a store, whole.
async fn small(source: &dyn Source, path: &str, most: u64, step: &str) -> Result<Vec<u8>, SandboxError> {
    let whole = async {
        let mut opened = source
            .open(path, 0)
            .await
            .map_err(|error| of_source(source, step, &error))?;
        let mut text = Vec::new();
        while let Some(piece) = opened
            .body
            .next()
            .await
            .map_err(|error| of_source(source, step, &error))?
        {
            if (text.len() + piece.len()) as u64 > most {
                return Err(refused(
                    source,
                    step,
                    &format!("`{path}` is longer than {most} bytes"),
                ));
            }
            text.extend_from_slice(&piece);
        }
        Ok(text)
    };
    timeout(BEGINS, whole)
        .await
        .unwrap_or_else(|_| Err(slow(source, step)))
}

/// An error of fetching: where, at which step, why.
fn failed(source: &dyn Source, step: &str, why: &str, remedy: &str, code: &'static str) -> SandboxError {
    let reason = format!("{step} at {}: {why}", source.place());
    SandboxError::new(Step::Image, reason, remedy).with_code(code)
}

const ASK_ADMINISTRATOR: &str = "show this to your administrator: `cargo xtask image --store DIR` writes what the image store has to hold";

fn refused(source: &dyn Source, step: &str, why: &str) -> SandboxError {
    failed(source, step, why, ASK_ADMINISTRATOR, IMAGE_REFUSED)
}

/// What came is not what the id stands for.
fn wrong(source: &dyn Source, step: &str, why: &str) -> SandboxError {
    failed(source, step, why, ASK_ADMINISTRATOR, IMAGE_WRONG)
}

fn slow(source: &dyn Source, step: &str) -> SandboxError {
    let remedy = "check the network, then run `deskhand sandbox fetch`: it goes on where this ended";
    failed(
        source,
        step,
        "it sends nothing, or next to nothing",
        remedy,
        IMAGE_SLOW,
    )
}

fn of_source(source: &dyn Source, step: &str, error: &SourceError) -> SandboxError {
    let code = match error.kind {
        SourceErrorKind::Cut => IMAGE_UNREACHABLE,
        SourceErrorKind::Missing => IMAGE_MISSING,
        SourceErrorKind::PastEnd | SourceErrorKind::Refused => IMAGE_REFUSED,
    };
    failed(source, step, &error.reason, &error.remedy, code)
}

/// The folder of images does not take what is to be written there.
fn on_disk(place: &Path, error: &io::Error) -> SandboxError {
    let full = matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    );
    let told = SandboxError::new(
        Step::Image,
        format!("the image cannot be kept in {}: {error}", place.display()),
        if full {
            "make room on that disk"
        } else {
            ASK_DOCTOR
        },
    );
    if full { told.with_code(DISK_LOW) } else { told }
}

/// Where a part is written until it is whole.
fn partial(image: &Image, name: &str) -> PathBuf {
    image.folder.join(format!("{name}{}", state::PARTIAL))
}

#[cfg(test)]
mod tests;
