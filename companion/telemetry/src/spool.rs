//! Requests that the collector could not take yet, kept on disk: bounded, sealed, the oldest dropped first.
//!
//! Each is a file `<number>.otlp`: the mark of the collector that it waits for, a nonce of 12 random bytes, then the request under
//! AES-256-GCM, bound to its number and to that mark. The name of a file is its place in the order; nothing else about it is
//! believed. A request is removed after the collector took it, so one may arrive twice when the program is killed in between.
//! Everything here blocks.
//!
//! What waits for one collector is never sent to another: where the origin of the address changes, what waited is dropped and
//! counted.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest::{Context, SHA256};
use url::Url;
use zeroize::Zeroizing;

use crate::files;
use crate::otlp::{Payload, Stream};

const MARK: usize = 32;
const NONCE: usize = 12;
const TAG: usize = 16;
/// Stream, number of items.
const HEAD: usize = 5;
/// Bytes of a file; ours are far below.
const LARGEST: u64 = 16 << 20;
const ENDING: &str = "otlp";
const HALF_WRITTEN: &str = "tmp";
const PURPOSE: &[u8] = b"deskhand otlp spool 2";
/// The file that says how much was dropped when the collector last became another one.
const ELSEWHERE: &str = "elsewhere.txt";

/// The key that requests are sealed with; the caller keeps it in the secret store of the system. Wiped when dropped.
pub struct SpoolKey(Zeroizing<[u8; 32]>);

impl SpoolKey {
    /// Takes the key over.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl fmt::Debug for SpoolKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SpoolKey")
    }
}

/// Which collector requests wait for: a hash of its origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark([u8; MARK]);

impl Mark {
    fn of(endpoint: &str) -> io::Result<Self> {
        let origin = Url::parse(endpoint)
            .map_err(|_| io::ErrorKind::InvalidInput)?
            .origin();
        let mut hash = Context::new(&SHA256);
        hash.update(PURPOSE);
        hash.update(origin.ascii_serialization().as_bytes());
        let hash = <[u8; MARK]>::try_from(hash.finish().as_ref()).map_err(|_| io::ErrorKind::Other)?;
        Ok(Self(hash))
    }
}

/// Requests in a folder.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    sealing: RandomizedNonceKey,
    mark: Mark,
    /// Items that waited for another collector, and were dropped.
    elsewhere: u64,
    /// Bytes by number.
    files: BTreeMap<u64, u64>,
    bytes: u64,
    most: u64,
    next: u64,
}

/// What was lost while a request was put aside.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Dropped {
    /// Items by stream; `None` where the file could not be read any more.
    pub(crate) items: Vec<(Option<Stream>, u32)>,
}

/// What the oldest file holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Oldest {
    /// A request.
    Payload(u64, Payload),
    /// Nothing that this key sealed: it was removed.
    Altered,
}

impl Spool {
    /// The requests in a folder that is this program's own, at most so many bytes of them, for the collector at this address.
    /// Requests of an earlier run are there; those for a collector of another origin are dropped.
    ///
    /// # Errors
    /// When the folder cannot be made or read, or the address is none.
    pub fn open(folder: &Path, key: &SpoolKey, most: u64, endpoint: &str) -> io::Result<Self> {
        files::make_folder(folder)?;
        let sealing =
            RandomizedNonceKey::new(&AES_256_GCM, key.0.as_ref()).map_err(|_| io::ErrorKind::InvalidInput)?;
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let Some(number) = number_of(&entry.path()) else {
                remove_half_written(&entry.path());
                continue;
            };
            files.insert(number, entry.metadata().map_or(0, |metadata| metadata.len()));
        }
        let bytes = files.values().sum();
        let next = files
            .last_key_value()
            .map_or(0, |(last, _)| last.saturating_add(1));
        let mut spool = Self {
            folder: folder.to_owned(),
            sealing,
            mark: Mark::of(endpoint)?,
            elsewhere: 0,
            files,
            bytes,
            most,
            next,
        };
        spool.drop_elsewhere()?;
        Ok(spool)
    }

    /// Records, spans and sums that waited for a collector of another origin when this was opened, and were dropped. A request
    /// that cannot be read any more counts as one.
    pub fn elsewhere(&self) -> u64 {
        self.elsewhere
    }

    /// How many were dropped when the collector last became another one, and when; `None` where it never did.
    pub fn last_elsewhere(folder: &Path) -> Option<(u64, SystemTime)> {
        let path = folder.join(ELSEWHERE);
        let at = fs::metadata(&path).ok()?.modified().ok()?;
        let mut text = String::new();
        fs::File::open(path)
            .ok()?
            .take(32)
            .read_to_string(&mut text)
            .ok()?;
        Some((text.trim().parse().ok()?, at))
    }

    fn drop_elsewhere(&mut self) -> io::Result<()> {
        let numbers: Vec<u64> = self.files.keys().copied().collect();
        for number in numbers {
            let mut head = [0; MARK];
            let read = fs::File::open(self.path(number)).and_then(|mut file| file.read_exact(&mut head));
            if read.is_ok() && head == self.mark.0 {
                continue;
            }
            let items = self
                .read(number)
                .ok()
                .flatten()
                .map_or(1, |payload| payload.items);
            self.elsewhere = self.elsewhere.saturating_add(items.into());
            self.remove(number);
        }
        if self.elsewhere > 0 {
            let beside = self.folder.join(ELSEWHERE).with_extension(HALF_WRITTEN);
            files::create(&beside)?.write_all(self.elsewhere.to_string().as_bytes())?;
            fs::rename(beside, self.folder.join(ELSEWHERE))?;
        }
        Ok(())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Puts a request aside, and drops the oldest ones where there is no room.
    pub(crate) fn push(&mut self, payload: &Payload) -> io::Result<Dropped> {
        let sealed = self.seal(self.next, payload)?;
        let size = sealed.len() as u64;
        if size > self.most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let dropped = self.make_room(size);
        let path = self.path(self.next);
        let beside = path.with_extension(HALF_WRITTEN);
        let mut file = files::create(&beside)?;
        file.write_all(&sealed)?;
        file.sync_all()?;
        fs::rename(&beside, &path)?;
        self.files.insert(self.next, size);
        self.bytes += size;
        self.next = self.next.saturating_add(1);
        Ok(dropped)
    }

    fn make_room(&mut self, size: u64) -> Dropped {
        let mut dropped = Dropped::default();
        while self.bytes + size > self.most {
            let Some((&number, _)) = self.files.first_key_value() else {
                break;
            };
            let lost = self.read(number).ok().flatten();
            dropped
                .items
                .push(lost.map_or((None, 1), |payload| (Some(payload.stream), payload.items)));
            self.remove(number);
        }
        dropped
    }

    /// The oldest request, `None` where there is none. A file that this key did not seal is removed and told.
    pub(crate) fn oldest(&mut self) -> Option<Oldest> {
        let (&number, _) = self.files.first_key_value()?;
        if let Ok(Some(payload)) = self.read(number) {
            return Some(Oldest::Payload(number, payload));
        }
        self.remove(number);
        Some(Oldest::Altered)
    }

    /// Lets a request go.
    pub(crate) fn remove(&mut self, number: u64) {
        if let Some(size) = self.files.remove(&number) {
            self.bytes = self.bytes.saturating_sub(size);
        }
        if let Err(error) = fs::remove_file(self.path(number)) {
            tracing::warn!(%error, "a file of the spool could not be removed");
        }
    }

    fn read(&self, number: u64) -> io::Result<Option<Payload>> {
        let mut sealed = Vec::new();
        fs::File::open(self.path(number))?
            .take(LARGEST + 1)
            .read_to_end(&mut sealed)?;
        Ok(self.unseal(number, &sealed))
    }

    fn seal(&self, number: u64, payload: &Payload) -> io::Result<Vec<u8>> {
        let mut sealed = Vec::with_capacity(MARK + NONCE + HEAD + payload.message.len() + TAG);
        sealed.extend_from_slice(&self.mark.0);
        sealed.extend_from_slice(&[0; NONCE]);
        sealed.push(payload.stream as u8);
        sealed.extend_from_slice(&payload.items.to_be_bytes());
        sealed.extend_from_slice(&payload.message);
        let (nonce, tag) = self
            .sealing
            .seal_in_place_separate_tag(Aad::from(place(self.mark, number)), &mut sealed[MARK + NONCE..])
            .map_err(|_| io::ErrorKind::Other)?;
        sealed[MARK..MARK + NONCE].copy_from_slice(nonce.as_ref());
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    fn unseal(&self, number: u64, sealed: &[u8]) -> Option<Payload> {
        let (mark, sealed) = sealed.split_first_chunk::<MARK>()?;
        let (nonce, body) = sealed.split_first_chunk::<NONCE>()?;
        let mut body = body.to_vec();
        let open = self
            .sealing
            .open_in_place(
                Nonce::from(nonce),
                Aad::from(place(Mark(*mark), number)),
                &mut body,
            )
            .ok()?;
        let (&[stream, a, b, c, d], message) = open.split_first_chunk::<HEAD>()?;
        let stream = Stream::ALL.into_iter().find(|known| *known as u8 == stream)?;
        Some(Payload {
            stream,
            items: u32::from_be_bytes([a, b, c, d]),
            message: message.to_vec(),
        })
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:020}.{ENDING}"))
    }
}

/// What a killed program was writing beside its files.
fn remove_half_written(path: &Path) {
    if path.extension().is_some_and(|ending| ending == HALF_WRITTEN)
        && let Err(error) = fs::remove_file(path)
    {
        tracing::warn!(%error, "a file of the spool could not be removed");
    }
}

fn place(mark: Mark, number: u64) -> Vec<u8> {
    let mut place = PURPOSE.to_vec();
    place.extend_from_slice(&mark.0);
    place.extend_from_slice(&number.to_be_bytes());
    place
}

fn number_of(path: &Path) -> Option<u64> {
    let stem = path.file_stem()?.to_str()?;
    let ours = path.extension().is_some_and(|ending| ending == ENDING) && stem.len() == 20;
    stem.parse().ok().filter(|_| ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(items: u32) -> Payload {
        Payload {
            stream: Stream::Logs,
            items,
            message: format!("MARKER {items} ").repeat(20).into_bytes(),
        }
    }

    const COLLECTOR: &str = "https://collector.example.com/otlp";

    fn open(folder: &Path) -> Spool {
        open_for(folder, COLLECTOR)
    }

    fn open_for(folder: &Path, endpoint: &str) -> Spool {
        Spool::open(folder, &SpoolKey::new([7; 32]), 2_000, endpoint).unwrap()
    }

    fn take(spool: &mut Spool) -> Option<u32> {
        match spool.oldest()? {
            Oldest::Payload(number, payload) => {
                spool.remove(number);
                Some(payload.items)
            }
            Oldest::Altered => Some(u32::MAX),
        }
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files
    }

    #[test]
    fn requests_survive_a_restart_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = open(folder.path());
        for items in 1..=3 {
            spool.push(&payload(items)).unwrap();
        }
        drop(spool);
        fs::write(folder.path().join("00000000000000000003.tmp"), "half").unwrap();
        let mut spool = open(folder.path());
        spool.push(&payload(4)).unwrap();
        let taken: Vec<u32> = std::iter::from_fn(|| take(&mut spool)).collect();
        assert_eq!(taken, [1, 2, 3, 4]);
        assert!(files(folder.path()).is_empty());
    }

    #[test]
    fn the_oldest_go_where_there_is_no_room_and_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = open(folder.path());
        let mut lost = 0;
        for items in 1..=20 {
            let dropped = spool.push(&payload(items)).unwrap();
            lost += dropped.items.iter().map(|(_, items)| items).sum::<u32>();
        }
        let kept: u32 = std::iter::from_fn(|| take(&mut spool)).sum();
        assert!(kept > 0 && lost > 0);
        assert_eq!(kept + lost, (1..=20).sum::<u32>());
    }

    #[test]
    fn no_file_is_larger_than_all_of_them_may_be() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = open(folder.path());
        let large = Payload {
            message: vec![0; 3_000],
            ..payload(1)
        };
        assert!(spool.push(&large).is_err());
        assert!(files(folder.path()).is_empty());
    }

    #[test]
    fn altered_moved_and_foreign_files_are_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = open(folder.path());
        for items in 1..=4 {
            spool.push(&payload(items)).unwrap();
        }
        drop(spool);
        let names = files(folder.path());
        let mut bytes = fs::read(&names[0]).unwrap();
        bytes[MARK + 30] ^= 1;
        fs::write(&names[0], bytes).unwrap();
        fs::copy(&names[2], &names[1]).unwrap();
        fs::write(folder.path().join("notes.txt"), "not ours").unwrap();
        fs::write(folder.path().join("99999999999999999999.otlp"), "").unwrap();
        let mut spool = open(folder.path());
        let taken: Vec<u32> = std::iter::from_fn(|| take(&mut spool)).collect();
        assert_eq!(taken, [u32::MAX, u32::MAX, 3, 4]);
    }

    #[test]
    fn nothing_of_a_request_can_be_read_in_its_file() {
        let folder = tempfile::tempdir().unwrap();
        open(folder.path()).push(&payload(1)).unwrap();
        let bytes = fs::read(&files(folder.path())[0]).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"MARKER"));
        let mut other = Spool::open(folder.path(), &SpoolKey::new([8; 32]), 2_000, COLLECTOR).unwrap();
        assert_eq!(other.oldest(), Some(Oldest::Altered));
    }

    #[test]
    fn what_waits_for_one_collector_never_goes_to_another_and_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = open(folder.path());
        for items in 1..=3 {
            spool.push(&payload(items)).unwrap();
        }
        drop(spool);
        let same = open_for(folder.path(), "https://collector.example.com/elsewhere/on/it");
        assert_eq!((same.elsewhere(), same.files.len()), (0, 3));
        assert_eq!(Spool::last_elsewhere(folder.path()), None);
        fs::write(
            folder.path().join("00000000000000000009.otlp"),
            "of an older form",
        )
        .unwrap();
        let mut other = open_for(folder.path(), "https://collector.example.org/otlp");
        assert_eq!(other.oldest(), None);
        assert_eq!(other.elsewhere(), 1 + 2 + 3 + 1);
        let told = Spool::last_elsewhere(folder.path());
        assert_eq!(told.map(|(items, _)| items), Some(7));
        other.push(&payload(5)).unwrap();
        drop(other);
        let back = open(folder.path());
        assert_eq!(
            (back.elsewhere(), back.files.len()),
            (5, 0),
            "nor does it wait until the first one is back"
        );
    }

    #[test]
    fn a_file_that_is_put_under_another_collectors_mark_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        open(folder.path()).push(&payload(1)).unwrap();
        let file = &files(folder.path())[0];
        let other = Mark::of("https://collector.example.org").unwrap();
        let mut bytes = fs::read(file).unwrap();
        bytes[..MARK].copy_from_slice(&other.0);
        fs::write(file, bytes).unwrap();
        let mut spool = open_for(folder.path(), "https://collector.example.org");
        assert_eq!(spool.oldest(), Some(Oldest::Altered));
    }
}
