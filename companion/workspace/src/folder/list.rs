//! Which documents there are in a folder, within limits.

use std::collections::VecDeque;
use std::time::UNIX_EPOCH;

use cap_std::fs::{Dir, DirEntry, Metadata};

use super::Folder;
use crate::error::WorkspaceError;
use crate::kind::FileKind;
use crate::lock_file::LockFile;
use crate::relative::RelativePath;

/// How far a listing goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListLimits {
    /// Folders below the attached one that are entered, by depth.
    pub depth: usize,
    /// Documents that are told.
    pub documents: usize,
    /// Names that are looked at.
    pub names: usize,
}

impl Default for ListLimits {
    fn default() -> Self {
        Self {
            depth: 6,
            documents: 500,
            names: 20_000,
        }
    }
}

/// A document of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path.
    pub path: RelativePath,
    /// Its kind.
    pub kind: FileKind,
    /// Bytes.
    pub size: u64,
    /// When it was last written, in Unix milliseconds; 0 where the system does not tell.
    pub modified_at: i64,
    /// What shows that another program has it open.
    pub lock: Option<LockFile>,
}

/// The documents of a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The nearest first, then by name.
    pub entries: Vec<Entry>,
    /// True where a limit left some out.
    pub cut: bool,
}

impl Folder {
    /// The documents of the folder, level by level. Links to folders are not entered; hidden names are left out.
    pub fn list(&self, limits: ListLimits) -> Result<Listing, WorkspaceError> {
        self.check_there()?;
        let root = self.open_folder(None)?;
        let mut listing = Listing::default();
        let mut names = 0;
        let mut waiting = VecDeque::from([(root, String::new(), 0)]);
        while let Some((dir, prefix, depth)) = waiting.pop_front() {
            self.check_attached()?;
            // A folder that may not be read is left out, like one that went away meanwhile.
            let Ok(found) = dir.entries() else { continue };
            let mut level = Vec::new();
            for entry in found.flatten() {
                names += 1;
                if names > limits.names {
                    listing.cut = true;
                    break;
                }
                level.extend(entry.file_name().to_str().map(|name| (name.to_owned(), entry)));
            }
            level.sort_by(|(one, _), (other, _)| one.cmp(other));
            for (name, entry) in level {
                let path = format!("{prefix}{name}");
                if let Some(document) = document(&dir, &entry, &name, &path) {
                    if listing.entries.len() == limits.documents {
                        listing.cut = true;
                        return Ok(listing);
                    }
                    listing.entries.push(document);
                } else if let Some(below) = subfolder(&entry, &name) {
                    if depth == limits.depth {
                        listing.cut = true;
                    } else {
                        waiting.push_back((below, format!("{path}/"), depth + 1));
                    }
                }
            }
        }
        Ok(listing)
    }
}

fn document(dir: &Dir, entry: &DirEntry, name: &str, path: &str) -> Option<Entry> {
    let kind = FileKind::of_name(name)?;
    // Through the folder's handle, so that a link counts only where it stays inside.
    let metadata = dir.metadata(entry.file_name()).ok().filter(Metadata::is_file)?;
    Some(Entry {
        path: RelativePath::parse(path).ok()?,
        kind,
        size: metadata.len(),
        modified_at: modified_at(&metadata),
        lock: LockFile::beside(dir, name),
    })
}

/// When a file was last written, in Unix milliseconds; 0 where the system does not tell.
pub(crate) fn modified_at(metadata: &Metadata) -> i64 {
    let modified = metadata.modified().ok();
    let modified = modified.and_then(|time| time.into_std().duration_since(UNIX_EPOCH).ok());
    modified.map_or(0, |time| i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
}

fn subfolder(entry: &DirEntry, name: &str) -> Option<Dir> {
    let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
    if is_folder && !name.starts_with('.') {
        entry.open_dir().ok()
    } else {
        None
    }
}
