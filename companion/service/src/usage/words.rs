//! Tokens, costs and spans of time in words, for the terminal.

use deskhand_protocol::Timestamp;
use deskhand_protocol::hello::UsageView;
use deskhand_protocol::message::{Cost, Usage};

/// Billionths of a dollar in a ten-thousandth of one.
const TENTHS_OF_A_CENT: u64 = 100_000;

/// What was used: tokens, the share of the cache, and the estimate of what they cost where there is one.
pub(crate) fn told(usage: Usage) -> String {
    let tokens = match usage.all() {
        0 => return "no tokens".to_owned(),
        1 => "1 token".to_owned(),
        count => format!("{} tokens", grouped(count)),
    };
    let cached = usage.cached_percent().unwrap_or_default();
    let estimate = usage
        .cost
        .map_or_else(String::new, |cost| format!("; {}", money(cost)));
    format!("{tokens}, {cached}% of the input from the cache{estimate}")
}

/// An estimate: to the cent, below one to the hundredth of a cent.
fn money(cost: Cost) -> String {
    let at_least = if cost.partial { "at least " } else { "" };
    let parts = cost.nanodollars.saturating_add(TENTHS_OF_A_CENT / 2) / TENTHS_OF_A_CENT;
    let amount = if parts < 100 {
        format!("0.{parts:04}")
    } else {
        let cents = cost.nanodollars.saturating_add(5_000_000) / 10_000_000;
        format!("{}.{:02}", grouped(cents / 100), cents % 100)
    };
    format!("{at_least}USD {amount} (estimate)")
}

/// A line about what is used, for the terminal.
pub(crate) fn line(usage: UsageView, now: Timestamp) -> String {
    let used = format!("{} of {} used", grouped(usage.tokens), grouped(usage.limit));
    match usage.ends_at {
        Some(end) => format!(
            "{used}; the count starts anew in {}",
            span(end.saturating_sub(now))
        ),
        None => used,
    }
}

/// A count with its thousands apart.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A span of time for a person, rounded up to whole minutes.
pub(super) fn span(milliseconds: Timestamp) -> String {
    let minutes = (milliseconds.saturating_add(59_999) / 60_000).max(1);
    let counted = |count: Timestamp, word: &str| match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        count => Some(format!("{count} {word}s")),
    };
    let parts = [counted(minutes / 60, "hour"), counted(minutes % 60, "minute")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" and ")
}
