//! A stand-in for Amazon Bedrock: models that play a script through `invoke` and `converse`, the lists of its control
//! plane, and IAM Identity Center. All answer on one loopback port over plain http; whoever needs TLS and their names
//! puts them in front. Every signature is checked in full.

mod control;
mod converse;
mod frame;
mod identity_center;
mod runtime;
mod sigv4;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::middleware::map_response_with_state;
use axum::response::Response;
use axum::routing::{get, post};
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

use crate::messages::{Logged, Stage, bearer};
use crate::oauth::Device;
use crate::script::Script;
use crate::serve::{Port, Served};
use identity_center::Directory;
use sigv4::{Denied, Request};

/// The region that requests must be signed for.
pub const REGION: &str = "eu-central-1";
/// The account that Identity Center knows.
pub const ACCOUNT: &str = "123456789012";
/// The role in it.
pub const ROLE: &str = "ModelUser";
/// Where people sign in.
pub const START_URL: &str = "https://sign-in.example.com/start";

/// What requests are signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// The id.
    pub access_key_id: String,
    /// The secret.
    pub secret_access_key: String,
    /// The token that comes with temporary keys.
    pub session_token: Option<String>,
}

/// A running stand-in. It stops when this is dropped.
#[derive(Debug)]
pub struct Bedrock {
    served: Served,
    cloud: Arc<Cloud>,
    keys: Keys,
}

#[derive(Debug)]
struct Cloud {
    stage: Stage,
    directory: Mutex<Directory>,
    known: Mutex<Vec<Known>>,
    /// Seconds by which the clock is ahead.
    ahead: AtomicI64,
}

#[derive(Clone, Debug)]
struct Known {
    keys: Keys,
    ends: Option<OffsetDateTime>,
}

impl Cloud {
    fn directory(&self) -> MutexGuard<'_, Directory> {
        self.directory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> MutexGuard<'_, Vec<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc() + Duration::seconds(self.ahead.load(Ordering::Relaxed))
    }

    /// Checks the API key or the signature of a request.
    fn authenticate(&self, request: &Request<'_>) -> Result<(), Denied> {
        if let Some(key) = bearer(request.headers) {
            let is_known = self.stage.script().key.as_deref() == Some(key);
            let why = "Authentication failed: Please make sure your API Key is valid.";
            return is_known
                .then_some(())
                .ok_or_else(|| ("AccessDeniedException", why.to_owned()));
        }
        let signature = request.signature()?;
        let token = request.headers.get("x-amz-security-token");
        let token = token.map(|token| token.to_str().unwrap_or_default());
        let found = self.known().iter().find_map(|known| {
            let keys = &known.keys;
            let is_it = keys.access_key_id == signature.key && keys.session_token.as_deref() == token;
            is_it.then(|| known.clone())
        });
        let found = found.ok_or_else(|| {
            let why = "The security token included in the request is invalid.";
            ("UnrecognizedClientException", why.to_owned())
        })?;
        let now = self.now();
        if found.ends.is_some_and(|ends| ends <= now) {
            let why = "The security token included in the request is expired";
            return Err(("ExpiredTokenException", why.to_owned()));
        }
        request.check(
            &signature,
            &found.keys.secret_access_key,
            (REGION, "bedrock"),
            now,
        )
    }
}

impl Bedrock {
    /// Starts on loopback; port 0 takes a free one. The script's key is an API key that counts.
    pub async fn start(script: Script, port: u16) -> std::io::Result<Self> {
        let keys = Keys {
            access_key_id: "AKIASTANDIN000000000".to_owned(),
            secret_access_key: "standin-secret-key-0000-2f9c1d/+000000000".to_owned(),
            session_token: None,
        };
        let cloud = Arc::new(Cloud {
            stage: Stage::new(script),
            directory: Mutex::default(),
            known: Mutex::new(vec![Known {
                keys: keys.clone(),
                ends: None,
            }]),
            ahead: AtomicI64::new(0),
        });
        let served = Port::take(port).await?.serve(router(Arc::clone(&cloud)));
        Ok(Self { served, cloud, keys })
    }

    /// The address without a path, of the runtime, the control plane and Identity Center.
    pub fn base_url(&self) -> String {
        self.served.base_url()
    }

    /// The requests to runtime and control plane that came, oldest first.
    pub fn log(&self) -> Vec<Logged> {
        self.cloud.stage.entries()
    }

    /// The requests to Identity Center with the status of their answers, `register 200`.
    pub fn sign_ins(&self) -> Vec<String> {
        self.cloud.directory().log.all()
    }

    /// Keys that count for good.
    pub fn keys(&self) -> Keys {
        self.keys.clone()
    }

    /// New keys that count for an hour.
    pub fn temporary_keys(&self) -> Keys {
        self.cloud.lend(self.cloud.now() + Duration::hours(1))
    }

    /// Temporary keys, and tokens of Identity Center, count no longer.
    pub fn end_access(&self) {
        let now = self.cloud.now();
        for known in self.cloud.known().iter_mut() {
            known.ends = known.ends.map(|_| now);
        }
        self.cloud.directory().access.clear();
    }

    /// How far the person is, with every device code.
    pub fn person(&self, device: Device) {
        self.cloud.directory().person = device;
    }

    /// The clock is this many seconds ahead, or behind. Answers carry its time.
    pub fn set_clock(&self, ahead: i64) {
        self.cloud.ahead.store(ahead, Ordering::Relaxed);
    }

    /// Every token, code and key that was given out.
    pub fn secrets(&self) -> Vec<String> {
        let mut all = self.cloud.directory().given.all();
        all.push(self.keys.secret_access_key.clone());
        all
    }
}

fn router(cloud: Arc<Cloud>) -> Router {
    Router::new()
        .route("/model/{id}/invoke", post(runtime::invoke))
        .route(
            "/model/{id}/invoke-with-response-stream",
            post(runtime::invoke_stream),
        )
        .route("/model/{id}/converse", post(runtime::converse))
        .route("/model/{id}/converse-stream", post(runtime::converse_stream))
        .route("/foundation-models", get(control::models))
        .route("/inference-profiles", get(control::profiles))
        .route("/client/register", post(identity_center::register))
        .route("/device_authorization", post(identity_center::device))
        .route("/token", post(identity_center::token))
        .route("/federation/credentials", get(identity_center::credentials))
        .fallback(runtime::nothing)
        .layer(map_response_with_state(Arc::clone(&cloud), dated))
        .with_state(cloud)
}

/// An answer with the time of the stand-in's clock.
async fn dated(State(cloud): State<Arc<Cloud>>, mut response: Response) -> Response {
    let written = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let date = cloud.now().format(written).unwrap_or_default();
    if let Ok(date) = HeaderValue::try_from(date) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}
