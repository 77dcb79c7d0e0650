//! Long histories: replaying one session, and searching all of them. The events are written to the store as the service
//! writes them, while it does not run; what is measured goes through the socket.

use std::time::Instant;

use deskhand_e2e::{FrontEnd, Service, Setup};
use deskhand_platform::{Paths, SecretStore};
use deskhand_protocol::event::{EVENT_VERSION, ToolOutcome};
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::message::{Block, StopReason, Usage};
use deskhand_protocol::session::{SearchAnswer, SearchParams, SubscribeParams};
use deskhand_protocol::{CallId, EventBody, MessageId, Method, SessionId, TurnId};
use deskhand_storage::{Change, Durability, MasterKey, NewEvent, OpenOptions, Store};
use uuid::Uuid;

use crate::figure::{Aim, Report, quantile};

const EVENTS: usize = 10_000;
const MESSAGES: usize = 100_000;
const SESSIONS: usize = 100;
const REPLAYS: usize = 11;
const SEARCHES: usize = 40;
/// Events of one job of the store.
const JOB: usize = 1_000;
const AT: i64 = 1_767_225_600_000;

/// Subscribing to a session from its beginning until its last event has arrived.
pub(crate) async fn replay(report: &mut Report) {
    let setup = Setup::empty();
    let session = sessions(&setup, 1).await.remove(0);
    let store = open(&setup);
    fill(&store, &session, EVENTS - 1, mixed).await;
    drop(store);
    let service = Service::start(&setup, 0);
    let mut times = Vec::new();
    for _ in 0..REPLAYS {
        let mut window = service.join(FrontEndKind::Window).await;
        let begun = Instant::now();
        let subscribe = SubscribeParams {
            session: session.clone(),
            after: 0,
        };
        window
            .begin(Method::SessionSubscribe, subscribe)
            .await
            .expect("the service is there");
        let last = format!("\"seq\":{EVENTS},");
        while !window.text().await.expect("the service stays").contains(&last) {}
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    let name = format!("replay of a session of {EVENTS} events, first");
    report.add(&name, times[0], "ms", Aim::None);
    report.add(
        "  the same, median",
        quantile(&times, 0.5),
        "ms",
        Aim::Below(50.0),
    );
}

/// Searching the messages of many sessions for words that few, many and no message has.
pub(crate) async fn search(report: &mut Report) {
    let setup = Setup::empty();
    let sessions = sessions(&setup, SESSIONS).await;
    let store = open(&setup);
    for session in &sessions {
        fill(&store, session, MESSAGES / SESSIONS, spoken).await;
    }
    drop(store);
    let service = Service::start(&setup, 0);
    let mut window = service.join(FrontEndKind::Window).await;
    let first = timed(&mut window, "quarter revenue").await;
    report.add(
        &format!("first search over {MESSAGES} messages, builds the index"),
        first,
        "ms",
        Aim::None,
    );
    let mut times = Vec::new();
    for number in 0..SEARCHES {
        let text = match number % 4 {
            0 => format!("invoice{}", number * 37),
            1 => "revenue".to_owned(),
            2 => "quarter margin region".to_owned(),
            _ => "nowhere".to_owned(),
        };
        times.push(timed(&mut window, &text).await);
    }
    report.add(
        "  warm search, median",
        quantile(&times, 0.5),
        "ms",
        Aim::Below(10.0),
    );
    report.add("  warm search, slowest", quantile(&times, 1.0), "ms", Aim::None);
}

async fn timed(window: &mut FrontEnd, text: &str) -> f64 {
    let params = SearchParams {
        text: text.to_owned(),
        limit: None,
    };
    let begun = Instant::now();
    let _: SearchAnswer = window
        .call(Method::SessionSearch, params)
        .await
        .expect("an answer");
    begun.elapsed().as_secs_f64() * 1000.0
}

/// Makes empty sessions through the service.
async fn sessions(setup: &Setup, count: usize) -> Vec<SessionId> {
    let service = Service::start(setup, 0);
    let mut window = service.join(FrontEndKind::Window).await;
    let mut made = Vec::new();
    for number in 0..count {
        made.push(window.create(&format!("session {number}")).await);
    }
    drop(window);
    service.stop();
    made
}

fn open(setup: &Setup) -> Store {
    let paths = Paths::below(setup.path());
    let secrets = SecretStore::open(&paths).expect("the secrets of the home");
    let key = secrets
        .read("master-key")
        .expect("the secret store")
        .expect("a key");
    let key = <[u8; 32]>::try_from(key.expose()).expect("32 bytes");
    let options = OpenOptions {
        folder: paths.data().to_owned(),
        deployment: None,
        master_key: MasterKey::new(key),
        text_of: |_| None,
        max_bytes: None,
    };
    Store::open(options).expect("the database of the home")
}

async fn fill(store: &Store, session: &SessionId, count: usize, body: fn(usize) -> EventBody) {
    let id = Uuid::parse_str(session.as_str()).expect("an id");
    let mut number = 0;
    while number < count {
        let job: Vec<Change> = (number..count.min(number + JOB))
            .map(|number| {
                let payload = serde_json::to_vec(&body(number)).expect("an event is plain data");
                Change::Append(NewEvent {
                    at: AT + number as i64,
                    schema: u32::from(EVENT_VERSION),
                    payload,
                })
            })
            .collect();
        number += job.len();
        store
            .write(id, job, Durability::Written)
            .await
            .expect("the store");
    }
}

/// What turns leave behind: a call, its result, an answer.
fn mixed(number: usize) -> EventBody {
    let turn = TurnId::from_text(format!("turn-{}", number / 30));
    let call = CallId::from_text(format!("call-{}", number / 3));
    match number % 3 {
        0 => EventBody::ToolCallStarted {
            turn,
            call,
            name: "range_read".to_owned(),
            input: serde_json::json!({ "document": "d", "range": "Data!A1:D40" }),
            title: "Reading Data!A1:D40".to_owned(),
            document: None,
            target: Some("Data!A1:D40".to_owned()),
        },
        1 => EventBody::ToolCallCompleted {
            turn,
            call,
            outcome: ToolOutcome::Done,
            title: "Read".to_owned(),
            output: "North\t1200.5\t1300.25\nSouth\t900\t1100\n".repeat(12),
            attachments: Vec::new(),
            tier: None,
            duration_ms: 40,
        },
        _ => spoken(number),
    }
}

fn spoken(number: usize) -> EventBody {
    const WORDS: [&str; 12] = [
        "revenue",
        "margin",
        "region",
        "north",
        "south",
        "quarter",
        "forecast",
        "budget",
        "variance",
        "customers",
        "growth",
        "costs",
    ];
    let mut text = format!("About invoice{number}: ");
    for place in 0..24 {
        text.push_str(WORDS[(number * 7 + place * place + number / 11) % WORDS.len()]);
        text.push(' ');
    }
    EventBody::MessageCompleted {
        turn: TurnId::from_text(format!("turn-{}", number / 30)),
        message: MessageId::from_text(format!("message-{number}")),
        blocks: vec![Block::Text { text }],
        stop: StopReason::EndTurn,
        usage: Usage::default(),
    }
}
