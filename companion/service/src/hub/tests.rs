//! Sessions that policy lets go, and those that stay loaded.

use deskhand_core::model::{Capabilities, ModelRequest};
use deskhand_core::ports::{BoxFuture, ModelStream, Provider};
use deskhand_documents::{DocumentTools, Registry};
use deskhand_protocol::command::{BackgroundCommand, CommandEnd, EndCommandParams};
use deskhand_protocol::hello::ModelView;
use deskhand_protocol::session::PermissionMode;
use deskhand_protocol::{CallId, CommandId, SessionEvent};
use deskhand_storage::{Durability, MasterKey, OpenOptions, Store};
use deskhand_trail::{Content, Entry, Trail};
use deskhand_workspace::Folders;

use super::loaded::ROOM;
use super::*;
use crate::clock::RealWorld;
use crate::guidance::NoteTools;
use crate::log::Log;
use crate::models::Windows;
use crate::panes::{LivePanes, SharedPanes};

const MASTER: [u8; 32] = [7; 32];

/// A model that thinks for as long as it is let.
#[derive(Debug)]
struct Silent;

impl Provider for Silent {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            streaming: true,
            tools: true,
            prompt_caching: false,
            model_discovery: false,
            attachments: false,
        }
    }

    fn stream(&self, _: ModelRequest) -> ModelStream {
        Box::pin(futures_util::stream::pending())
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelView>, UserError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

async fn hub(folder: &Path) -> Hub {
    let store = Store::open(OpenOptions {
        folder: folder.to_owned(),
        deployment: None,
        master_key: MasterKey::new(MASTER),
        text_of: |_| None,
        max_bytes: None,
    });
    let trail = Trail::new(store.expect("a store"), "ada", Content::Hashed);
    let grants = Grants::open(trail.clone()).await.expect("grants");
    let guide = Guide::open(trail.clone(), None, false)
        .await
        .expect("no guidance");
    let (log, guide, registry) = (Log::new(trail), Arc::new(guide), Arc::new(Registry::default()));
    let documents = DocumentTools::new(
        Arc::clone(&registry),
        Arc::new(SharedPanes(Arc::new(LivePanes::default()))),
        Arc::new(log.clone()),
        Arc::new(RealWorld),
        Folders::new(None),
    );
    let tools = NoteTools::new(documents.clone(), Arc::clone(&guide));
    let parts = Parts {
        log,
        provider: Arc::new(Silent),
        offered: runner::offered(&tools, &Rules::default()),
        tools: Arc::new(tools),
        max_steps: 10,
        budget: None,
        windows: Windows {
            usual: 200_000,
            default_is_long: false,
        },
        rules: Arc::default(),
        grants: Arc::new(grants),
        guide,
        changed: Arc::new(|_| {}),
        heed: Arc::new(|_, _| Box::pin(async {})),
    };
    Hub::new(parts, documents, registry, false)
}

async fn session(hub: &Hub, client_id: &str) -> SessionId {
    let params = CreateParams {
        client_id: client_id.to_owned(),
        title: None,
    };
    hub.create(params, Actor::Window).await.expect("a session").id
}

#[tokio::test]
async fn sessions_older_than_policy_keeps_them_are_deleted_and_those_at_work_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let hub = hub(folder.path()).await;
    let (idle, busy) = (session(&hub, "idle").await, session(&hub, "busy").await);
    let mut meta = Meta::new(now(), "busy".to_owned(), String::new());
    meta.status = SessionStatus::Working;
    let at_work = Change::SetMeta {
        at: now(),
        meta: meta.to_bytes(),
    };
    let (store, id) = (hub.parts.log.store(), uuid_of(&busy).expect("an id"));
    let written = store.write(id, vec![at_work], Durability::Flushed).await;
    written.expect("the session is at work");
    assert_eq!(hub.delete_before(1).await.expect("nothing is old"), []);
    assert_eq!(
        hub.delete_before(now() + 1).await.expect("deleted"),
        std::slice::from_ref(&idle)
    );
    assert!(hub.show(&idle).await.is_err());
    assert!(hub.show(&busy).await.is_ok());
    let key = MasterKey::new(MASTER);
    let reader = deskhand_storage::AuditReader::open(folder.path(), None, key);
    let reader = reader.expect("the audit is read").expect("there is one");
    let records = reader.records(0, 100).expect("records");
    let Entry::Known(last) = Entry::parse(&records.last().expect("a record").record) else {
        panic!("a record of another version");
    };
    assert_eq!((last.by, last.session), (Actor::Policy, uuid_of(&idle).ok()));
    assert!(matches!(last.what, What::SessionDeleted { .. }));
}

fn prompt(session: &SessionId) -> PromptParams {
    PromptParams {
        session: session.clone(),
        client_id: "p".to_owned(),
        text: "Go".to_owned(),
        documents: Vec::new(),
        selection: None,
        model: None,
        mode: PermissionMode::Ask,
        budget: None,
    }
}

#[tokio::test]
async fn sessions_at_rest_are_let_go_and_come_back_and_those_at_work_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let hub = hub(folder.path()).await;
    let (busy, first) = (session(&hub, "busy").await, session(&hub, "first").await);
    let taken = hub.prompt(prompt(&busy), FrontEndKind::Window, None).await;
    let turn = taken.expect("a turn").turn;
    let at_work = hub.handle(&busy).await.expect("a session at work");
    let at_rest = hub.handle(&first).await.expect("a session at rest");
    // Whoever is on the way to a session finds it where it was.
    for number in 0..ROOM * 2 {
        session(&hub, &format!("one of many {number}")).await;
    }
    assert_eq!(hub.running.lock().await.len(), ROOM);
    assert!(!at_work.is_closed() && !at_rest.is_closed());
    drop((at_work, at_rest));
    for number in 0..ROOM * 2 {
        session(&hub, &format!("one of more {number}")).await;
    }
    assert_eq!(hub.running.lock().await.len(), ROOM);
    let kept = hub.running.lock().await.get(&first);
    assert!(kept.is_none(), "a session at rest is not held");
    // The turn goes on: the same prompt is known to who has it.
    let again = hub.prompt(prompt(&busy), FrontEndKind::Window, None).await;
    assert_eq!(again.expect("the same turn").turn, turn);
    let events = hub.export(&busy, Actor::Window).await.expect("events").events;
    let is_notice = |event: &SessionEvent| matches!(event.body, EventBody::TurnResumed { .. });
    assert!(!events.iter().any(is_notice), "the turn was not taken up anew");
    let back = hub.prompt(prompt(&first), FrontEndKind::Window, None).await;
    back.expect("a session that comes back takes prompts");
}

#[tokio::test]
async fn what_was_seen_in_the_sandbox_is_one_event_and_a_record_of_each_in_the_audit() {
    let folder = tempfile::tempdir().expect("a folder");
    let hub = hub(folder.path()).await;
    let id = session(&hub, "seen").await;
    let ended = |process| deskhand_protocol::sandbox::Sight::Ended {
        at: 1,
        process,
        code: 0,
    };
    let seen = EventBody::SandboxSeen {
        call: None,
        seen: vec![ended(1), ended(2)],
        left_out: 3,
    };
    let durability = deskhand_core::ports::Durability::Written;
    let events = hub.parts.log.append(&id, vec![seen], durability).await;
    assert_eq!(events.expect("it is in the log").len(), 1);
    let reader = deskhand_storage::AuditReader::open(folder.path(), None, MasterKey::new(MASTER));
    let reader = reader.expect("the audit is read").expect("there is one");
    let records = reader.records(0, 100).expect("records");
    let kinds: Vec<&str> = records
        .iter()
        .filter_map(|record| match Entry::parse(&record.record) {
            Entry::Known(known) if known.session.is_some() => Some(known.what.kind().name),
            _ => None,
        })
        .collect();
    assert_eq!(
        kinds,
        ["sessionCreated", "programEnded", "programEnded", "sandboxLeftOut"]
    );
}

#[tokio::test]
async fn commands_that_were_left_to_run_when_the_service_ended_are_told_to_have_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let hub = hub(folder.path()).await;
    let id = session(&hub, "left").await;
    let command = CommandId::from_text("command");
    let started = EventBody::BackgroundStarted {
        command: BackgroundCommand {
            id: command.clone(),
            number: 1,
            call: CallId::from_text("call"),
            command: "sleep 600".to_owned(),
            folders: Vec::new(),
            seconds: 600,
        },
    };
    hub.record(&id, vec![started], Actor::Agent)
        .await
        .expect("it is in the log");
    assert_eq!(hub.show(&id).await.expect("a session").background, 1);
    // Whoever loads it next knows of no such command: that run of the service is over.
    hub.running.lock().await.remove(&id);
    hub.recover().await.expect("sessions are taken up");
    assert_eq!(hub.show(&id).await.expect("a session").background, 0);
    let events = hub.export(&id, Actor::Window).await.expect("events").events;
    let ends = events.iter().filter_map(|event| match &event.body {
        EventBody::CommandEnded { command, by, .. } => Some((command, *by)),
        _ => None,
    });
    assert_eq!(ends.collect::<Vec<_>>(), [(&command, CommandEnd::Service)]);
    let commands = hub.commands(&id).await.expect("a list").commands;
    assert_eq!(commands, []);
    let params = EndCommandParams {
        session: id.clone(),
        command,
    };
    let answer = hub.end_command(params, FrontEndKind::Excel).await;
    assert!(!answer.expect("an answer").ended, "it does not run");
}

#[tokio::test]
async fn a_page_of_sessions_is_of_those_that_were_used_before_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let hub = hub(folder.path()).await;
    session(&hub, "one").await;
    let first = hub.list(1).await.expect("sessions").remove(0);
    let page = |before| {
        let params = ListParams {
            before: Some(before),
            limit: None,
        };
        hub.list_some(params)
    };
    assert_eq!(page(first.updated_at).await.expect("a page"), []);
    assert_eq!(page(first.updated_at + 1).await.expect("a page"), [first]);
}
