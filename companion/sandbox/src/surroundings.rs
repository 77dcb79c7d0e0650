//! What the service fills in.

use std::fmt;
use std::sync::Arc;

use deskhand_core::ports::BoxFuture;
use deskhand_protocol::change::ChangeSet;
use deskhand_protocol::command::{BackgroundCommand, CommandEnd};
use deskhand_protocol::hello::{FrontEndKind, SandboxState};
use deskhand_protocol::sandbox::Sight;
use deskhand_protocol::{CallId, CommandId, SessionId, Timestamp, UserError};
use deskhand_workspace::Folder;

/// The service around the sandbox.
pub trait Surroundings: Send + Sync + fmt::Debug {
    /// The folders of a session, in the order in which they were attached.
    fn folders(&self, session: &SessionId) -> Vec<Arc<Folder>>;

    /// Writes down what was seen; in the log of the session when it answers. `left_out` is how much is not among it.
    fn seen<'a>(
        &'a self,
        session: &'a SessionId,
        call: Option<CallId>,
        seen: Vec<Sight>,
        left_out: u64,
    ) -> BoxFuture<'a, ()>;

    /// Says that what was left to run changed files, or that undoing did because a person at a front end said so; in the log of
    /// the session when it answers.
    fn changed<'a>(
        &'a self,
        session: &'a SessionId,
        change_set: ChangeSet,
        by: Option<FrontEndKind>,
    ) -> BoxFuture<'a, ()>;

    /// Says that a command was left to run; in the log of the session when it answers.
    fn left<'a>(&'a self, session: &'a SessionId, command: BackgroundCommand) -> BoxFuture<'a, ()>;

    /// Says that a command of a call ended, by whom, and how in words; in the log of the session when it answers.
    fn ended<'a>(
        &'a self,
        session: &'a SessionId,
        command: (CommandId, CallId),
        by: CommandEnd,
        how: String,
    ) -> BoxFuture<'a, ()>;

    /// Whether code can run, each time that this is found out anew.
    fn state(&self, state: SandboxState, fault: Option<UserError>);

    /// Now.
    fn now(&self) -> Timestamp;

    /// Ten random bytes.
    fn chance(&self) -> [u8; 10];
}
