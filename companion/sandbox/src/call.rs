//! The two tools as the model sees them.

use deskhand_core::model::ToolDefinition;
use deskhand_core::tool::{BASH_OUTPUT_TOOL, BASH_TOOL};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Longest command, in bytes.
const COMMAND: usize = 64 * 1024;
/// How long a command may take where the model does not say, in seconds.
const TIME: u64 = 120;
/// Longest time of a command, in seconds.
const LONGEST: u64 = crate::terms::LONGEST / 1000;

/// Runs a command with bash in the sandbox: a Linux machine of this session, apart from the user's computer. Python 3 is there
/// with pandas, openpyxl, python-pptx and matplotlib, and git, ripgrep, jq and poppler. The folders of the session are
/// under /mnt by the names that the session's context tells, and nothing else of the user's computer is there; what is changed in them is changed
/// on the user's computer at once, and can be undone. Other files stay until the machine ends, variables and the current
/// folder do not: each command begins anew. The network is reached through the proxy that the environment names, and only
/// hosts that the organisation allows. Give data to programs by files, not by the command. For documents that are open in
/// Office, and for cells, formulas and slides, use the tools for documents: they keep formulas, sources and looks.
#[derive(Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bash {
    /// The command, as bash reads it.
    pub(crate) command: String,
    /// Seconds that it may take, at most 600; 120 when absent.
    pub(crate) timeout: Option<u64>,
    /// True to leave it to run: the answer names the job, and BashOutput tells what it wrote.
    #[serde(default)]
    pub(crate) background: bool,
}

impl Bash {
    /// Reads the input of a call; the error is a sentence for the model.
    pub(crate) fn of(input: &Value) -> Result<Self, String> {
        let bash: Self = parsed(input)?;
        if bash.command.trim().is_empty() {
            return Err("the command is empty".to_owned());
        }
        if bash.command.len() > COMMAND {
            return Err(format!(
                "the command is longer than {COMMAND} bytes: write a file and run that"
            ));
        }
        // A shell would end it there, and whoever allowed it read on.
        if bash.command.contains('\0') {
            return Err("the command holds a NUL".to_owned());
        }
        Ok(bash)
    }

    /// Milliseconds that it may take.
    pub(crate) fn time(&self) -> u64 {
        self.timeout.unwrap_or(TIME).clamp(1, LONGEST) * 1000
    }
}

/// Looks after commands that were left to run: lists them, tells what one wrote since the last time, or ends one.
#[derive(Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BashOutput {
    /// The job, as Bash named it; all are listed when it is absent.
    pub(crate) job: Option<u32>,
    /// True to end it.
    #[serde(default)]
    pub(crate) stop: bool,
}

impl BashOutput {
    /// As for [`Bash::of`].
    pub(crate) fn of(input: &Value) -> Result<Self, String> {
        let asked: Self = parsed(input)?;
        if asked.stop && asked.job.is_none() {
            return Err("say which job is to end".to_owned());
        }
        Ok(asked)
    }
}

/// What a model may call.
pub(crate) fn definitions() -> [ToolDefinition; 2] {
    [
        definition(BASH_TOOL, schemars::schema_for!(Bash).into()),
        definition(BASH_OUTPUT_TOOL, schemars::schema_for!(BashOutput).into()),
    ]
}

pub(crate) fn definition(name: &str, mut schema: Value) -> ToolDefinition {
    let mut take = |name: &str| schema.as_object_mut().and_then(|schema| schema.remove(name));
    let description = take("description");
    let _ = (take("$schema"), take("title"));
    ToolDefinition {
        name: name.to_owned(),
        description: description
            .as_ref()
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        input_schema: schema,
    }
}

pub(crate) fn parsed<T: DeserializeOwned>(input: &Value) -> Result<T, String> {
    T::deserialize(input).map_err(|error| error.to_string().chars().take(300).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_cannot_be_run_is_refused_by_name() {
        for (input, reason) in [
            (json!({ "command": " " }), "the command is empty"),
            (json!({ "command": "ls\u{0}rm" }), "the command holds a NUL"),
            (
                json!({ "command": "a".repeat(COMMAND + 1) }),
                "the command is longer than 65536 bytes: write a file and run that",
            ),
            (json!({}), "missing field `command`"),
            (
                json!({ "command": "ls", "sandbox": false }),
                "unknown field `sandbox`, expected one of `command`, `timeout`, `background`",
            ),
        ] {
            assert_eq!(Bash::of(&input), Err(reason.to_owned()));
        }
        assert_eq!(
            BashOutput::of(&json!({ "stop": true })),
            Err("say which job is to end".to_owned())
        );
    }

    #[test]
    fn a_command_takes_no_longer_than_it_may() {
        for (timeout, time) in [
            (None, 120_000),
            (Some(5), 5_000),
            (Some(0), 1_000),
            (Some(u64::MAX), 600_000),
        ] {
            let bash = Bash::of(&json!({ "command": "ls", "timeout": timeout })).expect("a command");
            assert_eq!(bash.time(), time);
        }
    }

    #[test]
    fn the_model_is_told_what_is_there_in_words_without_references() {
        for definition in definitions() {
            assert!(definition.description.len() > 80, "{}", definition.description);
            assert!(!definition.input_schema.to_string().contains("$ref"));
        }
    }
}
