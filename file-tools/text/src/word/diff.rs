//! The words in which two texts differ, so that a tracked change shows no more than what changed.

use std::ops::Range;

/// A stretch of the old text, in bytes, and what stands there instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) range: Range<usize>,
    pub(super) text: String,
}

/// Above this many comparisons the differing middle is replaced as one.
const MAX_WORK: usize = 4_000_000;

/// The changes that make `new` of `old`, in order.
pub(super) fn changes(old: &str, new: &str) -> Vec<Change> {
    let (before, after) = (tokens(old), tokens(new));
    let head = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
    let tail = before[head..]
        .iter()
        .rev()
        .zip(after[head..].iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let (middle, instead) = (
        &before[head..before.len() - tail],
        &after[head..after.len() - tail],
    );
    let start: usize = before[..head].iter().map(|token| token.len()).sum();
    if middle.len().saturating_mul(instead.len()) > MAX_WORK {
        let length: usize = middle.iter().map(|token| token.len()).sum();
        return vec![Change {
            range: start..start + length,
            text: instead.concat(),
        }];
    }
    joined(old, compared(start, middle, instead))
}

/// Words, numbers with their separators, and everything else character by character.
fn tokens(text: &str) -> Vec<&str> {
    let characters: Vec<(usize, char)> = text.char_indices().collect();
    let digit = |index: Option<usize>| {
        let found = index.and_then(|index| characters.get(index));
        found.is_some_and(|(_, c)| c.is_ascii_digit())
    };
    let in_word = |index: usize| {
        let (_, c) = characters[index];
        let separator = matches!(c, '.' | ',' | '\'' | '\u{2019}');
        c.is_alphanumeric()
            || c == '_'
            || (separator && digit(index.checked_sub(1)) && digit(Some(index + 1)))
    };
    let mut tokens = Vec::new();
    let mut index = 0;
    while index < characters.len() {
        let first = index;
        index += 1;
        if in_word(first) {
            while index < characters.len() && in_word(index) {
                index += 1;
            }
        }
        let end = characters.get(index).map_or(text.len(), |(at, _)| *at);
        tokens.push(&text[characters[first].0..end]);
    }
    tokens
}

/// The changes between two lists of words by their longest common subsequence; `at` is where the old one starts.
fn compared(mut at: usize, old: &[&str], new: &[&str]) -> Vec<Change> {
    let width = new.len() + 1;
    let mut longest = vec![0u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i * width + j] = if old[i] == new[j] {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut changes: Vec<Change> = Vec::new();
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            at += old[i].len();
            (i, j) = (i + 1, j + 1);
            continue;
        }
        if changes.last().is_none_or(|last| last.range.end != at) {
            changes.push(Change {
                range: at..at,
                text: String::new(),
            });
        }
        let Some(last) = changes.last_mut() else { break };
        let remove =
            i < old.len() && (j == new.len() || longest[(i + 1) * width + j] >= longest[i * width + j + 1]);
        if remove {
            at += old[i].len();
            last.range.end = at;
            i += 1;
        } else {
            last.text.push_str(new[j]);
            j += 1;
        }
    }
    changes
}

/// Changes with nothing but spaces between them read better as one.
fn joined(old: &str, changes: Vec<Change>) -> Vec<Change> {
    let mut joined: Vec<Change> = Vec::with_capacity(changes.len());
    for change in changes {
        match joined.last_mut() {
            Some(last) if old[last.range.end..change.range.start].trim().is_empty() => {
                last.text.push_str(&old[last.range.end..change.range.start]);
                last.text.push_str(&change.text);
                last.range.end = change.range.end;
            }
            _ => joined.push(change),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::changes;

    #[test]
    fn only_the_words_that_differ_change() {
        type Words = (&'static str, &'static str);
        let cases: [(&str, &str, &[Words]); 8] = [
            ("Revenue rose 4%.", "Revenue rose 5%.", &[("4", "5")]),
            (
                "Revenue of 1,248.50 in May",
                "Revenue of 1,249.50 in May",
                &[("1,248.50", "1,249.50")],
            ),
            ("the quick fox", "the slow fox", &[("quick", "slow")]),
            ("one two three", "one three", &[("two ", "")]),
            ("one three", "one two three", &[("", "two ")]),
            ("old red car", "new blue car", &[("old red", "new blue")]),
            ("a, b, c and d", "x, b, c and y", &[("a", "x"), ("d", "y")]),
            ("same", "same", &[]),
        ];
        for (old, new, expected) in cases {
            let found = changes(old, new);
            let shown: Vec<(&str, &str)> = found
                .iter()
                .map(|change| (&old[change.range.clone()], change.text.as_str()))
                .collect();
            assert_eq!(shown, expected, "{old} -> {new}");
        }
    }

    #[test]
    fn the_changes_make_the_new_text_of_the_old() {
        let texts = [
            "",
            "a",
            "a b",
            "b a",
            "größer als 1.5 €",
            "größer  als 1,5 €",
            "x\u{b}y\tz",
            "a b c d e f a b c",
        ];
        for old in texts {
            for new in texts {
                let mut made = old.to_owned();
                for change in changes(old, new).into_iter().rev() {
                    made.replace_range(change.range, &change.text);
                }
                assert_eq!(made, new, "{old:?} -> {new:?}");
            }
        }
    }
}
