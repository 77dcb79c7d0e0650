//! The terminal front end.

pub(crate) mod ask;
pub(crate) mod client;
pub(crate) mod config;
pub(crate) mod pairing;
pub(crate) mod safe;
pub(crate) mod sessions;
pub(crate) mod start;
pub(crate) mod status;

/// What the terminal says of itself in the tour, as every front end does.
const TOUR: &str = "Tour: scripted answers, no model";
