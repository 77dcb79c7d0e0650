//! One call of the model as a stream of events: asks, reads, and asks again after a fault that may pass. A try that
//! failed in the middle is repeated from its start; its words are marked as void before the first new ones.

mod awake;
mod bodies;
mod reading;
mod word;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use deskhand_core::model::{Content, ModelEvent, ModelRequest};
use deskhand_core::ports::ModelStream;
use deskhand_protocol::UserError;
use futures_util::stream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::backend::{Asked, Refused};
use crate::connection::{SILENCE, Shared};
use crate::credential::{Credential, CredentialError, Occasion};
use crate::fault::{Fault, FaultKind};
use crate::retry::{self, NETWORK_WITHIN, own_pause};
use crate::secret::Secret;

use awake::{Look, unless_slept};
use bodies::Kept;
use reading::Reading;

pub(crate) use word::one_word;

/// How long the end of a finished answer's body is waited for.
const FINISH_WITHIN: Duration = Duration::from_secs(1);
/// How long a call waits for a person to sign in.
const SIGN_IN_WITHIN: Duration = Duration::from_mins(10);

struct Call {
    shared: Arc<Shared>,
    request: ModelRequest,
    /// The request as it is sent, once its model is known.
    asked: Option<Asked>,
    /// What proves who asks.
    credential: Option<Credential>,
    /// Whether a refused credential was replaced: once in a call.
    is_renewed: bool,
    /// Where a person has to sign in: changes once somebody has.
    person: Option<watch::Receiver<u64>>,
    state: State,
    out: Out,
    /// Tries that failed.
    failed: u32,
    /// When was last looked whether the computer slept.
    look: Look,
    /// Since when the way is lost, and the tries since.
    lost: Option<(Instant, u32)>,
}

enum State {
    Ask,
    Wait(Duration),
    /// Somebody has to sign in first.
    Person(watch::Receiver<u64>),
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
pub(crate) fn start(shared: Arc<Shared>, request: ModelRequest) -> ModelStream {
    let call = Call {
        look: Look::new(&shared.config.manner.clock),
        shared,
        request,
        asked: None,
        credential: None,
        is_renewed: false,
        person: None,
        state: State::Ask,
        out: Out::default(),
        failed: 0,
        lost: None,
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
                    Err(fault) => self.fail(fault),
                },
                State::Wait(pause) => {
                    sleep(pause).await;
                    State::Ask
                }
                State::Person(mut people) => match timeout(SIGN_IN_WITHIN, people.changed()).await {
                    Ok(Ok(())) => State::Ask,
                    _ => self.fail(CredentialError::SignInNeeded.to_fault()),
                },
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
        let asked = match &self.asked {
            Some(asked) => asked.clone(),
            None => self.asked.insert(self.encode().await?).clone(),
        };
        let mut credential = self.credential(None).await.map_err(|error| error.to_fault())?;
        loop {
            if self.tells() {
                self.tell(&Kept::of(&asked.body), true, &asked.model, None);
            }
            let sent = self.shared.backend.ask(&asked, &credential);
            let sent = async {
                let silent = Fault::new(FaultKind::TimedOut, "no answer began");
                let answered = timeout(SILENCE, sent).await;
                answered.unwrap_or_else(|_| Err(silent.into()))
            };
            let clock = &self.shared.config.manner.clock;
            self.look = Look::new(clock);
            let sent = unless_slept(clock, &mut self.look, sent).await;
            let refused = match sent.unwrap_or_else(|slept| Err(slept.into())) {
                Ok(answer) => {
                    self.shared.answered();
                    self.lost = None;
                    return Ok(Reading::new(answer, self.tells()));
                }
                Err(refused) => refused,
            };
            let Refused { fault, said } = *refused;
            if let Some((said, id)) = said.filter(|_| self.tells()) {
                self.tell(&Kept::of(&said), false, &asked.model, id);
            }
            if !fault.is_about_credential || std::mem::replace(&mut self.is_renewed, true) {
                return Err(fault);
            }
            // A sign-in or a helper may have a newer one. Where there is none, the provider's refusal is what counts; why there is
            // none says more.
            credential = match self.credential(Some(&credential)).await {
                Ok(newer) => newer,
                Err(CredentialError::Unchanged) => return Err(fault),
                Err(other) => return Err(other.to_fault()),
            };
        }
    }

    /// The credential of the next try; `refused` is not given again.
    async fn credential(&mut self, refused: Option<&Credential>) -> Result<Credential, CredentialError> {
        let occasion = if refused.is_none() && begins_turn(&self.request) {
            Occasion::Interactive
        } else {
            Occasion::MidSession
        };
        let source = &self.shared.config.credential;
        // Before it is asked: whoever signs in meanwhile is not missed.
        let people = source.sign_ins();
        let given = source.credential(occasion, refused).await;
        if given.as_ref().is_err_and(CredentialError::asks_to_sign_in) {
            self.person = people;
        }
        Ok(self.credential.insert(given?).clone())
    }

    /// Whether bodies are told.
    fn tells(&self) -> bool {
        self.shared.config.manner.bodies
    }

    /// Everything that must never show.
    fn secrets(&self) -> Vec<Secret> {
        let mut secrets = self.shared.secrets();
        if let Some(credential) = &self.credential {
            secrets.extend(credential.secrets().cloned());
        }
        secrets
    }

    /// Tells of a body of the exchange, behind what was told before.
    fn tell(&mut self, body: &Kept, sent: bool, model: &str, request_id: Option<String>) {
        let told = self.told(body, sent, model, request_id);
        self.out.queue.push_back(Ok(told));
    }

    fn told(&self, body: &Kept, sent: bool, model: &str, request_id: Option<String>) -> ModelEvent {
        let secrets = self.secrets();
        body.told(sent, model, request_id, &secrets.iter().collect::<Vec<_>>())
    }

    /// Tells of an answer that ends here, whole or not: before its end, which is the last that is heard.
    fn tell_answer(&mut self, reading: &mut Reading) {
        let model = self.asked.as_ref().map(|asked| asked.model.clone());
        if let Some((kept, id)) = reading.kept() {
            let told = self.told(&kept, false, &model.unwrap_or_default(), id);
            self.out.queue.push_front(Ok(told));
        }
    }

    async fn encode(&self) -> Result<Asked, Fault> {
        let model = if self.request.model.is_empty() {
            self.shared.default_model().await?
        } else {
            self.request.model.clone()
        };
        let body = self.shared.backend.encode(&self.request, &model)?;
        Ok(Asked { model, body })
    }

    async fn read(&mut self, mut reading: Box<Reading>) -> State {
        let secrets = self.secrets();
        let stall_after = self.shared.config.manner.stall_after;
        let out = &mut self.out;
        let more = reading.more(stall_after, &secrets, |event| out.push(event));
        let read = unless_slept(&self.shared.config.manner.clock, &mut self.look, more).await;
        let read = read.unwrap_or_else(Err);
        if read.is_err() || reading.is_whole() {
            self.tell_answer(&mut reading);
        }
        match read {
            Ok(()) if reading.is_whole() => State::Finish(reading),
            Ok(()) => State::Read(reading),
            // A fault behind the end of the answer takes nothing away.
            Err(_) if reading.is_whole() => State::Done,
            Err(fault) => self.fail(fault),
        }
    }

    /// Another try where one may help, otherwise the end.
    fn fail(&mut self, fault: Fault) -> State {
        if let Some(people) = self.person.take() {
            let error = self.shared.told(fault);
            self.retrying(error, SIGN_IN_WITHIN);
            return State::Person(people);
        }
        let pause = self.pause(&fault);
        let error = self.shared.told(fault);
        let Some(pause) = pause else {
            self.out.queue.push_back(Err(error));
            return State::Done;
        };
        self.out.stale_words |= std::mem::take(&mut self.out.has_words);
        self.retrying(error, pause);
        State::Wait(pause)
    }

    /// How long to wait before another try. A way that is lost is waited for, and its tries do not count among the others.
    fn pause(&mut self, fault: &Fault) -> Option<Duration> {
        let manner = &self.shared.config.manner;
        let chance = (manner.chance)();
        if fault.is_of_the_way && !fault.is_final && self.shared.has_answered() {
            let (since, tries) = self.lost.get_or_insert_with(|| (Instant::now(), 0));
            *tries += 1;
            return (since.elapsed() < NETWORK_WITHIN).then(|| own_pause(manner.pauses, *tries, chance));
        }
        self.failed += 1;
        retry::pause(manner.pauses, fault, self.failed, chance)
    }

    fn retrying(&mut self, error: UserError, pause: Duration) {
        self.out.queue.push_back(Ok(ModelEvent::Retrying {
            error,
            attempt: self.failed + self.lost.map_or(0, |(_, tries)| tries) + 1,
            wait_ms: u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
        }));
    }
}

/// Whether a person waits for this request: it ends with words of theirs, and not with what a tool brought.
fn begins_turn(request: &ModelRequest) -> bool {
    let last = request.messages.last();
    last.is_some_and(|last| {
        last.content
            .iter()
            .any(|content| matches!(content, Content::Asked(_)))
    })
}

#[cfg(test)]
mod tests;
