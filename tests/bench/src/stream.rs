//! Timed deltas as they arrive: each holds the time at which the provider sent it, so the delay needs no second clock.

#![expect(clippy::disallowed_methods, reason = "the measured client")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::provider::DELTAS;

/// What stands before the time in a delta, whatever it is wrapped in.
const MARK: &[u8] = b"\"text\":\"";

/// What was measured of one answer.
#[derive(Debug)]
pub(crate) struct Measured {
    /// From the request to the first delta, in milliseconds.
    pub(crate) first: f64,
    /// From the provider's socket to ours, for each delta, in milliseconds.
    pub(crate) delays: Vec<f64>,
}

/// Takes bytes in and finds the deltas in them.
#[derive(Debug)]
pub(crate) struct Watch {
    begun: Instant,
    first: Option<Duration>,
    delays: Vec<f64>,
    rest: Vec<u8>,
}

impl Watch {
    /// Begins when the request is sent.
    pub(crate) fn begin() -> Self {
        Self {
            begun: Instant::now(),
            first: None,
            delays: Vec::with_capacity(DELTAS as usize),
            rest: Vec::new(),
        }
    }

    /// True once every delta was seen.
    pub(crate) fn is_whole(&self) -> bool {
        self.delays.len() >= DELTAS as usize
    }

    /// Bytes that arrived just now.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.rest.extend_from_slice(bytes);
        let mut from = 0;
        while let Some(mark) = find(&self.rest[from..], MARK) {
            let start = from + mark + MARK.len();
            let Some(length) = self.rest[start..].iter().position(|byte| *byte == b'"') else {
                break;
            };
            let text = self.rest[start..start + length].to_vec();
            for stamp in text.split(|byte| *byte == b' ') {
                self.delta(stamp, now);
            }
            from = start + length;
        }
        // A mark or a time may be cut by the end of what arrived.
        let keep = self.rest.len().saturating_sub(64).max(from);
        self.rest.drain(..keep);
    }

    fn delta(&mut self, stamp: &[u8], now: Duration) {
        let Some(sent) = std::str::from_utf8(stamp).ok().and_then(sent_at) else {
            return;
        };
        self.first.get_or_insert_with(|| self.begun.elapsed());
        let delay = now.as_nanos() as f64 - sent as f64;
        self.delays.push(delay / 1e6);
    }

    /// What was seen. A folded message that repeats every delta is cut off.
    pub(crate) fn end(mut self) -> Measured {
        self.delays.truncate(DELTAS as usize);
        Measured {
            first: self.first.unwrap_or_default().as_secs_f64() * 1000.0,
            delays: self.delays,
        }
    }
}

/// When the provider sent the delta of this text, in nanoseconds since 1970: the only numbers this long.
pub(crate) fn sent_at(stamp: &str) -> Option<u64> {
    let stamp = stamp.parse().ok();
    stamp.filter(|stamp| *stamp > 1_000_000_000_000_000_000)
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

/// Asks an endpoint of the Messages API for a streamed answer, by the plainest client there is.
pub(crate) async fn ask(base: &str, key: &str) -> Measured {
    let host = base.trim_start_matches("http://");
    let mut socket = TcpStream::connect(host).await.expect("the endpoint");
    socket.set_nodelay(true).expect("an option of the socket");
    let body = r#"{"model":"claude-standin","max_tokens":100,"stream":true,"messages":[{"role":"user","content":"Speak"}]}"#;
    let request = format!(
        "POST /v1/messages HTTP/1.1\r\nhost: {host}\r\nx-api-key: {key}\r\nanthropic-version: 2023-06-01\r\n\
         content-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut watch = Watch::begin();
    socket
        .write_all(request.as_bytes())
        .await
        .expect("the endpoint reads");
    let mut bytes = vec![0; 64 * 1024];
    while !watch.is_whole() {
        let count = socket.read(&mut bytes).await.expect("the endpoint answers");
        assert!(
            count > 0,
            "the endpoint answered {} deltas only",
            watch.delays.len()
        );
        watch.take(&bytes[..count]);
    }
    watch.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_deltas_wherever_they_are_cut() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
        let text = format!("data: {{\"text\":\"{now} \"}}\n\n{{\"text\":\"{now} {now} \"}}");
        for cut in 0..text.len() {
            let mut watch = Watch::begin();
            watch.take(&text.as_bytes()[..cut]);
            watch.take(&text.as_bytes()[cut..]);
            assert_eq!(watch.delays.len(), 3, "cut at {cut}");
        }
    }
}
