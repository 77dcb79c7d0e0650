//! Checking the chain: every fault with its number, as far as one fault does not hide the next, and what anchors say.

use std::collections::BTreeMap;

use rusqlite::Connection;
use uuid::Uuid;

use super::{AuditAnchor, COLUMNS, Point, SealedRecord, chain, content, link, points};
use crate::error::{Result, StorageError};
use crate::keys::KeyRing;
use crate::seal::Place;

/// Faults that a verdict names, of the chain and of anchors each; further ones are counted.
pub const MAX_FAULTS: usize = 100;
/// How far around its own number a record that was moved is looked for.
const NEAR: u64 = 8;

/// What checking the chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditVerdict {
    /// The chain.
    pub chain: Uuid,
    /// The number from which on records are there; older ones were dropped.
    pub first: u64,
    /// Records that are there and hold.
    pub records: u64,
    /// The last record that is there.
    pub last: Option<u64>,
    /// What is wrong, in the order of the numbers, at most [`MAX_FAULTS`].
    pub faults: Vec<AuditFault>,
    /// Faults beyond those.
    pub more_faults: u64,
    /// What the anchors say.
    pub anchors: AnchorVerdict,
}

/// Something wrong with the chain, by the number where it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditFault {
    /// These records were removed from the middle, the first and the last of them.
    Missing(u64, u64),
    /// These records were cut off at the end, the first and the last of them.
    Cut(u64, u64),
    /// The record with this number was edited, re-dated or forged.
    Altered(u64),
    /// In the place of the record with the first number stands the one with the second.
    Moved(u64, u64),
    /// The content that was kept with the record is gone or another, though its session is there.
    Content(u64),
    /// A row stands here that is no record of the chain.
    Foreign(i64),
    /// The sealed end of the chain is lost, altered, or of an older copy.
    Head,
    /// The sealed beginning of the chain is altered.
    Checkpoint,
}

/// What comparing with anchors found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnchorVerdict {
    /// Anchors that agree with the chain.
    pub agreed: u64,
    /// The last record that is held by an anchor that agrees.
    pub newest: Option<AuditAnchor>,
    /// Anchors of records that were dropped since: they can be compared with nothing.
    pub dropped: u64,
    /// Anchors of other chains: a collector keeps those of many computers.
    pub others: u64,
    /// Anchors that contradict the chain, at most [`MAX_FAULTS`].
    pub faults: Vec<AnchorFault>,
    /// Faults beyond those.
    pub more_faults: u64,
}

/// An anchor that contradicts the chain: it was rebuilt, set back or replaced after the anchor was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnchorFault {
    /// The record is another than the one that was anchored.
    Differs(AuditAnchor),
    /// The chain had the record, and has it no more.
    Gone(AuditAnchor),
    /// There are so many anchors, and all of them are of other chains than the one that is here.
    OtherChain(u64),
}

impl AuditVerdict {
    /// True where nothing is wrong.
    pub fn holds(&self) -> bool {
        self.faults.is_empty() && self.anchors.faults.is_empty()
    }
}

/// Walks the whole chain, and compares it with anchors in any order.
pub(crate) fn verify(
    connection: &Connection,
    ring: &KeyRing,
    anchors: Vec<AuditAnchor>,
) -> Result<AuditVerdict> {
    // One view of the database: the writer goes on meanwhile.
    let view = connection.unchecked_transaction()?;
    verify_view(&view, ring, anchors)
}

/// The same, within a transaction of the caller.
pub(super) fn verify_view(
    connection: &Connection,
    ring: &KeyRing,
    mut anchors: Vec<AuditAnchor>,
) -> Result<AuditVerdict> {
    anchors.sort_unstable_by_key(|anchor| (anchor.number, anchor.at));
    let mut walk = Walk::new(connection, ring, &anchors);
    let mut statement = connection.prepare_cached(&format!("{COLUMNS} ORDER BY number"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(0)?;
        walk.visit(number, SealedRecord::of(row).ok())?;
    }
    walk.end()
}

struct Walk<'a> {
    connection: &'a Connection,
    ring: &'a KeyRing,
    /// Sorted by number; those before were compared.
    anchors: &'a [AuditAnchor],
    expected: u64,
    /// The link of the record before, where that holds.
    before: Option<[u8; 32]>,
    /// Rows that did not open, with their times and what is sealed: another record may stand there.
    strange: BTreeMap<u64, (i64, Vec<u8>)>,
    verdict: AuditVerdict,
}

impl<'a> Walk<'a> {
    fn new(connection: &'a Connection, ring: &'a KeyRing, anchors: &'a [AuditAnchor]) -> Self {
        let mut walk = Self {
            connection,
            ring,
            anchors,
            expected: 1,
            before: None,
            strange: BTreeMap::new(),
            verdict: AuditVerdict {
                chain: chain(ring),
                first: 1,
                records: 0,
                last: None,
                faults: Vec::new(),
                more_faults: 0,
                anchors: AnchorVerdict::default(),
            },
        };
        let start = points::checkpoint(connection, ring).unwrap_or_else(|_| {
            walk.fault(AuditFault::Checkpoint);
            Point::START
        });
        walk.expected = start.number + 1;
        walk.before = Some(start.link);
        walk.verdict.first = walk.expected;
        walk.compare_dropped(start);
        walk
    }

    fn fault(&mut self, fault: AuditFault) {
        if self.verdict.faults.len() < MAX_FAULTS {
            self.verdict.faults.push(fault);
        } else {
            self.verdict.more_faults += 1;
        }
    }

    /// Takes in the next row; none where its columns are not of our kind.
    fn visit(&mut self, number: i64, row: Option<SealedRecord>) -> Result<()> {
        let Ok(place) = u64::try_from(number) else {
            self.fault(AuditFault::Foreign(number));
            return Ok(());
        };
        if place < self.expected {
            self.fault(AuditFault::Foreign(number));
            return Ok(());
        }
        if place > self.expected {
            self.fault(AuditFault::Missing(self.expected, place - 1));
            self.compare_gone(place);
            self.before = None;
        }
        self.expected = place + 1;
        self.verdict.last = Some(place);
        let link = row.as_ref().map(|row| row.link);
        let holds = self.check(place, row)?;
        self.before = link.filter(|_| holds);
        self.verdict.records += u64::from(holds);
        self.compare(place, link);
        Ok(())
    }

    /// True where the row is the record of this number and follows the one before.
    fn check(&mut self, number: u64, row: Option<SealedRecord>) -> Result<bool> {
        let Some(row) = row else {
            self.fault(AuditFault::Altered(number));
            return Ok(false);
        };
        let sealed = (row.at, row.sealed.clone());
        let Ok(record) = row.open(self.ring) else {
            if self.strange.len() < MAX_FAULTS {
                self.strange.insert(number, sealed);
            }
            self.fault(AuditFault::Altered(number));
            return Ok(false);
        };
        let follows = |before: &[u8; 32]| {
            let at = (record.number, record.at);
            link(
                self.ring.store(),
                before,
                at,
                &record.record,
                record.content.as_ref(),
            ) == record.link
        };
        // After a fault a record that opens is where the chain goes on: the seal holds its number and its time.
        if let Some(before) = self.before
            && !follows(&before)
        {
            self.fault(AuditFault::Altered(number));
            return Ok(false);
        }
        if let Some(mark) = &record.content
            && !content::holds(self.connection, self.ring, number, mark)?
        {
            self.fault(AuditFault::Content(number));
        }
        Ok(true)
    }

    /// Anchors of other chains, and those up to the beginning: dropped, or of the very record before the first.
    fn compare_dropped(&mut self, start: Point) {
        let others = self
            .anchors
            .iter()
            .filter(|anchor| anchor.chain != self.verdict.chain)
            .count();
        self.verdict.anchors.others = others as u64;
        if others > 0 && others == self.anchors.len() {
            let fault = AnchorFault::OtherChain(others as u64);
            self.verdict.anchors.fault(fault);
        }
        while let Some((anchor, rest)) = self.anchors.split_first()
            && anchor.number <= start.number
        {
            self.anchors = rest;
            if anchor.chain != self.verdict.chain {
                continue;
            }
            if anchor.number < start.number {
                self.verdict.anchors.dropped += 1;
            } else {
                self.verdict.anchors.compare(*anchor, Some(start.link));
            }
        }
    }

    /// Anchors of records that are not there, below a number.
    fn compare_gone(&mut self, below: u64) {
        while let Some((anchor, rest)) = self.anchors.split_first()
            && anchor.number < below
        {
            self.anchors = rest;
            if anchor.chain == self.verdict.chain {
                self.verdict.anchors.fault(AnchorFault::Gone(*anchor));
            }
        }
    }

    /// Anchors of the record with this number.
    fn compare(&mut self, number: u64, link: Option<[u8; 32]>) {
        while let Some((anchor, rest)) = self.anchors.split_first()
            && anchor.number == number
        {
            self.anchors = rest;
            if anchor.chain == self.verdict.chain {
                self.verdict.anchors.compare(*anchor, link);
            }
        }
    }

    fn end(mut self) -> Result<AuditVerdict> {
        self.compare_gone(u64::MAX);
        let last = self.expected - 1;
        let head = points::sealed_head(self.connection, self.ring);
        let end = points::given(self.connection)?.max(head.map_or(0, |head| head.number));
        if end > last {
            self.fault(AuditFault::Cut(last + 1, end));
        }
        let fits = match (head, self.before) {
            (Some(head), Some(link)) => head.number > last || head == Point { number: last, link },
            (Some(head), None) => head.number >= last,
            (None, _) => false,
        };
        if !fits {
            self.fault(AuditFault::Head);
        }
        self.name_moved()?;
        Ok(self.verdict)
    }

    /// Says of rows that did not open which record stands there, where it is one of near by.
    fn name_moved(&mut self) -> Result<()> {
        for (number, (at, sealed)) in &self.strange {
            let near = number.saturating_sub(NEAR)..=number.saturating_add(NEAR);
            let candidates = near.chain(self.strange.keys().copied());
            let found = candidates.into_iter().filter(|other| other != number);
            for other in found {
                let mut times = vec![*at];
                times.extend(self.time_of(other)?);
                let opens = times.into_iter().any(|at| {
                    let place = Place::Audit { number: other, at };
                    self.ring.store().open(&place, sealed).is_ok()
                });
                if opens {
                    let altered = AuditFault::Altered(*number);
                    let named = self.verdict.faults.iter_mut().filter(|fault| **fault == altered);
                    named.for_each(|fault| *fault = AuditFault::Moved(*number, other));
                    break;
                }
            }
        }
        Ok(())
    }

    fn time_of(&self, number: u64) -> Result<Option<i64>> {
        use rusqlite::OptionalExtension as _;

        let mut statement = self
            .connection
            .prepare_cached("SELECT at FROM audit WHERE number = ?1")?;
        let found = statement.query_row([number.cast_signed()], |row| row.get(0));
        found.optional().map_err(StorageError::from)
    }
}

impl AnchorVerdict {
    fn fault(&mut self, fault: AnchorFault) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        } else {
            self.more_faults += 1;
        }
    }

    fn compare(&mut self, anchor: AuditAnchor, link: Option<[u8; 32]>) {
        if link == Some(anchor.link) {
            self.agreed += 1;
            self.newest = Some(anchor);
        } else {
            self.fault(AnchorFault::Differs(anchor));
        }
    }
}
