//! What the way to each provider adds to a plain client of the same stand-in: until the first event of an answer, and for each
//! event of a long one. Both post the same bytes over a connection that is open already, and take turns in one run; every
//! answer comes as fast as it is taken.

mod place;
mod plain;

use std::time::Instant;

use deskhand_core::attached::Loaded;
use deskhand_core::model::{Content, Message, ModelEvent, ModelRequest, Role};
use deskhand_core::ports::Provider as _;
use deskhand_inference::Connection;
use futures_util::StreamExt as _;
use serde_json::json;

use crate::figure::{Aim, Report, quantile, say};
use place::Place;
pub(crate) use place::aside;
use plain::Plain;

/// Words of the long answer, an event each.
const WORDS: usize = 400;
/// Answers of each length that are measured, of each client.
const ROUNDS: usize = 200;
/// Answers that are not: connections are opened, and caches filled.
const WARMING: usize = 10;
const KEY: &str = "bench-key";
const SHORT: &str = "Say one word.";
const LONG: &str = "Speak.";

/// Measures every provider.
pub(crate) async fn providers(report: &mut Report) {
    say(&format!(
        "beside a plain client of the same stand-in, medians of {ROUNDS} answers each, connections open already:"
    ));
    for place in place::all().await {
        let (ours, plain) = Box::pin(measured(&place)).await;
        tell(place.name, &ours, &plain, report);
    }
}

/// One answer as a client saw it.
struct Seen {
    /// From the call to the first words, in microseconds.
    first: f64,
    /// From one event to the next, in microseconds.
    each: f64,
}

/// Takes the times of an answer.
struct Watch {
    begun: Instant,
    first: Option<Instant>,
    last: Instant,
    words: String,
    events: usize,
}

impl Watch {
    fn begin() -> Self {
        let begun = Instant::now();
        Self {
            begun,
            first: None,
            last: begun,
            words: String::new(),
            events: 0,
        }
    }

    /// Words that came just now.
    fn take(&mut self, words: &str) {
        self.last = Instant::now();
        self.first.get_or_insert(self.last);
        self.words.push_str(words);
        self.events += 1;
    }

    /// What was seen, of an answer that must be whole.
    fn end(self, wanted: &[String]) -> Seen {
        assert_eq!(self.words, wanted.concat(), "the answer is not whole");
        assert_eq!(self.events, wanted.len(), "an event is a piece of the answer");
        let first = self.first.expect("an answer of words");
        Seen {
            first: (first - self.begun).as_secs_f64() * 1e6,
            each: (self.last - first).as_secs_f64() * 1e6 / (self.events - 1).max(1) as f64,
        }
    }
}

/// Medians of one client, in microseconds.
#[derive(Default)]
struct Times {
    first: Vec<f64>,
    each: Vec<f64>,
}

/// Both clients in turns, each of them first as often as the other.
async fn measured(place: &Place) -> (Times, Times) {
    let (mut ours, mut theirs) = (Times::default(), Times::default());
    let mut bodies = Vec::new();
    for prompt in [SHORT, LONG] {
        asked(&place.connection, &request(&place.model, prompt)).await;
        bodies.push(place.newest_body());
    }
    let mut plain = Plain::connect(place).await;
    for round in 0..WARMING + ROUNDS {
        for ours_now in [round % 2 == 0, round % 2 != 0] {
            let mut seen = Vec::new();
            for (prompt, body) in [SHORT, LONG].into_iter().zip(&bodies) {
                seen.push(if ours_now {
                    asked(&place.connection, &request(&place.model, prompt)).await
                } else {
                    plain.ask(place, body).await.end(&words(prompt))
                });
            }
            if round >= WARMING {
                let times = if ours_now { &mut ours } else { &mut theirs };
                times.first.push(seen[0].first);
                times.each.push(seen[1].each);
            }
        }
    }
    (ours, theirs)
}

/// An answer through the port that the service calls.
async fn asked(connection: &Connection, request: &ModelRequest) -> Seen {
    let request = request.clone();
    let Content::Asked(prompt) = request.messages[0].content[0].clone() else {
        panic!("a prompt")
    };
    let mut watch = Watch::begin();
    let mut stream = connection.stream(request);
    while let Some(event) = stream.next().await {
        match event.expect("an answer") {
            ModelEvent::TextDelta(words) => watch.take(&words),
            ModelEvent::Begun | ModelEvent::Completed { .. } => {}
            other => panic!("nothing goes wrong: {other:?}"),
        }
    }
    watch.end(&words(&prompt))
}

fn request(model: &str, prompt: &str) -> ModelRequest {
    ModelRequest {
        model: model.to_owned(),
        system: "Be exact.".to_owned(),
        messages: vec![Message {
            role: Role::User,
            content: vec![Content::Asked(prompt.to_owned())],
        }],
        tools: Vec::new(),
        max_tokens: 1_000,
        loaded: Loaded::default(),
    }
}

/// The pieces of the answer to a prompt.
fn words(prompt: &str) -> Vec<String> {
    let count = if prompt == SHORT { 1 } else { WORDS };
    (0..count).map(|number| format!("word {number} ")).collect()
}

/// What every stand-in plays.
fn script(model: &str) -> String {
    let steps = [SHORT, LONG].map(
        |prompt| json!({ "expect": { "user": prompt }, "answer": { "say": [{ "text": words(prompt) }] } }),
    );
    json!({ "models": [model], "key": KEY, "order": "any", "steps": steps }).to_string()
}

fn tell(name: &str, ours: &Times, plain: &Times, report: &mut Report) {
    for (what, ours, plain) in [
        ("first event", &ours.first, &plain.first),
        ("an event", &ours.each, &plain.each),
    ] {
        let (ours, plain) = (quantile(ours, 0.5), quantile(plain, 0.5));
        report.add(&format!("  {name}: {what}"), ours, "us", Aim::None);
        report.add("    the plain client", plain, "us", Aim::None);
        report.add("    added", ours - plain, "us", Aim::None);
        report.add("    of the plain client", ours / plain, "x", Aim::None);
    }
}
