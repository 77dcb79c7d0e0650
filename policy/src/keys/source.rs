//! Section "Source" of the table of keys.

use super::row::*;

policy_section! {
    /// Whether Deskhand runs, for whom, and where its settings come from.
    Source "source" "Source"

    /// The deployment. Tags telemetry and gives the deployment a database of its own; not an authentication value.
    deployment_organization_uuid "deploymentOrganizationUuid": Option<OrganizationId> {
        default: None,
        invalid: None, StopsSessions, "sessions must not be filed under another deployment",
        since: "0.1.0",
    }

    /// Off switch for the fleet.
    deskhand_enabled "deskhandEnabled": bool {
        default: true,
        invalid: false, UsesValue, "who writes this key wants to switch off",
        since: "0.1.0",
    }
}
