//! A program that prints the credential (`inferenceCredentialHelper`): without arguments, run again when what it printed is over.

mod answer;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use deskhand_platform::program::{self, ProgramError};
use futures_util::future::BoxFuture;

use super::fixed::unless_refused;
use super::single::Single;
use super::{Clock, Credential, CredentialError, CredentialSource, Occasion, is_due};
use crate::Secret;
use crate::scrub::scrub;

pub use answer::read_answer;

/// Bytes that a helper may print.
const PRINTED: usize = 64 * 1024;
/// How long a helper may take in the middle of a conversation.
const MID_SESSION: Duration = Duration::from_secs(20);
/// The variable that says why it is run.
const CONTEXT: &str = "CLAUDE_HELPER_CONTEXT";

/// What the settings say of the helper.
#[derive(Clone, Debug)]
pub struct HelperSettings {
    /// The program, by its absolute path (`inferenceCredentialHelper`).
    pub program: PathBuf,
    /// Whether the organisation named it: then nobody else may be able to change it.
    pub of_organisation: bool,
    /// How long what it printed counts (`inferenceCredentialHelperTtlSec`).
    pub ttl: Duration,
    /// How long it may take (`inferenceCredentialHelperTimeoutSec`).
    pub within: Duration,
    /// Whether it may run in the middle of a conversation (`inferenceCredentialHelperSilentRefreshEnabled`).
    pub silent_refresh: bool,
    /// Whether it may print keys that sign requests to Amazon.
    pub for_aws: bool,
}

/// A helper. What it printed is kept in memory alone. It runs once at a time, whoever asks.
#[derive(Clone)]
pub struct Helper {
    shared: Arc<Shared>,
}

struct Shared {
    settings: HelperSettings,
    clock: Clock,
    held: Mutex<Option<Held>>,
    running: Single<Result<Credential, CredentialError>>,
}

/// What it printed last.
#[derive(Clone)]
struct Held {
    credential: Credential,
    /// When it printed it, and when it is to be run again.
    from: SystemTime,
    until: SystemTime,
}

impl std::fmt::Debug for Helper {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("Helper")
            .field(&self.shared.settings)
            .finish()
    }
}

impl Helper {
    /// The helper of these settings. It is started when a credential is first asked for.
    pub fn new(settings: HelperSettings, clock: Clock) -> Self {
        let shared = Shared {
            settings,
            clock,
            held: Mutex::new(None),
            running: Single::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    async fn current(
        &self,
        occasion: Occasion,
        refused: Option<&Credential>,
    ) -> Result<Credential, CredentialError> {
        if let Some(kept) = self.shared.kept(occasion, refused) {
            return Ok(kept);
        }
        if occasion == Occasion::MidSession && !self.shared.settings.silent_refresh {
            return self.shared.last_word(refused);
        }
        let limit = self.shared.limit(occasion);
        let ran = self.shared.running.run(|| {
            let (shared, refused) = (Arc::clone(&self.shared), refused.cloned());
            Box::pin(async move { shared.run(occasion, refused.as_ref()).await })
        });
        // Whoever waits for the run of another has a time of their own.
        let ran = tokio::time::timeout(limit, ran).await;
        let printed = ran.unwrap_or(Err(CredentialError::HelperTimedOut(limit)))?;
        unless_refused(printed, refused)
    }
}

impl CredentialSource for Helper {
    fn credential<'a>(
        &'a self,
        occasion: Occasion,
        refused: Option<&'a Credential>,
    ) -> BoxFuture<'a, Result<Credential, CredentialError>> {
        Box::pin(self.current(occasion, refused))
    }

    fn ends_at(&self) -> Option<SystemTime> {
        None
    }

    fn secrets(&self) -> Vec<Secret> {
        let held = self.shared.held();
        let held = held.iter().flat_map(|held| held.credential.secrets());
        held.cloned().collect()
    }
}

impl Shared {
    fn held(&self) -> MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it printed, while that counts. A clock that was set back makes nothing count for longer.
    fn kept(&self, occasion: Occasion, refused: Option<&Credential>) -> Option<Credential> {
        if occasion == Occasion::SetupTest {
            return None;
        }
        let now = (self.clock)();
        let held = self.held().clone()?;
        let counts = (held.from..held.until).contains(&now);
        Some(held.credential).filter(|kept| counts && !refused.is_some_and(|refused| refused.is_same(kept)))
    }

    /// What it printed before, where it may not run now and its time is over, but not its end.
    fn last_word(&self, refused: Option<&Credential>) -> Result<Credential, CredentialError> {
        let now = (self.clock)();
        let held = self.held().clone().ok_or(CredentialError::HelperResting)?;
        let is_over = held.credential.ends_at.is_some_and(|end| end <= now);
        let kept = unless_refused(held.credential, refused);
        kept.ok()
            .filter(|_| !is_over)
            .ok_or(CredentialError::HelperResting)
    }

    fn limit(&self, occasion: Occasion) -> Duration {
        match occasion {
            Occasion::MidSession => self.settings.within.min(MID_SESSION),
            _ => self.settings.within,
        }
    }

    async fn run(
        &self,
        occasion: Occasion,
        refused: Option<&Credential>,
    ) -> Result<Credential, CredentialError> {
        // Somebody else's run may have ended since.
        if let Some(kept) = self.kept(occasion, refused) {
            return Ok(kept);
        }
        let settings = &self.settings;
        let checked = if settings.of_organisation {
            program::check(&settings.program)
        } else {
            Ok(settings.program.clone())
        };
        let program = checked.map_err(|error| self.told(&error, occasion))?;
        let variables = [(CONTEXT, occasion.as_str())];
        let ran = program::run(&program, &variables, self.limit(occasion), PRINTED).await;
        let ran = ran.map_err(|error| self.told(&error, occasion))?;
        let now = (self.clock)();
        let printed = if ran.code == Some(0) {
            read_answer(&ran.output, settings.for_aws, now).map_err(CredentialError::HelperAnswer)
        } else {
            Err(CredentialError::HelperFailed(ran.code))
        };
        log(&ran.complaint, &printed);
        let credential = printed?;
        // What ends before its time is replaced ahead of that, but used once in any case.
        let mut until = now + settings.ttl;
        if let Some(end) = credential.ends_at.filter(|end| *end < until) {
            until = if is_due(Some(end), now) {
                now
            } else {
                end - super::AHEAD
            };
        }
        *self.held() = Some(Held {
            credential: credential.clone(),
            from: now,
            until,
        });
        Ok(credential)
    }

    fn told(&self, error: &ProgramError, occasion: Occasion) -> CredentialError {
        match error {
            ProgramError::NotAbsolute => CredentialError::HelperMissing("has no absolute path"),
            ProgramError::Missing => CredentialError::HelperMissing("is not there"),
            ProgramError::Open(why) => CredentialError::HelperOpen(why),
            ProgramError::TimedOut => CredentialError::HelperTimedOut(self.limit(occasion)),
            ProgramError::TooLong => CredentialError::HelperAnswer("it is longer than 64 KiB"),
            _ => CredentialError::HelperMissing("the system does not start"),
        }
    }
}

/// What the helper complained of goes to the log, without what it printed.
fn log(complaint: &[u8], printed: &Result<Credential, CredentialError>) {
    let secrets: Vec<&Secret> = printed.iter().flat_map(Credential::secrets).collect();
    let said = scrub(&String::from_utf8_lossy(complaint), &secrets);
    match printed {
        Ok(_) if said.is_empty() => {}
        Ok(_) => tracing::debug!(%said, "the credential helper printed a credential"),
        Err(error) => tracing::warn!(%error, %said, "the credential helper printed no credential"),
    }
}

#[cfg(all(test, unix))]
mod tests;
