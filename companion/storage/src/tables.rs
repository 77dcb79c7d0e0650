//! The tables, one file a group. All SQL that reads or changes rows is below here; the writer calls the changing
//! half inside its transaction, readers the other.

pub(crate) mod approvals;
pub(crate) mod audit;
pub(crate) mod blobs;
pub(crate) mod events;
pub(crate) mod journal;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod tokens;
