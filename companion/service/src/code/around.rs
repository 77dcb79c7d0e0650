//! The service around the sandbox.

use std::sync::{Arc, OnceLock, Weak};

use deskhand_core::ports::BoxFuture;
use deskhand_core::rules::Rules;
use deskhand_documents::DocumentTools;
use deskhand_protocol::change::ChangeSet;
use deskhand_protocol::command::{BackgroundCommand, CommandEnd};
use deskhand_protocol::hello::{FrontEndKind, SandboxState};
use deskhand_protocol::sandbox::Sight;
use deskhand_protocol::{CallId, CommandId, ErrorCode, EventBody, SessionId, Timestamp, UserError};
use deskhand_sandbox::{Surroundings, Terms};
use deskhand_trail::Actor;
use deskhand_workspace::Folder;

use crate::handler::Service;
use crate::settings::Settings;

/// What commands may do with folders under the settings.
pub(super) fn terms(settings: &Settings, rules: &Rules) -> Terms {
    if !settings
        .policy
        .workspace
        .office_access_policies
        .value
        .0
        .is_empty()
    {
        // A program reads what it sees, whatever its label says.
        return Terms::NoFolders(
            "your organisation keeps files with some sensitivity labels from the agent, and a program would read them all \
             the same (officeAccessPolicies)."
                .to_owned(),
        );
    }
    match rules.folders_of_commands() {
        None => Terms::NoFolders(
            "your organisation has switched off reading files (disabledBuiltinTools).".to_owned(),
        ),
        Some(true) => Terms::ReadOnly,
        Some(false) => Terms::AsAttached,
    }
}

/// The folders of documents, and the logs of sessions once there are any.
#[derive(Debug)]
pub(crate) struct Around {
    documents: DocumentTools,
    service: OnceLock<Weak<Service>>,
}

impl Around {
    pub(super) fn new(documents: DocumentTools) -> Self {
        Self {
            documents,
            service: OnceLock::new(),
        }
    }

    pub(super) fn tell(&self, service: &Arc<Service>) {
        self.service.get_or_init(|| Arc::downgrade(service));
    }

    fn service(&self) -> Option<Arc<Service>> {
        self.service.get().and_then(Weak::upgrade)
    }

    async fn record(&self, session: &SessionId, event: EventBody, by: Actor) {
        let Some(service) = self.service() else { return };
        let recorded = service.hub.record(session, vec![event], by).await;
        // One that was deleted has no log any more.
        if let Err(error) = recorded
            && error.code != ErrorCode::SessionNotFound
        {
            tracing::error!(%session, %error, "what was seen of the sandbox is not in the log");
        }
    }
}

impl Surroundings for Around {
    fn folders(&self, session: &SessionId) -> Vec<Arc<Folder>> {
        self.documents.shared_folders(session)
    }

    fn seen<'a>(
        &'a self,
        session: &'a SessionId,
        call: Option<CallId>,
        seen: Vec<Sight>,
        left_out: u64,
    ) -> BoxFuture<'a, ()> {
        Box::pin(self.record(
            session,
            EventBody::SandboxSeen { call, seen, left_out },
            Actor::Agent,
        ))
    }

    fn changed<'a>(
        &'a self,
        session: &'a SessionId,
        change_set: ChangeSet,
        by: Option<FrontEndKind>,
    ) -> BoxFuture<'a, ()> {
        let by = by.map_or(Actor::Agent, Actor::from);
        Box::pin(self.record(session, EventBody::ChangeSetApplied { change_set }, by))
    }

    fn left<'a>(&'a self, session: &'a SessionId, command: BackgroundCommand) -> BoxFuture<'a, ()> {
        Box::pin(self.record(session, EventBody::BackgroundStarted { command }, Actor::Agent))
    }

    fn ended<'a>(
        &'a self,
        session: &'a SessionId,
        (command, call): (CommandId, CallId),
        by: CommandEnd,
        how: String,
    ) -> BoxFuture<'a, ()> {
        let event = EventBody::CommandEnded {
            command,
            call,
            by,
            how,
        };
        Box::pin(self.record(session, event, by.into()))
    }

    fn state(&self, state: SandboxState, fault: Option<UserError>) {
        if let Some(service) = self.service() {
            if let Some(fault) = &fault {
                service.log.telemetry().sandbox_unavailable(fault.code);
            }
            service.show(|view| {
                view.sandbox = state;
                view.sandbox_fault = fault;
            });
        }
    }

    fn now(&self) -> Timestamp {
        crate::clock::now()
    }

    fn chance(&self) -> [u8; 10] {
        crate::clock::chance()
    }
}
