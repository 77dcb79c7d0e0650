//! Threads of comments ([MS-XLSX] 2.6.203 `CT_ThreadedComments`, 2.6.206 `CT_PersonList`). Notes, which the standard calls
//! comments, are not threads; each thread has one beside it for older readers.

use std::borrow::Cow;
use std::collections::HashMap;

use deskhand_opc::Package;
use deskhand_opc::xml::{Node, Tree};
use deskhand_operations::Area;

use crate::error::Outcome;
use crate::workbook::{SheetEntry, Workbook, is_true};

/// One comment as the part holds it.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) id: String,
    pub(crate) parent: Option<String>,
    pub(crate) cell: Option<(u32, u32)>,
    pub(crate) at: Option<String>,
    pub(crate) author: String,
    pub(crate) text: String,
    pub(crate) resolved: bool,
    pub(crate) mentions: Vec<String>,
    /// The place behind it in its part.
    pub(crate) end: usize,
}

/// Parts that a part leads to by a relationship of Microsoft's, by the last word of its type.
pub(crate) fn related(package: &Package, source: &str, kind: &str) -> Outcome<Vec<String>> {
    let relationships = package.relationships(source)?.into_iter();
    let own = relationships.filter(|relationship| relationship.kind.rsplit('/').next() == Some(kind));
    Ok(own
        .filter_map(|relationship| package.spelling(relationship.part()?).map(str::to_owned))
        .collect())
}

pub(crate) fn text(node: Node<'_, '_>, name: &str) -> Option<String> {
    node.attribute(name).map(Cow::into_owned)
}

/// Who may have written: names by id.
pub(crate) fn persons(workbook: &Workbook) -> Outcome<HashMap<String, String>> {
    let mut persons = HashMap::new();
    for part in related(&workbook.package, &workbook.part, "person")? {
        let content = workbook.package.part(&part)?;
        let tree = Tree::parse(&part, &content, workbook.package.limits())?;
        for person in tree.root().children().filter(|node| node.local() == "person") {
            if let (Some(id), Some(name)) = (text(person, "id"), text(person, "displayName")) {
                persons.insert(id.to_uppercase(), name);
            }
        }
    }
    Ok(persons)
}

/// The parts of a sheet that hold threads.
pub(crate) fn parts(workbook: &Workbook, sheet: &SheetEntry) -> Outcome<Vec<String>> {
    related(&workbook.package, &sheet.part, "threadedComment")
}

/// The comments of a part in its order.
pub(crate) fn comments(tree: &Tree<'_>, persons: &HashMap<String, String>) -> Vec<Held> {
    let name = |id: Option<String>| {
        let known = id.and_then(|id| persons.get(&id.to_uppercase()).cloned());
        known.unwrap_or_else(|| "unknown".to_owned())
    };
    let held = |node: Node<'_, '_>| {
        let area = text(node, "ref").and_then(|cell| Area::parse(&cell).ok());
        let mentions = node.descendants().filter(|inner| inner.local() == "mention");
        Held {
            id: text(node, "id").unwrap_or_default(),
            parent: text(node, "parentId"),
            cell: area.map(|area| (area.top, area.left)),
            at: text(node, "dT"),
            author: name(text(node, "personId")),
            text: node
                .child("text")
                .map(|text| text.own_text().to_owned())
                .unwrap_or_default(),
            resolved: text(node, "done").is_some_and(|done| is_true(&done)),
            mentions: mentions
                .map(|mention| name(text(mention, "mentionpersonId")))
                .collect(),
            end: node.span().end,
        }
    };
    let nodes = tree
        .root()
        .children()
        .filter(|node| node.local() == "threadedComment");
    nodes.map(held).collect()
}

/// The comments of a part as threads: each a first comment and the answers to it.
pub(crate) fn threads(comments: &[Held]) -> Vec<Vec<&Held>> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut threads: Vec<Vec<&Held>> = Vec::new();
    for comment in comments.iter().filter(|comment| comment.parent.is_none()) {
        places.insert(comment.id.to_uppercase(), threads.len());
        threads.push(vec![comment]);
    }
    for comment in comments {
        let Some(parent) = &comment.parent else { continue };
        match places.get(&parent.to_uppercase()) {
            Some(place) => threads[*place].push(comment),
            // An answer to nothing is a thread of its own: it is not left out.
            None => threads.push(vec![comment]),
        }
    }
    threads
}

/// An id made of texts: FNV-1a over 128 bits, in the form of a UUID of version 8 (RFC 9562, 5.8).
pub(crate) fn guid(texts: &[&str]) -> String {
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for text in texts {
        // A byte that no text holds ends each one: "ab" and "c" are not "a" and "bc".
        for byte in text.bytes().chain([0xff]) {
            hash = (hash ^ u128::from(byte)).wrapping_mul(PRIME);
        }
    }
    let hash = hash & !(0xf << 76) & !(0x3 << 62) | 0x8 << 76 | 0x2 << 62;
    let hex = format!("{hash:032X}");
    format!(
        "{{{}-{}-{}-{}-{}}}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

#[cfg(test)]
mod tests {
    use super::guid;

    #[test]
    fn ids_are_the_same_for_the_same_and_others_for_others() {
        let id = guid(&["person", "A"]);
        assert_eq!(id, guid(&["person", "A"]));
        assert_ne!(id, guid(&["person", "B"]));
        assert_ne!(guid(&["ab", "c"]), guid(&["a", "bc"]));
        let parts: Vec<usize> = id.trim_matches(['{', '}']).split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert_eq!(&id[15..16], "8");
    }
}
