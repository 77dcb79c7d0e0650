//! The agent's commands that run in a session: seen and ended by people, and lost with a run of the service.

use deskhand_core::Session;
use deskhand_protocol::command::{CommandEnd, CommandsAnswer, EndCommandAnswer, EndCommandParams};
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::{CallId, CommandId, EventBody, SessionId, UserError};

use super::Hub;

impl Hub {
    /// The ends of commands that were left to run and that nobody runs: the service ended before they did.
    pub(super) fn lost(&self, session: &Session) -> Vec<EventBody> {
        let running = session.background.running.iter();
        let lost = running.filter(|(id, _)| !self.code.knows(&session.id, id));
        let ended = |(id, (_, call)): (&CommandId, &(u32, CallId))| EventBody::CommandEnded {
            command: id.clone(),
            call: call.clone(),
            by: CommandEnd::Service,
            how: "ended with its machine".to_owned(),
        };
        lost.map(ended).collect()
    }

    /// The commands of a session that run. Those of an earlier run of the service have ended, and the log says so after this.
    pub(crate) async fn commands(&self, id: &SessionId) -> Result<CommandsAnswer, UserError> {
        self.handle(id).await?;
        let commands = self.code.running(id);
        Ok(CommandsAnswer { commands })
    }

    /// Has a command of the session end, for a person.
    pub(crate) async fn end_command(
        &self,
        params: EndCommandParams,
        by: FrontEndKind,
    ) -> Result<EndCommandAnswer, UserError> {
        let EndCommandParams { session, command } = params;
        self.handle(&session).await?;
        let ended = self.code.end_command(&session, &command, CommandEnd::Person(by));
        Ok(EndCommandAnswer { ended })
    }
}
