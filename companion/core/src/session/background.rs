//! Commands that were left to run: which run, and whose end the model was not told yet.

use deskhand_protocol::CommandId;
use deskhand_protocol::command::{BackgroundCommand, CommandEnd};

use super::{Background, Call};
use crate::tool::BASH_OUTPUT_TOOL;

/// Ends that wait to be told to the model; the oldest go first.
const MOST: usize = 32;

impl Background {
    pub(super) fn started(&mut self, command: &BackgroundCommand) {
        let known = (command.number, command.call.clone());
        self.running.insert(command.id.clone(), known);
    }

    /// One that the agent ended it knows of.
    pub(super) fn ended(&mut self, command: &CommandId, by: CommandEnd, how: &str) {
        let Some((number, _)) = self.running.remove(command) else {
            return;
        };
        if by == CommandEnd::Agent {
            return;
        }
        let who = by.words().unwrap_or(how).to_owned();
        if self.ended.len() == MOST {
            self.ended.remove(0);
        }
        self.ended.push((number, who));
    }

    /// What the model is told of commands that ended since it was told last; nothing where none did.
    pub(super) fn untold(&mut self) -> Option<String> {
        let line = |(number, how): (u32, String)| format!("job {number}: {how}");
        let lines: Vec<String> = std::mem::take(&mut self.ended).into_iter().map(line).collect();
        (!lines.is_empty()).then(|| {
            format!(
                "[From the program, not from the user] Commands that were left to run and ended meanwhile:\n{}",
                lines.join("\n")
            )
        })
    }

    /// The model asked for itself how commands stand.
    pub(crate) fn told_by(&mut self, call: &Call) {
        if call.name != BASH_OUTPUT_TOOL {
            return;
        }
        let asked = call.input.get("job").and_then(serde_json::Value::as_u64);
        self.ended
            .retain(|(number, _)| asked.is_some_and(|asked| asked != u64::from(*number)));
    }
}
