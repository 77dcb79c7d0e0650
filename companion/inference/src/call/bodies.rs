//! Bodies as they travelled, for an organisation that has them recorded: bounded, and without the credentials of the provider.

use deskhand_core::model::{Body, ModelEvent};

use crate::Secret;

/// UTF-16 units of a body that are told, the limit of the documented schema.
const MOST: usize = 61_440;
/// Bytes that are kept: a unit has at most three, and a credential may begin before the end and go on behind it.
const ROOM: usize = MOST * 3 + 16 * 1024;
const MASK: &str = "…";

/// The beginning of a body that comes in pieces.
#[derive(Debug, Default)]
pub(super) struct Kept {
    bytes: Vec<u8>,
    length: u64,
}

impl Kept {
    pub(super) fn of(body: &[u8]) -> Self {
        let mut kept = Self::default();
        kept.add(body);
        kept
    }

    pub(super) fn add(&mut self, piece: &[u8]) {
        self.length = self.length.saturating_add(piece.len() as u64);
        let room = ROOM - self.bytes.len();
        self.bytes.extend_from_slice(&piece[..piece.len().min(room)]);
    }

    /// What is told of it. `known` are our own credentials: gateways like to repeat them.
    pub(super) fn told(
        &self,
        sent: bool,
        model: &str,
        request_id: Option<String>,
        known: &[&Secret],
    ) -> ModelEvent {
        let mut text = String::from_utf8_lossy(&self.bytes).into_owned();
        for secret in known.iter().map(|secret| secret.expose()) {
            let quoted = serde_json::Value::from(secret).to_string();
            for form in [secret, quoted.trim_matches('"')] {
                if form.len() >= 4 {
                    text = text.replace(form, MASK);
                }
            }
        }
        let mut units = 0;
        let end = text.char_indices().find(|(_, letter)| {
            units += letter.len_utf16();
            units > MOST
        });
        let end = end.map(|(at, _)| at);
        text.truncate(end.unwrap_or(text.len()));
        ModelEvent::Body(Box::new(Body {
            sent,
            text,
            length: self.length,
            truncated: end.is_some() || self.length > self.bytes.len() as u64,
            model: model.to_owned(),
            request_id,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pieces: &[&[u8]], known: &[&str]) -> Body {
        let mut kept = Kept::default();
        for piece in pieces {
            kept.add(piece);
        }
        let known: Vec<Secret> = known.iter().map(|text| Secret::new((*text).to_owned())).collect();
        let known: Vec<&Secret> = known.iter().collect();
        match kept.told(false, "m", None, &known) {
            ModelEvent::Body(body) => *body,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_body_is_told_without_credentials_however_they_are_written_and_in_however_many_pieces() {
        let body = told(
            &[b"{\"key\":\"sec", b"ret-1\",\"other\":\"a\\\"bcd\"}"],
            &["secret-1", "a\"bcd"],
        );
        assert_eq!(body.text, "{\"key\":\"…\",\"other\":\"…\"}");
        assert!(!body.truncated);
    }

    #[test]
    fn a_long_body_is_cut_with_its_length_told_and_no_credential_shows_at_the_cut() {
        let mut text = "é".repeat(MOST - 3);
        text.push_str("secret-1");
        text.push_str(&"x".repeat(1 << 20));
        let body = told(&[text.as_bytes()], &["secret-1"]);
        assert!(body.truncated && body.length == text.len() as u64);
        assert_eq!(body.text.encode_utf16().count(), MOST);
        assert!(
            body.text.ends_with("é…xx"),
            "{}",
            &body.text[body.text.len() - 10..]
        );
    }
}
