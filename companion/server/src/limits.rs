//! Every cap and deadline of the server in one place. Tests shorten them; the product uses the defaults.

use std::time::Duration;

/// Caps and deadlines.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The largest message of a front end, in bytes.
    pub message_bytes: usize,
    /// The largest message before `hello`, in bytes: somebody unknown is not read at length.
    pub greeting_bytes: usize,
    /// What may wait in the outgoing queue of one front end, in bytes. An answer waits for room, a notification does not.
    pub outgoing_bytes: usize,
    /// How many frames may wait there.
    pub outgoing_frames: usize,
    /// Connections of this user at one time.
    pub connections: usize,
    /// Connections at one time that are being told that they belong to another user.
    pub strangers: usize,
    /// Calls of one front end that run at one time; further ones wait in its socket.
    pub calls: usize,
    /// Sessions that one front end may follow at one time.
    pub subscriptions: usize,
    /// Calls of one front end that did not know their token before it is cut off.
    pub failed_hellos: u32,
    /// From the first byte to the end of the TLS handshake, and from there to the end of the request's head.
    pub handshake: Duration,
    /// From the WebSocket's opening to its `hello`, or to `pairing/begin`.
    pub hello: Duration,
    /// How often a front end is pinged.
    pub ping: Duration,
    /// How long a front end may be silent; pings make it speak.
    pub idle: Duration,
    /// How long one frame may take to leave.
    pub send: Duration,
    /// How long an attempt to pair waits for the person.
    pub pairing: Duration,
    /// Attempts to pair that may wait at one time.
    pub pairings: usize,
    /// Attempts to pair, and answers that name none, in [`Limits::pairing_window`].
    pub pairing_tries: usize,
    /// The span that [`Limits::pairing_tries`] counts over.
    pub pairing_window: Duration,
    /// Events read from the log at a time.
    pub batch: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 16 * 1024 * 1024,
            greeting_bytes: 64 * 1024,
            outgoing_bytes: 32 * 1024 * 1024,
            outgoing_frames: 256,
            connections: 128,
            strangers: 8,
            calls: 32,
            subscriptions: 32,
            failed_hellos: 5,
            handshake: Duration::from_secs(10),
            hello: Duration::from_secs(10),
            ping: Duration::from_secs(20),
            idle: Duration::from_mins(1),
            send: Duration::from_secs(30),
            pairing: Duration::from_mins(2),
            pairings: 5,
            pairing_tries: 10,
            pairing_window: Duration::from_mins(10),
            batch: 256,
        }
    }
}
