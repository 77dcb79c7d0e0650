//! How a part writes names: the prefix of its elements and attributes, and the URIs of its dialect.

use deskhand_opc::xml::{Node, Ns};

/// The names that new markup uses in one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    /// The prefix of elements with its colon, or nothing.
    pub(super) element: String,
    /// The prefix of attributes with its colon; attributes of WordprocessingML are always qualified.
    pub(super) attribute: String,
    /// What has to be declared on new elements because the root does not, with a space before it.
    pub(super) declaration: String,
    pub(super) strict: bool,
}

impl Names {
    /// The names in use under a root.
    pub(super) fn of(root: Node<'_, '_>, strict: bool) -> Self {
        let declared = root.tag().attributes().find_map(|attribute| {
            let prefix = attribute.name.strip_prefix("xmlns:")?;
            (Ns::of(attribute.raw) == Ns::Word).then(|| format!("{prefix}:"))
        });
        let mut names = Self {
            element: root.prefix_colon(),
            attribute: String::new(),
            declaration: String::new(),
            strict,
        };
        if let Some(prefix) = declared {
            names.attribute = prefix;
        } else {
            names.attribute.push_str("w:");
            names.declaration = format!(" xmlns:w=\"{}\"", names.word());
        }
        names
    }

    /// The namespace of WordprocessingML.
    pub(super) fn word(&self) -> &'static str {
        if self.strict {
            "http://purl.oclc.org/ooxml/wordprocessingml/main"
        } else {
            "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
        }
    }

    /// The namespace of DrawingML.
    pub(super) fn drawing(&self) -> &'static str {
        if self.strict {
            "http://purl.oclc.org/ooxml/drawingml/main"
        } else {
            "http://schemas.openxmlformats.org/drawingml/2006/main"
        }
    }

    /// The namespace of pictures in DrawingML.
    pub(super) fn picture(&self) -> &'static str {
        if self.strict {
            "http://purl.oclc.org/ooxml/drawingml/picture"
        } else {
            "http://schemas.openxmlformats.org/drawingml/2006/picture"
        }
    }

    /// The namespace of drawings in word documents.
    pub(super) fn word_drawing(&self) -> &'static str {
        if self.strict {
            "http://purl.oclc.org/ooxml/drawingml/wordprocessingDrawing"
        } else {
            "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
        }
    }

    /// The namespace of references to relationships.
    pub(super) fn references(&self) -> &'static str {
        if self.strict {
            "http://purl.oclc.org/ooxml/officeDocument/relationships"
        } else {
            "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
        }
    }

    /// The whole type of a relationship, `image` for instance.
    pub(super) fn relationship(&self, kind: &str) -> String {
        format!("{}/{kind}", self.references())
    }

    /// A start tag with attributes of WordprocessingML: `<w:name w:a="v">`. Values must be escaped already.
    pub(super) fn open(&self, name: &str, attributes: &[(&str, &str)]) -> String {
        let mut written = String::new();
        for (name, value) in attributes {
            written.extend([" ", &self.attribute, name, "=\"", value, "\""]);
        }
        format!(
            "<{}{name}{}{written}>",
            self.element,
            self.scope(!attributes.is_empty())
        )
    }

    /// An empty element: `<w:name w:a="v"/>`.
    pub(super) fn empty(&self, name: &str, attributes: &[(&str, &str)]) -> String {
        let mut tag = self.open(name, attributes);
        tag.insert(tag.len() - 1, '/');
        tag
    }

    /// `</w:name>`.
    pub(super) fn close(&self, name: &str) -> String {
        format!("</{}{name}>", self.element)
    }

    /// An element with content.
    pub(super) fn element(&self, name: &str, attributes: &[(&str, &str)], content: &str) -> String {
        if content.is_empty() {
            return self.empty(name, attributes);
        }
        format!("{}{content}{}", self.open(name, attributes), self.close(name))
    }

    fn scope(&self, needed: bool) -> &str {
        if needed { &self.declaration } else { "" }
    }
}

/// A toggle property (ECMA-376 part 1, 17.7.3): present without a value means on.
pub(super) fn is_on(node: Node<'_, '_>) -> bool {
    node.prefixed("val")
        .is_none_or(|value| !matches!(&*value, "0" | "false" | "off" | "none"))
}

/// The `val` attribute of a child.
pub(super) fn value(node: Node<'_, '_>, child: &str) -> Option<String> {
    Some(node.child(child)?.prefixed("val")?.into_owned())
}
