//! What tokens cost, as the settings say it.

use std::collections::HashMap;
use std::sync::Arc;

use deskhand_core::model::variant;
use deskhand_policy::Policy;
use deskhand_policy::types::Price as Listed;
use deskhand_protocol::message::{Cost, Usage};
use deskhand_telemetry::record::Price;

/// Billionths of a dollar for one token, where a million of them cost one dollar.
const NANODOLLARS: f64 = 1_000.0;
const DOLLAR: f64 = 1_000_000_000.0;

/// The prices of the settings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prices {
    listed: Arc<HashMap<String, Listed>>,
    share: f64,
}

impl Prices {
    /// The prices, where they are to be used and there are any.
    pub(crate) fn of(policy: &Policy) -> Option<Self> {
        let usage = &policy.usage;
        let listed = &usage.inference_model_pricing.value.0;
        if !usage.inference_model_pricing_enabled.value || listed.is_empty() {
            return None;
        }
        let share = usage.inference_model_pricing_multiplier.value;
        let listed = listed.iter().map(|price| (price.name.clone(), price.clone()));
        Some(Self {
            listed: Arc::new(listed.collect()),
            share: share.map_or(1.0, |share| share.0),
        })
    }

    /// What an answer of a model cost, rounded once. A variant for a million tokens has the price of its model unless it is
    /// listed itself.
    pub(crate) fn cost(&self, model: &str, usage: Usage) -> Option<Cost> {
        let listed = self.listed.get(model);
        let price = listed.or_else(|| self.listed.get(variant(model).0))?;
        Some(Cost {
            nanodollars: nanodollars(price, self.share, usage),
            partial: false,
        })
    }
}

/// What telemetry tells of costs.
pub(crate) fn price(policy: &Policy) -> Option<Price> {
    let prices = Prices::of(policy)?;
    Some(Arc::new(move |model: &str, usage: Usage| {
        prices.cost(model, usage).map(dollars)
    }))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "an estimate, and no answer costs 2^53 billionths of a dollar"
)]
pub(crate) fn dollars(cost: Cost) -> f64 {
    cost.nanodollars as f64 / DOLLAR
}

/// Prices of the cache that are not listed are those of what goes in: an estimate is better too high than too low.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate of what is not negative, and no answer has 2^53 tokens; a cast from a float saturates"
)]
fn nanodollars(price: &Listed, share: f64, usage: Usage) -> u64 {
    let read = price.cache_read_per_mtok.unwrap_or(price.input_per_mtok);
    let written = price.cache_write_per_mtok.unwrap_or(price.input_per_mtok);
    let parts = [
        (usage.input, price.input_per_mtok),
        (usage.output, price.output_per_mtok),
        (usage.cache_read, read),
        (usage.cache_write, written),
    ];
    let dollars: f64 = parts
        .iter()
        .map(|(tokens, dollars)| *tokens as f64 * dollars)
        .sum();
    (dollars * share * NANODOLLARS).round() as u64
}
