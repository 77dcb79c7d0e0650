//! Section "Connection" of the table of keys.

use super::row::*;

policy_section! {
    /// Where the model runs and how it is reached.
    Connection "connection" "Connection"

    /// Which provider answers. Required: without a valid provider Deskhand opens its set-up. Keys of the other
    /// providers are ignored.
    inference_provider "inferenceProvider": Option<Provider> {
        default: None,
        invalid: None, StopsSessions, "prompts must not go to a provider that nobody named",
        since: "0.1.0",
    }

    /// Address of the organisation's gateway, without `/v1/messages`. https; http only for loopback hosts. No user name,
    /// password, query or fragment.
    inference_gateway_base_url "inferenceGatewayBaseUrl": Option<BaseUrl> {
        default: None,
        invalid: None, StopsSessions, "prompts must not go to an address that nobody named",
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
    /// `isFamilyDefault`. Absent: what the provider lists.
    inference_models "inferenceModels": Option<Models> {
        default: None,
        invalid: Some(Models::default()), UsesValue, "a malformed allow-list allows nothing",
        since: "0.1.0",
    }

    /// Whether the provider is asked for its models. Absent: only where `inferenceModels` names none.
    model_discovery_enabled "modelDiscoveryEnabled": Option<bool> {
        default: None,
        invalid: Some(false), UsesValue, "off connects less",
        since: "0.1.0",
    }

    /// Seconds that a stream may bring nothing but keep-alives. Gateway only.
    inference_stream_idle_timeout_sec "inferenceStreamIdleTimeoutSec": Whole<300, 1_800> {
        default: Whole::new(),
        invalid: Whole::new(), UsesValue, "patience lets nothing in or out",
        since: "0.1.0",
    }

    /// The proxy of every connection to another machine, `http://proxy:8080`; it wins over the environment's. A proxy that
    /// fails is an error: nothing goes around it. Connections to this machine never use one.
    egress_proxy_url "egressProxyUrl": Option<ProxyUrl> {
        default: None,
        invalid: None, StopsSessions, "connections must not go around the proxy",
        since: "0.1.0",
    }
}
