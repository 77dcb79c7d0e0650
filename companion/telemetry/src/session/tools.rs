//! What is told of calls of tools, and of the questions about them.

use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::message::Block;
use deskhand_protocol::permission::{AskReason, Choice, PermissionRequest, SettledBy};
use deskhand_protocol::sandbox::SandboxTier;
use deskhand_protocol::{CallId, EventBody, PermissionId, Timestamp};

use super::names::{decision, word};
use super::sandbox::{parameters, tier_name};
use super::{KEPT, Session, Telling, place_of, since};
use crate::content::{Category, details};
use crate::record::{Amount, SpanRef};
use crate::schema::{
    ActiveTime, BlockedOnUser, Described, EditDecision, Execution, Flag, PermissionAsked, Tool, ToolDecision,
    ToolOutput, ToolResult,
};

/// Milliseconds of a person's time over one question that count as work.
const WATCHED: u64 = 60_000;

/// The tool that runs commands in the sandbox.
const BASH_TOOL: &str = "Bash";

/// A call of the turn.
#[derive(Debug, Default)]
pub(super) struct Call {
    name: String,
    started: Option<Timestamp>,
    /// When it was first asked about.
    asked: Option<Timestamp>,
    input_size: u64,
    input: Option<String>,
    parameters: Option<String>,
    place: Option<String>,
    decision: Option<(&'static str, &'static str)>,
}

/// A question that is open.
#[derive(Debug)]
pub(super) struct Asked {
    call: CallId,
    reason: AskReason,
    at: Timestamp,
}

impl Session {
    pub(super) fn tooled(&mut self, body: &EventBody, told: &mut Telling) {
        match body {
            EventBody::ToolCallStarted { .. } => self.started(body, told),
            EventBody::ToolCallCompleted {
                call,
                outcome,
                output,
                tier,
                duration_ms,
                ..
            } => {
                self.completed(call, (*outcome, *tier), output, *duration_ms, told);
            }
            EventBody::PermissionRequested { request } => self.asked(request, told),
            EventBody::PermissionSettled {
                permission,
                choice,
                by,
                ..
            } => {
                self.settled(permission, *choice, *by, told);
            }
            EventBody::CallAllowed { call, by, .. } => {
                self.decided(call, decision(Choice::AllowOnce, *by), true, told);
            }
            _ => {}
        }
    }

    /// Calls that the model asks for, so that a decision before their start can name the tool.
    pub(super) fn known_calls(&mut self, blocks: &[Block]) {
        for block in blocks {
            let Block::ToolUse { id, name, .. } = block else {
                continue;
            };
            if let Some(call) = self.call(id) {
                call.name.clone_from(name);
            }
        }
    }

    fn call(&mut self, id: &CallId) -> Option<&mut Call> {
        if self.tools.len() >= KEPT && !self.tools.contains_key(id) {
            return None;
        }
        Some(self.tools.entry(id.clone()).or_default())
    }

    fn started(&mut self, body: &EventBody, told: &Telling) {
        let EventBody::ToolCallStarted {
            call,
            name,
            input,
            document,
            target,
            ..
        } = body
        else {
            return;
        };
        let shown = self.recording.capture.allows(Category::ToolDetails);
        let (given, input_size) = (input, json_size(input));
        let input = shown.then(|| details(input));
        let parameters = shown.then(|| {
            if name == BASH_TOOL {
                // Its target is its command.
                Some(parameters(given))
            } else {
                place_of(document.as_ref(), target.as_deref())
            }
        });
        let parameters = parameters.flatten();
        let place = document.as_ref().map(ToString::to_string).filter(|_| shown);
        if let Some(turn) = &mut self.turn {
            turn.calls += 1;
        }
        if let Some(call) = self.call(call) {
            call.name.clone_from(name);
            call.started = Some(told.at);
            call.input_size = input_size;
            call.input = input;
            call.parameters = parameters;
            call.place = place;
        }
    }

    fn completed(
        &mut self,
        id: &CallId,
        (outcome, tier): (ToolOutcome, Option<SandboxTier>),
        output: &str,
        duration_ms: u64,
        told: &mut Telling,
    ) {
        let call = self.tools.remove(id).unwrap_or_default();
        let done = outcome == ToolOutcome::Done;
        let allows = |category| self.recording.capture.allows(category);
        // What a command that ran has written is content, also where it failed.
        let may = allows(Category::ToolDetails) && (tier.is_none() || allows(Category::ToolContent));
        let error = (!done && may).then(|| output.to_owned());
        let row = ToolResult {
            tool_name: self.tool_name(&call.name),
            call: id.to_string(),
            success: Flag(done),
            duration_ms,
            error_type: error_type(outcome),
            error: error.clone(),
            decision_type: call.decision.map(|(word, _)| word),
            decision_source: call.decision.map(|(_, source)| source),
            input_size: call.input_size,
            result_size: output.len() as u64,
            server_scope: None,
            tier: tier.map(tier_name),
            parameters: call.parameters.clone(),
            input: call.input.clone(),
        };
        self.tell(told, row);
        self.tool_spans(id, &call, outcome, output, error, duration_ms, told);
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "what a call was and what came of it, for two spans"
    )]
    fn tool_spans(
        &self,
        id: &CallId,
        call: &Call,
        outcome: ToolOutcome,
        output: &str,
        error: Option<String>,
        duration_ms: u64,
        told: &mut Telling,
    ) {
        let Some(root) = self
            .turn
            .as_ref()
            .map(|turn| turn.root)
            .filter(|_| self.recording.traces)
        else {
            return;
        };
        let (done, denied) = (outcome == ToolOutcome::Done, outcome == ToolOutcome::Denied);
        let whole = SpanRef::of(root.trace, &["tool", id.as_str()]);
        let ended = told.at;
        let execution = ended.saturating_sub(i64::try_from(duration_ms).unwrap_or(i64::MAX));
        let start = call.asked.or(call.started).unwrap_or(execution);
        if !denied {
            let place = SpanRef::of(root.trace, &["tool.execution", id.as_str()]);
            let row = Execution {
                duration_ms,
                success: done,
                error,
            };
            self.span(told, place, Some(whole.span), execution.max(start), !done, row);
        }
        let row = Tool {
            tool_name: self.tool_name(&call.name),
            call: id.to_string(),
            duration_ms: since(start, ended),
            place: call.place.clone(),
        };
        self.span(told, whole, Some(root.span), start, !done, row);
        if self.recording.capture.allows(Category::ToolContent) {
            let attributes = ToolOutput {
                output: output.to_owned(),
            }
            .admitted(&self.recording.capture);
            let event = attributes.map(|attributes| (ToolOutput::DEFINITION, ended, attributes));
            if let Some(span) = told.signals.spans.last_mut() {
                span.events.extend(event);
            }
        }
    }

    fn asked(&mut self, request: &PermissionRequest, told: &mut Telling) {
        if let Some(call) = self.call(&request.call) {
            call.asked.get_or_insert(told.at);
        }
        let name = self
            .tools
            .get(&request.call)
            .map_or_else(String::new, |call| call.name.clone());
        let row = PermissionAsked {
            permission: request.id.to_string(),
            call: request.call.to_string(),
            tool_name: self.tool_name(&name),
            reason: word(&request.reason),
            count: u64::from(request.total),
            risks: request.risks.len() as u64,
            read_before: request.read.len() as u64,
        };
        self.tell(told, row);
        if self.asked.len() < KEPT {
            let asked = Asked {
                call: request.call.clone(),
                reason: request.reason,
                at: told.at,
            };
            self.asked.insert(request.id.clone(), asked);
        }
    }

    fn settled(&mut self, permission: &PermissionId, choice: Choice, by: SettledBy, told: &mut Telling) {
        let Some(asked) = self.asked.remove(permission) else {
            return;
        };
        let waited = since(asked.at, told.at);
        if let Some(turn) = &mut self.turn {
            turn.waited = turn.waited.saturating_add(waited);
        }
        if matches!(by, SettledBy::Person(_)) {
            let seconds = waited.min(WATCHED) as f64 / 1000.0;
            self.count(told, Amount::Number(seconds), ActiveTime { kind: "user" });
        }
        let decision = decision(choice, by);
        self.decided(&asked.call, decision, changes(asked.reason), told);
        let Some(root) = self.turn.as_ref().map(|turn| turn.root) else {
            return;
        };
        let whole = SpanRef::of(root.trace, &["tool", asked.call.as_str()]);
        let place = SpanRef::of(root.trace, &["tool.blocked_on_user", permission.as_str()]);
        let row = BlockedOnUser {
            duration_ms: waited,
            decision: decision.0,
            source: decision.1,
        };
        self.span(told, place, Some(whole.span), asked.at, false, row);
    }

    fn decided(
        &mut self,
        id: &CallId,
        decided: (&'static str, &'static str),
        edits: bool,
        told: &mut Telling,
    ) {
        let (mut name, mut parameters) = (String::new(), None);
        if let Some(call) = self.call(id) {
            call.decision = Some(decided);
            (name, parameters) = (call.name.clone(), call.parameters.clone());
        }
        let (decision, source) = decided;
        let tool_name = self.tool_name(&name);
        if edits {
            let row = EditDecision {
                tool_name: tool_name.clone(),
                decision,
                source,
            };
            self.count(told, Amount::Whole(1), row);
        }
        let row = ToolDecision {
            tool_name,
            call: id.to_string(),
            decision,
            source,
            tool_source: "builtin",
            parameters,
        };
        self.tell(told, row);
    }

    /// The name of a tool as it may be told: a model can make one up out of anything.
    fn tool_name(&self, name: &str) -> String {
        let shown =
            (self.recording.is_own_tool)(name) || self.recording.capture.allows(Category::ToolDetails);
        if shown { name } else { "custom" }.to_owned()
    }
}

/// Whether a question is about a change of a document or a file.
fn changes(reason: AskReason) -> bool {
    !matches!(
        reason,
        AskReason::Attaches
            | AskReason::Browses
            | AskReason::Remembers
            | AskReason::Ruled
            | AskReason::Runs
            | AskReason::Searches
            | AskReason::SendsOut
    )
}

fn error_type(outcome: ToolOutcome) -> Option<&'static str> {
    match outcome {
        ToolOutcome::Done => None,
        ToolOutcome::Failed => Some("failed"),
        ToolOutcome::Denied => Some("denied"),
        ToolOutcome::Stopped => Some("stopped"),
    }
}

/// Bytes that a value takes as JSON.
fn json_size(value: &serde_json::Value) -> u64 {
    struct Count(u64);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len() as u64;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    serde_json::to_writer(&mut count, value).ok();
    count.0
}
