//! One element taken apart and put together again: attributes and children keep their bytes and their order, and what is
//! new stands where the schema wants it. For property elements, whose children are small and have a fixed sequence.

use deskhand_opc::Blob;
use deskhand_opc::xml::{Node, escape};

use crate::dialect::Dialect;

/// The children of `a:spPr` in order (ECMA-376 part 1, 20.1.2.2.35).
pub(crate) const SHAPE_PROPERTIES: &[&str] = &[
    "xfrm",
    "custGeom",
    "prstGeom",
    "noFill",
    "solidFill",
    "gradFill",
    "blipFill",
    "pattFill",
    "grpFill",
    "ln",
    "effectLst",
    "effectDag",
    "scene3d",
    "sp3d",
    "extLst",
];

/// The children of `a:ln` in order (20.1.2.2.24).
pub(crate) const LINE_PROPERTIES: &[&str] = &[
    "noFill",
    "solidFill",
    "gradFill",
    "pattFill",
    "prstDash",
    "custDash",
    "round",
    "bevel",
    "miter",
    "headEnd",
    "tailEnd",
    "extLst",
];

/// The children of `a:rPr` and its kin in order (21.1.2.3.9).
pub(crate) const RUN_PROPERTIES: &[&str] = &[
    "ln",
    "noFill",
    "solidFill",
    "gradFill",
    "blipFill",
    "pattFill",
    "grpFill",
    "effectLst",
    "effectDag",
    "highlight",
    "uLnTx",
    "uLn",
    "uFillTx",
    "uFill",
    "latin",
    "ea",
    "cs",
    "sym",
    "hlinkClick",
    "hlinkMouseOver",
    "rtl",
    "extLst",
];

/// The kinds of fill.
pub(crate) const FILLS: &[&str] = &[
    "noFill",
    "solidFill",
    "gradFill",
    "blipFill",
    "pattFill",
    "grpFill",
];

/// An element with its attributes as written, and its children as XML.
#[derive(Clone, Debug)]
pub(crate) struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<(String, String)>,
}

impl Element {
    /// A new element without attributes or children.
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            attributes: Vec::new(),
            children: Vec::new(),
        }
    }

    /// An element as it stands in the part that `content` is.
    pub(crate) fn of(node: Node<'_, '_>, content: &[u8]) -> Self {
        let raw = |span: std::ops::Range<usize>| {
            String::from_utf8_lossy(content.get(span).unwrap_or_default()).into_owned()
        };
        let attributes = node.tag().attributes();
        Self {
            name: node.tag().name.to_owned(),
            attributes: attributes
                .map(|attribute| (attribute.name.to_owned(), attribute.raw.replace('"', "&quot;")))
                .collect(),
            children: node
                .children()
                .map(|child| (child.local().to_owned(), raw(child.span())))
                .collect(),
        }
    }

    /// Sets an attribute.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        let value = escape(value).into_owned();
        match self.attributes.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.attributes.push((name.to_owned(), value)),
        }
    }

    /// Takes an attribute out.
    pub(crate) fn unset(&mut self, name: &str) {
        self.attributes.retain(|(known, _)| known != name);
    }

    /// An attribute as written.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name)?;
        Some(&found.1)
    }

    /// Takes the children of these names out.
    pub(crate) fn take(&mut self, names: &[&str]) {
        self.children
            .retain(|(local, _)| !names.contains(&local.as_str()));
    }

    /// Puts a child in: in place of those named in `instead`, where the schema's `order` wants it.
    pub(crate) fn put(&mut self, order: &[&str], instead: &[&str], local: &str, xml: String) {
        self.take(instead);
        let rank = |name: &str| {
            order
                .iter()
                .position(|known| *known == name)
                .unwrap_or(order.len())
        };
        let own = rank(local);
        let at = self.children.iter().position(|(name, _)| rank(name) > own);
        self.children
            .insert(at.unwrap_or(self.children.len()), (local.to_owned(), xml));
    }

    /// Its children by local name.
    pub(crate) fn children(&self) -> impl Iterator<Item = (&str, &str)> {
        self.children
            .iter()
            .map(|(local, xml)| (local.as_str(), xml.as_str()))
    }

    /// The element as XML.
    pub(crate) fn xml(&self) -> String {
        let mut xml = format!("<{}", self.name);
        for (name, value) in &self.attributes {
            xml.extend([" ", name, "=\"", value, "\""]);
        }
        if self.children.is_empty() {
            xml.push_str("/>");
            return xml;
        }
        xml.push('>');
        xml.extend(self.children.iter().map(|(_, child)| child.as_str()));
        xml.extend(["</", &self.name, ">"]);
        xml
    }

    /// The edit that puts it in the place of a node.
    pub(crate) fn instead_of(&self, node: Node<'_, '_>) -> (std::ops::Range<usize>, Blob) {
        node.replace(&self.xml())
    }
}

/// XML of one element, written with the usual prefixes, fit for a part: prefixes that the part's root does not declare
/// in this meaning are declared on the element.
pub(crate) fn fitted(xml: &str, root: Node<'_, '_>, dialect: Dialect) -> String {
    let known = [
        ("a", dialect.drawing()),
        ("p", dialect.presentation()),
        ("r", dialect.references()),
        ("c", dialect.chart()),
    ];
    let mut declarations = String::new();
    for (prefix, uri) in known {
        let used = xml.contains(&format!("<{prefix}:")) || xml.contains(&format!(" {prefix}:"));
        let name = format!("xmlns:{prefix}");
        let declared = root
            .tag()
            .find(&name)
            .is_some_and(|attribute| attribute.raw == uri);
        if used && !declared && !xml.contains(&format!("{name}=")) {
            declarations.extend([" ", &name, "=\"", uri, "\""]);
        }
    }
    let end = xml.find(['>', ' ', '/']).filter(|_| !declarations.is_empty());
    match end {
        // The name of the first tag ends at the first space, slash or bracket behind it.
        Some(end) => format!("{}{declarations}{}", &xml[..end], &xml[end..]),
        None => xml.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use deskhand_opc::Limits;
    use deskhand_opc::xml::Tree;

    use super::*;

    const NAMESPACE: &str = "xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\"";

    #[test]
    fn a_fill_stands_where_the_schema_wants_it() {
        let xml = format!(
            "<a:spPr {NAMESPACE}><a:xfrm/><a:prstGeom prst=\"rect\"/><a:gradFill/><a:ln w=\"1\"/></a:spPr>"
        );
        let tree = Tree::parse("x", xml.as_bytes(), &Limits::default()).unwrap();
        let mut element = Element::of(tree.root(), xml.as_bytes());
        element.put(SHAPE_PROPERTIES, FILLS, "noFill", "<a:noFill/>".into());
        element.set("bwMode", "auto");
        assert_eq!(
            element.xml(),
            format!(
                "<a:spPr {NAMESPACE} bwMode=\"auto\"><a:xfrm/><a:prstGeom prst=\"rect\"/><a:noFill/><a:ln w=\"1\"/></a:spPr>"
            )
        );
    }

    #[test]
    fn a_prefix_is_declared_where_the_root_does_not() {
        let root = format!("<sld {NAMESPACE}/>");
        let tree = Tree::parse("x", root.as_bytes(), &Limits::default()).unwrap();
        let fit = |xml: &str| fitted(xml, tree.root(), Dialect::Transitional);
        assert_eq!(fit("<a:noFill/>"), "<a:noFill/>");
        assert_eq!(
            fit("<p:txBody><a:p/></p:txBody>"),
            "<p:txBody xmlns:p=\"http://schemas.openxmlformats.org/presentationml/2006/main\"><a:p/></p:txBody>"
        );
        let other = Tree::parse("x", b"<x xmlns:a=\"other\"/>", &Limits::default()).unwrap();
        assert_eq!(
            fitted("<a:noFill/>", other.root(), Dialect::Transitional),
            format!("<a:noFill {NAMESPACE}/>")
        );
    }
}
