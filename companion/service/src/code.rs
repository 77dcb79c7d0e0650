//! The agent's commands in the sandbox, as the service puts them together: what they may do under the settings, and where what
//! is seen of them goes.

use std::convert::Infallible;
use std::sync::Arc;

use deskhand_core::ports::Tools;
use deskhand_core::rules::Rules;
use deskhand_documents::DocumentTools;
use deskhand_egress::Gate;
use deskhand_platform::{Paths, SecretStore};
use deskhand_protocol::change::JournalEntry;
use deskhand_protocol::command::{CommandEnd, RunningCommand};
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::sandbox::FetchedImage;
use deskhand_protocol::session::PermissionMode;
use deskhand_protocol::{ChangeSetId, CommandId, ErrorCode, SessionId, UserError};
use deskhand_trail::Actor;

use crate::audit::Notes;
use crate::handler::Service;
use crate::log::Log;
use crate::runner::Heed;
use crate::settings::Settings;

#[cfg(unix)]
mod around;
#[cfg(unix)]
pub(crate) mod images;

#[cfg(unix)]
use deskhand_sandbox::Machines;

/// There is no engine for this system yet: nothing runs code.
#[cfg(not(unix))]
#[derive(Clone, Debug)]
enum Machines {}

/// The key of kept machines.
#[cfg(unix)]
pub(crate) fn state_key(secrets: &SecretStore) -> anyhow::Result<[u8; 32]> {
    crate::sandbox::state_key(secrets)
}

/// Nothing is kept.
#[cfg(not(unix))]
pub(crate) fn state_key(_: &SecretStore) -> anyhow::Result<[u8; 32]> {
    Ok([0; 32])
}

/// The machines of all sessions, where this system has an engine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Code {
    machines: Option<Machines>,
    #[cfg(unix)]
    around: Option<Arc<around::Around>>,
    #[cfg(unix)]
    images: Option<images::Images>,
}

impl Code {
    /// Puts the tools of the sandbox beside `others`. Nothing is started before it is used.
    #[cfg(unix)]
    pub(crate) fn beside(
        others: Arc<dyn Tools>,
        (paths, state_key): (&Paths, [u8; 32]),
        settings: &Settings,
        rules: &Rules,
        gate: &Gate,
        (documents, log, notes): (&DocumentTools, &Log, &Notes),
    ) -> (Arc<dyn Tools>, Self) {
        let around = Arc::new(around::Around::new(documents.clone()));
        let machines = Machines::new(
            (
                crate::sandbox::settings(paths, crate::sandbox::allows_processes(settings)),
                state_key,
            ),
            gate,
            around::terms(settings, rules),
            Arc::clone(&around) as Arc<dyn deskhand_sandbox::Surroundings>,
            Arc::new(log.clone()),
        );
        let tools = deskhand_sandbox::SandboxTools::new(others, machines.clone())
            .with_papers(Arc::new(documents.clone()));
        let code = Self {
            machines: Some(machines),
            around: Some(around),
            images: Some(images::Images::new(paths, settings, gate, notes)),
        };
        (Arc::new(tools), code)
    }

    /// There is no engine for this system.
    #[cfg(not(unix))]
    pub(crate) fn beside(
        others: Arc<dyn Tools>,
        _: (&Paths, [u8; 32]),
        _: &Settings,
        _: &Rules,
        _: &Gate,
        _: (&DocumentTools, &Log, &Notes),
    ) -> (Arc<dyn Tools>, Self) {
        (others, Self::default())
    }

    /// From now on what is seen goes to the sessions of this service.
    pub(crate) fn tell(&self, service: &Arc<Service>) {
        #[cfg(unix)]
        if let Some(around) = &self.around {
            around.tell(service);
        }
        #[cfg(not(unix))]
        drop(service);
    }

    /// Keeps the image as the organisation's store has it, for as long as the service runs.
    pub(crate) async fn keep_image(&self) -> Infallible {
        #[cfg(unix)]
        if let Some(images) = &self.images {
            return images.keep(self).await;
        }
        std::future::pending().await
    }

    /// Fetches it now, for a person.
    pub(crate) async fn fetch_image(&self, by: Actor) -> Result<FetchedImage, UserError> {
        #[cfg(unix)]
        if let Some(images) = &self.images {
            return images.fetch_for(by, self).await;
        }
        let _ = by;
        Err(UserError::new(ErrorCode::SandboxUnavailable))
    }

    /// From now on machines start as these settings say.
    #[cfg(unix)]
    async fn renew(&self, settings: deskhand_vm_host::Settings) {
        if let Some(machines) = &self.machines {
            machines.renew(settings).await;
        }
    }

    /// Undoes what a command did; `None` where the change set is not one of a command.
    pub(crate) async fn undo(
        &self,
        session: &SessionId,
        id: &ChangeSetId,
        overwrite: Option<FrontEndKind>,
    ) -> Result<Option<Vec<String>>, UserError> {
        match &self.machines {
            Some(machines) => machines.undo(session, id, overwrite).await,
            None => Ok(None),
        }
    }

    /// Refuses to do again what a command did.
    pub(crate) async fn may_redo(&self, session: &SessionId, id: &ChangeSetId) -> Result<(), UserError> {
        match &self.machines {
            Some(machines) => machines.may_redo(session, id).await,
            None => Ok(()),
        }
    }

    /// What commands of a session changed, for the list of the journal.
    pub(crate) async fn changed(&self, session: &SessionId) -> Result<Vec<JournalEntry>, UserError> {
        match &self.machines {
            Some(machines) => machines.changed(session).await,
            None => Ok(Vec::new()),
        }
    }

    /// The commands of a session that run.
    pub(crate) fn running(&self, session: &SessionId) -> Vec<RunningCommand> {
        let machines = self.machines.as_ref();
        machines.map_or_else(Vec::new, |machines| machines.running(session))
    }

    /// True for a command that runs, or whose end is not in the log yet.
    pub(crate) fn knows(&self, session: &SessionId, command: &CommandId) -> bool {
        let machines = self.machines.as_ref();
        machines.is_some_and(|machines| machines.knows(session, command))
    }

    /// Has a command end; false where it does not run.
    pub(crate) fn end_command(&self, session: &SessionId, command: &CommandId, by: CommandEnd) -> bool {
        let machines = self.machines.as_ref();
        machines.is_some_and(|machines| machines.end_command(session, command, by))
    }

    /// What takes in the mode of a turn.
    pub(crate) fn heeding(&self) -> Heed {
        let code = self.clone();
        Arc::new(move |session, mode| {
            let code = code.clone();
            Box::pin(async move { code.heed(&session, mode).await })
        })
    }

    /// Takes in the mode of a turn: in the read-only one nothing is changed any more, also by what was left to run.
    async fn heed(&self, session: &SessionId, mode: PermissionMode) {
        match &self.machines {
            Some(machines) if mode == PermissionMode::ReadOnly => machines.forbid_changes(session).await,
            Some(machines) => machines.allow_changes(session),
            None => {}
        }
    }

    /// Cuts off what reads in folders that were taken out of a session.
    pub(crate) fn detached(&self, session: &SessionId) {
        if let Some(machines) = &self.machines {
            machines.detached(session);
        }
    }

    /// Tells what went on in a session when the service ended. Waits for nobody.
    pub(crate) fn recover(&self, session: &SessionId) {
        if let Some(machines) = self.machines.clone() {
            let session = session.clone();
            tokio::spawn(async move { machines.recover(&session).await });
        }
    }

    /// Ends the machine of a session that was deleted.
    pub(crate) async fn forget(&self, session: &SessionId) {
        if let Some(machines) = &self.machines {
            machines.forget(session).await;
        }
    }

    /// Ends all machines, and waits until what was seen of them is in the logs of their sessions.
    pub(crate) async fn end(&self) {
        if let Some(machines) = &self.machines {
            machines.end().await;
        }
    }
}

#[cfg(not(unix))]
impl Machines {
    async fn undo(
        &self,
        _: &SessionId,
        _: &ChangeSetId,
        _: Option<FrontEndKind>,
    ) -> Result<Option<Vec<String>>, UserError> {
        match *self {}
    }

    async fn may_redo(&self, _: &SessionId, _: &ChangeSetId) -> Result<(), UserError> {
        match *self {}
    }

    async fn changed(&self, _: &SessionId) -> Result<Vec<JournalEntry>, UserError> {
        match *self {}
    }

    fn running(&self, _: &SessionId) -> Vec<RunningCommand> {
        match *self {}
    }

    fn knows(&self, _: &SessionId, _: &CommandId) -> bool {
        match *self {}
    }

    fn end_command(&self, _: &SessionId, _: &CommandId, _: CommandEnd) -> bool {
        match *self {}
    }

    async fn forbid_changes(&self, _: &SessionId) {
        match *self {}
    }

    fn allow_changes(&self, _: &SessionId) {
        match *self {}
    }

    fn detached(&self, _: &SessionId) {
        match *self {}
    }

    async fn recover(&self, _: &SessionId) {
        match *self {}
    }

    async fn forget(&self, _: &SessionId) {
        match *self {}
    }

    async fn end(&self) {
        match *self {}
    }
}
