//! The image: kernel, agent, system and the template of a session's disk, in a store where each image has the name of its
//! content.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{SandboxError, Step};
use crate::parts::{sha256, sha256_of};

const REMEDY: &str =
    "build it with `cargo xtask image`, or ask your administrator for the image that belongs to this version";

/// The version of `image.json` that this build reads.
const FORMAT: u32 = 1;

/// The longest `image.json`.
const MAX_LIST: u64 = 1024 * 1024;

/// One file of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The file's name in the image's folder: `kernel`, `initrd`, `system.squashfs`, `office.squashfs`, `session.qcow2`.
    pub name: String,
    /// Its SHA-256, in lower-case hexadecimal.
    pub sha256: String,
    /// Its size, in bytes.
    pub size: u64,
}

/// What an image consists of: `image.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// [`FORMAT`].
    pub format: u32,
    /// The processor, as in `x86_64`.
    pub architecture: String,
    /// Its files.
    pub parts: Vec<Part>,
    /// Where it lies.
    #[serde(skip)]
    pub folder: PathBuf,
    /// The SHA-256 of its list.
    #[serde(skip)]
    pub id: String,
}

/// A folder with images, each in a folder of the name of its content, and a file that says which one is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// The store in this folder.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The image that is used. Its files are there and have their sizes; [`Image::verify`] reads all of them.
    pub fn current(&self) -> Result<Image, SandboxError> {
        let missing = |_| SandboxError::new(Step::Image, "there is no image on this computer", REMEDY);
        let id = fs::read_to_string(self.folder.join("current")).map_err(missing)?;
        let id = id.trim();
        if id.len() != 64 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(damaged("the store does not say which image is used"));
        }
        Image::open(&self.folder.join(id))
    }
}

impl Image {
    /// Opens the image in a folder that has the name of its content.
    pub fn open(folder: &Path) -> Result<Self, SandboxError> {
        let list = folder.join("image.json");
        let size = fs::metadata(&list)
            .map_err(|error| unreadable(&list, &error))?
            .len();
        if size > MAX_LIST {
            return Err(damaged("its list is too long"));
        }
        let text = fs::read(&list).map_err(|error| unreadable(&list, &error))?;
        let id = sha256(&text);
        if folder.file_name().is_none_or(|name| *name != *id) {
            return Err(damaged("its list is not the one that its folder is named after"));
        }
        let mut image: Self = serde_json::from_slice(&text).map_err(|error| damaged(&error.to_string()))?;
        if image.format != FORMAT || image.architecture != std::env::consts::ARCH {
            return Err(SandboxError::new(
                Step::Image,
                format!(
                    "the image is for {} in format {}; this computer needs {} in format {FORMAT}",
                    image.architecture,
                    image.format,
                    std::env::consts::ARCH
                ),
                REMEDY,
            ));
        }
        folder.clone_into(&mut image.folder);
        image.id = id;
        for part in &image.parts {
            let file = image.part_path(part)?;
            let found = fs::metadata(&file).map_err(|error| unreadable(&file, &error))?;
            if !found.is_file() || found.len() != part.size {
                return Err(damaged(&format!("`{}` has another size", part.name)));
            }
        }
        Ok(image)
    }

    /// Reads every file and compares its digest.
    pub fn verify(&self) -> Result<(), SandboxError> {
        for part in &self.parts {
            let file = self.part_path(part)?;
            if sha256_of(&file).map_err(|error| unreadable(&file, &error))? != part.sha256 {
                return Err(damaged(&format!("`{}` is not what was built", part.name)));
            }
        }
        Ok(())
    }

    /// The same, unless just these files were read and found good before: `kept` remembers it. Reading takes a second.
    pub fn verify_once(&self, kept: &Path) -> Result<(), SandboxError> {
        let print = self.print()?;
        if fs::read_to_string(kept).is_ok_and(|before| before == print) {
            return Ok(());
        }
        self.verify()?;
        // One that cannot be kept is found anew the next time.
        fs::write(kept, print).ok();
        Ok(())
    }

    /// What would be another if a file of it were another: which one, how long, when written.
    fn print(&self) -> Result<String, SandboxError> {
        let mut text = self.id.clone();
        for part in &self.parts {
            let file = self.part_path(part)?;
            let found = fs::metadata(&file).map_err(|error| unreadable(&file, &error))?;
            let seen = [found.dev(), found.ino(), found.size()];
            let written = [
                found.mtime(),
                found.mtime_nsec(),
                found.ctime(),
                found.ctime_nsec(),
            ];
            text = format!("{text}\n{} {seen:?} {written:?}", part.name);
        }
        Ok(text)
    }

    /// Where a file of it lies.
    pub fn path(&self, name: &str) -> Result<PathBuf, SandboxError> {
        self.find(name)
            .ok_or_else(|| damaged(&format!("it has no `{name}`")))
            .and_then(|part| self.part_path(part))
    }

    /// Whether it has this file.
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    fn find(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }

    fn part_path(&self, part: &Part) -> Result<PathBuf, SandboxError> {
        let plain = part
            .name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
        if plain && !part.name.starts_with('.') && !part.name.is_empty() {
            Ok(self.folder.join(&part.name))
        } else {
            Err(damaged("a name in its list is no file name"))
        }
    }
}

fn damaged(reason: &str) -> SandboxError {
    SandboxError::new(Step::Image, format!("the image is damaged: {reason}"), REMEDY)
}

fn unreadable(file: &Path, error: &io::Error) -> SandboxError {
    SandboxError::new(
        Step::Image,
        format!("{} cannot be read: {error}", file.display()),
        REMEDY,
    )
}
