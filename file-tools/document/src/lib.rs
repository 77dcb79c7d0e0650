//! Documents of every kind behind one door: open, answer, plan, apply, check, compare.
//!
//! What a caller with a file in hand needs (the service, the command line, tests), whatever the file holds. Must not know
//! where files lie, who may change them, or what a journal is.

mod change;
mod check;
mod compare;
mod create;
mod document;
mod flat;
pub mod history;
mod parse;

pub use change::{Change, Stopped, apply_all};
pub use check::check;
pub use compare::{compare, compare_flat};
pub use create::{Template, create, kind_of_new};
pub use deskhand_text::{
    PictureHead, PlainEdit, PlainEdited, PlainPage, Revision, edit_plain, picture_head, plain_text,
    read_plain, write_plain,
};
pub use document::{Document, Planned, revision_at};
pub use flat::{Flat, Source, flat_kind, is_flat};
pub use parse::{operation, operations};
