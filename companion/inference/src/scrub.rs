//! Makes text from the other side fit to be shown and logged: short, one line, and without anything that looks like a
//! credential. Gateways like to repeat the key they refuse.

use crate::Secret;

/// Longest text kept, in characters.
const MAX_CHARS: usize = 300;
/// An unbroken run of this many letters and digits is taken for a credential.
const SUSPICIOUS_RUN: usize = 16;
const MASK: &str = "…";
/// Words after which the next word is a credential, however short.
const ANNOUNCERS: [&str; 10] = [
    "bearer",
    "basic",
    "authorization",
    "x-api-key",
    "api_key",
    "api-key",
    "apikey",
    "token",
    "password",
    "secret",
];

/// The text without credentials. `known` are our own, which are masked wherever they stand.
pub(crate) fn scrub(text: &str, known: &[&Secret]) -> String {
    let mut text = text.to_owned();
    for secret in known
        .iter()
        .map(|secret| secret.expose())
        .filter(|secret| secret.len() >= 4)
    {
        text = text.replace(secret, MASK);
    }
    let mut clean = String::new();
    let mut announced = false;
    for (word, separator) in words(&text) {
        if clean.chars().count() >= MAX_CHARS {
            break;
        }
        if announced && !word.is_empty() && !is_announcer(word) || looks_secret(word) {
            clean.push_str(MASK);
        } else {
            clean.push_str(word);
        }
        announced = if word.is_empty() {
            announced
        } else {
            is_announcer(word)
        };
        // Only these separators carry an announcement on: `token was refused` is a sentence.
        let carries = separator.is_none_or(|c| matches!(c, ':' | '=' | '"' | '\'' | ' '));
        announced = announced
            && carries
            && !matches!(word, "token" | "password" | "secret" if separator == Some(' '));
        clean.extend(separator.map(|c| if c.is_control() { ' ' } else { c }));
    }
    clean
        .chars()
        .take(MAX_CHARS)
        .collect::<String>()
        .trim()
        .to_owned()
}

/// Words with the separator that follows each.
fn words(text: &str) -> impl Iterator<Item = (&str, Option<char>)> {
    let is_separator = |c: char| c.is_whitespace() || c.is_control() || "\"'`,;:=()[]{}<>&?|\\".contains(c);
    text.split_inclusive(is_separator)
        .map(move |piece| match piece.chars().next_back() {
            Some(last) if is_separator(last) => (&piece[..piece.len() - last.len_utf8()], Some(last)),
            _ => (piece, None),
        })
}

fn is_announcer(word: &str) -> bool {
    ANNOUNCERS
        .iter()
        .any(|announcer| word.eq_ignore_ascii_case(announcer))
}

fn looks_secret(word: &str) -> bool {
    let prefixed = ["sk-", "sk_", "pk-", "eyJ", "AKIA", "ASIA", "ghp_", "xox"]
        .iter()
        .any(|prefix| word.starts_with(prefix));
    (prefixed && word.len() >= 8) || is_uuid(word) || (!word.starts_with("req_") && has_suspicious_run(word))
}

/// Model names (`claude-sonnet-4-20250514`) have short runs between their hyphens; keys do not.
fn has_suspicious_run(word: &str) -> bool {
    let runs = word.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '%' | '~')));
    runs.filter(|run| run.len() >= SUSPICIOUS_RUN).any(|run| {
        let digits = run.bytes().filter(u8::is_ascii_digit).count();
        digits > 0 || run.len() >= 2 * SUSPICIOUS_RUN
    })
}

fn is_uuid(word: &str) -> bool {
    let lengths: Vec<usize> = word.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && word.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_what_looks_like_a_credential_and_nothing_else() {
        let table = [
            (
                "model: claude-sonnet-4-20250514 not found",
                "model: claude-sonnet-4-20250514 not found",
            ),
            ("invalid x-api-key", "invalid x-api-key"),
            ("invalid x-api-key: abc", "invalid x-api-key: …"),
            ("Authorization: Bearer abc", "Authorization: Bearer …"),
            ("Incorrect key sk-proj-abcd given", "Incorrect key … given"),
            ("key 0123456789abcdef0123456789abcdef", "key …"),
            ("got 'eyJhbGciOiJI.eyJzdWIi.sig'", "got '…'"),
            ("{\"password\":\"hunter2\"}", "{\"password\":\"…\"}"),
            ("https://host/?token=abc&x=1", "https://host/?token=…&x=1"),
            ("the token was refused", "the token was refused"),
            ("id 3f2504e0-4f89-11d3-9a0c-0305e82c3301", "id …"),
            (
                "request req_011CSHoEeqs5C35K2UUqR7Fy",
                "request req_011CSHoEeqs5C35K2UUqR7Fy",
            ),
            ("key-of-ours was refused", "… was refused"),
            ("line\r\nbreak\u{1b}[31m", "line  break [31m"),
        ];
        let ours = Secret::new("key-of-ours".to_owned());
        for (text, wanted) in table {
            assert_eq!(scrub(text, &[&ours]), wanted, "{text}");
        }
    }

    #[test]
    fn keeps_a_long_text_short() {
        assert_eq!(
            scrub(&"word ".repeat(1_000_000), &[]).chars().count(),
            MAX_CHARS - 1
        );
    }
}
