//! Text bodies: reading their text, and what text a deck can hold (ECMA-376 part 1, 21.1.2 `txBody`).
//!
//! A line is a paragraph; a vertical tab is a line break inside a paragraph, as in PowerPoint's own object model.

mod formatting;
pub(crate) mod replace;
pub(crate) mod runs;

use deskhand_opc::xml::{Node, Ns};
use deskhand_operations::Refusal;

use crate::refuse;

pub(crate) use formatting::Formatting;

/// The longest text that one shape takes, in bytes.
const MAX_TEXT: usize = 200_000;

/// A line break inside a paragraph.
const LINE_BREAK: char = '\u{b}';

/// The lines of a text; a text without a line has one, which is empty.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
}

/// Refuses text that a deck cannot hold. `what` names it in the sentence.
pub(crate) fn check(what: &str, text: &str) -> Result<(), Refusal> {
    if text.len() > MAX_TEXT {
        return Err(refuse::too_large(format!(
            "{what} is longer than {MAX_TEXT} bytes"
        )));
    }
    match text
        .chars()
        .find(|&character| !is_xml_character(character) && character != LINE_BREAK)
    {
        Some(bad) => Err(refuse::bad_input(format!(
            "{what} holds the control character U+{:04X}",
            bad as u32
        ))),
        None => Ok(()),
    }
}

/// Refuses a name or a short text that has to stand in one line.
pub(crate) fn check_line(what: &str, text: &str) -> Result<(), Refusal> {
    check(what, text)?;
    if text.contains(['\n', '\r', '\t', LINE_BREAK]) {
        return Err(refuse::bad_input(format!("{what} has to stand in one line")));
    }
    Ok(())
}

/// Whether XML 1.0 can hold the character (production 2, `Char`).
fn is_xml_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r')
        || (character >= ' ' && !matches!(character, '\u{fffe}' | '\u{ffff}'))
}

/// The text of a body: paragraphs as lines.
pub(crate) fn body_text(body: Node<'_, '_>) -> String {
    let lines: Vec<String> = paragraphs(body).map(inline_line).collect();
    lines.join("\n")
}

/// The text of one paragraph.
pub(crate) fn inline_line(paragraph: Node<'_, '_>) -> String {
    let mut line = String::new();
    paragraph.children().for_each(|node| inline_text(node, &mut line));
    line
}

/// The paragraphs of a body.
pub(crate) fn paragraphs<'t, 'a>(body: Node<'t, 'a>) -> impl Iterator<Item = Node<'t, 'a>> {
    body.children().filter(|node| node.is(Ns::Drawing, "p"))
}

fn inline_text(node: Node<'_, '_>, line: &mut String) {
    match (node.tag().ns, node.local()) {
        (Ns::Drawing, "r" | "fld") => {
            if let Some(text) = node.child("t") {
                line.push_str(text.own_text());
            }
        }
        (Ns::Drawing, "br") => line.push(LINE_BREAK),
        // A formula: the first choice holds it, the fallback a picture of it.
        (Ns::Markup, "AlternateContent") => {
            if let Some(choice) = node.children().next() {
                choice.children().for_each(|inner| inline_text(inner, line));
            }
        }
        (Ns::Other, _) => {
            let texts = node
                .descendants()
                .filter(|inner| inner.tag().ns == Ns::Other && inner.local() == "t");
            texts.for_each(|text| line.push_str(text.own_text()));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use deskhand_operations::RefusalCode;

    use super::*;

    #[test]
    fn refuses_text_that_xml_cannot_hold() {
        assert_eq!(check("the text", "a\u{b}b\nc\td").ok(), Some(()));
        let refusal = check("the text", "bell \u{7}").unwrap_err();
        assert_eq!(refusal.code, RefusalCode::BadInput);
        assert_eq!(refusal.message, "The text holds the control character U+0007.");
        assert_eq!(
            check("the text", &"x".repeat(MAX_TEXT + 1)).unwrap_err().code,
            RefusalCode::TooLarge
        );
        assert_eq!(
            check_line("the name", "a\nb").unwrap_err().code,
            RefusalCode::BadInput
        );
    }
}
