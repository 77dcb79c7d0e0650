//! The answer of a model as events of the Messages API, out of what the SDK reads.

use aws_sdk_bedrockruntime::primitives::event_stream::EventReceiver;
use aws_sdk_bedrockruntime::types::error::{ConverseStreamOutputError, ResponseStreamError};
use aws_sdk_bedrockruntime::types::{ConverseStreamOutput, ResponseStream};
use bytes::Bytes;
use deskhand_core::ports::BoxFuture;

use super::converse::Events;
use super::faults::of_stream;
use crate::Secret;
use crate::backend::AnswerBody;
use crate::fault::Fault;

/// Events that come as they are, from Claude.
pub(super) struct Chunks {
    events: EventReceiver<ResponseStream, ResponseStreamError>,
    known: Vec<Secret>,
}

impl Chunks {
    pub(super) fn new(
        events: EventReceiver<ResponseStream, ResponseStreamError>,
        known: Vec<Secret>,
    ) -> Self {
        Self { events, known }
    }
}

impl AnswerBody for Chunks {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Bytes>, Fault>> {
        Box::pin(async move {
            loop {
                let event = self.events.recv().await;
                let event =
                    event.map_err(|error| of_stream(&error, &self.known.iter().collect::<Vec<_>>()))?;
                match event {
                    None => return Ok(None),
                    Some(ResponseStream::Chunk(part)) => {
                        if let Some(bytes) = part.bytes {
                            return Ok(Some(Bytes::from(bytes.into_inner())));
                        }
                    }
                    // An event that came later than this version.
                    Some(_) => {}
                }
            }
        })
    }
}

/// Events of Converse, turned.
pub(super) struct Turned {
    stream: EventReceiver<ConverseStreamOutput, ConverseStreamOutputError>,
    events: Events,
    known: Vec<Secret>,
}

impl Turned {
    pub(super) fn new(
        stream: EventReceiver<ConverseStreamOutput, ConverseStreamOutputError>,
        known: Vec<Secret>,
    ) -> Self {
        Self {
            stream,
            events: Events::default(),
            known,
        }
    }
}

impl AnswerBody for Turned {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Bytes>, Fault>> {
        Box::pin(async move {
            loop {
                if let Some(event) = self.events.pop() {
                    return Ok(Some(event));
                }
                let event = self.stream.recv().await;
                let event =
                    event.map_err(|error| of_stream(&error, &self.known.iter().collect::<Vec<_>>()))?;
                let Some(event) = event else {
                    self.events.end();
                    return Ok(self.events.pop());
                };
                self.events.take(&event);
            }
        })
    }
}
