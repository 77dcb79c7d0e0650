//! Section "Azure AI Foundry" of the table of keys.

use super::prelude::*;

policy_section! {
    /// Where Foundry is and how it is reached. Ignored with another provider.
    Foundry "foundry" "Azure AI Foundry" on Connection

    /// The name of the resource; its endpoint is `https://NAME.services.ai.azure.com`. Required for Foundry.
    inference_foundry_resource "inferenceFoundryResource": Option<ResourceName> {
        default: None,
        invalid: None, StopsSessions, "prompts must not go to a resource that nobody named",
        scope: ManagedOrBootstrapWithConsent,
        since: "0.1.0",
    }

    /// A static key.
    inference_foundry_api_key "inferenceFoundryApiKey": Option<Secret> {
        default: None,
        invalid: None, StopsSessions, "no other credential may take the place of the one that is meant",
        scope: ManagedOrBootstrapWithConsent,
        secret: true,
        since: "0.1.0",
    }

    /// The Entra tenant that users sign in to.
    inference_foundry_tenant_id "inferenceFoundryTenantId": Option<ServiceName> {
        default: None,
        invalid: None, StopsSessions, "users must not be sent to a sign-in that nobody named",
        scope: ManagedOrBootstrapWithConsent,
        since: "0.1.0",
    }

    /// The Entra application that they sign in with.
    inference_foundry_client_id "inferenceFoundryClientId": Option<ServiceName> {
        default: None,
        invalid: None, StopsSessions, "users must not be sent to a sign-in that nobody named",
        scope: ManagedOrBootstrapWithConsent,
        since: "0.1.0",
    }

    /// How they sign in: `device-code`, `browser`, or `broker`, the sign-in broker of the system.
    inference_foundry_auth_flow "inferenceFoundryAuthFlow": EntraFlow {
        default: EntraFlow::DeviceCode,
        invalid: EntraFlow::Browser, UsesValue, "the browser shows where users sign in, and no code can be passed on",
        differs: "Sessions do not start with `broker` until it is built.",
        since: "0.1.0",
    }
}
