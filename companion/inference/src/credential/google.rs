//! Google's credentials for programs: what a file holds, or the machine's own, becomes an access token (google.aip.dev/auth/4110 and
//! the pages that it names).

mod file;
mod jwt;
mod place;
mod subject;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use deskhand_identity::{Exchange, SignInError, Tokens, Transport, grant};
use futures_util::future::BoxFuture;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use serde::Deserialize;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::Url;
use zeroize::Zeroizing;

use super::fixed::unless_refused;
use super::single::Single;
use super::{Clock, Credential, CredentialError, CredentialSource, Occasion, is_due, millis, time_of};
use crate::Secret;

pub use file::GoogleFile;
use file::{AuthorizedUser, External, Impersonation, Login, ServiceAccount};
use place::Found;
pub use place::{GoogleFrom, METADATA, well_known};

/// What a token may be used for: Vertex AI asks for this scope.
pub(super) const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// The header that names the project which a user's calls are counted for.
const QUOTA: &str = "x-goog-user-project";
/// The path of the metadata server under which the machine's own service account has its tokens.
pub(super) const MACHINE: &str = "/computeMetadata/v1/instance/service-accounts/default/token";
/// What the metadata server wants to hear, and says of itself.
pub(super) const FLAVOR: &str = "metadata-flavor";
pub(super) const GOOGLE: &str = "Google";

/// Google's credentials of this machine or of a file. The file is read anew for each token, so that what Google's tools wrote since
/// counts.
pub struct Google<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    transport: T,
    from: GoogleFrom,
    clock: Clock,
    held: Mutex<Option<Credential>>,
    running: Single<Result<Credential, CredentialError>>,
}

impl<T> std::fmt::Debug for Google<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Google").field(&self.shared.from).finish()
    }
}

impl<T: Transport + 'static> Google<T> {
    /// The credentials that lie there. Asks for nothing yet.
    pub fn new(from: GoogleFrom, transport: T, clock: Clock) -> Self {
        let shared = Shared {
            transport,
            from,
            clock,
            held: Mutex::new(None),
            running: Single::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    async fn current(&self, refused: Option<&Credential>) -> Result<Credential, CredentialError> {
        let now = (self.shared.clock)();
        if let Some(kept) = self
            .shared
            .kept(refused)
            .filter(|kept| !is_due(kept.ends_at, now))
        {
            return Ok(kept);
        }
        let fetched = self.shared.running.run(|| {
            let (shared, refused) = (Arc::clone(&self.shared), refused.cloned());
            Box::pin(async move { shared.fetch(refused.as_ref()).await })
        });
        match fetched.await {
            Ok(fetched) => unless_refused(fetched, refused),
            // Ahead of its end the token of before is still good.
            Err(error) => {
                let kept = self.shared.kept(refused).filter(|_| error.is_passing());
                kept.filter(|kept| kept.ends_at.is_none_or(|end| end > now))
                    .ok_or(error)
            }
        }
    }
}

impl<T: Transport + 'static> CredentialSource for Google<T> {
    fn credential<'a>(
        &'a self,
        _: Occasion,
        refused: Option<&'a Credential>,
    ) -> BoxFuture<'a, Result<Credential, CredentialError>> {
        Box::pin(self.current(refused))
    }

    fn ends_at(&self) -> Option<SystemTime> {
        None
    }

    fn secrets(&self) -> Vec<Secret> {
        let held = self.shared.held();
        held.iter().flat_map(Credential::secrets).cloned().collect()
    }
}

impl<T: Transport> Shared<T> {
    fn held(&self) -> MutexGuard<'_, Option<Credential>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self, refused: Option<&Credential>) -> Option<Credential> {
        let held = self.held().clone();
        held.filter(|kept| !refused.is_some_and(|refused| refused.is_same(kept)))
    }

    async fn fetch(&self, refused: Option<&Credential>) -> Result<Credential, CredentialError> {
        let now = (self.clock)();
        // Somebody else may have fetched one since.
        if let Some(kept) = self.kept(refused).filter(|kept| !is_due(kept.ends_at, now)) {
            return Ok(kept);
        }
        let fetched = match place::find(&self.from).await? {
            Found::File(file) => self.of_file(&file, now).await?,
            Found::Machine { origin, is_certain } => {
                let asked = self.of_machine(&origin, now).await;
                // Most computers are no machine of Google's: nobody answers there.
                asked.map_err(|error| match error {
                    // One that gave a token before is there.
                    CredentialError::Unreachable(_) | CredentialError::Closed(_)
                        if !is_certain && self.held().is_none() =>
                    {
                        CredentialError::NothingFound
                    }
                    other => other,
                })?
            }
        };
        *self.held() = Some(fetched.clone());
        Ok(fetched)
    }

    async fn of_file(&self, file: &GoogleFile, now: SystemTime) -> Result<Credential, CredentialError> {
        let tokens = match &file.login {
            Login::ServiceAccount(account) => self.of_service_account(account, now).await?,
            Login::AuthorizedUser(user) => self.of_user(user, now).await?,
            Login::External(external) => self.of_external(external, now).await?,
        };
        let mut credential = match &file.acts_for {
            Some(other) => self.impersonated(other, &tokens).await?,
            None => token(tokens.access(), tokens.ends_at()),
        };
        let project = file.quota_project.iter();
        credential.headers = project
            .map(|id| (QUOTA.to_owned(), Secret::new(id.clone())))
            .collect();
        Ok(credential)
    }

    /// An assertion that the account's key has signed (RFC 7523, section 2.1).
    async fn of_service_account(
        &self,
        account: &ServiceAccount,
        now: SystemTime,
    ) -> Result<Tokens, CredentialError> {
        const KIND: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
        let assertion = jwt::assertion(account, SCOPE, millis(now) / 1_000);
        let assertion =
            assertion.ok_or_else(|| CredentialError::Answer("the key signs nothing".to_owned()))?;
        let fields = [("grant_type", KIND), ("assertion", assertion.as_str())];
        let granted = grant(&self.transport, &account.token_url, &fields, None, millis(now)).await;
        granted.map_err(CredentialError::of_endpoint)
    }

    async fn of_user(&self, user: &AuthorizedUser, now: SystemTime) -> Result<Tokens, CredentialError> {
        let refresh = ("refresh_token", user.refresh.expose());
        let client = (user.client_id.as_str(), user.client_secret.expose());
        let mut fields = vec![("grant_type", "refresh_token"), refresh];
        let basic = user.is_federated.then_some(client);
        if basic.is_none() {
            fields.extend([("client_id", client.0), ("client_secret", client.1)]);
        }
        let granted = grant(&self.transport, &user.token_url, &fields, basic, millis(now)).await;
        granted.map_err(CredentialError::of_endpoint)
    }

    /// A token of another provider for one of Google's security token service.
    async fn of_external(&self, external: &External, now: SystemTime) -> Result<Tokens, CredentialError> {
        let subject = subject::read(&external.subject, &self.transport).await?;
        let client = external.client.as_ref();
        let client = client.map(|(id, secret)| (id.as_str(), secret.expose()));
        let exchange = Exchange {
            audience: &external.audience,
            scope: SCOPE,
            subject: &subject,
            subject_type: &external.subject_type,
            // Who has a name of their own is not asked for a project.
            user_project: external.user_project.as_deref().filter(|_| client.is_none()),
            client,
        };
        let exchanged = exchange
            .ask(&self.transport, &external.token_url, millis(now))
            .await;
        exchanged.map_err(CredentialError::of_endpoint)
    }

    /// A token of the service account that is acted for (IAM Service Account Credentials API, `generateAccessToken`).
    async fn impersonated(&self, other: &Impersonation, own: &Tokens) -> Result<Credential, CredentialError> {
        let asks = json!({
            "scope": [SCOPE], "delegates": other.delegates, "lifetime": format!("{}s", other.lifetime),
        });
        let mut request = Request::new(Bytes::from(asks.to_string()));
        *request.method_mut() = Method::POST;
        let bearer = Zeroizing::new(format!("Bearer {}", own.access()));
        let mut bearer =
            HeaderValue::from_str(&bearer).map_err(|_| unusable("a token that cannot be sent"))?;
        bearer.set_sensitive(true);
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, bearer);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = self.asked(&other.url, request).await?;
        let said: Impersonated =
            serde_json::from_slice(&body).map_err(|_| unusable("no token of the service account"))?;
        let access = Zeroizing::new(said.access_token);
        if access.is_empty() || !access.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(unusable("a token that cannot be sent"));
        }
        let end = OffsetDateTime::parse(&said.expire_time, &Rfc3339)
            .map_err(|_| unusable("a token that ends at no time"))?;
        let end = u64::try_from(end.unix_timestamp()).unwrap_or_default();
        Ok(token(&access, end.saturating_mul(1_000)))
    }

    /// The token of the service account that the machine runs as.
    async fn of_machine(&self, origin: &Url, now: SystemTime) -> Result<Credential, CredentialError> {
        let mut address = origin.clone();
        address.set_path(MACHINE);
        let mut request = Request::new(Bytes::new());
        // Without it the server does not answer, so that no page can ask it through a browser.
        let flavor = HeaderValue::from_static(GOOGLE);
        request.headers_mut().insert(FLAVOR, flavor);
        let body = self.asked(&address, request).await?;
        let tokens = Tokens::of_answer(&body, millis(now)).map_err(CredentialError::of_endpoint)?;
        Ok(token(tokens.access(), tokens.ends_at()))
    }

    async fn asked(&self, address: &Url, request: Request<Bytes>) -> Result<Bytes, CredentialError> {
        let asked = subject::ask(&self.transport, address, request).await;
        asked.map_err(CredentialError::of_endpoint)
    }
}

/// The answer of `generateAccessToken`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Impersonated {
    access_token: String,
    expire_time: String,
}

/// A token that counts until then, Unix milliseconds.
fn token(access: &str, ends_at: u64) -> Credential {
    Credential {
        ends_at: time_of(ends_at),
        ..Credential::new(Secret::new(access.to_owned()))
    }
}

fn unusable(what: &'static str) -> CredentialError {
    CredentialError::of_endpoint(SignInError::Unreadable(what))
}

#[cfg(test)]
mod tests;
