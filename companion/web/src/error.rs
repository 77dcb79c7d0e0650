//! Why there is no page and no result, told so that a model or a person can do something about it.

use deskhand_egress::{EgressError, Exchange};
use deskhand_operations::Refusal;

/// A page that was not read or a search that was not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebError {
    /// The address is none of a web page.
    #[error("`{0}` is not an address of a web page, such as https://example.com/page")]
    Address(String),
    /// The query is empty or too long, in characters.
    #[error("a query has 1 to {0} characters")]
    Query(usize),
    /// A person who is asked would not see all of the query.
    #[error("a query holds no control characters and none that a person does not see")]
    Unseen,
    /// Policy, the network or the other side, told apart in [`EgressError`].
    #[error(transparent)]
    Egress(#[from] EgressError),
    /// The server answered with an HTTP status that brings no page.
    #[error("the server answers with status {status} for {address}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// The address that answered.
        address: String,
    },
    /// The answer is of a kind that has no text.
    #[error("{0} cannot be read as text")]
    Kind(String),
    /// The answer is what it says in part only, or in a form that was not asked for.
    #[error("the answer cannot be read: {0}")]
    Unreadable(String),
    /// The whole exchange took too long.
    #[error("no answer in time")]
    TimedOut,
}

impl WebError {
    /// True where words of the other side stand in it: what a server says of its answer, a name in its certificate, a
    /// place to which it led. `asked` is the host and port of the request.
    pub(crate) fn quotes(&self, asked: &str) -> bool {
        match self {
            Self::Status { .. }
            | Self::Kind(_)
            | Self::Unreadable(_)
            | Self::Egress(EgressError::Refused { .. } | EgressError::Elsewhere { .. }) => true,
            Self::Egress(EgressError::Web { host, .. }) => host != asked,
            Self::Egress(EgressError::Failed { exchange, .. }) => {
                matches!(
                    exchange,
                    Exchange::Tls(_) | Exchange::Cut(_) | Exchange::Proxy { .. }
                )
            }
            Self::Egress(_) | Self::Address(_) | Self::Query(_) | Self::Unseen | Self::TimedOut => false,
        }
    }
}

impl From<Refusal> for WebError {
    fn from(refusal: Refusal) -> Self {
        Self::Unreadable(refusal.clause().to_owned())
    }
}
