//! The history of one deployment taken into another's database: a computer that was used before its organisation named
//! the deployment. Rows go over as they are, sealed; the keys stay wrapped by the same master key.

use rusqlite::{Connection, TransactionBehavior};
use uuid::Uuid;

use crate::error::Result;
use crate::files::Files;
use crate::store::{OpenOptions, Store};

/// The tables, parents before children. What a session is not the owner of stays: settings, tokens, the audit, which is a
/// chain of its own. `moved` pairs the row numbers of sessions there and here, `moved_blobs` those of blobs.
const COPY: &str = "
CREATE TEMP TABLE moved (id BLOB, former INTEGER PRIMARY KEY, number INTEGER);
INSERT INTO moved (id, former) SELECT id, number FROM former.sessions
  WHERE id NOT IN (SELECT id FROM main.sessions) ORDER BY number;
INSERT INTO main.keys (session, wrapped) SELECT k.session, k.wrapped FROM former.keys k JOIN moved m ON m.id = k.session;
INSERT INTO main.sessions (id, created_at, updated_at, last_seq, sealed_meta)
  SELECT s.id, s.created_at, s.updated_at, s.last_seq, s.sealed_meta
  FROM former.sessions s JOIN moved m ON m.former = s.number ORDER BY s.number;
UPDATE moved SET number = (SELECT s.number FROM main.sessions s WHERE s.id = moved.id);
INSERT INTO main.events (session, seq, first_seq, at, schema, sealed)
  SELECT m.number, e.seq, e.first_seq, e.at, e.schema, e.sealed FROM former.events e JOIN moved m ON m.former = e.session;
INSERT INTO main.blobs (session, locator, size)
  SELECT m.number, b.locator, b.size FROM former.blobs b JOIN moved m ON m.former = b.session ORDER BY b.number;
CREATE TEMP TABLE moved_blobs (former INTEGER PRIMARY KEY, number INTEGER);
INSERT INTO moved_blobs SELECT b.number, n.number FROM former.blobs b JOIN moved m ON m.former = b.session
  JOIN main.blobs n ON n.session = m.number AND n.locator = b.locator;
INSERT INTO main.blob_chunks (blob, position, sealed)
  SELECT m.number, c.position, c.sealed FROM former.blob_chunks c JOIN moved_blobs m ON m.former = c.blob;
INSERT INTO main.journal (session, key, open, sealed)
  SELECT m.number, j.key, j.open, j.sealed FROM former.journal j JOIN moved m ON m.former = j.session ORDER BY j.number;
INSERT INTO main.approvals (id, session, created_at, settled_at, sealed_request, sealed_answer)
  SELECT a.id, m.number, a.created_at, a.settled_at, a.sealed_request, a.sealed_answer
  FROM former.approvals a JOIN moved m ON m.former = a.session;
DROP TABLE moved_blobs;
DROP TABLE moved;
";

/// Whether there is a database of this deployment with a session in it. Changes nothing, and asks for no key.
pub fn has_history(folder: &std::path::Path, deployment: Option<Uuid>) -> bool {
    let files = Files::new(folder, deployment);
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if !files.database.exists() {
        return false;
    }
    let sessions = Connection::open_with_flags(&files.database, flags)
        .and_then(|connection| connection.query_row("SELECT count(*) FROM sessions", [], |row| row.get(0)));
    let sessions =
        sessions.inspect_err(|error| tracing::warn!(%error, "the sessions of before cannot be counted"));
    sessions.is_ok_and(|sessions: u64| sessions > 0)
}

/// Copies every session of the database `from` into that of `into` unless it has it, with events, contents, journal and
/// answers, as a whole or not at all. Both are brought to this version's schema first; neither may be open elsewhere.
/// Answers with the sessions that `into` holds whole now: what is left to delete in `from`, also after a step that was cut short.
/// One that went on in `from` since is not among them.
/// What the audit of `from` kept in full stays there and goes with its session.
pub fn copy_sessions(from: OpenOptions, into: OpenOptions) -> Result<Vec<Uuid>> {
    let former = Files::new(&from.folder, from.deployment);
    let files = Files::new(&into.folder, into.deployment);
    let _locks = (former.lock()?, files.lock()?);
    let (connection, _) = Store::prepare(&former, from.max_bytes, from.master_key)?;
    // Closed, so that what it wrote lies in the file and its WAL is gone.
    connection.close().map_err(|(_, error)| error)?;
    files.create()?;
    let (mut connection, _) = Store::prepare(&files, into.max_bytes, into.master_key)?;
    connection.execute("ATTACH ?1 AS former", [former.database.to_string_lossy()])?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(COPY)?;
    transaction.commit()?;
    let mut statement = connection.prepare(
        "SELECT f.id FROM former.sessions f JOIN main.sessions m ON m.id = f.id
         WHERE f.last_seq <= m.last_seq AND f.updated_at <= m.updated_at ORDER BY f.number",
    )?;
    let both = statement.query_map([], |row| row.get(0))?;
    Ok(both.collect::<rusqlite::Result<_>>()?)
}
