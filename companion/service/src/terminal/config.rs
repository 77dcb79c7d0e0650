//! `deskhand config …`: the settings in force, and the user's own. The service reads them when it starts.

use std::io::Read as _;
use std::process::ExitCode;

use anyhow::bail;
use deskhand_platform::{Paths, Secret};
use serde_json::Value;

use super::policy::show;
use super::sessions::print;
use crate::options::ConfigCommand;
use crate::serve::open_secrets;
use crate::settings::{Settings, USER_SECRETS, user_file};

/// Bytes that a secret may have.
const MAX_SECRET: u64 = 64 * 1024;

/// Shows, sets or removes.
pub(crate) async fn config(paths: &Paths, command: ConfigCommand, json: bool) -> anyhow::Result<ExitCode> {
    paths.create()?;
    let secrets = open_secrets(paths).await?;
    let settings = Settings::load(paths, &secrets)?;
    match command {
        ConfigCommand::Show => show(&settings.policy, true, json)?,
        ConfigCommand::Set { key, value: None } if USER_SECRETS.contains(&key.as_str()) => {
            refuse_locked(&settings, &key)?;
            let mut text = String::new();
            std::io::stdin().take(MAX_SECRET).read_to_string(&mut text)?;
            let text = text.trim();
            if text.is_empty() {
                bail!(
                    "No secret came on standard input. Nothing was changed. Write it there, followed by the end of input."
                );
            }
            secrets.set(&key, &Secret::new(text.as_bytes().to_vec()))?;
            print("Kept in the secret store. It is used from the next start of the service on.")?;
        }
        ConfigCommand::Set { key, .. } if USER_SECRETS.contains(&key.as_str()) => {
            bail!(
                "`{key}` is secret and is not taken from the command line, where others can read it. Nothing was changed. Write it to standard input."
            );
        }
        ConfigCommand::Set { key, value } => {
            let text = value.unwrap_or_default();
            let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
            user_file(paths).set(&settings.policy, &[(key, Some(value))])?;
            print("Set. A service that runs takes it up when no turn is at work.")?;
        }
        ConfigCommand::Unset { key } if USER_SECRETS.contains(&key.as_str()) => {
            refuse_locked(&settings, &key)?;
            secrets.delete(&key)?;
            print("Removed.")?;
        }
        ConfigCommand::Unset { key } => {
            user_file(paths).set(&settings.policy, &[(key, None)])?;
            print("Removed.")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn refuse_locked(settings: &Settings, key: &str) -> anyhow::Result<()> {
    let locked = settings
        .policy
        .entries()
        .into_iter()
        .any(|entry| entry.name == key && entry.locked);
    if locked {
        bail!("`{key}` is managed by your organisation. Nothing was changed. Ask your administrator.");
    }
    Ok(())
}
