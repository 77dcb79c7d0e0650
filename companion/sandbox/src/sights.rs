//! What is seen of a session's machine, on its way to the session's log: in bunches, in order, and never more than is kept.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deskhand_protocol::sandbox::{FileChange, Sight};
use deskhand_protocol::{CallId, SessionId};
use deskhand_vm_files::{Event, Events, SharePath};
use deskhand_vm_host::GuestEvent;
use deskhand_vm_proxy::{Audit, Outcome, Record};
use tokio::sync::{mpsc, oneshot};

use crate::surroundings::Surroundings;

/// Sights of one session that are written down: of what the guest says, and of what the service did. A program that starts a
/// hundred thousand others fills no disk and leaves room for what counts; those that are left out are counted.
const MOST: u64 = 20_000;
/// Sights that wait to be written down.
const QUEUE: usize = 2_048;
/// Sights of one event.
const BUNCH: usize = 200;
/// How long sights are gathered.
const GATHERED: Duration = Duration::from_millis(300);
/// Bytes of the arguments of one program that are written down.
const ARGUMENTS: usize = 4_096;

/// The way to the log. Cheap to clone; the log is written as long as one is left.
#[derive(Clone, Debug)]
pub(crate) struct Sights {
    queue: mpsc::Sender<Item>,
    call: Arc<Mutex<Option<CallId>>>,
    budget: Arc<Budget>,
    left_out: Arc<AtomicU64>,
}

/// How much of a session was written down.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    of_guest: AtomicU64,
    of_service: AtomicU64,
}

#[derive(Debug)]
enum Item {
    Sight(Option<CallId>, Sight),
    /// Answered once all that came before is written down.
    Written(oneshot::Sender<()>),
}

impl Sights {
    /// Begins to write for a session.
    pub(crate) fn new(session: SessionId, surroundings: Arc<dyn Surroundings>, budget: Arc<Budget>) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let left_out = Arc::<AtomicU64>::default();
        tokio::spawn(write(waiting, session, surroundings, Arc::clone(&left_out)));
        Self {
            queue,
            call: Arc::default(),
            budget,
            left_out,
        }
    }

    /// The call that what is seen belongs to, from now on.
    pub(crate) fn during(&self, call: Option<CallId>) {
        *self.call.lock().unwrap_or_else(PoisonError::into_inner) = call;
    }

    /// Takes one in; returns at once.
    pub(crate) fn push(&self, sight: Sight) {
        let call = self.call.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let of_guest = matches!(
            sight,
            Sight::Started { .. } | Sight::Ended { .. } | Sight::Lost { .. }
        );
        // The guest may not fill the queue that the service's own sights wait in.
        let (taken, room) = if of_guest {
            (&self.budget.of_guest, self.queue.capacity() > QUEUE / 2)
        } else {
            (&self.budget.of_service, true)
        };
        let over = taken.fetch_add(1, Ordering::Relaxed) >= MOST;
        if over || !room || self.queue.try_send(Item::Sight(call, sight)).is_err() {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until what was taken in so far is in the log.
    pub(crate) async fn written(&self) {
        let (told, done) = oneshot::channel();
        if self.queue.send(Item::Written(told)).await.is_ok() {
            done.await.ok();
        }
    }
}

async fn write(
    mut waiting: mpsc::Receiver<Item>,
    session: SessionId,
    surroundings: Arc<dyn Surroundings>,
    left_out: Arc<AtomicU64>,
) {
    let (mut open, mut bunch, mut of) = (true, Vec::new(), None);
    while open {
        let mut told = Vec::new();
        let deadline = tokio::time::Instant::now() + GATHERED;
        let mut next = waiting.recv().await;
        loop {
            match next {
                None => open = false,
                Some(Item::Written(whom)) => told.push(whom),
                Some(Item::Sight(call, sight)) => {
                    // One event is of one call.
                    if call != of && !bunch.is_empty() {
                        surroundings
                            .seen(&session, of.take(), std::mem::take(&mut bunch), 0)
                            .await;
                    }
                    of = call;
                    bunch.push(sight);
                }
            }
            if !open || !told.is_empty() || bunch.len() >= BUNCH {
                break;
            }
            match tokio::time::timeout_at(deadline, waiting.recv()).await {
                Ok(more) => next = more,
                Err(_) => break,
            }
        }
        let missed = left_out.swap(0, Ordering::Relaxed);
        if !bunch.is_empty() || missed > 0 {
            surroundings
                .seen(&session, of.take(), std::mem::take(&mut bunch), missed)
                .await;
        }
        for whom in told {
            // Who does not wait any more needs no word.
            whom.send(()).ok();
        }
    }
}

/// What the guest tells of its programs. It may say anything: it is written down as what the guest said.
pub(crate) fn of_guest(event: GuestEvent) -> Sight {
    let milliseconds = |nanoseconds: u64| (nanoseconds / 1_000_000) as i64;
    match event {
        GuestEvent::Started {
            process,
            parent,
            user,
            arguments,
            at,
        } => Sight::Started {
            at: milliseconds(at),
            process,
            parent,
            user,
            arguments: shortened(arguments),
        },
        GuestEvent::Ended { process, code, at } => Sight::Ended {
            at: milliseconds(at),
            process,
            code,
        },
        GuestEvent::Lost { count } => Sight::Lost { count },
    }
}

fn shortened(arguments: Vec<String>) -> Vec<String> {
    let mut room = ARGUMENTS;
    let mut kept = Vec::new();
    for mut argument in arguments {
        if room == 0 {
            break;
        }
        argument.truncate(argument.floor_char_boundary(room));
        // An empty one takes room, too.
        room = room.saturating_sub(argument.len() + 1);
        kept.push(argument);
    }
    kept
}

/// Connections of the guest.
impl Audit for Sights {
    fn record(&self, record: Record) {
        let refused = match &record.outcome {
            Outcome::Refused(code) | Outcome::Failed(code) => Some(code.to_string()),
            Outcome::Ended => None,
        };
        self.push(Sight::Connection {
            host: record.host.map(|host| host.to_string()).unwrap_or_default(),
            port: record.port.unwrap_or_default(),
            refused,
            sent: record.sent,
            received: record.received,
            duration_ms: u64::try_from(record.duration.as_millis()).unwrap_or(u64::MAX),
        });
    }
}

/// Changes in one folder.
#[derive(Debug)]
pub(crate) struct OfFolder {
    /// Where the folder is on this computer.
    pub(crate) root: PathBuf,
    pub(crate) sights: Sights,
}

impl Events for OfFolder {
    fn done(&self, event: Event) {
        if let Some(sight) = of_file(&self.root, event) {
            self.sights.push(sight);
        }
    }
}

fn of_file(root: &Path, event: Event) -> Option<Sight> {
    let at = |path: &SharePath| root.join(path.to_path()).display().to_string();
    let sight = |change, path: &SharePath, to: Option<&SharePath>, bytes| {
        Some(Sight::File {
            change,
            path: at(path),
            to: to.map(at),
            bytes,
        })
    };
    match event {
        Event::Created { path } => sight(FileChange::Created, &path, None, None),
        Event::Written { path, bytes } => sight(FileChange::Written, &path, None, Some(bytes)),
        Event::Removed { path, bytes } => sight(FileChange::Removed, &path, None, Some(bytes)),
        Event::Renamed { from, to } => sight(FileChange::Renamed, &from, Some(&to), None),
        Event::Metadata { path } => sight(FileChange::Metadata, &path, None, None),
        Event::Conflict { path, kept } => sight(FileChange::Conflict, &path, kept.as_ref(), None),
        Event::Discarded { path, bytes } => sight(FileChange::Discarded, &path, None, Some(bytes)),
        Event::Refused { path, .. } => sight(FileChange::Refused, &path, None, None),
        _ => None,
    }
}
