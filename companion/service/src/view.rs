//! What front ends show of settings and state (Invariant 2).

use deskhand_platform::SecretStoreKind;
use deskhand_protocol::hello::{ModelView, OrganisationView, SandboxState, ServiceView};

use crate::settings::Settings;

/// Nothing known yet.
pub(crate) fn empty() -> ServiceView {
    ServiceView {
        tour: false,
        managed: false,
        configured: false,
        act_locked: false,
        models: Vec::new(),
        model_locked: false,
        sandbox: SandboxState::NotNeeded,
        secret_store: String::new(),
        notices: Vec::new(),
        stopped: None,
        organisation: OrganisationView::default(),
    }
}

/// The view under these settings.
pub(crate) fn of(
    settings: &Settings,
    tour: bool,
    models: Vec<ModelView>,
    secrets: SecretStoreKind,
) -> ServiceView {
    ServiceView {
        tour,
        managed: settings.managed,
        configured: settings.gateway.is_some(),
        act_locked: settings.policy.workspace.disable_bypass_permissions_mode.value,
        model_locked: settings.managed && models.len() <= 1,
        models,
        sandbox: SandboxState::NotNeeded,
        secret_store: store_name(secrets).to_owned(),
        notices: settings.notices.clone(),
        stopped: settings.stopped.clone(),
        organisation: OrganisationView::default(),
    }
}

/// The word for a secret store on the wire.
pub(crate) fn store_name(kind: SecretStoreKind) -> &'static str {
    match kind {
        SecretStoreKind::OperatingSystem => "operatingSystem",
        SecretStoreKind::KeyFile => "keyFile",
    }
}
