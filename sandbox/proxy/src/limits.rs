//! The caps of one proxy. The guest is hostile: each cap bounds memory or time that one stream can take.

use std::time::Duration;

/// Caps with their defaults. All times are of a monotonic clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Streams served at once; one more is refused with status 503. 128: a package manager or a browser opens some dozens, and
    /// each costs at most two buffers of 16 KiB and a head.
    pub connections: usize,
    /// Bytes of a request's or a response's head. 32 KiB: four times what common servers take (8 KiB).
    pub head_bytes: usize,
    /// Fields of a head. 100.
    pub head_fields: usize,
    /// From the start of a stream to the end of its request head or SOCKS request. 30 s.
    pub head_within: Duration,
    /// For the door's answer. 30 s: the door has a shorter deadline of its own, and a better sentence.
    pub connect_within: Duration,
    /// Bytes of a ClientHello message. 16 KiB, one full TLS record: with the largest hybrid key shares in use and a session ticket a
    /// hello has 2 to 4 KiB.
    pub hello_bytes: usize,
    /// TLS records that a ClientHello may be split into. 64.
    pub hello_records: usize,
    /// From the answer to CONNECT (on ports 443 and 80), or from a first byte that does not decide, to a whole ClientHello. 10 s.
    pub hello_within: Duration,
    /// A connection on which no byte moved in either direction for so long is closed. 10 min: long polls and a shell at a prompt
    /// stay open.
    pub idle: Duration,
    /// For a refusal to be taken by the client and for its last bytes to be read. 2 s.
    pub farewell: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 128,
            head_bytes: 32 * 1024,
            head_fields: 100,
            head_within: Duration::from_secs(30),
            connect_within: Duration::from_secs(30),
            hello_bytes: 16 * 1024,
            hello_records: 64,
            hello_within: Duration::from_secs(10),
            idle: Duration::from_mins(10),
            farewell: Duration::from_secs(2),
        }
    }
}
