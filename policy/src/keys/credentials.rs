//! Section "Credentials" of the table of keys.

use super::prelude::*;

policy_section! {
    /// Where the credential for inference comes from, whatever the provider.
    Credentials "credentials" "Credentials" on Connection

    /// Where the credential comes from: `static` (a key in the settings), `helper-script` (a program that prints it),
    /// `interactive` (the user signs in), `vendor-profile` (the provider's own profile on the machine), `workforce`. Once it is
    /// set, no other source is tried. With `interactive` and a gateway without `inferenceGatewayOidc` the gateway is asked for its own
    /// sign-in (RFC 8414).
    inference_credential_kind "inferenceCredentialKind": Option<CredentialKind> {
        default: None,
        invalid: None, StopsSessions, "no other credential may take the place of the one that is meant",
        forbids: &[("any", "credentials that come from elsewhere than `{}`")],
        since: "0.1.0",
    }

    /// A program, by its absolute path, that prints the credential; it wins over static keys. It prints a token, or
    /// `{"token": …, "headers": {…}}`, or for Bedrock the JSON of a `credential_process` (`Version` 1). For Foundry the token is one
    /// of Entra. `CLAUDE_HELPER_CONTEXT` says why it runs; in the middle of a conversation it has 20 seconds at most.
    inference_credential_helper "inferenceCredentialHelper": Option<FilePath> {
        default: None,
        invalid: None, StopsSessions, "no other credential may take the place of the one that is meant",
        scope: ManagedOrBootstrapWithConsent,
        forbids: &[("any", "any other credential for the model provider than what {} prints")],
        since: "0.1.0",
    }

    /// Seconds that what it prints is good for; it runs again at the next use after that.
    inference_credential_helper_ttl_sec "inferenceCredentialHelperTtlSec": Whole<1, 604_800, 3_600> {
        default: Whole::new(),
        invalid: Whole::new(), UsesValue, "the default lets credentials end, too",
        order: Order::Less,
        forbids: &[("any", "what the helper printed more than {} seconds ago")],
        since: "0.1.0",
    }

    /// Seconds that it may take.
    inference_credential_helper_timeout_sec "inferenceCredentialHelperTimeoutSec": Whole<1, 600, 60> {
        default: Whole::new(),
        invalid: Whole::new(), UsesValue, "patience lets nothing in or out",
        since: "0.1.0",
    }

    /// Whether it may run again in the middle of a conversation.
    inference_credential_helper_silent_refresh_enabled "inferenceCredentialHelperSilentRefreshEnabled": bool {
        default: true,
        invalid: false, UsesValue, "a program that runs less often does less",
        forbids: &[("false", "running the credential helper in the middle of a conversation")],
        since: "0.1.0",
    }

    /// Seconds that a sign-in at the identity provider counts; before their end users are asked to renew it.
    inference_session_lifetime_sec "inferenceSessionLifetimeSec": Option<Whole<300, 31_536_000>> {
        default: None,
        invalid: None, StopsSessions, "a sign-in without an end is not what the key is written for",
        order: Order::Less,
        since: "0.1.0",
    }
}
