//! What counts as a word, in texts and in queries.
//!
//! Runs of letters and digits, in lower case. Scripts without spaces are taken in pairs of characters (and the last
//! character alone), so that any piece of a run is found.

use std::ops::Range;

/// Bytes of a text that are looked at.
const TEXT: usize = 256 << 10;
/// Characters of a word that are told apart.
const WORD: usize = 48;
/// Words of a query.
const QUERY: usize = 32;

/// A word and where it stands in its text, in bytes.
pub(super) type Word = (String, Range<usize>);

/// The words of a text, in order.
pub(super) fn words(text: &str) -> impl Iterator<Item = Word> {
    let mut rest = text.char_indices().take_while(|(at, _)| *at < TEXT).peekable();
    std::iter::from_fn(move || {
        while let Some((start, first)) = rest.next() {
            let mut word = String::new();
            push_lower(&mut word, first);
            let mut end = start + first.len_utf8();
            if is_unspaced(first) {
                if let Some(&(at, second)) = rest.peek()
                    && is_unspaced(second)
                {
                    push_lower(&mut word, second);
                    end = at + second.len_utf8();
                }
                return Some((word, start..end));
            }
            if !first.is_alphanumeric() {
                continue;
            }
            let mut length = 1;
            while let Some((at, next)) =
                rest.next_if(|(_, next)| next.is_alphanumeric() && !is_unspaced(*next))
            {
                end = at + next.len_utf8();
                length += 1;
                if length <= WORD {
                    push_lower(&mut word, next);
                }
            }
            return Some((word, start..end));
        }
        None
    })
}

fn push_lower(word: &mut String, letter: char) {
    if letter.is_ascii() {
        word.push(letter.to_ascii_lowercase());
    } else {
        word.extend(letter.to_lowercase());
    }
}

/// Han, Hiragana, Katakana, Hangul, Thai, Lao, Khmer and Burmese letters.
fn is_unspaced(letter: char) -> bool {
    matches!(u32::from(letter),
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3040..=0x30FF | 0x3400..=0x4DBF
        | 0x4E00..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0x2_0000..=0x3_134F)
}

/// The words that a message must have: whole ones, and the beginning of one more.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) whole: Vec<String>,
    pub(super) beginning: Option<String>,
}

impl Query {
    pub(super) fn new(text: &str) -> Self {
        let mut found: Vec<Word> = words(text).take(QUERY).collect();
        let open = found.last().is_some_and(|(_, range)| range.end == text.len());
        let beginning = if open {
            found.pop().map(|(word, _)| word)
        } else {
            None
        };
        Self {
            whole: found.into_iter().map(|(word, _)| word).collect(),
            beginning,
        }
    }

    /// Where the first wanted word stands, if all of them are there.
    pub(super) fn find(&self, words: impl Iterator<Item = Word>) -> Option<Range<usize>> {
        let mut missing: Vec<&str> = self.whole.iter().map(String::as_str).collect();
        let mut beginning = self.beginning.as_deref();
        let mut first = None;
        for (word, range) in words {
            let before = missing.len();
            missing.retain(|wanted| *wanted != word);
            let begins = beginning.is_some_and(|wanted| word.starts_with(wanted));
            if begins {
                beginning = None;
            }
            if begins || missing.len() < before {
                first.get_or_insert(range);
            }
            if missing.is_empty() && beginning.is_none() {
                return first;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_texts_into_words() {
        let cases: &[(&str, &[&str])] = &[
            ("Revenue by Region", &["revenue", "by", "region"]),
            ("1,234.5 – Q3/2026", &["1", "234", "5", "q3", "2026"]),
            ("naïve ÄRGER", &["naïve", "ärger"]),
            ("売上高", &["売上", "上高", "高"]),
            ("FY26売上x", &["fy26", "売上", "上", "x"]),
            ("  …!", &[]),
        ];
        for (text, expected) in cases {
            let found: Vec<String> = words(text).map(|(word, _)| word).collect();
            assert_eq!(found, *expected, "{text}");
        }
    }

    #[test]
    fn only_the_last_word_of_a_query_may_be_a_beginning() {
        let found = |query: &str, text: &str| Query::new(query).find(words(text)).is_some();
        assert!(found("rev", "Revenue"));
        assert!(!found("rev ", "Revenue"));
        assert!(found("revenue by reg", "by region: revenue"));
        assert!(!found("rev region", "revenue by region"));
        assert!(found("上", "売上高"));
        assert!(found("高", "売上高"));
        assert!(!found("", "anything"));
    }
}
