//! Reading parts as trees, and following relationships, with this crate's refusals.

use std::collections::BTreeSet;

use deskhand_opc::xml::{Node, Tree};
use deskhand_opc::{Blob, Limits, Package, Relationship};
use deskhand_operations::Refusal;

use crate::dialect::Dialect;
use crate::refuse;

/// A part with its content, to be read as a tree.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) content: Blob,
    limits: Limits,
}

impl Part {
    /// The part of this name.
    pub(crate) fn read(package: &Package, name: &str) -> Result<Self, Refusal> {
        let content = package.part(name).map_err(|error| refuse::package(&error))?;
        Ok(Self {
            name: name.to_owned(),
            content,
            limits: *package.limits(),
        })
    }

    /// Its elements.
    pub(crate) fn tree(&self) -> Result<Tree<'_>, Refusal> {
        Tree::parse(&self.name, &self.content, &self.limits).map_err(|error| refuse::package(&error))
    }
}

/// The relationships of a part.
pub(crate) fn relationships(package: &Package, source: &str) -> Result<Vec<Relationship>, Refusal> {
    package
        .relationships(source)
        .map_err(|error| refuse::package(&error))
}

/// The part behind a relationship of `source`, in the spelling of the file.
pub(crate) fn target<'p>(package: &'p Package, relationships: &[Relationship], id: &str) -> Option<&'p str> {
    let relationship = relationships.iter().find(|relationship| relationship.id == id)?;
    package.spelling(relationship.part()?)
}

/// The first part that `source` is related to by a kind.
pub(crate) fn related(package: &Package, source: &str, kind: &str) -> Result<Option<String>, Refusal> {
    let parts = package
        .related(source, kind)
        .map_err(|error| refuse::package(&error))?;
    Ok(parts.into_iter().next())
}

/// Every part that relationships lead to from `source` (empty: the package itself), this one included, on ways that do
/// not pass through parts to `avoid`.
pub(crate) fn reachable(
    package: &Package,
    source: &str,
    avoid: &[&str],
) -> Result<BTreeSet<String>, Refusal> {
    let mut open = vec![source.to_owned()];
    let mut found: BTreeSet<String> = open.iter().cloned().collect();
    while let Some(source) = open.pop() {
        for relationship in relationships(package, &source)? {
            let part = relationship.part().and_then(|part| package.spelling(part));
            if let Some(part) = part
                && !found.contains(part)
                && !avoid.contains(&part)
            {
                found.insert(part.to_owned());
                open.push(part.to_owned());
            }
        }
    }
    Ok(found)
}

/// The values of all attributes with a prefix below a node: every reference to a relationship is among them.
pub(crate) fn references<'t, 'a: 't>(node: Node<'t, 'a>) -> impl Iterator<Item = &'a str> {
    let attributes = node.descendants().flat_map(|inner| inner.tag().attributes());
    attributes
        .filter(|attribute| attribute.name.contains(':') && !attribute.name.starts_with("xmlns:"))
        .map(|attribute| attribute.raw)
}

/// How an element in a part writes its reference to a relationship.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReferenceName {
    /// The attribute, `r:id`.
    pub(crate) attribute: String,
    /// The declaration that the element has to carry, with a space before it; empty where the root declares it.
    pub(crate) declaration: String,
}

/// The reference attribute `id` for new elements under a root.
pub(crate) fn reference_name(root: Node<'_, '_>, dialect: Dialect) -> ReferenceName {
    let declared = root.tag().attributes().find_map(|attribute| {
        let prefix = attribute.name.strip_prefix("xmlns:")?;
        (attribute.raw == dialect.references()).then(|| prefix.to_owned())
    });
    match declared {
        Some(prefix) => ReferenceName {
            attribute: format!("{prefix}:id"),
            declaration: String::new(),
        },
        None => ReferenceName {
            attribute: "r:id".to_owned(),
            declaration: format!(" xmlns:r=\"{}\"", dialect.references()),
        },
    }
}
