//! Section "Source" of the table of keys.

use super::prelude::*;

policy_section! {
    /// Whether Deskhand runs, for whom, and where its settings come from.
    Source "source" "Source" on Source

    /// The deployment. Tags telemetry and gives the deployment a database of its own; not an authentication value.
    deployment_organization_uuid "deploymentOrganizationUuid": Option<OrganizationId> {
        default: None,
        invalid: None, StopsSessions, "sessions must not be filed under another deployment",
        opens: false,
        forbids: &[("any", "sessions of other deployments on this machine: they lie in databases of their own")],
        differs: "It gives the deployment a database of its own on each machine; nothing is sent to a vendor under it.",
        since: "0.1.0",
    }

    /// Off switch for the fleet.
    deskhand_enabled "deskhandEnabled": bool {
        default: true,
        invalid: false, UsesValue, "who writes this key wants to switch off",
        opens: false,
        forbids: &[("false", "everything: no session starts, nothing is contacted but the address of settings, the way to it and office.js, and every front end says who switched it off")],
        since: "0.1.0",
    }

    /// Keys that users may set although a managed source locks the others, by name. Users' values then come first, the
    /// managed value is the default. To an address that a user sets no credential of the organisation is sent; sessions stop
    /// while one would be.
    deskhand_user_may_set "deskhandUserMaySet": KeyNames {
        default: KeyNames::default(),
        invalid: KeyNames::default(), UsesValue, "a malformed allow-list allows nothing",
        scope: Managed,
        opens: false,
        order: Order::Allows(|outer, inner| outer == inner),
        forbids: &[
            ("none", "changes by users once a managed source locks keys; without one users set everything"),
            ("any", "changes by users of keys other than {} once a managed source locks keys; without one users set everything"),
        ],
        since: "0.1.0",
    }

    /// Whom people ask about what is locked, for example `Questions: it-help@example.com`.
    deskhand_managed_contact "deskhandManagedContact": Option<Line<200>> {
        default: None,
        invalid: None, UsesValue, "no word is better than a garbled one",
        opens: false,
        since: "0.1.0",
    }

    /// Why settings are locked, in a sentence that people see beside them.
    deskhand_managed_reason "deskhandManagedReason": Option<Line<300>> {
        default: None,
        invalid: None, UsesValue, "no word is better than a garbled one",
        opens: false,
        since: "0.1.0",
    }
}
