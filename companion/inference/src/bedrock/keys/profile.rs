//! The keys of a profile of AWS's own tools (`inferenceBedrockProfile`, `inferenceBedrockAwsDir`).

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use deskhand_identity::Transport;
use futures_util::future::BoxFuture;

use super::error::AwsError;
use super::files::{self, Base, Plan, plan};
use super::portal::{self, Kept};
use super::{process, role};
use crate::Secret;
use crate::credential::{
    Clock, Credential, CredentialError, CredentialSource, Occasion, is_due, unless_refused,
};

/// What the settings say of a profile.
#[derive(Clone, Debug)]
pub struct ProfileSettings {
    /// The folder with `config` and `credentials`: `~/.aws`, or `inferenceBedrockAwsDir`.
    pub folder: PathBuf,
    /// The profile; `default` where the settings name none.
    pub profile: String,
    /// The region of Bedrock, whose Security Token Service is asked where a role is to be assumed.
    pub region: String,
    /// Where a program is looked for that the profile names without its folder: the folders of the search path.
    pub folders: Vec<PathBuf>,
    /// How long such a program may take.
    pub within: Duration,
    /// Who answers for the folder.
    pub whose: Whose,
}

/// Who answers for the files of AWS's tools, and so for the programs that they name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The person, whose settings these are: programs are run.
    Own,
    /// The organisation, which named the folder: files and programs that others could have changed are refused.
    Organisation,
    /// The person, where the organisation manages the settings: no program is run, since it would be one that a person
    /// puts in the place of `inferenceCredentialHelper`.
    Managed,
}

/// A profile. Its files are read whenever it is asked, so that what AWS's tools change there counts at once; what was fetched is kept
/// in memory until shortly before its end.
#[derive(Clone)]
pub struct Profile<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    settings: ProfileSettings,
    transport: T,
    clock: Clock,
    held: Mutex<Option<Credential>>,
    /// Held while keys are fetched: once at a time, whoever asks.
    fetching: tokio::sync::Mutex<()>,
}

impl<T> std::fmt::Debug for Profile<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("Profile")
            .field(&self.shared.settings)
            .finish()
    }
}

impl<T: Transport> Profile<T> {
    /// The profile of these settings, with the way to AWS.
    pub fn new(settings: ProfileSettings, transport: T, clock: Clock) -> Self {
        let shared = Shared {
            settings,
            transport,
            clock,
            held: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
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
        let shared = &self.shared;
        if let Some(kept) = shared.kept(occasion, refused) {
            return Ok(kept);
        }
        let _one = shared.fetching.lock().await;
        // Somebody else may have fetched some since.
        if let Some(kept) = shared.kept(occasion, refused) {
            return Ok(kept);
        }
        let fetched = shared.fetch().await?;
        unless_refused(fetched, refused)
    }
}

impl<T: Transport> Shared<T> {
    fn kept(&self, occasion: Occasion, refused: Option<&Credential>) -> Option<Credential> {
        if occasion == Occasion::SetupTest {
            return None;
        }
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let is_refused = refused.is_some_and(|refused| refused.is_same(&held));
        let counts = !is_refused && !is_due(held.ends_at, (self.clock)());
        counts.then_some(held)
    }

    async fn fetch(&self) -> Result<Credential, CredentialError> {
        let settings = &self.settings;
        if settings.whose == Whose::Organisation {
            files::check(&settings.folder)?;
        }
        let Plan { base, roles } = plan(&settings.folder, &settings.profile).await?;
        let is_in_file = matches!(base, Base::Keys(_)) && roles.is_empty();
        let mut credential = self.base(base).await?;
        for role in &roles {
            let keys = credential.aws.as_ref().ok_or(AwsError::Answer("AWS"))?;
            credential = role::assume(&self.transport, &settings.region, keys, role, (self.clock)()).await?;
        }
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        *held = (!is_in_file).then(|| credential.clone());
        Ok(credential)
    }

    async fn base(&self, base: Base) -> Result<Credential, CredentialError> {
        let settings = &self.settings;
        let now = (self.clock)();
        match base {
            Base::Keys(keys) => {
                let mut credential = Credential::new(Secret::new(String::new()));
                credential.aws = Some(keys);
                Ok(credential)
            }
            Base::Process(command) => {
                let ran = process::run(&command, settings, now).await;
                Ok(ran?)
            }
            Base::SignedIn(whose, profile) => {
                let over = |renews| AwsError::SignInOver { profile, renews };
                let token = match portal::kept(&settings.folder, &whose, now).await? {
                    Kept::Counts(token) => token,
                    Kept::Over { renews } => return Err(over(renews).into()),
                };
                match portal::keys(&self.transport, &token, &whose).await {
                    Err(CredentialError::Aws(AwsError::NotSignedIn)) => Err(over(false).into()),
                    given => given,
                }
            }
        }
    }
}

impl<T: Transport + 'static> CredentialSource for Profile<T> {
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
        let held = self.shared.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.iter().flat_map(Credential::secrets).cloned().collect()
    }
}
