//! The crate against real decks, read back by tools that are not ours: python-pptx, openpyxl, the Open XML SDK.

#![expect(clippy::unwrap_used, reason = "these are tests throughout, helpers too")]

mod changing;
mod checking;
mod corpus;
mod creating;
mod decks;
mod editing;
mod exchange;
mod linting;
mod mutations;
mod outside;
mod reading;
mod refusals;
mod resizing;
mod sections;
mod sources;
mod templates;
