//! What is kept of a sign-in at Identity Center, bound to the settings that it was made by.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::Center;
use crate::Secret;

/// The form of what is kept.
const FORM: &str = "deskhand-identity-center-1";
/// Bytes of it.
const LARGEST: usize = 64 * 1024;

/// Somebody's sign-in.
#[derive(Clone, Debug)]
pub(super) struct Session {
    /// This program, as it was registered.
    pub(super) client_id: String,
    pub(super) client_secret: Secret,
    pub(super) access: Secret,
    pub(super) refresh: Option<Secret>,
    /// When the token ends.
    pub(super) ends_at: SystemTime,
    /// When the person signed in.
    pub(super) from: SystemTime,
}

#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Wire {
    form: String,
    start_url: String,
    region: String,
    client_id: String,
    client_secret: String,
    access: String,
    refresh: Option<String>,
    /// Unix seconds.
    ends_at: u64,
    from: u64,
}

impl Session {
    pub(super) fn to_bytes(&self, center: &Center) -> Zeroizing<Vec<u8>> {
        let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let text = |secret: &Secret| secret.expose().to_owned();
        let wire = Wire {
            form: FORM.to_owned(),
            start_url: center.start_url.clone(),
            region: center.region.clone(),
            client_id: self.client_id.clone(),
            client_secret: text(&self.client_secret),
            access: text(&self.access),
            refresh: self.refresh.as_ref().map(text),
            ends_at: seconds(self.ends_at),
            from: seconds(self.from),
        };
        // Texts and numbers alone: that cannot fail.
        Zeroizing::new(serde_json::to_vec(&wire).unwrap_or_default())
    }

    /// `None` where the bytes are none, or of a sign-in somewhere else: its tokens are not for this one.
    pub(super) fn read(bytes: &[u8], center: &Center) -> Option<Self> {
        if bytes.len() > LARGEST {
            return None;
        }
        let wire: Wire = serde_json::from_slice(bytes).ok()?;
        let is_here = wire.form == FORM && wire.start_url == center.start_url && wire.region == center.region;
        let time = |seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
        let secret = |text: &String| Secret::new(text.clone());
        is_here.then_some(())?;
        Some(Self {
            client_id: wire.client_id.clone(),
            client_secret: secret(&wire.client_secret),
            access: secret(&wire.access),
            refresh: wire.refresh.as_ref().map(secret),
            ends_at: time(wire.ends_at)?,
            from: time(wire.from)?,
        })
    }

    pub(super) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        [&self.client_secret, &self.access]
            .into_iter()
            .chain(&self.refresh)
    }
}
