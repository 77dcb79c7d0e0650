//! The one thread that changes the database (Invariant 1). It commits whenever it is free and takes along what queued
//! meanwhile; there are no timers. Order within a batch: commit, flush if anybody asked for it, hand the events to those
//! who follow, answer.
//!
//! Owns the writing connection. Knows nothing of what the changes mean.

use std::sync::Arc;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::change::{self, Changes, Durability, Effects};
use crate::error::{Result, StorageError};
use crate::keys;
use crate::store::Shared;

/// Jobs that may wait; more wait in their callers.
pub(crate) const QUEUE: usize = 1024;
/// Jobs in one commit.
const BATCH: usize = 256;
/// Bytes written after which a checkpoint is worth its flushes.
const CHECKPOINT_BYTES: usize = 16 << 20;
/// What a job costs in the WAL beside its payloads: a few pages.
const JOB_BYTES: usize = 8 << 10;

/// A list of changes that happens as a whole or not at all.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) changes: Changes,
    pub(crate) durability: Durability,
    pub(crate) reply: oneshot::Sender<Result<Vec<u64>>>,
}

pub(crate) struct Writer {
    connection: Connection,
    shared: Arc<Shared>,
    jobs: mpsc::Receiver<Job>,
    /// What `PRAGMA synchronous` is set to.
    flushing: bool,
    /// Bytes since the last checkpoint, about.
    written: usize,
    /// A session was deleted and the WAL may still hold its pages.
    erasing: bool,
}

impl Writer {
    pub(crate) fn new(connection: Connection, shared: Arc<Shared>, jobs: mpsc::Receiver<Job>) -> Self {
        Self {
            connection,
            shared,
            jobs,
            flushing: true,
            written: 0,
            erasing: false,
        }
    }

    /// Works until every sender is gone, then leaves a database without side files.
    pub(crate) fn run(mut self) {
        while let Some(first) = self.jobs.blocking_recv() {
            let mut batch = vec![first];
            while batch.len() < BATCH
                && let Ok(next) = self.jobs.try_recv()
            {
                batch.push(next);
            }
            self.work(batch);
            self.checkpoint_when_due();
        }
        self.shared.readers.close();
        if let Err((_, error)) = self.connection.close() {
            tracing::warn!(%error, "closing the database");
        }
    }

    fn work(&mut self, batch: Vec<Job>) {
        let (jobs, replies): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .map(|job| ((job.changes, job.durability), job.reply))
            .unzip();
        match self.commit(jobs) {
            Ok(outcomes) => {
                for (outcome, reply) in outcomes.into_iter().zip(replies) {
                    answer(reply, outcome.and_then(|effects| self.follow_up(effects)));
                }
            }
            Err(error) => {
                self.shared.ring.forget();
                let error = self.shared.readers.name(error);
                for reply in replies {
                    answer(reply, Err(error.clone()));
                }
            }
        }
    }

    /// One transaction for the batch; a job that fails is rolled back alone.
    fn commit(&mut self, jobs: Vec<(Changes, Durability)>) -> Result<Vec<Result<Effects>>> {
        self.flush_commits(
            jobs.iter()
                .any(|(_, durability)| *durability == Durability::Flushed),
        )?;
        let ring = &self.shared.ring;
        let mut transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut outcomes = Vec::with_capacity(jobs.len());
        for (changes, _) in jobs {
            let savepoint = transaction.savepoint()?;
            let outcome = change::apply(&savepoint, ring, changes);
            match outcome {
                Ok(effects) => {
                    savepoint.commit()?;
                    self.written += effects.bytes + JOB_BYTES;
                    outcomes.push(Ok(effects));
                }
                // SQLite itself rolls everything back on a full disk and the like: then nothing of the batch is kept.
                Err(error) if savepoint.is_autocommit() => return Err(error),
                Err(error) => {
                    savepoint.finish()?;
                    ring.forget();
                    outcomes.push(Err(error));
                }
            }
        }
        transaction.commit()?;
        Ok(outcomes)
    }

    /// With `FULL` a commit ends with a flush of the WAL, with `NORMAL` it does not. A flush takes along what earlier
    /// commits only wrote.
    fn flush_commits(&mut self, flush: bool) -> Result<()> {
        if self.flushing != flush {
            let level = if flush { "FULL" } else { "NORMAL" };
            self.connection
                .execute_batch(&format!("PRAGMA synchronous = {level}"))?;
            self.flushing = flush;
        }
        Ok(())
    }

    /// After the commit: those who follow get their events, and what was deleted is erased.
    fn follow_up(&mut self, effects: Effects) -> Result<Vec<u64>> {
        if let Some(session) = effects.deleted {
            self.erase(session, &effects.erased)?;
        }
        self.shared.notices.folded(&effects.folded);
        let seqs = effects.appended.iter().map(|event| event.seq).collect();
        self.shared.tails.publish(effects.appended);
        Ok(seqs)
    }

    /// The keys and the rows are gone from the tables; this takes them out of the WAL and out of the copies made before
    /// migrations, and makes sure that no file holds one of the wrapped keys.
    fn erase(&mut self, session: Uuid, keys: &[Vec<u8>]) -> Result<()> {
        self.erasing = true;
        self.shared.ring.forget();
        self.shared.tails.close(session);
        self.shared.notices.deleted(session);
        for backup in self.shared.files.backups()? {
            std::fs::remove_file(backup).map_err(StorageError::io("removing a backup"))?;
        }
        self.truncate_wal()?;
        if self.shared.files.hold(keys)? {
            // SQLite overwrites what is deleted, but not the copies that it leaves where it moves rows between pages.
            keys::rewrite(&mut self.connection)?;
            self.truncate_wal()?;
            if self.shared.files.hold(keys)? {
                return Err(StorageError::NotErased(session));
            }
        }
        Ok(())
    }

    /// Empties the WAL; waits for readers as long as any statement waits for a lock.
    fn truncate_wal(&mut self) -> Result<()> {
        let busy: bool = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if busy {
            return Err(StorageError::Locked {
                path: self.shared.files.database.clone(),
            });
        }
        (self.erasing, self.written) = (false, 0);
        Ok(())
    }

    /// Moves the WAL into the database between jobs, after everybody was answered.
    fn checkpoint_when_due(&mut self) {
        let done = if self.erasing {
            self.truncate_wal()
        } else if self.written >= CHECKPOINT_BYTES {
            self.written = 0;
            self.connection
                .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
                .map_err(StorageError::from)
        } else {
            Ok(())
        };
        if let Err(error) = done {
            tracing::warn!(%error, "checkpoint put off");
        }
    }
}

/// Nobody may be waiting any more: the change is in the log all the same.
fn answer(reply: oneshot::Sender<Result<Vec<u64>>>, result: Result<Vec<u64>>) {
    drop(reply.send(result));
}
