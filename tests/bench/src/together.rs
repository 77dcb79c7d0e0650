//! Many turns that stream at once through one service: each has to end in its answer, none may stand still, and memory grows by
//! little for each.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use deskhand_e2e::{FrontEnd, Service, Setup};
use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::session::{PermissionMode, PromptParams};
use deskhand_protocol::{EventBody, Method, SessionEvent, SessionId};
use deskhand_standins::gateway::{Bench, Gateway, Part};
use tokio::task::JoinSet;

use crate::figure::{Aim, Report, quantile, say};
use crate::process::{forget_highest, highest, resident};
use crate::providers::aside;
use crate::stream::sent_at;

/// Turns at once.
const TURNS: usize = 200;
/// Windows that they are spread over: one may follow 32 sessions.
const WINDOWS: usize = 8;
/// An answer of fifteen seconds: the last turn begins long before the first one ends.
const SPEECH: Bench = Bench {
    deltas: 300,
    rate: 20,
};

/// Plays one turn alone, then all of them.
pub(crate) async fn together(report: &mut Report) {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    say(&format!(
        "{TURNS} turns at once through one service, with the provider and the windows on the same {cores} cores, an event each \
         {} ms:",
        1_000 / SPEECH.rate
    ));
    let gateway = aside(async { Gateway::start(Part::Bench(SPEECH), 0).await.expect("a port") }).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    setup.configure("inferenceModels", r#"["claude-standin"]"#);
    let service = Service::start(&setup, 0);
    let (alone, _) = Box::pin(played(&service, 1, 1)).await;
    let (all, memory) = Box::pin(played(&service, WINDOWS, TURNS / WINDOWS)).await;
    tell(&alone, &all, report);
    report.add(
        "  open at once at the provider",
        gateway.most_open() as f64,
        "",
        Aim::None,
    );
    report.add(
        "  memory of the service at its peak, for each turn",
        memory / TURNS as f64,
        "MiB",
        Aim::None,
    );
}

fn tell(alone: &Heard, all: &Heard, report: &mut Report) {
    let unanswered = TURNS as f64 - all.answered as f64;
    report.add("  ended in their answer", all.answered as f64, "", Aim::None);
    report.add("  did not", unanswered, "", Aim::AtMost(0.0));
    let took = |heard: &Heard| heard.took.as_secs_f64();
    report.add("  one turn alone", took(alone), "s", Aim::None);
    report.add("  all of them", took(all), "s", Aim::None);
    for (what, heard) in [("one turn alone", alone), ("all of them", all)] {
        let delay = |share| quantile(&heard.delays, share);
        report.add(
            &format!("  delay of an event, {what}, p50"),
            delay(0.5),
            "ms",
            Aim::None,
        );
        report.add("    p99", delay(0.99), "ms", Aim::None);
        let gap = heard.gap.as_secs_f64() * 1e3;
        report.add("    longest gap within a stream", gap, "ms", Aim::None);
    }
}

/// What windows heard of turns.
#[derive(Default)]
struct Heard {
    answered: usize,
    /// From the first prompt to the end of the last turn.
    took: Duration,
    /// The longest time between two events of one turn, from its first words on.
    gap: Duration,
    /// From the provider's socket to the window's, for each event, in milliseconds.
    delays: Vec<f64>,
}

/// Plays a turn in each of so many new sessions of so many windows; with the MiB by which the service grew at its peak.
async fn played(service: &Service, windows: usize, sessions: usize) -> (Heard, f64) {
    let mut seats = Vec::new();
    for number in 0..windows {
        let mut window = service.join(FrontEndKind::Window).await;
        let mut ids = Vec::new();
        for place in 0..sessions {
            let id = window
                .create(&format!("{windows} windows: {number}, {place}"))
                .await;
            window.follow(&id, 0).await;
            ids.push(id);
        }
        seats.push((window, ids));
    }
    forget_highest(service.id());
    let before = resident(service.id());
    let begun = Instant::now();
    let mut listening = JoinSet::new();
    for (window, ids) in seats {
        listening.spawn(listened(window, ids));
    }
    let mut all = Heard::default();
    while let Some(heard) = listening.join_next().await {
        let heard = heard.expect("a window that listens to the end");
        all.answered += heard.answered;
        all.gap = all.gap.max(heard.gap);
        all.delays.extend(heard.delays);
    }
    all.took = begun.elapsed();
    (all, highest(service.id()) - before)
}

/// A window gives a prompt in each session and listens until every turn has ended.
async fn listened(mut window: FrontEnd, ids: Vec<SessionId>) -> Heard {
    for session in &ids {
        let prompt = PromptParams {
            session: session.clone(),
            client_id: "speak".to_owned(),
            text: "Speak".to_owned(),
            documents: Vec::new(),
            selection: None,
            model: None,
            mode: PermissionMode::Ask,
            budget: None,
        };
        let begun = window.begin(Method::SessionPrompt, prompt).await;
        begun.expect("the service is there");
    }
    let mut heard = Heard::default();
    let mut spoke: HashMap<SessionId, Instant> = HashMap::new();
    let mut open = ids.len();
    while open > 0 {
        let update = window.update().await.expect("the service stays");
        for event in update.events {
            if let Some(before) = spoke.get(&update.session) {
                heard.gap = heard.gap.max(before.elapsed());
            }
            if heard.take(&event) {
                spoke.insert(update.session.clone(), Instant::now());
            }
            if let EventBody::TurnEnded { outcome, .. } = event.body {
                heard.answered += usize::from(outcome == TurnOutcome::Completed);
                open -= 1;
            }
        }
    }
    heard
}

impl Heard {
    /// True for words of the answer.
    fn take(&mut self, event: &SessionEvent) -> bool {
        let EventBody::TextDelta { text, .. } = &event.body else {
            return false;
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let sent = text.split_ascii_whitespace().filter_map(sent_at);
        self.delays
            .extend(sent.map(|sent| (now.as_nanos() as f64 - sent as f64) / 1e6));
        true
    }
}
