//! Custom configuration profile of Intune: OMA-URI settings of the Policy CSP over the administrative template.
//!
//! The addresses are those of Microsoft's page "Win32 and Desktop Bridge app ADMX policy Ingestion":
//! `./Device/Vendor/MSFT/Policy/ConfigOperations/ADMXInstall/{app}/Policy/{file}` takes the template, and
//! `./Device/Vendor/MSFT/Policy/Config/{app}~Policy~{categories}/{policy}` a value. The form of a value, `<enabled/>` with
//! `<data id value/>` for each element, is that of "Understanding ADMX policies". The file is a
//! `windows10CustomConfiguration` with `omaSettingString` entries of Microsoft Graph, so that it can be sent as it is.

use serde_json::{Value, json};

use super::admx::{self, CATEGORY};
use super::words::{paragraph, plain, title};
use super::xml::escape;
use super::{NOTE, sample};
use crate::definition::{Definition, Section};
use crate::keys::SECTIONS;
use crate::settings::Settings;
use crate::shape::Scalar;

/// The name of the application in addresses.
const APP: &str = "Deskhand";

/// A profile of these values: the template first, then a row a key.
pub(super) fn render(settings: &Settings, name: &str) -> String {
    let values = settings.iter().map(|(row, value)| setting(row, value));
    profile(name, SECTIONS, values.collect())
}

/// A profile with every key and sample data.
pub(super) fn template(sections: &[Section]) -> String {
    let rows = sections.iter().flat_map(|section| section.rows);
    let values = rows.map(|row| setting(row, &sample(row))).collect();
    profile("Deskhand: every key with sample data", sections, values)
}

fn profile(name: &str, sections: &[Section], values: Vec<Value>) -> String {
    let mut settings = vec![json!({
        "@odata.type": "#microsoft.graph.omaSettingString",
        "displayName": "Deskhand: administrative template",
        "description": "Makes the device know the settings below. It comes first.",
        "omaUri": format!("./Device/Vendor/MSFT/Policy/ConfigOperations/ADMXInstall/{APP}/Policy/DeskhandTemplate"),
        "value": admx::render(sections),
    })];
    settings.extend(values);
    let profile = json!({
        "@odata.type": "#microsoft.graph.windows10CustomConfiguration",
        "displayName": name,
        "description": NOTE,
        "omaSettings": settings,
    });
    format!("{profile:#}\n")
}

fn setting(row: &Definition, value: &Value) -> Value {
    let name = row.name;
    let data = match Scalar::of(value) {
        Scalar::Boolean(true) => "<enabled/>".to_owned(),
        Scalar::Boolean(false) => "<disabled/>".to_owned(),
        scalar => format!(
            "<enabled/><data id=\"{name}\" value=\"{}\"/>",
            escape(&scalar.text(), true)
        ),
    };
    json!({
        "@odata.type": "#microsoft.graph.omaSettingString",
        "displayName": format!("{} ({name})", title(name)),
        "description": plain(&paragraph(row.doc)),
        "omaUri": format!("./Device/Vendor/MSFT/Policy/Config/{APP}~Policy~{CATEGORY}~{}/{name}", row.section),
        "value": data,
    })
}
