//! What the service and the agent in the virtual machine say to each other, over one serial port.
//!
//! Three layers, each with caps: a greeting of two lines ([`Ready`], [`Go`]), streams over that one line ([`Mux`]), and
//! on each stream an [`Opening`] and then frames. Either side takes the other for hostile: nothing here panics, and
//! nothing is read before its length was judged. Knows nothing of engines, files or policy.

mod error;
mod frame;
mod gather;
mod greeting;
mod limits;
mod mux;
mod opening;
mod run;

pub use error::WireError;
pub use frame::{read_frame, read_json, write_frame, write_json};
pub use greeting::{Go, Ready, SessionSpec, VERSION, read_go, read_ready, write_go, write_ready};
pub use limits::{MAX_FRAME, MAX_GREETING, MAX_OPENING, MAX_STREAMS};
pub use mux::{Mux, Side, Stream};
pub use opening::{GuestEvent, Hello, Opening, StepReport};
pub use run::{End, Ended, RunInput, RunLimits, RunOutput, RunRequest};
