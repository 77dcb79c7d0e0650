//! One call of a tool at work: beside its session, which it tells how far it came.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use deskhand_core::ports::Progress;
use deskhand_core::tool::{ToolFailure, ToolRequest, ToolResult};
use deskhand_core::turn::Input;
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::{CallId, UserError};
use futures_util::FutureExt as _;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Command, Runner, admitted, broken};
use crate::log::Log;

impl Runner {
    fn begin_tool(&mut self, call: &CallId) -> ToolProgress {
        let stop = match &self.tool {
            Some((running, stop)) if running == call => stop.clone(),
            _ => CancellationToken::new(),
        };
        if self.session.turn.as_ref().is_some_and(|turn| turn.cancelled) {
            stop.cancel();
        }
        self.tool = Some((call.clone(), stop.clone()));
        ToolProgress {
            call: call.clone(),
            inputs: self.inputs.clone(),
            stop,
        }
    }

    pub(super) fn prepare(&mut self, request: ToolRequest) {
        let progress = self.begin_tool(&request.call);
        let (tools, log) = (Arc::clone(&self.parts.tools), self.parts.log.clone());
        tokio::spawn(async move {
            if !progress.admitted(&log).await {
                return;
            }
            let prepared = AssertUnwindSafe(tools.prepare(&request, &progress)).catch_unwind();
            let prepared = prepared
                .await
                .unwrap_or_else(|_| Err(not_prepared(&request.name)));
            progress.tell(Input::Prepared(request.call, prepared)).await;
        });
    }

    pub(super) fn run_tool(&mut self, request: ToolRequest) {
        let progress = self.begin_tool(&request.call);
        let (tools, log) = (Arc::clone(&self.parts.tools), self.parts.log.clone());
        tokio::spawn(async move {
            if !progress.admitted(&log).await {
                return;
            }
            let result = AssertUnwindSafe(tools.run(&request, &progress)).catch_unwind();
            let result = result.await.unwrap_or_else(|_| not_finished(&request.name));
            progress.tell(Input::ToolDone(request.call, result)).await;
        });
    }
}

/// What comes of a call that panicked before anything was changed.
fn not_prepared(tool: &str) -> ToolFailure {
    let error = broken(&format!("{tool} panicked"));
    ToolFailure {
        title: error.happened.clone(),
        output: format!("{error} Nothing was changed."),
    }
}

/// What comes of a call that panicked while it ran.
fn not_finished(tool: &str) -> ToolResult {
    let error = broken(&format!("{tool} panicked"));
    let output =
        format!("{error} It is not known whether anything was changed: read the place before you go on.");
    ToolResult::new(ToolOutcome::Failed, error.happened, output)
}

/// What comes of a call that a person stopped while it waited for the collector.
fn stopped_while_held() -> ToolResult {
    let output = "Stopped by the user before this step. If the step had begun before Deskhand was started again, it is not known \
                  whether anything was changed: read the place before you go on.";
    ToolResult::new(ToolOutcome::Stopped, "Stopped", output)
}

/// What a running tool tells its session.
struct ToolProgress {
    call: CallId,
    inputs: mpsc::WeakSender<Command>,
    stop: CancellationToken,
}

impl ToolProgress {
    /// Waits until the audit reaches whom it must reach. False where a person stopped the turn before: the call has ended
    /// then, and its session knows.
    async fn admitted(&self, log: &Log) -> bool {
        tokio::select! {
            biased;
            () = admitted(log, &self.inputs) => return true,
            () = self.stop.cancelled() => {}
        }
        self.tell(Input::ToolDone(self.call.clone(), stopped_while_held()))
            .await;
        false
    }

    async fn tell(&self, input: Input) {
        if let Some(inputs) = self.inputs.upgrade() {
            // A session that ended takes nothing in; its log says how far it came.
            drop(inputs.send(Command::Happened(input)).await);
        }
    }
}

impl Progress for ToolProgress {
    fn waiting(&self, error: UserError) {
        if let Some(inputs) = self.inputs.upgrade() {
            // A full queue only leaves the note out.
            drop(inputs.try_send(Command::Happened(Input::ToolWaits(self.call.clone(), error))));
        }
    }

    fn output(&self, text: String) {
        if let Some(inputs) = self.inputs.upgrade() {
            // A full queue only leaves the piece out: the result says all that counts.
            drop(inputs.try_send(Command::Happened(Input::ToolSays(self.call.clone(), text))));
        }
    }

    fn is_cancelled(&self) -> bool {
        self.stop.is_cancelled()
    }
}
