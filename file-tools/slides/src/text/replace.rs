//! Replacing words in paragraphs: a match may begin in one run and end in another, and each run keeps its formatting.

use std::ops::Range;

use deskhand_opc::Blob;
use deskhand_opc::xml::{Node, Ns, escape};

/// What to look for, and what to put in its place.
#[derive(Clone, Debug)]
pub(crate) struct Words<'w> {
    find: Vec<char>,
    replace: &'w str,
    match_case: bool,
    whole: bool,
}

impl<'w> Words<'w> {
    /// The words; `find` is not empty.
    pub(crate) fn new(find: &str, replace: &'w str, match_case: bool, whole: bool) -> Self {
        Self {
            find: find
                .chars()
                .map(|character| folded(character, match_case))
                .collect(),
            replace,
            match_case,
            whole,
        }
    }

    /// How often the words stand in a text.
    pub(crate) fn count(&self, text: &str) -> usize {
        self.places(&text.chars().collect::<Vec<_>>()).len()
    }

    /// Where the words stand, apart from each other, as ranges of characters.
    fn places(&self, text: &[char]) -> Vec<Range<usize>> {
        let length = self.find.len();
        let mut places = Vec::new();
        let mut at = 0;
        while length > 0 && at + length <= text.len() {
            let here = &text[at..at + length];
            let same = here
                .iter()
                .zip(&self.find)
                .all(|(one, other)| folded(*one, self.match_case) == *other);
            if same && self.stands_alone(text, at..at + length) {
                places.push(at..at + length);
                at += length;
            } else {
                at += 1;
            }
        }
        places
    }

    fn stands_alone(&self, text: &[char], place: Range<usize>) -> bool {
        let is_word = |character: Option<&char>| character.is_some_and(|c| c.is_alphanumeric() || *c == '_');
        // A word's edge is asked for only where the words themselves end in a letter or digit.
        let left = is_word(text.get(place.start)) && place.start > 0 && is_word(text.get(place.start - 1));
        let right = is_word(text.get(place.end - 1)) && is_word(text.get(place.end));
        !self.whole || !(left || right)
    }

    /// The edits that replace the words in a paragraph, and how many there are. Fields, breaks and formulas are bounds
    /// that no match crosses.
    pub(crate) fn edits(&self, paragraph: Node<'_, '_>) -> (Vec<(Range<usize>, Blob)>, usize) {
        let mut edits = Vec::new();
        let mut count = 0;
        let mut stretch: Vec<Node<'_, '_>> = Vec::new();
        for node in paragraph.children() {
            if node.is(Ns::Drawing, "r") {
                stretch.extend(node.child("t"));
            } else if !stretch.is_empty() && !matches!(node.local(), "pPr" | "endParaRPr") {
                count += self.stretch(&stretch, &mut edits);
                stretch.clear();
            }
        }
        count += self.stretch(&stretch, &mut edits);
        (edits, count)
    }

    /// Replaces in texts that stand beside each other.
    fn stretch(&self, texts: &[Node<'_, '_>], edits: &mut Vec<(Range<usize>, Blob)>) -> usize {
        let mut whole: Vec<char> = Vec::new();
        let mut starts = Vec::with_capacity(texts.len());
        for text in texts {
            starts.push(whole.len());
            whole.extend(text.own_text().chars());
        }
        let places = self.places(&whole);
        if places.is_empty() {
            return 0;
        }
        for (index, text) in texts.iter().enumerate() {
            let range = starts[index]..starts.get(index + 1).copied().unwrap_or(whole.len());
            let touched = places
                .iter()
                .any(|place| place.start < range.end && place.end > range.start);
            if touched {
                let new = self.piece(&whole, &places, range);
                let (span, content) = (text.inner(), escape(&new).into_owned());
                edits.push((span, content.as_str().into()));
            }
        }
        places.len()
    }

    /// The new text of one run: what was replaced stands in the run in which the match begins.
    fn piece(&self, whole: &[char], places: &[Range<usize>], range: Range<usize>) -> String {
        let mut new = String::new();
        let mut at = range.start;
        for place in places
            .iter()
            .filter(|place| place.end > range.start && place.start < range.end)
        {
            if place.start >= range.start {
                new.extend(&whole[at..place.start.max(at)]);
                new.push_str(self.replace);
            }
            at = place.end.min(range.end);
        }
        new.extend(&whole[at..range.end]);
        new
    }
}

/// A character as it is compared.
fn folded(character: char, match_case: bool) -> char {
    if match_case {
        return character;
    }
    let mut lower = character.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => one,
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use deskhand_opc::Limits;
    use deskhand_opc::xml::Tree;

    use super::*;

    fn replaced(runs: &str, words: &Words<'_>) -> (String, usize) {
        let xml =
            format!("<a:p xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\">{runs}</a:p>");
        let tree = Tree::parse("p", xml.as_bytes(), &Limits::default()).unwrap();
        let (edits, count) = words.edits(tree.root());
        let mut result = xml.clone();
        for (range, new) in edits.into_iter().rev() {
            result.replace_range(range, std::str::from_utf8(&new).unwrap());
        }
        let start = result.find('>').unwrap() + 1;
        (result[start..result.len() - 6].to_owned(), count)
    }

    fn run(properties: &str, text: &str) -> String {
        format!("<a:r>{properties}<a:t>{text}</a:t></a:r>")
    }

    #[test]
    fn a_match_over_three_runs_stands_in_the_first_and_each_keeps_its_formatting() {
        let bold = "<a:rPr b=\"1\"/>";
        let before = run("", "In Q1 ") + &run(bold, "20") + &run("", "26: Q1 2026");
        let words = Words::new("q1 2026", "Q2 & Q3", false, false);
        let after = run("", "In Q2 &amp; Q3") + &run(bold, "") + &run("", ": Q2 &amp; Q3");
        assert_eq!(replaced(&before, &words), (after, 2));
    }

    #[test]
    fn case_and_whole_are_told_apart() {
        let cases = [
            ("Cat", false, false, 4),
            ("Cat", true, false, 1),
            ("cat", false, true, 3),
            ("cat", true, true, 1),
            ("ß", false, false, 1),
            ("%", false, true, 1),
        ];
        for (find, case, whole, expected) in cases {
            let words = Words::new(find, "", case, whole);
            let (_, count) = replaced(&run("", "Cat cat, CAT. concat ß 5%"), &words);
            assert_eq!(count, expected, "{find} {case} {whole}");
        }
    }

    #[test]
    fn no_match_crosses_a_break_or_a_field() {
        let words = Words::new("ab", "x", false, false);
        let broken = run("", "a") + "<a:br/>" + &run("", "b");
        assert_eq!(replaced(&broken, &words), (broken.clone(), 0));
        let field =
            run("", "a") + "<a:fld id=\"{1}\" type=\"slidenum\"><a:t>ab</a:t></a:fld>" + &run("", "b");
        assert_eq!(replaced(&field, &words), (field.clone(), 0));
    }
}
