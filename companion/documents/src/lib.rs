//! Documents: which one is where (live in Office or closed on disk), operations routed to it, change sets with a way
//! back, and the sources of figures. Implements the agent's [`Tools`](deskhand_core::ports::Tools).
//!
//! Order of a change, the same for both back ends (Invariants 5 and 6):
//! 1. `prepare` reads what is there and decides what a person must be asked; the record goes to the journal;
//! 2. `run` writes the intent with its pre-image to the journal (for a file also the exact way back), then applies, then
//!    reads back;
//! 3. when the outcome is not known (socket cut, pane reloaded, service killed) it is read back and classified, never
//!    tried again blindly.

mod active;
mod attach;
mod backend;
mod call;
mod context;
mod directory;
mod door;
mod figures;
mod file;
mod files_changed;
mod folder_tools;
mod grid;
mod handed;
mod journal;
mod label;
mod lent;
mod opening;
mod outcome;
mod panes;
mod plausible;
mod prepare;
mod preview;
mod registry;
mod run;
mod shown;
mod text;
mod tools;
mod undo;
mod write;

pub use attach::AttachedFolder;
pub use call::error_code;
pub use door::{Door, Unsaved};
pub use files_changed::back::Restorable;
pub use panes::{PaneError, Panes};
pub use registry::Registry;
pub use tools::{DocumentTools, FileAccess, World};
