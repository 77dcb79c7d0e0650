//! Who must be asked: one pure function of mode, call and grants. Documents cannot answer (Invariant 9): the only ways
//! to an allowance are a person, the mode that a person chose, or a grant that a person gave.

use std::collections::BTreeSet;

use deskhand_operations::Effect;
use deskhand_protocol::DocumentId;
use deskhand_protocol::permission::{Choice, SettledBy};
use deskhand_protocol::session::PermissionMode;

use crate::tool::{AskReason, Prepared};

/// A grant for the rest of the session: this kind of change to this document.
pub type Grant = (AskReason, DocumentId);

/// The decision about a prepared call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nobody needs to be asked, because nothing that is there is touched.
    Free,
    /// Allowed without a question, and by what.
    Allowed(SettledBy),
    /// A person must be asked.
    Ask,
    /// Not allowed, and by what.
    Denied(SettledBy),
}

/// Decides about a prepared call.
pub fn decide(mode: PermissionMode, prepared: &Prepared, grants: &BTreeSet<Grant>) -> Decision {
    if prepared.effect == Effect::Read {
        return Decision::Free;
    }
    if mode == PermissionMode::ReadOnly {
        return Decision::Denied(SettledBy::Mode);
    }
    let Some(ask) = &prepared.ask else {
        return Decision::Free;
    };
    if ask.reason.is_risky() {
        return Decision::Ask;
    }
    let granted = prepared
        .document
        .clone()
        .is_some_and(|document| grants.contains(&(ask.reason, document)));
    if granted {
        return Decision::Allowed(SettledBy::SessionGrant);
    }
    match (mode, ask.reason) {
        (PermissionMode::Act, AskReason::Reformats) => Decision::Allowed(SettledBy::Mode),
        _ => Decision::Ask,
    }
}

/// The answers that may be given to a question of this reason, the main one first.
pub fn choices(reason: AskReason) -> Vec<Choice> {
    if reason.is_risky() {
        vec![Choice::AllowOnce, Choice::Deny]
    } else {
        vec![Choice::AllowOnce, Choice::AllowSession, Choice::Deny]
    }
}

#[cfg(test)]
mod tests {
    use super::{Decision, decide};
    use crate::tool::{Ask, AskReason, Prepared};
    use deskhand_operations::Effect;
    use deskhand_protocol::DocumentId;
    use deskhand_protocol::permission::SettledBy;
    use deskhand_protocol::session::PermissionMode::{Act, Ask as AskFirst, ReadOnly};
    use std::collections::BTreeSet;

    fn prepared(effect: Effect, reason: Option<AskReason>) -> Prepared {
        let ask = reason.map(|reason| Ask {
            reason,
            question: String::new(),
            scope: String::new(),
            rows: Vec::new(),
            total: 1,
            risks: Vec::new(),
        });
        Prepared {
            effect,
            document: Some(DocumentId::from_text("d")),
            ask,
        }
    }

    #[test]
    fn every_mode_effect_and_reason_has_its_decision() {
        use AskReason::{Overwrites, ReachesOutside, Reformats, Removes};
        let table = [
            (AskFirst, Effect::Read, None, Decision::Free),
            (ReadOnly, Effect::Read, None, Decision::Free),
            (ReadOnly, Effect::Add, None, Decision::Denied(SettledBy::Mode)),
            (
                ReadOnly,
                Effect::Change,
                Some(Overwrites),
                Decision::Denied(SettledBy::Mode),
            ),
            (AskFirst, Effect::Add, None, Decision::Free),
            (AskFirst, Effect::Change, Some(Reformats), Decision::Ask),
            (AskFirst, Effect::Change, Some(Overwrites), Decision::Ask),
            (
                Act,
                Effect::Change,
                Some(Reformats),
                Decision::Allowed(SettledBy::Mode),
            ),
            (Act, Effect::Change, Some(Overwrites), Decision::Ask),
            (Act, Effect::Change, Some(ReachesOutside), Decision::Ask),
            (Act, Effect::Remove, Some(Removes), Decision::Ask),
        ];
        for (mode, effect, reason, expected) in table {
            let got = decide(mode, &prepared(effect, reason), &BTreeSet::new());
            assert_eq!(got, expected, "{mode:?} {effect:?} {reason:?}");
        }
    }

    #[test]
    fn a_grant_covers_its_reason_on_its_document_and_no_risky_action() {
        let document = DocumentId::from_text("d");
        let grants = BTreeSet::from([
            (AskReason::Overwrites, document.clone()),
            (AskReason::ReachesOutside, document),
        ]);
        let granted = decide(
            AskFirst,
            &prepared(Effect::Change, Some(AskReason::Overwrites)),
            &grants,
        );
        assert_eq!(granted, Decision::Allowed(SettledBy::SessionGrant));
        let risky = decide(
            AskFirst,
            &prepared(Effect::Change, Some(AskReason::ReachesOutside)),
            &grants,
        );
        assert_eq!(risky, Decision::Ask);
        let mut other = prepared(Effect::Change, Some(AskReason::Overwrites));
        other.document = Some(DocumentId::from_text("e"));
        assert_eq!(decide(AskFirst, &other, &grants), Decision::Ask);
    }
}
