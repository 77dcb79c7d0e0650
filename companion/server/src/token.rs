//! Tokens: what a front end shows to be let in. Only their hashes are kept.
//!
//! A pane's token is kept by the caller's [`TokenStore`], bound to a kind of front end and an origin, and can be revoked.
//! A token of the local channel lives in memory and ends with the service; one that starts itself anew hands on what it
//! keeps of them, so that windows and terminals come back to it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::{Timestamp, UserError};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

/// How many tokens of the local channel are good at one time; the oldest gives way.
const LOCAL_TOKENS: usize = 256;

/// A token as it is sent, once, to the front end that it was made for. 256 bits of chance, base64url.
pub struct Token(String);

impl Token {
    /// Makes one.
    pub fn new() -> Result<Self, UserError> {
        Ok(Self(URL_SAFE_NO_PAD.encode(random::<32>()?)))
    }

    /// The text, for the front end.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Token")
    }
}

/// SHA-256 of a token. The token has 256 bits of chance, so a plain hash can neither be reversed nor guessed, and finding
/// by it tells an attacker nothing by its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    /// The hash of a token as it came in.
    pub fn of(token: &str) -> Self {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
        Self(hash)
    }
}

/// What is kept about a pane's token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRecord {
    /// Names it in lists and when it is revoked.
    pub id: String,
    /// Its hash.
    pub hash: TokenHash,
    /// The kind of front end it was made for.
    pub kind: FrontEndKind,
    /// The origin of the page it was made for, such as `https://localhost:47600`.
    pub origin: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Where the tokens of panes are kept.
pub trait TokenStore: Send + Sync {
    /// Keeps one; on disk when it answers.
    fn insert(&self, record: TokenRecord) -> BoxFuture<'_, Result<(), UserError>>;

    /// The record of this hash, unless it was revoked.
    fn find(&self, hash: TokenHash) -> BoxFuture<'_, Result<Option<TokenRecord>, UserError>>;

    /// All that are good, oldest first.
    fn list(&self) -> BoxFuture<'_, Result<Vec<TokenRecord>, UserError>>;

    /// Revokes one; it is not found any more. Front ends that are connected with it are the caller's to close.
    fn revoke<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), UserError>>;
}

/// Tokens that live as long as the process: for the tour and for tests.
#[derive(Debug, Default)]
pub struct MemoryTokens(Mutex<Vec<TokenRecord>>);

impl MemoryTokens {
    fn with<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Vec<TokenRecord>) -> T,
    ) -> BoxFuture<'_, Result<T, UserError>> {
        let done = job(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
        Box::pin(std::future::ready(Ok(done)))
    }
}

impl TokenStore for MemoryTokens {
    fn insert(&self, record: TokenRecord) -> BoxFuture<'_, Result<(), UserError>> {
        self.with(|records| records.push(record))
    }

    fn find(&self, hash: TokenHash) -> BoxFuture<'_, Result<Option<TokenRecord>, UserError>> {
        self.with(|records| records.iter().find(|record| record.hash == hash).cloned())
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<TokenRecord>, UserError>> {
        self.with(|records| records.clone())
    }

    fn revoke<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), UserError>> {
        self.with(|records| records.retain(|record| record.id != id))
    }
}

/// Tokens handed out over the local channel, to programs of this user.
#[derive(Clone, Debug, Default)]
pub struct LocalTokens(Arc<Mutex<VecDeque<LocalToken>>>);

/// What is kept about one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalToken {
    hash: TokenHash,
    kind: FrontEndKind,
}

impl LocalTokens {
    /// All that are good, oldest first, for the service that comes after this one in its place.
    pub fn all(&self) -> Vec<LocalToken> {
        self.known().iter().copied().collect()
    }

    /// Lets in whoever the service before this one let in.
    pub fn take_over(&self, tokens: Vec<LocalToken>) {
        for token in tokens {
            self.keep(token);
        }
    }

    pub(crate) fn issue(&self, kind: FrontEndKind) -> Result<Token, UserError> {
        let token = Token::new()?;
        let hash = token.hash();
        self.keep(LocalToken { hash, kind });
        Ok(token)
    }

    pub(crate) fn kind(&self, hash: TokenHash) -> Option<FrontEndKind> {
        let known = self.known();
        known.iter().find(|kept| kept.hash == hash).map(|kept| kept.kind)
    }

    fn keep(&self, token: LocalToken) {
        let mut known = self.known();
        if known.len() >= LOCAL_TOKENS {
            known.pop_front();
        }
        known.push_back(token);
    }

    fn known(&self) -> MutexGuard<'_, VecDeque<LocalToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes of the system's generator.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], UserError> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| {
        UserError::new(deskhand_protocol::ErrorCode::Internal).detail("the system gave no random bytes")
    })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_service_lets_in_the_same_front_ends_and_is_told_no_token() {
        let before = LocalTokens::default();
        let token = before.issue(FrontEndKind::Window).expect("a token");
        let left = serde_json::to_string(&before.all()).expect("JSON");
        assert!(!left.contains(token.expose()), "{left}");

        let next = LocalTokens::default();
        next.take_over(serde_json::from_str(&left).expect("tokens"));
        assert_eq!(next.kind(token.hash()), Some(FrontEndKind::Window));
        assert_eq!(next.kind(TokenHash::of("another")), None);
    }

    #[test]
    fn however_many_are_left_the_newest_alone_are_good() {
        let tokens = LocalTokens::default();
        let first = tokens.issue(FrontEndKind::Window).expect("a token");
        let more = tokens.all().into_iter().cycle().take(LOCAL_TOKENS);
        tokens.take_over(
            more.map(|each| LocalToken {
                hash: TokenHash::of("later"),
                ..each
            })
            .collect(),
        );
        assert_eq!(tokens.kind(first.hash()), None);
        assert_eq!(tokens.all().len(), LOCAL_TOKENS);
    }
}
