//! Requests that the collector could not take yet, kept on disk: bounded, sealed, the oldest dropped first.
//!
//! Each is a file `<number>.otlp`: the mark of the collector that it waits for, a nonce of 12 random bytes, then the request under
//! AES-256-GCM, bound to its number and to that mark. The name of a file is its place in the order; nothing else about it is
//! believed. A request is removed after the collector took it, so one may arrive twice when the program is killed in between.
//! Everything here blocks.
//!
//! What waits for one collector is never sent to another: where its address changes, or a header that may name a tenant there, what
//! waited is dropped and counted. A file that cannot be read now, as somebody locks it, stays and is judged once it can be.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use url::Url;
use zeroize::Zeroizing;

use crate::export::Secrets;
use crate::files;
use crate::headers;
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

/// How names of headers that hold a credential end, without their `-` and `_`. A credential changes without another tenant behind
/// it and does not count; every other header may name one (`X-Scope-OrgID`, `AccountID`, `stream-name`), and counts.
const CREDENTIALS: &[&str] = &[
    "accesskey",
    "apikey",
    "authkey",
    "authorization",
    "cookie",
    "credential",
    "ingestionkey",
    "ingestkey",
    "insertkey",
    "licensekey",
    "password",
    "secret",
    "secretkey",
    "token",
    "writekey",
];

/// Which collector requests wait for: a keyed hash of its address and of the headers that may name a tenant there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark([u8; MARK]);

impl Mark {
    fn of(key: &SpoolKey, endpoint: &str, headers: &Secrets) -> io::Result<Self> {
        let mut url = Url::parse(endpoint).map_err(|_| io::ErrorKind::InvalidInput)?;
        // They are not sent.
        url.set_query(None);
        url.set_fragment(None);
        let sent = headers::fixed(&headers.0);
        let naming: BTreeMap<&str, Zeroizing<Vec<u8>>> = sent
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), naming(name.as_str(), value.as_bytes())?)))
            .collect();
        let mut hash = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.0.as_ref()));
        hash.update(PURPOSE);
        let address = url.as_str().trim_end_matches('/').as_bytes();
        let named = naming
            .iter()
            .flat_map(|(name, value)| [name.as_bytes(), value.as_slice()]);
        for text in std::iter::once(address).chain(named) {
            hash.update(&(text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        let hash = <[u8; MARK]>::try_from(hash.sign().as_ref()).map_err(|_| io::ErrorKind::Other)?;
        Ok(Self(hash))
    }
}

/// What of a header may say whose place at a collector it is: all of it, or of a credential the user's name (RFC 7617), which is
/// the tenant at some collectors; `None` where it says nothing of that.
fn naming(name: &str, value: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let plain = name.replace(['-', '_'], "");
    if !CREDENTIALS.iter().any(|ending| plain.ends_with(ending)) {
        return Some(Zeroizing::new(value.to_vec()));
    }
    let (scheme, pair) = value.split_at_checked("Basic ".len())?;
    if !scheme.eq_ignore_ascii_case(b"Basic ") {
        return None;
    }
    let mut pair = Zeroizing::new(BASE64_STANDARD.decode(pair.trim_ascii()).ok()?);
    let user = pair.iter().position(|byte| *byte == b':')?;
    pair.truncate(user);
    Some(pair)
}

/// What is known of a file.
#[derive(Clone, Copy, Debug)]
struct Kept {
    bytes: u64,
    /// `None` until it was read.
    stream: Option<Stream>,
}

/// Requests in a folder.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    sealing: RandomizedNonceKey,
    mark: Mark,
    /// Items that waited for another collector, and were dropped.
    elsewhere: u64,
    /// By number.
    files: BTreeMap<u64, Kept>,
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
    /// So many items that waited for another collector: they were removed.
    Elsewhere(u32),
    /// There are files, and none of them can be read now.
    Locked,
}

impl Spool {
    /// The requests in a folder that is this program's own, at most so many bytes of them, for the collector at this address,
    /// where these headers may name a tenant. Requests of an earlier run are there; those for another collector are dropped.
    ///
    /// # Errors
    /// When the folder cannot be made or read, or the address is none.
    pub fn open(
        folder: &Path,
        key: &SpoolKey,
        most: u64,
        endpoint: &str,
        headers: &Secrets,
    ) -> io::Result<Self> {
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
            let bytes = entry.metadata().map_or(0, |metadata| metadata.len());
            files.insert(number, Kept { bytes, stream: None });
        }
        let bytes = files.values().map(|kept| kept.bytes).sum();
        let next = files
            .last_key_value()
            .map_or(0, |(last, _)| last.saturating_add(1));
        let mut spool = Self {
            folder: folder.to_owned(),
            sealing,
            mark: Mark::of(key, endpoint, headers)?,
            elsewhere: 0,
            files,
            bytes,
            most,
            next,
        };
        spool.drop_elsewhere()?;
        Ok(spool)
    }

    /// Records, spans and sums that waited for another collector when this was opened, and were dropped.
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
            // What cannot be read, and what this key did not seal, is judged in its turn.
            if let Ok(Some((_, payload))) = self.read(number) {
                self.elsewhere = self.elsewhere.saturating_add(payload.items.into());
                self.remove(number);
            }
        }
        if self.elsewhere > 0 {
            let beside = self.folder.join(ELSEWHERE).with_extension(HALF_WRITTEN);
            files::create(&beside)?.write_all(self.elsewhere.to_string().as_bytes())?;
            fs::rename(beside, self.folder.join(ELSEWHERE))?;
        }
        Ok(())
    }

    /// The kinds of requests that wait; `None` among them for files that were not read yet.
    pub(crate) fn waiting(&self) -> BTreeSet<Option<Stream>> {
        self.files.values().map(|kept| kept.stream).collect()
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
        let stream = Some(payload.stream);
        self.files.insert(self.next, Kept { bytes: size, stream });
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
                .push(lost.map_or((None, 1), |(_, payload)| (Some(payload.stream), payload.items)));
            self.remove(number);
        }
        dropped
    }

    /// The oldest request of a kind that may go, `None` where there is none. A file that this key did not seal, or that is for
    /// another collector, is removed and told.
    pub(crate) fn oldest(&mut self, may: impl Fn(Stream) -> bool) -> Option<Oldest> {
        let (mut locked, mut from) = (None, 0);
        let goes = |(_, kept): &(&u64, &Kept)| kept.stream.is_none_or(&may);
        while let Some((&number, _)) = self.files.range(from..).find(goes) {
            from = number.saturating_add(1);
            match self.read(number) {
                Ok(Some((mark, payload))) if mark != self.mark => {
                    self.remove(number);
                    return Some(Oldest::Elsewhere(payload.items));
                }
                Ok(Some((_, payload))) => {
                    if let Some(kept) = self.files.get_mut(&number) {
                        kept.stream = Some(payload.stream);
                    }
                    if may(payload.stream) {
                        return Some(Oldest::Payload(number, payload));
                    }
                }
                Err(error) if is_locked(&error) => locked = Some(Oldest::Locked),
                Ok(None) | Err(_) => {
                    self.remove(number);
                    return Some(Oldest::Altered);
                }
            }
        }
        locked
    }

    /// Lets a request go.
    pub(crate) fn remove(&mut self, number: u64) {
        if let Some(kept) = self.files.remove(&number) {
            self.bytes = self.bytes.saturating_sub(kept.bytes);
        }
        if let Err(error) = fs::remove_file(self.path(number)) {
            tracing::warn!(%error, "a file of the spool could not be removed");
        }
    }

    /// A request and the collector that it is for; `None` where this key did not seal it.
    fn read(&self, number: u64) -> io::Result<Option<(Mark, Payload)>> {
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

    fn unseal(&self, number: u64, sealed: &[u8]) -> Option<(Mark, Payload)> {
        let (mark, sealed) = sealed.split_first_chunk::<MARK>()?;
        let mark = Mark(*mark);
        let (nonce, body) = sealed.split_first_chunk::<NONCE>()?;
        let mut body = body.to_vec();
        let open = self
            .sealing
            .open_in_place(Nonce::from(nonce), Aad::from(place(mark, number)), &mut body)
            .ok()?;
        let (&[stream, a, b, c, d], message) = open.split_first_chunk::<HEAD>()?;
        let stream = Stream::ALL.into_iter().find(|known| *known as u8 == stream)?;
        let payload = Payload {
            stream,
            items: u32::from_be_bytes([a, b, c, d]),
            message: message.to_vec(),
        };
        Some((mark, payload))
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:020}.{ENDING}"))
    }
}

/// Whether a file may well be read later: it is there, and somebody does not let us.
fn is_locked(error: &io::Error) -> bool {
    !matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof | io::ErrorKind::IsADirectory
    )
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
mod tests;
