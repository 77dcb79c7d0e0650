//! Section "Usage limits" of the table of keys.

use super::row::*;

policy_section! {
    /// How much may be used at once.
    Usage "usage" "Usage limits"

    /// Steps that one turn may take before it ends and says so.
    deskhand_max_steps_per_turn "deskhandMaxStepsPerTurn": Whole<1, 1_000, 100> {
        default: Whole::new(),
        invalid: Whole::new(), UsesValue, "the default is a cap, too",
        since: "0.1.0",
    }

    /// Tokens that the models can take in at once. A conversation that comes near is summarised for the model; the session
    /// keeps all of it.
    deskhand_context_tokens "deskhandContextTokens": Whole<16_000, 2_000_000, 200_000> {
        default: Whole::new(),
        invalid: Whole::new(), UsesValue, "a model that takes in less says so, and the conversation is made shorter then",
        since: "0.1.0",
    }

    /// Megabytes that the journal may hold: what documents and files were before the agent changed them. When it is full,
    /// nothing more is changed until sessions are deleted; nothing that a session shows as undoable is ever dropped.
    deskhand_journal_megabytes "deskhandJournalMegabytes": Whole<100, 10_000_000, 20_000> {
        default: Whole::new(),
        invalid: Whole::new(), UsesValue, "the default keeps the disk from filling, too",
        since: "0.1.0",
    }
}
