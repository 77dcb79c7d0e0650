//! The exporter: takes signals without waiting, batches them, sends them through the port, and keeps what the collector cannot
//! take now in the spool. Everything it holds is bounded, and what it loses is counted and told to the collector.

mod pause;
mod queue;
mod totals;
mod worker;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use deskhand_protocol::Timestamp;
use http::HeaderMap;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::Instant;

use crate::headers;
use crate::port::{HeaderSource, Transport};
use crate::record::{Record, Recording, Signals};
use crate::resource::Resource;
use crate::spool::Spool;
use crate::wire::{Protocol, Target};
use queue::Queue;
use worker::Worker;

/// How the exporter is set up: the keys `otlp…` of the policy, already read.
#[derive(Debug)]
pub struct Settings {
    /// `otlpEndpoint`: for HTTP the address before `/v1/logs`, for gRPC the server.
    pub endpoint: String,
    /// `otlpProtocol`.
    pub protocol: Protocol,
    /// `otlpHeaders`. Values may be secret.
    pub headers: Secrets,
    /// What is said of the program and the machine.
    pub resource: Resource,
}

/// Headers whose values are never printed.
#[derive(Clone, Default)]
pub struct Secrets(pub BTreeMap<String, String>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What comes from the world around.
pub struct World {
    /// Milliseconds since 1970; timers run on tokio's clock.
    pub now: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// Numbers from 0 to 1 by chance, so that many machines do not come back at once.
    pub chance: Box<dyn Fn() -> f64 + Send + Sync>,
    /// Headers that change, in the order in which they are laid over the fixed ones: the helper's (`otlpHeadersHelper`), then the
    /// credential for the model provider (`otlpAuthMode`).
    pub sources: Vec<Arc<dyn HeaderSource>>,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("sources", &self.sources)
            .finish_non_exhaustive()
    }
}

/// Why there is no exporter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The address is none of HTTP or HTTPS.
    #[error("`otlpEndpoint` is no address of HTTP or HTTPS")]
    Endpoint,
}

/// Why the collector did not take what it was to take at once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// It cannot be reached, or can take nothing now; or there are no headers to send.
    #[error("the collector takes nothing now: {0}")]
    Away(String),
    /// It does not accept the headers.
    #[error("the collector does not accept the credentials: {0}")]
    Unauthorized(String),
    /// It has no place for such a request.
    #[error("the collector has no place for the request: {0}")]
    NoPlace(String),
    /// It takes no such request, or not everything in it; or the way is closed.
    #[error("the collector refused the request: {0}")]
    Refused(String),
    /// The exporter is at its end.
    #[error("the export has ended")]
    Ended,
}

impl NotTaken {
    /// Whether records that go the usual way, by [`Exporter::send`], wait while it is so. Where not, they are lost.
    pub fn others_wait(&self) -> bool {
        match self {
            Self::Away(_) | Self::Unauthorized(_) | Self::NoPlace(_) => true,
            Self::Refused(_) | Self::Ended => false,
        }
    }
}

/// Why the collector takes no records, and what becomes of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// They wait, sealed, while there is room.
    Waits(String),
    /// What it answers so is dropped and counted.
    Drops(String),
}

/// Deliveries that may wait for their turn.
const DELIVERIES: usize = 16;

/// Records that somebody waits for.
#[derive(Debug)]
struct Delivery {
    records: Vec<Record>,
    taken: oneshot::Sender<Result<(), NotTaken>>,
}

/// Hands signals to the exporter. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Exporter {
    shared: Arc<Shared>,
    deliveries: mpsc::Sender<Delivery>,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    /// A batch is full.
    full: Notify,
    standing: Mutex<Standing>,
    /// When everything must be at its end, once that is asked for.
    end: watch::Sender<Option<Instant>>,
}

impl Exporter {
    /// An exporter, and the work that has to be spawned for it: it ends after [`Exporter::stop`].
    pub fn new<T: Transport>(
        settings: &Settings,
        recording: Arc<Recording>,
        transport: T,
        spool: Spool,
        world: World,
    ) -> Result<(Self, impl Future<Output = ()> + Send + use<T>), SettingsError> {
        let target = Target::new(&settings.endpoint, settings.protocol).ok_or(SettingsError::Endpoint)?;
        let fixed: HeaderMap = headers::fixed(&settings.headers.0);
        let queue = Queue::new((world.now)());
        let shared = Arc::new(Shared {
            queue: Mutex::new(queue),
            full: Notify::new(),
            standing: Mutex::default(),
            end: watch::Sender::new(None),
        });
        let (deliveries, waiting) = mpsc::channel(DELIVERIES);
        let worker = Worker::new(
            Arc::clone(&shared),
            waiting,
            target,
            fixed,
            settings.resource.clone(),
            recording,
            transport,
            spool,
            world,
        );
        Ok((Self { shared, deliveries }, worker.run()))
    }

    /// Sends records at once, also while the collector seems to be away, and waits until it has them. What it does not take
    /// is not kept: the caller comes again.
    pub async fn deliver(&self, signals: Signals) -> Result<(), NotTaken> {
        let (taken, answer) = oneshot::channel();
        let records = signals.records;
        self.deliveries
            .send(Delivery { records, taken })
            .await
            .map_err(|_| NotTaken::Ended)?;
        answer.await.unwrap_or(Err(NotTaken::Ended))
    }

    /// Whether the collector took records whole within this time, and nothing failed since. Counters and spans show nothing of it.
    pub fn took_within(&self, time: Duration) -> bool {
        self.shared
            .standing()
            .taken
            .is_some_and(|at| at.elapsed() <= time)
    }

    /// Why the collector takes no records, where it took none when it was last asked, and what becomes of them.
    pub fn fault(&self) -> Option<Fault> {
        self.shared.standing().fault.clone()
    }

    /// Takes signals over. Never waits: what has no room is dropped and counted.
    pub fn send(&self, signals: Signals) {
        if self.shared.queue().add(signals) {
            self.shared.full.notify_one();
        }
    }

    /// Asks for the end: what is left is sent within this time, and then put into the spool.
    pub fn stop(&self, within: Duration) {
        self.shared.end.send_replace(Some(Instant::now() + within));
    }
}

impl Shared {
    /// The queue is whole after each of its methods, also where a thread panicked in one.
    fn queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn standing(&self) -> std::sync::MutexGuard<'_, Standing> {
        self.standing
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Whether the collector takes records, as far as it is known.
#[derive(Debug, Default)]
struct Standing {
    /// When it last took some whole, while nothing failed since.
    taken: Option<Instant>,
    /// Why it took none when it was last asked.
    fault: Option<Fault>,
}

impl Standing {
    fn takes(&mut self) {
        self.taken = Some(Instant::now());
        self.fault = None;
    }

    fn fails(&mut self, fault: Fault) {
        self.taken = None;
        self.fault = Some(fault);
    }
}
