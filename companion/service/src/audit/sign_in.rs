//! Sign-ins to the provider of inference: it takes or refuses the credential with the first answer. A change of that is
//! recorded, and not each request.

use std::sync::{Arc, Mutex, PoisonError};

use deskhand_core::model::{Capabilities, ModelEvent, ModelRequest};
use deskhand_core::ports::{BoxFuture, ModelStream, Provider};
use deskhand_protocol::hello::ModelView;
use deskhand_protocol::provider::{ConnectionTest, StepResult, TestState, TestStep};
use deskhand_protocol::{ErrorCode, UserError};
use deskhand_trail::{Actor, What};
use futures_util::StreamExt as _;

use super::Notes;

/// A provider whose sign-ins are recorded.
pub(crate) struct SignIns {
    inner: Arc<dyn Provider>,
    watch: Watch,
}

/// What is known of the credential.
#[derive(Clone)]
struct Watch {
    provider: &'static str,
    notes: Notes,
    taken: Arc<Mutex<Option<bool>>>,
}

impl SignIns {
    /// Watches a provider to which a credential is shown, under its name in the settings.
    pub(crate) fn of(inner: Arc<dyn Provider>, provider: &'static str, notes: Notes) -> Self {
        let watch = Watch {
            provider,
            notes,
            taken: Arc::default(),
        };
        Self { inner, watch }
    }
}

impl Watch {
    fn taken(&self) {
        self.note(true, || What::SignInSucceeded {
            provider: self.provider.to_owned(),
        });
    }

    fn failed(&self, error: &UserError) {
        if error.code == ErrorCode::InferenceAuth {
            self.note(false, || What::SignInFailed {
                provider: self.provider.to_owned(),
                code: error.code.as_str().to_owned(),
            });
        }
    }

    fn note(&self, taken: bool, what: impl FnOnce() -> What) {
        let before = self
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .replace(taken);
        if before != Some(taken) {
            self.notes.add(Actor::Service, what());
        }
    }
}

impl Provider for SignIns {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn stream(&self, request: ModelRequest) -> ModelStream {
        let watch = self.watch.clone();
        let stream = self.inner.stream(request);
        Box::pin(stream.inspect(move |event| match event {
            // A retry says nothing of the credential, and a body may be that of the request or of a refusal.
            Ok(ModelEvent::Retrying { .. } | ModelEvent::Body(_)) => {}
            Ok(_) => watch.taken(),
            Err(error) => watch.failed(error),
        }))
    }

    /// A list comes from the settings as well, so that there is one says nothing.
    fn models(&self) -> BoxFuture<'_, Result<Vec<ModelView>, UserError>> {
        Box::pin(async {
            let models = self.inner.models().await;
            if let Err(error) = &models {
                self.watch.failed(error);
            }
            models
        })
    }
}

/// What a test of the connection showed of the credential: taken where a step behind the sign-in passed. Each test is recorded.
pub(crate) fn of_test(test: &ConnectionTest) -> Option<What> {
    let provider = test.provider.clone()?;
    let sign_in = test.steps.iter().find(|result| result.step == TestStep::SignIn)?;
    match (sign_in.state, sign_in.code) {
        (TestState::Failed, Some(code)) => Some(What::SignInFailed {
            provider,
            code: code.as_str().to_owned(),
        }),
        (TestState::Passed, _) => {
            let is_behind = |result: &&StepResult| result.step > TestStep::SignIn;
            let mut behind = test.steps.iter().filter(is_behind);
            let is_taken = behind.any(|result| result.state == TestState::Passed);
            is_taken.then_some(What::SignInSucceeded { provider })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use deskhand_core::attached::Loaded;
    use deskhand_protocol::message::{StopReason, Usage};
    use futures_util::stream;

    use super::*;

    /// Answers each request with the next of these.
    struct Scripted(Mutex<Vec<Result<ModelEvent, UserError>>>);

    impl Provider for Scripted {
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
            let next = self.0.lock().expect("no panic").remove(0);
            Box::pin(stream::iter([next]))
        }

        fn models(&self) -> BoxFuture<'_, Result<Vec<ModelView>, UserError>> {
            Box::pin(async { Ok(Vec::new()) })
        }
    }

    #[test]
    fn a_test_is_recorded_by_what_the_provider_said_to_the_credential() {
        let step = |step, state, code| StepResult {
            state,
            code,
            ..StepResult::skipped(step, "")
        };
        let test = |steps: &[StepResult]| ConnectionTest {
            provider: Some("gateway".to_owned()),
            ..ConnectionTest::cut_short(steps, "")
        };
        let there = step(TestStep::SignIn, TestState::Passed, None);
        let refused = step(
            TestStep::SignIn,
            TestState::Failed,
            Some(ErrorCode::InferenceAuth),
        );
        let listed = step(TestStep::Models, TestState::Passed, None);
        let table = [
            (vec![there.clone(), listed], Some("signInSucceeded")),
            (vec![there], None),
            (vec![refused], Some("signInFailed")),
            (vec![], None),
        ];
        for (steps, wanted) in table {
            let found = of_test(&test(&steps)).map(|what| what.kind().name);
            assert_eq!(found, wanted, "{steps:?}");
        }
    }

    #[tokio::test]
    async fn a_sign_in_is_recorded_once_until_the_provider_says_otherwise() {
        let whole = || {
            Ok(ModelEvent::Completed {
                blocks: Vec::new(),
                stop: StopReason::EndTurn,
                usage: Usage::default(),
            })
        };
        let again = || {
            Ok(ModelEvent::Retrying {
                error: UserError::new(ErrorCode::InferenceOverloaded),
                attempt: 2,
                wait_ms: 0,
            })
        };
        let refused = || Err(UserError::new(ErrorCode::InferenceAuth));
        let broken = || Err(UserError::new(ErrorCode::InferenceUnreachable));
        let answers = vec![
            again(),
            broken(),
            refused(),
            refused(),
            whole(),
            broken(),
            whole(),
            refused(),
        ];
        let times = answers.len();
        let (notes, mut noted) = Notes::new();
        let provider = SignIns::of(Arc::new(Scripted(Mutex::new(answers))), "gateway", notes);
        provider.models().await.expect("a list that says nothing");
        for _ in 0..times {
            let request = ModelRequest {
                model: String::new(),
                system: String::new(),
                messages: Vec::new(),
                tools: Vec::new(),
                max_tokens: 1,
                loaded: Loaded::default(),
            };
            provider.stream(request).collect::<Vec<_>>().await;
        }
        let mut found = Vec::new();
        while let Ok((_, by, what)) = noted.try_recv() {
            assert_eq!(by, Actor::Service);
            found.push(what.kind().name);
        }
        assert_eq!(found, ["signInFailed", "signInSucceeded", "signInFailed"]);
    }
}
