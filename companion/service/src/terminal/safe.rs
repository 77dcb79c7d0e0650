//! What others wrote, made fit for a terminal: text of a document, a model or a gateway must move no cursor, or a cell
//! could paint over the question about itself.

use std::borrow::Cow;
use std::fmt::Write as _;

use deskhand_core::line::acts;

/// The text without characters that act, but for line ends and tabs.
pub(crate) fn safe(text: &str) -> Cow<'_, str> {
    let harms = |character: char| acts(character) && !matches!(character, '\n' | '\t');
    if text.contains(harms) {
        Cow::Owned(text.replace(harms, "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// JSON without characters that act: they can only stand in its strings, and are escaped there, so that a program reads
/// what was there.
pub(crate) fn safe_json(json: &str) -> Cow<'_, str> {
    let harms = |character: char| acts(character) && character != '\n';
    if !json.contains(harms) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() + 64);
    for character in json.chars() {
        if harms(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// The same on one line.
pub(crate) fn safe_line(text: &str) -> String {
    safe(text).replace(['\n', '\t'], " ")
}

#[cfg(test)]
mod tests {
    use super::{safe, safe_json, safe_line};

    #[test]
    fn json_tells_programs_what_was_there_and_terminals_nothing() {
        let text = "a\u{9b}2J\u{202e}";
        let json = serde_json::to_string_pretty(&serde_json::json!({ "text": text })).unwrap();
        let shown = safe_json(&json);
        assert!(shown.chars().all(|c| c == '\n' || !super::acts(c)), "{shown:?}");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&shown).unwrap()["text"],
            text
        );
    }

    #[test]
    fn no_text_can_paint_over_what_stands_on_the_terminal() {
        let forged = "1\u{1b}[1A\u{1b}[2K\r? Read only, nothing changes\u{9b}2J\u{8}\u{202e}\n  ok";
        let shown = safe(forged);
        assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "{shown:?}");
        assert!(shown.contains("Read only") && !shown.contains('\u{202e}'));
        assert!(!safe_line(forged).contains('\n'));
        assert_eq!(safe("grüße\t=SUM(A1)\n"), "grüße\t=SUM(A1)\n");
    }
}
