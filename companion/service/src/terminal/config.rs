//! `deskhand config …`: the settings in force, and the user's own. The service reads them when it starts.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::process::ExitCode;

use anyhow::bail;
use deskhand_platform::Paths;
use deskhand_policy::{Definition, Policy, ProblemKind, definition};
use serde_json::Value;

use super::policy::show;
use super::sessions::print;
use crate::bootstrap::{Layer, millis};
use crate::configuration::set;
use crate::options::ConfigCommand;
use crate::reload::Watched;
use crate::serve::open_secrets;
use crate::settings::Settings;

/// Bytes that standard input may have.
const MAX_GIVEN: u64 = 1 << 20;

/// Shows, sets or removes.
pub(crate) async fn config(paths: &Paths, command: ConfigCommand, json: bool) -> anyhow::Result<ExitCode> {
    paths.create()?;
    let secrets = open_secrets(paths).await?;
    match command {
        ConfigCommand::Show => show(&Settings::load(paths, &secrets)?.policy, true, json)?,
        ConfigCommand::Set { key, value } => {
            let row = definition(&key);
            let holds_secrets = row.is_some_and(Definition::holds_secrets);
            let value = match value {
                None => valued(row, &given()?),
                Some(text) => {
                    let value = valued(row, &text);
                    if let Some(name) = row.and_then(|row| row.without_secrets(&value).1.into_iter().next()) {
                        bail!(
                            "`{name}` is secret and is not taken from the command line, where others can read it. Nothing was changed. Write it to standard input."
                        );
                    }
                    value
                }
            };
            let kept = set(paths, &secrets, &BTreeMap::from([(key, value)]), None)?;
            print(if holds_secrets {
                "Set. Secrets are kept in the secret store. A service that runs takes them up when no turn is at work."
            } else {
                "Set. A service that runs takes it up when no turn is at work."
            })?;
            let watched = Watched::read(paths);
            let layer = Layer::kept(paths, &secrets, watched.layers(&kept), millis())?;
            tell_withheld(&watched.policy(&kept, &layer))?;
        }
        ConfigCommand::Unset { key } => {
            set(paths, &secrets, &BTreeMap::from([(key, Value::Null)]), None)?;
            print("Removed.")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Names the credentials that are not sent under the settings as they are now.
fn tell_withheld(policy: &Policy) -> anyhow::Result<()> {
    let withheld = policy.problems.iter();
    for problem in withheld.filter(|problem| problem.kind == ProblemKind::Withheld) {
        print(&format!("{}: {}.", problem.key, problem.reason))?;
    }
    Ok(())
}

/// What comes on standard input.
fn given() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().take(MAX_GIVEN).read_to_string(&mut text)?;
    if text.trim().is_empty() {
        bail!(
            "Nothing came on standard input. Nothing was changed. Write the value there, followed by the end of input."
        );
    }
    Ok(text.trim().to_owned())
}

/// Text, or JSON for everything else. A secret text stays one, also where it looks like a number.
fn valued(row: Option<&Definition>, text: &str) -> Value {
    let is_text = row.is_some_and(|row| row.secret && (row.schema)()["type"] == "string");
    let value = if is_text {
        None
    } else {
        serde_json::from_str(text).ok()
    };
    value.unwrap_or_else(|| Value::String(text.to_owned()))
}
