//! What is kept of bootstrap settings from run to run: the tokens, the last answer, and what a person said of it, sealed.

use anyhow::Context as _;
use deskhand_identity::Tokens;
use deskhand_platform::permissions::PermissionError;
use deskhand_platform::{Paths, SecretStore};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::plan::Plan;
use crate::sealed::{Sealed, removed};

/// The key in the secret store.
const KEY: &str = "bootstrap-key";
/// The file below the data folder.
const FILE: &str = "bootstrap.sealed";
/// Bytes that the file may have: an answer of the largest size, as text in JSON, and tokens.
const LARGEST: u64 = 8 << 20;
/// How far the clock may be behind the latest time that was seen, in milliseconds, before no answer counts.
const BACK: u64 = 10 * 60 * 1_000;
/// Sign-ins that wait to be ended at the provider; the oldest make room.
const UNWANTED: usize = 8;

/// What is kept. Its memory is overwritten when it is dropped.
#[derive(Clone, Default, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(super) struct Kept {
    /// The tokens, as they are kept.
    pub(super) tokens: Option<Vec<u8>>,
    pub(super) answer: Option<Answer>,
    pub(super) consent: Option<Said>,
    /// The deployment that the last answer named. It outlasts the answer, which would take the sessions with it otherwise.
    #[serde(default)]
    pub(super) deployment: Option<String>,
    /// The latest time that was seen since the answer came, Unix milliseconds.
    #[serde(default)]
    pub(super) seen: u64,
    /// Sign-ins that count no longer here and that the provider is still to end.
    #[serde(default)]
    pub(super) unwanted: Vec<Unwanted>,
}

/// The last answer that was applied.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(super) struct Answer {
    /// Its body.
    pub(super) body: String,
    /// Its entity tag (RFC 9110, section 8.8.3).
    pub(super) etag: Option<String>,
    /// When it ends, Unix milliseconds.
    pub(super) ends_at: u64,
    /// Whether it said so itself.
    pub(super) says_end: bool,
}

/// What a person said of the values in an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Zeroize)]
pub(super) struct Said {
    /// The digest of the values.
    pub(super) digest: String,
    pub(super) allowed: bool,
}

/// A sign-in that the provider is to end.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(super) struct Unwanted {
    /// Its tokens, as they are kept.
    pub(super) tokens: Vec<u8>,
    /// Until when the provider is asked, Unix milliseconds.
    pub(super) until: u64,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("Answer");
        shown.field("ends_at", &self.ends_at).finish_non_exhaustive()
    }
}

impl Kept {
    /// The tokens.
    pub(super) fn tokens(&self) -> Option<Tokens> {
        Tokens::from_bytes(self.tokens.as_deref()?)
    }

    /// The answer, where it counts when the clock says `now`. Once it ended it does not come back with a clock that is set
    /// back, and while the clock is behind what it was, no answer counts: it would not end.
    pub(super) fn counting(&self, now: u64) -> Option<&Answer> {
        let straight = self.seen <= now.saturating_add(BACK);
        let latest = self.seen.max(now);
        self.answer
            .as_ref()
            .filter(|answer| straight && latest < answer.ends_at)
    }

    /// Takes the time in; `passed` milliseconds went by since the last call, whatever the clock says. An answer that ended by
    /// then is forgotten. Gives whether one was.
    pub(super) fn see(&mut self, now: u64, passed: u64) -> bool {
        self.seen = self.seen.saturating_add(passed).max(now);
        let ended = self
            .answer
            .as_ref()
            .is_some_and(|answer| answer.ends_at <= self.seen);
        if ended {
            self.answer = None;
        }
        ended
    }

    /// Notes a sign-in that the provider is to end, and asks it no longer than `until`.
    pub(super) fn unwant(&mut self, tokens: Vec<u8>, until: u64) {
        if self.unwanted.len() == UNWANTED {
            self.unwanted.remove(0);
        }
        self.unwanted.push(Unwanted { tokens, until });
    }
}

/// The file.
#[derive(Debug)]
pub(super) struct Vault(Sealed);

impl Vault {
    pub(super) fn open(paths: &Paths, secrets: &SecretStore, plan: &Plan) -> anyhow::Result<Self> {
        let sealed = Sealed::new(paths.data().join(FILE), (secrets, KEY), plan.bound_to(), LARGEST);
        Ok(Self(sealed.context("the bootstrap settings")?))
    }

    /// What is kept; nothing where there is no file, or one that was sealed for another address or account.
    pub(super) fn read(&self) -> Kept {
        let text = self.0.read().unwrap_or_else(|error| {
            tracing::error!(%error, "the bootstrap settings that were kept cannot be read");
            None
        });
        text.and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default()
    }

    /// Whether there is a file that was sealed for another address or account.
    pub(super) fn is_foreign(&self) -> bool {
        self.0.is_foreign()
    }

    pub(super) fn write(&self, kept: &Kept) -> Result<(), PermissionError> {
        let text = Zeroizing::new(serde_json::to_vec(kept).unwrap_or_default());
        self.0.write(&text)
    }
}

/// Forgets everything that is kept, for whomever it is. Gives whether there was something.
pub(super) fn forget(paths: &Paths) -> Result<bool, PermissionError> {
    removed(&paths.data().join(FILE))
}
