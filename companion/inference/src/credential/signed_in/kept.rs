//! What is kept of a sign-in, bound to the plan that it was made by.

use std::fmt::Debug;
use std::time::SystemTime;

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use deskhand_identity::Tokens;
use futures_util::future::BoxFuture;
use zeroize::Zeroizing;

use super::plan::SignInPlan;
use crate::credential::{millis, time_of};

/// The form of what is kept.
const FORM: &str = "deskhand-sign-in-1";
/// Bytes of it: three tokens at their longest, and what stands around them.
const LARGEST: usize = 128 * 1024;

/// The place where a sign-in is kept: one that is sealed for this user.
pub trait TokenStore: Send + Sync + Debug {
    /// What is kept, if anything.
    fn load(&self) -> BoxFuture<'_, Result<Option<Zeroizing<Vec<u8>>>, StoreFault>>;

    /// Keeps this in the place of what was there; `None` forgets it.
    fn save(&self, bytes: Option<Zeroizing<Vec<u8>>>) -> BoxFuture<'_, Result<(), StoreFault>>;

    /// The turn to change what is kept, against every other program of this user. It is over once it is dropped.
    fn turn(&self) -> BoxFuture<'_, Result<Box<dyn Send>, StoreFault>> {
        Box::pin(std::future::ready(Ok(Box::new(()) as Box<dyn Send>)))
    }
}

/// What a source last saw of the place, to tell what others put there since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen(Option<[u8; SHA256_OUTPUT_LEN]>);

impl Seen {
    pub(crate) fn of(bytes: Option<&Zeroizing<Vec<u8>>>) -> Self {
        Self(bytes.map(|bytes| {
            let mut seen = [0; SHA256_OUTPUT_LEN];
            seen.copy_from_slice(digest(&SHA256, bytes).as_ref());
            seen
        }))
    }
}

/// The turn of a store; where none can be had, one goes on without it.
pub(crate) async fn turn(store: &dyn TokenStore) -> Option<Box<dyn Send>> {
    let turn = store.turn().await;
    turn.inspect_err(|StoreFault(why)| tracing::warn!(%why, "no turn to change the kept sign-in"))
        .ok()
}

/// Why the place cannot be used. Holds nothing of what is kept there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StoreFault(pub String);

/// Somebody's tokens.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) tokens: Tokens,
    /// When the person signed in.
    pub(super) from: SystemTime,
    /// Whether the provider has shown that it gives no further token of the kind that is sent.
    pub(super) is_last: bool,
}

impl Session {
    /// A line that says whose it is, then the tokens.
    pub(super) fn to_bytes(&self, plan: &SignInPlan) -> Zeroizing<Vec<u8>> {
        let head = format!(
            "{FORM} {} {} {}\n",
            plan.digest(),
            millis(self.from),
            self.is_last
        );
        let tokens = self.tokens.to_bytes();
        let mut bytes = Zeroizing::new(Vec::with_capacity(head.len() + tokens.len()));
        bytes.extend_from_slice(head.as_bytes());
        bytes.extend_from_slice(&tokens);
        bytes
    }

    /// `None` where the bytes are none, or of a sign-in by another plan: its tokens are not for this provider.
    pub(super) fn read(bytes: &[u8], plan: &SignInPlan) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        if bytes.len() > LARGEST {
            return None;
        }
        let (head, tokens) = bytes.split_at(end);
        let mut words = std::str::from_utf8(head).ok()?.split(' ');
        if words.next() != Some(FORM) || words.next() != Some(&plan.digest()) {
            return None;
        }
        Some(Self {
            from: time_of(words.next()?.parse().ok()?)?,
            is_last: words.next()?.parse().ok()?,
            tokens: Tokens::from_bytes(tokens)?,
        })
    }
}
