//! Whether a shape shows a figure: in its text, in a cell of its table, or in its chart.

use deskhand_operations::CellValue;
use deskhand_operations::answer::SlideShape;

/// True where a shape shows the words.
pub(super) fn shows(shape: &SlideShape, words: &str) -> bool {
    let texts = shape.text.iter().chain(&shape.chart_title);
    let cells = shape.rows.iter().flatten().flatten();
    texts.chain(cells).any(|text| in_text(text, words)) || in_chart(shape, words)
}

/// True where the words stand in a text, numbers whole: `12` is not shown by `2012` or `12.5`.
pub(super) fn in_text(text: &str, words: &str) -> bool {
    let words = words.trim();
    let is_digit = |letter: Option<char>| letter.is_some_and(|letter| letter.is_ascii_digit());
    let goes_on = |mut letters: &mut dyn Iterator<Item = char>| {
        let first = letters.next();
        is_digit(first) || (matches!(first, Some('.' | ',')) && is_digit((&mut letters).next()))
    };
    let (begins, ends) = (is_digit(words.chars().next()), is_digit(words.chars().last()));
    !words.is_empty()
        && text.match_indices(words).any(|(at, _)| {
            let before = begins && goes_on(&mut text[..at].chars().rev());
            let after = ends && goes_on(&mut text[at + words.len()..].chars());
            !before && !after
        })
}

/// True where a chart has the words as a name, a category or a value: `1,248,300` is 1248300, `12.5%` is 0.125.
fn in_chart(shape: &SlideShape, words: &str) -> bool {
    let Some(chart) = &shape.chart else {
        return false;
    };
    let words = words.trim();
    let number = number(words);
    let is_shown = |value: &CellValue| match value {
        CellValue::Number(value) => number.is_some_and(|number| (number - value).abs() <= 1e-9 * value.abs()),
        CellValue::Text(text) => text == words,
        CellValue::Empty | CellValue::Boolean(_) => false,
    };
    let names = chart.series.iter().map(|series| series.name.as_str());
    let mut names = names.chain(chart.categories.iter().map(String::as_str));
    names.any(|name| name == words)
        || chart
            .series
            .iter()
            .flat_map(|series| &series.values)
            .any(is_shown)
}

fn number(words: &str) -> Option<f64> {
    let plain = words.replace([',', ' ', '\u{a0}', '\u{202f}'], "");
    match plain.strip_suffix('%') {
        Some(percent) => percent.parse::<f64>().ok().map(|percent| percent / 100.0),
        None => plain.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::{in_text, number};

    #[test]
    fn numbers_are_shown_whole() {
        let cases = [
            ("Revenue rose to 12 in 2026", "12", true),
            ("in 2012", "12", false),
            ("12.5 percent", "12", false),
            ("1,248 units", "248", false),
            ("1,248 units", "1,248", true),
            ("It was 12.", "12", true),
            ("$12m", "12", true),
            ("12%", "12%", true),
            ("Total", "tot", false),
            ("Anything", " ", false),
            ("9 12", "12", true),
        ];
        for (text, words, expected) in cases {
            assert_eq!(in_text(text, words), expected, "{words} in {text}");
        }
    }

    #[test]
    fn words_are_read_as_numbers() {
        let cases = [
            ("1,248,300", Some(1_248_300.0)),
            ("1 248", Some(1_248.0)),
            ("12.5%", Some(0.125)),
            ("-3", Some(-3.0)),
            ("EBITDA", None),
        ];
        for (words, expected) in cases {
            assert_eq!(number(words), expected, "{words}");
        }
    }
}
