//! The agent, without IO (Invariant 10): it takes events and a clock and returns effects, so that every turn, fault and
//! crash can be replayed in a test.
//!
//! - [`session::Session`] folds the event log into what the next step needs.
//! - [`turn`] decides that step: prompt → model → tool calls → results → … → end; a conversation that outgrows the model goes on
//!   from a summary.
//! - [`permission`] decides who must be asked, [`rules`] what the organisation says of it.
//! - [`line`] makes text of others fit to be shown.
//! - [`ports`] names what the agent needs of the world, [`papers`] what some tools need of others; other crates implement it.

pub mod attached;
pub mod estimate;
pub mod instructions;
pub mod line;
pub mod model;
pub mod papers;
pub mod permission;
pub mod ports;
pub mod rules;
pub mod session;
pub mod tool;
pub mod turn;

pub use session::Session;
pub use turn::{Effect, Input, World, handle};
