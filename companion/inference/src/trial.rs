//! A test of the connection: each step that a call goes through, apart and in its order, with its time and, for the one that
//! fails, what a person can do about it. The network is walked by the gate itself, as for every call; the rest asks the provider once.

mod network;
mod remedy;

use std::time::{Duration, Instant, SystemTime};

use deskhand_core::line::one_line;
use deskhand_egress::{Client, Gate, NamedBy, Origin};
use deskhand_protocol::UserError;
use deskhand_protocol::hello::ModelView;
use deskhand_protocol::provider::{ConnectionTest, StepResult, TestState, TestStep};
use time::OffsetDateTime;
use time::macros::format_description;
use tokio::time::timeout;

use crate::call::one_word;
use crate::connection::{Connection, LIST_WITHIN, Place, Shared, WORD_WITHIN};
use crate::credential::{Credential, Occasion};
use crate::fault::{Fault, FaultKind};
use crate::secret::Secret;

/// How long whoever gives out the credential may take: the settings give a program up to ten minutes.
const SIGN_IN_WITHIN: Duration = Duration::from_mins(11);
/// Shorter texts are no secrets, and their masks would only spoil words.
const SHORTEST_SECRET: usize = 4;

/// How far a test goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// To the first answer: the list of models or, where there is none, the word.
    Answer,
    /// To the end.
    Whole,
}

/// Where calls go, for the test that walks there.
#[derive(Debug)]
pub(crate) struct Door {
    client: Client,
    origin: Origin,
    named_by: NamedBy,
}

impl Door {
    /// The door to a place that the gate opens.
    pub(crate) fn to(place: &Place, gate: &Gate) -> Result<Self, Fault> {
        let destination = place.destination();
        let of_egress = |error| Fault::of_egress(&error);
        let origins = gate.origins(destination).map_err(Fault::of_egress)?;
        let none = || Fault::new(FaultKind::NotConfigured, "no address follows from the settings");
        Ok(Self {
            client: gate.client(destination).map_err(of_egress)?,
            origin: origins.first().cloned().ok_or_else(none)?,
            named_by: gate.way_out().map_err(of_egress)?.named_by,
        })
    }
}

impl Connection {
    /// Tests the connection, whatever models the settings name. `told` hears of each step as it ends; a later word about the same
    /// step takes its place. Every step has a deadline: all but the sign-in end within a minute and a half, which has as long as the
    /// settings give a program.
    pub async fn test(&self, extent: Extent, told: impl Fn(&StepResult) + Send + Sync) -> ConnectionTest {
        let mut trial = Trial {
            shared: &self.shared,
            told: &told,
            secrets: self.shared.secrets(),
            steps: Vec::new(),
        };
        let ended = trial.run(extent).await;
        trial.skip_the_rest(ended.err().unwrap_or(Ended::Answered));
        let mut steps = trial.steps;
        steps.sort_by_key(|result| result.step);
        ConnectionTest {
            passed: steps.iter().all(|result| result.state != TestState::Failed),
            provider: Some(self.shared.config.place.name().to_owned()),
            stopped: None,
            steps,
        }
    }
}

/// Why steps are not tried.
#[derive(Clone, Copy)]
enum Ended {
    Failed,
    Answered,
}

struct Trial<'a> {
    shared: &'a Shared,
    told: &'a (dyn Fn(&StepResult) + Send + Sync),
    /// What must never show.
    secrets: Vec<Secret>,
    steps: Vec<StepResult>,
}

impl Trial<'_> {
    async fn run(&mut self, extent: Extent) -> Result<(), Ended> {
        self.network().await?;
        let credential = self.sign_in().await?;
        let has_listed = self.list(&credential).await?;
        if extent == Extent::Answer && has_listed {
            return Err(Ended::Answered);
        }
        self.word(&credential).await
    }

    async fn sign_in(&mut self) -> Result<Credential, Ended> {
        let begun = Instant::now();
        let late = Fault::new(FaultKind::TimedOut, "no credential came");
        let given = timeout(SIGN_IN_WITHIN, self.shared.credential(Occasion::SetupTest)).await;
        let credential = match given.unwrap_or(Err(late)) {
            Ok(credential) => credential,
            Err(fault) => return Err(self.fail(TestStep::SignIn, begun.elapsed(), fault)),
        };
        self.secrets.extend(credential.secrets().cloned());
        if self.shared.config.signs_in() {
            let until = until(credential.ends_at);
            self.pass(
                TestStep::SignIn,
                begun.elapsed(),
                format!("There is a credential{until}."),
            );
        } else {
            let seen = "The settings name no credential: requests go without one.";
            self.not_needed(TestStep::SignIn, None, seen.to_owned());
        }
        Ok(credential)
    }

    /// Asks for the list of models, where there is one that may be asked for; whether it came.
    async fn list(&mut self, credential: &Credential) -> Result<bool, Ended> {
        let config = &self.shared.config;
        let none = if !self.shared.backend.has_list() {
            Some(format!(
                "{} has no list of models that is asked here.",
                self.who()
            ))
        } else if config.discovery == Some(false) {
            Some(
                "The settings do not let it be asked for (`modelDiscoveryEnabled`, `inferenceModels`)."
                    .to_owned(),
            )
        } else {
            None
        };
        if let Some(seen) = none {
            self.not_needed(TestStep::Models, None, seen);
            return Ok(false);
        }
        let begun = Instant::now();
        let late = Fault::new(FaultKind::TimedOut, "the list of models did not come");
        let listed = timeout(LIST_WITHIN, self.shared.backend.discover(credential)).await;
        let took = begun.elapsed();
        match listed.unwrap_or(Err(late)) {
            Ok(models) => {
                self.listed(took, models);
                Ok(true)
            }
            Err(fault) if is_of_the_sign_in(&fault) => Err(self.fail(TestStep::SignIn, took, fault)),
            // Calls do not need it.
            Err(fault) if !config.models.is_empty() && config.discovery != Some(true) => {
                let why = sentence(&self.shared.told(fault));
                let seen = format!("{why} It is not needed: the settings name the models.");
                self.not_needed(TestStep::Models, Some(took), seen);
                Ok(false)
            }
            Err(fault) => Err(self.fail(TestStep::Models, took, fault)),
        }
    }

    fn listed(&mut self, took: Duration, models: Vec<ModelView>) {
        let seen = match models.len() {
            0 => format!("{} lists no model that can be used here.", self.who()),
            1 => format!("{} lists 1 model.", self.who()),
            count => format!("{} lists {count} models.", self.who()),
        };
        self.pass(TestStep::Models, took, seen);
        if !models.is_empty() {
            self.taken();
        }
        self.shared.learned(models);
    }

    /// Asks the default model for one token.
    async fn word(&mut self, credential: &Credential) -> Result<(), Ended> {
        let begun = Instant::now();
        let late = Fault::new(FaultKind::TimedOut, "no answer came");
        let asked = async {
            let model = self.shared.default_model().await?;
            let usage = one_word(self.shared, credential, &model).await?;
            Ok((model, usage))
        };
        let answered = timeout(WORD_WITHIN, asked).await.unwrap_or(Err(late));
        match answered {
            Ok((model, usage)) => {
                let read = usage.input + usage.cache_read + usage.cache_write;
                let seen = format!("{model} answered: tokens read {read}, written {}.", usage.output);
                self.pass(TestStep::Word, begun.elapsed(), seen);
                self.taken();
                Ok(())
            }
            Err(fault) if is_of_the_sign_in(&fault) => {
                Err(self.fail(TestStep::SignIn, begun.elapsed(), fault))
            }
            Err(fault) => Err(self.fail(TestStep::Word, begun.elapsed(), fault)),
        }
    }

    /// The provider has answered what it answers nobody without a credential.
    fn taken(&mut self) {
        let sign_in = self.steps.iter().find(|result| result.step == TestStep::SignIn);
        if let Some(sign_in) = sign_in
            .filter(|result| result.state == TestState::Passed)
            .cloned()
        {
            let seen = format!("{} takes the credential.", self.who());
            if sign_in.seen != seen {
                self.tell(StepResult { seen, ..sign_in });
            }
        }
    }

    /// Who answers, at the beginning of a sentence.
    fn who(&self) -> String {
        beginning(self.shared.config.place.who())
    }

    fn pass(&mut self, step: TestStep, took: Duration, seen: String) {
        self.tell(result(step, TestState::Passed, Some(took), seen));
    }

    fn not_needed(&mut self, step: TestStep, took: Option<Duration>, seen: String) {
        self.tell(result(step, TestState::NotNeeded, took, seen));
    }

    fn fail(&mut self, step: TestStep, took: Duration, fault: Fault) -> Ended {
        let remedy = remedy::of(step, &fault, &self.shared.config);
        self.fail_with(step, took, &self.shared.told(fault), remedy, None)
    }

    /// `more` is a sentence about what else was seen.
    fn fail_with(
        &mut self,
        step: TestStep,
        took: Duration,
        error: &UserError,
        remedy: String,
        more: Option<String>,
    ) -> Ended {
        let more = more.map(|more| format!(" {more}")).unwrap_or_default();
        let seen = format!("{}{more}", sentence(error));
        self.tell(StepResult {
            code: Some(error.code),
            remedy: Some(remedy),
            ..result(step, TestState::Failed, Some(took), seen)
        });
        // A step that passed and was taken back leaves none behind it.
        self.steps.retain(|result| result.step <= step);
        Ended::Failed
    }

    fn skip_the_rest(&mut self, why: Ended) {
        let seen = match why {
            Ended::Failed => "A step before it failed.",
            Ended::Answered => "The list of models is answer enough here.",
        };
        for step in TestStep::ALL {
            if !self.has(step) {
                self.tell(StepResult::skipped(step, seen));
            }
        }
    }

    fn has(&self, step: TestStep) -> bool {
        self.steps.iter().any(|result| result.step == step)
    }

    fn tell(&mut self, mut result: StepResult) {
        result.seen = one_line(&result.seen);
        for secret in self.secrets.iter().map(Secret::expose) {
            if secret.len() >= SHORTEST_SECRET {
                result.seen = result.seen.replace(secret, "…");
            }
        }
        (self.told)(&result);
        self.steps.retain(|before| before.step != result.step);
        self.steps.push(result);
    }
}

fn result(step: TestStep, state: TestState, took: Option<Duration>, seen: String) -> StepResult {
    StepResult {
        step,
        state,
        milliseconds: took.map(|took| u32::try_from(took.as_millis()).unwrap_or(u32::MAX)),
        seen,
        code: None,
        remedy: None,
    }
}

/// Whether the provider refuses the credential itself, and not what somebody may do with it.
fn is_of_the_sign_in(fault: &Fault) -> bool {
    fault.is_about_credential || fault.kind == FaultKind::Auth && fault.happened.is_none()
}

/// What happened, with its detail.
fn sentence(error: &UserError) -> String {
    match &error.detail {
        Some(detail) => format!("{} ({detail})", error.happened),
        None => error.happened.clone(),
    }
}

fn until(ends_at: Option<SystemTime>) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
    let told = ends_at.and_then(|end| OffsetDateTime::from(end).format(format).ok());
    told.map(|end| format!(", which ends at {end}"))
        .unwrap_or_default()
}

/// A sentence begins with a capital letter.
fn beginning(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}
