//! The caps of the line. Both sides hold to them; the service because what comes from the guest is hostile.

/// A line of the greeting, in bytes.
pub const MAX_GREETING: usize = 16 * 1024;

/// What opens a stream, in bytes: a command line of the length that Linux takes for one argument, with room for an
/// environment.
pub const MAX_OPENING: usize = 256 * 1024;

/// One frame, in bytes.
pub const MAX_FRAME: usize = 64 * 1024;

/// Streams that are open at once, on both sides together.
pub const MAX_STREAMS: usize = 256;

/// What may be under way to this side at once over all streams, in bytes: what a hostile other side can make this one
/// hold.
pub(crate) const MAX_WINDOW: usize = 80 * 1024 * 1024;
