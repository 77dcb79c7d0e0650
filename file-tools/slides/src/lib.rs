//! Decks (PresentationML, ECMA-376 part 1, 19): reading them, and planning changes as patches on their package.
//!
//! Owns slides, layouts, masters, shapes, texts, tables, charts and pictures. A change is worked out on a draft and comes
//! back as a set of patches: previewed, applied, journaled and undone by whoever asked for it (Invariant 6). What no
//! operation names stays as it is, byte for byte.
//!
//! Must not know: where a file is, whether it is open in PowerPoint, sessions, policy.

mod adapt;
mod chart;
mod check;
mod connector;
mod content;
mod create;
mod cut;
mod deck;
mod dialect;
mod element;
mod exchange;
mod geometry;
mod grid;
mod insertion;
mod layout;
mod lint;
mod list;
mod look;
mod markup;
mod notes;
mod notes_markup;
mod operations;
mod order;
mod part;
mod picture;
mod refuse;
mod resize;
mod shape;
mod sources;
mod table;
mod tag;
mod take_back;
mod text;
mod theme;
mod timing;

pub use create::create_deck;
pub use deck::Deck;
pub use exchange::edit_slide_package;
pub use lint::{Finding, lint};
pub use operations::Planned;
