//! What begins in one place and ends in another: ranges of bookmarks, comments and moves, and fields.

use std::collections::{BTreeMap, HashSet};

use deskhand_opc::xml::Node;

/// A finding before its place has a name: code, byte offset, sentence.
pub(super) type Raw = (&'static str, usize, String);

/// How a range begins and ends, what it is of, and the code of a finding about it (ECMA-376 part 1, 17.13).
const RANGES: [(&str, &str, &str, &str); 5] = [
    ("bookmarkStart", "bookmarkEnd", "bookmark", "bookmark.open"),
    (
        "commentRangeStart",
        "commentRangeEnd",
        "range of the comment",
        "comment.open",
    ),
    (
        "moveFromRangeStart",
        "moveFromRangeEnd",
        "source of the move",
        "move.open",
    ),
    (
        "moveToRangeStart",
        "moveToRangeEnd",
        "target of the move",
        "move.open",
    ),
    ("permStart", "permEnd", "permission", "permission.open"),
];

/// Characters of an instruction that are kept.
const MAX_INSTRUCTION: usize = 1_000;

/// Ranges by kind and id: how often they begin and end, and where first.
#[derive(Debug, Default)]
pub(super) struct Pairs(BTreeMap<(usize, String), (u32, u32, usize)>);

impl Pairs {
    pub(super) fn node(&mut self, at: usize, local: &str, node: Node<'_, '_>) {
        let kind = RANGES
            .iter()
            .position(|(begin, end, ..)| local == *begin || local == *end);
        let Some(kind) = kind else { return };
        let id = node.prefixed("id").unwrap_or_default().into_owned();
        let (begins, ends, _) = self.0.entry((kind, id)).or_insert((0, 0, at));
        if local == RANGES[kind].0 {
            *begins += 1;
        } else {
            *ends += 1;
        }
    }

    pub(super) fn finish(&mut self, found: &mut Vec<Raw>) {
        for ((kind, id), (begins, ends, at)) in std::mem::take(&mut self.0) {
            let (_, _, what, code) = RANGES[kind];
            let how = match (begins, ends) {
                (1, 1) => continue,
                (0, _) => "ends and does not begin",
                (_, 0) => "begins and does not end",
                _ => "begins or ends more than once",
            };
            found.push((code, at, format!("the {what} {id} {how}")));
        }
    }
}

/// A field that is open (17.16.18).
#[derive(Debug)]
struct Field {
    at: usize,
    instruction: String,
    separated: bool,
}

/// The fields of a part. Those of a text box, a note or a comment begin and end in it.
#[derive(Debug, Default)]
pub(super) struct Fields {
    open: Vec<Field>,
    /// Where a text of its own ends, and how many fields were open before it.
    inner: Vec<(usize, usize)>,
    /// Bookmarks that fields lead to, with their places.
    pub(super) leads: Vec<(usize, String)>,
    /// Names that fields give, in lower case.
    pub(super) names: HashSet<String>,
}

impl Fields {
    /// A text of its own begins.
    pub(super) fn enter(&mut self, end: usize) {
        self.inner.push((end, self.open.len()));
    }

    /// Leaves the texts that end before an offset.
    pub(super) fn pass(&mut self, at: usize, found: &mut Vec<Raw>) {
        while let Some((_, before)) = self.inner.pop_if(|(end, _)| *end <= at) {
            self.leave(before, found);
        }
    }

    pub(super) fn finish(&mut self, found: &mut Vec<Raw>) {
        self.leave(0, found);
    }

    fn leave(&mut self, before: usize, found: &mut Vec<Raw>) {
        for field in self.open.drain(before.min(self.open.len())..) {
            let sentence = format!(
                "the field `{}` begins and does not end",
                shown(&field.instruction)
            );
            found.push(("field.open", field.at, sentence));
        }
    }

    pub(super) fn node(&mut self, at: usize, local: &str, node: Node<'_, '_>, found: &mut Vec<Raw>) {
        if local == "fldSimple" {
            self.instructed(at, &node.prefixed("instr").unwrap_or_default());
            return;
        }
        let outside = self.inner.last().map_or(0, |(_, before)| *before);
        if local != "fldChar" {
            // The instruction of a field that is not separated yet.
            if let Some(field) = self.open.last_mut().filter(|field| !field.separated) {
                let room = MAX_INSTRUCTION.saturating_sub(field.instruction.len());
                field.instruction.extend(node.own_text().chars().take(room));
            }
            return;
        }
        let is_open = self.open.len() > outside;
        match node.prefixed("fldCharType").as_deref() {
            Some("begin") => self.open.push(Field {
                at,
                instruction: String::new(),
                separated: false,
            }),
            Some("separate") if is_open => {
                if let Some(field) = self.open.last_mut() {
                    field.separated = true;
                }
            }
            Some("end") if is_open => {
                if let Some(field) = self.open.pop() {
                    self.instructed(field.at, &field.instruction);
                }
            }
            _ => {
                let sentence = "a field ends or goes on that does not begin".to_owned();
                found.push(("field.end", at, sentence));
            }
        }
    }

    /// What a field leads to or names (17.16.5).
    fn instructed(&mut self, at: usize, instruction: &str) {
        let mut words = instruction.split_whitespace();
        let name = |word: Option<&str>| word.map(|word| word.trim_matches('"').to_owned());
        match words.next().map(str::to_ascii_uppercase).as_deref() {
            Some("REF" | "PAGEREF" | "NOTEREF") => {
                self.leads.extend(name(words.next()).map(|name| (at, name)));
            }
            Some("SET" | "ASK") => {
                self.names
                    .extend(name(words.next()).map(|name| name.to_lowercase()));
            }
            _ => {}
        }
    }
}

/// An instruction in a few words.
fn shown(instruction: &str) -> String {
    let words: Vec<&str> = instruction.split_whitespace().collect();
    words.join(" ").chars().take(60).collect()
}
