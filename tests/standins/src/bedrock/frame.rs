//! Frames of `application/vnd.amazon.eventstream`: the length of all, the length of the headers, a CRC of these two, the
//! headers, the payload, a CRC of everything before it. Numbers are big-endian, the CRC is the one of zip.

use axum::body::Bytes;
use serde_json::Value;

use crate::messages::Spoil;

/// Its media type.
pub(super) const MEDIA_TYPE: &str = "application/vnd.amazon.eventstream";
/// Bytes of a frame besides its headers and its payload.
const AROUND: usize = 16;
/// The type of a header whose value is text.
const TEXT: u8 = 7;
/// A length that no honest frame has.
const HUGE: u32 = 0xffff_fff0;
/// What padding is cut from: it hides how long the pieces of an answer are.
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// An event of this type. It gets the padding that the service adds.
pub(super) fn event(kind: &str, mut payload: Value) -> Bytes {
    let padding = payload.to_string().len() % LETTERS.len();
    payload["p"] = Value::from(&LETTERS[..padding]);
    let headers = [
        (":event-type", kind),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ];
    frame(&headers, payload.to_string().as_bytes())
}

/// An exception in the middle of a stream.
pub(super) fn exception(kind: &str, payload: &Value) -> Bytes {
    let headers = [
        (":exception-type", kind),
        (":content-type", "application/json"),
        (":message-type", "exception"),
    ];
    frame(&headers, payload.to_string().as_bytes())
}

/// What comes in the place of a frame where the stream is spoiled.
pub(super) fn spoiled(frame: &Bytes, how: Spoil) -> Bytes {
    match how {
        Spoil::Garbage => Bytes::from_static(b"{\"message\": \"this is no frame at all\"}"),
        Spoil::Checksum => {
            let mut bytes = frame.to_vec();
            if let Some(last) = bytes.last_mut() {
                *last ^= 1;
            }
            bytes.into()
        }
        Spoil::Length => {
            let mut bytes = prelude(HUGE, 0);
            bytes.extend_from_slice(frame);
            bytes.into()
        }
    }
}

fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Bytes {
    let mut written = Vec::new();
    for (name, value) in headers {
        written.push(name.len() as u8);
        written.extend_from_slice(name.as_bytes());
        written.push(TEXT);
        written.extend_from_slice(&(value.len() as u16).to_be_bytes());
        written.extend_from_slice(value.as_bytes());
    }
    let length = AROUND + written.len() + payload.len();
    let mut bytes = prelude(length as u32, written.len() as u32);
    bytes.extend_from_slice(&written);
    bytes.extend_from_slice(payload);
    let checksum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&checksum.to_be_bytes());
    bytes.into()
}

/// The lengths with their CRC.
fn prelude(length: u32, headers: u32) -> Vec<u8> {
    let mut bytes = [length.to_be_bytes(), headers.to_be_bytes()].concat();
    let checksum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&checksum.to_be_bytes());
    bytes
}
