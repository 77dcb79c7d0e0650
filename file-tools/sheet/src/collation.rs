//! The order in which Excel sorts values: numbers, texts, FALSE, TRUE, errors; blank cells last, whatever the direction.

use std::cmp::Ordering;

use deskhand_operations::CellValue;

/// Signs in the order in which Excel sorts them, before letters. Hyphens and apostrophes count only between texts that are
/// alike otherwise.
const SIGNS: &str = "0123456789 !\"#$%&()*,./:;?@[\\]^_`{|}~+<=>";

/// A value to sort by.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Key {
    Number(f64),
    Text(String),
    Logical(bool),
    Error,
    Blank,
}

impl Key {
    /// The key of a cell's value; `is_error` tells an error from a text.
    pub(crate) fn of(value: CellValue, is_error: bool) -> Self {
        match value {
            CellValue::Empty => Self::Blank,
            CellValue::Number(value) => Self::Number(value),
            CellValue::Boolean(value) => Self::Logical(value),
            CellValue::Text(_) if is_error => Self::Error,
            CellValue::Text(text) => Self::Text(text),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Number(_) => 0,
            Self::Text(_) => 1,
            Self::Logical(_) => 2,
            Self::Error => 3,
            Self::Blank => 4,
        }
    }

    /// The order of two keys.
    pub(crate) fn compare(&self, other: &Self, descending: bool, case_sensitive: bool) -> Ordering {
        match (self, other) {
            (Self::Blank, Self::Blank) => return Ordering::Equal,
            (Self::Blank, _) => return Ordering::Greater,
            (_, Self::Blank) => return Ordering::Less,
            _ => {}
        }
        let order = match (self, other) {
            (Self::Number(one), Self::Number(other)) => one.total_cmp(other),
            (Self::Logical(one), Self::Logical(other)) => one.cmp(other),
            (Self::Text(one), Self::Text(other)) => texts(one, other, case_sensitive),
            _ => self.rank().cmp(&other.rank()),
        };
        if descending { order.reverse() } else { order }
    }
}

fn texts(one: &str, other: &str, case_sensitive: bool) -> Ordering {
    let plain = |text: &str| -> Vec<(usize, String)> {
        text.chars()
            .filter(|c| !matches!(c, '-' | '\''))
            .map(weight)
            .collect()
    };
    let hyphens = |text: &str| text.chars().filter(|c| matches!(c, '-' | '\'')).count();
    let mut order = plain(one)
        .cmp(&plain(other))
        .then(hyphens(one).cmp(&hyphens(other)));
    if case_sensitive {
        // Small letters come before capital ones.
        let cases = |text: &str| -> Vec<bool> { text.chars().map(char::is_uppercase).collect() };
        order = order.then_with(|| cases(one).cmp(&cases(other)));
    }
    order
}

/// A character's place: signs before letters, letters without regard to case, accents close to their letter.
fn weight(character: char) -> (usize, String) {
    match SIGNS.chars().position(|sign| sign == character) {
        Some(place) => (place, String::new()),
        None => (SIGNS.len(), folded(character)),
    }
}

fn folded(character: char) -> String {
    let small: String = character.to_lowercase().collect();
    let base = match small.chars().next() {
        Some('à' | 'á' | 'â' | 'ã' | 'å' | 'ä') => 'a',
        Some('ç') => 'c',
        Some('è' | 'é' | 'ê' | 'ë') => 'e',
        Some('ì' | 'í' | 'î' | 'ï') => 'i',
        Some('ñ') => 'n',
        Some('ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø') => 'o',
        Some('ù' | 'ú' | 'û' | 'ü') => 'u',
        Some('ý' | 'ÿ') => 'y',
        _ => return small,
    };
    format!("{base}{small}")
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::Key;

    fn text(text: &str) -> Key {
        Key::Text(text.to_owned())
    }

    #[test]
    fn values_sort_as_in_excel() {
        let rising = [
            Key::Number(-2.0),
            Key::Number(10.0),
            text("10"),
            text("2"),
            text(" a"),
            text("_a"),
            text("apple"),
            text("Apples"),
            text("coop"),
            text("co-op"),
            text("Zebra"),
            Key::Logical(false),
            Key::Logical(true),
            Key::Error,
            Key::Blank,
        ];
        for pair in rising.windows(2) {
            assert_eq!(
                pair[0].compare(&pair[1], false, false),
                Ordering::Less,
                "{pair:?}"
            );
        }
        assert_eq!(text("ABC").compare(&text("abc"), false, false), Ordering::Equal);
        assert_eq!(text("abc").compare(&text("ABC"), false, true), Ordering::Less);
        assert_eq!(Key::Blank.compare(&Key::Error, true, false), Ordering::Greater);
        assert_eq!(Key::Error.compare(&Key::Number(1.0), true, false), Ordering::Less);
    }
}
