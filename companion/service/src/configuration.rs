//! The configuration window's methods: every setting as the sources have it now, a draft of the user's own values, and
//! settings in and out of files. What a value means and whether it is one is the policy crate's alone.

mod draft;
mod files;
mod shown;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use deskhand_egress::Gate;
use deskhand_inference::Extent;
use deskhand_platform::{Paths, SecretError, SecretStore, SecretStoreKind};
use deskhand_policy::{EditError, FileTurn, KeptSecrets, Policy, Reading, Store as _, UserFile};
use deskhand_protocol::configuration::{
    ApplyDraftParams, CheckAnswer, ConfigurationAnswer, DraftParams, ExportSettingsParams, SettingProblem,
    SettingsFile,
};
use deskhand_protocol::provider::{ConnectionTest, StepResult};
use deskhand_protocol::session::EarlierSessions;
use deskhand_protocol::{ErrorCode, Method, UserError};
use deskhand_storage::BlobHash;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use crate::bootstrap::{Bootstrap, Layer, Plan, millis};
use crate::clock::now;
use crate::history;
use crate::kept::{self, SecretEdit};
use crate::provider::Keeper;
use crate::reload::Watched;
use crate::serve::{ServeOptions, gate_values};
use crate::settings::{Settings, stopped, user_file};
use crate::sign_in;
use crate::trial;
use crate::wire::{give, read};
use draft::Draft;
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
    kept: Arc<RwLock<KeptSecrets>>,
    /// The stamp of the user's file when they were read.
    stamp: Arc<AtomicU64>,
    /// They are being read anew.
    reading: Arc<AtomicBool>,
    /// Held from the first word of an edit until everything tells of it.
    writing: Arc<Mutex<()>>,
    /// Who keeps the settings that an address hands out.
    bootstrap: Option<Arc<Bootstrap>>,
}

/// What the sources say now.
struct Sources {
    watched: Watched,
    kept: KeptSecrets,
    bootstrap: Layer,
    policy: Box<Policy>,
}

impl Sources {
    fn new(watched: Watched, kept: KeptSecrets, bootstrap: Layer) -> Self {
        let policy = Box::new(watched.policy(&kept, &bootstrap));
        Self {
            watched,
            kept,
            bootstrap,
            policy,
        }
    }
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
            kept: Arc::new(RwLock::new(settings.kept.clone())),
            stamp: Arc::new(AtomicU64::new(settings.watched.stamp)),
            reading: Arc::default(),
            writing: Arc::default(),
            bootstrap,
        }
    }

    /// Where secrets lie.
    pub(crate) fn secret_store(&self) -> SecretStoreKind {
        self.store.kind()
    }

    /// The sources as they are now. While an edit of the window is under way, or secrets that another program set are read, the
    /// user's are those that the service runs under: never a file with the secrets of the one before. The organisation's wait
    /// for nobody: not for the lock of the user's file, which any program of the user can hold, and not for the secret store.
    pub(crate) fn read(&self, settings: &Settings) -> (Watched, KeptSecrets) {
        let between = self.writing.try_lock();
        let watched = Watched::read(&self.paths);
        let known = watched.stamp == self.stamp.load(Ordering::Acquire);
        if between.is_ok() && known {
            return (watched, self.kept());
        }
        if between.is_ok() {
            self.begin_reading_secrets(watched.stamp);
        }
        let user = settings.watched.user.clone();
        (Watched { user, ..watched }, settings.kept.clone())
    }

    /// Keeps what the person chose for sessions from before the deployment had its name.
    pub(crate) fn choose_history(&self, choice: EarlierSessions) -> Result<(), UserError> {
        let refused = |why: String| UserError::new(ErrorCode::BadRequest).detail(why);
        let deployment = self.in_force.source.deployment_organization_uuid.value.as_ref();
        let deployment = deployment
            .ok_or_else(|| refused("no deployment is named".to_owned()))?
            .0;
        if !history::is_there(&self.paths) {
            return Err(refused(
                "there are no sessions from before this deployment".to_owned(),
            ));
        }
        history::choose(&self.paths, deployment, choice).map_err(|error| refused(format!("{error:#}")))
    }

    /// Forgets who signed in for the model, where nothing says any longer with whom. Gives whether there was somebody.
    pub(crate) fn forget_sign_in(&self) -> Result<bool, UserError> {
        let forgotten = sign_in::forget(&self.paths);
        forgotten.map_err(|error| UserError::new(ErrorCode::InferenceSignIn).detail(error))
    }

    /// Takes in secrets that another program set, once it is done, beside everything else. They are read once for each stamp: a
    /// store that cannot be read now would be asked without end.
    fn begin_reading_secrets(&self, stamp: u64) {
        if self.reading.swap(true, Ordering::AcqRel) {
            return;
        }
        let (paths, store, kept) = (
            self.paths.clone(),
            Arc::clone(&self.store),
            Arc::clone(&self.kept),
        );
        let (known, reading) = (Arc::clone(&self.stamp), Arc::clone(&self.reading));
        spawn_blocking(move || {
            let file = user_file(&paths);
            let read = || {
                let _turn = file.turn()?;
                anyhow::Ok(kept::read(&store, &file.read())?)
            };
            match read() {
                Ok(secrets) => *kept.write().unwrap_or_else(PoisonError::into_inner) = secrets,
                Err(error) => {
                    tracing::warn!(%error, "secrets that were changed are used from the next start on");
                }
            }
            known.store(stamp, Ordering::Release);
            reading.store(false, Ordering::Release);
        });
    }

    /// Waits until nothing is under way that must not be cut: an edit, an exchange for settings that an address hands out.
    pub(crate) async fn settled(&self) {
        drop(self.writing.lock().await);
        if let Some(bootstrap) = &self.bootstrap {
            bootstrap.settled().await;
        }
    }

    fn kept(&self) -> KeptSecrets {
        self.kept.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Who keeps the settings that an address hands out, where there is one.
    pub(crate) fn bootstrap(&self) -> Option<&Arc<Bootstrap>> {
        self.bootstrap.as_ref()
    }

    /// Whether a sign-in for settings that an address hands out is under way.
    pub(crate) fn is_signing_in(&self) -> bool {
        let bootstrap = self.bootstrap.as_ref();
        bootstrap.is_some_and(|bootstrap| bootstrap.is_signing_in())
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
            Method::ConfigurationExport => give(self.export(&read(params)?)?.into_answer()),
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
        Sources::new(Watched::read(&self.paths), self.kept(), self.layer())
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
        let (paths, store) = (self.paths.clone(), Arc::clone(&self.store));
        let (kept, alone) = (
            Arc::clone(&self.kept),
            Arc::clone(&self.writing).lock_owned().await,
        );
        // Goes on to its end also where nobody waits for the answer any more.
        let written = spawn_blocking(move || {
            let _alone = alone;
            let secrets = set(&paths, &store, &params.changes, Some(params.version.as_str()))?;
            *kept.write().unwrap_or_else(PoisonError::into_inner) = secrets;
            Ok::<_, UserError>(())
        });
        written
            .await
            .map_err(|error| UserError::new(ErrorCode::Internal).detail(error))??;
        Ok(self.shown())
    }

    /// Tests the connection to the provider that the draft names, with the key that the draft or the secret store has.
    pub(crate) async fn test_connection(
        &self,
        params: &DraftParams,
        told: impl Fn(&StepResult) + Send + Sync,
    ) -> Result<ConnectionTest, UserError> {
        let draft = Draft::new(&self.sources(), &params.changes);
        if let Some(refusal) = draft.refusal() {
            return Err(refusal);
        }
        let (stopped, gate) = (stopped(&draft.policy), self.gate(&draft.policy));
        let keeper = Keeper(&self.paths, &self.store);
        Ok(trial::test(stopped, &draft.policy, &gate, keeper, Extent::Whole, told).await)
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

/// Changes the user's own settings, all or none, in one turn of all programs: of the file, and of the secrets that belong to
/// it. Refused where the file is not in the state that `version` tells any more. Gives the secrets that there are then.
pub(crate) fn set(
    paths: &Paths,
    store: &SecretStore,
    changes: &BTreeMap<String, Value>,
    version: Option<&str>,
) -> Result<KeptSecrets, UserError> {
    let file = user_file(paths);
    let turn = file.turn().map_err(|error| unwritten(&error.into()))?;
    let watched = Watched::read(paths);
    if version.is_some_and(|version| version != self::version(&watched.user)) {
        return Err(UserError::new(ErrorCode::SettingsStale));
    }
    if let Reading::Unusable(_, reason) = &watched.user {
        return Err(unwritten(&EditError::Unusable(reason.clone())));
    }
    let before = kept::read(store, &watched.user).map_err(|error| out_of_reach(&error))?;
    let bootstrap = Layer::kept(paths, store, watched.layers(&before), millis());
    let bootstrap = bootstrap.map_err(|error| UserError::new(ErrorCode::SecretStore).detail(error))?;
    let sources = Sources::new(watched, before, bootstrap);
    let draft = Draft::new(&sources, changes);
    if let Some(refusal) = draft.refusal() {
        return Err(refusal);
    }
    if !draft.secret_edits.is_empty() {
        file.change_stamp(&turn)
            .map_err(|error| unwritten(&error.into()))?;
    }
    if let Err(error) = write(&file, &turn, store, &sources, &draft) {
        put_back(store, &sources.kept, &draft.secret_edits);
        return Err(error);
    }
    let gone = kept::left_behind(&sources.watched.user, &draft.user);
    if let Err(error) = kept::write(store, &gone) {
        tracing::warn!("a secret that is not used any more is still in the secret store: {error}");
    }
    kept::read(store, &draft.user).map_err(|error| out_of_reach(&error))
}

/// The secrets first: one whose address is not there yet is sent nowhere.
fn write(
    file: &UserFile,
    turn: &FileTurn,
    store: &SecretStore,
    sources: &Sources,
    draft: &Draft,
) -> Result<(), UserError> {
    kept::write(store, &draft.secret_edits).map_err(|error| out_of_reach(&error))?;
    if draft.edits.is_empty() {
        return Ok(());
    }
    file.set(turn, &sources.policy, &draft.edits)
        .map_err(|error| unwritten(&error))
}

/// Puts secrets back as they were. Where that fails too, the store is out of reach, and the next start says so.
fn put_back(store: &SecretStore, before: &KeptSecrets, edits: &[SecretEdit]) {
    let was = |(name, _): &SecretEdit| (name.clone(), before.0.get(name).cloned());
    let back: Vec<SecretEdit> = edits.iter().map(was).collect();
    if let Err(error) = kept::write(store, &back) {
        tracing::error!("a secret could not be put back: {error}");
    }
}

fn out_of_reach(error: &SecretError) -> UserError {
    let code = match error {
        SecretError::TooLong { .. } => ErrorCode::SettingRefused,
        _ => ErrorCode::SecretStore,
    };
    UserError::new(code).detail(error)
}

fn unwritten(error: &EditError) -> UserError {
    let code = match error {
        EditError::Locked { .. } => ErrorCode::SettingLocked,
        EditError::Unusable(_) | EditError::TooLarge | EditError::Io(_) => ErrorCode::SettingsUnusable,
        _ => ErrorCode::SettingRefused,
    };
    UserError::new(code).detail(error)
}

/// The error that a draft with this problem gets.
fn refused(code: ErrorCode, problem: &SettingProblem) -> UserError {
    UserError::new(code).detail(format!("{}: {}", problem.key, problem.sentence))
}
