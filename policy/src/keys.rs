//! THE table of policy keys (Invariant 4), one file a section. To add a key, add a row; nothing else is edited by hand. A
//! key is never reused or given another type.

use serde_json::Value;

use crate::definition::{Consequence, Definition, Section, policy_table};
use crate::resolve::Sources;
use crate::source::{Entry, Problem};
use crate::types::{Headers, Provider};

/// What rows are written with.
mod row {
    pub(super) use serde_json::Value;

    pub(super) use crate::definition::{
        Consequence, Definition, Effect, Scope, Section, given_or, policy_section,
    };
    pub(super) use crate::resolve::Sources;
    pub(super) use crate::source::{Entry, Sourced};
    pub(super) use crate::types::*;
    pub(super) use crate::value::PolicyValue;
}

policy_table! {
    connection connection: Connection,
    workspace workspace: Workspace,
    connectors connectors: Connectors,
    usage usage: Usage,
    source source: Source,
}

/// Every row, in the order of the table.
pub fn definitions() -> impl Iterator<Item = &'static Definition> {
    SECTIONS.iter().flat_map(|section| section.rows)
}

/// The row of a key, by its name or an earlier one.
pub fn definition(name: &str) -> Option<&'static Definition> {
    definitions().find(|row| row.name == name || row.aliases.contains(&name))
}

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
        let provider = self.connection.inference_provider.value;
        let gateway = matches!(provider, None | Some(Provider::Gateway));
        let concerns = |problem: &&Problem| gateway || !problem.key.starts_with("inferenceGateway");
        let stops = |problem: &&Problem| problem.consequence == Consequence::StopsSessions;
        self.problems.iter().filter(stops).filter(concerns).collect()
    }
}
