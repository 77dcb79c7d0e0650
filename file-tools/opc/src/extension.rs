//! Web extensions (MS-OWEXML): the add-ins that a document names, and what each of them keeps in it.

use std::borrow::Cow;

use crate::error::PackageError;
use crate::package::Package;
use crate::xml::Tree;

/// One add-in that the document names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebExtension {
    /// The part that says so.
    pub part: String,
    /// The add-in's id, as its manifest and the store know it.
    pub reference: String,
    /// Its property bag: names and values. Office.js writes each value as JSON.
    pub properties: Vec<(String, String)>,
}

/// The add-ins that the task panes of the document lead to.
pub(crate) fn read(package: &Package) -> Result<Vec<WebExtension>, PackageError> {
    let mut found = Vec::new();
    for panes in package.related("", "webextensiontaskpanes")? {
        for part in package.related(&panes, "webextension")? {
            found.push(one(package, part)?);
        }
    }
    Ok(found)
}

fn one(package: &Package, part: String) -> Result<WebExtension, PackageError> {
    let content = package.part(&part)?;
    let tree = Tree::parse(&part, &content, package.limits())?;
    let root = tree.root();
    let reference = root.child("reference").and_then(|node| node.attribute("id"));
    let reference = reference.map(Cow::into_owned).unwrap_or_default();
    let bag = root.child("properties");
    let properties = bag
        .iter()
        .flat_map(crate::xml::Node::children)
        .filter(|node| node.local() == "property")
        .filter_map(|node| {
            let name = node.attribute("name")?.into_owned();
            Some((name, node.attribute("value")?.into_owned()))
        });
    let properties = properties.collect();
    drop(tree);
    Ok(WebExtension {
        part,
        reference,
        properties,
    })
}
