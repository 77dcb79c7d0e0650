//! The types that keys have, beside plain ones.

mod access;
mod address;
mod choice;
mod folder;
mod header;
mod model;
mod number;
mod organization;
mod secret;
mod tools;
mod words;

pub use access::{
    AccessEffect, AccessPolicies, AccessResource, AccessStatement, Label, LabelBy, LabelIdentifier,
};
pub use address::{BaseUrl, ProxyUrl};
pub use choice::{AuthScheme, Pairing, Provider};
pub use folder::{FolderMode, FolderPath, FolderRule, FolderRules};
pub use header::{Headers, HeadersOrLines};
pub use model::{Model, Models};
pub use number::Whole;
pub use organization::OrganizationId;
pub use secret::Secret;
pub use tools::{ToolAction, ToolNames, ToolRule, ToolRules};
pub use words::Instructions;
