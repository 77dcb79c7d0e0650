//! Office packages (ECMA-376 part 2): parts with caps, byte-span patches, exact undo.
//!
//! Owns the ZIP container, part names, content types, relationships, XML byte offsets and patches.
//! Must not know what a workbook or a slide is, nor any agent or policy.
//!
//! The rule of the crate: nothing that was not asked for changes. Untouched entries are copied as they stand,
//! compressed bytes, order, names and dates; touched parts are patched by byte spans; and what a patch replaced is kept
//! in it, so that its inverse gives back the very bytes of the file (Invariant 6).

mod blob;
mod changes;
mod content;
mod content_types;
mod deflate;
mod draft;
mod encryption;
mod error;
mod extension;
pub mod figures;
mod file;
mod fingerprint;
mod foreign;
mod former;
pub mod integrity;
mod label;
mod limits;
mod name;
mod ole;
mod package;
mod patch;
mod reader;
mod rebase;
mod relationships;
mod signature;
mod source;
pub mod xml;
mod zip;

pub use blob::Blob;
pub use content_types::ContentTypes;
pub use draft::Draft;
pub use encryption::Encryption;
pub use error::{LegacyKind, OtherKind, PackageError, PatchError};
pub use extension::WebExtension;
pub use file::open_file;
pub use fingerprint::Fingerprint;
pub use former::{Former, Trace};
pub use label::{Label, LabelMethod};
pub use limits::Limits;
pub use name::{directory_of, relationships_of, relative_target, resolve_target};
pub use package::Package;
pub use patch::{EntryImage, Patch, PatchSet, Span};
pub use reader::PartReader;
pub use rebase::{Conflict, Step, WayBack, Yields, way_back};
pub use relationships::{Relationship, Target};
pub use signature::Signature;
pub use source::ReadAt;
