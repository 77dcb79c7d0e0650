//! What several keys say together.

use crate::definition::Consequence;
use crate::keys::Policy;
use crate::resolve::Layers;
use crate::source::{Origin, Problem, ProblemKind, Reading};
use crate::types::CredentialKind;

/// Keys that are good alone and stop sessions together.
pub(crate) fn conflicts(policy: &Policy, layers: Layers<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut stop = |key: &str, origin: &Origin, reason: &str| {
        problems.push(Problem {
            key: key.to_owned(),
            origin: origin.clone(),
            kind: ProblemKind::Conflict,
            reason: reason.to_owned(),
            consequence: Consequence::StopsSessions,
        });
    };
    let keys = &policy.bootstrap;
    let awaited = keys.bootstrap_enabled.value && keys.bootstrap_url.value.is_some();
    if awaited && (layers.ended || matches!(layers.bootstrap, Reading::Absent)) {
        let origin = &keys.bootstrap_url.origin;
        stop(
            "bootstrapUrl",
            origin,
            "sessions wait for its answer, which is not there",
        );
    }
    let required = &policy.audit.deskhand_audit_required;
    if required.value && policy.telemetry.otlp_endpoint.value.is_none() {
        let reason = "the audit needs a collector, and `otlpEndpoint` names none";
        stop("deskhandAuditRequired", &required.origin, reason);
    }
    let kind = &policy.credentials.inference_credential_kind;
    if kind.value.is_some_and(|kind| kind != CredentialKind::Static) {
        let reason = "this build knows static credentials only, and takes no other kind in their place";
        stop("inferenceCredentialKind", &kind.origin, reason);
    }
    problems
}
