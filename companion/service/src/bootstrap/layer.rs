//! The settings that are kept, as one of the sources of the policy.

use std::collections::BTreeMap;

use deskhand_platform::{Paths, SecretStore};
use deskhand_policy::secrets::KeptSecrets;
use deskhand_policy::{Encoding, Layers, Origin, Policy, Reading, Values, bootstrap_answer, definition};
use deskhand_protocol::bootstrap::{Consent, ConsentValue};
use deskhand_storage::BlobHash;
use serde_json::{Value, json};

use super::plan::Plan;
use super::vault::{Answer, Kept, Said, Vault};
use crate::kept;
use crate::reload::Watched;

/// The key of the deployment.
const DEPLOYMENT: &str = "deploymentOrganizationUuid";

/// The bootstrap answer as it counts now, and what a person said of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layer {
    /// The address that it came from.
    address: String,
    /// Its settings; once it ended, what of them outlasts it.
    reading: Reading,
    ended: bool,
    said: Option<Said>,
}

impl Default for Layer {
    fn default() -> Self {
        Self {
            address: String::new(),
            reading: Reading::Absent,
            ended: true,
            said: None,
        }
    }
}

/// What a person is asked about.
pub(super) struct Question {
    pub(super) values: Vec<ConsentValue>,
    pub(super) digest: String,
    pub(super) consent: Option<Consent>,
}

impl Layer {
    /// What is kept on disk for the address that these sources name, without an answer of their own.
    pub(crate) fn kept(
        paths: &Paths,
        secrets: &SecretStore,
        layers: Layers<'_>,
        now: u64,
    ) -> anyhow::Result<Self> {
        let Some(plan) = Plan::of(&Policy::resolve_layers(layers)) else {
            return Ok(Self::default());
        };
        Ok(Self::of(&plan, &Vault::open(paths, secrets, &plan)?.read(), now))
    }

    /// The policy of a command that works without the service: the secret store is opened only where something is kept.
    pub(crate) fn policy_on_disk(paths: &Paths, watched: &Watched, now: u64) -> Policy {
        let without = Policy::resolve_layers(watched.layers(KeptSecrets::NONE));
        if Plan::of(&without).is_none() {
            return without;
        }
        let read = || {
            let store = SecretStore::open(paths)?;
            let kept = kept::read(&store, &watched.user)?;
            let layer = Self::kept(paths, &store, watched.layers(&kept), now)?;
            anyhow::Ok(watched.policy(&kept, &layer))
        };
        read().unwrap_or_else(|error| {
            tracing::error!(%error, "the bootstrap settings that are kept cannot be read");
            without
        })
    }

    /// What counts of what is kept.
    pub(super) fn of(plan: &Plan, kept: &Kept, now: u64) -> Self {
        let answer = kept.counting(now);
        let ended = answer.is_none();
        let reading = answer.map(|answer| bootstrap_answer(&plan.origin(), answer.body.as_bytes()).reading);
        Self {
            address: plan.address.to_string(),
            reading: reading.unwrap_or_else(|| outlasting(plan, kept)),
            ended,
            said: kept.consent.clone(),
        }
    }

    /// The policy that follows from all sources.
    pub(crate) fn resolve(&self, layers: Layers<'_>) -> Policy {
        let without = Policy::resolve_layers(layers);
        let named = Plan::of(&without).is_some_and(|plan| plan.address.as_str() == self.address);
        if !named || matches!(self.reading, Reading::Absent) {
            return without;
        }
        let layers = Layers {
            bootstrap: &self.reading,
            ended: self.ended,
            ..layers
        };
        let policy = Policy::resolve_layers(layers);
        if self.question(&policy.awaiting_consent).consent != Some(Consent::Given) {
            return policy;
        }
        Policy::resolve_layers(Layers {
            consented: true,
            ..layers
        })
    }

    /// Whether no answer counts.
    pub(super) fn is_ended(&self) -> bool {
        self.ended
    }

    /// What a person is asked about under these sources.
    pub(super) fn asked(&self, layers: Layers<'_>) -> Question {
        let policy = Policy::resolve_layers(Layers {
            bootstrap: &self.reading,
            ..layers
        });
        self.question(&policy.awaiting_consent)
    }

    fn question(&self, keys: &[&'static str]) -> Question {
        let value = |key: &&'static str| {
            Some(ConsentValue {
                key: (*key).to_owned(),
                value: self.value(key)?,
            })
        };
        let values: Vec<ConsentValue> = keys.iter().filter_map(value).collect();
        // Bound to the address and to each value as it stands: another of them is asked about anew.
        let exact = json!([self.address, values]);
        let digest = BlobHash::of(exact.to_string().as_bytes()).to_string();
        let said = self.said.as_ref().filter(|said| said.digest == digest);
        let consent = match said {
            _ if values.is_empty() => None,
            None => Some(Consent::Waiting),
            Some(said) if said.allowed => Some(Consent::Given),
            Some(_) => Some(Consent::Refused),
        };
        Question {
            values,
            digest,
            consent,
        }
    }

    fn value(&self, key: &str) -> Option<Value> {
        let Reading::Present(values) = &self.reading else {
            return None;
        };
        let names = std::iter::once(key).chain(definition(key)?.aliases.iter().copied());
        let said = names.into_iter().find_map(|name| values.entries.get(name))?;
        // What is no value is shown as what is wrong with it: it does not count either way.
        Some(said.clone().unwrap_or_else(|reason| json!(reason)))
    }
}

/// What outlasts an answer: the deployment. Another one has another database, so the sessions would be gone with the answer
/// and what comes then would be filed elsewhere.
fn outlasting(plan: &Plan, kept: &Kept) -> Reading {
    let Some(deployment) = &kept.deployment else {
        return Reading::Absent;
    };
    Reading::Present(Values {
        origin: Origin::Bootstrap(plan.origin().into()),
        encoding: Encoding::Json,
        entries: BTreeMap::from([(DEPLOYMENT.to_owned(), Ok(json!(deployment)))]),
    })
}

/// The deployment after an answer: the one that it names, none where it names none. A value that is none says nothing.
pub(super) fn deployment(plan: &Plan, answer: &Answer, before: Option<String>) -> Option<String> {
    let Reading::Present(values) = bootstrap_answer(&plan.origin(), answer.body.as_bytes()).reading else {
        return before;
    };
    let said = values.entries.get(DEPLOYMENT)?.as_ref().ok();
    let is_one =
        |value: &&Value| definition(DEPLOYMENT).is_some_and(|row| (row.check)(value, Encoding::Json).is_ok());
    let named = said.filter(is_one).and_then(Value::as_str);
    named.map(str::to_owned).or(before)
}

#[cfg(test)]
mod tests;
