//! Folders that may be attached.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::source::Encoding;
use crate::value::{Invalid, PolicyValue, Reach, structured, text};

/// Folders that may be named.
const CAP: usize = 200;
/// Bytes that a path may have.
const PATH_CAP: usize = 4 << 10;
/// Variables that expand.
const VARIABLES: &[&str] = &[
    "OneDrive",
    "OneDriveCommercial",
    "OneDriveConsumer",
    "APPDATA",
    "LOCALAPPDATA",
    "USERNAME",
    "XDG_DOCUMENTS_DIR",
];

/// What may be done in a folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FolderMode {
    /// Reading only.
    #[serde(rename = "ro")]
    ReadOnly,
    /// Reading and writing.
    #[default]
    #[serde(rename = "rw")]
    ReadWrite,
}

/// A folder of the list, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FolderRule {
    /// Its path with `~` and variables.
    pub path: String,
    /// Whether it is there in every new session, without a question.
    #[serde(default)]
    pub is_default_selected: bool,
    /// What may be done in it.
    #[serde(default)]
    pub mode: FolderMode,
}

impl FolderRule {
    /// The absolute path: `~` is `home`, `%NAME%` what `variable` says. `None` where a variable is unknown or unset, or
    /// the outcome is no absolute path; such an entry is skipped.
    pub fn expand(&self, home: &Path, variable: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
        let mut expanded = String::new();
        let mut rest = self.path.as_str();
        if let Some(below) = rest.strip_prefix('~') {
            if !(below.is_empty() || below.starts_with(['/', '\\'])) {
                return None;
            }
            expanded.push_str(home.to_str()?);
            rest = below;
        }
        while let Some((before, after)) = rest.split_once('%') {
            let (name, after) = after.split_once('%')?;
            let known = VARIABLES.iter().find(|known| known.eq_ignore_ascii_case(name))?;
            expanded.push_str(before);
            expanded.push_str(&variable(known).filter(|value| !value.is_empty())?);
            rest = after;
        }
        expanded.push_str(rest);
        Some(PathBuf::from(expanded)).filter(|path| path.is_absolute())
    }
}

/// The list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FolderRules(pub Vec<FolderRule>);

fn rule(value: &Value) -> Result<FolderRule, Invalid> {
    let rule = match value {
        Value::String(path) => FolderRule {
            path: path.clone(),
            is_default_selected: false,
            mode: FolderMode::default(),
        },
        Value::Object(_) => FolderRule::deserialize(value)
            .map_err(|error| Invalid(format!("no description of a folder: {error}")))?,
        other => return Err(Invalid::kind("a folder's path or description", other)),
    };
    text(&json!(rule.path), PATH_CAP)?;
    Ok(rule)
}

impl PolicyValue for FolderRules {
    fn parse(value: &Value, encoding: Encoding) -> Result<Self, Invalid> {
        let Value::Array(entries) = structured(value, encoding, "a list of folders")? else {
            return Err(Invalid("expected a list of folders".to_owned()));
        };
        if entries.len() > CAP {
            return Err(Invalid(format!("more than {CAP} folders")));
        }
        entries.iter().map(rule).collect::<Result<_, _>>().map(Self)
    }

    fn to_json(&self) -> Value {
        json!(self.0)
    }

    fn kind() -> String {
        format!("list of text or objects, at most {CAP}")
    }

    fn schema() -> Value {
        let path = json!({ "type": "string", "minLength": 1, "maxLength": PATH_CAP });
        let object = json!({
            "type": "object",
            "required": ["path"],
            "additionalProperties": false,
            "properties": {
                "path": path,
                "isDefaultSelected": { "type": "boolean" },
                "mode": { "enum": ["ro", "rw"] },
            },
        });
        json!({ "type": "array", "maxItems": CAP, "items": { "anyOf": [path, object] } })
    }
}

/// Whether `outer` allows all that `inner` does, both as a list shows them: the same path, and no less may be done in it.
pub(crate) fn allows_all_of(outer: &Value, inner: &Value) -> bool {
    outer["path"] == inner["path"] && (outer["mode"] == "rw" || inner["mode"] == "ro")
}

/// One program or file, by its absolute path. Nothing in it expands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePath(PathBuf);

impl FilePath {
    /// The path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl PolicyValue for FilePath {
    const REACH: Option<Reach> = Some(Reach::Files);

    fn parse(value: &Value, _: Encoding) -> Result<Self, Invalid> {
        let written = text(value, PATH_CAP)?;
        let variable = written.matches('%').count() > 1 || written.contains("${");
        let reason = match PathBuf::from(written) {
            _ if written.starts_with('~') || variable => "neither `~` nor variables expand here",
            path if path.is_absolute() => return Ok(Self(path)),
            _ => "the path is not absolute",
        };
        Err(Invalid(reason.to_owned()))
    }

    fn to_json(&self) -> Value {
        json!(self.0.to_string_lossy())
    }

    fn kind() -> String {
        "absolute path of a file".to_owned()
    }

    fn schema() -> Value {
        json!({ "type": "string", "minLength": 1, "maxLength": PATH_CAP })
    }
}

/// One folder, by its absolute path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderPath(PathBuf);

impl FolderPath {
    /// The path.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl PolicyValue for FolderPath {
    const REACH: Option<Reach> = Some(Reach::Files);

    fn parse(value: &Value, _: Encoding) -> Result<Self, Invalid> {
        let path = PathBuf::from(text(value, PATH_CAP)?);
        if path.is_absolute() {
            Ok(Self(path))
        } else {
            Err(Invalid("the path is not absolute".to_owned()))
        }
    }

    fn to_json(&self) -> Value {
        json!(self.0.to_string_lossy())
    }

    fn kind() -> String {
        "absolute path of a folder".to_owned()
    }

    fn schema() -> Value {
        json!({ "type": "string", "minLength": 1, "maxLength": PATH_CAP })
    }
}
