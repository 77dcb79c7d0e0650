//! Tokens of paired panes, kept in the session store by their hash.

use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::{ErrorCode, UserError};
use deskhand_server::{TokenHash, TokenRecord, TokenStore};
use deskhand_storage::{PaneToken, Store, StoreChange};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::log::told;

/// Panes that may be paired at one time; the oldest gives way.
const MAX_TOKENS: usize = 64;

/// Tokens in the store.
#[derive(Clone, Debug)]
pub(crate) struct StoredTokens {
    store: Store,
}

/// What a token is bound to.
#[derive(Serialize, Deserialize)]
struct Bound {
    kind: FrontEndKind,
    origin: String,
    created_at: i64,
}

impl StoredTokens {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }

    async fn all(&self) -> Result<Vec<TokenRecord>, UserError> {
        let tokens = self.store.tokens().await.map_err(|error| told(&error))?;
        tokens.into_iter().map(record).collect()
    }

    /// Keeps a token. The same change makes room, so that there never are more than may be.
    async fn keep(&self, record: TokenRecord) -> Result<(), UserError> {
        let bound = Bound {
            kind: record.kind,
            origin: record.origin,
            created_at: record.created_at,
        };
        let token = PaneToken {
            id: record.id,
            hash: record.hash.0,
            record: serde_json::to_vec(&bound)
                .map_err(|error| UserError::new(ErrorCode::Internal).detail(error))?,
        };
        let known = self.store.tokens().await.map_err(|error| told(&error))?;
        let too_many = (known.len() + 1).saturating_sub(MAX_TOKENS);
        let oldest = known.into_iter().take(too_many);
        let mut changes: Vec<StoreChange> = oldest
            .map(|token| StoreChange::RevokeToken { id: token.id })
            .collect();
        changes.push(StoreChange::PutToken(token));
        self.store
            .write_store(changes)
            .await
            .map_err(|error| told(&error))
    }
}

fn record(token: PaneToken) -> Result<TokenRecord, UserError> {
    let bound: Bound = serde_json::from_slice(&token.record)
        .map_err(|error| UserError::new(ErrorCode::DatabaseCorrupt).detail(error))?;
    Ok(TokenRecord {
        id: token.id,
        hash: TokenHash(token.hash),
        kind: bound.kind,
        origin: bound.origin,
        created_at: bound.created_at,
    })
}

impl TokenStore for StoredTokens {
    fn insert(&self, record: TokenRecord) -> BoxFuture<'_, Result<(), UserError>> {
        Box::pin(self.keep(record))
    }

    fn find(&self, hash: TokenHash) -> BoxFuture<'_, Result<Option<TokenRecord>, UserError>> {
        Box::pin(async move {
            let found = self.store.token(hash.0).await.map_err(|error| told(&error))?;
            found.map(record).transpose()
        })
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<TokenRecord>, UserError>> {
        Box::pin(self.all())
    }

    fn revoke<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), UserError>> {
        Box::pin(async move {
            let change = StoreChange::RevokeToken { id: id.to_owned() };
            self.store
                .write_store(vec![change])
                .await
                .map_err(|error| told(&error))
        })
    }
}
