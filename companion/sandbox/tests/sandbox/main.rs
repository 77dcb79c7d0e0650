//! The agent's commands in real machines: what they change and how it is undone, what they reach, how they end. Under software
//! emulation; they need QEMU and the image of `cargo xtask image`.

#![cfg(target_os = "linux")]

mod changing;
mod desk;
mod ending;
mod going;
mod papers;
mod reaching;
mod stage;
mod standing_in;
mod unavailable;
