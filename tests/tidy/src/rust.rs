//! Rust source with its comments and texts blanked out, so that a rule about code does not trip over words.

/// The code of a source file: comments, string and character literals become spaces; lines stay where they are.
pub fn code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => block_comment(rest),
            '"' => string(rest),
            'r' | 'b' | 'c' if !ends_in_word(&out) => literal(rest),
            '\'' => character(rest),
            _ => 0,
        };
        if length == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            out.extend(
                rest[..length]
                    .chars()
                    .map(|sign| if sign == '\n' { '\n' } else { ' ' }),
            );
            rest = &rest[length..];
        }
    }
    out
}

/// The same without the test module at its end.
pub fn code_without_tests(text: &str) -> String {
    let code = code(text);
    let end = code
        .find("#[cfg(test)]\nmod ")
        .or_else(|| code.find("#[cfg(all(test"));
    // `mod tests;` names another file; what follows it is code.
    match end {
        Some(end)
            if code[end..]
                .split(['{', ';'])
                .next()
                .is_some_and(|head| code[end + head.len()..].starts_with('{')) =>
        {
            code[..end].to_owned()
        }
        _ => code,
    }
}

fn ends_in_word(code: &str) -> bool {
    code.chars()
        .next_back()
        .is_some_and(|last| last.is_alphanumeric() || last == '_')
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// A string with escapes, from its quote to its quote.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (index, sign) in text.char_indices().skip(1) {
        match sign {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

/// A raw, byte or C string, with its prefix; 0 where it is just a name that starts with that letter.
fn literal(text: &str) -> usize {
    let prefix = ["br", "cr", "r", "b", "c"].into_iter().find(|prefix| {
        let after = text[prefix.len().min(text.len())..].trim_start_matches('#');
        text.starts_with(prefix) && after.starts_with('"')
    });
    let Some(prefix) = prefix else { return 0 };
    let rest = &text[prefix.len()..];
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    if !prefix.contains('r') {
        // `r#name` is a name; a byte or C string has no hashes.
        return if hashes == 0 {
            prefix.len() + string(rest)
        } else {
            0
        };
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let body = prefix.len() + hashes + 1;
    text[body..]
        .find(&end)
        .map_or(text.len(), |at| body + at + end.len())
}

/// A character literal; 0 where the quote begins a lifetime.
fn character(text: &str) -> usize {
    let mut signs = text.char_indices().skip(1);
    match signs.next() {
        Some((_, '\\')) => {
            signs.next();
            signs
                .find(|(_, sign)| *sign == '\'')
                .map_or(0, |(index, _)| index + 1)
        }
        Some(_) => signs
            .next()
            .filter(|(_, sign)| *sign == '\'')
            .map_or(0, |(index, _)| index + 1),
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn squeezed(text: &str) -> String {
        code(text).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn leaves_the_code_and_blanks_the_words() {
        let cases = [
            ("let a = 1; // unsafe", "let a = 1;"),
            ("/* a /* b */ c */ fn f() {}", "fn f() {}"),
            (r#"f("a \" b", 'x', '\'', b"y")"#, "f( , , , )"),
            (r##"g(r#"a " b"#, br"z", r#type)"##, "g( , , r#type)"),
            (
                "fn h<'a>(bar: &'a str) -> &'static str {}",
                "fn h<'a>(bar: &'a str) -> &'static str {}",
            ),
            ("let größe = '→';", "let größe = ;"),
        ];
        for (text, expected) in cases {
            assert_eq!(squeezed(text), expected);
        }
    }

    #[test]
    fn keeps_every_line_where_it_is() {
        let text = "/* one\ntwo */ a\n\"three\nfour\" b";
        assert_eq!(code(text).lines().position(|line| line.contains('b')), Some(3));
    }

    #[test]
    fn cuts_off_the_test_module_and_keeps_what_follows_a_test_file() {
        assert!(!code_without_tests("fn a() {}\n#[cfg(test)]\nmod tests { fn b() {} }").contains("fn b"));
        assert!(code_without_tests("#[cfg(test)]\nmod tests;\nfn c() {}").contains("fn c"));
    }
}
