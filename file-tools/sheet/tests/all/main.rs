//! Workbooks on real and on made-up files, read back by openpyxl.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failing helper fails its test"
)]

mod corpus;
mod operations;
mod support;
mod writing;
