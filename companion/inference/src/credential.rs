//! Where a provider's credential comes from: a key of the settings, a program that prints it, Google's files and machines, or a
//! person who signed in. Whoever calls a provider asks a [`CredentialSource`] before each request, and again with the credential that
//! was refused.
//!
//! No connection is made here: exchanges go through the transport of `deskhand-identity` that the caller brings ([`Way`] is the one
//! through the gate). Clock and chance are arguments (Invariant 10). What a helper printed, a file holds or an endpoint said stands in
//! no error.

mod error;
mod fixed;
mod google;
mod helper;
mod signed_in;
mod single;
mod way;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::BoxFuture;
use tokio::sync::watch;

use crate::Secret;

pub use error::{CredentialError, FileFault, FileFrom};
pub(crate) use fixed::unless_refused;
pub use fixed::{Fixed, Nothing};
pub use google::{Google, GoogleFile, GoogleFrom, METADATA, well_known};
pub use helper::{Helper, HelperSettings, read_answer};
pub use signed_in::{Bearer, GoogleClient, SignIn, SignInPlan, SignedIn, StoreFault, TokenStore, Workforce};
pub(crate) use signed_in::{Seen, turn};
pub use way::Way;

/// What the time is.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// How long before its end a credential is renewed: a request that is on its way then must not meet its end.
const AHEAD: Duration = Duration::from_mins(2);

/// How far the clock may have been set back before the time of a sign-in cannot be told any longer.
pub(crate) const BACK: Duration = Duration::from_mins(5);

/// What is sent to prove who asks. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The token or key; empty where nothing is sent, and where `aws` signs.
    pub secret: Secret,
    /// Extra headers: they beat those of the settings.
    pub headers: Vec<(String, Secret)>,
    /// Temporary keys that sign requests to Amazon.
    pub aws: Option<AwsKeys>,
    /// When it ends, as far as anybody said.
    pub ends_at: Option<SystemTime>,
}

/// Keys that sign requests (Signature Version 4).
#[derive(Clone, Debug)]
pub struct AwsKeys {
    /// The name of the key.
    pub access_key_id: Secret,
    /// The key.
    pub secret_access_key: Secret,
    /// What makes temporary keys count.
    pub session_token: Option<Secret>,
}

impl Credential {
    /// A token or key without an end.
    pub fn new(secret: Secret) -> Self {
        Self {
            secret,
            headers: Vec::new(),
            aws: None,
            ends_at: None,
        }
    }

    /// Whether it is the same proof, whenever it ends.
    pub fn is_same(&self, other: &Self) -> bool {
        self.secrets()
            .map(Secret::expose)
            .eq(other.secrets().map(Secret::expose))
    }

    /// Everything in it that must never show.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let aws = self.aws.iter().flat_map(|keys| {
            let pair = [&keys.access_key_id, &keys.secret_access_key];
            pair.into_iter().chain(&keys.session_token)
        });
        let headers = self.headers.iter().map(|(_, value)| value);
        std::iter::once(&self.secret).chain(aws).chain(headers)
    }
}

/// Why a credential is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// A person waits for a turn to begin.
    Interactive,
    /// A conversation goes on, and the credential of before counts no longer.
    MidSession,
    /// Nobody waits.
    Background,
    /// The settings are tried out: a helper is run, whatever it printed before.
    SetupTest,
}

impl Occasion {
    /// The word that a helper finds in `CLAUDE_HELPER_CONTEXT`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::MidSession => "mid-session-refresh",
            Self::Background => "background",
            Self::SetupTest => "setup-test",
        }
    }
}

/// Where a credential comes from.
pub trait CredentialSource: Send + Sync + fmt::Debug {
    /// The credential in force; `refused` is the one that the provider has just answered 401 to, so that it is not given again.
    fn credential<'a>(
        &'a self,
        occasion: Occasion,
        refused: Option<&'a Credential>,
    ) -> BoxFuture<'a, Result<Credential, CredentialError>>;

    /// When a person has to do something about it, as far as that is known without asking anybody; `None` where it renews itself.
    fn ends_at(&self) -> Option<SystemTime>;

    /// Everything that must never show.
    fn secrets(&self) -> Vec<Secret>;

    /// Counts the people who signed in, where it is people who do: it changes once somebody has.
    fn sign_ins(&self) -> Option<watch::Receiver<u64>> {
        None
    }

    /// Whether it gives anything at all.
    fn is_any(&self) -> bool {
        true
    }
}

/// Unix milliseconds.
fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The time of Unix milliseconds; `None` where no clock comes to it.
fn time_of(millis: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_millis(millis))
}

/// Whether what ends then has to be renewed now.
pub(crate) fn is_due(ends_at: Option<SystemTime>, now: SystemTime) -> bool {
    ends_at.is_some_and(|end| now + AHEAD >= end)
}

#[cfg(test)]
mod tests;
