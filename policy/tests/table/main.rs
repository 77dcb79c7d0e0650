//! What each key makes of valid and malformed values: two tables in text, and rules that hold for every row.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cases;
mod rows;

use deskhand_policy::{Encoding, MemoryStore, Origin, Policy, Store as _};
use serde_json::Value;

fn managed(encoding: Encoding, key: &str, value: Value) -> Policy {
    let store = MemoryStore::encoded(Origin::Managed("test".into()), encoding, [(key, value)]);
    Policy::resolve(&store.read(), &[])
}

/// The value in effect, as it is shown.
fn effective(policy: &Policy, key: &str) -> Value {
    policy.entry(key).unwrap().value
}
