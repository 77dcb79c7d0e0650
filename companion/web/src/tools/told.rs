//! What the model is told: words of others are marked as data (Invariant 9), and nothing is cut behind our back.

use std::fmt::Write as _;

use deskhand_core::instructions::as_data;
use deskhand_core::tool::{FETCH_TOOL, ToolResult};
use deskhand_egress::EgressError;
use deskhand_protocol::event::ToolOutcome;
use url::Url;

use super::ask::host_of;
use crate::fetch::MAX_ADDRESS;
use crate::search::bounded;
use crate::{FetchedPage, SearchResults, WebError};

/// Bytes of a page that are told at once: with what stands around them, less than a tool may tell.
const MAX_TOLD: usize = 80 << 10;

/// What was read.
pub(super) fn page_result(asked: &Url, page: &FetchedPage, from: usize) -> ToolResult {
    let kept = page.text.floor_char_boundary(MAX_TOLD.min(page.text.len()));
    let text = page.text.get(..kept).unwrap_or_default();
    let end = from.saturating_add(text.chars().count());
    let more = if end < page.characters {
        format!(" Go on with from={end}.")
    } else {
        String::new()
    };
    let title = page.title.as_deref().unwrap_or_default();
    let notes: String = page
        .notes
        .iter()
        .flat_map(|note| ["Note: ", note, "\n"])
        .collect();
    let output = format!(
        "Characters {from} to {end} of {}.{more}\n{}",
        page.characters,
        as_data(
            &bounded(&page.address, MAX_ADDRESS),
            &format!("Title: {title}\n{notes}\n{text}")
        )
    );
    ToolResult::new(ToolOutcome::Done, format!("Read {}", host_of(asked)), output)
}

/// The page leads to another host: rules and answers are by host, so that is a call of its own.
fn led_elsewhere(address: &str) -> ToolResult {
    let output = format!(
        "Nothing was read: the address leads to another host. Call {FETCH_TOOL} with the new address if it is what \
         the user needs.\n{}",
        as_data("a redirect", &bounded(address, MAX_ADDRESS))
    );
    ToolResult::new(ToolOutcome::Failed, "Leads to another host", output)
}

/// What was found, as many whole results as may be told.
pub(super) fn search_result(found: &SearchResults) -> ToolResult {
    let (mut text, mut count) = (String::new(), 0);
    for result in &found.results {
        let told = format!("{}\n{}\n{}\n\n", result.title, result.address, result.excerpt);
        if text.len() + told.len() > MAX_TOLD {
            break;
        }
        count += 1;
        let _ = write!(text, "{count}. {told}");
    }
    let noun = if count == 1 { "result" } else { "results" };
    ToolResult::new(
        ToolOutcome::Done,
        format!("Searched the web, {count} {noun}"),
        format!(
            "{count} {noun}.\n{}",
            as_data("a search of the web", text.trim_end())
        ),
    )
}

/// Why there is nothing at the host that was asked, `asked` with its port.
pub(super) fn failed(title: String, asked: &str, error: &WebError) -> ToolResult {
    if let WebError::Egress(EgressError::Elsewhere { address }) = error {
        return led_elsewhere(address);
    }
    let told = bounded(&error.to_string(), MAX_ADDRESS);
    let output = if error.quotes(asked) {
        as_data("the answer of a server", &told)
    } else {
        told
    };
    ToolResult::new(ToolOutcome::Failed, title, output)
}
