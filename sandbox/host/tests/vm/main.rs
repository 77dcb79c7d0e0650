//! Real machines of a real engine: how they start, what commands may do in them, how they end.
//!
//! What an engine has to be: every test asks for its machines through the port (`engine`), and those that are not about machines
//! are run for the process sandbox as well, by `tests/contained`.
//!
//! They need QEMU and the image that `cargo xtask image` builds, and run under software emulation everywhere.

mod caged;
mod command;
mod corner;
mod cycles;
mod ending;
mod engine;
mod held_up;
mod image;
mod left;
mod office;
mod panicking;
mod room;
mod sharing;
mod starting;
mod store;
mod support;
mod together;
mod tools;
mod way_out;
mod witness;
