//! A test of the connection to the model provider, one step after the other as each rests on the one before. The same in the
//! terminal, in the window and in `--json`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{ErrorCode, UserError};

/// What is tried, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum TestStep {
    /// The name of the host or, behind a proxy, that of the proxy is resolved (DNS).
    Name,
    /// The proxy of the network lets the connection through.
    Proxy,
    /// The connection with the host stands, under TLS.
    Tls,
    /// There is a credential, and the provider takes it.
    SignIn,
    /// The provider lists its models.
    Models,
    /// The default model answers a request for one token.
    Word,
}

impl TestStep {
    /// Every step in its order.
    pub const ALL: [Self; 6] = [
        Self::Name,
        Self::Proxy,
        Self::Tls,
        Self::SignIn,
        Self::Models,
        Self::Word,
    ];
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub enum TestState {
    /// It works.
    Passed,
    /// It does not work; the steps behind it are skipped.
    Failed,
    /// It was not tried.
    Skipped,
    /// These settings do not need it.
    NotNeeded,
}

/// One step that has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct StepResult {
    /// Which.
    pub step: TestStep,
    /// How.
    pub state: TestState,
    /// How long it took; absent where nothing was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub milliseconds: Option<u32>,
    /// One sentence: what was seen, or why it was not tried. Never a secret.
    pub seen: String,
    /// The code of a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub code: Option<ErrorCode>,
    /// What a person does about a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub remedy: Option<String>,
}

/// The answer to `provider/test`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionTest {
    /// True where no step failed and somebody was asked.
    pub passed: bool,
    /// The provider's name in the settings; absent where they name none that can be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub provider: Option<String>,
    /// Why nobody was asked, where that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub stopped: Option<UserError>,
    /// Every step, in its order.
    pub steps: Vec<StepResult>,
}

impl StepResult {
    /// A step that was not tried.
    pub fn skipped(step: TestStep, why: impl Into<String>) -> Self {
        Self {
            step,
            state: TestState::Skipped,
            milliseconds: None,
            seen: why.into(),
            code: None,
            remedy: None,
        }
    }
}

impl ConnectionTest {
    /// The test under settings that let nobody be asked.
    pub fn stopped(provider: Option<String>, why: UserError) -> Self {
        Self {
            provider,
            steps: Self::cut_short(&[], &why.happened).steps,
            passed: false,
            stopped: Some(why),
        }
    }

    /// A test that came no further than these steps; of two words about one the later counts.
    pub fn cut_short(steps: &[StepResult], why: &str) -> Self {
        let last = |step| steps.iter().rfind(|result| result.step == step).cloned();
        let result = |step| last(step).unwrap_or_else(|| StepResult::skipped(step, why));
        Self {
            passed: false,
            provider: None,
            stopped: None,
            steps: TestStep::ALL.map(result).into(),
        }
    }

    /// The step that failed, where one did.
    pub fn failed(&self) -> Option<&StepResult> {
        self.steps.iter().find(|step| step.state == TestState::Failed)
    }
}
