//! Signing in: to the address that hands out settings, and to the provider of the model.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::hello::FrontEndKind;
use crate::methods::Caller;
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
    /// A code waits to be entered, which is shown where the sign-in began: panes see none of the window or a terminal.
    Elsewhere,
    /// Nothing: nobody has to do anything.
    Idle,
}

impl SignInState {
    /// What a front end of this kind sees of it, where one of another kind may have begun it. Who knows a code could enter it for an
    /// account of their own: a pane, which shows pages that others may have made, gets the code of what a pane began.
    #[must_use]
    pub fn seen_by(self, kind: FrontEndKind, begun_by: Option<FrontEndKind>) -> Self {
        let is_desktop = |kind| Caller::Desktop.admits(kind);
        let is_shown = is_desktop(kind) || begun_by.is_some_and(|by| !is_desktop(by));
        match self {
            Self::Code { .. } if !is_shown => Self::Elsewhere,
            state => state,
        }
    }
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
    /// Where what the sign-in gives is sent: the origin of the model, in full. Absent where the settings close the way to it, and
    /// for panes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub sent_to: Option<String>,
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

impl ProviderSignInView {
    /// What a front end of this kind sees of it. A pane, which shows pages that others may have made, learns no address of the provider
    /// (Invariant 2).
    #[must_use]
    pub fn seen_by(self, kind: FrontEndKind) -> Self {
        Self {
            state: self.state.seen_by(kind, self.begun_by),
            sent_to: self.sent_to.filter(|_| Caller::Desktop.admits(kind)),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pane_sees_no_code_of_the_window_or_a_terminal() {
        use FrontEndKind::{Excel, Powerpoint, Terminal, Window};
        let code = SignInState::Code {
            code: "BDWD-HQPK".to_owned(),
            address: "https://id.example.org/device".to_owned(),
            complete: None,
            ends_at: 1,
        };
        for (begun, seen_by, is_shown) in [
            (Some(Window), Excel, false),
            (Some(Terminal), Powerpoint, false),
            (None, Excel, false),
            (Some(Excel), Excel, true),
            (Some(Excel), Window, true),
            (Some(Window), Terminal, true),
        ] {
            let seen = code.clone().seen_by(seen_by, begun);
            let expected = if is_shown { &code } else { &SignInState::Elsewhere };
            assert_eq!(&seen, expected, "{begun:?} {seen_by:?}");
        }
        // What holds no code is seen as it is.
        let seen = SignInState::Browser.seen_by(Excel, Some(Window));
        assert_eq!(seen, SignInState::Browser);
    }

    #[test]
    fn a_pane_learns_no_address_of_the_provider() {
        let view = ProviderSignInView {
            at: "id.example.org".to_owned(),
            sent_to: Some("https://gateway.example.org".to_owned()),
            state: SignInState::Idle,
            begun_by: None,
            signed_in: true,
            problem: None,
            ends_at: None,
        };
        assert_eq!(view.clone().seen_by(FrontEndKind::Excel).sent_to, None);
        assert_eq!(view.clone().seen_by(FrontEndKind::Window).sent_to, view.sent_to);
    }
}
