//! Why AWS's own ways to keys gave none, told apart by what a person can do about it.

use std::time::Duration;

use crate::fault::FaultKind;

/// There are no keys. Holds nothing that a file, a program or a service said but names of profiles and of exceptions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AwsError {
    /// A file of AWS's tools cannot be used.
    #[error("the file `{file}` of AWS's tools {why}")]
    File {
        /// `config` or `credentials`, or one of the cache.
        file: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// There is no such profile.
    #[error("the files of AWS's tools have no profile `{0}`")]
    NoProfile(String),
    /// A profile leaves out, or misspells, what it needs.
    #[error("profile `{profile}` of AWS's tools has no usable `{field}`")]
    Field {
        /// The profile.
        profile: String,
        /// The field.
        field: &'static str,
    },
    /// A profile asks for a way that Deskhand does not go.
    #[error(
        "profile `{profile}` of AWS's tools asks for {what}, which Deskhand does not do: name a credential helper instead"
    )]
    Unsupported {
        /// The profile.
        profile: String,
        /// What it asks for.
        what: &'static str,
    },
    /// Profiles name each other in a circle, or too many one another.
    #[error("profile `{0}` of AWS's tools leads back to itself or through too many others")]
    Circle(String),
    /// The program of a profile could not be run.
    #[error("the program in `credential_process` {0}")]
    Program(&'static str),
    /// It ended with another code than 0; `None` where a signal ended it.
    #[error("the program in `credential_process` ended with {}", .0.map_or("a signal".to_owned(), |code| format!("code {code}")))]
    Failed(Option<i32>),
    /// It did not end in time.
    #[error("the program in `credential_process` did not end within {} seconds", .0.as_secs())]
    TimedOut(Duration),
    /// What it printed is no answer with keys.
    #[error("the program in `credential_process` printed no keys: {0}")]
    Printed(&'static str),
    /// Keys hold what no request can carry.
    #[error("the keys hold characters that no request can carry")]
    Unsendable,
    /// Identity Center does not know, or no longer, who is signed in.
    #[error("Identity Center knows nobody who is signed in")]
    NotSignedIn,
    /// The sign-in of AWS's tools that a profile uses is not there or over. Deskhand does not renew it: a refresh token may
    /// count once, and those tools, whose files nobody else writes, would be left with one that is spent.
    #[error(
        "{} for profile `{profile}`",
        if *.renews { "AWS's tools have to renew their sign-in" } else { "nobody is signed in with AWS's tools" }
    )]
    SignInOver {
        /// The profile with the sign-in.
        profile: String,
        /// Whether AWS's tools renew it by themselves once they are used.
        renews: bool,
    },
    /// A service of AWS refused, with this exception.
    #[error("{service} refused: {exception}")]
    Refused {
        /// The service.
        service: &'static str,
        /// The exception, by its name.
        exception: String,
    },
    /// Its answer cannot be used.
    #[error("the answer of {0} cannot be used")]
    Answer(&'static str),
}

impl AwsError {
    /// What becomes of a call without keys: its kind and its first sentence.
    pub(crate) fn told(&self) -> (FaultKind, &'static str) {
        let happened = match self {
            Self::File { .. }
            | Self::NoProfile(_)
            | Self::Field { .. }
            | Self::Unsupported { .. }
            | Self::Circle(_) => "The AWS profile cannot be used.",
            Self::Program(_) => "The program that the AWS profile names could not be run.",
            Self::Failed(_) => "The program that the AWS profile names failed.",
            Self::TimedOut(_) => "The program that the AWS profile names did not end in time.",
            Self::Printed(_) => "The program that the AWS profile names printed something else than keys.",
            Self::Unsendable => "The AWS keys cannot be used.",
            Self::SignInOver { renews: true, .. } => "The sign-in of AWS's tools has to be renewed.",
            Self::NotSignedIn | Self::SignInOver { .. } => "You have to sign in to AWS.",
            Self::Refused { .. } => "AWS gave no keys.",
            Self::Answer(_) => "The answer of AWS could not be read.",
        };
        (FaultKind::Auth, happened)
    }

    /// What a person runs where the sign-in of a profile is over. AWS's parser admits no name of a profile that a shell would read as
    /// more than one word.
    pub(crate) fn command(&self) -> Option<String> {
        let Self::SignInOver { profile, renews } = self else {
            return None;
        };
        Some(if *renews {
            format!(
                "`aws sts get-caller-identity --profile {profile}`, or `aws sso login --profile {profile}` where that fails"
            )
        } else {
            format!("`aws sso login --profile {profile}`")
        })
    }
}
