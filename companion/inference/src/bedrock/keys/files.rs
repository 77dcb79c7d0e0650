//! The files of AWS's tools: `config` and `credentials` (AWS SDKs and Tools Reference Guide, "Shared config and credentials
//! files"), read by AWS's own parser, and what a profile in them comes to.

use std::path::Path;

use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_runtime::env_config::section::{EnvConfigSections, Profile};
use aws_runtime::env_config::source::load;
use aws_types::os_shim_internal::{Env, Fs};
use deskhand_platform::program::{self, ProgramError};
use tokio::io::AsyncReadExt as _;

use super::AwsError;
use crate::Secret;
use crate::credential::AwsKeys;

/// Bytes of a file that are read.
const LARGEST: u64 = 1024 * 1024;
/// Profiles that may stand between a profile and the keys that it begins with.
const MOST: usize = 8;

/// What a profile comes to: where its keys begin, and the roles that are then assumed one after the other.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) base: Base,
    pub(super) roles: Vec<Role>,
}

/// Where keys begin.
#[derive(Debug)]
pub(super) enum Base {
    /// In the file.
    Keys(AwsKeys),
    /// With a program: a command line, which may hold credentials.
    Process(Secret),
    /// With a person who signed in with AWS's tools, under this profile.
    SignedIn(SignedIn, String),
}

/// Whose keys a person gets who signed in at Identity Center.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SignedIn {
    /// The name under which AWS's tools keep the sign-in.
    pub(super) kept_as: String,
    pub(super) region: String,
    pub(super) account: String,
    pub(super) role: String,
}

/// A role to assume.
#[derive(Clone, Debug)]
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) session_name: Option<String>,
    pub(super) external_id: Option<Secret>,
    pub(super) seconds: Option<u32>,
}

/// What the files in a folder make of a profile.
pub(super) async fn plan(folder: &Path, profile: &str) -> Result<Plan, AwsError> {
    let sections = sections(folder).await?;
    Resolving {
        sections: &sections,
        seen: Vec::new(),
        roles: Vec::new(),
    }
    .resolve(profile)
}

/// Refuses files that somebody else could have changed.
pub(super) fn check(folder: &Path) -> Result<(), AwsError> {
    for file in ["config", "credentials"] {
        match program::check(&folder.join(file)) {
            Ok(_) | Err(ProgramError::Missing) => {}
            Err(_) => {
                let why = "is not read, because others could have changed it";
                return Err(AwsError::File { file, why });
            }
        }
    }
    Ok(())
}

async fn sections(folder: &Path) -> Result<EnvConfigSections, AwsError> {
    let config = read(&folder.join("config"), "config").await?;
    let credentials = read(&folder.join("credentials"), "credentials").await?;
    if config.is_none() && credentials.is_none() {
        let why = "is not there, nor is `credentials`";
        return Err(AwsError::File { file: "config", why });
    }
    let files = EnvConfigFiles::builder()
        .with_contents(EnvConfigFileKind::Config, config.unwrap_or_default())
        .with_contents(EnvConfigFileKind::Credentials, credentials.unwrap_or_default())
        .build();
    // Neither the environment nor the disk: the contents are there.
    let source = load(&Env::from_slice(&[]), &Fs::from_slice(&[]), &files).await;
    let unreadable = || AwsError::File {
        file: "config",
        why: "or `credentials` is not of the form that AWS's tools read",
    };
    let source = source.map_err(|_| unreadable())?;
    EnvConfigSections::parse(source).map_err(|_| unreadable())
}

/// A file as text, if it is there.
pub(super) async fn read(path: &Path, file: &'static str) -> Result<Option<String>, AwsError> {
    let fault = |why| AwsError::File { file, why };
    match tokio::fs::metadata(path).await {
        Ok(found) if !found.is_file() => return Err(fault("is no file")),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(_) => return Err(fault("cannot be read")),
    }
    let unreadable = |_| fault("cannot be read");
    let opened = tokio::fs::File::open(path).await.map_err(unreadable)?;
    let mut text = String::new();
    let read = opened.take(LARGEST + 1).read_to_string(&mut text).await;
    read.map_err(|_| fault("cannot be read as text"))?;
    if text.len() as u64 > LARGEST {
        return Err(fault("is longer than 1 MiB"));
    }
    Ok(Some(text))
}

struct Resolving<'a> {
    sections: &'a EnvConfigSections,
    seen: Vec<String>,
    roles: Vec<Role>,
}

impl Resolving<'_> {
    fn resolve(mut self, name: &str) -> Result<Plan, AwsError> {
        let mut name = name.to_owned();
        loop {
            let profile = self.sections.get_profile(&name);
            let profile = profile.ok_or_else(|| AwsError::NoProfile(shown(&name)))?;
            let is_own_source = self.seen.last() == Some(&name);
            if self.seen.len() >= MOST || self.seen.contains(&name) && !is_own_source {
                return Err(AwsError::Circle(shown(&name)));
            }
            self.seen.push(name.clone());
            // A profile may name itself for the keys that stand in it.
            let role = profile.get("role_arn").filter(|_| !is_own_source);
            if let Some(arn) = role {
                let source = source(profile, &name)?.to_owned();
                self.roles.push(self::role(profile, arn));
                name = source;
                continue;
            }
            let base = self.base(profile, &name)?;
            self.roles.reverse();
            return Ok(Plan {
                base,
                roles: self.roles,
            });
        }
    }

    fn base(&self, profile: &Profile, name: &str) -> Result<Base, AwsError> {
        let get = |field| profile.get(field).filter(|value| !value.is_empty());
        let needed = |field| get(field).ok_or_else(|| lacks(name, field));
        if get("sso_account_id").is_some() || get("sso_session").is_some() || get("sso_start_url").is_some() {
            let (kept_as, region) = match get("sso_session") {
                Some(session) => {
                    let section = self.sections.sso_session(session);
                    let region = section.and_then(|section| section.get("sso_region"));
                    (session, region.ok_or_else(|| lacks(name, "sso_session"))?)
                }
                None => (needed("sso_start_url")?, needed("sso_region")?),
            };
            let whose = SignedIn {
                kept_as: kept_as.to_owned(),
                region: region.to_owned(),
                account: needed("sso_account_id")?.to_owned(),
                role: needed("sso_role_name")?.to_owned(),
            };
            return Ok(Base::SignedIn(whose, shown(name)));
        }
        if let Some(id) = get("aws_access_key_id") {
            let secret = |text: &str| Secret::new(text.to_owned());
            return Ok(Base::Keys(AwsKeys {
                access_key_id: secret(id),
                secret_access_key: secret(needed("aws_secret_access_key")?),
                session_token: get("aws_session_token").map(secret),
            }));
        }
        if let Some(command) = get("credential_process") {
            return Ok(Base::Process(Secret::new(command.to_owned())));
        }
        if get("login_session").is_some() {
            return Err(unsupported(name, "a sign-in to the console"));
        }
        Err(lacks(name, "aws_access_key_id"))
    }
}

/// The profile with whose keys a role is assumed.
fn source<'a>(profile: &'a Profile, name: &str) -> Result<&'a str, AwsError> {
    if profile.get("mfa_serial").is_some() {
        return Err(unsupported(name, "the code of a second factor"));
    }
    if let Some(source) = profile.get("source_profile") {
        return Ok(source);
    }
    if profile.get("credential_source").is_some() {
        return Err(unsupported(
            name,
            "the credentials of the machine that it runs on",
        ));
    }
    if profile.get("web_identity_token_file").is_some() {
        return Err(unsupported(name, "the token file of a workload"));
    }
    Err(lacks(name, "source_profile"))
}

fn role(profile: &Profile, arn: &str) -> Role {
    let text = |field| profile.get(field).map(str::to_owned);
    Role {
        arn: arn.to_owned(),
        session_name: text("role_session_name"),
        external_id: text("external_id").map(Secret::new),
        seconds: profile
            .get("duration_seconds")
            .and_then(|seconds| seconds.parse().ok()),
    }
}

fn lacks(profile: &str, field: &'static str) -> AwsError {
    AwsError::Field {
        profile: shown(profile),
        field,
    }
}

fn unsupported(profile: &str, what: &'static str) -> AwsError {
    AwsError::Unsupported {
        profile: shown(profile),
        what,
    }
}

/// A name fit for a line.
fn shown(name: &str) -> String {
    deskhand_core::line::one_line(name).chars().take(64).collect()
}
