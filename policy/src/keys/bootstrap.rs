//! Section "Bootstrap" of the table of keys.

use super::prelude::*;

policy_section! {
    /// An address that hands out settings for each user. What its answer holds lies over the user's own settings and under
    /// the administrator's.
    Bootstrap "bootstrap" "Bootstrap" on Source

    /// Whether the address is asked.
    bootstrap_enabled "bootstrapEnabled": bool {
        default: true,
        invalid: true, UsesValue, "its answer may restrict",
        scope: Managed,
        opens: false,
        forbids: &[("false", "asking the address in `bootstrapUrl`, where one is set")],
        since: "0.1.0",
    }

    /// The address, https, of a JSON object of settings. Sessions wait for its answer, which counts until its `expiresAt`, or an hour, and
    /// is asked for again before that. Addresses in the answer that prompts go to must have the same
    /// origin, and none of them may be of this machine; programs, files with credentials and sign-in targets need the user's consent
    /// unless the administrator of the machine set this address.
    bootstrap_url "bootstrapUrl": Option<HttpsUrl> {
        default: None,
        invalid: None, StopsSessions, "settings that cannot be fetched may restrict",
        scope: Managed,
        opens: false,
        differs: "No session starts before its answer is there. The addresses that prompts go to must always have its origin, also where `bootstrapOidc` names another provider: whoever can change the answer sends prompts nowhere else.",
        since: "0.1.0",
    }

    /// Sign-in for it: an object with `clientId`, `scopes`, and `issuer` or `authorizationUrl` and `tokenUrl`; optionally
    /// `redirectPort`, `additionalRedirectReferrerHosts`. Without it, and without headers, people sign in with a code (RFC 8628) at the
    /// origin of the address, where Deskhand is the public client `deskhand`. With both addresses the metadata of `issuer` are not
    /// asked for; it is compared with the name that the provider's answer gives (RFC 9207).
    bootstrap_oidc "bootstrapOidc": Option<BootstrapOidc> {
        default: None,
        invalid: None, StopsSessions, "users must not be sent to a sign-in that nobody named",
        scope: Managed,
        opens: false,
        since: "0.1.0",
    }

    /// Headers for it in the place of a sign-in.
    bootstrap_headers "bootstrapHeaders": Headers {
        default: Headers::default(),
        invalid: Headers::default(), StopsSessions, "an answer for somebody else may restrict less",
        scope: Managed,
        opens: false,
        secret: true,
        since: "0.1.0",
    }

    /// A program, by its absolute path, that prints these headers.
    bootstrap_headers_helper "bootstrapHeadersHelper": Option<FilePath> {
        default: None,
        invalid: None, StopsSessions, "an answer for somebody else may restrict less",
        scope: Managed,
        opens: false,
        since: "0.1.0",
    }

    /// Whether an answer may name programs, files with credentials and sign-in targets without asking the user.
    trust_bootstrap_delivery "trustBootstrapDelivery": bool {
        default: false,
        invalid: false, UsesValue, "asking lets less happen",
        scope: Managed,
        opens: false,
        aliases: ["trustBootstrapLocalExec"],
        forbids: &[("false", "programs, credential files, sign-in targets and content for a collector in an answer of `bootstrapUrl` without the consent of the user, where a user and not the administrator of the machine set that address")],
        since: "0.1.0",
    }
}
