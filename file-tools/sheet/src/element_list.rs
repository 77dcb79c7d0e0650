//! Lists of elements in a worksheet part (`mergeCells`, `dataValidations`, `hyperlinks`): entries taken out and added, and
//! the count kept true.

use std::fmt::Write as _;
use std::ops::Range;

use deskhand_opc::xml::{Node, Tree, escape};
use deskhand_opc::{Blob, Limits};

use crate::error::Outcome;
use crate::sheet::Worksheet;

/// The list that has no count (ECMA-376 part 1, 18.3.1.48).
const UNCOUNTED: &str = "hyperlinks";

/// A byte edit of a part.
pub(crate) type Edit = (Range<usize>, Blob);

/// A piece of a part, which stands at this place, with edits of the part made in it.
pub(crate) fn edited(piece: &[u8], at: usize, mut edits: Vec<Edit>) -> Vec<u8> {
    edits.sort_by_key(|(span, _)| (span.start, span.end));
    let mut made = Vec::with_capacity(piece.len() + 64);
    let mut from = at;
    for (span, new) in edits {
        made.extend_from_slice(&piece[from - at..span.start - at]);
        made.extend_from_slice(&new);
        from = span.end;
    }
    made.extend_from_slice(&piece[from - at..]);
    made
}

/// An element below the root as a tree. Its offsets count from the element's start; prefixes stay undeclared in it, which
/// offsets do not mind.
#[derive(Debug)]
pub(crate) struct Fragment<'a> {
    pub(crate) tree: Tree<'a>,
    at: usize,
}

impl<'a> Fragment<'a> {
    /// The element that stands in this place of a part.
    pub(crate) fn of(content: &'a [u8], span: &Range<usize>, limits: &Limits) -> Outcome<Self> {
        Ok(Self {
            tree: Tree::parse("worksheet", &content[span.clone()], limits)?,
            at: span.start,
        })
    }

    /// A place of the fragment as a place of the part.
    pub(crate) fn place(&self, span: Range<usize>) -> Range<usize> {
        span.start + self.at..span.end + self.at
    }

    /// An edit of the fragment as an edit of the part.
    pub(crate) fn edit(&self, (span, new): Edit) -> Edit {
        (self.place(span), new)
    }
}

impl<'a> Worksheet<'a> {
    /// The first element of this name below the root.
    pub(crate) fn fragment(&self, local: &str, limits: &Limits) -> Outcome<Option<Fragment<'a>>> {
        self.find(local)
            .map(|element| Fragment::of(self.content, &element.span, limits))
            .transpose()
    }
}

/// The edits that take entries out of a list and add others at its end. A list that would be empty goes; one that is not
/// there comes.
pub(crate) fn edits(
    sheet: &Worksheet<'_>,
    limits: &Limits,
    local: &str,
    goes: &dyn Fn(&Node<'_, '_>) -> bool,
    added: &[String],
) -> Outcome<Vec<Edit>> {
    let Some(list) = sheet.fragment(local, limits)? else {
        if added.is_empty() {
            return Ok(Vec::new());
        }
        let p = &sheet.prefix;
        let count = match local {
            UNCOUNTED => String::new(),
            _ => format!(r#" count="{}""#, added.len()),
        };
        let xml = format!("<{p}{local}{count}>{}</{p}{local}>", added.concat());
        return Ok(vec![sheet.insert(local, &xml)]);
    };
    let root = list.tree.root();
    let gone: Vec<Range<usize>> = root.children().filter(goes).map(|node| node.span()).collect();
    let count = root.children().count() - gone.len() + added.len();
    if count == 0 {
        return Ok(vec![list.edit((root.span(), Blob::default()))]);
    }
    if gone.is_empty() && added.is_empty() {
        return Ok(Vec::new());
    }
    let mut edits: Vec<Edit> = gone
        .into_iter()
        .map(|span| list.edit((span, Blob::default())))
        .collect();
    if !added.is_empty() {
        edits.push(list.edit(root.append(&added.concat())));
    }
    if !root.self_closing() && local != UNCOUNTED {
        edits.push(list.edit(root.tag().set_attribute("count", &count.to_string())));
    }
    Ok(edits)
}

/// The edits that give an element below the root these attributes, or take them from it; an element that is not there
/// comes.
pub(crate) fn attributes(sheet: &Worksheet<'_>, local: &str, set: &[(&str, Option<String>)]) -> Vec<Edit> {
    if let Some(element) = sheet.find(local) {
        let edit = |(name, value): &(&str, Option<String>)| match value {
            Some(value) => Some(element.tag.set_attribute(name, value)),
            None => element.tag.remove_attribute(name),
        };
        return set.iter().filter_map(edit).collect();
    }
    let mut attributes = String::new();
    for (name, value) in set {
        if let Some(value) = value {
            let _ = write!(attributes, r#" {name}="{}""#, escape(value));
        }
    }
    if attributes.is_empty() {
        return Vec::new();
    }
    let p = &sheet.prefix;
    vec![sheet.insert(local, &format!("<{p}{local}{attributes}/>"))]
}
