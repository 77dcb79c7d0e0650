//! Section "Vertex AI" of the table of keys.

use super::prelude::*;


policy_section! {
    /// Where Vertex AI is and how it is reached. Ignored with another provider.
    Vertex "vertex" "Vertex AI" on Connection

    /// The Google Cloud project. Required for Vertex AI.
    inference_vertex_project_id "inferenceVertexProjectId": Option<ProjectId> {
        default: None,
        invalid: None, StopsSessions, "prompts must not be charged to a project that nobody named",
        scope: ManagedOrBootstrapWithConsent,
        since: "0.1.0",
    }

    /// The region, or `global`.
    inference_vertex_region "inferenceVertexRegion": Option<Region> {
        default: None,
        invalid: None, StopsSessions, "prompts must not go to a region that nobody named",
        since: "0.1.0",
    }

    /// A private endpoint in the place of the public one.
    inference_vertex_base_url "inferenceVertexBaseUrl": Option<BaseUrl> {
        default: None,
        invalid: None, StopsSessions, "prompts must not go to an address that nobody named",
        scope: ManagedOrBootstrapWithConsent,
        since: "0.1.0",
    }

    /// A file with the credentials of a service account or a user, by its absolute path. Absent: where Google's tools keep
    /// them.
    inference_vertex_credentials_file "inferenceVertexCredentialsFile": Option<FilePath> {
        default: None,
        invalid: None, StopsSessions, "no other credential may take the place of the one that is meant",
        scope: ManagedOrBootstrapWithConsent,
        since: "0.1.0",
    }

    /// Whether a virtual desktop on Google Cloud may use the service account of its machine. Where Google's tools keep no
    /// credential, the machine's metadata server (169.254.169.254) is asked for a token, over http that ends at the machine's host.
    deskhand_vertex_machine_account "deskhandVertexMachineAccount": bool {
        default: false,
        invalid: false, UsesValue, "the account of a machine is that of everybody who uses it",
        scope: ManagedOrBootstrapWithConsent,
        since: "0.1.0",
    }

    /// The OAuth client of sign-in with Google.
    inference_vertex_oauth_client_id "inferenceVertexOAuthClientId": Option<ServiceName> {
        default: None,
        invalid: None, StopsSessions, "users must not be sent to a sign-in that nobody named",
        scope: ManagedOrBootstrapWithConsent,
        since: "0.1.0",
    }

    /// Its secret.
    inference_vertex_oauth_client_secret "inferenceVertexOAuthClientSecret": Option<Secret> {
        default: None,
        invalid: None, StopsSessions, "users must not be sent to a sign-in that nobody named",
        secret: true,
        since: "0.1.0",
    }

    /// What that sign-in asks for, with spaces between. Absent: `openid email` and the cloud platform.
    inference_vertex_oauth_scopes "inferenceVertexOAuthScopes": Option<Scopes> {
        default: None,
        invalid: None, StopsSessions, "a sign-in must not ask for more than is meant",
        since: "0.1.0",
    }

    /// The account that is suggested there; `{username}` becomes the login of the system.
    inference_vertex_oauth_login_hint "inferenceVertexOAuthLoginHint": Option<ServiceName> {
        default: None,
        invalid: None, UsesValue, "a suggestion lets nothing in or out",
        since: "0.1.0",
    }

    /// Workforce identity federation: the audience of the exchange.
    inference_vertex_workforce_audience "inferenceVertexWorkforceAudience": Option<ServiceName> {
        default: None,
        invalid: None, StopsSessions, "a token must not be exchanged for another audience",
        since: "0.1.0",
    }

    /// The project that the exchange is charged to.
    inference_vertex_workforce_user_project "inferenceVertexWorkforceUserProject": Option<ProjectId> {
        default: None,
        invalid: None, StopsSessions, "an exchange must not be charged to a project that nobody named",
        since: "0.1.0",
    }

    /// The client at the organisation's identity provider: `clientId`, `issuer` (or `authorizationUrl` and `tokenUrl`), and
    /// optionally `scopes`, `redirectPort`, `omitOfflineAccess`, `additionalRedirectReferrerHosts`.
    inference_vertex_workforce_oidc "inferenceVertexWorkforceOidc": Option<WorkforceOidc> {
        default: None,
        invalid: None, StopsSessions, "users must not be sent to a sign-in that nobody named",
        scope: ManagedOrBootstrapWithConsent,
        since: "0.1.0",
    }

    /// How users sign in there: `browser`, or `broker`, the sign-in broker of the system.
    inference_vertex_workforce_auth_flow "inferenceVertexWorkforceAuthFlow": AuthFlow {
        default: AuthFlow::Browser,
        invalid: AuthFlow::Browser, UsesValue, "the browser shows where users sign in",
        differs: "Sessions do not start with `broker` until it is built.",
        since: "0.1.0",
    }
}
