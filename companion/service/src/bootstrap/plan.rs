//! What the settings say of the address that hands out settings: where it is and how somebody shows who they are.

use std::path::PathBuf;

use deskhand_policy::types::{Headers, Oidc};
use deskhand_policy::{Policy, ProblemKind};
use deskhand_storage::BlobHash;
use url::Url;

use super::Layer;

/// The address, and the way to show who asks.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(super) address: Url,
    pub(super) way: Way,
}

/// How somebody shows who they are.
#[derive(Clone)]
pub(super) enum Way {
    /// Headers, fixed and those that a program prints.
    Headers(Headers, Option<PathBuf>),
    /// In the browser, at the organisation's identity provider.
    Browser(Oidc),
    /// With a code, at the origin of the address itself.
    Device,
}

impl std::fmt::Debug for Way {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Headers(..) => "Headers",
            Self::Browser(_) => "Browser",
            Self::Device => "Device",
        })
    }
}

impl Plan {
    /// What a policy says; `None` where no address hands out settings.
    pub(crate) fn of(policy: &Policy) -> Option<Self> {
        let keys = &policy.bootstrap;
        let address = keys.bootstrap_url.value.as_ref();
        let address = address.filter(|_| keys.bootstrap_enabled.value)?.url().clone();
        let (headers, helper) = (
            &keys.bootstrap_headers.value,
            &keys.bootstrap_headers_helper.value,
        );
        let way = if headers.iter().next().is_some() || helper.is_some() {
            let helper = helper.as_ref().map(|helper| helper.path().to_owned());
            Way::Headers(headers.clone(), helper)
        } else if let Some(oidc) = &keys.bootstrap_oidc.value {
            Way::Browser(oidc.0.clone())
        } else {
            Way::Device
        };
        Some(Self { address, way })
    }

    /// Whether a policy says for certain that it names another address or none. Sources that cannot be read, and values that
    /// are none, say nothing: a profile that is written just then must not cost a sign-in.
    pub(super) fn is_certain(policy: &Policy) -> bool {
        !policy.problems.iter().any(|problem| {
            problem.kind == ProblemKind::Source
                || (problem.key.starts_with("bootstrap") && problem.kind != ProblemKind::Conflict)
        })
    }

    /// Whether settings are named and not here.
    pub(crate) fn awaits(policy: &Policy, layer: &Layer) -> bool {
        Self::of(policy).is_some() && layer.is_ended()
    }

    /// Whether a person signs in for them.
    pub(crate) fn is_for_a_person(&self) -> bool {
        !matches!(self.way, Way::Headers(..))
    }

    /// The origin of the address.
    pub(super) fn origin(&self) -> String {
        self.address.origin().ascii_serialization()
    }

    /// What is kept belongs to: the address, and whoever the settings let sign in. Another of either opens nothing of it.
    pub(super) fn bound_to(&self) -> Vec<u8> {
        let way = match &self.way {
            Way::Headers(headers, helper) => {
                let headers: Vec<(&str, &str)> = headers.iter().collect();
                serde_json::json!(["headers", headers, helper])
            }
            Way::Browser(oidc) => serde_json::json!(["browser", oidc]),
            Way::Device => serde_json::json!(["device"]),
        };
        let way = BlobHash::of(way.to_string().as_bytes());
        format!("deskhand bootstrap 1\n{}\n{way}", self.address).into_bytes()
    }
}
