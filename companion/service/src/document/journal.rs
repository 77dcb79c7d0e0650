//! The way back of `document apply`: change sets in a store of their own beside the service's, sealed with the same key
//! (Invariants 6 and 11), so that the command works whether the service runs or not.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use deskhand_document::history::{Applied, Noted};
use deskhand_platform::Paths;
use deskhand_protocol::{ChangeSetId, ErrorCode, UserError};
use deskhand_storage::{Change, Durability, MasterKey, OpenOptions, StorageError, Store};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Outcome;
use crate::clock;
use crate::log::told;
use crate::serve::{master_key, open_secrets};

/// The session that change sets of the command line belong to.
const SESSION: Uuid = Uuid::from_u128(0x6465_736b_6861_6e64_8000_0000_0000_0001);
/// How long another command may keep the store.
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(20);

/// A step of one file: a change set, or one that was taken back.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    /// The file, absolute.
    pub(super) file: PathBuf,
    /// The change set that it belongs to: its own, or the one that it takes back.
    pub(super) change: ChangeSetId,
    /// What a person knows it by, an operation a line.
    pub(super) title: String,
    /// What was done.
    pub(super) applied: Applied,
}

/// The journal of the command line.
#[derive(Debug)]
pub(super) struct Journal {
    store: Store,
}

impl Journal {
    /// Opens the journal; waits while another command uses it.
    pub(super) async fn open(paths: &Paths) -> Outcome<Self> {
        let folder = paths.data().join("documents");
        paths.create().map_err(anyhow::Error::from)?;
        deskhand_platform::permissions::private_folder(&folder).map_err(anyhow::Error::from)?;
        let secrets = open_secrets(paths).await?;
        let key = master_key(&secrets)?;
        let until = Instant::now() + PATIENCE;
        let store = loop {
            let opened = Store::open(OpenOptions {
                folder: folder.clone(),
                deployment: None,
                master_key: MasterKey::new(key),
                text_of: |_| None,
                max_bytes: None,
            });
            match opened {
                Err(StorageError::Locked { .. }) if Instant::now() < until => tokio::time::sleep(PAUSE).await,
                opened => break opened.map_err(|error| told(&error))?,
            }
        };
        match store.session(SESSION).await {
            Ok(_) => {}
            Err(StorageError::NoSession(_)) => {
                let create = Change::Create {
                    at: clock::now() as i64,
                    meta: Vec::new(),
                };
                let created = store.write(SESSION, vec![create], Durability::Flushed).await;
                created.map_err(|error| told(&error))?;
            }
            Err(error) => return Err(told(&error).into()),
        }
        Ok(Self { store })
    }

    /// Writes a change set; it is on disk when this returns. Whether the file was saved, the file tells.
    pub(super) async fn put(&self, id: &ChangeSetId, record: &Record) -> Outcome<()> {
        let value = serde_json::to_vec(record).map_err(anyhow::Error::from)?;
        let put = Change::PutJournal {
            key: id.to_string(),
            open: false,
            value,
        };
        let written = self.store.write(SESSION, vec![put], Durability::Flushed).await;
        written.map_err(|error| told(&error))?;
        Ok(())
    }

    /// A change set by its id.
    pub(super) async fn find(&self, id: &str) -> Outcome<Record> {
        let found = self.store.journal(SESSION, id.to_owned()).await;
        let Some(bytes) = found.map_err(|error| told(&error))? else {
            let sentence = format!("There is no change set `{id}` of the command line.");
            return Err(UserError::new(ErrorCode::DocumentNotFound)
                .happened(sentence)
                .into());
        };
        let read = serde_json::from_slice(&bytes);
        Ok(read.map_err(|error| UserError::new(ErrorCode::DatabaseCorrupt).detail(error))?)
    }

    /// Every step of a file, oldest first.
    pub(super) async fn of_file(&self, file: &Path) -> Outcome<Vec<Noted>> {
        let keys = self.store.journal_keys(SESSION, String::new()).await;
        let keys = keys.map_err(|error| told(&error))?;
        let mut steps = Vec::new();
        for key in keys {
            let Record {
                file: of,
                change,
                title,
                applied,
            } = self.find(&key).await?;
            if of == file {
                steps.push(Noted {
                    change: change.to_string(),
                    title,
                    applied,
                });
            }
        }
        Ok(steps)
    }
}
