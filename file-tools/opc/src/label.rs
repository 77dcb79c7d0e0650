//! Sensitivity labels: `docMetadata/LabelInfo.xml` (MS-OFFCRYPTO 2.6.3) and the older custom properties.

use crate::error::PackageError;
use crate::package::Package;
use crate::xml::Tree;

/// The label's name where a custom property tells it, otherwise its id.
pub(crate) fn read(package: &Package) -> Result<Option<String>, PackageError> {
    let mut id = None;
    for part in package.related("", "classificationlabels")? {
        let content = package.part(&part)?;
        let tree = Tree::parse(&part, &content, package.limits())?;
        let labels = tree.root().children().filter(|node| node.local() == "label");
        let mut active = labels.filter(|node| node.attribute("removed").is_none_or(|removed| removed != "1"));
        id = id.or_else(|| {
            active
                .next()
                .and_then(|node| node.attribute("id").map(std::borrow::Cow::into_owned))
        });
    }
    let mut name = None;
    for part in package.related("", "custom-properties")? {
        let content = package.part(&part)?;
        let tree = Tree::parse(&part, &content, package.limits())?;
        for property in tree.root().children() {
            let Some(key) = property.attribute("name") else {
                continue;
            };
            let Some(rest) = key.strip_prefix("MSIP_Label_") else {
                continue;
            };
            if let Some(label) = rest.strip_suffix("_Name") {
                name = Some(property.text());
                id = id.or_else(|| Some(label.to_owned()));
            }
        }
    }
    Ok(name.filter(|name| !name.is_empty()).or(id))
}
