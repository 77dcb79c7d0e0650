//! XML as text: what must be escaped.

/// Text between tags or in an attribute. What XML 1.0 has no sign for becomes U+FFFD; line ends and tabs of an attribute
/// would be read as spaces, so they are written as references.
pub(super) fn escape(text: &str, attribute: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#13;"),
            '\n' if attribute => escaped.push_str("&#10;"),
            '\t' if attribute => escaped.push_str("&#9;"),
            '\n' | '\t' => escaped.push(letter),
            control if control < ' ' => escaped.push('\u{fffd}'),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// Text inside of a comment, where two hyphens may not stand together.
pub(super) fn comment(text: &str) -> String {
    let text = escape(text, false).replace("--", "- -");
    match text.strip_suffix('-') {
        Some(rest) => format!("{rest}- "),
        None => text,
    }
}
