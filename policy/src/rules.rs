//! What several keys say together.

use crate::definition::Consequence;
use crate::keys::Policy;
use crate::resolve::Layers;
use crate::source::{Origin, Problem, ProblemKind, Reading};
use crate::types::Provider;

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
    let limit = &policy.usage.inference_max_tokens_per_window;
    if limit.value.is_some() && policy.usage.inference_token_window_hours.value.is_none() {
        let reason = "a limit of tokens needs a window, and `inferenceTokenWindowHours` sets none";
        stop("inferenceMaxTokensPerWindow", &limit.origin, reason);
    }
    // Without a gateway's address the set-up opens, and says so itself.
    let provider = &policy.connection.inference_provider;
    let names_another = provider
        .value
        .is_some_and(|provider| provider != Provider::Gateway);
    let known = |key: &&str| policy.problems.iter().all(|problem| problem.key != *key);
    for key in policy
        .missing()
        .into_iter()
        .filter(|_| names_another)
        .filter(known)
    {
        stop(
            key,
            &provider.origin,
            "the provider that is named needs it, and it is not set",
        );
    }
    if let Some(Err(missing)) = policy.credential() {
        let kind = &policy.credentials.inference_credential_kind;
        let provider = &policy.connection.inference_provider.origin;
        let origin = if kind.value.is_some() {
            &kind.origin
        } else {
            provider
        };
        stop(missing.key, origin, missing.reason);
    }
    problems
}
