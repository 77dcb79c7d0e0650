//! What the service does with what front ends call. The server has checked who may call what.

mod documents;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use deskhand_core::ports::{BoxFuture, EventLog, Provider};
use deskhand_core::turn::Input;
use deskhand_protocol::change::{ChangeSetAnswer, ChangeSetParams};
use deskhand_protocol::configuration::DraftParams;
use deskhand_protocol::hello::{FrontEndKind, HelloAnswer, HelloParams, ServiceView, UsageView};
use deskhand_protocol::message::Usage;
use deskhand_protocol::methods::Caller;
use deskhand_protocol::pairing::{RevokeParams, TokenView, TokensAnswer};
use deskhand_protocol::permission::{AnswerAnswer, AnswerParams, Choice};
use deskhand_protocol::provider::ConnectionTest;
use deskhand_protocol::session::{
    CreateParams, EarlierSessions, EarlierSessionsParams, ListAnswer, ListParams, Nothing, PromptParams,
    RemovedParams, RenameParams, SearchParams, SessionAnswer, SessionParams,
};
use deskhand_protocol::{ErrorCode, EventBody, Method, Notification, SessionEvent, SessionId, UserError};
use deskhand_server::{Admission, FrontEnd, FrontEnds, Handler, Subscription, TokenRecord, TokenStore};
use deskhand_trail::{Actor, Id, What};
use serde_json::Value;

use crate::audit::{self, Notes};
use crate::bootstrap;
use crate::clock::now;
use crate::configuration::Configuration;
use crate::diagnostics::Watch;
use crate::hub::Hub;
use crate::log::{Log, told};
use crate::models::Offer;
use crate::panes::LivePanes;
use crate::runner::Command;
use crate::sign_in::SignIn;
use crate::tokens::StoredTokens;
use crate::trial::Trials;
use crate::undoing::Patient;
use crate::usage::Counts;
use crate::view;
use crate::wire::{give, read};

/// The service behind the server.
pub(crate) struct Service {
    pub(crate) hub: Arc<Hub>,
    pub(crate) log: Log,
    pub(crate) panes: Arc<LivePanes>,
    pub(crate) front_ends: FrontEnds,
    pub(crate) tokens: Arc<StoredTokens>,
    pub(crate) view: RwLock<ServiceView>,
    pub(crate) offer: Offer,
    /// Why there is no pane of a kind.
    pub(crate) closed_panes: BTreeMap<FrontEndKind, UserError>,
    pub(crate) notes: Notes,
    pub(crate) configuration: Configuration,
    /// The sign-in for the model, where people sign in.
    pub(crate) sign_in: Option<Arc<SignIn>>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) trials: Trials,
}

impl Handler for Service {
    fn hello<'a>(
        &'a self,
        front_end: &'a FrontEnd,
        params: HelloParams,
    ) -> BoxFuture<'a, Result<HelloAnswer, UserError>> {
        Box::pin(async move {
            if let Some(closed) = self.closed_panes.get(&front_end.kind()) {
                return Err(closed.clone());
            }
            let document = match params.document {
                Some(live) => Some(self.open(front_end, &live).await?),
                None => None,
            };
            let token = front_end.token().map(Id::of);
            self.log.telemetry().connected(front_end, params.version);
            // Nobody is kept out where the disk is full: room can only be made by who is in.
            self.notes
                .add(front_end.kind().into(), What::FrontEndConnected { token });
            let view = self.view.read().unwrap_or_else(PoisonError::into_inner).clone();
            let mut view = view::seen_by(view, front_end.kind());
            // A terminal asks for the state of this moment; a window would go on showing it.
            if front_end.kind() == FrontEndKind::Terminal {
                view.notices.extend(self.log.telemetry().fault());
            }
            Ok(HelloAnswer {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                view,
                sessions: self.hub.list_some(ListParams::default()).await?,
                documents: self.hub.registry.live(),
                document: document.map(|answer| answer.document),
            })
        })
    }

    fn call<'a>(
        &'a self,
        front_end: &'a FrontEnd,
        method: Method,
        params: Value,
    ) -> BoxFuture<'a, Result<Value, UserError>> {
        self.watch.used(method.name());
        Box::pin(self.dispatch(front_end, method, params))
    }

    fn subscribe<'a>(&'a self, session: &'a SessionId) -> BoxFuture<'a, Result<Subscription, UserError>> {
        Box::pin(async move {
            let live = self.log.follow(session);
            let last_seq = self.hub.show(session).await?.last_seq;
            Ok(Subscription { last_seq, live })
        })
    }

    fn read<'a>(
        &'a self,
        session: &'a SessionId,
        after: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<SessionEvent>, UserError>> {
        self.log.read(session, after, limit)
    }

    fn disconnected(&self, front_end: &FrontEnd) {
        let token = front_end.token().map(Id::of);
        self.notes
            .add(front_end.kind().into(), What::FrontEndDisconnected { token });
        self.log.telemetry().disconnected(front_end);
        self.leave(front_end);
    }

    fn admission(&self, admission: Admission) {
        self.notes.admission(admission);
    }
}

impl Service {
    /// Writes a record of the audit that belongs to no session.
    async fn note(&self, by: Actor, what: What) -> Result<(), UserError> {
        let written = self.log.trail().write(now(), by, None, what).await;
        written.map_err(|error| told(&error))
    }
}

impl Service {
    /// Tells front ends what becomes known of models and of used tokens.
    pub(crate) fn keep_informed(self: &Arc<Self>, provider: Arc<dyn Provider>, counts: &Counts) {
        // One that is not configured answers at once that it has none.
        tokio::spawn(Arc::clone(self).learn_models(provider));
        let service = Arc::downgrade(self);
        let day = Arc::clone(&counts.day);
        let show = move |usage| {
            let service = service.upgrade();
            service.map(|service| service.used_in_a_day(usage)).is_some()
        };
        tokio::spawn(async move { day.follow(show).await });
        if let Some(meter) = counts.meter.clone() {
            let service = Arc::downgrade(self);
            let show = move |usage| service.upgrade().map(|service| service.used(usage)).is_some();
            tokio::spawn(async move { meter.follow(show).await });
        }
    }

    /// Tells front ends who is signed in, from now on.
    pub(crate) fn follow_sign_in(self: &Arc<Self>, provider: &Arc<dyn Provider>) {
        let Some(sign_in) = &self.sign_in else { return };
        // The provider holds the sign-in: neither keeps the other alive.
        let (service, provider) = (Arc::downgrade(self), Arc::downgrade(provider));
        let was_signed_in = AtomicBool::new(sign_in.view().signed_in);
        sign_in.on_change(move |now| {
            let (Some(service), Some(provider)) = (service.upgrade(), provider.upgrade()) else {
                return;
            };
            let is_new = !was_signed_in.swap(now.signed_in, Ordering::AcqRel) && now.signed_in;
            service.show(|view| view.sign_in = Some(now));
            // Nobody could be asked for models before.
            if is_new {
                tokio::spawn(service.learn_models(provider));
            }
        });
    }

    /// Asks the provider for its models and tells front ends. Without an answer the picker stays as it is.
    async fn learn_models(self: Arc<Self>, provider: Arc<dyn Provider>) {
        let Ok(models) = provider.models().await else {
            return;
        };
        let models = self.offer.shown(models);
        self.show(|view| view.models = models);
    }

    /// Refuses a model that the settings do not offer.
    fn admit(&self, model: &str) -> Result<(), UserError> {
        let view = self.view.read().unwrap_or_else(PoisonError::into_inner);
        self.offer.admit(&view.models, model)
    }

    /// Tells front ends how much was used.
    fn used(&self, usage: UsageView) {
        self.show(|view| view.usage = Some(usage));
    }

    /// Tells front ends how much was used in the last day.
    fn used_in_a_day(&self, usage: Usage) {
        self.show(|view| view.last_day = usage);
    }

    /// Tells every front end something that stays said.
    pub(crate) fn announce(&self, notice: &str) {
        self.show(|view| view.notices.push(notice.to_owned()));
    }

    /// Takes back what was announced.
    pub(crate) fn withdraw(&self, notice: &str) {
        self.show(|view| view.notices.retain(|said| said != notice));
    }

    pub(crate) fn show(&self, change: impl FnOnce(&mut ServiceView)) {
        let view = {
            let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
            change(&mut view);
            view.clone()
        };
        for kind in FrontEndKind::ALL {
            let seen = view::seen_by(view.clone(), kind);
            self.front_ends.notify(
                |front_end| front_end.kind() == kind,
                Notification::ServiceChanged,
                &seen,
            );
        }
    }

    async fn dispatch(
        &self,
        front_end: &FrontEnd,
        method: Method,
        params: Value,
    ) -> Result<Value, UserError> {
        match method {
            Method::SessionList => {
                let params: ListParams = read(params)?;
                give(ListAnswer {
                    sessions: self.hub.list_some(params).await?,
                })
            }
            Method::SessionCreate => give(SessionAnswer {
                session: self
                    .hub
                    .create(read::<CreateParams>(params)?, front_end.kind().into())
                    .await?,
            }),
            Method::SessionShow => give(SessionAnswer {
                session: self.hub.show(&session_in(params)?).await?,
            }),
            Method::SessionRename => {
                let params: RenameParams = read(params)?;
                give(SessionAnswer {
                    session: self.hub.rename(&params.session, &params.title).await?,
                })
            }
            Method::SessionDelete => {
                let session = session_in(params)?;
                self.hub.delete(&session, front_end.kind().into()).await?;
                self.tell_removed(session);
                give(Nothing {})
            }
            Method::SessionExport => give(
                self.hub
                    .export(&session_in(params)?, front_end.kind().into())
                    .await?,
            ),
            Method::SessionSearch => give(self.hub.search(read::<SearchParams>(params)?).await?),
            Method::SessionPrompt => {
                let params: PromptParams = read(params)?;
                let own = self.panes.document_of(front_end);
                self.watch.typed("prompt", params.text.chars().count());
                self.admit(params.model.as_deref().unwrap_or_default())?;
                give(self.hub.prompt(params, front_end.kind(), own).await?)
            }
            Method::SessionCancel => {
                let session = session_in(params)?;
                let kind = front_end.kind();
                self.hub
                    .handle(&session)
                    .await?
                    .ask(|reply| Command::Cancel(kind, reply))
                    .await?;
                give(Nothing {})
            }
            _ => self.standing_method(front_end, method, params).await,
        }
    }

    /// Answers to questions, what stands beyond a turn, and the panes that are paired.
    async fn standing_method(
        &self,
        front_end: &FrontEnd,
        method: Method,
        params: Value,
    ) -> Result<Value, UserError> {
        match method {
            Method::PermissionAnswer => give(self.answer(front_end.kind(), read(params)?).await?),
            Method::PermissionGrants => give(self.hub.list_grants(read(params)?).await?),
            Method::PermissionRevoke => {
                self.hub
                    .revoke_grant(read(params)?, front_end.kind().into())
                    .await?;
                give(Nothing {})
            }
            Method::CommandList => give(self.hub.commands(&session_in(params)?).await?),
            Method::CommandEnd => give(self.hub.end_command(read(params)?, front_end.kind()).await?),
            Method::InstructionsList => give(self.hub.guide().list()),
            Method::InstructionsPut => {
                self.hub
                    .guide()
                    .put(read(params)?, front_end.kind().into())
                    .await?;
                give(self.hub.guide().list())
            }
            Method::JournalList => give(self.hub.list_journal(read(params)?).await?),
            Method::ChangeSetUndo | Method::ChangeSetRedo => {
                give(self.undo(method, read(params)?, front_end.kind()).await?)
            }
            Method::ProviderTest => give(self.test_connection(front_end, read(params)?).await?),
            Method::ProviderCancelTest => {
                self.trials.cancel(front_end);
                give(Nothing {})
            }
            Method::DiagnosticsShow => give(self.watch.shown()),
            Method::HistoryChoose => {
                let EarlierSessionsParams { choice } = read(params)?;
                self.configuration.choose_history(choice)?;
                self.show(|view| view.earlier_sessions = false);
                if choice == EarlierSessions::TakeOver {
                    self.announce("Your earlier sessions come as soon as no turn is at work.");
                }
                give(Nothing {})
            }
            Method::AuditNote => {
                self.note(front_end.kind().into(), audit::of_note(read(params)?))
                    .await?;
                give(Nothing {})
            }
            Method::SandboxFetch => give(self.hub.code.fetch_image(front_end.kind().into()).await?),
            Method::PairingTokens => give(self.paired().await?),
            Method::PairingRevoke => {
                self.revoke(&read::<RevokeParams>(params)?.id, front_end.kind())
                    .await?;
                give(Nothing {})
            }
            _ => self.sign_in_method(front_end, method, params).await,
        }
    }

    /// Signing in: for the settings that an address hands out, and for the model.
    async fn sign_in_method(
        &self,
        front_end: &FrontEnd,
        method: Method,
        params: Value,
    ) -> Result<Value, UserError> {
        match method {
            Method::BootstrapShow
            | Method::BootstrapSignIn
            | Method::BootstrapCancel
            | Method::BootstrapSignOut
            | Method::BootstrapConsent => {
                let bootstrap = self.configuration.bootstrap();
                bootstrap::call(bootstrap, method, params, front_end.kind()).await
            }
            Method::ProviderSignIn | Method::ProviderCancelSignIn | Method::ProviderSignOut => {
                match &self.sign_in {
                    Some(sign_in) => sign_in.call(method, front_end.kind()).await,
                    // Also where the settings let no session start.
                    None if method == Method::ProviderSignOut && self.configuration.forget_sign_in()? => {
                        let provider = "inference".to_owned();
                        self.notes
                            .add(front_end.kind().into(), What::SignedOut { provider });
                        give(Nothing {})
                    }
                    None => {
                        Err(UserError::new(ErrorCode::BadRequest).detail("nobody signs in for this provider"))
                    }
                }
            }
            _ => self.document_method(front_end, method, params).await,
        }
    }

    /// Whether a person signs in at this moment.
    pub(crate) fn is_signing_in(&self) -> bool {
        let for_model = self.sign_in.as_ref().is_some_and(|sign_in| sign_in.is_open());
        for_model || self.configuration.is_signing_in()
    }

    /// Tells front ends that a session is no more.
    pub(crate) fn tell_removed(&self, session: SessionId) {
        self.front_ends
            .notify(|_| true, Notification::SessionRemoved, &RemovedParams { session });
    }

    /// Tests the connection to the provider of a draft, until it is done or the front end ends it.
    async fn test_connection(
        &self,
        front_end: &FrontEnd,
        draft: DraftParams,
    ) -> Result<ConnectionTest, UserError> {
        let running = self.trials.begin(front_end).await?;
        let tested = self
            .configuration
            .test_connection(&draft, |step| running.tell(step));
        let test = tokio::select! {
            test = tested => test?,
            test = running.ended() => test,
        };
        if let Some(what) = audit::of_test(&test) {
            self.notes.add(front_end.kind().into(), what);
        }
        Ok(test)
    }

    /// The panes that are paired.
    async fn paired(&self) -> Result<TokensAnswer, UserError> {
        let connected = self.front_ends.all();
        let view = |record: TokenRecord| {
            let with_it = connected
                .iter()
                .filter(|front_end| front_end.token() == Some(&record.id));
            TokenView {
                connected: with_it.count() as u32,
                id: record.id,
                front_end: record.kind,
                origin: record.origin,
                created_at: record.created_at,
            }
        };
        let tokens = self.tokens.list().await?;
        Ok(TokensAnswer {
            tokens: tokens.into_iter().map(view).collect(),
        })
    }

    /// Ends a pairing: the token first, so that a pane that is closed cannot come back with it.
    async fn revoke(&self, id: &str, by: FrontEndKind) -> Result<(), UserError> {
        self.tokens.end(id, by.into()).await?;
        let with_it = |front_end: &FrontEnd| front_end.token() == Some(id);
        self.front_ends
            .all()
            .iter()
            .filter(|front_end| with_it(front_end))
            .for_each(FrontEnd::close);
        Ok(())
    }

    async fn answer(&self, from: FrontEndKind, params: AnswerParams) -> Result<AnswerAnswer, UserError> {
        let AnswerParams {
            session,
            permission,
            choice,
            folder,
        } = params;
        let handle = self.hub.handle(&session).await?;
        let folder = match folder.filter(|_| choice != Choice::Deny) {
            Some(_) if !Caller::Desktop.admits(from) => return Err(UserError::new(ErrorCode::NotPermitted)),
            Some(path) => Some(self.hub.documents.find_folder(&path).await?),
            None => None,
        };
        let answer = match folder {
            Some(folder) => Input::Choose(permission, folder, from),
            None => Input::Answer(permission, choice, from),
        };
        let accepted = handle.ask(|reply| Command::Answer(answer, reply)).await?;
        Ok(AnswerAnswer { accepted })
    }

    async fn undo(
        &self,
        method: Method,
        params: ChangeSetParams,
        by: FrontEndKind,
    ) -> Result<ChangeSetAnswer, UserError> {
        let ChangeSetParams {
            session,
            change_set,
            overwrite,
        } = params;
        // The session is loaded first, so that its documents are known.
        self.hub.handle(&session).await?;
        let id = change_set.clone();
        let (kept, event) = if method == Method::ChangeSetUndo {
            let of_command = self
                .hub
                .code
                .undo(&session, &change_set, overwrite.then_some(by))
                .await?;
            let kept = if let Some(kept) = of_command {
                kept
            } else {
                let documents = &self.hub.documents;
                documents.undo(&session, &change_set, overwrite, &Patient).await?
            };
            (kept.clone(), EventBody::ChangeSetUndone { change_set, kept })
        } else {
            self.hub.code.may_redo(&session, &change_set).await?;
            self.hub.documents.redo(&session, &change_set, &Patient).await?;
            (Vec::new(), EventBody::ChangeSetRedone { change_set })
        };
        let mut events = vec![event];
        // A document that was made is gone with that, or there again.
        let made = self.hub.documents.made_by(&session, &id).await?;
        events.extend(made.map(|document| EventBody::DocumentAttached { document }));
        self.hub.record(&session, events, by.into()).await?;
        Ok(ChangeSetAnswer { kept })
    }
}

fn session_in(params: Value) -> Result<SessionId, UserError> {
    read::<SessionParams>(params).map(|params| params.session)
}
