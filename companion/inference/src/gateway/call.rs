//! One call of the model as a stream of events: asks, reads, and asks again after a fault that may pass. A try that
//! failed in the middle is repeated from its start; its words are marked as void before the first new ones.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use deskhand_core::model::{ModelEvent, ModelRequest};
use deskhand_core::ports::ModelStream;
use deskhand_protocol::UserError;
use futures_util::stream;
use http::{Method, StatusCode};
use tokio::time::{sleep, timeout};

use super::bodies::Kept;
use super::reading::Reading;
use super::{SILENCE, Shared};
use crate::fault::{Fault, FaultKind, request_id};
use crate::{messages, retry};

/// How long the end of a finished answer's body is waited for.
const FINISH_WITHIN: Duration = Duration::from_secs(1);

struct Call {
    shared: Arc<Shared>,
    request: ModelRequest,
    /// The request as it is sent, once its model is known, and that model.
    body: Option<(Bytes, String)>,
    state: State,
    out: Out,
    /// Tries that failed.
    failed: u32,
}

enum State {
    Ask,
    Wait(Duration),
    Read(Box<Reading>),
    Finish(Box<Reading>),
    Done,
}

/// What goes out, in order.
#[derive(Default)]
struct Out {
    queue: VecDeque<Result<ModelEvent, UserError>>,
    /// Words went out in this try.
    has_words: bool,
    /// Words of an earlier try stand, and nothing has replaced them yet.
    stale_words: bool,
}

impl Out {
    fn push(&mut self, event: ModelEvent) {
        if std::mem::take(&mut self.stale_words) {
            self.queue.push_back(Ok(ModelEvent::Reset));
        }
        self.has_words |= matches!(event, ModelEvent::TextDelta(_));
        self.queue.push_back(Ok(event));
    }
}

/// The stream of a call. Nothing happens before it is polled; dropping it ends the exchange.
pub(super) fn start(shared: Arc<Shared>, request: ModelRequest) -> ModelStream {
    let call = Call {
        shared,
        request,
        body: None,
        state: State::Ask,
        out: Out::default(),
        failed: 0,
    };
    Box::pin(stream::unfold(call, |mut call| async {
        let event = call.next().await?;
        Some((event, call))
    }))
}

impl Call {
    async fn next(&mut self) -> Option<Result<ModelEvent, UserError>> {
        loop {
            if let Some(event) = self.out.queue.pop_front() {
                return Some(event);
            }
            self.state = match std::mem::replace(&mut self.state, State::Done) {
                State::Ask => match self.ask().await {
                    Ok(reading) => State::Read(Box::new(reading)),
                    Err(fault) => self.fail(&fault),
                },
                State::Wait(pause) => {
                    sleep(pause).await;
                    State::Ask
                }
                State::Read(reading) => self.read(reading).await,
                State::Finish(mut reading) => {
                    // Only the connection's reuse hangs on it.
                    drop(timeout(FINISH_WITHIN, reading.finish()).await);
                    State::Done
                }
                State::Done => return None,
            };
        }
    }

    async fn ask(&mut self) -> Result<Reading, Fault> {
        let (body, model) = match &self.body {
            Some(body) => body.clone(),
            None => self.body.insert(self.encode().await?).clone(),
        };
        if self.shared.config.bodies {
            self.tell(&Kept::of(&body), true, &model, None);
        }
        let sent = self.shared.send(Method::POST, "/v1/messages", body);
        let silent = Fault::new(FaultKind::TimedOut, "no answer began");
        let mut response = timeout(SILENCE, sent).await.unwrap_or(Err(silent))?;
        if response.status() == StatusCode::OK {
            return Ok(Reading::new(response, self.shared.config.bodies));
        }
        let said = self.shared.error_body(&mut response).await;
        if self.shared.config.bodies {
            let id = request_id(response.headers()).map(str::to_owned);
            self.tell(&Kept::of(&said), false, &model, id);
        }
        Err(self.shared.refusal(&response, &said))
    }

    /// Tells of a body before anything else that waits, the end of the answer above all.
    fn tell(&mut self, body: &Kept, sent: bool, model: &str, request_id: Option<String>) {
        let told = body.told(sent, model, request_id, &self.shared.secrets());
        self.out.queue.push_front(Ok(told));
    }

    /// Tells of an answer that ends here, whole or not.
    fn tell_answer(&mut self, reading: &mut Reading) {
        let model = self.body.as_ref().map(|(_, model)| model.clone());
        if let Some((kept, id)) = reading.kept() {
            self.tell(&kept, false, &model.unwrap_or_default(), id);
        }
    }

    async fn encode(&self) -> Result<(Bytes, String), Fault> {
        let default;
        let model = if self.request.model.is_empty() {
            default = self.shared.default_model().await?;
            &default
        } else {
            &self.request.model
        };
        let body = messages::encode(&self.request, model);
        body.map(|body| (Bytes::from(body), model.clone()))
            .map_err(|error| Fault::new(FaultKind::BadRequest, error.to_string()))
    }

    async fn read(&mut self, mut reading: Box<Reading>) -> State {
        let Self { shared, out, .. } = self;
        let read = reading.more(shared, |event| out.push(event)).await;
        if read.is_err() || reading.is_whole() {
            self.tell_answer(&mut reading);
        }
        match read {
            Ok(()) if reading.is_whole() => State::Finish(reading),
            Ok(()) => State::Read(reading),
            // A fault behind the end of the answer takes nothing away.
            Err(_) if reading.is_whole() => State::Done,
            Err(fault) => self.fail(&fault),
        }
    }

    /// Another try where one may help, otherwise the end.
    fn fail(&mut self, fault: &Fault) -> State {
        self.failed += 1;
        let config = &self.shared.config;
        let pause = retry::pause(config.pauses, fault, self.failed, (config.chance)());
        let error = fault.to_user_error();
        let Some(pause) = pause else {
            self.out.queue.push_back(Err(error));
            return State::Done;
        };
        self.out.stale_words |= std::mem::take(&mut self.out.has_words);
        let wait_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        self.out.queue.push_back(Ok(ModelEvent::Retrying {
            error,
            attempt: self.failed + 1,
            wait_ms,
        }));
        State::Wait(pause)
    }
}
