//! The audit trail: what is recorded of every session, front end and decision, in one table of kinds (`kinds.rs`), over
//! the chain that `deskhand-storage` keeps.
//!
//! * A record says who (front end or agent, and the user), when, which session, and what. It outlives its session, so it
//!   takes over nothing that a person, a model or a document wrote: that is its content.
//! * Content is known by its length and a digest keyed by the session, or kept whole and sealed where policy says so; both
//!   say nothing any more once the session's key is destroyed.
//! * What this computer cannot show of itself is shown by anchors, which [`keep_anchoring`] hands to an [`AnchorSink`].

mod anchor;
mod event;
mod export;
mod kinds;
mod record;
pub mod render;
mod retention;
mod trail;

pub use anchor::{
    AnchorSink, Anchoring, AnchorsError, NotAnchored, anchor_line, keep_anchoring, read_anchors,
};
pub use event::{all_of_event, of_event};
pub use export::{ExportError, Format, Machine, Query, export};
pub use kinds::{Activity, Class, Field, Kind, What};
pub use record::{Actor, Entry, Id, Record};
pub use retention::{Swept, sweep};
pub use trail::{Content, Trail, Written};
