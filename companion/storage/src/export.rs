//! A session as JSON lines: the first line tells the session, each further line one event. Knows nothing of what the
//! payloads say.

use std::io::{self, Write};

use uuid::Uuid;

use crate::error::{Result, StorageError};
use crate::store::Store;
use crate::tables::events::Event;

/// The version of the export's own form.
const FORM: u32 = 1;
/// Events read at once.
const PAGE: usize = 512;

impl Store {
    /// Writes a session to `out` as JSON lines. Every payload is written as it was stored.
    pub async fn export(&self, session: Uuid, out: &mut (dyn Write + Send)) -> Result<()> {
        let doing = StorageError::io("writing the export");
        self.export_lines(session, out).await?.map_err(doing)
    }

    /// The outer result is the store's, the inner one that of `out`.
    async fn export_lines(&self, session: Uuid, out: &mut (dyn Write + Send)) -> Result<io::Result<()>> {
        let about = self.session(session).await?;
        let head = serde_json::json!({
            "deskhandExport": FORM,
            "session": session,
            "createdAt": about.created_at,
            "updatedAt": about.updated_at,
            "meta": serde_json::from_slice::<serde_json::Value>(&about.meta).ok(),
        });
        if let Err(error) = writeln!(out, "{head}") {
            return Ok(Err(error));
        }
        let mut cursor = 0;
        loop {
            let page = self.read(session, cursor, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(out.flush());
            };
            cursor = last.seq;
            for event in &page {
                if let Err(error) = write_event(out, event) {
                    return Ok(Err(error));
                }
            }
        }
    }
}

fn write_event(out: &mut dyn Write, event: &Event) -> io::Result<()> {
    let Event {
        first_seq,
        seq,
        at,
        schema,
        ..
    } = event;
    write!(
        out,
        r#"{{"firstSeq":{first_seq},"seq":{seq},"at":{at},"schema":{schema},"payload":"#
    )?;
    out.write_all(&one_line(&event.payload))?;
    out.write_all(b"}\n")
}

/// JSON on one line, otherwise unchanged: a raw line end can only stand between tokens. What is not JSON becomes a
/// JSON string, so that the export always parses.
fn one_line(payload: &[u8]) -> Vec<u8> {
    if serde_json::from_slice::<serde::de::IgnoredAny>(payload).is_ok() {
        let spaced = payload.iter().map(|byte| {
            if matches!(byte, b'\n' | b'\r') {
                b' '
            } else {
                *byte
            }
        });
        spaced.collect()
    } else {
        serde_json::Value::from(String::from_utf8_lossy(payload))
            .to_string()
            .into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn payloads_stay_on_one_line() {
        let cases: &[(&[u8], &[u8])] = &[
            (br#"{"a":1.10,"b":"x\ny"}"#, br#"{"a":1.10,"b":"x\ny"}"#),
            (b"{\n \"a\": 1\r\n}", b"{  \"a\": 1  }"),
            (b"not json\n", br#""not json\n""#),
        ];
        for (payload, expected) in cases {
            assert_eq!(one_line(payload), *expected);
        }
    }
}
