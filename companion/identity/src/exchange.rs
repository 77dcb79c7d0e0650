//! Grants of programs: at a token endpoint that is known by its address, without a person and without metadata.

use serde::Serialize;
use url::Url;

use crate::client::refused;
use crate::error::SignInError;
use crate::tokens::Tokens;
use crate::transport::{Transport, post_as};

/// A client that proves its name with a secret (RFC 6749, section 2.3.1).
pub type Basic<'a> = (&'a str, &'a str);

/// Asks a token endpoint for tokens. The fields are those of the grant, `grant_type` among them. Such tokens count as long as the
/// endpoint says, however short that is.
pub async fn grant(
    transport: &impl Transport,
    address: &Url,
    fields: &[(&str, &str)],
    client: Option<Basic<'_>>,
    now: u64,
) -> Result<Tokens, SignInError> {
    let answer = post_as(transport, address, fields, client).await?;
    if answer.status.as_u16() != 200 {
        return Err(refused(&answer));
    }
    Tokens::of_answer(&answer.body, now)
}

/// One token for another (RFC 8693, section 2.1).
#[derive(Clone, Copy)]
pub struct Exchange<'a> {
    /// What the new token is for.
    pub audience: &'a str,
    /// What it may do, with spaces between.
    pub scope: &'a str,
    /// The token that is given.
    pub subject: &'a str,
    /// The type of that token, a URN of RFC 8693, section 3.
    pub subject_type: &'a str,
    /// The project that the exchange is charged to: Google's own field `options`.
    pub user_project: Option<&'a str>,
    /// Who asks, where the exchange wants to know it.
    pub client: Option<Basic<'a>>,
}

impl std::fmt::Debug for Exchange<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Exchange")
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Options<'a> {
    #[serde(rename = "userProject")]
    user_project: &'a str,
}

impl Exchange<'_> {
    /// Asks the exchange at this address.
    pub async fn ask(
        &self,
        transport: &impl Transport,
        address: &Url,
        now: u64,
    ) -> Result<Tokens, SignInError> {
        let options = self.user_project.map(|user_project| Options { user_project });
        let options = options.and_then(|options| serde_json::to_string(&options).ok());
        let mut fields = vec![
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            (
                "requested_token_type",
                "urn:ietf:params:oauth:token-type:access_token",
            ),
            ("audience", self.audience),
            ("scope", self.scope),
            ("subject_token", self.subject),
            ("subject_token_type", self.subject_type),
        ];
        fields.extend(options.as_deref().map(|options| ("options", options)));
        grant(transport, address, &fields, self.client, now).await
    }
}
