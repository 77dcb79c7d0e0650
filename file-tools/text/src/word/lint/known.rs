//! What the text may refer to: styles, lists, notes and comments, by the parts that define them.

use std::collections::HashSet;

use deskhand_opc::xml::{Node, Ns, Tree};
use deskhand_operations::Refusal;

use super::Findings;
use crate::refuse;
use crate::word::names::value;

/// Ids that are defined. A part that is not there defines none; one that cannot be read is no ground to judge by.
#[derive(Debug)]
pub(super) struct Known {
    styles: Option<HashSet<(String, String)>>,
    lists: Option<HashSet<String>>,
    pub(super) comments: Option<HashSet<String>>,
    pub(super) footnotes: Option<HashSet<String>>,
    pub(super) endnotes: Option<HashSet<String>>,
}

impl Known {
    /// Reads the definitions; findings in them come along.
    pub(super) fn read(found: &mut Findings<'_>) -> Result<Self, Refusal> {
        let numbers = |element: &'static str, attribute: &'static str| {
            move |_: &mut Vec<Loose>, root: Node<'_, '_>| -> HashSet<String> {
                let nodes = root.children().filter(|node| node.is(Ns::Word, element));
                let ids = nodes.filter_map(|node| Some(node.prefixed(attribute)?.into_owned()));
                ids.collect()
            }
        };
        let known = Self {
            styles: defined(found, "styles", styles)?,
            lists: defined(found, "numbering", lists)?,
            comments: defined(found, "comments", numbers("comment", "id"))?,
            footnotes: defined(found, "footnotes", numbers("footnote", "id"))?,
            endnotes: defined(found, "endnotes", numbers("endnote", "id"))?,
        };
        known.check_styles(found)?;
        Ok(known)
    }

    /// True for a style of a kind that is there. Programs differ in case.
    pub(super) fn has_style(&self, kind: &str, id: &str) -> bool {
        let key = (kind.to_owned(), id.to_lowercase());
        self.styles.as_ref().is_none_or(|styles| styles.contains(&key))
    }

    /// True for a list that is there; 0 takes a paragraph out of all.
    pub(super) fn has_list(&self, id: &str) -> bool {
        id == "0" || self.lists.as_ref().is_none_or(|lists| lists.contains(id))
    }

    /// The lists that styles make their paragraphs members of.
    fn check_styles(&self, found: &mut Findings<'_>) -> Result<(), Refusal> {
        let missing = defined(found, "styles", |loose, root| {
            for style in root.children().filter(|node| node.is(Ns::Word, "style")) {
                let list = style
                    .child("pPr")
                    .and_then(|properties| properties.child("numPr"))
                    .and_then(|mark| value(mark, "numId"));
                let id = style.prefixed("styleId").unwrap_or_default();
                if let Some(list) = list.filter(|list| !self.has_list(list)) {
                    let sentence = format!("the style {id} is of the list {list}, which is not there");
                    loose.push(("list.missing", sentence));
                }
            }
        });
        missing.map(drop)
    }
}

/// A code and a sentence.
type Loose = (&'static str, String);

/// Reads a part that the main one is related to; what `read` finds wrong is noted as the part's.
fn defined<T: Default>(
    found: &mut Findings<'_>,
    kind: &str,
    read: impl FnOnce(&mut Vec<Loose>, Node<'_, '_>) -> T,
) -> Result<Option<T>, Refusal> {
    let (package, main) = (&found.document.package, &found.document.main);
    let related = package.related(main, kind);
    let Ok(Some(name)) = related.map(|parts| parts.into_iter().next()) else {
        return Ok(Some(T::default()));
    };
    // The part itself is told to be damaged where the parts are looked at.
    let content = match package.part(&name) {
        Err(error @ deskhand_opc::PackageError::TooLarge(_)) => return Err(refuse::package(&error)),
        Err(_) => return Ok(None),
        Ok(content) => content,
    };
    let Ok(tree) = Tree::parse(&name, &content, package.limits()) else {
        return Ok(None);
    };
    let mut loose = Vec::new();
    let defined = read(&mut loose, tree.root());
    for (code, sentence) in loose {
        found.add(code, &name, "", sentence);
    }
    Ok(Some(defined))
}

/// Styles by kind and id; each once, and what they build on is there.
fn styles(loose: &mut Vec<Loose>, root: Node<'_, '_>) -> HashSet<(String, String)> {
    let nodes: Vec<Node<'_, '_>> = root
        .children()
        .filter(|node| node.is(Ns::Word, "style"))
        .collect();
    let mut ids = HashSet::new();
    let mut styles = HashSet::new();
    for style in &nodes {
        let id = style.prefixed("styleId").unwrap_or_default();
        let kind = style
            .prefixed("type")
            .map_or_else(|| "paragraph".to_owned(), std::borrow::Cow::into_owned);
        styles.insert((kind, id.to_lowercase()));
        if !ids.insert(id.to_lowercase()) {
            loose.push(("style.twice", format!("two styles have the id {id}")));
        }
    }
    for style in &nodes {
        let base = value(*style, "basedOn").filter(|base| !ids.contains(&base.to_lowercase()));
        if let Some(base) = base {
            let id = style.prefixed("styleId").unwrap_or_default();
            let sentence = format!("the style {id} is based on the style {base}, which is not there");
            loose.push(("style.missing", sentence));
        }
    }
    styles
}

/// Lists by their number (ECMA-376 part 1, 17.9.15); each has a definition.
fn lists(loose: &mut Vec<Loose>, root: Node<'_, '_>) -> HashSet<String> {
    let of = |element: &'static str| root.children().filter(move |node| node.is(Ns::Word, element));
    let definitions: HashSet<String> = of("abstractNum")
        .filter_map(|node| Some(node.prefixed("abstractNumId")?.into_owned()))
        .collect();
    let mut lists = HashSet::new();
    for list in of("num") {
        let id = list.prefixed("numId").unwrap_or_default();
        if value(list, "abstractNumId").is_none_or(|definition| !definitions.contains(&definition)) {
            loose.push(("list.definition", format!("the list {id} has no definition")));
        }
        if !lists.insert(id.to_string()) {
            loose.push(("list.twice", format!("two lists have the number {id}")));
        }
    }
    lists
}
