//! Words that labels use, in the languages that models are written in.

/// The words of a text in lower case.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

fn any(text: &str, known: &[&str]) -> bool {
    words(text).any(|word| known.contains(&word.as_str()))
}

/// True for the label of a sum: `Total assets`, `Zwischensumme`, `Sous-total`.
pub(crate) fn is_total(text: &str) -> bool {
    const TOTALS: [&str; 22] = [
        "total",
        "totals",
        "subtotal",
        "subtotals",
        "totaux",
        "sum",
        "summe",
        "gesamt",
        "gesamtsumme",
        "zwischensumme",
        "insgesamt",
        "somme",
        "totale",
        "totales",
        "suma",
        "soma",
        "totaal",
        "subtotaal",
        "subtotaux",
        "totalt",
        "razem",
        "grandtotal",
    ];
    text.chars().count() <= 60 && any(text, &TOTALS)
}

/// True for the label of a cell that should be zero.
pub(crate) fn is_check(text: &str) -> bool {
    const CHECKS: [&str; 13] = [
        "check",
        "checks",
        "checksum",
        "crosscheck",
        "kontrolle",
        "kontrollsumme",
        "prüfung",
        "prüfsumme",
        "contrôle",
        "controllo",
        "control",
        "probe",
        "reconciliation",
    ];
    let short = text.chars().count() <= 60;
    let lower = text.to_lowercase();
    let zero =
        lower.contains("should be zero") || lower.contains("should be 0") || lower.contains("must be zero");
    short && (any(text, &CHECKS) || zero || lower.contains("out of balance"))
}

/// True for the label of a difference of two figures.
pub(crate) fn is_difference(text: &str) -> bool {
    const DIFFERENCES: [&str; 6] = [
        "difference",
        "diff",
        "differenz",
        "abweichung",
        "différence",
        "unreconciled",
    ];
    text.chars().count() <= 60 && any(text, &DIFFERENCES)
}

/// True for the label of what stands before movements.
pub(crate) fn is_opening(text: &str) -> bool {
    const OPENINGS: [&str; 10] = [
        "opening",
        "beginning",
        "brought",
        "start",
        "starting",
        "anfangsbestand",
        "vortrag",
        "initial",
        "previous",
        "prior",
    ];
    any(text, &OPENINGS)
}

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

/// True for a text that reads as a date: `31.03.2026`, `2026-03-31`, `3/31/26`, `31 Mar 2026`.
pub(crate) fn is_date(text: &str) -> bool {
    let text = text.trim();
    if text.len() > 20 || !text.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let parts: Vec<&str> = text
        .split(['.', '/', '-', ' '])
        .filter(|part| !part.is_empty())
        .collect();
    let [first, second, third] = parts[..] else {
        return false;
    };
    let within = |part: &str, most: u32| {
        part.len() <= 4
            && part
                .parse::<u32>()
                .is_ok_and(|number| (1..=most).contains(&number))
    };
    let year = |part: &str| {
        part.parse::<u32>()
            .is_ok_and(|year| part.len() == 2 || (1900..=2200).contains(&year))
    };
    let month = |part: &str| {
        const MONTHS: [&str; 12] = [
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ];
        within(part, 12)
            || part
                .to_ascii_lowercase()
                .get(..3)
                .is_some_and(|start| MONTHS.contains(&start))
    };
    (first.len() == 4 && year(first) && month(second) && within(third, 31))
        || (within(first, 31) && month(second) && year(third))
        || (within(first, 12) && within(second, 31) && year(third))
}

#[cfg(test)]
mod tests {
    use super::{is_check, is_date, is_total, number};

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

    #[test]
    fn texts_that_read_as_dates_are_known() {
        for text in [
            "31.03.2026",
            "2026-03-31",
            "3/31/26",
            "31 Mar 2026",
            "31-March-2026",
        ] {
            assert!(is_date(text), "{text}");
        }
        for text in ["2026", "1.2", "12-2026", "Q1 2026", "31.13.2026.1", "99/99/99"] {
            assert!(!is_date(text), "{text}");
        }
    }

    #[test]
    fn labels_say_what_a_row_is() {
        assert!(is_total("Total assets") && is_total("Zwischensumme") && is_total("Sub-total:"));
        assert!(!is_total("Totally different") && !is_total("Revenue"));
        assert!(is_check("Balance check") && is_check("Kontrolle:") && !is_check("Checking account"));
    }
}
