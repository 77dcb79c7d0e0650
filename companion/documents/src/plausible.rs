//! What a task pane says of its document, made fit to be kept.

use deskhand_core::line::one_line;
use deskhand_protocol::DocumentId;
use deskhand_protocol::document::LiveDocument;

/// Longest title that is kept, in characters.
const MAX_TITLE: usize = 260;
/// Longest path or address that is kept, in bytes.
const MAX_PATH: usize = 4_096;

/// What a page says of its document, as far as it can be true: the title on one line, and neither path nor id where they
/// could not be one. The id comes out of the document, which anybody may have written.
pub(crate) fn plausible(live: &LiveDocument) -> LiveDocument {
    let is_path = |path: &String| path.len() <= MAX_PATH && !path.chars().any(char::is_control);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_id = |id: &DocumentId| (1..=64).contains(&id.as_str().len()) && id.as_str().bytes().all(plain);
    LiveDocument {
        title: one_line(&live.title).chars().take(MAX_TITLE).collect(),
        path: live.path.clone().filter(is_path),
        embedded_id: live.embedded_id.clone().filter(is_id),
        ..live.clone()
    }
}

#[cfg(test)]
mod tests {
    use deskhand_protocol::document::DocumentKind;

    use super::*;

    #[test]
    fn a_page_can_name_neither_controls_nor_ids_that_are_none() {
        let hostile = LiveDocument {
            kind: DocumentKind::Workbook,
            title: format!("Budget\u{1b}[2J\u{202e}\n{}", "x".repeat(5_000_000)),
            path: Some("x".repeat(MAX_PATH + 1)),
            embedded_id: Some(DocumentId::from_text("d\n| deck | open in Office | Salaries")),
            sets: Vec::new(),
            summary: None,
        };
        let taken = plausible(&hostile);
        assert_eq!((taken.path, taken.embedded_id), (None, None));
        assert!(taken.title.starts_with("Budget [2J"), "{}", taken.title);
        assert!(taken.title.chars().count() <= MAX_TITLE && !taken.title.chars().any(char::is_control));
    }
}
