//! A public client of a provider: grants become tokens, tokens are renewed and ended.

use serde::Deserialize;

use crate::error::SignInError;
use crate::metadata::Provider;
use crate::pkce::Attempt;
use crate::redirect::Code;
use crate::tokens::Tokens;
use crate::transport::{Answer, Transport, post, read};

/// A public client (RFC 6749, section 2.1): it has a name and no secret.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) provider: Provider,
    pub(crate) id: String,
    pub(crate) scopes: Option<String>,
    pub(crate) resource: Option<String>,
}

/// An error of an endpoint (RFC 6749, section 5.2).
#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl Client {
    /// The client `id` of a provider, which asks for `scopes`, with spaces between.
    pub fn new(provider: Provider, id: &str, scopes: Option<&str>) -> Self {
        Self {
            provider,
            id: id.to_owned(),
            scopes: scopes.map(str::to_owned),
            resource: None,
        }
    }

    /// The same, for tokens that are made out to one resource (RFC 8707).
    #[must_use]
    pub fn for_resource(self, resource: &str) -> Self {
        Self {
            resource: Some(resource.to_owned()),
            ..self
        }
    }

    /// Its provider.
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// Exchanges the code that a browser brought back (RFC 6749, section 4.1.3; RFC 7636, section 4.5). The attempt and
    /// the code are used up.
    pub async fn exchange(
        &self,
        transport: &impl Transport,
        attempt: Attempt,
        code: Code,
        now: u64,
    ) -> Result<Tokens, SignInError> {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("redirect_uri", attempt.redirect()),
            ("code_verifier", attempt.verifier()),
        ];
        self.granted(transport, &fields, now, None).await
    }

    /// Renews tokens without a person (RFC 6749, section 6).
    pub async fn refresh(
        &self,
        transport: &impl Transport,
        tokens: &Tokens,
        now: u64,
    ) -> Result<Tokens, SignInError> {
        let refresh = tokens.refresh().ok_or(SignInError::Over)?;
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        self.granted(transport, &fields, now, Some(tokens)).await
    }

    /// Ends tokens at the provider, where it offers that (RFC 7009): the refresh token, or else the access token. Gives
    /// whether it was asked.
    pub async fn revoke(&self, transport: &impl Transport, tokens: &Tokens) -> Result<bool, SignInError> {
        let Some(address) = self.provider.revocation() else {
            return Ok(false);
        };
        let (token, kind) = match tokens.refresh() {
            Some(refresh) => (refresh, "refresh_token"),
            None => (tokens.access(), "access_token"),
        };
        let fields = [
            ("token", token),
            ("token_type_hint", kind),
            ("client_id", &self.id),
        ];
        let answer = post(transport, address, &fields).await?;
        if answer.status.is_success() {
            Ok(true)
        } else {
            Err(refused(&answer))
        }
    }

    pub(crate) async fn granted(
        &self,
        transport: &impl Transport,
        fields: &[(&str, &str)],
        now: u64,
        used: Option<&Tokens>,
    ) -> Result<Tokens, SignInError> {
        let mut fields = fields.to_vec();
        fields.push(("client_id", &self.id));
        fields.extend(self.resource.as_deref().map(|resource| ("resource", resource)));
        let answer = post(transport, self.provider.token()?, &fields).await?;
        if answer.status.as_u16() != 200 {
            return Err(refused(&answer));
        }
        Tokens::read(&answer.body, now, used)
    }
}

/// What an answer that is no success means.
pub(crate) fn refused(answer: &Answer) -> SignInError {
    match read::<Refusal>(&answer.body) {
        // Some providers send such codes with 401 or 403 as well.
        Ok(refusal) if answer.status.is_client_error() => SignInError::of_code(&refusal.error),
        _ => SignInError::Status(answer.status.as_u16()),
    }
}
