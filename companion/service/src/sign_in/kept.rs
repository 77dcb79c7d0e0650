//! Where the tokens of a sign-in for the model are kept: one sealed file.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use deskhand_inference::credential::{StoreFault, TokenStore};
use deskhand_platform::permissions::PermissionError;
use deskhand_platform::{Paths, SecretStore};
use deskhand_policy::Policy;
use futures_util::future::BoxFuture;
use serde_json::json;
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use crate::sealed::{Sealed, removed};

/// The key in the secret store.
const KEY: &str = "sign-in-key";
/// The file below the data folder.
const FILE: &str = "sign-in.sealed";
/// Bytes that the file may have.
const LARGEST: u64 = 256 * 1024;
/// The keys that say where tokens are sent. The file is sealed for their values: whoever changes one gets nobody's tokens, and people
/// sign in anew. Whose tokens they are stands in them.
const SENT_TO: [&str; 5] = [
    "inferenceProvider",
    "inferenceGatewayBaseUrl",
    "inferenceBedrockBaseUrl",
    "inferenceVertexBaseUrl",
    "inferenceFoundryResource",
];

/// The place where sign-ins for the model are kept, on this computer for this user.
#[derive(Debug)]
struct Kept(Arc<Sealed>);

/// Opens it, for what is sent where the policy says.
pub(crate) fn tokens(
    paths: &Paths,
    secrets: &SecretStore,
    policy: &Policy,
) -> anyhow::Result<Arc<dyn TokenStore>> {
    let file = paths.data().join(FILE);
    let sent_to = SENT_TO.map(|key| policy.value(key));
    let bound_to = json!(["deskhand sign-in 1", sent_to]).to_string();
    let sealed = Sealed::new(file, (secrets, KEY), bound_to.into_bytes(), LARGEST);
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

    fn turn(&self) -> BoxFuture<'_, Result<Box<dyn Send>, StoreFault>> {
        let lock = self.0.file().with_extension("lock");
        Box::pin(async move {
            let locked = spawn_blocking(move || locked(&lock)).await;
            locked.map_err(fault)?.map_err(fault)
        })
    }
}

/// The turn to change the file: a lock beside it.
fn locked(path: &Path) -> std::io::Result<Box<dyn Send>> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    let lock = options.open(path)?;
    lock.lock()?;
    Ok(Box::new(lock))
}

fn fault(error: impl std::fmt::Display) -> StoreFault {
    StoreFault(error.to_string())
}
