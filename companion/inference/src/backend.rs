//! How one provider is asked and answers. What all providers share (tries, pauses, credentials, stalls, the reading of
//! events) is in `call` and works over this.

use bytes::Bytes;
use deskhand_core::model::ModelRequest;
use deskhand_core::ports::BoxFuture;
use deskhand_protocol::hello::ModelView;

use crate::credential::Credential;
use crate::fault::Fault;

/// One provider's own part of a call.
pub(crate) trait Backend: Send + Sync + std::fmt::Debug {
    /// The request as it travels, made once for all tries.
    fn encode(&self, request: &ModelRequest, model: &str) -> Result<Bytes, Fault>;

    /// Asks once and waits for the head of the answer. No tries of its own.
    fn ask<'a>(
        &'a self,
        asked: &'a Asked,
        credential: &'a Credential,
    ) -> BoxFuture<'a, Result<Answer, Box<Refused>>>;

    /// The models that it lists; none where it has no list.
    fn discover<'a>(&'a self, credential: &'a Credential) -> BoxFuture<'a, Result<Vec<ModelView>, Fault>>;

    /// Whether it lists models at all.
    fn has_list(&self) -> bool;
}

/// A request that is ready to travel.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) model: String,
    pub(crate) body: Bytes,
}

/// An answer whose head has come.
pub(crate) struct Answer {
    pub(crate) body: Box<dyn AnswerBody>,
    pub(crate) framing: Framing,
    /// The provider's id of the request, where it named one.
    pub(crate) request_id: Option<String>,
}

/// The body of an answer in the pieces in which it comes.
pub(crate) trait AnswerBody: Send + Sync {
    /// The next piece, `None` at the end. The caller bounds the time.
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Bytes>, Fault>>;
}

/// What the pieces of a body are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Bytes of an event stream (WHATWG HTML, section 9.2), or of one JSON object where the provider does not stream.
    EventStream,
    /// The same in the form of chat completions.
    ChatStream,
    /// Each is the JSON of one event of the Messages API.
    Events,
}

/// What came instead of an answer.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) fault: Fault,
    /// The beginning of the body of a refusal, and the provider's id of the request.
    pub(crate) said: Option<(Vec<u8>, Option<String>)>,
}

impl From<Fault> for Box<Refused> {
    fn from(fault: Fault) -> Self {
        Self::new(Refused { fault, said: None })
    }
}
