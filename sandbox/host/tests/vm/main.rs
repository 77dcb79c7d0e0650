//! Real machines of a real engine: how they start, what commands may do in them, how they end.
//!
//! What an engine has to be: every test asks for its machines through the port (`support::engine`).
//!
//! They need QEMU and the image that `cargo xtask image` builds, and run under software emulation everywhere.

mod caged;
mod command;
mod corner;
mod cycles;
mod ending;
mod held_up;
mod image;
mod office;
mod panicking;
mod room;
mod sharing;
mod starting;
mod store;
mod support;
mod way_out;
mod witness;
