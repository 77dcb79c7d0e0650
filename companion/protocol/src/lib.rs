//! Every message between a front end and the service, and every event of a session.
//!
//! JSON-RPC 2.0 text frames over one WebSocket at `wss://localhost:<port>/v1/session`. Methods are
//! `<resource>/<verb>`, fields camelCase, times Unix milliseconds (`…At`), ids UUIDv7 strings. Names follow the Agent
//! Client Protocol where it has one. The method table is in [`methods`]; TypeScript and JSON Schema are generated from
//! these types and checked to be current by a test.
//!
//! Types only: no IO, no runtime.

pub mod audit;
pub mod bootstrap;
pub mod change;
pub mod command;
pub mod configuration;
pub mod diagnostics;
pub mod document;
pub mod envelope;
pub mod error;
pub mod event;
pub mod hello;
mod id;
pub mod instructions;
pub mod message;
pub mod methods;
pub mod pairing;
pub mod permission;
pub mod provider;
pub mod sandbox;
pub mod session;
pub mod sign_in;

pub use deskhand_operations as operations;
pub use error::{ErrorCode, UserError};
pub use event::{EventBody, SessionEvent};
pub use id::{CallId, ChangeSetId, CommandId, DocumentId, MessageId, PermissionId, SessionId, TurnId};
pub use methods::{Caller, Method, Notification, ServiceCall};

/// The version of this protocol; a front end of another version is told to reload.
pub const PROTOCOL: u32 = 1;

/// Milliseconds since 1970-01-01T00:00Z.
pub type Timestamp = i64;
