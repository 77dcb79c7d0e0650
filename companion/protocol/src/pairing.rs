//! Pairing a pane: once per application and user, by comparing a number with the window or terminal.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::Timestamp;
use crate::hello::FrontEndKind;

/// `pairing/begin`, the one method that may be called without a token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct BeginParams {
    /// The kind of pane.
    pub front_end: FrontEndKind,
}

/// The number to compare.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct BeginAnswer {
    /// Names this attempt.
    pub pairing: String,
    /// Six digits, shown in the pane and in the window.
    pub number: String,
    /// Until when it may be allowed.
    pub expires_at: Timestamp,
}

/// An attempt as the window and the terminal show it; `pairing/requested` from the service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct PairingView {
    /// Names the attempt.
    pub pairing: String,
    /// The kind of pane.
    pub front_end: FrontEndKind,
    /// The number to compare.
    pub number: String,
    /// Until when it may be allowed.
    pub expires_at: Timestamp,
}

/// `pairing/answer`, from the window or the terminal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct PairingAnswerParams {
    /// The attempt.
    pub pairing: String,
    /// Allow or refuse.
    pub allow: bool,
}

/// The answer to `pairing/list`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct PairingsAnswer {
    /// Attempts that wait.
    pub pairings: Vec<PairingView>,
}

/// `pairing/settled`, from the service to the pane that asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct SettledParams {
    /// The attempt.
    pub pairing: String,
    /// The token, when it was allowed. Bound to the kind of front end and to its origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub token: Option<String>,
}

/// A pane that is paired, as the window and the terminal list it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct TokenView {
    /// Names its token; not the token itself.
    pub id: String,
    /// The kind of pane that it was made for.
    pub front_end: FrontEndKind,
    /// The origin of the page that it was made for.
    pub origin: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// How many panes are connected with it now.
    pub connected: u32,
}

/// The answer to `pairing/tokens`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct TokensAnswer {
    /// Tokens that are good, oldest first.
    pub tokens: Vec<TokenView>,
}

/// `pairing/revoke`: the token is good no longer, and panes that are connected with it are closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
pub struct RevokeParams {
    /// The token's id.
    pub id: String,
}
