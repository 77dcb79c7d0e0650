//! Sensitivity labels: `docMetadata/LabelInfo.xml` (MS-OFFCRYPTO 2.6.3) and the older custom properties (`MSIP_Label_…`).
//! Reads what a file says; whether a label allows something is for policy to say.

use std::borrow::Cow;

use crate::error::PackageError;
use crate::package::Package;
use crate::xml::{Node, Tree};

/// Labels that are taken in: a file has one for each organisation that knows it.
const MAX_LABELS: usize = 100;

/// How a label came to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelMethod {
    /// By default or by a rule.
    Standard,
    /// A person chose it, or a lower one was replaced.
    Privileged,
}

/// One sensitivity label.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// The label's id: a GUID in lower case without braces.
    pub id: String,
    /// Its name, where a custom property tells it: `LabelInfo.xml` never does.
    pub name: Option<String>,
    /// The organisation (Entra tenant) that defined it: a GUID in lower case without braces.
    pub site: Option<String>,
    /// How it came to be there.
    pub method: Option<LabelMethod>,
    /// False where it is noted and switched off.
    pub enabled: bool,
    /// True where it was taken away and only that is noted.
    pub removed: bool,
    /// What it put into the content: 1 header, 2 footer, 4 watermark, 8 encryption.
    pub content_bits: Option<u32>,
    /// When it was set, as the file writes it (ISO 8601).
    pub set_at: Option<String>,
}

impl Label {
    /// True where the label counts.
    pub fn is_active(&self) -> bool {
        self.enabled && !self.removed
    }

    /// Its name, or its id where no name is told.
    pub fn display(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}

/// The labels of a package: those of `LabelInfo.xml` first, then those that custom properties alone tell of.
pub(crate) fn read(package: &Package) -> Result<Vec<Label>, PackageError> {
    let mut labels = Vec::new();
    for part in package.related("", "classificationlabels")? {
        let content = package.part(&part)?;
        let tree = Tree::parse(&part, &content, package.limits())?;
        let found = tree.root().children().filter(|node| node.local() == "label");
        let left = MAX_LABELS - labels.len();
        labels.extend(found.take(left).map(|node| of_info(&node)));
    }
    let known = labels.len();
    for part in package.related("", "custom-properties")? {
        let content = package.part(&part)?;
        let tree = Tree::parse(&part, &content, package.limits())?;
        for property in tree.root().children() {
            if let Some(name) = property.attribute("name") {
                of_property(&mut labels, known, &name, property.text().trim());
            }
        }
    }
    Ok(labels)
}

fn of_info(node: &Node<'_, '_>) -> Label {
    let text = |name: &str| node.attribute(name).map(Cow::into_owned);
    Label {
        id: plain(&text("id").unwrap_or_default()),
        name: None,
        site: text("siteId").map(|site| plain(&site)),
        method: text("method").and_then(|method| method_of(&method)),
        enabled: text("enabled").is_none_or(|enabled| is_true(&enabled)),
        removed: text("removed").is_some_and(|removed| is_true(&removed)),
        content_bits: text("contentBits").and_then(|bits| bits.parse().ok()),
        set_at: text("setDate"),
    }
}

/// Takes one custom property in: `MSIP_Label_<id>_<what>`. What `LabelInfo.xml` tells counts more.
fn of_property(labels: &mut Vec<Label>, known: usize, name: &str, value: &str) {
    let prefix = "MSIP_Label_";
    let Some((id, what)) = name
        .get(..prefix.len())
        .filter(|start| start.eq_ignore_ascii_case(prefix))
        .and_then(|_| name.get(prefix.len()..)?.split_once('_'))
    else {
        return;
    };
    let id = plain(id);
    let found = labels.iter().position(|label| label.id == id);
    if found.is_none() && labels.len() == MAX_LABELS {
        return;
    }
    let at = found.unwrap_or_else(|| {
        // Switched on only where a property says so.
        labels.push(Label {
            id,
            ..Label::default()
        });
        labels.len() - 1
    });
    let label = &mut labels[at];
    if what.eq_ignore_ascii_case("Name") && !value.is_empty() {
        label.name = Some(value.to_owned());
    }
    if at < known {
        return;
    }
    match what.to_ascii_lowercase().as_str() {
        "enabled" => label.enabled = is_true(value),
        "siteid" => label.site = Some(plain(value)),
        "method" => label.method = method_of(value),
        "contentbits" => label.content_bits = value.parse().ok(),
        "setdate" => label.set_at = Some(value.to_owned()),
        _ => {}
    }
}

/// A GUID as it is compared.
fn plain(id: &str) -> String {
    id.trim().trim_matches(['{', '}']).to_lowercase()
}

fn is_true(text: &str) -> bool {
    text == "1" || text.eq_ignore_ascii_case("true")
}

fn method_of(text: &str) -> Option<LabelMethod> {
    match text.to_ascii_lowercase().as_str() {
        "standard" => Some(LabelMethod::Standard),
        "privileged" => Some(LabelMethod::Privileged),
        _ => None,
    }
}
