//! The image: kernel, agent, system and the template of a session's disk, in a folder that has the name of its content.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{SandboxError, Step};
use crate::manifest;
use crate::parts::{sha256, sha256_of};

/// What helps where nothing else is known.
pub(crate) const REMEDY: &str = "run `deskhand sandbox fetch` where your administrator set an image store, or build it with \
     `cargo xtask image`";

/// The version of `image.json` that this build reads.
pub(crate) const FORMAT: u32 = 1;

/// The layer with LibreOffice and Node, in images that have it.
pub(crate) const OFFICE: &str = "office.squashfs";

/// The longest `image.json`.
pub(crate) const MAX_LIST: u64 = 1024 * 1024;

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
        let mut image = manifest::read(&text)?;
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

    /// What its files take together, in bytes.
    pub fn size(&self) -> u64 {
        self.parts
            .iter()
            .fold(0, |size, part| size.saturating_add(part.size))
    }

    /// Whether it has this file.
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Whether it has the layer with LibreOffice and Node.
    pub fn has_office(&self) -> bool {
        self.has(OFFICE)
    }

    fn find(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.name == name)
    }

    pub(crate) fn part_path(&self, part: &Part) -> Result<PathBuf, SandboxError> {
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

pub(crate) fn damaged(reason: &str) -> SandboxError {
    SandboxError::new(Step::Image, format!("the image is damaged: {reason}"), REMEDY)
}

pub(crate) fn unreadable(file: &Path, error: &io::Error) -> SandboxError {
    SandboxError::new(
        Step::Image,
        format!("{} cannot be read: {error}", file.display()),
        REMEDY,
    )
}
