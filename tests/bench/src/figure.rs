//! Figures with their aims: the table for people and the JSON for programs. Knows nothing of how they were measured.

use std::io::Write as _;

use deskhand_test_support::repository;
use serde_json::{Value, json};

/// What a figure should be at most.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Aim {
    /// At most this.
    AtMost(f64),
    /// Below this.
    Below(f64),
    /// Nothing: it is there to compare with.
    None,
}

/// Figures in the order in which they were measured.
#[derive(Debug, Default)]
pub(crate) struct Report(Vec<Value>);

impl Report {
    /// Prints a figure and keeps it.
    pub(crate) fn add(&mut self, name: &str, value: f64, unit: &str, aim: Aim) {
        let (text, limit, met) = match aim {
            Aim::AtMost(limit) => (format!("at most {limit:.3}"), Some(limit), Some(value <= limit)),
            Aim::Below(limit) => (format!("below {limit:.3}"), Some(limit), Some(value < limit)),
            Aim::None => (String::new(), None, None),
        };
        let verdict = match met {
            Some(true) => "met",
            Some(false) => "NOT MET",
            None => "",
        };
        say(&format!(
            "{name:<62} {value:>10.3} {unit:<4} {text:<16} {verdict}"
        ));
        self.0
            .push(json!({ "name": name, "value": value, "unit": unit, "aim": limit, "met": met }));
    }

    /// Keeps all of it as JSON.
    pub(crate) fn keep(&self) {
        let path = repository().join("target/bench.json");
        let text = serde_json::to_string_pretty(&self.0).unwrap_or_default();
        match std::fs::write(&path, text) {
            Ok(()) => say(&format!("\nKept in {}", path.display())),
            Err(error) => say(&format!("\nNot kept: {error}")),
        }
    }
}

/// Prints a line. Nobody reading it is no reason to stop measuring.
pub(crate) fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").ok();
}

/// The value that this share of all lies below, of values in any order.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(place).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let values = [5.0, 1.0, 3.0, 2.0, 4.0];
        for (share, value) in [(0.0, 1.0), (0.5, 3.0), (0.99, 5.0), (1.0, 5.0)] {
            assert!((quantile(&values, share) - value).abs() < 1e-9, "{share}");
        }
        assert!(quantile(&[], 0.5).is_nan());
    }
}
