//! The clock and the source of chance of this process; everything else gets them as arguments (Invariant 10).

use std::time::{SystemTime, UNIX_EPOCH};

use deskhand_documents::World;
use deskhand_protocol::Timestamp;

/// Now, in Unix milliseconds.
pub(crate) fn now() -> Timestamp {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::try_from(elapsed.as_millis()).unwrap_or(Timestamp::MAX)
}

/// Ten bytes of the system's generator. Ids need no secrecy, only difference; a generator that fails gives zeros, and the
/// store refuses the id that comes twice.
pub(crate) fn chance() -> [u8; 10] {
    let mut bytes = [0; 10];
    if aws_lc_rs::rand::fill(&mut bytes).is_err() {
        tracing::error!("the system gave no random bytes");
    }
    bytes
}

/// The world as it is.
#[derive(Debug)]
pub(crate) struct RealWorld;

impl World for RealWorld {
    fn now(&self) -> Timestamp {
        now()
    }

    fn chance(&self) -> [u8; 10] {
        chance()
    }
}
