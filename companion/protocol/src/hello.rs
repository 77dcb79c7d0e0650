//! The first frame each way.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::bootstrap::BootstrapView;
use crate::document::{DocumentView, LiveDocument};
use crate::message::Usage;
use crate::session::SessionSummary;
use crate::sign_in::ProviderSignInView;
use crate::{Timestamp, UserError};

/// What kind of front end speaks. A token is bound to the kind it was made for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, TS,
)]
#[serde(rename_all = "camelCase")]
pub enum FrontEndKind {
    /// The desktop window.
    Window,
    /// The pane in Excel.
    Excel,
    /// The pane in PowerPoint.
    Powerpoint,
    /// The command line.
    Terminal,
}

impl FrontEndKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Window, Self::Excel, Self::Powerpoint, Self::Terminal];
}

/// `hello`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct HelloParams {
    /// [`crate::PROTOCOL`].
    pub protocol: u32,
    /// The kind of front end.
    pub front_end: FrontEndKind,
    /// The token from pairing or from the local channel.
    pub token: String,
    /// The version of the page or program.
    pub version: String,
    /// The document that a pane stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub document: Option<LiveDocument>,
}

/// The answer to `hello`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct HelloAnswer {
    /// The service's version.
    pub version: String,
    /// What the front end shows of policy and state.
    pub view: ServiceView,
    /// The newest sessions, at most 200.
    pub sessions: Vec<SessionSummary>,
    /// Documents that are open in Office now.
    pub documents: Vec<DocumentView>,
    /// The document that this pane stands in, as registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub document: Option<DocumentView>,
}

/// State and policy as a front end shows them; worked out by the service (Invariant 2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ServiceView {
    /// True in the tour: scripted answers, no model.
    pub tour: bool,
    /// True when the organisation manages this computer's settings.
    pub managed: bool,
    /// True when a provider is configured.
    pub configured: bool,
    /// Models to choose from; the first is the default.
    pub models: Vec<ModelView>,
    /// True when the organisation closes the mode that acts without asking.
    #[serde(default)]
    pub act_locked: bool,
    /// True when the person may not choose another model.
    pub model_locked: bool,
    /// What may be said of where content goes, with the provider and the region of the settings; absent where none is set. Names
    /// no address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub promise: Option<String>,
    /// Whether code can run.
    pub sandbox: SandboxState,
    /// Which step failed, why, and what helps; where code cannot run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub sandbox_fault: Option<UserError>,
    /// Where the master key lies: `operatingSystem` or `keyFile`.
    pub secret_store: String,
    /// What has to be said and stays said: an invalid policy value, an expiring certificate.
    pub notices: Vec<String>,
    /// True while the person has not said what becomes of sessions from before the deployment had its name.
    #[serde(default)]
    pub earlier_sessions: bool,
    /// Why no turn starts, and who says so; absent where turns start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub stopped: Option<UserError>,
    /// What the organisation shows to everybody.
    #[serde(default)]
    pub organisation: OrganisationView,
    /// How far the settings are that an address of the organisation hands out; absent where there is no such address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub bootstrap: Option<BootstrapView>,
    /// How far the sign-in for the provider of the model is; absent where the settings ask for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub sign_in: Option<ProviderSignInView>,
    /// Tokens against the limit of the settings; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub usage: Option<UsageView>,
    /// Tokens that the settings let a turn use; absent where they say nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub turn_budget: Option<u64>,
    /// Tokens of the last 24 hours, in all sessions.
    #[serde(default)]
    pub last_day: Usage,
}

/// Tokens that were used in a window of time, and its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct UsageView {
    /// Used so far, in and out, with those of the cache.
    #[ts(type = "number")]
    pub tokens: u64,
    /// How many may be used.
    #[ts(type = "number")]
    pub limit: u64,
    /// When the count starts anew, in Unix milliseconds; absent before the first answer of a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub ends_at: Option<Timestamp>,
}

/// What the organisation shows to everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct OrganisationView {
    /// The name of the deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub name: Option<String>,
    /// The line below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub subtitle: Option<String>,
    /// Why settings are fixed, in the organisation's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub reason: Option<String>,
    /// Whom to ask about them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub contact: Option<String>,
    /// A line at the top of every front end that nobody can dismiss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub banner: Option<BannerView>,
}

/// A line at the top of every front end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct BannerView {
    /// Its words.
    pub text: String,
    /// The colour behind them, `#rrggbb`.
    pub background: String,
    /// Their colour, `#rrggbb`, which can be read on the background.
    pub color: String,
    /// An https address for more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub link: Option<String>,
}

/// A model to choose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ModelView {
    /// The id that the provider knows; with `[1m]` at its end, that model with room for a million tokens.
    pub id: String,
    /// The name to show.
    pub label: String,
    /// The family it belongs to, as a name to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub family: Option<String>,
    /// True for the one that the name of its family stands for.
    #[serde(default)]
    pub family_default: bool,
    /// Tokens that it is given at once at the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub context: Option<u64>,
    /// A few words about where it may be answered, where that is not the region of the settings alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub leaves: Option<String>,
}

impl ModelView {
    /// A model of which nothing else is known.
    pub fn new(id: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            label: label.into(),
            ..Self::default()
        }
    }
}

/// Whether code can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum SandboxState {
    /// In a virtual machine.
    Vm,
    /// In a virtual machine without the help of the processor: slower.
    VmEmulated,
    /// In processes of this computer that are shut in: no virtual machine can be had, and policy allows it.
    Processes,
    /// Not on this computer now.
    Unavailable,
    /// Nothing needs it.
    NotNeeded,
}
