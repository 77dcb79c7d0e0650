//! Takes a formula apart: strings, quoted sheets, brackets and references are told from each other, nothing is judged.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// White space.
    Space,
    /// `"text"`, doubled quotes inside.
    Text,
    /// `12`, `1.5E+3`.
    Number,
    /// `#REF!`, `#N/A`.
    Error,
    /// A function's name; the parenthesis after it is a token of its own.
    Function,
    /// A sheet or book before a reference or name, with its `!`: `'Q1 2026'!`, `[1]Data!`, `Jan:Mar!`.
    Sheet,
    /// A cell or range: `A1`, `$B$2:C9`, `A:C`, `3:5`.
    Reference,
    /// A defined name, a table's name, `TRUE`.
    Name,
    /// Column specifiers of a table: `[@Price]`, `[[#Totals],[Sum]]`.
    Structured,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,` or `;`
    Separator,
    /// An operator, a brace, or anything else.
    Operator,
}

/// A piece of a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind,
    /// The text.
    pub text: &'a str,
    /// Where it starts, in bytes.
    pub at: usize,
}

/// The tokens of a formula, with or without its `=`. Together they are the whole text; any text has tokens.
pub fn tokens(formula: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::with_capacity(formula.len() / 3 + 4);
    let mut at = 0;
    while at < formula.len() {
        let rest = &formula[at..];
        // `Data!A1:Data!B2` is two references: behind a sheet stands no other.
        let behind_sheet = tokens
            .last()
            .is_some_and(|last: &Token<'_>| last.kind == Kind::Sheet);
        let (kind, length) = next(rest, behind_sheet);
        tokens.push(Token {
            kind,
            text: &rest[..length],
            at,
        });
        at += length;
    }
    tokens
}

fn next(rest: &str, behind_sheet: bool) -> (Kind, usize) {
    let Some(first) = rest.chars().next() else {
        return (Kind::Space, 0);
    };
    match first {
        c if c.is_whitespace() => (
            Kind::Space,
            rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len()),
        ),
        '"' => (Kind::Text, quoted(rest, b'"')),
        '\'' => sheet_prefix(rest).map_or((Kind::Operator, quoted(rest, b'\'')), |length| {
            (Kind::Sheet, length)
        }),
        '[' => {
            if let Some(length) = sheet_prefix(rest) {
                return (Kind::Sheet, length);
            }
            (Kind::Structured, bracketed(rest))
        }
        '#' => error(rest).map_or((Kind::Operator, 1), |length| (Kind::Error, length)),
        '(' => (Kind::Open, 1),
        ')' => (Kind::Close, 1),
        ',' | ';' => (Kind::Separator, 1),
        '<' | '>' => (
            Kind::Operator,
            if rest[1..].starts_with(['=', '>']) { 2 } else { 1 },
        ),
        c if c.is_alphanumeric() || matches!(c, '_' | '\\' | '$' | '.' | '?') => word(rest, behind_sheet),
        c => (Kind::Operator, c.len_utf8()),
    }
}

/// The length of a quoted run, doubled quotes inside; up to the end when it is not closed.
fn quoted(text: &str, quote: u8) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        if bytes[at] == quote {
            if bytes.get(at + 1) != Some(&quote) {
                return at + 1;
            }
            at += 1;
        }
        at += 1;
    }
    text.len()
}

/// The length of `[…]` with nested brackets; `'` escapes the next character (ECMA-376 part 1, 18.17.6.2).
fn bracketed(text: &str) -> usize {
    let mut depth = 0usize;
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\'' => escaped = true,
            '[' => depth += 1,
            ']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

fn error(text: &str) -> Option<usize> {
    const ERRORS: [&str; 13] = [
        "#GETTING_DATA",
        "#DIV/0!",
        "#VALUE!",
        "#SPILL!",
        "#BLOCKED!",
        "#UNKNOWN!",
        "#CONNECT!",
        "#FIELD!",
        "#NULL!",
        "#NAME?",
        "#CALC!",
        "#REF!",
        "#NUM!",
    ];
    let is = |name: &&&str| {
        text.get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
    };
    ERRORS
        .iter()
        .find(is)
        .map(|name| name.len())
        .or_else(|| is(&&"#N/A").then_some(4))
}

/// A character of an unquoted name, sheet or book.
fn in_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '\\' | '?' | '$')
}

/// How many bytes of a text are of a word.
fn word_length(text: &str) -> usize {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'\\' | b'?' | b'$');
    let length = text.bytes().take_while(|byte| plain(byte)).count();
    if text.as_bytes().get(length).is_some_and(|byte| !byte.is_ascii()) {
        return text.find(|c: char| !in_word(c)).unwrap_or(text.len());
    }
    length
}

/// The length of a sheet prefix with its `!`: quoted, with a book in brackets, or a span of sheets.
fn sheet_prefix(text: &str) -> Option<usize> {
    if text.starts_with('\'') {
        let length = quoted(text, b'\'');
        return text[length..].starts_with('!').then_some(length + 1);
    }
    let book = if text.starts_with('[') { bracketed(text) } else { 0 };
    let after = &text[book..];
    let mut length = word_length(after);
    if after[length..].starts_with(':') {
        let second = &after[length + 1..];
        let second_length = word_length(second);
        // `A1:Data!B2` is a range of two references: sheets named like cells are quoted.
        let is_cell = || book == 0 && deskhand_operations::Area::parse(&after[..length]).is_ok();
        if second_length > 0 && second[second_length..].starts_with('!') && !is_cell() {
            length += 1 + second_length;
        }
    }
    let some = book > 0 || length > 0;
    (some && after[length..].starts_with('!')).then_some(book + length + 1)
}

/// A word: sheet prefix, function, reference, number or name.
fn word(text: &str, behind_sheet: bool) -> (Kind, usize) {
    if let Some(length) = sheet_prefix(text).filter(|_| !behind_sheet) {
        return (Kind::Sheet, length);
    }
    if let Some(length) = range(text) {
        return (Kind::Reference, length);
    }
    if let Some(length) = number(text) {
        return (Kind::Number, length);
    }
    let length = word_length(text).max(1);
    let after = text[length..].trim_start();
    if after.starts_with('(') {
        (Kind::Function, length)
    } else {
        (Kind::Name, length)
    }
}

fn number(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits = |from: usize| {
        bytes[from..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let mut length = digits(0);
    let mut any = length > 0;
    if bytes.get(length) == Some(&b'.') {
        let decimals = digits(length + 1);
        any |= decimals > 0;
        length += 1 + decimals;
    }
    if !any {
        return None;
    }
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        let exponent = digits((length + 1 + sign).min(bytes.len()));
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    // `2ndName` is a name that nobody can have, not a number and a name.
    (!text[length..].starts_with(|c: char| c.is_alphabetic() || c == '_')).then_some(length)
}

/// The length of a corner: letters, digits or both, with `$`.
fn corner(text: &str) -> Option<(usize, bool, bool)> {
    let bytes = text.as_bytes();
    let mut at = usize::from(bytes.first() == Some(&b'$'));
    let letters = bytes[at..]
        .iter()
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    at += letters;
    let dollar = usize::from(letters > 0 && bytes.get(at) == Some(&b'$'));
    let digits = bytes[at + dollar..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if digits > 0 {
        at += dollar + digits;
    }
    let good = letters <= 3 && digits <= 7 && (letters > 0 || digits > 0);
    good.then_some((at, letters > 0, digits > 0))
}

/// The length of a cell or range at the start of the text.
fn range(text: &str) -> Option<usize> {
    let ends =
        |length: usize| !text[length..].starts_with(|c: char| in_word(c) || c == '(' || c == '!' || c == '[');
    let valid = |length: usize| deskhand_operations::Area::parse(&text[..length]).is_ok();
    let (first, letters, digits) = corner(text)?;
    if text[first..].starts_with(':')
        && let Some((second, other_letters, other_digits)) = corner(&text[first + 1..])
    {
        let length = first + 1 + second;
        if (letters, digits) == (other_letters, other_digits) && ends(length) && valid(length) {
            return Some(length);
        }
    }
    (letters && digits && ends(first) && valid(first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::{Kind, tokens};

    const CASES: [(&str, &[(Kind, &str)]); 14] = [
        (
            "SUM(A1:B2)",
            &[
                (Kind::Function, "SUM"),
                (Kind::Open, "("),
                (Kind::Reference, "A1:B2"),
                (Kind::Close, ")"),
            ],
        ),
        (
            "'Q1 2026'!$B$2",
            &[(Kind::Sheet, "'Q1 2026'!"), (Kind::Reference, "$B$2")],
        ),
        (
            "'It''s'!A1",
            &[(Kind::Sheet, "'It''s'!"), (Kind::Reference, "A1")],
        ),
        (
            "[1]Data!A1",
            &[(Kind::Sheet, "[1]Data!"), (Kind::Reference, "A1")],
        ),
        (
            "Jan:Mar!A1",
            &[(Kind::Sheet, "Jan:Mar!"), (Kind::Reference, "A1")],
        ),
        (
            "Sales[@Price]",
            &[(Kind::Name, "Sales"), (Kind::Structured, "[@Price]")],
        ),
        (
            "Sales[[#Totals],[a']b]]",
            &[(Kind::Name, "Sales"), (Kind::Structured, "[[#Totals],[a']b]]")],
        ),
        (
            "\"A1\"\"B\"&C3",
            &[
                (Kind::Text, "\"A1\"\"B\""),
                (Kind::Operator, "&"),
                (Kind::Reference, "C3"),
            ],
        ),
        (
            "1.5E+3<>A:C",
            &[
                (Kind::Number, "1.5E+3"),
                (Kind::Operator, "<>"),
                (Kind::Reference, "A:C"),
            ],
        ),
        (
            "LOG10(3:5)",
            &[
                (Kind::Function, "LOG10"),
                (Kind::Open, "("),
                (Kind::Reference, "3:5"),
                (Kind::Close, ")"),
            ],
        ),
        (
            "#REF!+Taxes2026",
            &[
                (Kind::Error, "#REF!"),
                (Kind::Operator, "+"),
                (Kind::Name, "Taxes2026"),
            ],
        ),
        ("Data!Rate", &[(Kind::Sheet, "Data!"), (Kind::Name, "Rate")]),
        (
            "Data!A1:Data!B2",
            &[
                (Kind::Sheet, "Data!"),
                (Kind::Reference, "A1"),
                (Kind::Operator, ":"),
                (Kind::Sheet, "Data!"),
                (Kind::Reference, "B2"),
            ],
        ),
        (
            "A1:Data!B2",
            &[
                (Kind::Reference, "A1"),
                (Kind::Operator, ":"),
                (Kind::Sheet, "Data!"),
                (Kind::Reference, "B2"),
            ],
        ),
    ];

    #[test]
    fn every_kind_is_told_from_the_others() {
        for (formula, expected) in CASES {
            let found: Vec<_> = tokens(formula)
                .iter()
                .map(|token| (token.kind, token.text))
                .collect();
            assert_eq!(found, expected, "{formula}");
        }
    }

    #[test]
    fn any_text_has_tokens_that_are_the_whole_text() {
        for text in [
            "",
            "\"",
            "'",
            "[",
            "[[",
            "é(",
            "#",
            "$",
            "A1:",
            "=cmd|' /C calc'!A0",
            "{1,2;3}",
            "\u{0}",
            ".",
            "'a'b",
        ] {
            let whole: String = tokens(text).iter().map(|token| token.text).collect();
            assert_eq!(whole, text);
        }
    }
}
