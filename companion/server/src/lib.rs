//! The loopback server: TLS, who may connect, pages, and the session protocol over WebSockets.
//!
//! It owns connections and nothing of what is said on them. What a method does is the business of a [`Handler`] that the
//! service gives; the server has checked before that the caller may call it.
//!
//! # How it is put together
//!
//! 1. [`Authority::open`] gives the user's local authority; [`Server::bind`] takes the port and the local channel.
//! 2. [`Server::front_ends`] goes to whoever tells or asks front ends something ([`FrontEnd::notify`],
//!    [`FrontEnd::call`]).
//! 3. [`Server::serve`] runs with a [`Handler`] and a [`TokenStore`] until its token of cancellation is cancelled.
//!
//! # Who does what
//!
//! | method | answered by |
//! |---|---|
//! | `hello` | the server checks version and token, the handler answers ([`Handler::hello`]) |
//! | `pairing/…` | the server; the token's hash goes to the [`TokenStore`] |
//! | `session/subscribe`, `session/unsubscribe` | the server, from [`Handler::subscribe`] and [`Handler::read`] |
//! | every other | [`Handler::call`] |
//!
//! A call that has begun goes on when its front end goes away. Events are read from the log at each front end's own
//! cursor, so a slow one costs no memory (Invariant 1). Nothing here holds a credential of a provider (Invariant 2).

mod auth;
pub mod bootstrap;
pub mod certificate;
mod connection;
mod dispatch;
mod door;
mod feed;
mod front_end;
pub mod guards;
mod limits;
mod listener;
mod outbox;
mod page_headers;
mod pages;
mod pairing;
mod server;
mod tls;
mod token;

use std::sync::Arc;

use deskhand_protocol::hello::{FrontEndKind, HelloAnswer, HelloParams};
use deskhand_protocol::{ErrorCode, Method, SessionEvent, SessionId, UserError};
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::broadcast;

pub use bootstrap::{AttachError, Attachment, attach};
pub use certificate::{Authority, CertificateError, Leaf};
pub use front_end::{CallError, FrontEnd, FrontEnds};
pub use guards::{Guard, Guards};
pub use limits::Limits;
pub use listener::BindError;
pub use outbox::Gone;
pub use page_headers::{OFFICE_HOSTS, PageSources};
pub use pages::PageOptions;
pub use server::{SESSION_PATH, Server, ServerError, ServerOptions};
pub use tls::CurrentLeaf;
pub use token::{LocalToken, LocalTokens, MemoryTokens, Token, TokenHash, TokenRecord, TokenStore};

/// The port that the manifests name.
pub const DEFAULT_PORT: u16 = 47600;

/// What the service does with what front ends ask. Called for several front ends, and for several calls of one, at the
/// same time.
pub trait Handler: Send + Sync {
    /// A front end says hello; its token has been checked and taken out. It is in [`FrontEnds`] already, so that it is
    /// told of every change after this answer; what it is told meanwhile is sent after the answer.
    fn hello<'a>(
        &'a self,
        front_end: &'a FrontEnd,
        params: HelloParams,
    ) -> BoxFuture<'a, Result<HelloAnswer, UserError>>;

    /// A front end calls a method that it may call. Parameters are as they came in.
    fn call<'a>(
        &'a self,
        front_end: &'a FrontEnd,
        method: Method,
        params: Value,
    ) -> BoxFuture<'a, Result<Value, UserError>>;

    /// The live events of a session, from this moment on.
    fn subscribe<'a>(&'a self, session: &'a SessionId) -> BoxFuture<'a, Result<Subscription, UserError>>;

    /// Events of the log with `seq > after`, in order, at most `limit`; none when there are none yet. A subscriber sees
    /// each event here no later than on [`Subscription::live`].
    fn read<'a>(
        &'a self,
        session: &'a SessionId,
        after: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<SessionEvent>, UserError>>;

    /// A front end that has said hello is gone.
    fn disconnected(&self, front_end: &FrontEnd);

    /// Somebody was let in or kept out, for the record of it.
    fn admission(&self, admission: Admission);
}

/// Who was let in or kept out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// A hello was refused.
    Refused {
        /// The kind of front end that it claimed to be.
        kind: FrontEndKind,
        /// Why.
        code: ErrorCode,
    },
    /// A request was turned away before anything was said.
    TurnedAway(TurnedAway),
    /// A person allowed a pane to be paired.
    PairingAllowed {
        /// Where the person was asked.
        by: FrontEndKind,
        /// The id of the pane's token.
        token: String,
        /// The kind of the pane.
        pane: FrontEndKind,
    },
    /// A person refused a pane that asked to be paired.
    PairingRefused {
        /// Where the person was asked.
        by: FrontEndKind,
        /// The kind of the pane.
        pane: FrontEndKind,
    },
}

/// Why a request was turned away at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnedAway {
    /// It comes from another user of this computer.
    OtherUser,
    /// `Host` is none of this server's names.
    Host,
    /// It comes from a page of another origin.
    Origin,
    /// Another site caused it.
    FetchSite,
    /// It is a WebSocket of no page, without a token of the local channel.
    NoOrigin,
}

impl TurnedAway {
    /// The word in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OtherUser => "otherUser",
            Self::Host => "host",
            Self::Origin => "origin",
            Self::FetchSite => "fetchSite",
            Self::NoOrigin => "noOrigin",
        }
    }
}

/// The live side of a session's log.
#[derive(Debug)]
pub struct Subscription {
    /// The number of the last event at this moment.
    pub last_seq: u64,
    /// Events as they are written. A receiver that lags is no loss: the log is read instead.
    pub live: broadcast::Receiver<Arc<SessionEvent>>,
}
