//! Undo runs outside of a turn: it waits for a busy or absent pane as a tool does, and nobody stops it.

use deskhand_core::ports::Progress;
use deskhand_protocol::UserError;

/// Waits without telling anybody; the person sees the undo run.
#[derive(Debug)]
pub(crate) struct Patient;

impl Progress for Patient {
    fn waiting(&self, error: UserError) {
        tracing::info!(code = error.code.as_str(), "an undo waits");
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}
