//! What is generated from the table. Each format is a pure function of the rows.

pub mod markdown;
pub mod schema;
