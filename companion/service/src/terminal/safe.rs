//! What others wrote, made fit for a terminal: text of a document, a model or a gateway must move no cursor, or a cell
//! could paint over the question about itself.

use std::borrow::Cow;

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

/// The same on one line.
pub(crate) fn safe_line(text: &str) -> String {
    safe(text).replace(['\n', '\t'], " ")
}

#[cfg(test)]
mod tests {
    use super::{safe, safe_line};

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
