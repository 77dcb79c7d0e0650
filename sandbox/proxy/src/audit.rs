//! The audit port: one record a stream, written when it ends, however it ends.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::refusal::{Reason, Refusal};
use crate::{Host, Target};

/// The wall clock. It is an argument (Invariant 10).
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// Takes records. It is called on the path of every stream and must not block: hand the record on and return.
pub trait Audit: Send + Sync {
    /// Takes the record of one stream.
    fn record(&self, record: Record);
}

/// How the client asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Nothing that is understood.
    Unknown,
    /// `CONNECT host:port`.
    Connect,
    /// `GET http://host/`.
    Forward,
    /// SOCKS5.
    Socks,
}

/// What the connection carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carried {
    /// Nothing yet.
    Nothing,
    /// TLS; its ClientHello was judged before a byte of it went on.
    Tls,
    /// Plain HTTP.
    Http,
    /// Another protocol.
    Raw,
}

/// What became of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Both sides had what they wanted.
    Ended,
    /// Refused; the code of a [`Reason`] or of the door.
    Refused(Cow<'static, str>),
    /// Allowed, and it did not work or broke; the code as above.
    Failed(Cow<'static, str>),
}

/// One stream of the guest: where to, how much, for how long; never a path, a query, a field or content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// How the client asked.
    pub entry: Entry,
    /// What was carried.
    pub carried: Carried,
    /// The host as the door was asked for it; `None` where no host was understood.
    pub host: Option<Host>,
    /// TCP port.
    pub port: Option<u16>,
    /// The method of plain HTTP.
    pub method: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// The sentence for the person, where it was refused or failed.
    pub message: Option<String>,
    /// Bytes to the far side, with TLS and HTTP heads.
    pub sent: u64,
    /// Bytes from the far side.
    pub received: u64,
    /// When the stream began.
    pub started: SystemTime,
    /// How long it lasted.
    pub duration: Duration,
}

/// The record of a stream while it runs. Dropped in the middle, it says so.
pub(crate) struct Log<'a> {
    audit: &'a dyn Audit,
    clock: &'a Clock,
    record: Option<Record>,
    pub(crate) counts: Counts,
}

impl<'a> Log<'a> {
    pub(crate) fn new(audit: &'a dyn Audit, clock: &'a Clock) -> Self {
        let record = Record {
            entry: Entry::Unknown,
            carried: Carried::Nothing,
            host: None,
            port: None,
            method: None,
            outcome: Outcome::Ended,
            message: None,
            sent: 0,
            received: 0,
            started: clock(),
            duration: Duration::ZERO,
        };
        Self {
            audit,
            clock,
            record: Some(record),
            counts: Counts::new(),
        }
    }

    pub(crate) fn asked(&mut self, entry: Entry, target: Option<&Target>) {
        if let Some(record) = &mut self.record {
            record.entry = entry;
            record.host = target.map(|target| target.host.clone());
            record.port = target.map(|target| target.port);
        }
    }

    pub(crate) fn carries(&mut self, carried: Carried, method: Option<&str>) {
        if let Some(record) = &mut self.record {
            record.carried = carried;
            record.method = method.map(str::to_owned);
        }
    }

    /// Writes the record.
    pub(crate) fn end(mut self, ended: &Result<(), Refusal>) -> Outcome {
        self.write(ended)
    }

    fn write(&mut self, ended: &Result<(), Refusal>) -> Outcome {
        let outcome = match ended {
            Ok(()) => Outcome::Ended,
            Err(refusal) if refusal.is_failure() => Outcome::Failed(refusal.code.clone()),
            Err(refusal) => Outcome::Refused(refusal.code.clone()),
        };
        if let Some(record) = self.record.take() {
            let duration = (self.clock)().duration_since(record.started);
            self.audit.record(Record {
                outcome: outcome.clone(),
                message: ended.as_ref().err().map(|refusal| refusal.message.to_string()),
                sent: self.counts.sent.load(Ordering::Relaxed),
                received: self.counts.received.load(Ordering::Relaxed),
                // A wall clock may be set back.
                duration: duration.unwrap_or_default(),
                ..record
            });
        }
        outcome
    }
}

impl Drop for Log<'_> {
    fn drop(&mut self) {
        if self.record.is_some() {
            self.write(&Err(Reason::Cancelled.because("the connection was taken away")));
        }
    }
}

/// What moved, and when last. Shared by both directions.
#[derive(Debug)]
pub(crate) struct Counts {
    sent: AtomicU64,
    received: AtomicU64,
    began: Instant,
    /// Milliseconds since `began`.
    moved: AtomicU64,
    /// Whether bytes of an answer went to the client: no other answer may follow.
    pub(crate) answered: AtomicBool,
}

impl Counts {
    fn new() -> Self {
        Self {
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            began: Instant::now(),
            moved: AtomicU64::new(0),
            answered: AtomicBool::new(false),
        }
    }

    pub(crate) fn sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
        self.touch();
    }

    pub(crate) fn received(&self, bytes: usize) {
        self.received.fetch_add(bytes as u64, Ordering::Relaxed);
        self.touch();
    }

    pub(crate) fn touch(&self) {
        let now = self.began.elapsed().as_millis() as u64;
        self.moved.store(now, Ordering::Relaxed);
    }

    /// Ends when nothing moved for `limit`.
    pub(crate) async fn idle(&self, limit: Duration) -> Refusal {
        let due = || self.began + Duration::from_millis(self.moved.load(Ordering::Relaxed)) + limit;
        while Instant::now() < due() {
            tokio::time::sleep_until(due()).await;
        }
        let seconds = limit.as_secs();
        Reason::Idle.because(format!(
            "nothing moved for {seconds} seconds; the connection was closed"
        ))
    }
}
