//! The work of the exporter: when to send, what to do with each answer, and the end.
//!
//! The spool is the queue of retries: what the collector cannot take now goes there, and while the collector is away, everything
//! does, without a try. After the pause the oldest goes first. A collector that does not let us in, or has no place for what we
//! send, is set up wrong, and somebody will set it right: until then what it refused waits as well, each kind for itself, so that
//! one for which there is no place keeps back no other.

mod blame;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};

use super::pause::Pause;
use super::queue::Loss;
use super::{Delivery, Fault, NotTaken, Shared, World};
use crate::otlp::{Payload, Smaller, Stream, logs, smaller};
use crate::port::{Transport, TransportError};
use crate::record::Recording;
use crate::resource::Resource;
use crate::spool::{Oldest, Spool};
use crate::wire::{Target, Verdict, status_words};

/// How often records and spans are sent.
const RECORDS_EVERY: Duration = Duration::from_secs(5);
/// How often counters are sent.
const COUNTERS_EVERY: Duration = Duration::from_mins(1);
/// How long one request may take.
const WITHIN: Duration = Duration::from_secs(10);
/// Why records that were taken in part are not taken.
const IN_PART: &str = "it did not take all of its records";
/// The smallest message whose being too large counts for those that come: below, a request for each costs more than it saves.
const WORTH_HALVING: usize = 64 << 10;
/// Requests out of the spool before new ones have their turn.
const AT_ONCE: usize = 16;

#[derive(Debug)]
pub(super) struct Worker<T> {
    shared: Arc<Shared>,
    deliveries: mpsc::Receiver<Delivery>,
    target: Target,
    fixed: HeaderMap,
    resource: Resource,
    recording: Arc<Recording>,
    transport: T,
    spool: Arc<Mutex<Spool>>,
    world: World,
    compress: bool,
    /// The collector is away: nothing is tried.
    away: Pause,
    /// It refuses this kind of request as a whole.
    refused: [Pause; Stream::ALL.len()],
    /// Records, points and spans that were dropped alone since it last took any of their kind.
    alone: [u32; Stream::ALL.len()],
    /// Bytes of the smallest message that was too large for it, [`WORTH_HALVING`] at least.
    too_large: usize,
    /// No file of the spool that may go can be read.
    locked: Pause,
    /// When everything must be at its end, once that is asked for.
    end: watch::Receiver<Option<Instant>>,
}

/// A request, or a part of one.
struct Part {
    payload: Payload,
    /// The collector let an empty request in, and not what this is a part of.
    suspect: bool,
}

impl From<Payload> for Part {
    fn from(payload: Payload) -> Self {
        let suspect = false;
        Self { payload, suspect }
    }
}

/// What came of a request.
enum Sent {
    /// The collector has it, or it never will.
    Settled,
    /// To be tried again.
    Later,
    /// It was too large, or something in it is not let in: to be sent as these.
    InParts(Vec<Part>),
}

impl Sent {
    fn in_halves(halves: [Payload; 2], suspect: bool) -> Self {
        Self::InParts(halves.map(|payload| Part { payload, suspect }).into())
    }
}

impl<T: Transport> Worker<T> {
    #[expect(
        clippy::too_many_arguments,
        reason = "called once, by the exporter's own constructor"
    )]
    pub(super) fn new(
        shared: Arc<Shared>,
        deliveries: mpsc::Receiver<Delivery>,
        target: Target,
        fixed: HeaderMap,
        resource: Resource,
        recording: Arc<Recording>,
        transport: T,
        spool: Spool,
        world: World,
    ) -> Self {
        let spool = Arc::new(Mutex::new(spool));
        let end = shared.end.subscribe();
        Self {
            shared,
            deliveries,
            target,
            fixed,
            resource,
            recording,
            transport,
            spool,
            world,
            compress: true,
            away: Pause::default(),
            refused: Default::default(),
            alone: Default::default(),
            too_large: usize::MAX,
            locked: Pause::default(),
            end,
        }
    }

    pub(super) async fn run(mut self) {
        let elsewhere = self.with_spool(|spool| spool.elsewhere()).await;
        self.lose(Loss::Elsewhere, None, elsewhere.unwrap_or_default());
        let start = Instant::now();
        let mut records = interval_at(start + RECORDS_EVERY, RECORDS_EVERY);
        let mut counters = interval_at(start + COUNTERS_EVERY, COUNTERS_EVERY);
        records.set_missed_tick_behavior(MissedTickBehavior::Delay);
        counters.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let shared = Arc::clone(&self.shared);
        let mut asked = self.end.clone();
        loop {
            let spool = self.spool_next();
            tokio::select! {
                biased;
                () = asked_to_end(&mut asked) => {
                    self.send_records().await;
                    self.send_counters().await;
                    return;
                }
                Some(delivery) = self.deliveries.recv() => self.send_delivery(delivery).await,
                _ = counters.tick() => self.send_counters().await,
                () = shared.full.notified() => self.send_records().await,
                _ = records.tick() => self.send_records().await,
                () = sleep_until(spool.unwrap_or(start)), if spool.is_some() => self.send_spool().await,
            }
        }
    }

    async fn send_records(&mut self) {
        loop {
            let batch = self.shared.queue().batch(&self.resource);
            let Some(payload) = batch else { return };
            self.deliver(payload.into()).await;
        }
    }

    async fn send_delivery(&mut self, delivery: Delivery) {
        let payload = logs(&self.resource, delivery.records);
        let (verdict, why) = self.judged(&payload).await;
        let taken = match verdict {
            Verdict::Taken { rejected } => {
                self.is_there(&payload, rejected);
                if rejected == 0 {
                    Ok(())
                } else {
                    Err(NotTaken::Refused(IN_PART.to_owned()))
                }
            }
            Verdict::Again { after } => {
                self.later(after);
                Err(NotTaken::Away(why))
            }
            Verdict::Unauthorized => {
                self.world.sources.iter().for_each(|source| source.refused());
                Err(NotTaken::Unauthorized(why))
            }
            Verdict::NotCompressed if self.compress => {
                self.compress = false;
                Err(NotTaken::Away(why))
            }
            Verdict::NotCompressed | Verdict::NoPlace => Err(NotTaken::NoPlace(why)),
            Verdict::TooLarge | Verdict::Refused => Err(NotTaken::Refused(why)),
        };
        if let Err(why) = &taken {
            let fault = if why.others_wait() {
                Fault::Waits
            } else {
                Fault::Drops
            };
            self.shared.standing().fails(fault(why.to_string()));
        }
        // Who asked may have gone.
        delivery.taken.send(taken).ok();
    }

    async fn send_counters(&mut self) {
        let now = (self.world.now)();
        let counters = self.shared.queue().counters(&self.resource, &self.recording, now);
        if let Some(payload) = counters {
            self.deliver(payload.into()).await;
        }
    }

    /// When the spool has its turn; `None` where it is empty.
    fn spool_next(&self) -> Option<Instant> {
        let spool = self.spool.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = spool.waiting().into_iter();
        let next = waiting.map(|stream| stream.map_or(self.away.until(), |stream| self.until(stream)));
        next.min().map(|next| next.max(self.locked.until()))
    }

    /// When a kind of request is tried again.
    fn until(&self, stream: Stream) -> Instant {
        self.away.until().max(self.refused[stream as usize].until())
    }

    fn waits(&self, stream: Stream) -> bool {
        self.away.is_on() || self.refused[stream as usize].is_on()
    }

    async fn send_spool(&mut self) {
        for _ in 0..AT_ONCE {
            if self.away.is_on() {
                return;
            }
            let held = Stream::ALL.map(|stream| self.waits(stream));
            let oldest = self.with_spool(move |spool| spool.oldest(|stream| !held[stream as usize]));
            match oldest.await.flatten() {
                None => return,
                Some(Oldest::Altered) => self.lose(Loss::Altered, None, 1),
                Some(Oldest::Elsewhere(items)) => self.lose(Loss::Elsewhere, None, items.into()),
                Some(Oldest::Locked) => {
                    let chance = (self.world.chance)();
                    return self.locked.begin(None, chance);
                }
                Some(Oldest::Payload(number, payload)) => {
                    self.locked.over();
                    self.send_again(number, payload).await;
                }
            }
        }
    }

    async fn send_again(&mut self, number: u64, payload: Payload) {
        match self.send(&payload.into()).await {
            Sent::Later => return,
            Sent::Settled => {}
            Sent::InParts(parts) => {
                for part in parts {
                    self.deliver(part).await;
                }
            }
        }
        self.settled(number).await;
    }

    async fn settled(&self, number: u64) {
        self.with_spool(move |spool| spool.remove(number)).await;
    }

    async fn deliver(&mut self, part: Part) {
        let mut parts = vec![part];
        while let Some(part) = parts.pop() {
            if self.waits(part.payload.stream) {
                self.put_aside(part.payload).await;
                continue;
            }
            match self.send(&part).await {
                Sent::Settled => {}
                Sent::Later => self.put_aside(part.payload).await,
                Sent::InParts(smaller) => parts.extend(smaller.into_iter().rev()),
            }
        }
    }

    async fn put_aside(&mut self, payload: Payload) {
        let (stream, items) = (payload.stream, payload.items);
        match self.with_spool(move |spool| spool.push(&payload)).await {
            Some(Ok(dropped)) => {
                for (stream, items) in dropped.items {
                    self.lose(Loss::Spool, stream, u64::from(items));
                }
            }
            failed => {
                let error = failed.and_then(Result::err).map(|error| error.kind());
                tracing::warn!(?error, "telemetry could not be put aside");
                self.lose(Loss::Spool, Some(stream), u64::from(items));
            }
        }
    }

    async fn send(&mut self, part: &Part) -> Sent {
        let payload = &part.payload;
        if payload.items > 1
            && payload.message.len() >= self.too_large
            && let Smaller::Halves(halves) = smaller(payload)
        {
            return Sent::in_halves(halves, part.suspect);
        }
        let (verdict, why) = self.judged(&part.payload).await;
        if self.is_kept_out(&verdict) {
            self.kept_out(part, verdict, why).await
        } else {
            self.answered(part, &verdict, &why)
        }
    }

    /// What the collector makes of a request, and why, in words.
    async fn judged(&self, payload: &Payload) -> (Verdict, String) {
        let mut end = self.end.clone();
        tokio::select! {
            judged = self.exchange(payload) => judged,
            () = ended(&mut end) => (Verdict::Again { after: None }, "Deskhand ends".to_owned()),
        }
    }

    /// The collector answers. Only records that it took whole show that it takes the audit, which travels as records: a
    /// collector may well have a place for counters and none for them.
    fn is_there(&mut self, payload: &Payload, rejected: u64) {
        self.away.over();
        self.refused[payload.stream as usize].over();
        self.alone[payload.stream as usize] = 0;
        if payload.stream != Stream::Logs {
            return;
        }
        if rejected == 0 {
            self.shared.standing().takes();
        } else {
            self.shared.standing().fails(Fault::Drops(IN_PART.to_owned()));
        }
    }

    async fn exchange(&self, payload: &Payload) -> (Verdict, String) {
        let later = Verdict::Again { after: None };
        let headers = match self.headers().await {
            Ok(headers) => headers,
            Err(error) => {
                tracing::warn!(%error, "telemetry waits");
                return (later, error.to_string());
            }
        };
        let Some(request) = self.target.request(payload, self.compress, &headers) else {
            return (Verdict::Refused, "the request cannot be made".to_owned());
        };
        match timeout(WITHIN, self.transport.post(request)).await {
            Ok(Ok(answer)) => (self.target.verdict(payload, &answer), status_words(&answer)),
            Err(_) => (later, "it did not answer in time".to_owned()),
            Ok(Err(TransportError::Unreachable(why))) => (later, why),
            Ok(Err(TransportError::Closed(why))) => (Verdict::Refused, why),
        }
    }

    fn answered(&mut self, part: &Part, verdict: &Verdict, why: &str) -> Sent {
        let payload = &part.payload;
        match *verdict {
            Verdict::Taken { rejected } => {
                self.is_there(payload, rejected);
                self.lose(
                    Loss::Rejected,
                    Some(payload.stream),
                    rejected.min(u64::from(payload.items)),
                );
                Sent::Settled
            }
            Verdict::Again { after } => {
                self.shared.standing().fails(Fault::Waits(why.to_owned()));
                self.later(after)
            }
            Verdict::NotCompressed if self.compress => {
                self.compress = false;
                self.later(Some(Duration::ZERO))
            }
            Verdict::Unauthorized | Verdict::NotCompressed | Verdict::NoPlace => {
                self.not_let_in(payload, why)
            }
            Verdict::TooLarge => self.too_large(part, why),
            Verdict::Refused => self.refused(Loss::Refused, payload, why),
        }
    }

    /// The collector is not set up for what we send, or we not for it. While it takes records, it is this kind of counters or
    /// spans alone that it has no place for, and they would only fill the spool.
    fn not_let_in(&mut self, payload: &Payload, why: &str) -> Sent {
        let stream = payload.stream;
        if stream == Stream::Logs {
            self.shared.standing().fails(Fault::Waits(why.to_owned()));
        } else if self.takes_records() {
            return self.refused(Loss::Refused, payload, why);
        }
        tracing::warn!(
            signal = stream.name(),
            why,
            "the collector refuses telemetry; it waits"
        );
        let chance = (self.world.chance)();
        self.refused[stream as usize].begin(None, chance);
        Sent::Later
    }

    /// Halves what the collector finds too large. Of a record that is alone the long texts are cut, so that the collector
    /// learns at least that there was one.
    fn too_large(&mut self, part: &Part, why: &str) -> Sent {
        let (payload, suspect) = (&part.payload, part.suspect);
        match smaller(payload) {
            Smaller::Halves(halves) => {
                let size = payload.message.len().max(WORTH_HALVING);
                self.too_large = self.too_large.min(size);
                Sent::in_halves(halves, suspect)
            }
            Smaller::Cut(payload) => {
                self.lose(Loss::Cut, Some(payload.stream), u64::from(payload.items));
                Sent::InParts(vec![Part { payload, suspect }])
            }
            Smaller::No => self.refused(Loss::TooLarge, payload, why),
        }
    }

    fn refused(&mut self, loss: Loss, payload: &Payload, why: &str) -> Sent {
        tracing::warn!(
            items = payload.items,
            signal = payload.stream.name(),
            why,
            "the collector refused telemetry"
        );
        self.lose(loss, Some(payload.stream), u64::from(payload.items));
        if payload.stream == Stream::Logs {
            self.shared.standing().fails(Fault::Drops(why.to_owned()));
        }
        Sent::Settled
    }

    /// Begins a pause for everything.
    fn later(&mut self, after: Option<Duration>) -> Sent {
        let chance = (self.world.chance)();
        self.away.begin(after, chance);
        Sent::Later
    }

    async fn headers(&self) -> Result<HeaderMap, crate::port::HeaderError> {
        let mut headers = self.fixed.clone();
        for source in &self.world.sources {
            headers.extend(source.headers().await?);
        }
        Ok(headers)
    }

    fn lose(&self, loss: Loss, stream: Option<Stream>, count: u64) {
        self.shared.queue().lose(loss, stream, count);
    }

    /// Does something with the spool where blocking is right; `None` where the runtime ends.
    async fn with_spool<R: Send + 'static>(
        &self,
        what: impl FnOnce(&mut Spool) -> R + Send + 'static,
    ) -> Option<R> {
        let spool = Arc::clone(&self.spool);
        let done = tokio::task::spawn_blocking(move || {
            what(&mut spool.lock().unwrap_or_else(PoisonError::into_inner))
        });
        done.await.ok()
    }
}

async fn asked_to_end(end: &mut watch::Receiver<Option<Instant>>) {
    // The other half lives as long as the worker does.
    end.wait_for(Option::is_some).await.ok();
}

/// Waits until everything must be at its end.
async fn ended(end: &mut watch::Receiver<Option<Instant>>) {
    asked_to_end(end).await;
    let at = *end.borrow();
    if let Some(at) = at {
        sleep_until(at).await;
    }
}
