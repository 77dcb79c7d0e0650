//! A part as a tree of offsets.

use std::borrow::Cow;
use std::ops::Range;

use super::{Event, Ns, Reader, Tag};
use crate::blob::Blob;
use crate::error::PackageError;
use crate::limits::Limits;

#[derive(Debug)]
struct Element<'a> {
    tag: Tag<'a>,
    parent: Option<usize>,
    first: Option<usize>,
    next: Option<usize>,
    /// Where the end tag starts, and where the element ends.
    end: Range<usize>,
    text: String,
}

/// A part's elements with their places.
#[derive(Debug)]
pub struct Tree<'a> {
    elements: Vec<Element<'a>>,
    strict: bool,
}

/// One element of a tree.
#[derive(Clone, Copy, Debug)]
pub struct Node<'t, 'a> {
    tree: &'t Tree<'a>,
    index: usize,
}

impl<'a> Tree<'a> {
    /// Reads a part; `part` is its name, for messages.
    pub fn parse(part: &'a str, content: &'a [u8], limits: &Limits) -> Result<Self, PackageError> {
        let mut reader = Reader::new(part, content, limits)?;
        let mut elements: Vec<Element<'a>> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        // The last child so far of each open element.
        let mut last: Vec<Option<usize>> = vec![None];
        while let Some(event) = reader.next_event()? {
            match event {
                Event::Start(tag) => {
                    let index = elements.len();
                    if index >= limits.xml_nodes {
                        return Err(PackageError::TooLarge(format!(
                            "the part `{part}` has too many elements"
                        )));
                    }
                    let parent = open.last().copied();
                    match (last.last().copied().flatten(), parent) {
                        (Some(sibling), Some(_)) => elements[sibling].next = Some(index),
                        (None, Some(parent)) => elements[parent].first = Some(index),
                        (Some(_), None) => return Err(second_root(part, tag.span.start)),
                        (None, None) => {}
                    }
                    if let Some(slot) = last.last_mut() {
                        *slot = Some(index);
                    }
                    last.push(None);
                    open.push(index);
                    let end = tag.span.end..tag.span.end;
                    elements.push(Element {
                        tag,
                        parent,
                        first: None,
                        next: None,
                        end,
                        text: String::new(),
                    });
                }
                Event::End { span } => {
                    last.pop();
                    if let Some(index) = open.pop() {
                        elements[index].end = span;
                    }
                }
                Event::Text(text) => {
                    if let Some(index) = open.last() {
                        elements[*index].text.push_str(&text);
                    }
                }
            }
        }
        if elements.is_empty() {
            return Err(PackageError::Xml {
                part: part.to_owned(),
                offset: 0,
                reason: "no root element".to_owned(),
            });
        }
        Ok(Self {
            elements,
            strict: reader.is_strict(),
        })
    }

    /// The root element.
    pub fn root(&self) -> Node<'_, 'a> {
        Node { tree: self, index: 0 }
    }

    /// True when a strict namespace is declared.
    pub fn is_strict(&self) -> bool {
        self.strict
    }
}

fn second_root(part: &str, offset: usize) -> PackageError {
    PackageError::Xml {
        part: part.to_owned(),
        offset,
        reason: "a second root element".to_owned(),
    }
}

impl<'t, 'a> Node<'t, 'a> {
    fn element(&self) -> &'t Element<'a> {
        &self.tree.elements[self.index]
    }

    /// The start tag.
    pub fn tag(&self) -> &'t Tag<'a> {
        &self.element().tag
    }

    /// The name without prefix.
    pub fn local(&self) -> &'a str {
        self.tag().local()
    }

    /// The prefix with its colon, or nothing.
    pub fn prefix_colon(&self) -> String {
        self.tag().prefix_colon()
    }

    /// True for this namespace and local name.
    pub fn is(&self, ns: Ns, local: &str) -> bool {
        self.tag().is(ns, local)
    }

    /// The value of an attribute by its name as written.
    pub fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        self.tag().attribute(name)
    }

    /// The value of an attribute that has a prefix (`r:id`), by local name.
    pub fn prefixed(&self, local: &str) -> Option<Cow<'a, str>> {
        self.tag().prefixed(local)
    }

    /// True for `<a/>`.
    pub fn self_closing(&self) -> bool {
        self.tag().self_closing
    }

    /// The whole element.
    pub fn span(&self) -> Range<usize> {
        self.tag().span.start..self.element().end.end
    }

    /// Between the tags; empty for `<a/>`.
    pub fn inner(&self) -> Range<usize> {
        self.tag().span.end..self.element().end.start
    }

    /// The parent.
    pub fn parent(&self) -> Option<Self> {
        self.element().parent.map(|index| Self {
            tree: self.tree,
            index,
        })
    }

    /// The child elements.
    pub fn children(&self) -> impl Iterator<Item = Node<'t, 'a>> + use<'t, 'a> {
        let tree = self.tree;
        let mut next = self.element().first;
        std::iter::from_fn(move || {
            let index = next?;
            next = tree.elements[index].next;
            Some(Node { tree, index })
        })
    }

    /// The first child of this local name in the parent's namespace.
    pub fn child(&self, local: &str) -> Option<Self> {
        self.children()
            .find(|child| child.tag().ns == self.tag().ns && child.local() == local)
    }

    /// The first child of this namespace and local name.
    pub fn child_in(&self, ns: Ns, local: &str) -> Option<Self> {
        self.children().find(|child| child.is(ns, local))
    }

    /// This element and everything below it, in document order.
    pub fn descendants(&self) -> impl Iterator<Item = Node<'t, 'a>> + use<'t, 'a> {
        let (tree, from, to) = (self.tree, self.index, self.span().end);
        (from..tree.elements.len())
            .map(move |index| Node { tree, index })
            .take_while(move |node| node.index == from || node.tag().span.start < to)
    }

    /// The element's own text, without that of inner elements.
    pub fn own_text(&self) -> &'t str {
        &self.element().text
    }

    /// All text inside.
    pub fn text(&self) -> String {
        self.descendants()
            .map(|node| node.element().text.as_str())
            .collect()
    }

    /// The edit that inserts XML as the last thing inside, also into `<a/>`.
    pub fn append(&self, xml: &str) -> (Range<usize>, Blob) {
        self.open_up(xml)
            .unwrap_or_else(|| (self.inner().end..self.inner().end, xml.into()))
    }

    /// The edit that inserts XML as the first thing inside, also into `<a/>`.
    pub fn prepend(&self, xml: &str) -> (Range<usize>, Blob) {
        self.open_up(xml)
            .unwrap_or_else(|| (self.inner().start..self.inner().start, xml.into()))
    }

    fn open_up(&self, xml: &str) -> Option<(Range<usize>, Blob)> {
        let tag = self.tag();
        let end = tag.span.end;
        tag.self_closing
            .then(|| (end - 2..end, format!(">{xml}</{}>", tag.name).into()))
    }

    /// The edit that inserts XML after the element.
    pub fn after(&self, xml: &str) -> (Range<usize>, Blob) {
        (self.span().end..self.span().end, xml.into())
    }

    /// The edit that inserts XML before the element.
    pub fn before(&self, xml: &str) -> (Range<usize>, Blob) {
        (self.span().start..self.span().start, xml.into())
    }

    /// The edit that replaces the element, or takes it out when `xml` is empty.
    pub fn replace(&self, xml: &str) -> (Range<usize>, Blob) {
        (self.span(), xml.into())
    }
}
