//! Turns by the thousand while everything around them fails: answers are refused, cut, garbled and late, the service is killed, front
//! ends lose their connection. Each prompt has to end once, in its answer or in an error with a code, and memory has to stay where it is.
//!
//! Over three wires, one after another; Azure AI Foundry has the first one's, at a name that no loopback address has.
//! `DESKHAND_SOAK_TURNS` and `DESKHAND_SOAK_SEED` choose how many turns there are, and other ones.

use std::collections::BTreeMap;

use deskhand_e2e::{CallError, FrontEnd, Service, Setup, View, play};
use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::message::Block;
use deskhand_protocol::session::{PermissionMode, PromptParams};
use deskhand_protocol::{EventBody, SessionId, TurnId};
use deskhand_standins::bedrock::{self, Bedrock};
use deskhand_standins::script::Script;
use deskhand_standins::vertex::{self, Vertex};
use serde_json::{Value, json};

use crate::figure::{Aim, Report, say};
use crate::process::resident;

const TURNS: u64 = 2_000;
const SEED: u64 = 0x5EED;
/// Turns of one session.
const SESSION: u64 = 10;
/// Of a hundred turns, how many kill the service, and how many lose the connection.
const KILLS: u64 = 2;
const CUTS: u64 = 5;
const KEY: &str = "soak-key";

/// Plays all of it.
pub(crate) async fn soak(report: &mut Report) {
    let (turns, seed) = (
        number("DESKHAND_SOAK_TURNS", TURNS),
        number("DESKHAND_SOAK_SEED", SEED),
    );
    say(&format!(
        "{turns} turns with faults, kills and lost connections, seed {seed}:"
    ));
    let share = turns.div_ceil(3);
    let mut all = Tally::default();
    let gateway = play(&script(share, seed, "claude-standin")).await;
    let setup = Setup::with_gateway(&gateway.base_url());
    setup.key(KEY);
    all.add(lane("gateway", setup, share, seed, report).await);
    let model = "eu.anthropic.claude-standin-v1:0";
    let cloud = Bedrock::start(read(&script(share, seed + 1, model)), 0);
    let cloud = cloud.await.expect("a port");
    let setup = Setup::empty();
    setup.configure("inferenceProvider", "bedrock");
    setup.configure("inferenceBedrockRegion", bedrock::REGION);
    setup.configure("inferenceBedrockBaseUrl", &cloud.base_url());
    setup.configure("inferenceModels", &json!([model]).to_string());
    setup.give("inferenceBedrockBearerToken", KEY);
    all.add(lane("Amazon Bedrock", setup, share, seed + 1, report).await);
    let cloud = Vertex::start(read(&script(share, seed + 2, "claude-standin")), 0);
    let cloud = cloud.await.expect("a port");
    let setup = Setup::empty();
    setup.configure("inferenceProvider", "vertex");
    setup.configure("inferenceVertexProjectId", vertex::PROJECT);
    setup.configure("inferenceVertexRegion", vertex::REGION);
    setup.configure("inferenceVertexBaseUrl", &cloud.base_url());
    setup.configure("inferenceModels", &json!(["claude-standin"]).to_string());
    let helper = setup.program("helper", &format!("echo {KEY}"));
    setup.configure("inferenceCredentialHelper", &helper.display().to_string());
    all.add(lane("Vertex AI", setup, share, seed + 2, report).await);
    all.tell(report);
}

fn number(name: &str, usual: u64) -> u64 {
    let said = std::env::var(name).ok();
    said.and_then(|said| said.parse().ok()).unwrap_or(usual)
}

fn read(script: &str) -> Script {
    Script::from_yaml(script).expect("a script")
}

fn prompt(number: u64) -> String {
    format!("This is turn {number:05}.")
}

fn answer(number: u64) -> String {
    format!("This answers turn {number:05}, in a few words more.")
}

/// An answer for each turn, before which a third of them meet faults.
fn script(turns: u64, seed: u64, model: &str) -> String {
    let mut chance = Chance(seed);
    // The last first: behind a turn that failed, the newest words hold those of both.
    let steps: Vec<Value> = (0..turns)
        .rev()
        .map(|number| {
            let faults = if chance.below(3) == 0 {
                chance.below(3) + 1
            } else {
                0
            };
            let faults: Vec<Value> = (0..faults).map(|_| chance.fault()).collect();
            json!({
                "expect": { "user": prompt(number) }, "faults": faults,
                "answer": { "say": [{ "text": answer(number) }] },
            })
        })
        .collect();
    json!({ "models": [model], "key": KEY, "order": "any", "steps": steps }).to_string()
}

/// Chance with a seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }

    fn fault(&mut self) -> Value {
        let events = self.below(6);
        match self.below(9) {
            0 => json!({ "status": { "code": 529, "kind": "overloaded_error" } }),
            1 => json!({ "status": { "code": 500, "kind": "api_error" } }),
            2 => json!({ "status": { "code": 429, "kind": "rate_limit_error" } }),
            3 => json!({ "cut_after": events }),
            4 => json!({ "cut_inside": events }),
            5 => json!({ "end_after": events }),
            6 => json!({ "error_after": { "events": events, "kind": "overloaded_error" } }),
            7 => json!({ "delay_ms": self.below(80) }),
            _ => json!({ "garbage_after": events }),
        }
    }
}

/// What became of prompts.
#[derive(Default)]
struct Tally {
    prompts: u64,
    ended: u64,
    answered: u64,
    /// Ended in an error, by its code.
    errors: BTreeMap<String, u64>,
    /// Ended, answered or asked more than once.
    twice: u64,
    kills: u64,
    cuts: u64,
    /// The largest growth of the service's memory in the last quarter of a lane.
    growth: f64,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.prompts += other.prompts;
        self.ended += other.ended;
        self.answered += other.answered;
        self.twice += other.twice;
        self.kills += other.kills;
        self.cuts += other.cuts;
        self.growth = self.growth.max(other.growth);
        for (code, count) in other.errors {
            *self.errors.entry(code).or_default() += count;
        }
    }

    fn tell(&self, report: &mut Report) {
        let failed: u64 = self.errors.values().sum();
        let lost = self.prompts as f64 - self.ended as f64;
        report.add("  turns", self.prompts as f64, "", Aim::None);
        report.add("  kills of the service", self.kills as f64, "", Aim::None);
        report.add("  lost connections", self.cuts as f64, "", Aim::None);
        report.add("  ended in their answer", self.answered as f64, "", Aim::None);
        report.add("  ended in an error with a code", failed as f64, "", Aim::None);
        for (code, count) in &self.errors {
            report.add(&format!("    {code}"), *count as f64, "", Aim::None);
        }
        report.add("  did not end", lost, "", Aim::AtMost(0.0));
        report.add(
            "  ended or answered twice",
            self.twice as f64,
            "",
            Aim::AtMost(0.0),
        );
        report.add(
            "  memory, end beside begin of the last quarter",
            self.growth,
            "×",
            Aim::AtMost(1.1),
        );
    }
}

/// One service with its window.
struct Lane {
    setup: Setup,
    service: Service,
    window: FrontEnd,
    chance: Chance,
    tally: Tally,
}

async fn lane(name: &str, setup: Setup, turns: u64, seed: u64, report: &mut Report) -> Tally {
    let service = Service::start(&setup, 0);
    let window = service.join(FrontEndKind::Window).await;
    let mut lane = Lane {
        setup,
        service,
        window,
        chance: Chance(!seed),
        tally: Tally::default(),
    };
    let quiet = turns - turns / 4;
    let mut before = f64::NAN;
    let mut sessions = Vec::new();
    for first in (0..turns).step_by(SESSION as usize) {
        let last = (first + SESSION).min(turns);
        sessions.push(lane.session(first..last, last <= quiet).await);
        // The first turns of a process fetch what it needs.
        if last > quiet + SESSION * 2 && before.is_nan() {
            before = resident(lane.service.id());
        }
    }
    lane.tally.growth = resident(lane.service.id()) / before;
    for (session, numbers) in sessions {
        lane.check(&session, numbers).await;
    }
    report.add(
        &format!("  memory of the service after {name}"),
        resident(lane.service.id()),
        "MiB",
        Aim::None,
    );
    lane.tally
}

impl Lane {
    async fn session(
        &mut self,
        numbers: std::ops::Range<u64>,
        with_kills: bool,
    ) -> (SessionId, std::ops::Range<u64>) {
        let session = self.window.create(&format!("soak {}", numbers.start)).await;
        self.window.follow(&session, 0).await;
        let mut view = View::default();
        for number in numbers.clone() {
            self.turn(&session, number, &mut view, with_kills).await;
        }
        (session, numbers)
    }

    /// A turn, and what happens to it: after so many times that the window heard of it, the service is killed or the window cut off.
    async fn turn(&mut self, session: &SessionId, number: u64, view: &mut View, with_kills: bool) {
        let fate = self.chance.below(100);
        let mut kill = (with_kills && fate < KILLS).then(|| self.chance.below(5));
        let mut cut = (KILLS..KILLS + CUTS)
            .contains(&fate)
            .then(|| self.chance.below(5));
        let params = PromptParams {
            session: session.clone(),
            client_id: format!("turn {number}"),
            text: prompt(number),
            documents: Vec::new(),
            selection: None,
            model: None,
            mode: PermissionMode::Ask,
            budget: None,
        };
        let turn = loop {
            match self.window.prompt(params.clone()).await {
                Ok(taken) => break taken.turn,
                Err(CallError::Cut) => self.back(session, view).await,
                Err(CallError::Refused(error)) => panic!("{error:?}"),
            }
        };
        for heard in 0.. {
            if kill.take_if(|at| *at <= heard).is_some() {
                self.service.kill();
                self.service = Service::start(&self.setup, 0);
                self.tally.kills += 1;
                self.back(session, view).await;
            }
            if cut.take_if(|at| *at <= heard).is_some() {
                self.tally.cuts += 1;
                self.back(session, view).await;
            }
            if has_ended(view, &turn) {
                return;
            }
            match self.window.events(session).await {
                Ok(events) => events.iter().for_each(|event| view.take(event)),
                Err(_) => self.back(session, view).await,
            }
        }
    }

    /// The window comes back to where it was.
    async fn back(&mut self, session: &SessionId, view: &View) {
        self.window = self.service.rejoin(FrontEndKind::Window).await;
        self.window.follow(session, view.cursor()).await;
    }

    /// Counts what the log of a session holds.
    async fn check(&mut self, session: &SessionId, numbers: std::ops::Range<u64>) {
        let events = self.window.export(session).await;
        for number in numbers {
            let text = prompt(number);
            let mut turns = events.iter().filter_map(|event| match &event.body {
                EventBody::PromptAccepted { turn, text: said, .. } if *said == text => Some(turn),
                _ => None,
            });
            self.tally.prompts += 1;
            let Some(turn) = turns.next() else { continue };
            let asked_again = turns.count();
            let ends: Vec<&TurnOutcome> = events
                .iter()
                .filter_map(|event| match &event.body {
                    EventBody::TurnEnded {
                        turn: ended, outcome, ..
                    } if ended == turn => Some(outcome),
                    _ => None,
                })
                .collect();
            let wanted = Block::Text { text: answer(number) };
            let answers = events.iter().filter(|event| {
                matches!(&event.body, EventBody::MessageCompleted { blocks, .. } if blocks.contains(&wanted))
            });
            let answers = answers.count();
            self.tally.twice += u64::from(asked_again > 0 || ends.len() > 1 || answers > 1);
            match ends.first() {
                Some(TurnOutcome::Completed) if answers == 1 => {
                    self.tally.ended += 1;
                    self.tally.answered += 1;
                }
                Some(TurnOutcome::Failed(error)) => {
                    self.tally.ended += 1;
                    let code = error.code.as_str().to_owned();
                    *self.tally.errors.entry(code).or_default() += 1;
                }
                _ => {}
            }
        }
    }
}

fn has_ended(view: &View, turn: &TurnId) -> bool {
    view.events()
        .any(|event| matches!(&event.body, EventBody::TurnEnded { turn: ended, .. } if ended == turn))
}
