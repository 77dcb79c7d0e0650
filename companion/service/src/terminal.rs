//! The terminal front end.

pub(crate) mod ask;
pub(crate) mod audit;
pub(crate) mod client;
pub(crate) mod commands;
pub(crate) mod config;
pub(crate) mod diagnostics;
pub(crate) mod doctor;
pub(crate) mod egress;
pub(crate) mod grants;
pub(crate) mod history;
pub(crate) mod instructions;
pub(crate) mod journal;
pub(crate) mod models;
pub(crate) mod pairing;
pub(crate) mod policy;
mod programs;
pub(crate) mod provider;
mod question;
pub(crate) mod safe;
#[cfg(unix)]
pub(crate) mod sandbox;
pub(crate) mod sessions;
pub(crate) mod sign_in;
pub(crate) mod start;
pub(crate) mod status;
pub(crate) mod support;

use time::OffsetDateTime;
use time::macros::format_description;

/// What the terminal says of itself in the tour, as every front end does.
const TOUR: &str = "Tour: scripted answers, no model";

/// A time of Unix milliseconds, `2026-03-01 14:05 UTC`.
pub(crate) fn when(at: i64) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    let time = OffsetDateTime::from_unix_timestamp(at / 1000).ok();
    time.and_then(|time| time.format(format).ok()).unwrap_or_default()
}
