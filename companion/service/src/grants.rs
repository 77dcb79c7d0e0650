//! What people allowed for always: kept sealed in the store, held in memory because every step asks for it.

use std::sync::{Arc, PoisonError, RwLock};

use deskhand_core::permission::{Grant, LastingGrant, Place};
use deskhand_protocol::permission::{GrantView, GrantsAnswer, GrantsParams, RevokeGrantParams};
use deskhand_protocol::{EventBody, PermissionId, UserError};
use deskhand_storage::StoreChange;
use deskhand_trail::{Actor, Id, Trail, What};
use tokio::sync::Mutex;

use crate::clock::now;
use crate::hub::Hub;
use crate::log::{internal, told};
use crate::runner::Command;

/// The setting that holds them.
const NAME: &str = "lasting-grants";
/// Grants that are kept; the oldest goes.
const MOST: usize = 500;

/// The lasting grants.
#[derive(Debug)]
pub(crate) struct Grants {
    trail: Trail,
    held: RwLock<Arc<[LastingGrant]>>,
    /// One change after the other.
    writing: Mutex<()>,
}

impl Grants {
    /// Reads them. Those that cannot be read are none: a person is asked again.
    pub(crate) async fn open(trail: Trail) -> Result<Self, UserError> {
        let kept = trail
            .store()
            .setting(NAME.to_owned())
            .await
            .map_err(|error| told(&error))?;
        let held: Vec<LastingGrant> = kept
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        Ok(Self {
            trail,
            held: RwLock::new(held.into()),
            writing: Mutex::default(),
        })
    }

    /// All of them, ended ones too.
    pub(crate) fn all(&self) -> Arc<[LastingGrant]> {
        Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keeps one more. It counts once it is on disk.
    pub(crate) async fn add(&self, grant: LastingGrant) -> Result<(), UserError> {
        let _one = self.writing.lock().await;
        let mut grants = self.all().to_vec();
        grants.retain(|known| {
            known.expires_at > now() && (known.reason, &known.folder) != (grant.reason, &grant.folder)
        });
        let what = What::GrantGiven {
            grant: Id::of(grant.id.as_str()),
            reason: grant.reason,
            expires_at: grant.expires_at,
        };
        let (by, folder) = (grant.from.into(), grant.folder.clone().into_bytes());
        grants.push(grant);
        if grants.len() > MOST {
            grants.remove(0);
        }
        self.put(grants, by, what, Some(folder)).await
    }

    /// Takes one back; false where there is none of this id. It counts no longer from the next step of any turn on.
    pub(crate) async fn revoke(&self, id: &PermissionId, by: Actor) -> Result<bool, UserError> {
        let _one = self.writing.lock().await;
        let mut grants = self.all().to_vec();
        let before = grants.len();
        grants.retain(|known| known.id != *id);
        if grants.len() == before {
            return Ok(false);
        }
        let what = What::GrantRevoked {
            grant: Id::of(id.as_str()),
            lasting: true,
        };
        self.put(grants, by, what, None).await?;
        Ok(true)
    }

    async fn put(
        &self,
        grants: Vec<LastingGrant>,
        by: Actor,
        what: What,
        content: Option<Vec<u8>>,
    ) -> Result<(), UserError> {
        let value = serde_json::to_vec(&grants).map_err(internal)?;
        let record = self.trail.record(now(), by, None, what, content);
        let changes = vec![
            StoreChange::PutSetting {
                name: NAME.to_owned(),
                value: Some(value),
            },
            StoreChange::Audit(record.map_err(internal)?),
        ];
        self.trail
            .store()
            .write_store(changes)
            .await
            .map_err(|error| told(&error))?;
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = grants.into();
        Ok(())
    }
}

impl Hub {
    /// The grants that count now.
    pub(crate) async fn list_grants(&self, params: GrantsParams) -> Result<GrantsAnswer, UserError> {
        let counts = |grant: &&LastingGrant| self.rules().lets_last() && grant.expires_at > now();
        let lasting = self.grants().all();
        let mut grants: Vec<GrantView> = lasting.iter().filter(counts).map(lasting_view).collect();
        if let Some(session) = params.session {
            let handle = self.handle(&session).await?;
            let own = handle.ask(Command::Grants).await?;
            grants.extend(own.iter().map(session_view));
        }
        Ok(GrantsAnswer { grants })
    }

    /// Takes a grant back.
    pub(crate) async fn revoke_grant(&self, params: RevokeGrantParams, by: Actor) -> Result<(), UserError> {
        if let Some(session) = params.session {
            let event = EventBody::GrantRevoked { grant: params.id };
            return self.record(&session, vec![event], by).await;
        }
        // One that is gone already is taken back.
        self.grants().revoke(&params.id, by).await.map(drop)
    }
}

fn lasting_view(grant: &LastingGrant) -> GrantView {
    GrantView {
        id: grant.id.clone(),
        reason: grant.reason,
        document: None,
        folder: Some(grant.folder.clone()),
        host: None,
        granted_at: Some(grant.granted_at),
        expires_at: Some(grant.expires_at),
    }
}

fn session_view(grant: &Grant) -> GrantView {
    let view = GrantView {
        id: grant.id.clone(),
        reason: grant.reason,
        document: None,
        folder: None,
        host: None,
        granted_at: None,
        expires_at: None,
    };
    match grant.place.clone() {
        Place::Document(document) => GrantView {
            document: Some(document),
            ..view
        },
        Place::Folder(folder) => GrantView {
            folder: Some(folder),
            ..view
        },
        Place::Host(host) => GrantView {
            host: Some(host),
            ..view
        },
        Place::Sandbox(_) => view,
    }
}
