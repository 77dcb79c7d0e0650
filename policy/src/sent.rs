//! Which credentials are sent where, and which of them may not be: the organisation's to an address that a user named, and
//! a user's to another address than it was given for.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::definition::Consequence;
use crate::keys::{Policy, definition};
use crate::secrets::{KeptSecrets, origin};
use crate::source::Origin;
use crate::types::{OtlpAuthMode, Provider};

/// Addresses that the provider's credential is sent to; those of the provider in force count.
const INFERENCE: &[&str] = &[
    "inferenceBedrockBaseUrl",
    RESOURCE,
    "inferenceGatewayBaseUrl",
    "inferenceVertexBaseUrl",
];
/// The one address that is no address of its own.
const RESOURCE: &str = "inferenceFoundryResource";
/// The collector.
const COLLECTOR: &str = "otlpEndpoint";
/// The address that hands out settings.
const BOOTSTRAP: &str = "bootstrapUrl";
/// The key of the gateway, which the collector may get as well.
const GATEWAY_KEY: &str = "inferenceGatewayApiKey";
/// What lets it.
const COLLECTOR_SIGN_IN: &str = "otlpAuthMode";

/// Credentials, and programs that print one, with the keys that say where they are sent.
const SENT: &[(&str, &[&str])] = &[
    (GATEWAY_KEY, INFERENCE),
    ("inferenceBedrockBearerToken", INFERENCE),
    ("inferenceFoundryApiKey", INFERENCE),
    ("inferenceCustomHeaders", INFERENCE),
    ("inferenceGatewayHeaders", INFERENCE),
    ("inferenceCredentialHelper", INFERENCE),
    ("inferenceVertexCredentialsFile", INFERENCE),
    ("inferenceBedrockProfile", INFERENCE),
    ("inferenceBedrockAwsDir", INFERENCE),
    ("otlpHeaders", &[COLLECTOR]),
    ("otlpHeadersHelper", &[COLLECTOR]),
    ("bootstrapHeaders", &[BOOTSTRAP]),
    ("bootstrapHeadersHelper", &[BOOTSTRAP]),
];

/// A credential that is not sent: why, and what follows.
pub(crate) type Withheld = BTreeMap<&'static str, (String, Consequence)>;

/// The credentials that may not go where the policy would send them.
pub(crate) fn withheld(policy: &Policy, kept: &KeptSecrets) -> Withheld {
    let mut withheld = Withheld::new();
    for (credential, _) in SENT.iter().filter(|(name, _)| policy.concerns(name)) {
        if let Some(reason) = refusal(
            policy,
            kept,
            credential,
            &addresses(policy, credential),
            credential,
        ) {
            withheld.insert(credential, reason);
        }
    }
    // Where the gateway must not get the key either, that is told alone.
    if signs_in(policy) && !withheld.contains_key(GATEWAY_KEY) {
        let refused = refusal(policy, kept, GATEWAY_KEY, &[COLLECTOR], COLLECTOR_SIGN_IN);
        if let Some(reason) = refused {
            withheld.insert(COLLECTOR_SIGN_IN, reason);
        }
    }
    withheld
}

impl Policy {
    /// The origins that a credential is sent to under these settings, the collector that gets it as well included.
    pub fn sent_to(&self, credential: &str) -> Vec<String> {
        let mut keys = addresses(self, credential);
        if credential == GATEWAY_KEY && signs_in(self) {
            keys.push(COLLECTOR);
        }
        origins(self, &keys)
    }
}

/// Whether the collector gets the key of the gateway.
fn signs_in(policy: &Policy) -> bool {
    policy.telemetry.otlp_auth_mode.value == OtlpAuthMode::InferenceCredential
        && policy.telemetry.otlp_endpoint.value.is_some()
        && policy.connection.inference_provider.value == Some(Provider::Gateway)
}

/// The keys that say where a credential is sent.
fn addresses(policy: &Policy, credential: &str) -> Vec<&'static str> {
    let sent = SENT.iter().find(|(name, _)| *name == credential);
    let keys = sent.into_iter().flat_map(|(_, keys)| keys.iter().copied());
    keys.filter(|key| policy.concerns(key)).collect()
}

fn origins(policy: &Policy, keys: &[&str]) -> Vec<String> {
    let values = keys.iter().map(|key| policy.value(key));
    values.filter_map(|value| value.as_str().map(origin)).collect()
}

/// Why a credential may not go to these addresses; `told` is the key that it is a problem of.
fn refusal(
    policy: &Policy,
    kept: &KeptSecrets,
    credential: &str,
    addresses: &[&str],
    told: &str,
) -> Option<(String, Consequence)> {
    let entry = policy.entry(credential)?;
    let unset = match &entry.value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    if unset || entry.origin == &Origin::Default {
        return None;
    }
    if !matches!(entry.origin, Origin::User(_)) {
        let is_managed = !matches!(entry.origin, Origin::Bootstrap(_));
        let named_by = |key: &str| match policy.entry(key) {
            Some(entry) if entry.value.is_null() => None,
            Some(entry) => match entry.origin {
                Origin::User(_) => Some("the user set"),
                // Addresses have the origin of the one that handed them out; the name of a resource can be anybody's.
                Origin::Bootstrap(_) if is_managed && key == RESOURCE => Some("a bootstrap answer named"),
                _ => None,
            },
            None => None,
        };
        let found = addresses
            .iter()
            .find_map(|key| named_by(key).map(|by| (*key, by)));
        let (address, by) = found?;
        let reason = format!(
            "not sent: `{credential}` is the organisation's, and `{address}` is an address that {by}"
        );
        return Some((reason, Consequence::StopsSessions));
    }
    let secret = kept
        .0
        .get(credential)
        .filter(|_| *entry.origin == KeptSecrets::origin())?;
    let goes_to = origins(policy, addresses);
    if goes_to.is_empty() {
        return None;
    }
    let reason = secret.refuses(credential, &goes_to)?;
    Some((reason, definition(told)?.invalid_consequence))
}
