//! Where the tokens of a sign-in for the model are kept: one sealed file.

use std::sync::Arc;

use anyhow::Context as _;
use deskhand_inference::credential::{StoreFault, TokenStore};
use deskhand_platform::permissions::PermissionError;
use deskhand_platform::{Paths, SecretStore};
use futures_util::future::BoxFuture;
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use crate::sealed::{Sealed, removed};

/// The key in the secret store.
const KEY: &str = "sign-in-key";
/// The file below the data folder.
const FILE: &str = "sign-in.sealed";
/// Bytes that the file may have.
const LARGEST: u64 = 256 * 1024;
/// What the file is sealed for. Whose tokens they are stands in them.
const BOUND_TO: &str = "deskhand sign-in 1";

/// The place where sign-ins for the model are kept, on this computer for this user.
#[derive(Debug)]
struct Kept(Arc<Sealed>);

/// Opens it.
pub(crate) fn tokens(paths: &Paths, secrets: &SecretStore) -> anyhow::Result<Arc<dyn TokenStore>> {
    let file = paths.data().join(FILE);
    let sealed = Sealed::new(file, (secrets, KEY), BOUND_TO.as_bytes().to_vec(), LARGEST);
    Ok(Arc::new(Kept(Arc::new(sealed.context("the kept sign-in")?))))
}

/// Forgets what is kept. Gives whether there was something.
pub(crate) fn forget(paths: &Paths) -> Result<bool, PermissionError> {
    removed(&paths.data().join(FILE))
}

impl TokenStore for Kept {
    fn load(&self) -> BoxFuture<'_, Result<Option<Zeroizing<Vec<u8>>>, StoreFault>> {
        let sealed = Arc::clone(&self.0);
        Box::pin(async move {
            spawn_blocking(move || sealed.read())
                .await
                .map_err(fault)?
                .map_err(fault)
        })
    }

    fn save(&self, bytes: Option<Zeroizing<Vec<u8>>>) -> BoxFuture<'_, Result<(), StoreFault>> {
        let sealed = Arc::clone(&self.0);
        let write = move || match bytes {
            Some(bytes) => sealed.write(&bytes),
            None => sealed.forget().map(drop),
        };
        Box::pin(async move { spawn_blocking(write).await.map_err(fault)?.map_err(fault) })
    }
}

fn fault(error: impl std::fmt::Display) -> StoreFault {
    StoreFault(error.to_string())
}
