//! What texts mean in a model.

/// A text that reads as a number: `1,234.50`, `(12)`, `12 %`, `€ 5`.
pub(crate) fn number(text: &str) -> Option<f64> {
    let trimmed = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{a0}');
    let negative = trimmed.starts_with('(') && trimmed.ends_with(')');
    let inner = if negative {
        &trimmed[1..trimmed.len() - 1]
    } else {
        trimmed
    };
    let percent = inner.trim_end().ends_with('%');
    let plain: String = inner
        .trim_end_matches(['%', ' '])
        .chars()
        .filter(|c| !matches!(c, ' ' | '\u{a0}' | '$' | '€' | '£' | '\''))
        .collect();
    // Codes such as `00123` are not numbers, and no amount is longer than what a double holds.
    let digits = plain.chars().filter(char::is_ascii_digit).count();
    let code =
        plain.len() > 1 && plain.starts_with('0') && !plain.starts_with("0.") && !plain.starts_with("0,");
    if digits == 0 || digits > 15 || code || plain.contains(|c: char| c.is_alphabetic()) {
        return None;
    }
    let value: f64 = separated(&plain)?.parse().ok()?;
    let value = if negative { -value } else { value };
    Some(if percent { value / 100.0 } else { value })
}

/// The number without its separators of thousands and with a point.
fn separated(plain: &str) -> Option<String> {
    let unsigned = plain.trim_start_matches(['-', '+']);
    let (commas, points) = (unsigned.matches(',').count(), unsigned.matches('.').count());
    // Where both stand, the last one is that of decimals; a single point is too, a single comma unless three digits follow.
    let decimal = match (commas, points) {
        (0, 0 | 1) => return Some(plain.to_owned()),
        (1, 0) if !grouped(unsigned, ',') => Some(','),
        (0, _) | (_, 0) => None,
        _ if unsigned.rfind(',') > unsigned.rfind('.') => Some(','),
        _ => Some('.'),
    };
    let (whole, rest) = decimal
        .and_then(|mark| plain.rsplit_once(mark))
        .unwrap_or((plain, ""));
    let mark = if whole.contains(',') { ',' } else { '.' };
    let good = !rest.contains([',', '.'])
        && (!whole.contains([',', '.']) || grouped(whole.trim_start_matches(['-', '+']), mark));
    good.then(|| {
        format!(
            "{}.{}",
            whole.replace(mark, ""),
            if rest.is_empty() { "0" } else { rest }
        )
    })
}

/// True when digits stand in groups of three.
fn grouped(whole: &str, mark: char) -> bool {
    let mut groups = whole.split(mark);
    let first = groups.next().is_some_and(|group| (1..=3).contains(&group.len()));
    first && groups.all(|group| group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn texts_that_read_as_numbers_are_known() {
        let cases = [
            ("1234", Some(1234.0)),
            (" 1,234.50 ", Some(1234.5)),
            ("1.234,50", Some(1234.5)),
            ("12,5", Some(12.5)),
            ("(12)", Some(-12.0)),
            ("-7", Some(-7.0)),
            ("12 %", Some(0.12)),
            ("€ 5", Some(5.0)),
            ("00123", None),
            ("A12", None),
            ("12.3.4", None),
            ("1-2", None),
            ("", None),
            ("12345678901234567", None),
        ];
        for (text, expected) in cases {
            assert_eq!(number(text), expected, "{text}");
        }
    }
}
