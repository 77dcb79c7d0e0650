//! What a person is asked before anything goes to the web: all that would be sent, and whether that may carry more than it
//! seems to.

use deskhand_core::tool::{Ask, AskReason};
use deskhand_protocol::permission::{RiskNote, WebRequest};
use url::Url;

/// From these lengths on a query, a path or a host's name may carry what was read rather than name a page, in bytes.
const LONG_QUERY: usize = 100;
const LONG_PATH: usize = 200;
const LONG_HOST: usize = 80;
/// The same for the words of a search, in characters.
const LONG_SEARCH: usize = 200;

/// The question before a page is read.
pub(super) fn ask_to_fetch(url: &Url, web: &WebRequest) -> Ask {
    let (question, scope) = (
        format!("Read a page of {}?", web.host),
        "Only this address is sent. The page is read as data.",
    );
    if is_long(url) {
        ask(
            AskReason::SendsOut,
            question,
            scope,
            Some(carries("The address", web)),
        )
    } else {
        ask(AskReason::Browses, question, scope, None)
    }
}

/// The question before a search; `ruled` where the organisation wants it each time.
pub(super) fn ask_to_search(web: &WebRequest, ruled: bool) -> Ask {
    let (question, scope) = (
        format!("Search the web at {}?", web.host),
        "Only these words are sent. What is found is read as data.",
    );
    if web.sent.chars().count() > LONG_SEARCH {
        ask(
            AskReason::SendsOut,
            question,
            scope,
            Some(carries("The search", web)),
        )
    } else if ruled {
        ask(AskReason::Ruled, question, scope, None)
    } else {
        ask(AskReason::Searches, question, scope, None)
    }
}

fn ask(reason: AskReason, question: String, scope: &str, risk: Option<RiskNote>) -> Ask {
    Ask {
        reason,
        question,
        scope: scope.to_owned(),
        rows: Vec::new(),
        total: 0,
        risks: risk.into_iter().collect(),
    }
}

fn carries(what: &str, web: &WebRequest) -> RiskNote {
    let length = web.sent.chars().count();
    RiskNote {
        cells: what.to_owned(),
        reach: format!("has {length} characters, enough to carry what was read here"),
        rule: "What is this long asks every time.".to_owned(),
    }
}

/// The host of an address, without its port.
pub(super) fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

/// The host of an address with its port, as the gate names it.
pub(super) fn host_and_port(url: &Url) -> String {
    format!(
        "{}:{}",
        host_of(url),
        url.port_or_known_default().unwrap_or_default()
    )
}

/// All of an address that leaves this computer.
pub(super) fn sent(url: &Url) -> String {
    let mut url = url.clone();
    url.set_fragment(None);
    url.into()
}

fn is_long(url: &Url) -> bool {
    url.query().is_some_and(|query| query.len() > LONG_QUERY)
        || url.path().len() > LONG_PATH
        || url.host_str().is_some_and(|host| host.len() > LONG_HOST)
}
