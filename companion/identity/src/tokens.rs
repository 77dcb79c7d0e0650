//! What a sign-in gives.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::SignInError;
use crate::transport::read;

/// The shortest time that tokens count, in milliseconds: a provider that says less would be asked without end.
pub const SHORTEST: u64 = 5 * 60 * 1_000;
/// The longest time that tokens count before they are renewed, in milliseconds.
pub const LONGEST: u64 = 30 * 24 * 60 * 60 * 1_000;
/// Seconds that tokens count whose answer does not say it (RFC 6749 leaves it open).
const UNSAID: u64 = 3_600;
/// Bytes that a token may have: more is no header.
const TOKEN: usize = 16 * 1024;

/// The tokens of a sign-in. Their memory is overwritten when they are dropped; `Debug` shows none of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Tokens {
    access: Zeroizing<String>,
    id: Option<Zeroizing<String>>,
    refresh: Option<Zeroizing<String>>,
    ends_at: u64,
    /// Whether the answer had no ID token: one that is here is that of before.
    came_without_id: bool,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Tokens");
        shown.field("ends_at", &self.ends_at).finish_non_exhaustive()
    }
}

/// The answer of a token endpoint (RFC 6749, section 5.1).
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    token_type: String,
    expires_in: Option<Seconds>,
    refresh_token: Option<String>,
    id_token: Option<String>,
}

/// Seconds, which some providers write as text.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Seconds {
    Number(f64),
    Text(String),
}

impl Seconds {
    pub(crate) fn get(&self) -> Option<u64> {
        let seconds = match self {
            Self::Number(number) => *number,
            Self::Text(text) => text.parse().ok()?,
        };
        // A float that is too large becomes the largest number; whoever uses it bounds it.
        (seconds.is_finite() && seconds >= 0.0).then_some(seconds as u64)
    }
}

/// As tokens are kept.
#[derive(Serialize, Deserialize)]
struct Kept<T> {
    access: T,
    id: Option<T>,
    refresh: Option<T>,
    ends_at: u64,
}

impl Tokens {
    /// Reads the answer of a token endpoint that came at `now`, Unix milliseconds. They count as long as it says, 30 days at most.
    pub fn of_answer(body: &[u8], now: u64) -> Result<Self, SignInError> {
        Self::counting(body, now, None, 0)
    }

    /// The same for tokens that a person signed in for. The refresh token that was used stays where there is no new one (RFC 6749,
    /// section 6), and so does the ID token (OpenID Connect Core 1.0, section 12.2).
    pub(crate) fn read(body: &[u8], now: u64, used: Option<&Self>) -> Result<Self, SignInError> {
        Self::counting(body, now, used, SHORTEST)
    }

    fn counting(body: &[u8], now: u64, used: Option<&Self>, shortest: u64) -> Result<Self, SignInError> {
        let said: Granted = read(body)?;
        let [access, id, refresh] = [Some(said.access_token), said.id_token, said.refresh_token]
            .map(|token| token.map(Zeroizing::new));
        if !said.token_type.eq_ignore_ascii_case("bearer") {
            return Err(SignInError::Unreadable(
                "its token is of another type than Bearer",
            ));
        }
        let tokens = [&access, &id, &refresh];
        if tokens.into_iter().flatten().any(|token| !is_token(token)) {
            return Err(SignInError::Unreadable("a token in it cannot be sent"));
        }
        let seconds = said
            .expires_in
            .and_then(|seconds| seconds.get())
            .unwrap_or(UNSAID);
        let counts = seconds.saturating_mul(1_000).clamp(shortest, LONGEST);
        Ok(Self {
            came_without_id: id.is_none(),
            access: access.unwrap_or_default(),
            id: id.or_else(|| used.and_then(|used| used.id.clone())),
            refresh: refresh.or_else(|| used.and_then(|used| used.refresh.clone())),
            ends_at: now.saturating_add(counts),
        })
    }

    /// The access token, for the one header it goes into.
    pub fn access(&self) -> &str {
        &self.access
    }

    /// The ID token, where the provider gave one.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref().map(String::as_str)
    }

    /// Whether the answer that these came with had no ID token.
    pub fn came_without_id(&self) -> bool {
        self.came_without_id
    }

    /// The refresh token.
    pub(crate) fn refresh(&self) -> Option<&str> {
        self.refresh.as_deref().map(String::as_str)
    }

    /// Every token in it: what must never show.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let access = Some(self.access.as_str());
        [access, self.id(), self.refresh()].into_iter().flatten()
    }

    /// Whether they can be renewed without a person.
    pub fn renewable(&self) -> bool {
        self.refresh.is_some()
    }

    /// Unix milliseconds at which they end.
    pub fn ends_at(&self) -> u64 {
        self.ends_at
    }

    /// The bytes to keep in a secret place.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let kept = Kept {
            access: self.access.as_str(),
            id: self.id(),
            refresh: self.refresh(),
            ends_at: self.ends_at,
        };
        // Enough from the start, so that no copy is left behind by growing.
        let room = [Some(kept.access), kept.id, kept.refresh].into_iter().flatten();
        let room = room.map(str::len).sum::<usize>() * 2 + 256;
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        // Text and numbers always become JSON.
        drop(serde_json::to_writer(&mut *bytes, &kept));
        bytes
    }

    /// Tokens as they were kept; `None` where the bytes are no tokens.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let kept: Kept<String> = serde_json::from_slice(bytes).ok()?;
        Some(Self {
            access: Zeroizing::new(kept.access),
            id: kept.id.map(Zeroizing::new),
            refresh: kept.refresh.map(Zeroizing::new),
            ends_at: kept.ends_at,
            came_without_id: false,
        })
    }
}

/// Whether a text can be sent as a token: visible ASCII (RFC 6749, appendix A).
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.len() <= TOKEN && text.bytes().all(|byte| byte.is_ascii_graphic())
}
