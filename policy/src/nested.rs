//! The nested form of a JSON source (`"$schemaVersion": 2`): the same keys under paths. One table brings them back to
//! their names.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::json::TWICE;
use crate::keys::{definition, unused};
use crate::source::{Encoding, Origin, Reading, Values};

/// The key that tells the form.
pub(crate) const VERSION: &str = "$schemaVersion";

/// What a file says to people and editors alone.
const NOTES: [&str; 2] = ["$comment", "$schema"];

/// Paths and the keys that stand there. Where one of several providers is meant, its name is asked for.
const PATHS: &[(&str, &str)] = &[
    (
        "authentication.disableClaudeAiSignIn",
        "disableDeploymentModeChooser",
    ),
    ("authentication.microsoftAuthBroker", "microsoftAuthBroker"),
    ("autoUpdate.viaUpdatesHost", "updateViaUpdatesHost"),
    (
        "chatSurface.advancedFileAnalysis",
        "chatAdvancedFileAnalysisEnabled",
    ),
    ("chatSurface.enabled", "chatTabEnabled"),
    ("coworkSurface.enabled", "coworkTabEnabled"),
    ("featureDiscovery.disabled", "disableFeatureDiscovery"),
    ("inference.awsEnv.awsCliPath", "inferenceBedrockAwsCliPath"),
    (
        "inference.credential.audience",
        "inferenceVertexWorkforceAudience",
    ),
    ("inference.credential.authScheme", "inferenceGatewayAuthScheme"),
    ("inference.credential.clientId", "inferenceFoundryClientId"),
    ("inference.credential.command", "inferenceCredentialHelper"),
    ("inference.credential.kind", "inferenceCredentialKind"),
    ("inference.credential.loginHint", "inferenceVertexOAuthLoginHint"),
    (
        "inference.credential.silentRefreshEnabled",
        "inferenceCredentialHelperSilentRefreshEnabled",
    ),
    (
        "inference.credential.ssoAccountId",
        "inferenceBedrockSsoAccountId",
    ),
    ("inference.credential.ssoRegion", "inferenceBedrockSsoRegion"),
    ("inference.credential.ssoRoleName", "inferenceBedrockSsoRoleName"),
    ("inference.credential.ssoStartUrl", "inferenceBedrockSsoStartUrl"),
    ("inference.credential.tenantId", "inferenceFoundryTenantId"),
    (
        "inference.credential.timeoutSec",
        "inferenceCredentialHelperTimeoutSec",
    ),
    ("inference.credential.ttlSec", "inferenceCredentialHelperTtlSec"),
    (
        "inference.credential.userProject",
        "inferenceVertexWorkforceUserProject",
    ),
    ("inference.customHeaders", "inferenceCustomHeaders"),
    ("inference.provider", "inferenceProvider"),
    ("inference.serviceTier", "inferenceBedrockServiceTier"),
    ("inference.sessionLifetimeSec", "inferenceSessionLifetimeSec"),
    ("inference.streamIdleTimeoutSec", "inferenceStreamIdleTimeoutSec"),
    ("mcp.managedServers", "managedMcpServers"),
    (
        "mcp.persistentAlwaysAllowEnabled",
        "mcpPersistentAlwaysAllowEnabled",
    ),
    ("mcp.toolTimeoutSec", "mcpToolTimeoutSec"),
    ("models.prefer1mContext", "modelPrefer1mContext"),
    ("models.pricing.enabled", "inferenceModelPricingEnabled"),
    ("models.pricing.models", "inferenceModelPricing"),
    ("models.pricing.multiplier", "inferenceModelPricingMultiplier"),
    ("plugins.marketplaces", "allowedPluginMarketplaces"),
];

/// Paths whose key is another one with each provider.
const BY_PROVIDER: &[(&str, &[(&str, &str)])] = &[
    (
        "inference.credential.apiKey",
        &[
            ("anthropic", "inferenceAnthropicApiKey"),
            ("bedrock", "inferenceBedrockBearerToken"),
            ("foundry", "inferenceFoundryApiKey"),
            ("gateway", "inferenceGatewayApiKey"),
        ],
    ),
    (
        "inference.credential.authFlow",
        &[
            ("foundry", "inferenceFoundryAuthFlow"),
            ("gateway", "inferenceGatewayOidcAuthFlow"),
            ("vertex", "inferenceVertexWorkforceAuthFlow"),
        ],
    ),
    (
        "inference.credential.oidc",
        &[
            ("gateway", "inferenceGatewayOidc"),
            ("vertex", "inferenceVertexWorkforceOidc"),
        ],
    ),
];

/// Objects in which keys stand under their own names.
const BY_NAME: [&str; 6] = [
    "appearance",
    "codeSurface",
    "lifecycle",
    "mcp",
    "plugins",
    "workspace",
];

type Entries = BTreeMap<String, Result<Value, String>>;

/// The reading of a JSON source in either form.
pub(crate) fn reading(origin: Origin, mut entries: Entries) -> Reading {
    entries.retain(|key, _| !NOTES.contains(&key.as_str()));
    let entries = match entries.remove(VERSION) {
        None => entries,
        Some(Ok(version)) if version == 1 => entries,
        Some(Ok(version)) if version == 2 => flat(entries),
        Some(_) => {
            let reason = format!("`{VERSION}` is none that this release can read");
            return Reading::Unusable(origin, reason);
        }
    };
    Reading::Present(Values {
        origin,
        encoding: Encoding::Json,
        entries,
    })
}

fn flat(entries: Entries) -> Entries {
    let inference = entries.get("inference").and_then(|said| said.as_ref().ok());
    let named = inference.and_then(|object| object.get("provider"));
    let flat = entries
        .get("inferenceProvider")
        .and_then(|said| said.as_ref().ok());
    let provider = named
        .or(flat)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let mut flat = Entries::new();
    for (name, said) in entries {
        match said {
            Ok(value) => walk(&name, value, &provider, &mut flat),
            Err(reason) => put(&name, Err(reason), &mut flat),
        }
    }
    flat
}

/// Puts what stands at `path` under its key, or goes on below it. A path that leads to no key stays one, and is then
/// told as unknown.
fn walk(path: &str, value: Value, provider: &str, flat: &mut Entries) {
    if let Some(key) = key_at(path, provider) {
        return put(key, Ok(value), flat);
    }
    match value {
        Value::Object(below) => {
            for (name, value) in below {
                walk(&format!("{path}.{name}"), value, provider, flat);
            }
        }
        value => put(path, Ok(value), flat),
    }
}

/// The key that a path of the nested form leads to.
pub(crate) fn key_at<'a>(path: &'a str, provider: &str) -> Option<&'a str> {
    if definition(path).is_some() || unused(path).is_some() {
        return Some(path);
    }
    let of_provider = || {
        let (_, keys) = BY_PROVIDER.iter().find(|(at, _)| *at == path)?;
        keys.iter().find(|(name, _)| *name == provider)
    };
    let listed = PATHS.iter().find(|(at, _)| *at == path).or_else(of_provider);
    if let Some((_, key)) = listed {
        return Some(key);
    }
    let (object, leaf) = path.split_once('.')?;
    if object == "otlp" {
        return otlp(leaf);
    }
    let own = definition(leaf).filter(|_| BY_NAME.contains(&object))?;
    Some(own.name)
}

/// The key of the collector that `leaf` is the end of: `contentCapture` of `otlpContentCapture`.
fn otlp(leaf: &str) -> Option<&'static str> {
    let mut letters = leaf.chars();
    let first = letters.next()?.to_ascii_uppercase();
    definition(&format!("otlp{first}{}", letters.as_str())).map(|row| row.name)
}

fn put(key: &str, said: Result<Value, String>, flat: &mut Entries) {
    let said = if flat.contains_key(key) {
        Err(TWICE.to_owned())
    } else {
        said
    };
    flat.insert(key.to_owned(), said);
}
