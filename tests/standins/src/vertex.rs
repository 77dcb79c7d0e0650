//! A stand-in for Vertex AI: a publisher's models that play a script, and what Google has around them to tell who asks:
//! the token endpoint, the exchange of other providers' tokens, a metadata server, impersonation. All answer on one
//! loopback port over plain http; whoever needs TLS and their names puts them in front.

mod google;
mod machine;
mod predict;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::keys::SigningKey;
use crate::messages::{Logged, Stage};
use crate::script::Script;
use crate::serve::{Port, Served};
use google::Issued;

/// The project whose models may be asked.
pub const PROJECT: &str = "standin-project";
/// The region that they are in.
pub const REGION: &str = "europe-west1";
/// The service account whose key `Vertex::service_account` gives; it may act as `TARGET`.
pub const ACCOUNT: &str = "deskhand@standin-project.iam.gserviceaccount.com";
/// A service account to be acted as.
pub const TARGET: &str = "models@standin-project.iam.gserviceaccount.com";
/// The OAuth client of a desktop program.
pub const CLIENT: (&str, &str) = (
    "123456789012-standin.apps.googleusercontent.com",
    "standin-client-secret",
);
/// A pool of workloads, as a token exchange names it.
pub const WORKLOADS: &str = "//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/pool/providers/provider";
/// A pool of people, as a token exchange names it. It needs `USER_PROJECT`.
pub const WORKFORCE: &str = "//iam.googleapis.com/locations/global/workforcePools/pool/providers/provider";
/// The project that pays for people of the pool.
pub const USER_PROJECT: &str = "123456789012";
/// The token of another provider that both pools take, as a JWT or an id token.
pub const SUBJECT: &str = "standin-subject-token";
/// The scope without which no model answers.
pub const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Seconds that an access token counts, and an assertion at most.
const LIFE: i64 = 3600;

/// A running stand-in. It stops when this is dropped.
#[derive(Debug)]
pub struct Vertex {
    served: Served,
    cloud: Arc<Cloud>,
}

#[derive(Debug)]
struct Cloud {
    stage: Stage,
    at: String,
    key: SigningKey,
    issued: Mutex<Issued>,
}

type Shared = State<Arc<Cloud>>;

impl Cloud {
    fn issued(&self) -> MutexGuard<'_, Issued> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Vertex {
    /// Starts on loopback; port 0 takes a free one. The script's key is an access token that counts.
    pub async fn start(script: Script, port: u16) -> std::io::Result<Self> {
        let port = Port::take(port).await?;
        let cloud = Arc::new(Cloud {
            stage: Stage::new(script),
            at: port.base_url(),
            key: SigningKey::generate("standin-google-key")?,
            issued: Mutex::default(),
        });
        let served = port.serve(router(Arc::clone(&cloud)));
        Ok(Self { served, cloud })
    }

    /// The address without a path.
    pub fn base_url(&self) -> String {
        self.served.base_url()
    }

    /// The requests for models that came, oldest first.
    pub fn log(&self) -> Vec<Logged> {
        self.cloud.stage.entries()
    }

    /// The requests for tokens with the status of their answers, `token jwt-bearer 200`.
    pub fn sign_ins(&self) -> Vec<String> {
        self.cloud.issued().log.all()
    }

    /// The key file of the service account.
    pub fn service_account(&self) -> Value {
        let at = &self.cloud.at;
        json!({
            "type": "service_account", "project_id": PROJECT, "private_key_id": self.cloud.key.id(),
            "private_key": self.cloud.key.pem(), "client_email": ACCOUNT, "client_id": "104857600000000000000",
            "auth_uri": format!("{at}/o/oauth2/v2/auth"), "token_uri": format!("{at}/token"),
            "universe_domain": "googleapis.com",
        })
    }

    /// The file of a person who has signed in to the desktop program.
    pub fn authorized_user(&self) -> Value {
        let refresh = self.cloud.issued().refresh_token();
        json!({
            "type": "authorized_user", "client_id": CLIENT.0, "client_secret": CLIENT.1, "refresh_token": refresh,
            "token_uri": format!("{}/token", self.cloud.at), "universe_domain": "googleapis.com",
        })
    }

    /// Both pools take what this knows as well: the tokens of an organisation's own provider.
    pub fn take_subjects(&self, knows: impl Fn(&str) -> bool + Send + 'static) {
        self.cloud.issued().take_subjects(knows);
    }

    /// Access tokens count no longer.
    pub fn end_access(&self) {
        self.cloud.issued().end_access();
    }

    /// Every token and code that was given out.
    pub fn secrets(&self) -> Vec<String> {
        self.cloud.issued().given.all()
    }
}

fn router(cloud: Arc<Cloud>) -> Router {
    let metadata = "/computeMetadata/v1/instance/service-accounts/{account}";
    Router::new()
        .route(
            "/v1/projects/{project}/locations/{region}/publishers/{publisher}/models/{call}",
            post(predict::predict),
        )
        .route("/token", post(google::token))
        .route("/o/oauth2/v2/auth", get(google::authorize))
        .route("/v1/token", post(google::exchange))
        .route(
            "/v1/projects/-/serviceAccounts/{call}",
            post(machine::impersonate),
        )
        .route("/", get(machine::metadata_root))
        .route(&format!("{metadata}/token"), get(machine::metadata_token))
        .route(&format!("{metadata}/"), get(machine::metadata_account))
        .route(
            "/computeMetadata/v1/project/project-id",
            get(machine::metadata_project),
        )
        .route(
            "/computeMetadata/v1/universe/universe-domain",
            get(machine::metadata_universe),
        )
        .fallback(predict::nothing)
        .with_state(cloud)
}
