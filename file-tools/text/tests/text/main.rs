//! The crate against real files and hand-made ones, read back by tools that are not ours: python-docx, LibreOffice, the
//! Open XML SDK, reportlab for PDFs.

#![expect(clippy::unwrap_used, reason = "these are tests throughout, helpers too")]

mod corpus;
mod create;
mod csv;
mod documents;
mod legacy;
mod lint;
mod oracles;
mod outside;
mod pdf;
mod plain;
mod refusals;
mod tracked;
