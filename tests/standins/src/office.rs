//! An Office host for tests and the tour: a real .xlsx or .pptx behind the Rich API that the unmodified office.js speaks.
//!
//! The document model sits in this process, outside the page; edits go into the file's own package at a save. What a
//! page calls and this host does not have fails loudly and is listed. Knows nothing of Deskhand's service or panes.

mod batch;
mod certificates;
mod deck;
mod engine;
mod fault;
mod server;
mod settings;
mod workbook;

pub use certificates::{CertificateError, make_certificates};
pub use engine::{Engine, StartError};
pub use server::{Options, ServeError, serve};
pub use workbook::OpenError;
