//! Tokens of paired panes, kept in the session store by their hash.

use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::{ErrorCode, UserError};
use deskhand_server::{TokenHash, TokenRecord, TokenStore};
use deskhand_storage::{PaneToken, StoreChange};
use deskhand_trail::{Actor, Id, Trail, What};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::clock::now;
use crate::log::{internal, told};

/// Panes that may be paired at one time; the oldest gives way.
const MAX_TOKENS: usize = 64;

/// Tokens in the store.
#[derive(Clone, Debug)]
pub(crate) struct StoredTokens {
    trail: Trail,
}

/// What a token is bound to.
#[derive(Serialize, Deserialize)]
struct Bound {
    kind: FrontEndKind,
    origin: String,
    created_at: i64,
}

impl StoredTokens {
    pub(crate) fn new(trail: Trail) -> Self {
        Self { trail }
    }

    async fn all(&self) -> Result<Vec<TokenRecord>, UserError> {
        let tokens = self.trail.store().tokens().await.map_err(|error| told(&error))?;
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
        let known = self.trail.store().tokens().await.map_err(|error| told(&error))?;
        let too_many = (known.len() + 1).saturating_sub(MAX_TOKENS);
        let mut changes = vec![StoreChange::PutToken(token)];
        for oldest in known.into_iter().take(too_many) {
            changes.extend(self.revoked(oldest.id, Actor::Service)?);
        }
        self.write(changes).await
    }

    /// Ends a pairing, and records who did.
    pub(crate) async fn end(&self, id: &str, by: Actor) -> Result<(), UserError> {
        self.write(self.revoked(id.to_owned(), by)?.into()).await
    }

    fn revoked(&self, id: String, by: Actor) -> Result<[StoreChange; 2], UserError> {
        let what = What::PairingRevoked { token: Id::of(&id) };
        let record = self.trail.record(now(), by, None, what, None).map_err(internal)?;
        Ok([StoreChange::RevokeToken { id }, StoreChange::Audit(record)])
    }

    async fn write(&self, changes: Vec<StoreChange>) -> Result<(), UserError> {
        let written = self.trail.store().write_store(changes).await;
        written.map_err(|error| told(&error))
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
            let found = self
                .trail
                .store()
                .token(hash.0)
                .await
                .map_err(|error| told(&error))?;
            found.map(record).transpose()
        })
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<TokenRecord>, UserError>> {
        Box::pin(self.all())
    }

    fn revoke<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<(), UserError>> {
        Box::pin(self.end(id, Actor::Service))
    }
}
