//! Section "Updates" of the table of keys.

use super::prelude::*;

/// What its keys wait for.
const UPDATES: Effect = Effect::ActsWith("updates");

policy_section! {
    /// How new versions and new settings reach the machine.
    Updates "updates" "Updates" on Telemetry

    /// `true`: no new version is looked for, and no record of that is kept. `false`: one is looked for where `deskhandUpdateUrl`
    /// names a place. This build looks for none yet, whatever the value is: deliver new versions as you delivered this one.
    disable_auto_updates "disableAutoUpdates": bool {
        default: false,
        invalid: false, UsesValue, "corrections of security faults must go on arriving",
        locks: false,
        order: Order::Tight(true),
        forbids: &[("true", "looking for new versions")],
        differs_when_absent: "New versions are looked for only where `deskhandUpdateUrl` names a place; there is no vendor's place.",
        since: "0.1.0",
    }

    /// Where new versions are: https.
    deskhand_update_url "deskhandUpdateUrl": Option<BaseUrl> {
        default: None,
        invalid: None, UsesValue, "programs must not come from an address that nobody named",
        scope: Managed,
        effect: UPDATES,
        since: "0.1.0",
    }

    /// Hours until a new version is installed without being asked for.
    auto_updater_enforcement_hours "autoUpdaterEnforcementHours": Whole<1, 72, 72> {
        default: Whole::new(),
        invalid: Whole::new(), UsesValue, "the default enforces, too",
        locks: false,
        effect: UPDATES,
        order: Order::Less,
        since: "0.1.0",
    }

    /// Whether updates come from another host of the vendor.
    update_via_updates_host "updateViaUpdatesHost": bool {
        default: false,
        invalid: false, UsesValue, "no vendor's host is asked either way",
        locks: false,
        effect: Effect::NotApplicable("Deskhand asks no vendor's host; `deskhandUpdateUrl` names the place of updates"),
        since: "0.1.0",
    }

    /// Hours that a changed setting which needs a new start may wait for it.
    relaunch_enforcement_hours "relaunchEnforcementHours": Whole<0, 336, 24> {
        default: Whole::new(),
        invalid: Whole::new(), UsesValue, "the default enforces, too",
        locks: false,
        effect: Effect::ActsWith("the check of settings in the background"),
        order: Order::Less,
        since: "0.1.0",
    }

    /// Minutes between two looks at the settings.
    config_recheck_interval_minutes "configRecheckIntervalMinutes": Whole<2, 30, 10> {
        default: Whole::new(),
        invalid: Whole::new(), UsesValue, "the default looks often enough",
        locks: false,
        effect: Effect::ActsWith("the check of settings in the background"),
        order: Order::Less,
        since: "0.1.0",
    }
}
