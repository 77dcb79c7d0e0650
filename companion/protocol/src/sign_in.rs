//! Signing in: to the address that hands out settings, and to the provider of the model.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::hello::FrontEndKind;
use crate::{Timestamp, UserError};

/// What is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum SignInState {
    /// Whoever is asked has not answered yet.
    Checking,
    /// A person has to sign in.
    SignIn {
        /// True where that happens in the browser, false where a code is entered on a page.
        browser: bool,
    },
    /// The browser is open, and is waited for.
    Browser,
    /// A code waits to be entered.
    Code {
        /// The code.
        code: String,
        /// The page to enter it on, in full.
        address: String,
        /// The same page with the code in its address, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[ts(optional)]
        complete: Option<String>,
        /// Until when, Unix milliseconds.
        ends_at: Timestamp,
    },
    /// Nothing: nobody has to do anything.
    Idle,
}

/// The answer to `bootstrap/signIn` and `provider/signIn`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct SignInAnswer {
    /// The page that the browser was sent to, for the window and the terminal where it did not open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub page: Option<String>,
}

/// How far a person's sign-in for the provider of the model is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ProviderSignInView {
    /// Whom people sign in with: the host of the identity provider, or its name.
    pub at: String,
    /// What is under way. `Idle` while somebody is signed in.
    pub state: SignInState,
    /// Who began the sign-in that is under way. What the window or a terminal began, a pane does not cancel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub begun_by: Option<FrontEndKind>,
    /// Why the last sign-in did not come about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub problem: Option<UserError>,
    /// True where a person is signed in, and may sign out.
    pub signed_in: bool,
    /// When a person has to sign in again, Unix milliseconds; absent where that is not known or never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub ends_at: Option<Timestamp>,
}
