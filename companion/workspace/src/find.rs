//! Which files of a folder have a name or hold words: what `Glob` and `Grep` answer. Links are not followed, so that each
//! file is met once and nothing outside is.

mod ends;
mod glob;
mod grep;
mod ignored;
mod walk;

pub use glob::{Found, FoundFile};
pub use grep::{FileLines, Line, Search, Searched};
pub use walk::WalkLimits;
