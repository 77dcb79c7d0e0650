//! Attached folders as capability handles (Invariant 8), and writes that never leave half a file.
//!
//! A folder is opened once; after that every path is relative to its handle, and nothing that a path, a link or a race
//! does can lead out of it. Hard links are names of the same file and cannot be told from it; a write never goes through
//! one, because it puts a new file in the place of the old name.
//!
//! Knows nothing of sessions, policy or what files mean. Everything here blocks: call it where blocking is allowed.

mod error;
mod find;
mod fingerprint;
mod folder;
mod folders;
mod gone;
mod kind;
mod lock_file;
mod placeholder;
mod plain_path;
mod relative;
mod system;

pub use error::WorkspaceError;
pub use find::{FileLines, Found, FoundFile, Line, Search, Searched, WalkLimits};
pub use fingerprint::Fingerprint;
pub use folder::{Access, Entry, Expected, Folder, ListLimits, Listing};
pub use folders::{AllowedFolder, Folders, nearest};
pub use kind::FileKind;
pub use lock_file::{LockFile, OfficeProgram};
pub use placeholder::{Presence, icloud_stub};
pub use relative::{PathFault, RelativePath};
