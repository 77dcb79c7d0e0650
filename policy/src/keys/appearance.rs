//! Section "Appearance" of the table of keys.

use super::prelude::*;

policy_section! {
    /// What people see.
    Appearance "appearance" "Appearance" on Appearance

    /// A line above everything, which users cannot close: an object with `enabled`, `text` (at most 200 characters), and
    /// optionally `backgroundColor`, `textColor` (`#RRGGBB`) and `linkUrl` (https).
    banner "banner": Option<Banner> {
        default: None,
        invalid: None, UsesValue, "no word is better than a garbled one",
        since: "0.1.0",
    }

    /// The name of the deployment.
    deployment_display_name "deploymentDisplayName": Option<Line<100>> {
        default: None,
        invalid: None, UsesValue, "no word is better than a garbled one",
        since: "0.1.0",
    }

    /// A second line under it.
    deployment_display_subtitle "deploymentDisplaySubtitle": Option<Line<200>> {
        default: None,
        invalid: None, UsesValue, "no word is better than a garbled one",
        effect: Effect::ActsWith("the page that names the deployment"),
        since: "0.1.0",
    }

    /// Whether announcements of features are hidden.
    disable_feature_discovery "disableFeatureDiscovery": bool {
        default: false,
        invalid: true, UsesValue, "fewer announcements show less",
        effect: Effect::NotApplicable("Deskhand announces no features"),
        since: "0.1.0",
    }

    /// Whether warnings of outdated settings are hidden from users.
    disable_config_deprecation_warnings "disableConfigDeprecationWarnings": bool {
        default: false,
        invalid: false, UsesValue, "a warning too many harms nobody",
        effect: Effect::ActsWith("warnings of outdated settings"),
        since: "0.1.0",
    }
}
