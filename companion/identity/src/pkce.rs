//! One attempt to sign in in a browser (RFC 7636, RFC 8252).

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::Url;
use zeroize::Zeroizing;

use crate::client::Client;
use crate::error::SignInError;

/// One attempt: what only this program knows of it. It is used up by [`Client::exchange`].
pub struct Attempt {
    verifier: Zeroizing<String>,
    state: Zeroizing<String>,
    redirect: String,
}

impl fmt::Debug for Attempt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Attempt")
    }
}

impl Attempt {
    /// An attempt that comes back to `redirect`, made of 64 random bytes that nobody else knows.
    pub fn new(redirect: &str, chance: &Zeroizing<[u8; 64]>) -> Self {
        let (verifier, state) = chance.split_at(32);
        Self {
            verifier: Zeroizing::new(URL_SAFE_NO_PAD.encode(verifier)),
            state: Zeroizing::new(URL_SAFE_NO_PAD.encode(state)),
            redirect: redirect.to_owned(),
        }
    }

    /// The address to open in the browser.
    pub fn address(&self, client: &Client) -> Result<Url, SignInError> {
        let mut address = client.provider.authorization()?.clone();
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, self.verifier.as_bytes()));
        let mut query = address.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &client.id)
            .append_pair("redirect_uri", &self.redirect)
            .append_pair("state", &self.state)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        if let Some(scopes) = &client.scopes {
            query.append_pair("scope", scopes);
        }
        if let Some(resource) = &client.resource {
            query.append_pair("resource", resource);
        }
        for (name, value) in &client.asks {
            query.append_pair(name, value);
        }
        drop(query);
        Ok(address)
    }

    pub(crate) fn verifier(&self) -> &str {
        &self.verifier
    }

    pub(crate) fn redirect(&self) -> &str {
        &self.redirect
    }

    /// Whether an answer belongs to this attempt; compared without telling by its time how much of it is right.
    pub(crate) fn knows(&self, state: &str) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(self.state.as_bytes(), state.as_bytes()).is_ok()
    }
}
