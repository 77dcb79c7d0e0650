//! The web tools over egress: [`WebFetch`] reads one page as text, [`WebSearch`] asks the organisation's search service, and
//! [`WebTools`] gives both to the agent.
//!
//! Everything here comes from strangers and is data, never instructions (Invariant 9): [`WebTools`] marks it as such
//! to the model. Which hosts are reached is decided in the egress crate; this crate opens no connection of its own.

mod error;
mod fetch;
mod html;
mod media;
mod search;
mod tools;

pub use error::WebError;
pub use fetch::{FetchParams, FetchedPage, MAX_BODY, MAX_TEXT, WebFetch};
pub use media::PageKind;
pub use search::{
    MAX_RESULTS, SearchParams, SearchResult, SearchResults, SearchServer, ServerError, WebSearch,
};
pub use tools::WebTools;
