//! The requests that came, for tests to look at.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;

/// Requests kept; older ones go first.
const KEPT: usize = 2000;

/// A request and what became of it.
#[derive(Clone, Debug, Serialize)]
pub struct Logged {
    /// `POST /v1/messages`
    pub request: String,
    /// Headers in lower case; a credential only as the name of its header.
    pub headers: Vec<(String, String)>,
    /// The body, `null` when it was not JSON.
    pub body: Value,
    /// What was answered.
    pub outcome: Outcome,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The answer of this step, from 1.
    Step(usize),
    /// A fault of this step, from 1.
    Fault(usize),
    /// Anything without a step.
    Served,
    /// The request breaks the rules of the API.
    Refused(String),
    /// The script expects another request.
    Unexpected(String),
}

/// The log.
#[derive(Debug, Default)]
pub(super) struct Log(Mutex<Vec<Logged>>);

impl Log {
    pub(super) fn add(&self, logged: Logged) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() == KEPT {
            entries.remove(0);
        }
        entries.push(logged);
    }

    pub(super) fn entries(&self) -> Vec<Logged> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
