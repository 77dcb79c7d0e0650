//! Counters: sums by their attributes since they were last taken (delta temporality).

use std::collections::BTreeMap;

use crate::otlp::Total;
use crate::record::Point;
use crate::schema::Value;

/// Series of one interval.
const MOST: usize = 2_000;
/// What stands on the sum of everything beyond that (OpenTelemetry metrics SDK, cardinality limits).
const OVERFLOW: &str = "otel.metric.overflow";

#[derive(Debug, Default)]
pub(super) struct Totals {
    series: BTreeMap<String, Total>,
}

impl Totals {
    pub(super) fn add(&mut self, point: Point) {
        let mut attributes = point.attributes;
        let mut key = key(point.definition.name, &attributes);
        if self.series.len() >= MOST && !self.series.contains_key(&key) {
            attributes = vec![(OVERFLOW, Value::Truth(true))];
            key = self::key(point.definition.name, &attributes);
        }
        let amount = point.amount;
        self.series
            .entry(key)
            .and_modify(|total| total.amount = total.amount.plus(amount))
            .or_insert(Total {
                definition: point.definition,
                attributes,
                amount,
            });
    }

    pub(super) fn take(&mut self) -> Vec<Total> {
        std::mem::take(&mut self.series).into_values().collect()
    }
}

fn key(name: &str, attributes: &[(&'static str, Value)]) -> String {
    format!("{name} {attributes:?}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Amount;
    use crate::schema::{Described, SessionCount};

    fn point(session: &str, amount: Amount) -> Point {
        let attributes = vec![("session.id", Value::Text(session.to_owned()))];
        Point {
            definition: SessionCount::DEFINITION,
            at: 0,
            amount,
            attributes,
        }
    }

    #[test]
    fn equal_attributes_are_one_sum_and_taking_starts_anew() {
        let mut totals = Totals::default();
        for session in ["a", "b", "a"] {
            totals.add(point(session, Amount::Whole(2)));
        }
        let mut amounts: Vec<_> = totals.take().into_iter().map(|total| total.amount).collect();
        amounts.sort_by_key(|amount| format!("{amount:?}"));
        assert_eq!(amounts, [Amount::Whole(2), Amount::Whole(4)]);
        assert!(totals.take().is_empty());
    }

    #[test]
    fn beyond_the_limit_there_is_one_more_series_and_nothing_is_lost() {
        let mut totals = Totals::default();
        for session in 0..MOST + 500 {
            totals.add(point(&session.to_string(), Amount::Whole(1)));
        }
        let all = totals.take();
        assert_eq!(all.len(), MOST + 1);
        let overflow = all
            .iter()
            .find(|total| total.attributes[0].0 == OVERFLOW)
            .unwrap();
        assert_eq!(overflow.amount, Amount::Whole(500));
    }
}
