//! Section "Usage limits" of the table of keys.

use super::prelude::*;

policy_section! {
    /// How much may be used at once.
    Usage "usage" "Usage limits" on Usage

    /// Steps that one turn may take before it ends and says so.
    deskhand_max_steps_per_turn "deskhandMaxStepsPerTurn": Whole<1, 1_000, 100> {
        default: Whole::new(),
        invalid: Whole::new(), UsesValue, "the default is a cap, too",
        order: Order::Less,
        forbids: &[("any", "turns of more than {} steps")],
        since: "0.1.0",
    }

    /// Tokens that one turn may use, in and out and those of the provider's cache: its budget. A turn that used them ends before
    /// its next step, says so, and goes on with as many again when you say so. Absent: no budget.
    deskhand_max_tokens_per_turn "deskhandMaxTokensPerTurn": Option<Whole<1_000, { u32::MAX }>> {
        default: None,
        invalid: None, StopsSessions, "no budget at all is not what the key is written for",
        order: Order::Less,
        forbids: &[("any", "turns that go on once they used {} tokens")],
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
        order: Order::Less,
        forbids: &[("any", "changes once the journal holds {} megabytes")],
        since: "0.1.0",
    }

    /// Tokens, in and out and those of the provider's cache, that a user may use in one window of time: what the provider
    /// counts with its answers. Once they are used, no request is made until the window is over. Absent: no limit.
    inference_max_tokens_per_window "inferenceMaxTokensPerWindow": Option<Whole<1, { u32::MAX }>> {
        default: None,
        invalid: None, StopsSessions, "no limit at all is not what the key is written for",
        order: Order::Less,
        forbids: &[("any", "requests to the model once {} tokens are used in a window")],
        differs: "Tokens of the provider's cache count, and a turn that reaches the limit ends there.",
        since: "0.1.0",
    }

    /// Hours that such a window lasts, from its first answer on; then the count starts anew.
    inference_token_window_hours "inferenceTokenWindowHours": Option<Whole<1, 720>> {
        default: None,
        invalid: None, StopsSessions, "a limit without its window limits nothing",
        since: "0.1.0",
    }

    /// Whether an estimate in US dollars is made from the prices: people see it for each turn, session and day, and it is exported
    /// with the tokens (`cost_usd`).
    inference_model_pricing_enabled "inferenceModelPricingEnabled": bool {
        default: false,
        invalid: false, UsesValue, "a wrong price is worse than none",
        since: "0.1.0",
    }

    /// What the listed prices are multiplied by: above 0, at most 1.
    inference_model_pricing_multiplier "inferenceModelPricingMultiplier": Option<Fraction> {
        default: None,
        invalid: None, UsesValue, "a price lets nothing in or out",
        since: "0.1.0",
    }

    /// Prices of models in US dollars for a million tokens: objects with `name`, `inputPerMtok`, `outputPerMtok`, and
    /// optionally `cacheReadPerMtok`, `cacheWritePerMtok`.
    inference_model_pricing "inferenceModelPricing": List<Price, 200> {
        default: List::default(),
        invalid: List::default(), UsesValue, "a wrong price is worse than none",
        since: "0.1.0",
    }
}
