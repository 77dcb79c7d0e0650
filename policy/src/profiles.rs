//! Recommended profiles, each tighter than the one before. They name a gateway, a collector and hosts of example.com, which
//! an organisation puts its own in place of; everything else can be deployed as it stands.

use serde_json::{Map, Value, json};

use crate::settings::Settings;
use crate::source::Encoding;

/// A recommended profile.
#[derive(Clone, Copy, Debug)]
pub struct Recommended {
    /// Its stable name, which its files have.
    pub name: &'static str,
    /// What consoles show.
    pub title: &'static str,
    values: fn() -> Map<String, Value>,
}

/// The profiles from loose to tight.
pub const RECOMMENDED: [Recommended; 3] = [
    Recommended {
        name: "standard",
        title: "Deskhand: standard",
        values: standard,
    },
    Recommended {
        name: "restricted",
        title: "Deskhand: restricted",
        values: restricted,
    },
    Recommended {
        name: "locked-down",
        title: "Deskhand: locked down",
        values: locked_down,
    },
];

impl Recommended {
    /// What it sets. A test holds that the table takes every value.
    pub fn settings(&self) -> Settings {
        let mut settings = Settings::default();
        for (key, value) in (self.values)() {
            let taken = settings.set(&key, &value, Encoding::Json);
            debug_assert!(taken.is_ok(), "{key}: {taken:?}");
        }
        settings
    }

    /// The keys that it sets.
    pub fn keys(&self) -> Vec<String> {
        (self.values)().into_iter().map(|(key, _)| key).collect()
    }
}

/// People work freely; what happens is recorded, extensions are signed, updates come within a day.
fn standard() -> Map<String, Value> {
    object(json!({
        "inferenceProvider": "gateway",
        "inferenceGatewayBaseUrl": "https://gateway.example.com",
        "deploymentOrganizationUuid": "6c1a7c1e-58f4-4a7e-9f3b-2d0b7c5e4a10",
        "otlpEndpoint": "https://collector.example.com",
        "autoUpdaterEnforcementHours": 24,
        "isDesktopExtensionSignatureRequired": true,
        "coworkEgressAllowedHosts": ["*.example.com", "*.example.org"],
    }))
}

/// People work in one folder, with the organisation's hosts and connectors, and are asked before anything risky.
fn restricted() -> Map<String, Value> {
    with(
        standard(),
        json!({
            "allowedWorkspaceFolders": [{ "path": "~/Documents/Deskhand" }],
            "blockReadsOutsideWorkingDirectories": true,
            "coworkEgressAllowedHosts": ["*.example.com"],
            "disableBypassPermissionsMode": true,
            "disableNonessentialServices": true,
            "disableNonessentialTelemetry": true,
            "isDesktopExtensionEnabled": false,
            "isLocalDevMcpEnabled": false,
            "userPluginMarketplacesEnabled": false,
            "userPluginUploadsEnabled": false,
        }),
    )
}

/// As restricted; nothing is fetched from outside, no answer lasts, panes are paired each time.
fn locked_down() -> Map<String, Value> {
    with(
        restricted(),
        json!({
            "coworkEgressAllowedHosts": [],
            "deskhandKeepSourcesInFiles": false,
            "deskhandPairing": "always",
            "disableAutoUpdates": true,
            "disableEssentialTelemetry": true,
            "disabledBuiltinTools": ["WebFetch", "WebSearch"],
            "mcpPersistentAlwaysAllowEnabled": false,
            "skillCreationEnabled": false,
        }),
    )
}

fn with(mut values: Map<String, Value>, more: Value) -> Map<String, Value> {
    values.extend(object(more));
    values
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
