//! THE table of policy keys (Invariant 4), one file a section. To add a key, add a row; nothing else is edited by hand. A
//! key is never reused or given another type.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;

use crate::definition::{Consequence, Definition, Section, policy_table};
use crate::order::Change;
use crate::resolve::Sources;
use crate::source::{Entry, Problem};
use crate::types::{Headers, Provider};

/// What rows are written with.
mod prelude {
    pub(super) use serde_json::Value;

    pub(super) use crate::definition::{
        Consequence, Definition, Effect, Page, Scope, Section, given_or, policy_section,
    };
    pub(super) use crate::hosts::{HostRule, PrivateRule};
    pub(super) use crate::order::{Change, Order};
    pub(super) use crate::resolve::Sources;
    pub(super) use crate::source::{Entry, Sourced};
    pub(super) use crate::types::*;
    pub(super) use crate::value::PolicyValue;
}

policy_table! {
    connection connection: Connection,
    credentials credentials: Credentials,
    bedrock bedrock: Bedrock,
    vertex vertex: Vertex,
    foundry foundry: Foundry,
    workspace workspace: Workspace,
    surfaces surfaces: Surfaces,
    sandbox sandbox: Sandbox,
    connectors connectors: Connectors,
    plugins plugins: Plugins,
    telemetry telemetry: Telemetry,
    audit audit: Audit,
    updates updates: Updates,
    usage usage: Usage,
    appearance appearance: Appearance,
    source source: Source,
    bootstrap bootstrap: Bootstrap,
}

mod unused;
pub use unused::{Standing, UNUSED, UnusedKey, unused};

/// Every row, in the order of the table.
pub fn definitions() -> impl Iterator<Item = &'static Definition> {
    SECTIONS.iter().flat_map(|section| section.rows)
}

/// The row of a key, by its name or an earlier one.
pub fn definition(name: &str) -> Option<&'static Definition> {
    static BY_NAME: LazyLock<HashMap<&str, &Definition>> = LazyLock::new(|| {
        let names = |row: &'static Definition| std::iter::once(&row.name).chain(row.aliases);
        definitions()
            .flat_map(|row| names(row).map(move |name| (*name, row)))
            .collect()
    });
    BY_NAME.get(name).copied()
}

/// The name that differs from this one in case alone, where there is one.
pub(crate) fn canonical(name: &str) -> &str {
    let names = definitions().flat_map(|row| std::iter::once(row.name).chain(row.aliases.iter().copied()));
    let mut names = names.chain(UNUSED.iter().map(|key| key.name));
    names
        .find(|known| known.eq_ignore_ascii_case(name))
        .unwrap_or(name)
}

/// How the keys of each provider begin.
const PROVIDERS: [(&str, Option<Provider>); 5] = [
    ("inferenceAnthropic", None),
    ("inferenceBedrock", Some(Provider::Bedrock)),
    ("inferenceFoundry", Some(Provider::Foundry)),
    ("inferenceGateway", Some(Provider::Gateway)),
    ("inferenceVertex", Some(Provider::Vertex)),
];

impl Policy {
    /// The extra headers in effect, under whichever of their two names they were given.
    pub fn inference_headers(&self) -> &Headers {
        if self.connection.inference_custom_headers.is_default() {
            &self.connection.inference_gateway_headers.value.0
        } else {
            &self.connection.inference_custom_headers.value
        }
    }

    /// What keeps sessions from starting; empty when nothing does. Keys of the other providers are ignored.
    pub fn stopping(&self) -> Vec<&Problem> {
        let stops = |problem: &&Problem| problem.consequence == Consequence::StopsSessions;
        let concerns = |problem: &&Problem| self.concerns(&problem.key);
        self.problems.iter().filter(stops).filter(concerns).collect()
    }

    /// Whether a key is about the provider in force, or about none. Without a provider every key is.
    pub fn concerns(&self, key: &str) -> bool {
        let Some(named) = self.connection.inference_provider.value else {
            return true;
        };
        let provider = PROVIDERS.iter().find(|(start, _)| key.starts_with(start));
        provider.is_none_or(|(_, provider)| *provider == Some(named))
    }
}
