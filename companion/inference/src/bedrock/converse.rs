//! Converse, the API of Bedrock that every model with a conversation takes: a request out of the canonical form, and the
//! events of an answer as events of the Messages API. Knows the two forms, no transport.

mod events;
mod request;

pub(super) use events::Events;
pub(super) use request::encode;
