//! The tools while the settings stop sessions: none. A call that was allowed before, or that a person allows now, ends with
//! the reason, like the question to the model that would follow it.

use std::sync::Arc;

use deskhand_core::model::ToolDefinition;
use deskhand_core::ports::{BoxFuture, Progress, Tools};
use deskhand_core::tool::{Prepared, ToolFailure, ToolRequest, ToolResult};
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::{SessionId, UserError};

/// Tools that do nothing.
pub(crate) struct StoppedTools {
    reason: UserError,
}

impl StoppedTools {
    /// `tools`, or in their place what tells this reason.
    pub(crate) fn unless(reason: Option<&UserError>, tools: Arc<dyn Tools>) -> Arc<dyn Tools> {
        match reason {
            Some(reason) => Arc::new(Self {
                reason: reason.clone(),
            }),
            None => tools,
        }
    }
}

impl Tools for StoppedTools {
    fn definitions(&self) -> Vec<ToolDefinition> {
        Vec::new()
    }

    fn prepare<'a>(
        &'a self,
        _: &'a ToolRequest,
        _: &'a dyn Progress,
    ) -> BoxFuture<'a, Result<Prepared, ToolFailure>> {
        let failure = ToolFailure {
            title: self.reason.happened.clone(),
            output: format!("{} Nothing was changed.", self.reason),
        };
        Box::pin(async { Err(failure) })
    }

    fn run<'a>(&'a self, _: &'a ToolRequest, _: &'a dyn Progress) -> BoxFuture<'a, ToolResult> {
        let output = format!(
            "{} If the step had begun before Deskhand was started again, it is not known whether anything was changed.",
            self.reason
        );
        let result = ToolResult::new(ToolOutcome::Failed, self.reason.happened.clone(), output);
        Box::pin(async { result })
    }

    fn context<'a>(&'a self, _: &'a SessionId) -> BoxFuture<'a, String> {
        Box::pin(async { String::new() })
    }
}
