//! The image of the sandbox, kept as the organisation's image store has it: fetched when the service starts and once a day, or when
//! a person asks.
//!
//! Who vouches for an image: the store does, by TLS to the address that policy names, since its `current` names the id and
//! the id is a digest of everything. A build may name the only id that it takes (`DESKHAND_IMAGE_ID` where it is compiled).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use deskhand_egress::{EgressError, Gate};
use deskhand_platform::Paths;
use deskhand_protocol::UserError;
use deskhand_protocol::sandbox::FetchedImage;
use deskhand_sandbox::{ImageStore, unavailable};
use deskhand_trail::{Actor, What};
use deskhand_vm_host::{IMAGE_BUSY, IMAGE_WRONG, SandboxError, Step, Store, Taken, Told};
use tokio::sync::Mutex;

use super::Code;
use crate::audit::Notes;
use crate::sandbox;
use crate::settings::Settings;

/// The only image that this build takes from a store, where whoever built it named one.
const PINNED: Option<&str> = option_env!("DESKHAND_IMAGE_ID");

const _: () = assert!(
    match PINNED {
        Some(id) => is_id(id.as_bytes()),
        None => true,
    },
    "DESKHAND_IMAGE_ID is the SHA-256 of an image's list: 64 hexadecimal digits in lower case"
);

const fn is_id(text: &[u8]) -> bool {
    let mut rest = text;
    while let [digit, after @ ..] = rest {
        if !matches!(digit, b'0'..=b'9' | b'a'..=b'f') {
            return false;
        }
        rest = after;
    }
    text.len() == 64
}

/// How often it is asked whether there is another image.
const DAY: Duration = Duration::from_hours(24);
/// The pause after a first failure; each further one is twice as long, up to the longest.
const SOON: Duration = Duration::from_mins(1);
const LONGEST: Duration = Duration::from_hours(1);

/// The image of this user.
#[derive(Clone, Debug)]
pub(crate) struct Images {
    store: Store,
    paths: Paths,
    gate: Gate,
    /// `deskhandImageStoreUrl`.
    address: Option<String>,
    /// `deskhandAllowProcessSandbox`.
    allows_processes: bool,
    notes: Notes,
    /// Held while one is fetched: who comes second waits.
    turn: Arc<Mutex<()>>,
}

impl Images {
    /// Nothing is asked for yet.
    pub(crate) fn new(paths: &Paths, settings: &Settings, gate: &Gate, notes: &Notes) -> Self {
        let address = settings.policy.sandbox.deskhand_image_store_url.value.as_ref();
        Self {
            store: Store::new(sandbox::own_images(paths)),
            paths: paths.clone(),
            gate: gate.clone(),
            address: address.map(|address| address.as_str().to_owned()),
            allows_processes: sandbox::allows_processes(settings),
            notes: notes.clone(),
            turn: Arc::default(),
        }
    }

    /// Has the store's image here, whole and in use.
    pub(crate) async fn fetch(&self, by: Actor, told: &Told<'_>) -> Result<Taken, SandboxError> {
        let _turn = self.turn.lock().await;
        let address = self.address.as_deref().ok_or_else(not_set)?;
        let source = ImageStore::open(&self.gate, address).map_err(|error| closed(&error))?;
        let taken = self.store.take(&source, PINNED, told).await?;
        if taken.is_new {
            tracing::info!(
                image = taken.image.id,
                bytes = taken.fetched,
                "another image of the sandbox is used"
            );
            let (image, bytes) = (taken.image.id.clone(), taken.fetched);
            self.notes.add(by, What::ImageTaken { image, bytes });
        }
        Ok(taken)
    }

    /// The same for a person at a front end, whose end does not end it.
    pub(crate) async fn fetch_for(&self, by: Actor, code: &Code) -> Result<FetchedImage, UserError> {
        let (this, code) = (self.clone(), code.clone());
        let fetching = tokio::spawn(async move {
            let taken = this.fetch(by, &|_| {}).await;
            this.taken(&code, taken).await
        });
        let taken = fetching.await.map_err(crate::log::internal)?;
        taken
            .map(|taken| view(&taken))
            .map_err(|error| unavailable(&error))
    }

    /// Machines start from what came; what they started from before goes once none does any more.
    async fn taken(&self, code: &Code, taken: Result<Taken, SandboxError>) -> Result<Taken, SandboxError> {
        let taken = taken?;
        if taken.is_new {
            code.renew(sandbox::settings(&self.paths, self.allows_processes))
                .await;
            if let Err(error) = self.store.tidy().await {
                tracing::warn!(%error, "older images were not removed");
            }
        }
        Ok(taken)
    }

    /// Keeps the image as the store has it, for as long as the service runs. Nothing is asked where policy names no store.
    pub(crate) async fn keep(&self, code: &Code) -> Infallible {
        if self.address.is_none() {
            return std::future::pending().await;
        }
        let mut pause = SOON;
        loop {
            let taken = self.fetch(Actor::Service, &|_| {}).await;
            let wait = match self.taken(code, taken).await {
                Ok(_) => {
                    pause = SOON;
                    DAY
                }
                Err(error) => {
                    tracing::warn!(%error, code = error.code, "the image of the sandbox was not fetched");
                    after(&error, &mut pause)
                }
            };
            tokio::time::sleep(wait).await;
        }
    }
}

/// How long to wait after a failure.
fn after(error: &SandboxError, pause: &mut Duration) -> Duration {
    match error.code {
        // It is the same the next minute, and half a gigabyte each time.
        IMAGE_WRONG => DAY,
        IMAGE_BUSY => SOON,
        _ => {
            let wait = *pause;
            *pause = (wait * 2).min(LONGEST);
            wait
        }
    }
}

/// What a front end is told.
pub(crate) fn view(taken: &Taken) -> FetchedImage {
    FetchedImage {
        id: taken.image.id.clone(),
        bytes: taken.image.size(),
        fetched: taken.fetched,
        is_new: taken.is_new,
    }
}

fn not_set() -> SandboxError {
    SandboxError::new(
        Step::Image,
        "no image store is set (`deskhandImageStoreUrl`)",
        "ask your administrator to set one, or build the image with `cargo xtask image`",
    )
}

fn closed(error: &EgressError) -> SandboxError {
    SandboxError::new(
        Step::Image,
        format!("the image store is not reached: {error}"),
        "show this to your administrator",
    )
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn a_pinned_id_is_a_digest_and_nothing_else() {
        for (text, good) in [
            ("a".repeat(64), true),
            ("0123456789abcdef".repeat(4), true),
            ("a".repeat(63), false),
            ("A".repeat(64), false),
            (format!("{}/", "a".repeat(63)), false),
        ] {
            assert_eq!(is_id(text.as_bytes()), good, "{text}");
        }
    }

    #[test]
    fn after_each_failure_it_is_asked_later_and_at_once_for_nothing() {
        let failed = |code| SandboxError::new(Step::Image, "why", "what helps").with_code(code);
        let mut pause = SOON;
        let waits: Vec<u64> = (0..8)
            .map(|_| after(&failed("image_unreachable"), &mut pause).as_secs() / 60)
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(after(&failed(IMAGE_WRONG), &mut pause), DAY);
        assert_eq!(after(&failed(IMAGE_BUSY), &mut pause), SOON);
    }
}
