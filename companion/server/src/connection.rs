//! One WebSocket: reading its frames, answering them, and what happens when it is slow, silent or gone.
//!
//! The reader takes one frame after the other and starts calls; the writer sends what is queued. A call goes on when its
//! front end goes away in the middle: what it began is finished, and seen by the others.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::extract::ws::{Message, WebSocket};
use deskhand_protocol::envelope::{Frame, RpcError};
use deskhand_protocol::hello::{FrontEndKind, HelloAnswer, HelloParams};
use deskhand_protocol::pairing::{
    BeginAnswer, BeginParams, PairingAnswerParams, PairingsAnswer, SettledParams,
};
use deskhand_protocol::session::{SessionParams, SubscribeAnswer, SubscribeParams};
use deskhand_protocol::{ErrorCode, Method, Notification, PROTOCOL, UserError};
use futures_util::stream::SplitStream;
use futures_util::{FutureExt as _, StreamExt};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::Admission;
use crate::dispatch::{Incoming, admit, params, parse};
use crate::feed::Feed;
use crate::front_end::{FrontEnd, Line};
use crate::guards::Guard;
use crate::outbox::{Outbox, Outgoing, close};
use crate::pairing::millis;
use crate::server::Shared;
use crate::token::{Token, TokenHash, TokenRecord};

mod writer;

/// How long a connection without a token stays after its attempt to pair has ended, to hear about it.
const AFTER_PAIRING: Duration = Duration::from_secs(10);

/// Serves one WebSocket until it ends.
pub(crate) async fn run(shared: Arc<Shared>, socket: WebSocket, origin: Option<String>) {
    let (outbox, queue) = Outbox::new(&shared.limits, &shared.shutdown);
    let line = Arc::new(Line::new(shared.front_ends.next_id(), origin, outbox));
    shared.front_ends.join(&line);
    let (sink, stream) = socket.split();
    let writer = tokio::spawn(writer::run(
        sink,
        queue,
        line.outbox.clone(),
        shared.limits.clone(),
    ));

    let mut connection = Connection::new(Arc::clone(&shared), Arc::clone(&line));
    connection.read(stream).await;

    line.cut();
    shared.front_ends.leave(line.id);
    shared.pairings.forget(line.id);
    connection.calls.detach_all();
    if let Some(front_end) = &connection.front_end {
        shared.handler.disconnected(front_end);
    }
    if writer.await.is_err() {
        tracing::error!("the writer of a connection failed");
    }
}

struct Connection {
    shared: Arc<Shared>,
    line: Arc<Line>,
    front_end: Option<FrontEnd>,
    failed_hellos: u32,
    /// When a connection that has not said hello is closed.
    hello_by: Instant,
    calls: JoinSet<()>,
    running: Arc<Semaphore>,
    followed: Vec<String>,
}

impl Connection {
    fn new(shared: Arc<Shared>, line: Arc<Line>) -> Self {
        let hello_by = Instant::now() + shared.limits.hello;
        let running = Arc::new(Semaphore::new(shared.limits.calls));
        Self {
            shared,
            line,
            front_end: None,
            failed_hellos: 0,
            hello_by,
            calls: JoinSet::new(),
            running,
            followed: Vec::new(),
        }
    }

    async fn read(&mut self, mut stream: SplitStream<WebSocket>) {
        let gone = self.line.outbox.gone().clone();
        loop {
            while self.calls.try_join_next().is_some() {}
            let by = self.deadline();
            let message = tokio::select! {
                biased;
                () = gone.cancelled() => return,
                message = timeout_at(by, stream.next()) => message,
            };
            match message {
                Err(_) => return self.line.outbox.close(close::POLICY, "nothing came in time"),
                Ok(None | Some(Ok(Message::Close(_)))) => {
                    return self.line.outbox.close(close::NORMAL, "closed by the front end");
                }
                Ok(Some(Err(error))) => return self.close_broken(&error),
                Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => {}
                Ok(Some(Ok(Message::Text(text)))) => self.take(text.as_str()).await,
                Ok(Some(Ok(Message::Binary(bytes)))) => match std::str::from_utf8(&bytes) {
                    Ok(text) if !self.shared.guards.stands(Guard::TextFrames) => self.take(text).await,
                    _ => return self.line.outbox.close(close::UNSUPPORTED, "frames are text"),
                },
            }
        }
    }

    fn deadline(&self) -> Instant {
        let (by, guard) = match self.front_end {
            Some(_) => (Instant::now() + self.shared.limits.idle, Guard::IdleDeadline),
            None => (self.hello_by, Guard::HelloDeadline),
        };
        if self.shared.guards.stands(guard) {
            by
        } else {
            Instant::now() + Duration::from_hours(24)
        }
    }

    fn close_broken(&self, error: &axum::Error) {
        tracing::debug!(%error, "a connection broke");
        // tungstenite names its size errors so; axum hides their type.
        if error.to_string().contains("too long") {
            self.line
                .outbox
                .close(close::TOO_LARGE, "the message is too large");
        } else {
            self.line.outbox.close(close::PROTOCOL, "the connection broke");
        }
    }

    async fn take(&mut self, text: &str) {
        if self.front_end.is_none() && text.len() > self.shared.limits.greeting_bytes {
            return self
                .line
                .outbox
                .close(close::TOO_LARGE, "the message is too large");
        }
        match parse(text) {
            Ok(Incoming::Request { id, method, params }) => self.request(id, &method, params).await,
            Ok(Incoming::Answer { id, outcome }) => self.line.answered(id, outcome),
            Ok(Incoming::Notification) => {}
            Err(error) => {
                tracing::debug!(%error, "a front end sent no frame");
                self.line
                    .outbox
                    .close(close::POLICY, "the frame is not JSON-RPC 2.0");
            }
        }
    }

    async fn request(&mut self, id: u64, name: &str, params: Value) {
        let outcome = match admit(self.shared.guards, name, self.front_end.as_ref()) {
            Err(refusal) => Err(refusal.into()),
            Ok(method) => match self.own(method, params).await {
                Own::Answered(outcome) => outcome.map_err(RpcError::from),
                Own::Followed(answer, feed) => return self.follow(id, answer, feed).await,
                Own::Passed(method, params) => return self.start(id, method, params).await,
            },
        };
        self.answer(id, outcome).await;
        self.line.release();
    }

    async fn answer(&self, id: u64, outcome: Result<Value, RpcError>) {
        // A front end that is gone needs no answer.
        drop(self.line.outbox.send(&Frame::answer(id, outcome)).await);
    }

    /// Starts a call of the handler beside this connection. When too many run, the socket waits.
    async fn start(&mut self, id: u64, method: Method, params: Value) {
        let Some(front_end) = self.front_end.clone() else {
            return;
        };
        let gone = self.line.outbox.gone().clone();
        let permit: OwnedSemaphorePermit = tokio::select! {
            () = gone.cancelled() => return,
            permit = Arc::clone(&self.running).acquire_owned() => match permit {
                Ok(permit) => permit,
                Err(_) => return,
            },
        };
        let (shared, line) = (Arc::clone(&self.shared), Arc::clone(&self.line));
        self.calls.spawn(async move {
            let call = AssertUnwindSafe(shared.handler.call(&front_end, method, params));
            // A call that breaks is answered like one that fails: whoever waits must not wait for ever.
            let broken = |_| Err(UserError::new(ErrorCode::Internal).detail(method.name()));
            let outcome = call
                .catch_unwind()
                .await
                .unwrap_or_else(broken)
                .map_err(RpcError::from);
            drop(line.outbox.send(&Frame::answer(id, outcome)).await);
            drop(permit);
        });
    }

    /// The methods that are the server's own; others are passed on.
    async fn own(&mut self, method: Method, given: Value) -> Own {
        match method {
            Method::Hello => Own::answered(self.hello(given).await),
            Method::PairingBegin => Own::answered(self.begin_pairing(given)),
            Method::PairingList => Own::answered(Ok(PairingsAnswer {
                pairings: self.shared.pairings.list(SystemTime::now()),
            })),
            Method::PairingAnswer => Own::answered(self.settle_pairing(given).await),
            Method::SessionSubscribe => match self.subscribe(given).await {
                Ok((answer, feed)) => Own::Followed(answer, feed),
                Err(error) => Own::Answered(Err(error)),
            },
            Method::SessionUnsubscribe => Own::answered(self.unsubscribe(given).await),
            other => Own::Passed(other, given),
        }
    }

    async fn hello(&mut self, given: Value) -> Result<impl Serialize + use<>, UserError> {
        let hello: HelloParams = params(given)?;
        if self.front_end.is_some() {
            return Err(UserError::new(ErrorCode::BadRequest).detail("hello was said already"));
        }
        let kind = hello.front_end;
        let admitted = self.let_in(hello).await;
        admitted.inspect_err(|error| {
            let code = error.code;
            self.shared.handler.admission(Admission::Refused { kind, code });
        })
    }

    async fn let_in(&mut self, mut hello: HelloParams) -> Result<HelloAnswer, UserError> {
        if hello.protocol != PROTOCOL {
            return Err(UserError::new(ErrorCode::ProtocolVersion));
        }
        let token = std::mem::take(&mut hello.token);
        let known = self
            .shared
            .authenticate(&token, hello.front_end, self.line.origin.as_deref())
            .await;
        let id = known.inspect_err(|_| self.count_failure())?;
        let front_end = FrontEnd::new(Arc::clone(&self.line), hello.front_end, id);
        // From here on it is told what changes, after the answer that shows how things stand.
        self.line.hold();
        self.shared.front_ends.greet(&front_end);
        match self.shared.handler.hello(&front_end, hello).await {
            Ok(answer) => {
                self.front_end = Some(front_end);
                Ok(answer)
            }
            Err(error) => {
                self.shared.front_ends.join(&self.line);
                Err(error)
            }
        }
    }

    fn count_failure(&mut self) {
        self.failed_hellos += 1;
        if self.failed_hellos >= self.shared.limits.failed_hellos {
            self.line.outbox.close(close::POLICY, "too many unknown tokens");
        }
    }

    fn begin_pairing(&mut self, given: Value) -> Result<impl Serialize + use<>, UserError> {
        let begin: BeginParams = params(given)?;
        let kind = begin.front_end;
        let origin = self.line.origin.as_deref();
        let (FrontEndKind::Excel | FrontEndKind::Powerpoint, Some(origin)) = (kind, origin) else {
            return Err(UserError::new(ErrorCode::PairingRefused).detail("only panes are paired"));
        };
        let view = self
            .shared
            .pairings
            .begin(kind, origin, self.line.id, SystemTime::now())?;
        self.hello_by = Instant::now() + self.shared.limits.pairing + AFTER_PAIRING;
        let desktop = |front_end: &FrontEnd| Method::PairingAnswer.caller().admits(front_end.kind());
        self.shared
            .front_ends
            .notify(desktop, Notification::PairingRequested, &view);
        Ok(BeginAnswer {
            pairing: view.pairing,
            number: view.number,
            expires_at: view.expires_at,
        })
    }

    async fn settle_pairing(&self, given: Value) -> Result<Value, UserError> {
        let answer: PairingAnswerParams = params(given)?;
        let attempt = self.shared.pairings.take(&answer.pairing, SystemTime::now())?;
        let line = self.shared.front_ends.line(attempt.connection);
        let line =
            line.ok_or_else(|| UserError::new(ErrorCode::PairingRefused).detail("the pane is gone"))?;
        let token = if answer.allow { Some(Token::new()?) } else { None };
        if let Some(token) = &token {
            let record = TokenRecord {
                id: attempt.view.pairing.clone(),
                hash: token.hash(),
                kind: attempt.view.front_end,
                origin: attempt.origin,
                created_at: millis(SystemTime::now()),
            };
            self.shared.tokens.insert(record).await?;
        }
        if let Some(by) = self.front_end.as_ref().map(FrontEnd::kind) {
            let (pane, id) = (attempt.view.front_end, attempt.view.pairing.clone());
            self.shared.handler.admission(match &token {
                Some(_) => Admission::PairingAllowed { by, token: id, pane },
                None => Admission::PairingRefused { by, pane },
            });
        }
        let token = token.map(|token| token.expose().to_owned());
        let settled = SettledParams {
            pairing: attempt.view.pairing,
            token,
        };
        let told = line.notify(Notification::PairingSettled, settled);
        told.map_err(|_| UserError::new(ErrorCode::PairingRefused).detail("the pane is gone"))?;
        Ok(Value::Object(serde_json::Map::new()))
    }

    async fn subscribe(&mut self, given: Value) -> Result<(Value, Feed), UserError> {
        let SubscribeParams { session, after } = params(given)?;
        let known = self.followed.iter().any(|followed| followed == session.as_str());
        if !known && self.followed.len() >= self.shared.limits.subscriptions {
            return Err(UserError::new(ErrorCode::BadRequest).detail("too many sessions are followed"));
        }
        let subscription = self.shared.handler.subscribe(&session).await?;
        let answer = to_value(SubscribeAnswer {
            last_seq: subscription.last_seq,
        })?;
        if !known {
            self.followed.push(session.as_str().to_owned());
        }
        let handler = Arc::clone(&self.shared.handler);
        Ok((
            answer,
            Feed::new(
                handler,
                session,
                after,
                self.shared.limits.batch,
                subscription.live,
            ),
        ))
    }

    /// The answer goes out before the first event. Following a session again starts anew at the cursor given.
    async fn follow(&self, id: u64, answer: Value, feed: Feed) {
        self.answer(id, Ok(answer)).await;
        drop(self.line.outbox.push(Outgoing::Follow(feed)).await);
    }

    async fn unsubscribe(&mut self, given: Value) -> Result<Value, UserError> {
        let SessionParams { session } = params(given)?;
        self.followed.retain(|followed| followed != session.as_str());
        drop(self.line.outbox.push(Outgoing::Unfollow(session)).await);
        Ok(Value::Object(serde_json::Map::new()))
    }
}

/// What became of a method that may be the server's own.
enum Own {
    Answered(Result<Value, UserError>),
    Followed(Value, Feed),
    Passed(Method, Value),
}

impl Own {
    fn answered(outcome: Result<impl Serialize, UserError>) -> Self {
        Self::Answered(outcome.and_then(to_value))
    }
}

fn to_value(answer: impl Serialize) -> Result<Value, UserError> {
    serde_json::to_value(answer).map_err(|error| UserError::new(ErrorCode::Internal).detail(error))
}

impl Shared {
    /// Whether `token` lets in a front end of this kind at this origin; the id of a pane's token.
    async fn authenticate(
        &self,
        token: &str,
        kind: FrontEndKind,
        origin: Option<&str>,
    ) -> Result<Option<String>, UserError> {
        let refused = |why: &str| Err(UserError::new(ErrorCode::PairingRequired).detail(why));
        let hash = TokenHash::of(token);
        let (made_for, bound_to, id) = match self.local_tokens.kind(hash) {
            Some(made_for) => (made_for, None, None),
            None => match self.tokens.find(hash).await? {
                Some(record) => (record.kind, Some(record.origin), Some(record.id)),
                None => return refused("the token is unknown or was revoked"),
            },
        };
        if made_for != kind && self.guards.stands(Guard::TokenKind) {
            return refused("the token was made for another kind of front end");
        }
        if bound_to.is_some() && bound_to.as_deref() != origin && self.guards.stands(Guard::TokenOrigin) {
            return refused("the token was made for another origin");
        }
        Ok(id)
    }
}
