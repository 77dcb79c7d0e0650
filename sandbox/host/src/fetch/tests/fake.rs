//! A source that does what a test says, with an image in it, and a folder of images that has none.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use pretty_assertions::assert_eq;
use serde_json::json;

use super::super::state::FETCHING;
use super::super::{SandboxError, Store, Taken};
use crate::machine::BoxFuture;
use crate::parts::sha256;
use crate::source::{Body, Opened, Source, SourceError, SourceErrorKind};

/// What becomes of one request.
#[derive(Clone, Debug)]
pub(super) enum Does {
    /// So many bytes come, and the connection breaks.
    Break(usize),
    /// So many bytes come, and the connection ends as if that were all.
    Stop(usize),
    /// So many bytes come, and nothing more ever.
    Hang(usize),
    /// A byte comes each second.
    Drip,
    /// A chunk that is worth it comes each half minute.
    Steady,
    /// The file begins at its start, whatever was asked.
    WholeFile,
    /// It begins elsewhere.
    Elsewhere,
    /// There is no such place in the file.
    PastEnd,
    /// It says that the file is so long.
    Says(u64),
}

#[derive(Debug, Default)]
pub(super) struct Fake {
    pub(super) files: BTreeMap<String, Vec<u8>>,
    pub(super) does: Mutex<Vec<(&'static str, Does)>>,
    pub(super) asked: Arc<Mutex<Vec<(String, u64)>>>,
}

/// Bytes of a file, piece by piece, and what comes then.
#[derive(Debug)]
struct Pieces {
    pieces: Vec<Bytes>,
    then: Option<Does>,
}

impl Body for Pieces {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Bytes>, SourceError>> {
        Box::pin(async move {
            match &self.then {
                Some(Does::Drip) => tokio::time::sleep(Duration::from_secs(1)).await,
                Some(Does::Steady) => tokio::time::sleep(Duration::from_secs(30)).await,
                _ => {}
            }
            if let Some(piece) = self.pieces.pop() {
                return Ok(Some(piece));
            }
            match &self.then {
                Some(Does::Break(_)) => Err(error(SourceErrorKind::Cut, "the connection broke")),
                Some(Does::Hang(_)) => std::future::pending().await,
                _ => Ok(None),
            }
        })
    }
}

fn error(kind: SourceErrorKind, reason: &str) -> SourceError {
    SourceError {
        kind,
        reason: reason.to_owned(),
        remedy: "look at the store".to_owned(),
    }
}

impl Source for Fake {
    fn place(&self) -> &'static str {
        "the store"
    }

    fn open<'a>(&'a self, path: &'a str, from: u64) -> BoxFuture<'a, Result<Opened, SourceError>> {
        self.asked.lock().unwrap().push((path.to_owned(), from));
        let mut does = self.does.lock().unwrap();
        let at = does.iter().position(|(end, _)| path.ends_with(end));
        let then = at.map(|at| does.remove(at).1);
        let file = self.files.get(path).cloned();
        Box::pin(async move {
            let file = file.ok_or_else(|| error(SourceErrorKind::Missing, "there is no such file"))?;
            let mut opened_from = from;
            match &then {
                Some(Does::PastEnd) => return Err(error(SourceErrorKind::PastEnd, "416")),
                Some(Does::WholeFile) => opened_from = 0,
                Some(Does::Elsewhere) => opened_from = from + 1,
                _ => {}
            }
            let mut rest = &file[opened_from as usize..];
            if let Some(Does::Break(most) | Does::Stop(most) | Does::Hang(most)) = &then {
                rest = &rest[..*most.min(&rest.len())];
            }
            let step = match &then {
                Some(Does::Drip) => 1,
                Some(Does::Steady) => 40 * 1024,
                _ => 1000,
            };
            let mut pieces: Vec<Bytes> = rest.chunks(step).map(Bytes::copy_from_slice).collect();
            pieces.reverse();
            let size = match then {
                Some(Does::Says(size)) => size,
                _ => file.len() as u64,
            };
            Ok(Opened {
                from: opened_from,
                size: Some(size),
                body: Box::new(Pieces { pieces, then }),
            })
        })
    }
}

const NAMES: [&str; 4] = ["kernel", "initrd", "system.squashfs", "session.qcow2"];

pub(super) fn content(name: &str, seed: u8, size: usize) -> Vec<u8> {
    let numbers = (0..=u8::MAX).cycle();
    name.bytes()
        .cycle()
        .zip(numbers)
        .map(|(letter, number)| letter ^ number ^ seed)
        .take(size)
        .collect()
}

/// The files of an image; answers its id.
pub(super) fn image(files: &mut BTreeMap<String, Vec<u8>>, seed: u8, size: usize) -> String {
    let parts = NAMES.map(|name| {
        // The kernel is the same in every image.
        let content = content(name, if name == "kernel" { 0 } else { seed }, size);
        let part = json!({ "name": name, "sha256": sha256(&content), "size": content.len() });
        (name, content, part)
    });
    let list: Vec<_> = parts.iter().map(|(.., part)| part).collect();
    let list = json!({ "format": 1, "architecture": std::env::consts::ARCH, "parts": list }).to_string();
    let id = sha256(list.as_bytes());
    files.insert(format!("{id}/manifest.json"), list.into_bytes());
    for (name, content, _) in parts {
        files.insert(format!("{id}/{name}"), content);
    }
    id
}

pub(super) const SIZE: usize = 3_000_100;

/// A source with one image, and a store that has none.
pub(super) struct Setup {
    pub(super) folder: tempfile::TempDir,
    pub(super) store: Store,
    pub(super) source: Fake,
    pub(super) id: String,
}

pub(super) fn setup(does: &[(&'static str, Does)]) -> Setup {
    let folder = tempfile::tempdir().unwrap();
    let mut source = Fake::default();
    let id = image(&mut source.files, 1, SIZE);
    source
        .files
        .insert("current".to_owned(), format!("{id}\n").into_bytes());
    source.does = Mutex::new(does.to_vec());
    Setup {
        store: Store::new(folder.path().join("images")),
        folder,
        source,
        id,
    }
}

impl Setup {
    pub(super) async fn take(&self) -> Result<Taken, SandboxError> {
        self.store.take(&self.source, None, &|_| {}).await
    }

    pub(super) async fn refused(&self, code: &str) -> SandboxError {
        let refused = self.take().await.unwrap_err();
        assert_eq!(refused.code, code, "{refused}");
        assert!(self.store.current().is_err());
        refused
    }

    /// From where a part was asked for, time after time.
    pub(super) fn asked(&self, name: &str) -> Vec<u64> {
        let asked = self.source.asked.lock().unwrap();
        let of = asked
            .iter()
            .filter(|(path, _)| path.ends_with(&format!("/{name}")));
        of.map(|(_, from)| *from).collect()
    }

    /// Names in the folder of images, hidden ones included.
    pub(super) fn names(&self) -> Vec<String> {
        let found = fs::read_dir(&self.store.folder).unwrap();
        let mut names: Vec<String> = found
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    pub(super) fn partial(&self, name: &str) -> std::path::PathBuf {
        self.store
            .folder
            .join(FETCHING)
            .join(&self.id)
            .join(format!("{name}.partial"))
    }
}
