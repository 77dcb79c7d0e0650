//! The machines of all sessions: each gets one when it first runs something, and it ends when nothing has run in it for a while.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use deskhand_core::ports::Journal;
use deskhand_egress::{Destination, Door, Gate};
use deskhand_protocol::hello::SandboxState;
use deskhand_protocol::sandbox::{MachineEnd, SandboxTier};
use deskhand_protocol::{CallId, SessionId};
use deskhand_vm_host::{SandboxError, Settings, Step, Store, Workshop, neither, stand_in};
use tokio::sync::{Mutex as Exclusive, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use crate::commands::Commands;
use crate::fault;
use crate::machine::{Cut, From, Machine};
use crate::read_only::ReadOnly;
use crate::room;
use crate::sights::{Budget, Sights};
use crate::surroundings::Surroundings;
use crate::terms::{Terms, USER};

/// How long a machine stays in which nothing runs, and one that waits for a session.
const IDLE: Duration = Duration::from_mins(10);
/// After how long a machine is tried again where a process sandbox stands in: a try that fails may take minutes.
const AGAIN: Duration = Duration::from_mins(10);
/// How often it is looked.
const LOOKS: Duration = Duration::from_secs(30);
/// How long the end of the service waits for each machine.
const GOODBYE: Duration = Duration::from_secs(3);
/// Machines at once, however much memory there is.
const MOST: usize = 8;
/// Of these, machines that are made for one call.
const ALONE: usize = 2;

/// All of them. Cheap to clone; they end with the last one.
#[derive(Clone, Debug)]
pub struct Machines {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    settings: Mutex<Settings>,
    state_key: [u8; 32],
    gate: Gate,
    pub(crate) terms: Terms,
    pub(crate) surroundings: Arc<dyn Surroundings>,
    pub(crate) journal: Arc<dyn Journal>,
    workshop: Exclusive<Option<Arc<Workshop>>>,
    places: Mutex<BTreeMap<SessionId, Arc<Exclusive<Option<Machine>>>>>,
    /// What of each session is written down still.
    budgets: Mutex<BTreeMap<SessionId, Arc<Budget>>>,
    /// What ends the serving of folders, by session.
    pub(crate) cuts: Mutex<BTreeMap<SessionId, Vec<Cut>>>,
    /// The commands that run, by session.
    commands: Mutex<BTreeMap<SessionId, Arc<Commands>>>,
    /// Sessions in which nothing may be changed now.
    pub(crate) read_only: ReadOnly,
    /// Turns of machines that are made for one call.
    alone: Arc<Semaphore>,
    /// Whether the last machine that was asked for did not begin.
    unavailable: AtomicBool,
    /// When a process sandbox began to stand in, and why no machine could be had.
    no_machine: Mutex<Option<(Instant, SandboxError)>>,
    /// When a machine was last asked for.
    asked: Mutex<Option<Instant>>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = out.debug_struct("Machines");
        shown
            .field("settings", &self.settings)
            .field("terms", &self.terms)
            .finish_non_exhaustive()
    }
}

/// A session's place for a machine, held by who uses it.
pub(crate) type Place = OwnedMutexGuard<Option<Machine>>;

impl Machines {
    /// None yet; nothing is started before it is asked for. Kept states are sealed with the key. Needs a runtime of Tokio.
    pub fn new(
        (settings, state_key): (Settings, [u8; 32]),
        gate: &Gate,
        terms: Terms,
        surroundings: Arc<dyn Surroundings>,
        journal: Arc<dyn Journal>,
    ) -> Self {
        let inner = Arc::new(Inner {
            settings: Mutex::new(settings),
            state_key,
            gate: gate.clone(),
            terms,
            surroundings,
            journal,
            workshop: Exclusive::default(),
            places: Mutex::default(),
            budgets: Mutex::default(),
            cuts: Mutex::default(),
            commands: Mutex::default(),
            read_only: ReadOnly::default(),
            alone: Arc::new(Semaphore::new(ALONE)),
            unavailable: AtomicBool::new(false),
            no_machine: Mutex::default(),
            asked: Mutex::default(),
        });
        tokio::spawn(keep_house(Arc::downgrade(&inner)));
        Self { inner }
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }

    /// The place of a session, alone.
    pub(crate) async fn place(&self, session: &SessionId) -> Place {
        self.inner.place_of(session).lock_owned().await
    }

    /// A session's machine: the one that runs, or a new one.
    pub(crate) async fn machine<'a>(
        &self,
        session: &SessionId,
        place: &'a mut Place,
    ) -> Result<&'a mut Machine, SandboxError> {
        if place.as_mut().is_some_and(Machine::has_ended)
            && let Some(machine) = place.take()
        {
            self.inner.finish(session, machine, MachineEnd::Failed).await;
        }
        if place.is_none() {
            let begun = self.inner.begin(session).await;
            let (state, fault) = match &begun {
                Ok(machine) => (state_of(machine.tier()), None),
                Err(error) => (SandboxState::Unavailable, Some(fault::of_status(error))),
            };
            self.inner.unavailable.store(begun.is_err(), Ordering::SeqCst);
            self.inner.surroundings.state(state, fault);
            **place = Some(begun?);
        }
        let gone = || SandboxError::new(Step::Session, "there is no machine", "run the command again");
        place.as_mut().ok_or_else(gone)
    }

    /// From now on machines start as these settings say, from the image that is there now. Those that run go on.
    pub async fn renew(&self, settings: Settings) {
        let mut workshop = self.inner.workshop.lock().await;
        *lock(&self.inner.settings) = settings;
        lock(&self.inner.no_machine).take();
        if let Some(workshop) = workshop.take() {
            workshop.let_go().await;
        }
        // What was said of an image that was not there is over.
        if self.inner.unavailable.swap(false, Ordering::SeqCst) {
            self.inner.surroundings.state(SandboxState::NotNeeded, None);
        }
    }

    /// A machine for one call: without a folder, without a network, and not the session's. It ends with its value.
    /// Few run at once; the others wait for their turn, which ends with the second value.
    pub(crate) async fn alone(
        &self,
        session: &SessionId,
        call: &CallId,
    ) -> Result<(Machine, OwnedSemaphorePermit), SandboxError> {
        let turn = Arc::clone(&self.inner.alone).acquire_owned().await;
        let turn = turn
            .map_err(|error| SandboxError::new(Step::Start, error.to_string(), "start the service again"))?;
        let machine = self.inner.begin_with(session, None).await?;
        machine.sights().during(Some(call.clone()));
        Ok((machine, turn))
    }

    /// Ends a session's machine: the session was deleted, or another is to begin.
    pub async fn forget(&self, session: &SessionId) {
        lock(&self.inner.budgets).remove(session);
        lock(&self.inner.cuts).remove(session);
        self.inner.read_only.forget(session);
        lock(&self.inner.commands).remove(session);
        let place = self.inner.places().remove(session);
        if let Some(place) = place
            && let Some(machine) = place.lock().await.take()
        {
            // Its session's journal is gone: there is nothing to tell.
            machine.end(MachineEnd::Over);
        }
    }

    /// Ends all of them, and waits until what was seen of them is written down.
    pub async fn end(&self) {
        let places = std::mem::take(&mut *self.inner.places());
        for (session, place) in places {
            // A command that runs ends with its machine, which ends with the service: what it had changed is told by the next.
            let Ok(mut place) = timeout(GOODBYE, place.lock()).await else {
                continue;
            };
            if let Some(machine) = place.take() {
                let finishing = self.inner.finish(&session, machine, MachineEnd::Over);
                timeout(GOODBYE, finishing).await.ok();
            }
        }
        if let Some(workshop) = self.inner.workshop.lock().await.take() {
            workshop.let_go().await;
        }
    }
}

/// The tier as the state of the service.
fn state_of(tier: SandboxTier) -> SandboxState {
    match tier {
        SandboxTier::Vm => SandboxState::Vm,
        SandboxTier::VmEmulated => SandboxState::VmEmulated,
        SandboxTier::Processes => SandboxState::Processes,
    }
}

impl Inner {
    /// The place of a session.
    pub(crate) fn place_of(&self, session: &SessionId) -> Arc<Exclusive<Option<Machine>>> {
        Arc::clone(self.places().entry(session.clone()).or_default())
    }

    /// The hosts that commands may reach, as policy lists them.
    pub(crate) fn hosts(&self) -> Vec<String> {
        if self.gate.sandbox().is_err() {
            return Vec::new();
        }
        let id = Destination::Sandbox.row().id;
        let list = self.gate.egress_list().into_iter();
        list.filter(|entry| entry.destination == id)
            .map(|entry| entry.target.to_string())
            .collect()
    }

    /// Whether the image has LibreOffice.
    pub(crate) fn has_office(&self) -> bool {
        let images = lock(&self.settings).images.clone();
        Store::new(images).current().is_ok_and(|image| image.has_office())
    }

    /// A machine for the commands of a session, or what stands in for it.
    async fn begin(self: &Arc<Self>, session: &SessionId) -> Result<Machine, SandboxError> {
        *lock(&self.asked) = Some(Instant::now());
        self.make_room().await?;
        // A gate that is closed for the sandbox is a machine without a network.
        let door = || self.gate.sandbox().ok();
        let before = lock(&self.no_machine).clone();
        let failed = if let Some((_, error)) = before.filter(|(at, _)| at.elapsed() < AGAIN) {
            error
        } else {
            match self.begin_machine(session, door()).await {
                Ok(machine) => return Ok(machine),
                Err(error) => error,
            }
        };
        // Gives the failure back where policy does not allow a stand-in.
        let processes = stand_in(&self.settings(), USER, failed.clone())?;
        let begun = self
            .begin_from(From::Processes(&processes), session, door())
            .await;
        let machine = begun.map_err(|second| neither(&failed, &second))?;
        tracing::warn!(error = %failed, "no virtual machine can be had; a process sandbox stands in, as policy allows");
        let mut before = lock(&self.no_machine);
        if before.as_ref().is_none_or(|(at, _)| at.elapsed() >= AGAIN) {
            *before = Some((Instant::now(), failed));
        }
        drop(before);
        Ok(machine)
    }

    /// A machine and nothing in its place: what runs in it needs the image.
    async fn begin_with(
        self: &Arc<Self>,
        session: &SessionId,
        door: Option<Door>,
    ) -> Result<Machine, SandboxError> {
        *lock(&self.asked) = Some(Instant::now());
        self.make_room().await?;
        self.begin_machine(session, door).await
    }

    async fn begin_machine(
        self: &Arc<Self>,
        session: &SessionId,
        door: Option<Door>,
    ) -> Result<Machine, SandboxError> {
        let workshop = self.workshop().await?;
        self.begin_from(From::Workshop(&workshop), session, door).await
    }

    async fn begin_from(
        self: &Arc<Self>,
        from: From<'_>,
        session: &SessionId,
        door: Option<Door>,
    ) -> Result<Machine, SandboxError> {
        let budget = Arc::clone(lock(&self.budgets).entry(session.clone()).or_default());
        let sights = Sights::new(session.clone(), Arc::clone(&self.surroundings), budget);
        Machine::begin(from, session, door, (sights, self.commands_of(session))).await
    }

    /// The commands of a session.
    pub(crate) fn commands_of(&self, session: &SessionId) -> Arc<Commands> {
        Arc::clone(lock(&self.commands).entry(session.clone()).or_default())
    }

    fn settings(&self) -> Settings {
        lock(&self.settings).clone()
    }

    async fn workshop(&self) -> Result<Arc<Workshop>, SandboxError> {
        let mut workshop = self.workshop.lock().await;
        if let Some(open) = workshop.as_ref() {
            return Ok(Arc::clone(open));
        }
        // One that failed is not kept: the cause may be gone the next time.
        let open = Box::pin(Workshop::open(self.settings())).await?;
        let open = Arc::new(open.with_state_key(&self.state_key));
        *workshop = Some(Arc::clone(&open));
        Ok(open)
    }

    /// Ends the machine that has rested longest, where there is no room for another one.
    async fn make_room(self: &Arc<Self>) -> Result<(), SandboxError> {
        loop {
            let places = self.all_places();
            let mut resting: Vec<(SessionId, Place)> = Vec::new();
            let mut busy = 0;
            for (session, place) in places {
                match place.try_lock_owned() {
                    Ok(place) => match place.as_ref() {
                        None => {}
                        Some(machine) if machine.jobs.is_busy() => busy += 1,
                        Some(_) => resting.push((session, place)),
                    },
                    // Somebody uses it; this session's own place is empty.
                    Err(_) => busy += 1,
                }
            }
            let alone = ALONE.saturating_sub(self.alone.available_permits());
            // The one that is asked for is among them: its session's place, or its turn.
            let running = (busy + resting.len() + alone).saturating_sub(1);
            if running < MOST && room::fits_another() {
                return Ok(());
            }
            let oldest = resting
                .into_iter()
                .min_by_key(|(_, place)| place.as_ref().map(|machine| machine.used));
            let Some((session, mut oldest)) = oldest else {
                return Err(SandboxError::new(
                    Step::Start,
                    format!("{running} machines run, and this computer has no memory for another one"),
                    "wait until a command of another session has ended, or close other programs",
                ));
            };
            if let Some(machine) = oldest.take() {
                self.finish(&session, machine, MachineEnd::Room).await;
            }
        }
    }

    fn all_places(&self) -> Vec<(SessionId, Arc<Exclusive<Option<Machine>>>)> {
        let places = self.places();
        places
            .iter()
            .map(|(session, place)| (session.clone(), Arc::clone(place)))
            .collect()
    }

    fn places(&self) -> MutexGuard<'_, BTreeMap<SessionId, Arc<Exclusive<Option<Machine>>>>> {
        lock(&self.places)
    }

    /// Knows what ends the serving of a session's folders.
    pub(crate) fn keep_cuts(&self, session: &SessionId, machine: &Machine) {
        lock(&self.cuts).insert(session.clone(), machine.cuts());
    }

    /// Ends what has rested for long.
    async fn tidy(self: &Arc<Self>) {
        for (session, place) in self.all_places() {
            let Ok(mut place) = place.try_lock() else {
                continue;
            };
            let rests = |machine: &Machine| machine.used.elapsed() >= IDLE && !machine.jobs.is_busy();
            if place.as_ref().is_some_and(rests)
                && let Some(machine) = place.take()
            {
                self.finish(&session, machine, MachineEnd::Idle).await;
            }
        }
        let Some(asked) = *lock(&self.asked) else {
            return;
        };
        let Some(workshop) = self.workshop.lock().await.clone() else {
            return;
        };
        if asked.elapsed() >= IDLE {
            workshop.let_go().await;
        } else {
            keep_for_next(&workshop).await;
        }
    }
}

/// What makes the next start quick: a kept state, and one machine that waits, where there is memory for it.
async fn keep_for_next(workshop: &Workshop) {
    if let Err(error) = workshop.keep_state().await {
        tracing::warn!(%error, "no state of a machine is kept; machines start cold");
    }
    if room::fits_one_that_waits()
        && let Err(error) = workshop.keep_ready().await
    {
        tracing::warn!(%error, "no machine waits for the next session");
    }
}

pub(crate) fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn keep_house(inner: std::sync::Weak<Inner>) {
    let mut looks = tokio::time::interval(LOOKS);
    loop {
        looks.tick().await;
        let Some(inner) = inner.upgrade() else { return };
        inner.tidy().await;
    }
}
