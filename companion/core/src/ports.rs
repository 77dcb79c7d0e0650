//! What the agent needs of the world. `inference`, `documents` and `storage` implement these; `service` puts them
//! together. Futures are boxed so that implementations can be chosen at run time.

use std::pin::Pin;

use deskhand_protocol::hello::ModelView;
use deskhand_protocol::{EventBody, SessionEvent, SessionId, UserError};
use futures_util::Stream;
use serde::{Deserialize, Serialize};

use crate::model::{Capabilities, ModelEvent, ModelRequest, ToolDefinition};
use crate::tool::{Prepared, ToolFailure, ToolRequest, ToolResult};

/// A boxed future.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A model's answer while it comes. Dropping it cancels the call.
pub type ModelStream = Pin<Box<dyn Stream<Item = Result<ModelEvent, UserError>> + Send>>;

/// Where the model runs. One required way to ask: [`Provider::stream`].
pub trait Provider: Send + Sync {
    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Asks the model. Retries are the provider's business and are told by events; the stream ends with `Completed`
    /// or one error.
    fn stream(&self, request: ModelRequest) -> ModelStream;

    /// The models to choose from, the default first.
    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelView>, UserError>>;
}

/// The tools of a session.
pub trait Tools: Send + Sync {
    /// What the model may call, in a stable order.
    fn definitions(&self) -> Vec<ToolDefinition>;

    /// Looks what the call would do, and changes nothing.
    fn prepare<'a>(
        &'a self,
        request: &'a ToolRequest,
        progress: &'a dyn Progress,
    ) -> BoxFuture<'a, Result<Prepared, ToolFailure>>;

    /// Does it. The pre-image is in the journal before anything changes (Invariant 6). May be called again after a crash
    /// for a call that was begun: then the outcome is looked up or read back first, and nothing is done twice.
    fn run<'a>(&'a self, request: &'a ToolRequest, progress: &'a dyn Progress) -> BoxFuture<'a, ToolResult>;

    /// One line a document about what the session can see, for the model. Changes between turns.
    fn context<'a>(&'a self, session: &'a SessionId) -> BoxFuture<'a, String>;
}

/// What a running tool tells, and whether it should stop.
pub trait Progress: Send + Sync {
    /// It waits; the error says for what.
    fn waiting(&self, error: UserError);

    /// It wrote this, for whoever looks on; the result says all that counts.
    fn output(&self, text: String) {
        drop(text);
    }

    /// True once a person stopped the turn: a tool that waits gives up, one that writes ends its write first.
    fn is_cancelled(&self) -> bool;
}

/// How safe an event must be before it is acted on (Invariant 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Durability {
    /// In the log; the disk may follow.
    Written,
    /// On disk.
    Flushed,
}

/// The log of events.
pub trait EventLog: Send + Sync {
    /// Appends events in one piece and answers them with their numbers, once they are as safe as asked.
    fn append<'a>(
        &'a self,
        session: &'a SessionId,
        events: Vec<EventBody>,
        durability: Durability,
    ) -> BoxFuture<'a, Result<Vec<SessionEvent>, UserError>>;

    /// Events with `seq > after`, at most `limit`.
    fn read<'a>(
        &'a self,
        session: &'a SessionId,
        after: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<SessionEvent>, UserError>>;
}

/// Whether the matter of a journal entry is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Not yet: after a restart it is looked at what came of it.
    Open,
    /// It is.
    Closed,
}

/// The SHA-256 of a content that a journal keeps, in lower-case hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobId(pub String);

/// Where pre-images and intents of document changes are kept. Keys are unique within a session; values are sealed.
pub trait Journal: Send + Sync {
    /// Writes or replaces an entry; on disk when it answers.
    fn put<'a>(
        &'a self,
        session: &'a SessionId,
        key: &'a str,
        value: Vec<u8>,
        settled: Settled,
    ) -> BoxFuture<'a, Result<(), UserError>>;

    /// The entry, where there is one.
    fn get<'a>(
        &'a self,
        session: &'a SessionId,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, UserError>>;

    /// Keeps content under its hash, once for all places that hold it; on disk when it answers.
    fn put_blob<'a>(
        &'a self,
        session: &'a SessionId,
        content: Vec<u8>,
    ) -> BoxFuture<'a, Result<BlobId, UserError>>;

    /// The content behind a hash, where it is kept.
    fn blob<'a>(
        &'a self,
        session: &'a SessionId,
        id: &'a BlobId,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, UserError>>;

    /// Whether more may be kept; the error says why not. What leads back is kept in any case.
    fn room(&self) -> BoxFuture<'_, Result<(), UserError>> {
        Box::pin(async { Ok(()) })
    }

    /// Keys that begin with these letters, in the order of their first writing.
    fn keys<'a>(
        &'a self,
        session: &'a SessionId,
        prefix: &'a str,
    ) -> BoxFuture<'a, Result<Vec<String>, UserError>>;
}
