//! Tokens of paired panes, kept in the session store by their hash.

use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::{ErrorCode, UserError};
use deskhand_server::{TokenHash, TokenRecord, TokenStore};
use deskhand_storage::Store;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::log::told;

/// The setting that holds the records; sealed like every setting.
const SETTING: &str = "paneTokens";
/// Panes that may be paired at one time; the oldest gives way.
const MAX_TOKENS: usize = 64;

/// Tokens in the store.
#[derive(Debug)]
pub(crate) struct StoredTokens {
    store: Store,
    changing: tokio::sync::Mutex<()>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    id: String,
    hash: [u8; 32],
    kind: FrontEndKind,
    origin: String,
    created_at: i64,
}

impl StoredTokens {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            changing: tokio::sync::Mutex::default(),
        }
    }

    async fn all(&self) -> Result<Vec<TokenRecord>, UserError> {
        let Some(bytes) = self
            .store
            .setting(SETTING.to_owned())
            .await
            .map_err(|error| told(&error))?
        else {
            return Ok(Vec::new());
        };
        let stored: Vec<Stored> = serde_json::from_slice(&bytes)
            .map_err(|error| UserError::new(ErrorCode::DatabaseCorrupt).detail(error))?;
        let record = |stored: Stored| TokenRecord {
            id: stored.id,
            hash: TokenHash(stored.hash),
            kind: stored.kind,
            origin: stored.origin,
            created_at: stored.created_at,
        };
        Ok(stored.into_iter().map(record).collect())
    }

    async fn change(&self, change: impl FnOnce(&mut Vec<TokenRecord>)) -> Result<(), UserError> {
        let _turn = self.changing.lock().await;
        let mut records = self.all().await?;
        change(&mut records);
        let stored: Vec<Stored> = records
            .into_iter()
            .map(|record| Stored {
                id: record.id,
                hash: record.hash.0,
                kind: record.kind,
                origin: record.origin,
                created_at: record.created_at,
            })
            .collect();
        let value =
            serde_json::to_vec(&stored).map_err(|error| UserError::new(ErrorCode::Internal).detail(error))?;
        let change = deskhand_storage::StoreChange::PutSetting {
            name: SETTING.to_owned(),
            value: Some(value),
        };
        self.store
            .write_store(vec![change])
            .await
            .map_err(|error| told(&error))
    }
}

impl TokenStore for StoredTokens {
    fn insert(&self, record: TokenRecord) -> BoxFuture<'_, Result<(), UserError>> {
        Box::pin(self.change(|records| {
            if records.len() >= MAX_TOKENS {
                records.remove(0);
            }
            records.push(record);
        }))
    }

    fn find(&self, hash: TokenHash) -> BoxFuture<'_, Result<Option<TokenRecord>, UserError>> {
        Box::pin(async move { Ok(self.all().await?.into_iter().find(|record| record.hash == hash)) })
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<TokenRecord>, UserError>> {
        Box::pin(self.all())
    }

    fn revoke<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), UserError>> {
        Box::pin(self.change(move |records| records.retain(|record| record.id != id)))
    }
}
