//! Administrative template of Group Policy. Elements and attributes are those of Microsoft's "Group Policy ADMX Syntax
//! Reference Guide". There is no `using`: a template that leans on another one cannot be imported into Intune alone.
//!
//! Values go straight under one key, as `REG_SZ` and `REG_DWORD`, which are what Deskhand reads. Therefore no list
//! elements, which write sub-keys, no multi-line text (`REG_MULTI_SZ`), and nothing expandable (`REG_EXPAND_SZ`).

use std::collections::BTreeSet;

use super::xml::escape;
use super::{NOTE, REGISTRY_KEY};
use crate::definition::{Definition, Section};
use crate::shape::{LONGEST_JSON, Shape};

/// The namespace of templates and of their texts.
pub(super) const SCHEMA: &str = "http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions";
/// The namespace of this template.
pub(super) const NAMESPACE: &str = "Deskhand.Policies.Deskhand";
/// The category that holds those of the sections.
pub(super) const CATEGORY: &str = "Deskhand";

/// The template.
pub(super) fn render(sections: &[Section]) -> String {
    let rows = || sections.iter().flat_map(|section| section.rows);
    let supported: String = releases(rows())
        .into_iter()
        .map(|since| {
            let id = supported_id(since);
            format!("      <definition name=\"{id}\" displayName=\"$(string.{id})\"/>\n")
        })
        .collect();
    let categories: String = sections
        .iter()
        .map(|section| {
            let id = section.id;
            format!(
                "    <category name=\"{id}\" displayName=\"$(string.category_{id})\">\n      \
                 <parentCategory ref=\"{CATEGORY}\"/>\n    </category>\n"
            )
        })
        .collect();
    let policies: String = rows().map(policy).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- {NOTE} -->\n\
         <policyDefinitions xmlns=\"{SCHEMA}\" revision=\"1.0\" schemaVersion=\"1.0\">\n  \
         <policyNamespaces>\n    <target prefix=\"deskhand\" namespace=\"{NAMESPACE}\"/>\n  </policyNamespaces>\n  \
         <resources minRequiredRevision=\"1.0\"/>\n  \
         <supportedOn>\n    <definitions>\n{supported}    </definitions>\n  </supportedOn>\n  \
         <categories>\n    <category name=\"{CATEGORY}\" displayName=\"$(string.category_{CATEGORY})\"/>\n{categories}  </categories>\n  \
         <policies>\n{policies}  </policies>\n</policyDefinitions>\n"
    )
}

/// The releases that rows name, each once.
pub(super) fn releases<'a>(rows: impl Iterator<Item = &'a Definition>) -> BTreeSet<&'a str> {
    rows.map(|row| row.since).collect()
}

/// The id of the text "at least this release".
pub(super) fn supported_id(since: &str) -> String {
    format!("supported_{}", since.replace('.', "_"))
}

fn policy(row: &Definition) -> String {
    let name = row.name;
    let shape = Shape::of(row);
    let (attributes, body) = match &shape {
        Shape::Boolean => (
            format!(" valueName=\"{name}\""),
            "      <enabledValue><string>true</string></enabledValue>\n      \
             <disabledValue><string>false</string></disabledValue>\n"
                .to_owned(),
        ),
        shape => (
            format!(" presentation=\"$(presentation.{name})\""),
            format!("      <elements>\n{}      </elements>\n", element(name, shape)),
        ),
    };
    format!(
        "    <policy name=\"{name}\" class=\"Both\" displayName=\"$(string.{name})\" \
         explainText=\"$(string.{name}_explain)\" key=\"{key}\"{attributes}>\n      \
         <parentCategory ref=\"{section}\"/>\n      <supportedOn ref=\"{supported}\"/>\n{body}    </policy>\n",
        key = escape(REGISTRY_KEY, true),
        section = row.section,
        supported = supported_id(row.since),
    )
}

/// The input of a policy that is more than on or off. Its id is the name of the key.
fn element(name: &str, shape: &Shape) -> String {
    let head = format!("id=\"{name}\" valueName=\"{name}\" required=\"true\"");
    match shape {
        Shape::Boolean => String::new(),
        Shape::Integer { least, most } => {
            format!("        <decimal {head} minValue=\"{least}\" maxValue=\"{most}\"/>\n")
        }
        Shape::Number => format!("        <text {head} maxLength=\"40\"/>\n"),
        Shape::Text { longest } => format!("        <text {head} maxLength=\"{longest}\"/>\n"),
        Shape::Json => format!("        <text {head} maxLength=\"{LONGEST_JSON}\"/>\n"),
        Shape::Choice(words) => {
            let items: String = words
                .iter()
                .enumerate()
                .map(|(index, word)| {
                    let word = escape(word, false);
                    format!(
                        "          <item displayName=\"$(string.{name}_choice_{index})\">\
                         <value><string>{word}</string></value></item>\n"
                    )
                })
                .collect();
            format!("        <enum {head}>\n{items}        </enum>\n")
        }
    }
}
