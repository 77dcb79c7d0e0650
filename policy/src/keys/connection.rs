//! Section "Connection" of the table of keys.

use super::prelude::*;

policy_section! {
    /// Where the model runs and how it is reached.
    Connection "connection" "Connection" on Connection

    /// Which provider answers. Required: without a valid provider Deskhand opens its set-up. Keys of the other
    /// providers are ignored.
    inference_provider "inferenceProvider": Option<Provider> {
        default: None,
        invalid: None, StopsSessions, "prompts must not go to a provider that nobody named",
        forbids: &[
            ("unset", "every prompt, because nothing says where the model runs"),
            ("any", "prompts to any other provider than {}"),
        ],
        differs: "`anthropic` and `mantle` are none of Deskhand's providers: with them no session starts.",
        since: "0.1.0",
    }

    /// Address of the organisation's gateway, without `/v1/messages`. https; http only for loopback hosts. No user name,
    /// password, query or fragment.
    inference_gateway_base_url "inferenceGatewayBaseUrl": Option<BaseUrl> {
        default: None,
        invalid: None, StopsSessions, "prompts must not go to an address that nobody named",
        scope: ManagedOrBootstrapWithConsent,
        forbids: &[("any", "prompts to any other gateway than {}")],
        differs: "Plain http is accepted for loopback hosts; an address with a user name, password, query or fragment is refused.",
        since: "0.1.0",
    }

    /// The key that the gateway expects. A placeholder where it needs none.
    inference_gateway_api_key "inferenceGatewayApiKey": Option<Secret> {
        default: None,
        invalid: None, StopsSessions, "a request without the key tells the gateway nothing but the prompt",
        secret: true,
        since: "0.1.0",
    }

    /// How the key is sent: `bearer` in `Authorization`, `x-api-key` in a header of that name.
    inference_gateway_auth_scheme "inferenceGatewayAuthScheme": AuthScheme {
        default: AuthScheme::Bearer,
        invalid: AuthScheme::Bearer, StopsSessions, "the key must not be sent in a way that nobody named",
        since: "0.1.0",
    }

    /// Extra HTTP headers on every inference and model-discovery call, by name.
    inference_custom_headers "inferenceCustomHeaders": Headers {
        default: Headers::default(),
        invalid: Headers::default(), StopsSessions, "headers may carry what the gateway routes or filters by",
        secret: true,
        differs: "Headers that belong to the connection or the message itself, such as `Host`, are refused.",
        since: "0.1.0",
    }

    /// Deprecated name of `inferenceCustomHeaders`, used where that one is absent. An object, or a list of `Name: Value`.
    inference_gateway_headers "inferenceGatewayHeaders": HeadersOrLines {
        default: HeadersOrLines::default(),
        invalid: HeadersOrLines::default(), StopsSessions, "headers may carry what the gateway routes or filters by",
        secret: true,
        since: "0.1.0",
    }

    /// The models to choose from, the first one the default; ids exactly as the provider writes them. Each entry is an id,
    /// or an object with `name` and optionally `labelOverride`, `supports1m`, `prefer1m`, `anthropicFamilyTier`,
    /// `isFamilyDefault`. Absent: what the provider lists; Vertex AI and Foundry, and Bedrock with a token or a helper,
    /// list nothing, so there it is required.
    inference_models "inferenceModels": Option<Models> {
        default: None,
        invalid: Some(Models::default()), UsesValue, "a malformed allow-list allows nothing",
        order: Order::Allows(|outer, inner| outer["name"] == inner["name"]),
        forbids: &[
            ("none", "every model"),
            ("any", "models other than {}, unless `modelDiscoveryEnabled` adds those of the provider"),
        ],
        since: "0.1.0",
    }

    /// Whether the provider is asked for its models. Absent: only where `inferenceModels` names none.
    model_discovery_enabled "modelDiscoveryEnabled": Option<bool> {
        default: None,
        invalid: Some(false), UsesValue, "off connects less",
        forbids: &[("false", "asking the provider for its models")],
        since: "0.1.0",
    }

    /// Seconds that a stream may bring nothing but keep-alives.
    inference_stream_idle_timeout_sec "inferenceStreamIdleTimeoutSec": Whole<300, 1_800> {
        default: Whole::new(),
        invalid: Whole::new(), UsesValue, "patience lets nothing in or out",
        since: "0.1.0",
    }

    /// Sign-in at the organisation's identity provider for the gateway: an object with `clientId`, `issuer` (or
    /// `authorizationUrl` and `tokenUrl`), and optionally `scopes`, `redirectPort`, `additionalRedirectReferrerHosts`,
    /// `bearerTokenType` (`id_token`, `access_token`), `appendOfflineAccess`, `resource`.
    inference_gateway_oidc "inferenceGatewayOidc": Option<GatewayOidc> {
        default: None,
        invalid: None, StopsSessions, "users must not be sent to a sign-in that nobody named",
        scope: ManagedOrBootstrapWithConsent,
        since: "0.1.0",
    }

    /// How users sign in there: `browser`, or `broker`, the sign-in broker of the system.
    inference_gateway_oidc_auth_flow "inferenceGatewayOidcAuthFlow": AuthFlow {
        default: AuthFlow::Browser,
        invalid: AuthFlow::Browser, UsesValue, "the browser shows where users sign in",
        differs: "Sessions do not start with `broker` until it is built.",
        since: "0.1.0",
    }

    /// The wire format of the gateway: `messages` (`POST /v1/messages`) or `openai` (`POST /v1/chat/completions`; without a cache of
    /// prompts, reasoning that is given back, and the pages of PDFs).
    deskhand_gateway_format "deskhandGatewayFormat": GatewayFormat {
        default: GatewayFormat::Messages,
        invalid: GatewayFormat::Messages, StopsSessions, "a gateway must not be asked in a format that nobody named",
        since: "0.1.0",
    }

    /// A key for the hosted API of the models' maker.
    inference_anthropic_api_key "inferenceAnthropicApiKey": Option<Secret> {
        default: None,
        invalid: None, UsesValue, "a key that is not used lets nothing in or out",
        secret: true,
        effect: Effect::NotApplicable("the hosted API is none of Deskhand's providers"),
        differs: "Deskhand does not connect to the hosted API; name a gateway, Bedrock, Vertex AI or Foundry.",
        since: "0.1.0",
    }

    /// Whether the variant of a model that takes a million tokens is preferred.
    model_prefer_1m_context "modelPrefer1mContext": bool {
        default: false,
        invalid: false, UsesValue, "the smaller variant costs less",
        effect: Effect::ActsWith("variants of models"),
        order: Order::Tight(false),
        since: "0.1.0",
    }

    /// An origin of its own for previews of what the agent makes.
    user_content_renderer_url "userContentRendererUrl": Option<BaseUrl> {
        default: None,
        invalid: None, UsesValue, "no preview loads less",
        effect: Effect::ActsWith("previews of what the agent makes"),
        since: "0.1.0",
    }

    /// The proxy of every connection to another machine, `http://proxy:8080`; it wins over the proxies of the operating system
    /// and of the environment. A proxy that fails is an error: nothing goes around it. Connections to this machine never use one.
    egress_proxy_url "egressProxyUrl": Option<ProxyUrl> {
        default: None,
        invalid: None, StopsSessions, "connections must not go around the proxy",
        scope: Managed,
        locks: false,
        forbids: &[("any", "connections to other machines that go around {}, unless `egressProxyPacUrl` names another way")],
        since: "0.1.0",
    }

    /// A file that says which proxy takes which connection (PAC); it wins over `egressProxyUrl` and over the operating system's
    /// file. A file that cannot be fetched or run is an error: nothing goes around it.
    egress_proxy_pac_url "egressProxyPacUrl": Option<PacUrl> {
        default: None,
        invalid: None, StopsSessions, "connections must not go around the proxy",
        scope: Managed,
        locks: false,
        forbids: &[("any", "connections to other machines that {} does not find a way for")],
        since: "0.1.0",
    }

    /// Whether a proxy that asks for it learns who is at this computer: the sign-in of Windows (Negotiate or NTLM) goes to the
    /// proxy that policy or the operating system names, over plain http as over https. Whoever answers for the name of an http proxy
    /// gets the sign-in too; name an `https://` proxy where that matters.
    deskhand_proxy_sign_in "deskhandProxySignIn": bool {
        default: false,
        invalid: false, UsesValue, "without it no sign-in leaves the machine",
        scope: Managed,
        order: Order::Tight(false),
        forbids: &[("false", "the sign-in of Windows at a proxy")],
        since: "0.1.0",
    }
}
