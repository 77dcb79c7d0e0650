//! Workbooks on real and on made-up files, read back by openpyxl.
#![expect(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "helpers of tests take JSON literals, and fail their test"
)]

mod charts;
mod corpus;
mod followers;
mod operations;
mod outside;
mod recalculation;
mod shifting;
mod pictures;
mod support;
mod writing;
