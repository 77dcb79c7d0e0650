//! The count of tokens against its limit, over a real store.

use std::sync::Arc;

use deskhand_core::attached::Loaded;
use deskhand_core::model::{Capabilities, ModelEvent, ModelRequest};
use deskhand_core::ports::{BoxFuture, ModelStream, Provider};
use deskhand_protocol::hello::ModelView;
use deskhand_protocol::message::{Cost, StopReason};
use deskhand_storage::{MasterKey, OpenOptions};
use futures_util::{StreamExt as _, stream};
use pretty_assertions::assert_eq;
use serde_json::json;

use super::*;

const LIMIT: Limit = Limit {
    tokens: 100,
    window: 5 * HOUR,
};

fn store(folder: &tempfile::TempDir) -> Store {
    let options = OpenOptions {
        folder: folder.path().to_owned(),
        deployment: None,
        master_key: MasterKey::new([7; 32]),
        text_of: |_| None,
        max_bytes: None,
    };
    Store::open(options).expect("a store")
}

fn usage(input: u64) -> Usage {
    Usage {
        input,
        output: 5,
        cache_read: 3,
        cache_write: 2,
        cost: None,
    }
}

/// A provider that answers every request with as many tokens.
struct Answers(u64);

impl Provider for Answers {
    fn capabilities(&self) -> Capabilities {
        unreachable!("nobody asks")
    }

    fn stream(&self, _: ModelRequest) -> ModelStream {
        let completed = ModelEvent::Completed {
            blocks: Vec::new(),
            stop: StopReason::EndTurn,
            usage: usage(self.0),
        };
        Box::pin(stream::iter([Ok(completed)]))
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelView>, UserError>> {
        Box::pin(async { Ok(vec![ModelView::new("default", "Default")]) })
    }
}

fn request() -> ModelRequest {
    ModelRequest {
        model: String::new(),
        system: String::new(),
        messages: Vec::new(),
        tools: Vec::new(),
        max_tokens: 1,
        loaded: Loaded::default(),
    }
}

async fn ask(provider: &Metered) -> Result<ModelEvent, UserError> {
    ask_model(provider, "").await
}

async fn ask_model(provider: &Metered, model: &str) -> Result<ModelEvent, UserError> {
    let asked = ModelRequest {
        model: model.to_owned(),
        ..request()
    };
    let mut events: Vec<_> = provider.stream(asked).collect().await;
    events.pop().expect("an event")
}

async fn metered(tokens: u64, meter: Option<Arc<Meter>>, store: Store, prices: Option<Prices>) -> Metered {
    Metered(Arc::new(Counts {
        inner: Arc::new(Answers(tokens)),
        meter,
        day: Arc::new(Day::open(store).await.expect("a day")),
        prices,
    }))
}

/// Prices of the settings: three dollars for a million tokens that go in, fifteen for those that come out.
fn policy(multiplier: f64) -> Policy {
    use deskhand_policy::{MemoryStore, Origin, Store as _};
    let price = |name: &str| json!({ "name": name, "inputPerMtok": 3.0, "outputPerMtok": 15.0, "cacheReadPerMtok": 0.3 });
    let values = [
        ("inferenceModelPricingEnabled", json!(true)),
        ("inferenceModelPricingMultiplier", json!(multiplier)),
        (
            "inferenceModelPricing",
            json!([price("default"), { "name": "long[1m]", "inputPerMtok": 6.0, "outputPerMtok": 30.0 }, price("long")]),
        ),
    ];
    let store = MemoryStore::new(Origin::Managed("profile".into()), values);
    Policy::resolve(&store.read(), &[])
}

fn cost_of(event: &ModelEvent) -> Option<Cost> {
    match event {
        ModelEvent::Completed { usage, .. } => usage.cost,
        _ => panic!("an answer"),
    }
}

#[tokio::test]
async fn no_request_is_made_once_the_tokens_are_used_and_a_restart_forgets_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let kept = store(&folder);
    let meter = Arc::new(Meter::open(LIMIT, kept.clone()).await.expect("a meter"));
    assert_eq!(
        meter.view(now()).ends_at,
        None,
        "no window is open before the first answer"
    );
    let provider = metered(50, Some(Arc::clone(&meter)), kept, None).await;
    for _ in 0..2 {
        ask(&provider).await.expect("an answer");
    }
    let error = ask(&provider).await.expect_err("a refusal");
    assert_eq!(error.code, ErrorCode::UsageLimit);
    assert_eq!(
        error.happened,
        "The settings allow 100 tokens in 5 hours, and they are used."
    );
    assert!(error.action.contains("5 hours"), "{}", error.action);
    assert_eq!(
        meter.view(now()).tokens,
        120,
        "tokens of the cache count, and a refusal does not"
    );
    drop((provider, meter));
    let kept = store(&folder);
    let again = Arc::new(Meter::open(LIMIT, kept.clone()).await.expect("a meter"));
    let provider = metered(1, Some(again), kept, None).await;
    let error = ask(&provider).await.expect_err("a refusal");
    assert_eq!(error.code, ErrorCode::UsageLimit);
}

#[tokio::test]
async fn a_count_that_cannot_be_read_opens_no_provider() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(&folder);
    let change = StoreChange::PutSetting {
        name: NAME.to_owned(),
        value: Some(b"no count".to_vec()),
    };
    store.write_store(vec![change]).await.expect("written");
    assert!(Meter::open(LIMIT, store).await.is_err());
}

#[test]
fn a_window_begins_with_its_first_answer_and_a_clock_set_back_ends_none() {
    let window = LIMIT.window;
    let first = Count::default().plus(usage(90), 1_000);
    assert_eq!(
        first,
        Count {
            begun: Some(1_000),
            tokens: 100
        }
    );
    assert_eq!(first.plus(usage(0), 2_000).begun, Some(1_000));
    assert_eq!(first.at(1_000 + window - 1, window), first);
    assert_eq!(first.at(0, window), first, "the clock was set back");
    assert_eq!(first.at(1_000 + window, window), Count::default());
}

#[test]
fn counts_are_told_with_their_thousands_apart() {
    let told = [0, 999, 1_000, 65_432, 1_000_000].map(grouped);
    assert_eq!(told, ["0", "999", "1,000", "65,432", "1,000,000"]);
    let usage = UsageView {
        tokens: 812_000,
        limit: 1_000_000,
        ends_at: Some(120_000),
    };
    assert_eq!(
        line(usage, 0),
        "812,000 of 1,000,000 used; the count starts anew in 2 minutes"
    );
}

#[test]
fn spans_are_told_in_whole_minutes() {
    let told = [1, 60_000, 60_001, HOUR, HOUR + 1, 2 * HOUR + 120_000].map(span);
    assert_eq!(
        told,
        [
            "1 minute",
            "1 minute",
            "2 minutes",
            "1 hour",
            "1 hour and 1 minute",
            "2 hours and 2 minutes"
        ]
    );
}

#[test]
fn what_is_read_from_the_cache_costs_what_the_list_says_or_what_goes_in() {
    let million = Usage {
        input: 1_000_000,
        output: 1_000_000,
        cache_read: 1_000_000,
        cache_write: 1_000_000,
        cost: None,
    };
    let cost = |share, model| {
        let prices = Prices::of(&policy(share)).expect("prices");
        prices.cost(model, million).map(|cost| cost.nanodollars)
    };
    assert_eq!(cost(1.0, "default"), Some(21_300_000_000));
    assert_eq!(cost(0.5, "default"), Some(10_650_000_000));
    assert_eq!(cost(1.0, "long[1m]"), Some(48_000_000_000), "a price of its own");
    assert_eq!(cost(1.0, "default[1m]"), cost(1.0, "default"));
    assert_eq!(cost(1.0, "another"), None);
}

#[test]
fn what_cannot_be_a_cost_is_never_less_than_nothing_and_has_an_end() {
    let prices = Prices::of(&policy(1.0)).expect("prices");
    let endless = Usage {
        input: u64::MAX,
        ..Usage::default()
    };
    assert_eq!(
        prices.cost("default", endless).map(|cost| cost.nanodollars),
        Some(u64::MAX)
    );
}

#[tokio::test]
async fn every_answer_says_what_it_cost_under_the_prices_of_its_model() {
    let folder = tempfile::tempdir().expect("a folder");
    let prices = Prices::of(&policy(1.0));
    let provider = metered(1_000, None, store(&folder), prices).await;
    // 1,000 in and 2 written to the cache at 3, 5 out at 15, 3 from the cache at 0.3 millionths of a dollar.
    let whole = Some(Cost {
        nanodollars: 3_081_900,
        partial: false,
    });
    for model in ["default", ""] {
        let answer = ask_model(&provider, model).await.expect("an answer");
        assert_eq!(cost_of(&answer), whole, "{model}");
    }
    let answer = ask_model(&provider, "without").await.expect("an answer");
    assert_eq!(cost_of(&answer), None);
    let day = provider.0.day.view(now());
    assert_eq!(day.input, 3_000);
    let partly = Cost {
        nanodollars: 6_163_800,
        partial: true,
    };
    assert_eq!(day.cost, Some(partly), "one model has no price");
}

/// A provider that says this.
struct Says(Vec<Result<ModelEvent, UserError>>);

impl Provider for Says {
    fn capabilities(&self) -> Capabilities {
        unreachable!("nobody asks")
    }

    fn stream(&self, _: ModelRequest) -> ModelStream {
        Box::pin(stream::iter(self.0.clone()).chain(stream::pending()))
    }

    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelView>, UserError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// What a day has counted after a provider said this and was stopped.
async fn counted_after(says: Vec<Result<ModelEvent, UserError>>) -> Usage {
    let folder = tempfile::tempdir().expect("a folder");
    let day = Arc::new(Day::open(store(&folder)).await.expect("a day"));
    let number = says.len();
    let provider = Metered(Arc::new(Counts {
        inner: Arc::new(Says(says)),
        meter: None,
        day: Arc::clone(&day),
        prices: None,
    }));
    let asked = ModelRequest {
        system: "Be brief. ".repeat(3),
        ..request()
    };
    let heard = provider.stream(asked).take(number);
    drop(heard.collect::<Vec<_>>().await);
    // What is counted after a stop is counted on this thread, behind what it does now.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    // A write is behind those that were begun before it.
    day.add(Usage::default(), now()).await.expect("counted");
    day.view(now())
}

#[tokio::test]
async fn an_answer_that_is_stopped_or_fails_counts_by_an_estimate_once_it_said_something() {
    let words = || Ok(ModelEvent::TextDelta("Twelve bytes".to_owned()));
    let failed = || Err(UserError::new(ErrorCode::InferenceStreamCut));
    let estimate = Usage {
        input: 10,
        output: 4,
        ..Usage::default()
    };
    assert_eq!(counted_after(vec![words()]).await, estimate, "stopped");
    assert_eq!(counted_after(vec![words(), failed()]).await, estimate, "failed");
    let twice = Usage {
        input: 20,
        output: 8,
        ..Usage::default()
    };
    let again = vec![words(), Ok(ModelEvent::Reset), words()];
    assert_eq!(counted_after(again).await, twice, "begun anew, then stopped");
    assert_eq!(
        counted_after(vec![failed()]).await,
        Usage::default(),
        "nothing came"
    );
    let whole = ModelEvent::Completed {
        blocks: Vec::new(),
        stop: StopReason::EndTurn,
        usage: usage(50),
    };
    assert_eq!(
        counted_after(vec![words(), Ok(whole)]).await,
        usage(50),
        "by the provider"
    );
}

#[tokio::test]
async fn a_day_forgets_nothing_at_a_restart_and_what_is_older_than_24_hours() {
    let folder = tempfile::tempdir().expect("a folder");
    let noon = 500_000 * HOUR;
    {
        let day = Day::open(store(&folder)).await.expect("a day");
        day.add(usage(10), noon).await.expect("counted");
        day.add(usage(20), noon + 5 * HOUR).await.expect("counted");
    }
    let day = Day::open(store(&folder)).await.expect("a day");
    let input = |at| day.view(at).input;
    assert_eq!(input(noon + 5 * HOUR), 30);
    assert_eq!(input(noon + 23 * HOUR), 30);
    assert_eq!(input(noon + 24 * HOUR), 20);
    assert_eq!(input(noon + 29 * HOUR), 0);
    // A clock that was set back: what lies ahead does not stay for ever.
    day.add(usage(1), noon - 48 * HOUR).await.expect("counted");
    assert_eq!(day.view(noon - 48 * HOUR).input, 1);
}

#[tokio::test]
async fn a_day_that_cannot_be_read_is_counted_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(&folder);
    let change = StoreChange::PutSetting {
        name: "usage-day".to_owned(),
        value: Some(b"no hours".to_vec()),
    };
    store.write_store(vec![change]).await.expect("written");
    let day = Day::open(store).await.expect("a day");
    assert_eq!(day.view(now()), Usage::default());
}

#[test]
fn what_was_used_is_told_with_the_share_of_the_cache_and_an_estimate_where_there_is_one() {
    let used = |nanodollars, partial| Usage {
        input: 200_000,
        output: 10_000,
        cache_read: 800_000,
        cache_write: 0,
        cost: Some(Cost { nanodollars, partial }),
    };
    let tokens = "1,010,000 tokens, 80% of the input from the cache";
    for (usage, told) in [
        (Usage::default(), "no tokens".to_owned()),
        (
            Usage {
                cost: None,
                ..used(0, false)
            },
            tokens.to_owned(),
        ),
        (
            used(1_234_560_000_000, false),
            format!("{tokens}; USD 1,234.56 (estimate)"),
        ),
        (
            used(420_000_000, true),
            format!("{tokens}; at least USD 0.42 (estimate)"),
        ),
        (used(4_249_999, false), format!("{tokens}; USD 0.0042 (estimate)")),
    ] {
        assert_eq!(told_of(usage), told);
    }
}
