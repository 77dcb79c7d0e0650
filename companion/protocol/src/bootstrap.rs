//! Settings that an address of the organisation hands out for each person: how far they are, the sign-in for them, and what
//! of them a person is asked about.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use ts_rs::TS;

use crate::hello::FrontEndKind;
use crate::sign_in::SignInState;
use crate::{Timestamp, UserError};

/// How far these settings are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct BootstrapView {
    /// Where they come from: an origin, in full.
    pub origin: String,
    /// What is under way.
    pub state: SignInState,
    /// Who began the sign-in that is under way. What the window or a terminal began, a pane does not cancel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub begun_by: Option<FrontEndKind>,
    /// Why the last check or sign-in did not come about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub problem: Option<UserError>,
    /// Until when the present settings count, Unix milliseconds; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub counts_until: Option<Timestamp>,
    /// True where a person is signed in, and may sign out.
    pub signed_in: bool,
    /// What was said of values that a person is asked about; absent where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub consent: Option<Consent>,
}

impl BootstrapView {
    /// What a front end of this kind sees of it.
    #[must_use]
    pub fn seen_by(self, kind: FrontEndKind) -> Self {
        Self {
            state: self.state.seen_by(kind, self.begun_by),
            ..self
        }
    }
}

/// What a person said of values that name programs, files with credentials, addresses or sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum Consent {
    /// Nothing yet: the values do not count.
    Waiting,
    /// Yes: they count.
    Given,
    /// No: they do not count.
    Refused,
}

/// The answer to `bootstrap/show`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct BootstrapAnswer {
    /// How far the settings are; absent where no address hands any out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub view: Option<BootstrapView>,
    /// The values that a person is asked about, whole.
    pub values: Vec<ConsentValue>,
    /// Names exactly these values; it goes into the answer.
    pub digest: String,
}

/// A value that a person is asked about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConsentValue {
    /// The key.
    pub key: String,
    /// Its value, whole.
    #[ts(type = "unknown")]
    pub value: Value,
}

/// `bootstrap/consent`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConsentParams {
    /// The digest of the values that were shown.
    pub digest: String,
    /// Whether they may count.
    pub allow: bool,
}
