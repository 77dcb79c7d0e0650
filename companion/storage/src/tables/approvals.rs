//! The table `approvals`: requests that wait for a person, through restarts. The first answer wins, here and nowhere
//! else.

use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use crate::error::{Result, StorageError};
use crate::keys::KeyRing;
use crate::seal::Place;
use crate::tables::sessions;

/// A request for approval, with its answer once there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Its id.
    pub id: Uuid,
    /// The session that asks.
    pub session: Uuid,
    /// When it was asked, in Unix milliseconds.
    pub created_at: i64,
    /// What is asked, as the caller wrote it.
    pub request: Vec<u8>,
    /// When and how it was answered.
    pub answer: Option<ApprovalAnswer>,
}

/// The answer to an approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalAnswer {
    /// When it was given, in Unix milliseconds.
    pub at: i64,
    /// Who answered what, as the caller wrote it.
    pub record: Vec<u8>,
}

/// Stores an open request.
pub(crate) fn open(
    connection: &Connection,
    ring: &KeyRing,
    session: Uuid,
    id: Uuid,
    created_at: i64,
    request: &[u8],
) -> Result<()> {
    let number = sessions::number(connection, session)?;
    let sealed = ring
        .session(connection, session)?
        .seal(&Place::ApprovalRequest { session, id }, request)?;
    connection
        .prepare_cached(
            "INSERT INTO approvals (id, session, created_at, sealed_request) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![id, number, created_at, sealed])?;
    Ok(())
}

/// Stores the answer to an open request; refuses a second one.
pub(crate) fn settle(
    connection: &Connection,
    ring: &KeyRing,
    session: Uuid,
    id: Uuid,
    answer: &ApprovalAnswer,
) -> Result<()> {
    let number = sessions::number(connection, session)?;
    let place = Place::ApprovalAnswer { session, id };
    let sealed = ring.session(connection, session)?.seal(&place, &answer.record)?;
    let settled = connection
        .prepare_cached(
            "UPDATE approvals SET settled_at = ?3, sealed_answer = ?4
             WHERE id = ?1 AND session = ?2 AND settled_at IS NULL",
        )?
        .execute(params![id, number, answer.at, sealed])?;
    if settled == 1 {
        return Ok(());
    }
    let known = connection
        .prepare_cached("SELECT 1 FROM approvals WHERE id = ?1 AND session = ?2")?
        .exists(params![id, number])?;
    Err(if known {
        StorageError::AlreadySettled(id)
    } else {
        StorageError::NoRecord("approval")
    })
}

/// The approvals of a session, oldest first.
pub(crate) fn list(connection: &Connection, ring: &KeyRing, session: Uuid) -> Result<Vec<Approval>> {
    let number = sessions::number(connection, session)?;
    let mut statement = connection.prepare_cached(
        "SELECT id, created_at, sealed_request, settled_at, sealed_answer FROM approvals
         WHERE session = ?1 ORDER BY created_at, id",
    )?;
    let rows = statement.query_map([number], |row| approval(row, session))?;
    let key = ring.session(connection, session)?;
    rows.map(|row| {
        let mut approval = row?;
        let id = approval.id;
        approval.request = key.open(&Place::ApprovalRequest { session, id }, &approval.request)?;
        if let Some(answer) = &mut approval.answer {
            answer.record = key.open(&Place::ApprovalAnswer { session, id }, &answer.record)?;
        }
        Ok(approval)
    })
    .collect()
}

fn approval(row: &Row<'_>, session: Uuid) -> rusqlite::Result<Approval> {
    let answer = match row.get(3)? {
        Some(at) => Some(ApprovalAnswer {
            at,
            record: row.get(4)?,
        }),
        None => None,
    };
    Ok(Approval {
        id: row.get(0)?,
        session,
        created_at: row.get(1)?,
        request: row.get(2)?,
        answer,
    })
}
