//! A client of a provider: grants become tokens, tokens are renewed and ended.

use std::fmt;

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::error::SignInError;
use crate::metadata::Provider;
use crate::pkce::Attempt;
use crate::redirect::Code;
use crate::tokens::Tokens;
use crate::transport::{Answer, Transport, post, read};

/// A client: it has a name, and a secret only where the provider wants one also from a program that can keep none.
#[derive(Clone)]
pub struct Client {
    pub(crate) provider: Provider,
    pub(crate) id: String,
    secret: Option<Zeroizing<String>>,
    pub(crate) scopes: Option<String>,
    pub(crate) resource: Option<String>,
    /// What the page for signing in is told besides.
    pub(crate) asks: Vec<(String, String)>,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Client");
        shown.field("provider", &self.provider).field("id", &self.id);
        shown.finish_non_exhaustive()
    }
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
            secret: None,
            scopes: scopes.map(str::to_owned),
            resource: None,
            asks: Vec::new(),
        }
    }

    /// The same, with the secret that the provider gave it (RFC 6749, section 2.3.1). One that is part of a program that everybody
    /// has proves nothing: PKCE does (RFC 8252, section 8.5).
    #[must_use]
    pub fn with_secret(self, secret: Zeroizing<String>) -> Self {
        Self {
            secret: Some(secret),
            ..self
        }
    }

    /// The same, where the page for signing in is told this too: `login_hint`, `prompt` (OpenID Connect Core 1.0, section 3.1.2.1) or
    /// a field of the provider's own.
    #[must_use]
    pub fn asking(mut self, name: &str, value: &str) -> Self {
        self.asks.push((name.to_owned(), value.to_owned()));
        self
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
        let mut fields = vec![
            ("token", token),
            ("token_type_hint", kind),
            ("client_id", &self.id),
        ];
        fields.extend(self.secret());
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
        fields.extend(self.secret());
        fields.extend(self.resource.as_deref().map(|resource| ("resource", resource)));
        let answer = post(transport, self.provider.token()?, &fields).await?;
        if answer.status.as_u16() != 200 {
            return Err(refused(&answer));
        }
        Tokens::read(&answer.body, now, used)
    }

    fn secret(&self) -> Option<(&str, &str)> {
        self.secret
            .as_deref()
            .map(|secret| ("client_secret", secret.as_str()))
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
