//! What every stand-in of a model's provider has in common: the rules of the Messages API, the script that is played with
//! its faults, the log. How an answer looks on the wire, and who may ask, is the provider's own part.

mod answer;
mod body;
mod cache;
mod log;
mod request;
mod stage;

pub(crate) use answer::error;
pub(crate) use body::{Spoil, Wire, event};
pub use log::{Logged, Outcome};
pub(crate) use request::{bearer, check, check_version, take_version};
pub(crate) use stage::{Refused, Stage};
