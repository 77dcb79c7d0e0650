//! The configuration window: every setting with what may be done with it, a draft of the user's own values and what would
//! follow from it, and settings in and out of files. Secrets go in and never come out (Invariant 2).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use crate::Timestamp;
use crate::hello::OrganisationView;

/// The answer to `configuration/get` and `configuration/apply`: the settings as the sources have them now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConfigurationAnswer {
    /// The state of the user's own values that a draft is based on.
    pub version: String,
    /// When the sources were read.
    pub read_at: Timestamp,
    /// True once a managed source exists.
    pub managed: bool,
    /// True while the service still runs under other settings, because a turn is at work.
    pub waiting: bool,
    /// Why settings are fixed and whom to ask.
    pub organisation: OrganisationView,
    /// Where settings come from, the strongest first.
    pub sources: Vec<SourceView>,
    /// Every setting, by page.
    pub pages: Vec<ConfigurationPage>,
    /// Everything that is wrong in the sources.
    pub problems: Vec<SettingProblem>,
    /// What this computer contacts under these settings.
    pub egress: Vec<EgressView>,
    /// Forms that settings and the list of contacts can be given out in.
    pub exports: Vec<ExportView>,
}

/// A place that holds settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct SourceView {
    /// Whose it is.
    pub kind: SettingOrigin,
    /// The file, preference domain, registry key or address; empty where there is none.
    pub place: String,
    /// Keys that it holds; none where it is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub keys: Option<u32>,
    /// Why it cannot be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub problem: Option<String>,
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum SettingOrigin {
    /// No source sets it.
    Default,
    /// The administrator, for the whole machine.
    Managed,
    /// The administrator, for this user alone.
    ManagedForUser,
    /// The answer of the bootstrap address.
    Bootstrap,
    /// The user.
    User,
}

/// A page of settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConfigurationPage {
    /// Its stable name.
    pub id: ConfigurationPageId,
    /// Its title.
    pub title: String,
    /// Its parts.
    pub sections: Vec<ConfigurationSection>,
}

/// The pages of settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ConfigurationPageId {
    /// Where the model runs.
    Connection,
    /// Folders, documents and tools.
    Workspace,
    /// Where untrusted code runs.
    Sandbox,
    /// MCP servers and desktop extensions.
    Connectors,
    /// Plugins and skills.
    Plugins,
    /// What is recorded and where it goes; new versions.
    Telemetry,
    /// How much may be used.
    Usage,
    /// What people see.
    Appearance,
    /// Where settings come from.
    Source,
}

/// A part of a page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConfigurationSection {
    /// Its title.
    pub title: String,
    /// What is in it.
    pub about: String,
    /// Its settings, in order.
    pub settings: Vec<SettingView>,
}

/// A setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct SettingView {
    /// Its name in every source.
    pub key: String,
    /// Its name in words.
    pub title: String,
    /// What it does, plain text.
    pub help: String,
    /// What a person gives for it.
    pub input: SettingInput,
    /// The value in effect; null where it is unset, never a secret.
    #[ts(type = "unknown")]
    pub value: Value,
    /// The value where no source sets it; null for none.
    #[ts(type = "unknown")]
    pub default: Value,
    /// Where the value comes from.
    pub origin: SettingOrigin,
    /// The file, preference domain, registry key or address that it comes from; empty for the default.
    pub place: String,
    /// True where the organisation fixes it.
    pub locked: bool,
    /// True where the user may give it another value.
    pub editable: bool,
    /// True where the user has a value of their own for it, in effect or not.
    pub own: bool,
    /// True where it does nothing, or stops sessions alone, in this build: it is not edited.
    pub inert: bool,
    /// True where a value may hold secrets: a front end sends it and keeps it nowhere.
    pub secrets: bool,
    /// Why it does nothing, or not all of what it says, in this build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub effect: Option<String>,
    /// What is wrong with what its source says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub problem: Option<String>,
}

/// What a person gives for a setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum SettingInput {
    /// On or off.
    Switch,
    /// One of these words.
    Choice {
        /// The words as sources write them.
        words: Vec<String>,
    },
    /// A number.
    Number {
        /// The least; none where only its type limits it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        least: Option<u32>,
        /// The most.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        most: Option<u32>,
        /// True where fractions are none of its values.
        whole: bool,
        /// What is counted, in the plural.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        unit: Option<String>,
    },
    /// Text.
    Text {
        /// The most characters.
        longest: u32,
        /// True where it may have several lines.
        lines: bool,
    },
    /// Text that is never shown again.
    Secret {
        /// The most characters.
        longest: u32,
    },
    /// Texts, one an entry.
    List {
        /// The most entries; none where only the size of the file limits them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        most: Option<u32>,
        /// The only words that it may hold; empty for any text.
        words: Vec<String>,
        /// True where an entry may also be an object.
        objects: bool,
    },
    /// A list or object with parts of its own, as JSON.
    Json {
        /// Type and limits in words.
        kind: String,
    },
}

/// Something wrong with a value or a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct SettingProblem {
    /// The key; empty where it is about a whole source.
    pub key: String,
    /// The source; empty for a draft.
    pub place: String,
    /// The line, where the source has lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub line: Option<u32>,
    /// What is wrong, never with a secret.
    pub sentence: String,
    /// How much it weighs.
    pub weight: ProblemWeight,
}

/// How much a problem weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ProblemWeight {
    /// Worth knowing.
    Note,
    /// No session starts under it.
    StopsSessions,
    /// A draft with it is not applied.
    Refused,
}

/// One way out of this computer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct EgressView {
    /// The destination's stable name.
    pub destination: String,
    /// The host, or a pattern of hosts; none while it is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub host: Option<String>,
    /// The ports; none for every port.
    pub ports: Vec<u16>,
    /// Why it exists.
    pub why: String,
    /// The key that closes it, or that opens it where it is closed.
    pub key: String,
    /// `service`, `sandbox`, `browser` or `pane`.
    pub opened_by: String,
    /// True where prompts, answers or documents travel there.
    pub carries_content: bool,
    /// False where nothing in this build connects there.
    pub built: bool,
}

/// A form that settings or the list of contacts can be given out in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ExportView {
    /// Its stable name.
    pub format: String,
    /// Its name for people.
    pub title: String,
    /// The name of its file.
    pub file_name: String,
    /// What it holds.
    pub holds: ExportContent,
}

/// What a form holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum ExportContent {
    /// Values, without secrets.
    Values,
    /// A description of every key.
    Template,
    /// What this computer contacts.
    Egress,
}

/// A draft: what the user would set, and with null no longer set.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct DraftParams {
    /// Values by key, secrets included.
    #[serde(default)]
    #[ts(type = "Record<string, unknown>")]
    pub changes: BTreeMap<String, Value>,
}

/// The answer to `configuration/check`: what would follow from a draft.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct CheckAnswer {
    /// What is wrong with the draft, and what would be wrong under it.
    pub problems: Vec<SettingProblem>,
    /// What it would change in effect.
    pub changes: Vec<SettingChange>,
    /// What this computer would contact.
    pub egress: Vec<EgressView>,
    /// True where it could close something, so that running turns would go on under it at once; otherwise they end first.
    pub at_once: bool,
}

/// A setting whose effective value would be another one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct SettingChange {
    /// Its key.
    pub key: String,
    /// Its name in words.
    pub title: String,
    /// The value now, masked where it is secret.
    #[ts(type = "unknown")]
    pub before: Value,
    /// The value then, masked where it is secret.
    #[ts(type = "unknown")]
    pub after: Value,
    /// True where it could close something.
    pub at_once: bool,
}

/// `configuration/apply`.
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ApplyDraftParams {
    /// The [`ConfigurationAnswer::version`] that the draft is based on.
    pub version: String,
    /// Values by key, secrets included; null for one that is no longer set.
    #[ts(type = "Record<string, unknown>")]
    pub changes: BTreeMap<String, Value>,
}

/// `configuration/export` and `configuration/save`: settings as they would be with a draft, or what would be contacted.
#[derive(Clone, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ExportSettingsParams {
    /// An [`ExportView::format`].
    pub format: String,
    /// The draft.
    #[serde(default)]
    #[ts(type = "Record<string, unknown>")]
    pub changes: BTreeMap<String, Value>,
}

/// A file by its content.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct SettingsFile {
    /// Its name.
    pub name: String,
    /// Its bytes, Base64 (RFC 4648, section 4).
    pub bytes: String,
}

/// The answer to `configuration/export`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ExportedSettings {
    /// The file.
    pub file: SettingsFile,
    /// What the file is without because it is secret: keys, and parts of them with `/` between.
    pub left_out: Vec<String>,
}

/// The answer to `configuration/save`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct SavedFile {
    /// Where the file is.
    pub path: String,
    /// What the file is without because it is secret: keys, and parts of them with `/` between.
    pub left_out: Vec<String>,
}

/// The answer to `configuration/import`: nothing is written before it is applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImportSettingsAnswer {
    /// The draft that the file makes.
    #[ts(type = "Record<string, unknown>")]
    pub changes: BTreeMap<String, Value>,
    /// What is not taken over, or does something else than it did before.
    pub differences: Vec<ImportDifference>,
    /// What of the draft names an address to connect to, or a program or file of this computer to use: to be looked at before
    /// it is applied.
    pub reaches: Vec<ImportDifference>,
}

/// Something to know of a key in an imported file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImportDifference {
    /// The line, where the form has lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub line: Option<u32>,
    /// The key as the file writes it; empty where it is about something else in the file.
    pub key: String,
    /// What there is to know.
    pub sentence: String,
}

/// What may hold a secret is not shown.
macro_rules! without_values {
    ($($params:ident),+) => { $(
        impl std::fmt::Debug for $params {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.debug_struct(stringify!($params)).finish_non_exhaustive()
            }
        }
    )+ };
}

without_values!(
    DraftParams,
    ApplyDraftParams,
    ExportSettingsParams,
    ExportedSettings,
    SettingsFile
);
