//! Device codes (RFC 8628): a person enters a short code on a page, on this machine or another.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use url::Url;
use zeroize::Zeroizing;

use crate::client::{Client, refused};
use crate::error::SignInError;
use crate::metadata::Endpoint;
use crate::tokens::{Seconds, Tokens, is_token};
use crate::transport::{Transport, post, read};

/// The longest time that a person has, whatever the provider says.
pub const GRANT: Duration = Duration::from_mins(5);
/// The shortest and the longest time between two questions.
const POLL: (u64, u64) = (1, 30);
/// Seconds between two questions where the provider names none (RFC 8628, section 3.2).
const UNSAID: u64 = 5;
/// Seconds that are added when the provider says `slow_down` (RFC 8628, section 3.5).
const SLOWER: u64 = 5;
/// Characters that a code for people may have.
const USER_CODE: usize = 64;

/// A device code that waits for a person.
pub struct DeviceGrant {
    device: Zeroizing<String>,
    user_code: String,
    address: Url,
    complete: Option<Url>,
    interval: u64,
    ends_at: u64,
}

impl fmt::Debug for DeviceGrant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("DeviceGrant");
        shown.field("ends_at", &self.ends_at).finish_non_exhaustive()
    }
}

/// What asking once more gave.
#[derive(Debug)]
pub enum Polled {
    /// The person is not done; ask again after this time.
    Again(Duration),
    /// The person signed in.
    Granted(Tokens),
}

/// The answer of the device authorization endpoint (RFC 8628, section 3.2).
#[derive(Deserialize)]
struct Offered {
    device_code: String,
    user_code: String,
    #[serde(alias = "verification_url")]
    verification_uri: String,
    verification_uri_complete: Option<String>,
    expires_in: Option<Seconds>,
    interval: Option<Seconds>,
}

impl DeviceGrant {
    /// The code to enter.
    pub fn user_code(&self) -> &str {
        &self.user_code
    }

    /// The page to enter it on.
    pub fn address(&self) -> &Url {
        &self.address
    }

    /// The same page with the code in its address, where the provider has one.
    pub fn complete(&self) -> Option<&Url> {
        self.complete.as_ref()
    }

    /// Unix milliseconds until which it can be entered.
    pub fn ends_at(&self) -> u64 {
        self.ends_at
    }

    /// How long to wait before the next question.
    pub fn wait(&self) -> Duration {
        Duration::from_secs(self.interval)
    }
}

impl Client {
    /// Asks for a device code at `now`, Unix milliseconds.
    pub async fn begin_device(
        &self,
        transport: &impl Transport,
        now: u64,
    ) -> Result<DeviceGrant, SignInError> {
        let mut fields = vec![("client_id", self.id.as_str())];
        fields.extend(self.scopes.as_deref().map(|scopes| ("scope", scopes)));
        fields.extend(self.resource.as_deref().map(|resource| ("resource", resource)));
        let answer = post(transport, self.provider.device()?, &fields).await?;
        if answer.status.as_u16() != 200 {
            return Err(refused(&answer));
        }
        let said: Offered = read(&answer.body)?;
        let device = Zeroizing::new(said.device_code);
        let shown = said.user_code.trim();
        let readable = shown.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if !is_token(&device) || shown.is_empty() || shown.len() > USER_CODE || !readable {
            return Err(SignInError::Unreadable("its code cannot be shown"));
        }
        let page = |text: &str| self.provider.later(Endpoint::Verification, text);
        let longest = GRANT.as_millis() as u64;
        let counts = said.expires_in.and_then(|seconds| seconds.get());
        let counts = counts.map_or(longest, |seconds| seconds.saturating_mul(1_000).min(longest));
        let interval = said.interval.and_then(|seconds| seconds.get()).unwrap_or(UNSAID);
        Ok(DeviceGrant {
            user_code: shown.to_owned(),
            address: page(&said.verification_uri)?,
            complete: said.verification_uri_complete.as_deref().map(page).transpose()?,
            device,
            interval: interval.clamp(POLL.0, POLL.1),
            ends_at: now.saturating_add(counts),
        })
    }

    /// Asks once whether the person is done. Call it after [`DeviceGrant::wait`], and then after each time it gives.
    pub async fn poll(
        &self,
        transport: &impl Transport,
        grant: &mut DeviceGrant,
        now: u64,
    ) -> Result<Polled, SignInError> {
        const KIND: &str = "urn:ietf:params:oauth:grant-type:device_code";
        if now >= grant.ends_at {
            return Err(SignInError::Expired);
        }
        let fields = [("grant_type", KIND), ("device_code", grant.device.as_str())];
        match self.granted(transport, &fields, now, None).await {
            Ok(tokens) => return Ok(Polled::Granted(tokens)),
            Err(SignInError::Refused("authorization_pending")) => {}
            Err(SignInError::Refused("slow_down")) => grant.slower(SLOWER),
            // RFC 8628, section 3.5: what does not answer is asked less often.
            Err(error) if error.is_passing() => grant.slower(grant.interval),
            Err(error) => return Err(error),
        }
        Ok(Polled::Again(grant.wait()))
    }
}

impl DeviceGrant {
    fn slower(&mut self, seconds: u64) {
        self.interval = (self.interval + seconds).clamp(POLL.0, POLL.1);
    }
}
