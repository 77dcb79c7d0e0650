//! Bedrock's side of the wire: frames of its event streams, and requests as they came.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// A frame (`application/vnd.amazon.eventstream`): lengths, headers, payload, each part under a CRC-32.
pub(crate) fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut head = Vec::new();
    for (name, value) in headers {
        head.push(u8::try_from(name.len()).expect("a short name"));
        head.extend(name.as_bytes());
        // Type 7: a string.
        head.push(7);
        head.extend(u16::try_from(value.len()).expect("a short value").to_be_bytes());
        head.extend(value.as_bytes());
    }
    let mut frame = Vec::new();
    let total = 16 + head.len() + payload.len();
    frame.extend(u32::try_from(total).expect("a length").to_be_bytes());
    frame.extend(u32::try_from(head.len()).expect("a length").to_be_bytes());
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame.extend(head);
    frame.extend(payload);
    frame.extend(crc32fast::hash(&frame).to_be_bytes());
    frame
}

/// An event of `InvokeModelWithResponseStream`: one of the Messages API, in base64.
pub(crate) fn chunk(event: &Value) -> Vec<u8> {
    let payload = json!({ "bytes": STANDARD.encode(event.to_string()), "p": "abcdef" });
    event_frame("chunk", &payload)
}

/// Any event.
pub(crate) fn event_frame(kind: &str, payload: &Value) -> Vec<u8> {
    let headers = [
        (":event-type", kind),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ];
    frame(&headers, payload.to_string().as_bytes())
}

/// An exception in the stream.
pub(crate) fn exception(kind: &str, message: &str) -> Vec<u8> {
    let headers = [
        (":exception-type", kind),
        (":content-type", "application/json"),
        (":message-type", "exception"),
    ];
    frame(&headers, json!({ "message": message }).to_string().as_bytes())
}

/// A request as it came.
#[derive(Debug)]
pub(crate) struct Came {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Came {
    pub(crate) fn read(request: &str) -> Self {
        let (head, body) = request.split_once("\r\n\r\n").expect("a head");
        let mut lines = head.lines();
        let mut first = lines.next().expect("a line").split(' ');
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(": ").expect("a header");
            (name.to_ascii_lowercase(), value.to_owned())
        });
        Self {
            method: first.next().expect("a method").to_owned(),
            target: first.next().expect("a target").to_owned(),
            headers: headers.collect(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("json")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}
