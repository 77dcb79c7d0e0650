//! Workbooks on real and on made-up files, read back by openpyxl.
#![expect(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "helpers of tests take JSON literals, and fail their test"
)]

mod charts;
mod checking;
mod comments;
mod corpus;
mod creating;
mod every;
mod filtering;
mod followers;
mod formulas;
mod hostile;
mod kinds;
mod linting;
mod marks;
mod naming;
mod objects;
mod operations;
mod outside;
mod pictures;
mod pivots;
mod ranges;
mod reading;
mod recalculation;
mod ruling;
mod sheets;
mod shifting;
mod showing;
mod sorting;
mod sources;
mod support;
mod tabling;
mod third;
mod tie_out;
mod trace;
mod writing;
