//! Random sequences of writes, removals and undos, while another program edits the same files, and while the one who writes is
//! killed. What anybody wrote is there whole, or was replaced by who knew it: it is in the kept pre-images, or its writer took
//! it away. A failure prints its seed; the order in which the two meet is the machine's.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod crash;
mod editor;
mod stage;
mod together;
