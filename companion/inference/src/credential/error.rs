//! Why there is no credential, told apart by what a person can do about it, and what becomes of that in a call.

use std::borrow::Cow;
use std::time::Duration;

use deskhand_identity::{SignInError, TransportError};

use crate::bedrock::AwsError;
use crate::fault::{Fault, FaultKind};

/// There is no credential. Holds nothing that a helper printed, a file holds or an endpoint said but a registered error code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// The helper is not there, or the system did not start it.
    #[error("inferenceCredentialHelper names a program that {0}")]
    HelperMissing(&'static str),
    /// Others could have changed the helper that the organisation named.
    #[error("inferenceCredentialHelper names a program that is not run: {0}")]
    HelperOpen(&'static str),
    /// It ended with another code than 0; `None` where a signal ended it.
    #[error("the helper ended with {}", code(*.0))]
    HelperFailed(Option<i32>),
    /// It did not end in time.
    #[error("the helper did not end within {} seconds", .0.as_secs())]
    HelperTimedOut(Duration),
    /// What it printed is no credential.
    #[error("the helper printed no credential: {0}")]
    HelperAnswer(&'static str),
    /// It may not run in the middle of a conversation.
    #[error("inferenceCredentialHelperSilentRefreshEnabled lets the helper run again with the next prompt")]
    HelperResting,
    /// There is no other credential than the one that was refused.
    #[error("the provider refused the credential, and there is no other one")]
    Unchanged,
    /// A file with credentials cannot be used.
    #[error("{from} {fault}")]
    File {
        /// Which file.
        from: FileFrom,
        /// What is wrong with it.
        fault: FileFault,
    },
    /// No place where Google's tools keep credentials has any.
    #[error(
        "no Google credentials were found: GOOGLE_APPLICATION_CREDENTIALS is not set, Google's tools have kept none, and no metadata server answered"
    )]
    NothingFound,
    /// A person has to sign in: nobody has, or it counts no longer.
    #[error("nobody is signed in, or the identity provider ended the sign-in")]
    SignInNeeded,
    /// The sign-in is over by what the settings or the provider say of its time.
    #[error("the time of the sign-in is over")]
    SignInEnded,
    /// A sign-in that was under way came to nothing.
    #[error(transparent)]
    SignInFailed(SignInError),
    /// Whoever gives out credentials could not be asked.
    #[error("{0}")]
    Unreachable(String),
    /// The settings do not open the way to whoever gives out credentials.
    #[error("{0}")]
    Closed(String),
    /// Whoever gives out credentials refused, with this error code (RFC 6749).
    #[error("the token endpoint refused: {0}")]
    Refused(&'static str),
    /// Its answer cannot be used.
    #[error("{0}")]
    Answer(String),
    /// AWS's own ways to keys gave none.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// The place where the sign-in is kept cannot be read.
    #[error("the kept sign-in cannot be read: {0}")]
    Store(String),
}

/// Which file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileFrom {
    /// Named in the settings.
    #[error("the file that inferenceVertexCredentialsFile names")]
    Settings,
    /// Named in the environment.
    #[error("the file that GOOGLE_APPLICATION_CREDENTIALS names")]
    Environment,
    /// Where Google's tools keep it.
    #[error("the file application_default_credentials.json of Google's tools")]
    WellKnown,
    /// Named in such a file.
    #[error("the file that `credential_source` names")]
    Subject,
}

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    /// It is not there.
    #[error("is not there")]
    Missing,
    /// It is no regular file, or the system does not let it be read.
    #[error("cannot be read")]
    Unreadable,
    /// It is larger than such files are.
    #[error("is longer than 64 KiB")]
    TooLong,
    /// It holds no JSON object.
    #[error("holds no JSON object")]
    NotJson,
    /// Its `type` is none that is known.
    #[error("is of a type that Deskhand does not know")]
    Type,
    /// A field is missing, or holds something else than it has to.
    #[error("has no usable field `{0}`")]
    Field(&'static str),
    /// It asks for a way that Deskhand does not go.
    #[error("asks for {0}, which Deskhand does not do: name a credential helper instead")]
    Unsupported(&'static str),
}

impl CredentialError {
    /// What an exchange with an identity provider came to.
    pub(super) fn of(error: SignInError) -> Self {
        match error {
            SignInError::Over
            | SignInError::Refused(
                "interaction_required" | "login_required" | "consent_required" | "account_selection_required",
            ) => Self::SignInNeeded,
            other => Self::of_endpoint(other),
        }
    }

    /// The same where no person ever signed in.
    pub(crate) fn of_endpoint(error: SignInError) -> Self {
        match error {
            SignInError::Transport(TransportError::Closed(why)) => Self::Closed(why),
            error if error.is_passing() => Self::Unreachable(error.to_string()),
            SignInError::Over => Self::Refused("invalid_grant"),
            SignInError::Denied => Self::Refused("access_denied"),
            SignInError::Refused(code) => Self::Refused(code),
            other => Self::Answer(other.to_string()),
        }
    }

    /// True where a person who signs in makes it good.
    pub fn asks_to_sign_in(&self) -> bool {
        matches!(self, Self::SignInNeeded | Self::SignInEnded)
    }

    /// True where trying again later can help without a person.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }

    /// What becomes of a call without a credential.
    pub fn to_fault(&self) -> Fault {
        let (kind, happened) = match self {
            Self::HelperMissing(_) => (
                FaultKind::Auth,
                "The program that prints the credential could not be started.",
            ),
            Self::HelperOpen(_) => (
                FaultKind::Auth,
                "The program that prints the credential is not run, because others could have changed it.",
            ),
            Self::HelperFailed(_) => (FaultKind::Auth, "The program that prints the credential failed."),
            Self::HelperTimedOut(_) => (
                FaultKind::Auth,
                "The program that prints the credential did not end in time.",
            ),
            Self::HelperAnswer(_) => (
                FaultKind::Auth,
                "The program that prints the credential printed something else.",
            ),
            Self::HelperResting => (
                FaultKind::Auth,
                "The credential ended in the middle of the conversation.",
            ),
            Self::Unchanged => (FaultKind::Auth, "The credential was refused."),
            Self::File { .. } => (FaultKind::Auth, "The file with the credential cannot be used."),
            Self::NothingFound => (FaultKind::Auth, "This computer has no Google credentials."),
            Self::SignInNeeded => (FaultKind::SignIn, "You have to sign in for the model."),
            Self::SignInEnded => (FaultKind::SignIn, "Your sign-in for the model has ended."),
            Self::SignInFailed(_) => (FaultKind::SignIn, "The sign-in for the model did not come about."),
            // Of the network, not of the credential: it is tried again as any call is.
            Self::Unreachable(_) => (
                FaultKind::Unreachable,
                "The service that gives out the credential could not be reached.",
            ),
            Self::Closed(_) => (
                FaultKind::NotConfigured,
                "The settings do not open the way to the service that gives out the credential.",
            ),
            Self::Refused(_) => (
                FaultKind::Auth,
                "The service that gives out the credential refused.",
            ),
            Self::Answer(_) => (
                FaultKind::Auth,
                "The service that gives out the credential answered something else.",
            ),
            Self::Aws(error) => error.told(),
            Self::Store(_) => (FaultKind::Auth, "Your sign-in could not be read."),
        };
        Fault {
            happened: Some(happened),
            action: self.action(),
            ..Fault::new(kind, self.to_string())
        }
    }

    /// What a person can do, where it is something else than asking for a new key.
    fn action(&self) -> Option<Cow<'static, str>> {
        if let Self::Aws(error) = self
            && let Some(command) = error.command()
        {
            return Some(format!("Run {command}, then send the prompt again.").into());
        }
        let words = match self {
            Self::Aws(AwsError::Refused { .. }) => {
                "Renew the keys of the AWS profile, then send the prompt again."
            }
            Self::NothingFound | Self::Refused(_) => {
                "Run `gcloud auth application-default login`, or show the details to your administrator."
            }
            Self::SignInNeeded | Self::SignInEnded => {
                "Sign in with `deskhand sign-in` or in Deskhand; then send the prompt again, where it did not go on by itself."
            }
            Self::SignInFailed(_) => "Sign in again, or show the details to your administrator.",
            Self::Unreachable(_) => return None,
            Self::HelperResting => "Send the prompt again.",
            _ => "Send the prompt again; if that does not help, show the details to your administrator.",
        };
        Some(words.into())
    }
}

fn code(code: Option<i32>) -> String {
    code.map_or_else(|| "a signal".to_owned(), |code| format!("code {code}"))
}
