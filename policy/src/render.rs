//! What is generated from the table. Each form is a pure function of the rows, or of values for them.

use crate::definition::Definition;
use crate::keys::{SECTIONS, definitions};
use crate::settings::Settings;

mod adml;
mod admx;
mod intune;
mod jamf;
mod json;
mod manifest;
mod markdown;
mod mobileconfig;
mod property_list;
mod registry;
mod schema;
pub(crate) mod words;
mod xml;

/// What every generated file says at its head.
const NOTE: &str = "Generated from policy/src/keys. Do not edit.";
/// The preference domain on macOS.
pub(crate) const DOMAIN: &str = "dev.deskhand.Deskhand";
/// The key in each hive of the Windows registry.
pub(crate) const REGISTRY_KEY: &str = r"SOFTWARE\Policies\Deskhand";

/// A form that settings are described or written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Administrative template of Group Policy.
    Admx,
    /// Its texts in English.
    Adml,
    /// Configuration profile of macOS.
    Mobileconfig,
    /// Profile manifest: the description of a preference domain that editors of profiles read.
    Manifest,
    /// JSON Schema as Jamf Pro takes it for an application's settings.
    Jamf,
    /// Registry file of Windows.
    Reg,
    /// The administrator's file on Linux.
    Json,
    /// Custom configuration profile of Intune: a list of OMA-URI settings.
    Intune,
    /// JSON Schema of the administrator's file.
    Schema,
    /// Reference page.
    Markdown,
}

impl Format {
    /// Each format with its name on the command line and the file of its template below `generated/`.
    pub const ALL: &[(&str, Self, &str)] = &[
        ("admx", Self::Admx, "deskhand.admx"),
        ("adml", Self::Adml, "en-US/deskhand.adml"),
        ("mobileconfig", Self::Mobileconfig, "deskhand.mobileconfig"),
        ("manifest", Self::Manifest, "dev.deskhand.Deskhand.plist"),
        ("jamf", Self::Jamf, "deskhand.jamf.json"),
        ("reg", Self::Reg, "deskhand.reg"),
        ("json", Self::Json, "managed-settings.json"),
        ("intune", Self::Intune, "deskhand.intune.json"),
        ("schema", Self::Schema, "settings.schema.json"),
        ("markdown", Self::Markdown, "settings.md"),
    ];

    /// The format of a name on the command line.
    pub fn named(name: &str) -> Option<Self> {
        let row = Self::ALL.iter().find(|(known, ..)| *known == name)?;
        Some(row.1)
    }
}

/// All keys with their documentation. What can be deployed as it stands changes nothing: keys are absent, or stand in
/// comments, or at their default; only the list for Intune holds sample values.
pub fn template(format: Format) -> Vec<u8> {
    match format {
        Format::Admx => admx::render(SECTIONS).into_bytes(),
        Format::Adml => adml::render(SECTIONS).into_bytes(),
        Format::Mobileconfig => mobileconfig::template(SECTIONS).into_bytes(),
        Format::Manifest => manifest::render(SECTIONS).into_bytes(),
        Format::Jamf => jamf::render(SECTIONS).into_bytes(),
        Format::Reg => registry::template(SECTIONS),
        Format::Json => json::render(&defaults()).into_bytes(),
        Format::Intune => intune::template(SECTIONS).into_bytes(),
        Format::Schema => schema::render(definitions()).into_bytes(),
        Format::Markdown => markdown::render(SECTIONS).into_bytes(),
    }
}

/// Values in a form that can be deployed. `name` is what consoles show. `None` for forms that describe keys and hold no
/// values. Secrets are written as they are.
pub fn export(format: Format, settings: &Settings, name: &str) -> Option<Vec<u8>> {
    Some(match format {
        Format::Mobileconfig => mobileconfig::render(settings, name).into_bytes(),
        Format::Reg => registry::render(settings, name),
        Format::Json => json::render(settings).into_bytes(),
        Format::Intune => intune::render(settings, name).into_bytes(),
        Format::Admx | Format::Adml | Format::Manifest | Format::Jamf | Format::Schema | Format::Markdown => {
            return None;
        }
    })
}

/// Every key that has a default, at its default: to write it has no other effect than to leave it out.
fn defaults() -> Settings {
    let mut settings = Settings::default();
    for row in definitions().filter(|row| !row.secret) {
        let value = (row.default)();
        if !value.is_null() {
            settings.insert(row, value);
        }
    }
    settings
}

/// A value to show what is meant: the default, or what the shape of the input offers. Never a secret.
fn sample(row: &Definition) -> serde_json::Value {
    use crate::shape::Shape;
    use serde_json::{Value, json};

    let default = (row.default)();
    if !default.is_null() {
        return default;
    }
    match Shape::of(row) {
        Shape::Boolean => json!(true),
        Shape::Integer { least, .. } => json!(least),
        Shape::Number => json!(1),
        Shape::Choice(words) => words.into_iter().next().map_or(Value::Null, Value::String),
        Shape::Text { .. } => json!(""),
        Shape::Json => match (row.schema)()["type"].as_str() {
            Some("object") => json!({}),
            _ => json!([]),
        },
    }
}
