//! The work of the exporter: when to send, what to do with each answer, and the end.
//!
//! The spool is the queue of retries: what the collector cannot take now goes there, and while the collector is away, everything
//! does, without a try. After the pause the oldest goes first.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};

use super::queue::Loss;
use super::{Delivery, NotTaken, Shared, World};
use crate::otlp::{Payload, Stream, logs};
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
/// The first pause after a failure; it doubles up to the longest.
const PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
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
    /// Failures since the last success.
    failures: u32,
    /// Nothing is tried before.
    away_until: Option<Instant>,
    /// When everything must be at its end, once that is asked for.
    end: watch::Receiver<Option<Instant>>,
}

/// What came of a request.
enum Sent {
    /// The collector has it, or it never will.
    Settled,
    /// To be tried again.
    Later,
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
            failures: 0,
            away_until: None,
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
            self.deliver(payload).await;
        }
    }

    async fn send_delivery(&mut self, delivery: Delivery) {
        let payload = logs(&self.resource, delivery.records);
        let (verdict, why) = self.judged(&payload).await;
        let taken = match verdict {
            Verdict::Taken { rejected } => {
                self.is_there(&payload, rejected);
                let part = "it did not take all of its records".to_owned();
                if rejected == 0 {
                    Ok(())
                } else {
                    Err(NotTaken::Refused(part))
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
            Verdict::NotCompressed => {
                self.compress = false;
                Err(NotTaken::Away(why))
            }
            Verdict::Refused => Err(NotTaken::Refused(why)),
        };
        if taken.is_err() {
            *self.shared.taken() = None;
        }
        // Who asked may have gone.
        delivery.taken.send(taken).ok();
    }

    async fn send_counters(&mut self) {
        let now = (self.world.now)();
        let counters = self.shared.queue().counters(&self.resource, &self.recording, now);
        if let Some(payload) = counters {
            self.deliver(payload).await;
        }
    }

    /// When the spool has its turn; `None` where it is empty.
    fn spool_next(&self) -> Option<Instant> {
        let empty = self
            .spool
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty();
        (!empty).then(|| self.away_until.unwrap_or_else(Instant::now))
    }

    async fn send_spool(&mut self) {
        for _ in 0..AT_ONCE {
            match self.with_spool(Spool::oldest).await.flatten() {
                None => return,
                Some(Oldest::Altered) => self.lose(Loss::Altered, None, 1),
                Some(Oldest::Payload(number, payload)) => match self.send(&payload).await {
                    Sent::Later => return,
                    Sent::Settled => {
                        self.with_spool(move |spool| spool.remove(number)).await;
                    }
                },
            }
        }
    }

    async fn deliver(&mut self, payload: Payload) {
        let away = self.away_until.is_some_and(|until| Instant::now() < until);
        if away || matches!(self.send(&payload).await, Sent::Later) {
            self.put_aside(payload).await;
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

    async fn send(&mut self, payload: &Payload) -> Sent {
        let (verdict, why) = self.judged(payload).await;
        self.answered(payload, &verdict, &why)
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
        self.failures = 0;
        self.away_until = None;
        if payload.stream == Stream::Logs {
            *self.shared.taken() = (rejected == 0).then(Instant::now);
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
            Ok(Ok(answer)) => (
                self.target.verdict(payload.stream, &answer),
                status_words(&answer),
            ),
            Err(_) => (later, "it did not answer in time".to_owned()),
            Ok(Err(TransportError::Unreachable(why))) => (later, why),
            Ok(Err(TransportError::Closed(why))) => (Verdict::Refused, why),
        }
    }

    fn answered(&mut self, payload: &Payload, verdict: &Verdict, why: &str) -> Sent {
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
            Verdict::Again { after } => self.later(after),
            Verdict::Unauthorized if !self.world.sources.is_empty() => {
                self.world.sources.iter().for_each(|source| source.refused());
                self.later(None)
            }
            Verdict::NotCompressed if self.compress => {
                self.compress = false;
                self.later(Some(Duration::ZERO))
            }
            Verdict::Unauthorized | Verdict::NotCompressed | Verdict::Refused => self.refused(payload, why),
        }
    }

    fn refused(&mut self, payload: &Payload, why: &str) -> Sent {
        tracing::warn!(
            items = payload.items,
            signal = payload.stream.name(),
            why,
            "the collector refused telemetry"
        );
        self.lose(Loss::Refused, Some(payload.stream), u64::from(payload.items));
        if payload.stream == Stream::Logs {
            *self.shared.taken() = None;
        }
        Sent::Settled
    }

    /// Starts a pause: as long as the collector asks, or twice the last one, by chance up to a quarter shorter.
    fn later(&mut self, after: Option<Duration>) -> Sent {
        let doubled = PAUSE
            .saturating_mul(1 << self.failures.min(16))
            .min(LONGEST_PAUSE);
        let pause =
            after.unwrap_or_else(|| doubled.mul_f64(1.0 - 0.25 * (self.world.chance)().clamp(0.0, 1.0)));
        self.failures = self.failures.saturating_add(1);
        *self.shared.taken() = None;
        self.away_until = Some(Instant::now() + pause);
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
