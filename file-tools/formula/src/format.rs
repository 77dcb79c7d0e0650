//! Numbers as a sheet shows them.

use ironcalc_base::formatter::format::format_number;
use ironcalc_base::locale::get_locale;

/// A number under an Excel number format, English; `None` where the format cannot be followed.
pub fn shown(value: f64, number_format: &str) -> Option<String> {
    if number_format.len() > 255 {
        return None;
    }
    let format = if number_format.is_empty() {
        "General"
    } else {
        number_format
    };
    let formatted = format_number(value, format, get_locale("en").ok()?);
    formatted.error.is_none().then_some(formatted.text)
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn numbers_read_as_the_sheet_shows_them() {
        let cases = [
            (1234.5, "#,##0.00", "1,234.50"),
            (0.256, "0.0%", "25.6%"),
            (45_000.0, "yyyy-mm-dd", "2023-03-15"),
            (12.0, "General", "12"),
        ];
        for (value, format, expected) in cases {
            assert_eq!(shown(value, format).as_deref(), Some(expected));
        }
    }
}
