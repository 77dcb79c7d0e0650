//! What front ends show of settings and state (Invariant 2).

use deskhand_platform::SecretStoreKind;
use deskhand_policy::Policy;
use deskhand_policy::types::Banner;
use deskhand_protocol::hello::{
    BannerView, FrontEndKind, ModelView, OrganisationView, SandboxState, ServiceView,
};
use deskhand_protocol::message::Usage;

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
        promise: None,
        sandbox: SandboxState::NotNeeded,
        sandbox_fault: None,
        secret_store: String::new(),
        notices: Vec::new(),
        earlier_sessions: false,
        stopped: None,
        organisation: OrganisationView::default(),
        bootstrap: None,
        sign_in: None,
        usage: None,
        turn_budget: None,
        last_day: Usage::default(),
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
        configured: settings.provider.is_some(),
        act_locked: settings.policy.workspace.disable_bypass_permissions_mode.value,
        model_locked: is_locked(settings, &models),
        promise: promise(settings, tour),
        models,
        sandbox: SandboxState::NotNeeded,
        sandbox_fault: None,
        secret_store: store_name(secrets).to_owned(),
        notices: settings.notices.clone(),
        earlier_sessions: settings.earlier_sessions,
        stopped: settings.stopped.clone(),
        organisation: organisation(&settings.policy),
        bootstrap: None,
        sign_in: None,
        usage: None,
        turn_budget: settings.budget,
        last_day: Usage::default(),
    }
}

/// What a front end of this kind sees of it.
pub(crate) fn seen_by(view: ServiceView, kind: FrontEndKind) -> ServiceView {
    ServiceView {
        bootstrap: view.bootstrap.map(|bootstrap| bootstrap.seen_by(kind)),
        sign_in: view.sign_in.map(|sign_in| sign_in.seen_by(kind)),
        ..view
    }
}

/// What may be said of where content goes. The tour asks no model.
pub(crate) fn promise(settings: &Settings, tour: bool) -> Option<String> {
    let site = settings
        .policy
        .site()
        .filter(|_| !tour && settings.provider.is_some())?;
    Some(site.promise())
}

/// Whether the organisation leaves one model to choose. Where its settings name none, the provider's list is not there yet.
fn is_locked(settings: &Settings, models: &[ModelView]) -> bool {
    let asks = settings.policy.connection.model_discovery_enabled.value == Some(true);
    settings.managed && models.len() == 1 && !asks
}

/// The word for a secret store on the wire.
pub(crate) fn store_name(kind: SecretStoreKind) -> &'static str {
    match kind {
        SecretStoreKind::OperatingSystem => "operatingSystem",
        SecretStoreKind::KeyFile => "keyFile",
    }
}

/// What the organisation shows to everybody.
pub(crate) fn organisation(policy: &Policy) -> OrganisationView {
    let (look, source) = (&policy.appearance, &policy.source);
    OrganisationView {
        name: look.deployment_display_name.value.clone().map(|line| line.0),
        subtitle: look.deployment_display_subtitle.value.clone().map(|line| line.0),
        reason: source.deskhand_managed_reason.value.clone().map(|line| line.0),
        contact: source.deskhand_managed_contact.value.clone().map(|line| line.0),
        banner: look
            .banner
            .value
            .as_ref()
            .filter(|banner| banner.enabled)
            .map(banner_view),
    }
}

/// The line, in a colour that can be read: the organisation's own, or black or white where that is too near to what is
/// behind it (WCAG 2.2, 1.4.3).
fn banner_view(banner: &Banner) -> BannerView {
    let (background, color) = (&banner.background_color, &banner.text_color);
    let readable = contrast(background, color) >= 4.5;
    let plain = if luminance(background) > 0.179 {
        "#000000"
    } else {
        "#ffffff"
    };
    BannerView {
        text: banner.text.clone(),
        background: background.clone(),
        color: if readable { color.clone() } else { plain.to_owned() },
        link: banner.link_url.clone(),
    }
}

/// The contrast ratio of two colours `#rrggbb`, 1 to 21 (WCAG 2.2).
fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The relative luminance of a colour `#rrggbb`, 0 to 1 (WCAG 2.2).
fn luminance(color: &str) -> f64 {
    let part = |at: usize| {
        let digits = color.get(at..at + 2).unwrap_or_default();
        let value = f64::from(u8::from_str_radix(digits, 16).unwrap_or_default()) / 255.0;
        if value <= 0.040_45 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_banner_can_be_read_whatever_colours_it_is_given() {
        for (background, color, shown) in [
            ("#00205b", "#ffffff", "#ffffff"),
            ("#ffff00", "#ffffff", "#000000"),
            ("#101010", "#202020", "#ffffff"),
            ("#777777", "#777777", "#000000"),
        ] {
            let banner = Banner {
                enabled: true,
                text: "Internal".to_owned(),
                background_color: background.to_owned(),
                text_color: color.to_owned(),
                link_url: None,
            };
            let view = banner_view(&banner);
            assert_eq!(view.color, shown, "{background} {color}");
            assert!(contrast(&view.background, &view.color) >= 4.5, "{background}");
        }
    }
}
