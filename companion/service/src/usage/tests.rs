//! The count of tokens against its limit, over a real store.

use deskhand_core::attached::Loaded;
use deskhand_policy::types::Price as Listed;
use deskhand_protocol::message::StopReason;
use deskhand_storage::{MasterKey, OpenOptions};
use pretty_assertions::assert_eq;

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
        Box::pin(async { Ok(Vec::new()) })
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
    let mut events: Vec<_> = provider.stream(request()).collect().await;
    events.pop().expect("an event")
}

#[tokio::test]
async fn no_request_is_made_once_the_tokens_are_used_and_a_restart_forgets_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let kept = store(&folder);
    let meter = Arc::new(Meter::open(LIMIT, kept).await.expect("a meter"));
    assert_eq!(
        meter.view(now()).ends_at,
        None,
        "no window is open before the first answer"
    );
    let provider = Metered::new(Arc::new(Answers(50)), Arc::clone(&meter));
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
    let again = Arc::new(Meter::open(LIMIT, store(&folder)).await.expect("a meter"));
    let provider = Metered::new(Arc::new(Answers(1)), again);
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
    };
    let mut price = Listed {
        name: "m".to_owned(),
        input_per_mtok: 3.0,
        output_per_mtok: 15.0,
        cache_read_per_mtok: None,
        cache_write_per_mtok: None,
    };
    let dollars = |price: &Listed| price::cost(price, million).to_string();
    assert_eq!(dollars(&price), "24");
    (price.cache_read_per_mtok, price.cache_write_per_mtok) = (Some(0.25), Some(3.75));
    assert_eq!(dollars(&price), "22");
}
