//! Numbers as sentences show them.

/// A number for a sentence: at most 10 significant digits, thousands separated.
pub(crate) fn shown(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return if number == 0.0 {
            "0".to_owned()
        } else {
            number.to_string()
        };
    }
    let size = number.abs().log10().floor();
    if !(-6.0..15.0).contains(&size) {
        return format!("{number:e}");
    }
    let decimals = (9.0 - size).clamp(0.0, 10.0) as usize;
    let text = format!("{:.decimals$}", number.abs());
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let rest = rest.trim_end_matches('0');
    let sign = if number < 0.0 { "-" } else { "" };
    if rest.is_empty() {
        format!("{sign}{grouped}")
    } else {
        format!("{sign}{grouped}.{rest}")
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn numbers_read_as_people_write_them() {
        let cases = [
            (1_234_567.5, "1,234,567.5"),
            (-0.25, "-0.25"),
            (0.1 + 0.2, "0.3"),
            (999.0, "999"),
            (1e20, "1e20"),
            (0.0, "0"),
        ];
        for (number, expected) in cases {
            assert_eq!(shown(number), expected);
        }
    }
}
