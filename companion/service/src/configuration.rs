//! The configuration window's methods: every setting as the sources have it now, a draft of the user's own values, and
//! settings in and out of files. What a value means and whether it is one is the policy crate's alone.

mod draft;
mod files;
mod shown;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use deskhand_egress::Gate;
use deskhand_inference::Gateway;
use deskhand_platform::{Paths, Secret, SecretStore, SecretStoreKind};
use deskhand_policy::{EditError, Policy, Reading};
use deskhand_protocol::configuration::{
    ApplyDraftParams, CheckAnswer, ConfigurationAnswer, ConnectionTried, DraftParams, ExportSettingsParams,
    SettingProblem, SettingsFile,
};
use deskhand_protocol::{ErrorCode, Method, UserError};
use deskhand_storage::BlobHash;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use crate::bootstrap::{Bootstrap, Layer, Plan};
use crate::clock::now;
use crate::reload::Watched;
use crate::serve::{ServeOptions, gate_values};
use crate::settings::{Settings, gateway, secret_reading, user_file};
use crate::wire::{give, read};
use draft::{Draft, Edit};
use files::Exported;

pub(crate) use files::set_ones;

/// The settings of this user, for the window that shows and changes them.
pub(crate) struct Configuration {
    paths: Paths,
    store: Arc<SecretStore>,
    /// What the service runs under.
    in_force: Policy,
    gate: Gate,
    office_script: Option<PathBuf>,
    /// The user's secrets as they are in the store now.
    secrets: RwLock<Reading>,
    /// Who keeps the settings that an address hands out.
    bootstrap: Option<Arc<Bootstrap>>,
    writing: Mutex<()>,
}

/// What the sources say now.
struct Sources {
    watched: Watched,
    secrets: Reading,
    bootstrap: Layer,
    policy: Box<Policy>,
}

impl Configuration {
    pub(crate) fn new(
        paths: &Paths,
        store: &Arc<SecretStore>,
        settings: &Settings,
        gate: &Gate,
        options: &ServeOptions,
        bootstrap: Option<Arc<Bootstrap>>,
    ) -> Self {
        Self {
            paths: paths.clone(),
            store: Arc::clone(store),
            in_force: settings.policy.clone(),
            gate: gate.clone(),
            office_script: options.office_script.clone(),
            secrets: RwLock::new(settings.secrets.clone()),
            bootstrap,
            writing: Mutex::new(()),
        }
    }

    /// Where secrets lie.
    pub(crate) fn secret_store(&self) -> SecretStoreKind {
        self.store.kind()
    }

    /// The user's secrets as a source.
    pub(crate) fn secrets(&self) -> Reading {
        self.secrets
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Who keeps the settings that an address hands out, where there is one.
    pub(crate) fn bootstrap(&self) -> Option<&Arc<Bootstrap>> {
        self.bootstrap.as_ref()
    }

    /// These settings, as a source.
    pub(crate) fn layer(&self) -> Layer {
        self.bootstrap
            .as_ref()
            .map(|bootstrap| bootstrap.layer())
            .unwrap_or_default()
    }

    /// Does what the window asks for. The server has checked that it is the window or the terminal that asks.
    pub(crate) async fn call(&self, method: Method, params: Value) -> Result<Value, UserError> {
        match method {
            Method::ConfigurationGet => give(self.shown()),
            Method::ConfigurationCheck => give(self.check(&read(params)?)),
            Method::ConfigurationApply => give(self.apply(read(params)?).await?),
            Method::ConfigurationTryConnection => give(self.try_connection(&read(params)?).await?),
            Method::ConfigurationExport => give(self.export(&read(params)?)?.into_file()),
            Method::ConfigurationSave => {
                let file = self.export(&read(params)?)?;
                let saved = spawn_blocking(move || files::save(&file, &files::downloads()?));
                give(
                    saved
                        .await
                        .map_err(|error| UserError::new(ErrorCode::Internal).detail(error))??,
                )
            }
            Method::ConfigurationImport => give(files::import(
                &read::<SettingsFile>(params)?,
                &self.sources().policy,
            )?),
            _ => Err(UserError::new(ErrorCode::BadRequest).detail(method.name())),
        }
    }

    /// The file of a form under a draft.
    fn export(&self, params: &ExportSettingsParams) -> Result<Exported, UserError> {
        let draft = Draft::new(&self.sources(), &params.changes);
        files::export(&params.format, &draft.policy, &self.gate(&draft.policy))
    }

    fn sources(&self) -> Sources {
        let (watched, secrets) = (Watched::read(&self.paths), self.secrets());
        let bootstrap = self.layer();
        let policy = bootstrap.resolve(&watched.managed, &[watched.user.clone(), secrets.clone()]);
        Sources {
            bootstrap,
            watched,
            secrets,
            policy: Box::new(policy),
        }
    }

    fn gate(&self, policy: &Policy) -> Gate {
        let values = gate_values(policy, self.office_script.as_ref());
        let gate = self
            .gate
            .under(|key| values.get(key).cloned().unwrap_or_default());
        if Plan::awaits(policy, &self.layer()) {
            gate.before_settings()
        } else {
            gate
        }
    }

    fn shown(&self) -> ConfigurationAnswer {
        self.answer(&self.sources())
    }

    fn answer(&self, sources: &Sources) -> ConfigurationAnswer {
        ConfigurationAnswer {
            version: version(&sources.watched.user),
            read_at: now(),
            managed: sources.policy.managed,
            waiting: *sources.policy != self.in_force,
            organisation: crate::view::organisation(&sources.policy),
            sources: shown::sources(sources, &user_file(&self.paths).place()),
            pages: shown::pages(sources),
            problems: shown::problems(&sources.policy),
            egress: shown::egress(&self.gate(&sources.policy)),
            exports: files::exports(),
        }
    }

    fn check(&self, params: &DraftParams) -> CheckAnswer {
        let draft = Draft::new(&self.sources(), &params.changes);
        let mut problems = draft.refused();
        problems.extend(shown::problems(&draft.policy));
        CheckAnswer {
            problems,
            changes: shown::changes(&self.in_force, &draft.policy),
            egress: shown::egress(&self.gate(&draft.policy)),
            at_once: crate::reload::presses(&self.in_force, &draft.policy),
        }
    }

    /// Writes a draft: the secrets into the secret store, the rest into the user's file. All or none.
    async fn apply(&self, params: ApplyDraftParams) -> Result<ConfigurationAnswer, UserError> {
        let _alone = self.writing.lock().await;
        let sources = self.sources();
        if version(&sources.watched.user) != params.version {
            return Err(UserError::new(ErrorCode::SettingsStale));
        }
        let draft = Draft::new(&sources, &params.changes);
        if let Some(refusal) = draft.refusal() {
            return Err(refusal);
        }
        let (file, store) = (user_file(&self.paths), Arc::clone(&self.store));
        let written = spawn_blocking(move || {
            let before = secret_reading(&store);
            let kept = keep(&store, &draft.secret_edits).and_then(|()| {
                file.set(&sources.policy, &draft.edits)
                    .map_err(|error| unwritten(&error))
            });
            if kept.is_err() {
                put_back(&store, before.as_ref().ok(), &draft.secret_edits);
            }
            kept.and_then(|()| secret_reading(&store).map_err(|error| out_of_reach(&error)))
        });
        let secrets = written
            .await
            .map_err(|error| UserError::new(ErrorCode::Internal).detail(error))??;
        *self.secrets.write().unwrap_or_else(PoisonError::into_inner) = secrets;
        Ok(self.shown())
    }

    /// Asks the gateway that the draft names, with the key that the draft or the secret store has.
    async fn try_connection(&self, params: &DraftParams) -> Result<ConnectionTried, UserError> {
        let draft = Draft::new(&self.sources(), &params.changes);
        if let Some(refusal) = draft.refusal() {
            return Err(refusal);
        }
        let config = gateway(&draft.policy);
        let config = config.ok_or_else(|| UserError::new(ErrorCode::InferenceNotConfigured))?;
        let gateway = Gateway::new(config, &self.gate(&draft.policy))?;
        let begun = Instant::now();
        let models = gateway.try_out().await?;
        Ok(ConnectionTried {
            models: u32::try_from(models.len()).unwrap_or(u32::MAX),
            milliseconds: u32::try_from(begun.elapsed().as_millis()).unwrap_or(u32::MAX),
        })
    }
}

/// The state of the user's file, told without its values.
fn version(user: &Reading) -> String {
    let (state, content) = match user {
        Reading::Absent => ("absent", Vec::new()),
        Reading::Unusable(_, reason) => ("unusable", reason.clone().into_bytes()),
        Reading::Present(values) => ("present", serde_json::to_vec(&values.entries).unwrap_or_default()),
    };
    format!("{state}-{}", BlobHash::of(&content))
}

fn keep(store: &SecretStore, edits: &[Edit]) -> Result<(), UserError> {
    for (name, value) in edits {
        let done = match value.as_ref().and_then(Value::as_str) {
            Some(text) => store.set(name, &Secret::new(text.as_bytes().to_vec())),
            None => store.delete(name),
        };
        done.map_err(|error| out_of_reach(&error))?;
    }
    Ok(())
}

/// Puts secrets back as they were. Where that fails too, the store is out of reach, and the next start says so.
fn put_back(store: &SecretStore, before: Option<&Reading>, edits: &[Edit]) {
    let Some(before) = before else { return };
    let was = |name: &String| match before {
        Reading::Present(values) => values.entries.get(name).and_then(|said| said.clone().ok()),
        Reading::Absent | Reading::Unusable(..) => None,
    };
    let back: Vec<Edit> = edits.iter().map(|(name, _)| (name.clone(), was(name))).collect();
    if let Err(error) = keep(store, &back) {
        tracing::error!("a secret could not be put back: {error}");
    }
}

fn out_of_reach(error: &impl std::fmt::Display) -> UserError {
    UserError::new(ErrorCode::SecretStore).detail(error)
}

fn unwritten(error: &EditError) -> UserError {
    let code = match error {
        EditError::Locked { .. } => ErrorCode::SettingLocked,
        EditError::Unusable(_) | EditError::Io(_) => ErrorCode::SettingsUnusable,
        _ => ErrorCode::SettingRefused,
    };
    UserError::new(code).detail(error)
}

/// The error that a draft with this problem gets.
fn refused(code: ErrorCode, problem: &SettingProblem) -> UserError {
    UserError::new(code).detail(format!("{}: {}", problem.key, problem.sentence))
}
