//! What tokens cost, as the settings say it.

use std::collections::HashMap;
use std::sync::Arc;

use deskhand_policy::Policy;
use deskhand_policy::types::Price as Listed;
use deskhand_protocol::message::Usage;
use deskhand_telemetry::record::Price;

/// Prices are for this many tokens.
const UNIT: f64 = 1_000_000.0;

/// The prices of the settings, where they are to be used and there are any. Prices of the cache that are not listed are those of
/// what goes in: an estimate is better too high than too low.
pub(crate) fn price(policy: &Policy) -> Option<Price> {
    let usage = &policy.usage;
    let listed = &usage.inference_model_pricing.value.0;
    if !usage.inference_model_pricing_enabled.value || listed.is_empty() {
        return None;
    }
    let share = usage.inference_model_pricing_multiplier.value;
    let share = share.map_or(1.0, |share| share.0);
    let prices: HashMap<String, Listed> = listed
        .iter()
        .map(|price| (price.name.clone(), price.clone()))
        .collect();
    Some(Arc::new(move |model: &str, usage: Usage| {
        prices.get(model).map(|price| share * cost(price, usage))
    }))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "an estimate, and no answer has 2^53 tokens"
)]
pub(super) fn cost(price: &Listed, usage: Usage) -> f64 {
    let read = price.cache_read_per_mtok.unwrap_or(price.input_per_mtok);
    let written = price.cache_write_per_mtok.unwrap_or(price.input_per_mtok);
    let parts = [
        (usage.input, price.input_per_mtok),
        (usage.output, price.output_per_mtok),
        (usage.cache_read, read),
        (usage.cache_write, written),
    ];
    parts
        .iter()
        .map(|(tokens, dollars)| *tokens as f64 * dollars)
        .sum::<f64>()
        / UNIT
}
