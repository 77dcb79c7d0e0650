//! Word documents (WordprocessingML, ECMA-376 part 1, 17), PDFs (ISO 32000), delimited text (RFC 4180 and its relatives),
//! plain text, and spreadsheets of old formats.
//!
//! Documents are read and changed by patches on their package; a change is worked out on a draft and comes back as a set
//! of patches: previewed, applied, journaled and undone by whoever asked for it (Invariant 6). Everything else is read
//! only, within caps on memory and time.
//!
//! Must not know: where a file is, sessions, policy, who the user is or what time it is: authors and dates of tracked
//! changes come in as arguments (Invariant 10).

mod bounded;
mod csv;
mod encoding;
mod legacy;
mod pdf;
mod picture;
mod plain;
mod refuse;
mod word;

pub use csv::DelimitedFile;
pub use legacy::LegacyFile;
pub use pdf::PdfFile;
pub use picture::{PictureHead, picture_head};
pub use plain::{
    MAX_PLAIN, PlainEdit, PlainEdited, PlainPage, edit_plain, plain_text, read_plain, write_plain,
};
pub use word::{Document, Finding, Planned, Revision, create_document, lint};
