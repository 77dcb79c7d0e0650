//! Reads the body of one answer: an event stream, or one JSON object from a gateway that does not stream.

use std::time::Duration;

use deskhand_core::model::ModelEvent;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::bodies::Kept;
use crate::Secret;
use crate::backend::{Answer, Framing};
use crate::chat::ChatReader;
use crate::connection::SILENCE;
use crate::fault::{Fault, FaultKind};
use crate::messages::{AnswerReader, MAX_WHOLE};
use crate::sse::{EventReader, SseError};

/// An answer whose head has come.
pub(super) struct Reading {
    pieces: Answer,
    body: Body,
    /// Puts chat completions into events of the Messages API, where the answer is one.
    chat: Option<ChatReader>,
    answer: AnswerReader,
    last_progress: Instant,
    /// What has come, where it is told.
    kept: Option<Kept>,
}

/// What kind of body it is. That of a gateway is told by its first byte: gateways are not to be trusted with the content
/// type.
enum Body {
    /// Pieces that are events each.
    Pieces,
    NotBegun,
    Events(EventReader),
    Json(Vec<u8>),
}

impl From<SseError> for Fault {
    fn from(error: SseError) -> Self {
        Fault {
            is_final: error == SseError::TooLong,
            ..Fault::new(FaultKind::BadAnswer, error.to_string())
        }
    }
}

impl Reading {
    pub(super) fn new(pieces: Answer, is_kept: bool) -> Self {
        Self {
            body: match pieces.framing {
                Framing::EventStream | Framing::ChatStream => Body::NotBegun,
                Framing::Events => Body::Pieces,
            },
            chat: (pieces.framing == Framing::ChatStream).then(ChatReader::new),
            pieces,
            answer: AnswerReader::new(),
            last_progress: Instant::now(),
            kept: is_kept.then(Kept::default),
        }
    }

    /// What has come, with the provider's id of the request; once.
    pub(super) fn kept(&mut self) -> Option<(Kept, Option<String>)> {
        let id = self.pieces.request_id.clone();
        self.kept.take().map(|kept| (kept, id))
    }

    /// Whether all of the answer has come.
    pub(super) fn is_whole(&self) -> bool {
        self.answer.is_whole()
    }

    /// Waits for the next bytes and hands on what they complete.
    pub(super) async fn more(
        &mut self,
        stall_after: Duration,
        known: &[Secret],
        mut emit: impl FnMut(ModelEvent),
    ) -> Result<(), Fault> {
        let now = Instant::now();
        let stalled = self.last_progress + stall_after;
        let chunk = timeout_at(stalled.min(now + SILENCE), self.pieces.body.next());
        let known: Vec<&Secret> = known.iter().collect();
        let Some(chunk) = chunk.await.map_err(|_| silent())?? else {
            return self.end(&known, emit);
        };
        if let Some(kept) = &mut self.kept {
            kept.add(&chunk);
        }
        let before = self.answer.progress();
        let outcome = self.take(&chunk, &known, &mut emit);
        if self.answer.progress() > before {
            self.last_progress = Instant::now();
        }
        outcome
    }

    fn take(
        &mut self,
        chunk: &[u8],
        known: &[&Secret],
        emit: &mut impl FnMut(ModelEvent),
    ) -> Result<(), Fault> {
        if let Body::NotBegun = self.body {
            match chunk.iter().find(|byte| !byte.is_ascii_whitespace()) {
                None => return Ok(()),
                Some(b'{') => self.body = Body::Json(Vec::new()),
                Some(b'<') => return Err(web_page()),
                Some(_) => self.body = Body::Events(EventReader::new()),
            }
        }
        match &mut self.body {
            Body::NotBegun => {}
            Body::Pieces => {
                let event = std::str::from_utf8(chunk).map_err(|_| SseError::NotUtf8)?;
                self.answer.event(event, known)?.into_iter().for_each(emit);
            }
            Body::Json(body) if body.len() + chunk.len() > MAX_WHOLE => {
                return Err(Fault {
                    is_final: true,
                    ..Fault::new(FaultKind::BadAnswer, "the answer is too long")
                });
            }
            Body::Json(body) => body.extend_from_slice(chunk),
            Body::Events(events) => {
                let (chat, answer) = (&mut self.chat, &mut self.answer);
                events.read::<Fault>(chunk, |data| {
                    if let Some(chat) = chat {
                        return told(answer, &chat.take(data)?, known, emit);
                    }
                    answer.event(data, known)?.into_iter().for_each(&mut *emit);
                    Ok(())
                })?;
            }
        }
        Ok(())
    }

    fn end(&mut self, known: &[&Secret], mut emit: impl FnMut(ModelEvent)) -> Result<(), Fault> {
        let last = self.chat.as_mut().and_then(ChatReader::end);
        match (&self.body, last) {
            (Body::Json(body), _) if self.chat.is_some() => {
                told(&mut self.answer, &ChatReader::whole(body)?, known, &mut emit)
            }
            // Some gateways end their stream without the mark of its end.
            (Body::Events(_), Some(last)) => told(&mut self.answer, &last, known, &mut emit),
            (Body::Json(body), _) => {
                self.answer.whole_message(body, known)?.into_iter().for_each(emit);
                Ok(())
            }
            _ => Err(Fault::new(
                FaultKind::StreamCut,
                "the stream ended before the answer did",
            )),
        }
    }

    /// Reads what little follows the end of an answer, so that the connection can serve the next call.
    pub(super) async fn finish(&mut self) {
        while let Ok(Some(_)) = self.pieces.body.next().await {}
    }
}

/// Takes events that were made of another form.
fn told(
    answer: &mut AnswerReader,
    events: &[Value],
    known: &[&Secret],
    emit: &mut impl FnMut(ModelEvent),
) -> Result<(), Fault> {
    for event in events {
        answer
            .event(&event.to_string(), known)?
            .into_iter()
            .for_each(&mut *emit);
    }
    Ok(())
}

fn silent() -> Fault {
    Fault::new(FaultKind::TimedOut, "the stream fell silent")
}

fn web_page() -> Fault {
    let fault = Fault::new(
        FaultKind::BadAnswer,
        "a web page came instead of an answer: is the address right?",
    );
    Fault {
        is_final: true,
        ..fault
    }
}
