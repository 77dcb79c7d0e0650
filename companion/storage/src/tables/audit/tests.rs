//! Ten thousand alterations of a chain, of many kinds: each is found in the chain itself, or, where whoever made it had
//! the key or an older copy, by the anchors alone.

use std::ops::Range;

use pretty_assertions::assert_eq;
use rusqlite::params;
use uuid::Uuid;

use super::verify::verify_view;
use super::*;
use crate::migrate::MIGRATIONS;
use crate::seal::MasterKey;

const ALTERATIONS: u64 = 10_000;
/// Records that were dropped at the beginning.
const DROPPED: u64 = 3;
/// Records of the chain, one each ten seconds, with an anchor each minute.
const LAST: u64 = 23;
const EACH: u64 = 6;
const SESSION: Uuid = Uuid::from_u128(0x5e55);

/// A chain, the same with another end, and what was sealed as its end after each record.
struct Chain {
    connection: Connection,
    ring: KeyRing,
    heads: Vec<Vec<u8>>,
    anchors: Vec<AuditAnchor>,
}

/// One alteration: what it is, where it shows, and whether the chain alone shows it.
struct Altered {
    kind: &'static str,
    /// A record that is to be named; none where another fault tells it.
    names: Option<u64>,
    by: By,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    TheChain,
    AnchorsAlone,
}

/// A small generator of seeded numbers (xorshift64*), so that a run can be repeated.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }

    fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.below(range.end - range.start)
    }
}

fn record(number: u64, word: &str) -> NewAuditRecord {
    NewAuditRecord {
        content: (!number.is_multiple_of(3)).then(|| AuditContent {
            bytes: format!("content of {number}").into_bytes(),
            keep: if number.is_multiple_of(2) {
                Keep::Whole
            } else {
                Keep::Digest
            },
        }),
        ..NewAuditRecord::new(
            number.cast_signed() * 10_000,
            format!("{word} {number}").into_bytes(),
        )
    }
}

impl Chain {
    fn new() -> Self {
        let connection = Connection::open_in_memory().unwrap();
        for sql in MIGRATIONS {
            connection.execute_batch(sql).unwrap();
        }
        let (ring, _) = KeyRing::open(&connection, MasterKey::new([7; 32])).unwrap();
        begin(&connection, &ring).unwrap();
        sessions::create(&connection, &ring, SESSION, 1, b"").unwrap();
        let mut chain = Self {
            connection,
            ring,
            heads: vec![Vec::new()],
            anchors: Vec::new(),
        };
        for number in 1..=LAST {
            chain.add(number, "did");
            chain.heads.push(chain.sealed_head());
            if number.is_multiple_of(EACH) {
                let anchor = anchor(&chain.connection, &chain.ring, number.cast_signed() * 10_000);
                chain.anchors.extend(anchor);
            }
        }
        drop_through(&chain.connection, &chain.ring, DROPPED).unwrap();
        chain
    }

    fn add(&self, number: u64, word: &str) {
        let mut point = head(&self.connection, &self.ring).unwrap();
        append(
            &self.connection,
            &self.ring,
            &mut point,
            Some(SESSION),
            record(number, word),
        )
        .unwrap();
        point.keep(&self.connection, &self.ring).unwrap();
    }

    fn sealed_head(&self) -> Vec<u8> {
        let sql = "SELECT sealed FROM settings WHERE name = 'audit.head'";
        self.connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn run(&self, sql: &str, numbers: &[u64]) {
        let changed = self
            .connection
            .execute(sql, rusqlite::params_from_iter(numbers))
            .unwrap();
        assert!(changed > 0, "{sql} {numbers:?}");
    }

    /// As an older copy had it: rows, end and counter.
    fn set_back(&self, to: u64) {
        for table in ["audit", "audit_contents"] {
            let cut = format!("DELETE FROM {table} WHERE number > ?1");
            self.connection.execute(&cut, [to]).unwrap();
        }
        let head = &self.heads[to as usize];
        let sql = "UPDATE settings SET sealed = ?1 WHERE name = 'audit.head'";
        self.connection.execute(sql, [head]).unwrap();
        self.run("UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'audit'", &[to]);
    }

    /// Rebuilds all of it with the key, and leaves no trace of what was dropped.
    fn rebuild(&self, word: &str) {
        let nothing = "DELETE FROM audit_contents; DELETE FROM audit; DELETE FROM settings WHERE name = 'audit.checkpoint'";
        self.connection.execute_batch(nothing).unwrap();
        self.run("UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'audit'", &[0]);
        Point::START.keep(&self.connection, &self.ring).unwrap();
        (1..=LAST).for_each(|number| self.add(number, word));
    }

    /// Flips one bit of a column.
    fn flip(&self, column: &str, number: u64, chance: &mut Seeded) {
        let (table, column) = column.split_once('.').unwrap();
        let read = format!("SELECT {column} FROM {table} WHERE number = ?1");
        let mut bytes: Vec<u8> = self
            .connection
            .query_row(&read, [number], |row| row.get(0))
            .unwrap();
        let bit = chance.below(bytes.len() as u64 * 8);
        bytes[(bit / 8) as usize] ^= 1 << (bit % 8);
        let write = format!("UPDATE {table} SET {column} = ?1 WHERE number = ?2");
        self.connection.execute(&write, params![bytes, number]).unwrap();
    }

    fn verdict(&self, anchors: &[AuditAnchor]) -> AuditVerdict {
        verify_view(&self.connection, &self.ring, anchors.to_vec()).unwrap()
    }
}

/// A record with content, or one whose content is kept.
fn with_content(chance: &mut Seeded, kept: bool) -> u64 {
    loop {
        let number = chance.within(DROPPED + 1..LAST + 1);
        if !number.is_multiple_of(3) && (!kept || number.is_multiple_of(2)) {
            return number;
        }
    }
}

/// Alterations by somebody who can write to the file, and has no key.
#[expect(clippy::too_many_lines, reason = "a table of alterations")]
fn without_key(chain: &Chain, kind: u64, chance: &mut Seeded) -> Altered {
    let number = chance.within(DROPPED + 1..LAST + 1);
    // Not the last: what is removed there is a tail that was cut.
    let inner = chance.within(DROPPED + 1..LAST);
    let (kind, names) = match kind {
        0 => {
            chain.flip("audit.sealed", number, chance);
            ("a bit of a record flipped", Some(number))
        }
        1 => {
            chain.flip("audit.link", number, chance);
            ("a bit of a link flipped", Some(number))
        }
        2 => {
            let number = with_content(chance, false);
            chain.flip("audit.sealed_content", number, chance);
            ("a bit of a mark flipped", Some(number))
        }
        3 => {
            let number = with_content(chance, true);
            chain.flip("audit_contents.sealed", number, chance);
            ("a bit of kept content flipped", Some(number))
        }
        4 => {
            chain.run(
                "UPDATE audit SET at = at + ?2 + 1 WHERE number = ?1",
                &[number, chance.below(90_000)],
            );
            ("a record re-dated", Some(number))
        }
        5 => {
            chain.run("DELETE FROM audit WHERE number = ?1", &[inner]);
            ("a record removed", Some(inner))
        }
        6 => {
            let other = DROPPED + 1 + (inner + chance.below(LAST - DROPPED - 2)) % (LAST - DROPPED);
            let other = if other == inner { LAST } else { other };
            chain.run("UPDATE audit SET number = -1 WHERE number = ?1", &[inner]);
            chain.run("UPDATE audit SET number = ?1 WHERE number = ?2", &[inner, other]);
            chain.run("UPDATE audit SET number = ?1 WHERE number = -1", &[other]);
            ("two records swapped", Some(inner.min(other)))
        }
        7 => {
            chain.run(
                "INSERT INTO audit (number, at, sealed, link, sealed_content)
                 SELECT ?1, at, sealed, link, sealed_content FROM audit WHERE number = ?2",
                &[LAST + 1, number],
            );
            ("a record duplicated", Some(LAST + 1))
        }
        8 => {
            chain.run("DELETE FROM audit WHERE number > ?1", &[inner]);
            chain.run(
                "UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'audit'",
                &[inner],
            );
            ("the tail cut, the counter set back", Some(inner + 1))
        }
        9 => {
            chain.run("DELETE FROM audit WHERE number > ?1", &[inner]);
            let forge = "INSERT INTO audit (number, at, sealed, link) VALUES (?1, ?2, randomblob(60), randomblob(32))";
            for forged in inner + 1..=LAST {
                chain.run(forge, &[forged, forged * 10_000]);
            }
            ("the tail cut and forged again", Some(inner + 1))
        }
        10 => {
            chain.run("DELETE FROM audit WHERE number = ?1", &[inner]);
            for later in inner + 1..=LAST {
                chain.run("UPDATE audit SET number = number - 1 WHERE number = ?1", &[later]);
            }
            ("a record removed, the later ones renumbered", Some(inner))
        }
        11 => {
            let sql = "UPDATE settings SET sealed = randomblob(68) WHERE name = ?1";
            let name = ["audit.head", "audit.checkpoint"][chance.below(2) as usize];
            chain.connection.execute(sql, [name]).unwrap();
            ("an end of the chain forged", None)
        }
        12 => {
            let number = with_content(chance, true);
            chain.run("DELETE FROM audit_contents WHERE number = ?1", &[number]);
            ("kept content removed", Some(number))
        }
        _ => {
            // Of an older copy, in which the chain went on in another way.
            chain.connection.execute_batch("SAVEPOINT copy").unwrap();
            chain.set_back(inner);
            chain.add(inner + 1, "did otherwise");
            let row = |row: &Row<'_>| {
                Ok((
                    row.get::<_, Vec<u8>>(0)?,
                    row.get::<_, Vec<u8>>(1)?,
                    row.get::<_, Option<Vec<u8>>>(2)?,
                ))
            };
            let read = "SELECT sealed, link, sealed_content FROM audit WHERE number = ?1";
            let (sealed, link, mark) = chain.connection.query_row(read, [inner + 1], row).unwrap();
            chain
                .connection
                .execute_batch("ROLLBACK TO copy; RELEASE copy")
                .unwrap();
            let write = "UPDATE audit SET sealed = ?1, link = ?2, sealed_content = ?3 WHERE number = ?4";
            let put = params![sealed, link, mark, inner + 1];
            chain.connection.execute(write, put).unwrap();
            // It follows the same record: what shows is the next one, or the sealed end.
            (
                "a record of an older copy put in",
                (inner + 2 <= LAST).then_some(inner + 2),
            )
        }
    };
    Altered {
        kind,
        names,
        by: By::TheChain,
    }
}

/// Alterations by the user's own account: it has the key, and older copies. All are of what was anchored.
fn with_key(chain: &Chain, kind: u64, chance: &mut Seeded) -> Altered {
    let anchored = LAST / EACH * EACH;
    let to = chance.within(DROPPED + 1..anchored);
    let regrow = |until: u64, word: &str| (to + 1..=until).for_each(|number| chain.add(number, word));
    chain.set_back(to);
    let kind = match kind {
        0 => "an older copy put back",
        1 => {
            regrow(LAST, "did otherwise");
            "rebuilt with the key from a record on"
        }
        2 => {
            regrow(LAST + chance.below(5), "never did");
            "an older copy put back, gone on from for longer"
        }
        _ => {
            chain.rebuild("nothing happened");
            "the whole chain rebuilt with the key"
        }
    };
    Altered {
        kind,
        names: None,
        by: By::AnchorsAlone,
    }
}

fn names(verdict: &AuditVerdict, number: u64) -> bool {
    verdict.faults.iter().any(|fault| match *fault {
        AuditFault::Missing(first, last) | AuditFault::Cut(first, last) => (first..=last).contains(&number),
        AuditFault::Altered(found) | AuditFault::Moved(found, _) | AuditFault::Content(found) => {
            found == number
        }
        AuditFault::Foreign(found) => found == number.cast_signed(),
        AuditFault::Head | AuditFault::Checkpoint => false,
    })
}

#[test]
fn ten_thousand_alterations_are_found() {
    let chain = Chain::new();
    let untouched = chain.verdict(&chain.anchors);
    assert!(untouched.holds(), "{untouched:?}");
    assert_eq!((untouched.anchors.agreed, untouched.first), (3, DROPPED + 1));
    let mut chance = Seeded(0x5eed);
    let mut seen = std::collections::BTreeMap::new();
    for round in 0..ALTERATIONS {
        chain.connection.execute_batch("BEGIN").unwrap();
        let altered = match round % 18 {
            kind @ 0..14 => without_key(&chain, kind, &mut chance),
            kind => with_key(&chain, kind - 14, &mut chance),
        };
        let alone = chain.verdict(&[]);
        let kind = altered.kind;
        if altered.by == By::TheChain {
            assert!(!alone.faults.is_empty(), "round {round}: {kind} is not found");
        } else {
            assert_eq!(alone.faults, [], "round {round}: {kind} shows without an anchor");
            let anchored = chain.verdict(&chain.anchors);
            assert!(
                !anchored.anchors.faults.is_empty(),
                "round {round}: {kind} is not found by anchors"
            );
        }
        let named = altered.names.is_none_or(|number| names(&alone, number));
        assert!(
            named,
            "round {round}: {kind} at {:?} is not named: {:?}",
            altered.names, alone.faults
        );
        *seen.entry(kind).or_insert(0) += 1;
        chain.connection.execute_batch("ROLLBACK").unwrap();
    }
    assert_eq!(seen.len(), 18, "{seen:?}");
    assert!(chain.verdict(&chain.anchors).holds(), "the chain is as it was");
}
