//! Settings in and out of files, in the forms that the policy crate writes and reads; and the list of contacts.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use deskhand_egress::{Gate, egress_csv, egress_table, firewall_rules};
use deskhand_policy::{
    Encoding, Format, Origin, Policy, Reach, Settings, export as written, format, import, template,
};
use deskhand_protocol::configuration::{
    ExportContent, ExportView, ExportedSettings, ImportDifference, ImportSettingsAnswer, SavedFile,
    SettingsFile,
};
use deskhand_protocol::{ErrorCode, UserError};
use serde_json::Value;

use super::draft::sentence;

/// The name that consoles show of what is exported.
const NAME: &str = "Deskhand";
/// The forms of the list of contacts: name, title, name of the file.
const EGRESS: [(&str, &str, &str); 4] = [
    ("egress-text", "Table as text", "deskhand-egress.txt"),
    ("egress-csv", "Table as CSV", "deskhand-egress.csv"),
    ("egress-json", "Table as JSON", "deskhand-egress.json"),
    ("egress-firewall", "Firewall list", "deskhand-firewall.txt"),
];

/// Characters of a value in a sentence.
const SHOWN: usize = 300;
/// Files of one name that a folder may have before it is full of them.
const MOST_COPIES: u32 = 999;

/// A file before it leaves.
#[derive(Debug)]
pub(super) struct Exported {
    name: &'static str,
    bytes: Vec<u8>,
    /// What it is without because it is secret.
    left_out: Vec<String>,
}

impl Exported {
    /// As it is on the wire.
    pub(super) fn into_answer(self) -> ExportedSettings {
        ExportedSettings {
            file: SettingsFile {
                name: self.name.to_owned(),
                bytes: STANDARD.encode(self.bytes),
            },
            left_out: self.left_out,
        }
    }
}

/// Every form.
pub(super) fn exports() -> Vec<ExportView> {
    let settings = Format::ALL.iter().map(|(name, form, file)| ExportView {
        format: (*name).to_owned(),
        title: title(*form).to_owned(),
        file_name: last(file).to_owned(),
        holds: if written(*form, &Settings::default(), NAME).is_some() {
            ExportContent::Values
        } else {
            ExportContent::Template
        },
    });
    let egress = EGRESS.iter().map(|(name, title, file)| ExportView {
        format: (*name).to_owned(),
        title: (*title).to_owned(),
        file_name: (*file).to_owned(),
        holds: ExportContent::Egress,
    });
    settings.chain(egress).collect()
}

fn title(form: Format) -> &'static str {
    match form {
        Format::Admx => "Group Policy template (ADMX)",
        Format::Adml => "Texts of the template (ADML)",
        Format::Mobileconfig => "Configuration profile for macOS",
        Format::Manifest => "Profile manifest for macOS",
        Format::Jamf => "Schema for Jamf Pro",
        Format::Reg => "Windows registry file",
        Format::Json => "JSON",
        Format::Intune => "Settings for Intune (OMA-URI)",
        Format::Schema => "JSON Schema",
        Format::Markdown => "Reference page",
    }
}

fn last(file: &'static str) -> &'static str {
    file.rsplit('/').next().unwrap_or(file)
}

/// The file of a form under a policy.
pub(super) fn export(form: &str, policy: &Policy, gate: &Gate) -> Result<Exported, UserError> {
    let (name, bytes, left_out) = match (Format::ALL.iter().find(|(name, ..)| *name == form), form) {
        (Some((_, form, file)), _) => {
            let (settings, left_out) = set_ones(policy);
            match written(*form, &settings, NAME) {
                Some(bytes) => (last(file), bytes, left_out),
                None => (last(file), template(*form), Vec::new()),
            }
        }
        (None, form) => {
            let (_, _, name) = EGRESS
                .into_iter()
                .find(|(name, ..)| *name == form)
                .ok_or_else(|| UserError::new(ErrorCode::BadRequest).detail("no such format"))?;
            (name, contacts(form, gate)?.into_bytes(), Vec::new())
        }
    };
    Ok(Exported {
        name,
        bytes,
        left_out,
    })
}

/// The person's folder of downloads.
pub(super) fn downloads() -> Result<PathBuf, UserError> {
    let folder = dirs::download_dir().or_else(|| Some(dirs::home_dir()?.join("Downloads")));
    folder.ok_or_else(|| UserError::new(ErrorCode::FileNotSaved).detail("there is no home folder"))
}

/// Saves a file in a folder, under a name that nothing there has.
pub(super) fn save(file: &Exported, folder: &Path) -> Result<SavedFile, UserError> {
    let failed = |error: io::Error| {
        UserError::new(ErrorCode::FileNotSaved).detail(format!("{}: {error}", folder.display()))
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let (stem, extension) = file.name.rsplit_once('.').unwrap_or((file.name, "txt"));
    let later = (2..=MOST_COPIES).map(|copy| format!("{stem} ({copy}).{extension}"));
    for name in std::iter::once(file.name.to_owned()).chain(later) {
        let path = folder.join(name);
        match File::create_new(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => {
                made.and_then(|mut made| made.write_all(&file.bytes))
                    .map_err(failed)?;
                return Ok(SavedFile {
                    path: path.to_string_lossy().into_owned(),
                    left_out: file.left_out.clone(),
                });
            }
        }
    }
    Err(failed(io::ErrorKind::AlreadyExists.into()))
}

fn contacts(form: &str, gate: &Gate) -> Result<String, UserError> {
    let entries = gate.egress_list();
    Ok(match form {
        "egress-csv" => egress_csv(&entries),
        "egress-json" => serde_json::to_string_pretty(&entries)
            .map_err(|error| UserError::new(ErrorCode::Internal).detail(error))?,
        "egress-firewall" => firewall_rules(&entries),
        _ if entries.is_empty() => "Nothing is contacted.\n".to_owned(),
        _ => egress_table(&entries),
    })
}

/// What somebody set, without secrets, and the names of those: keys, and parts of them.
pub(crate) fn set_ones(policy: &Policy) -> (Settings, Vec<String>) {
    let (mut settings, mut left_out) = (Settings::default(), Vec::new());
    for entry in policy.entries() {
        let empty = entry.value.as_object().is_some_and(serde_json::Map::is_empty);
        if matches!(entry.origin, Origin::Default) || entry.value.is_null() || (entry.row.secret && empty) {
            continue;
        }
        let (value, secrets) = entry.row.without_secrets(&entry.value);
        left_out.extend(secrets);
        // What is in effect is valid; where it is nothing without its secrets, its name is all there is to tell.
        if !value.is_null() && settings.set(entry.name, &value, Encoding::Json).is_err() {
            left_out.push(entry.name.to_owned());
        }
    }
    (settings, left_out)
}

/// The draft that a file makes beside the settings that are there.
pub(super) fn import(file: &SettingsFile, policy: &Policy) -> Result<ImportSettingsAnswer, UserError> {
    let unreadable = |why: &dyn std::fmt::Display| {
        UserError::new(ErrorCode::SettingsFileRefused).detail(sentence(&why.to_string()))
    };
    let bytes = STANDARD.decode(&file.bytes).map_err(|error| unreadable(&error))?;
    let profile = format::read(&bytes, &file.name).map_err(|error| unreadable(&error))?;
    let taken = import::import(&profile);
    let mut differences: Vec<ImportDifference> = taken
        .differences
        .iter()
        .map(|one| ImportDifference {
            line: one.line.and_then(|line| line.try_into().ok()),
            key: one.key.clone(),
            sentence: sentence(&one.sentence),
        })
        .collect();
    let (mut changes, mut reaches) = (BTreeMap::new(), Vec::new());
    for (row, value) in taken.settings.iter() {
        let Some(entry) = policy.entry(row.name) else {
            continue;
        };
        let line = profile.entries.iter().find(|entry| entry.key == row.name);
        let told = |sentence: String| ImportDifference {
            line: line.and_then(|entry| entry.line?.try_into().ok()),
            key: row.name.to_owned(),
            sentence,
        };
        if row.secret {
            differences.push(told("Secret: not taken over. Give it on its page.".to_owned()));
        } else if entry.locked {
            differences.push(told("Fixed by your organisation: not taken over.".to_owned()));
        } else {
            let (value, secrets) = row.without_secrets(value);
            if !secrets.is_empty() {
                let names = secrets.join(", ");
                differences.push(told(format!(
                    "Secret: not taken over. Give it on its page: {names}."
                )));
            }
            if entry.value != value {
                reaches.extend(row.reach.map(|reach| told(reached(reach, &value))));
                changes.insert(row.name.to_owned(), value);
            }
        }
    }
    Ok(ImportSettingsAnswer {
        changes,
        differences,
        reaches,
    })
}

/// What a value would lead to once it is applied.
fn reached(reach: Reach, value: &Value) -> String {
    let what = match reach {
        Reach::Addresses => "Connects to, or lets through",
        Reach::Files => "Uses on this computer",
        Reach::AddressesAndFiles => "Connects to, or runs on this computer",
    };
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let shown: String = text
        .chars()
        .filter(|letter| !letter.is_control())
        .take(SHOWN)
        .collect();
    let more = if text.chars().count() > SHOWN { "…" } else { "" };
    format!("{what}: {shown}{more}")
}
