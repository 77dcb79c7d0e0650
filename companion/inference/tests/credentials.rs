//! Google's credentials against a stand-in that Google's own library has been tried with, over the way through the gate.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use deskhand_egress::{Destination, Gate, Network};
use deskhand_inference::credential::{
    Credential, CredentialError, CredentialSource as _, FileFrom, Google, GoogleFrom, Occasion, Way,
};
use deskhand_standins::script::Script;
use deskhand_standins::vertex::{self, Vertex};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

/// A stand-in, and a folder for files.
struct Place {
    vertex: Vertex,
    folder: TempDir,
}

impl Place {
    async fn new() -> Self {
        let script = Script::from_yaml("{ models: [model-1], key: access-0, steps: [] }").expect("a script");
        Self {
            vertex: Vertex::start(script, 0).await.expect("a stand-in"),
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, file: &Value) -> PathBuf {
        let path = self.path("credentials.json");
        std::fs::write(&path, file.to_string()).expect("a file");
        path
    }

    /// A gate that opens this origin alone.
    fn way(origin: &str) -> Way {
        let origin = origin.to_owned();
        let setting = move |key: &str| match key {
            "inferenceProvider" => json!("gateway"),
            "inferenceGatewayBaseUrl" => json!(origin),
            _ => json!(null),
        };
        let gate = Gate::new(setting, Network::default());
        Way::to(&gate, Destination::InferenceGateway).expect("a way")
    }

    async fn asked(&self, from: GoogleFrom) -> Result<Credential, CredentialError> {
        let way = Self::way(&self.vertex.base_url());
        let google = Google::new(from, way, Arc::new(SystemTime::now));
        google.credential(Occasion::Interactive, None).await
    }

    async fn of_file(&self, file: &Value) -> Result<Credential, CredentialError> {
        self.asked(GoogleFrom::File(self.write(file))).await
    }

    fn external(&self, audience: &str, subject: &Path) -> Value {
        json!({
            "type": "external_account", "audience": audience, "token_url": format!("{}/v1/token", self.vertex.base_url()),
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "credential_source": { "file": subject },
        })
    }
}

#[tokio::test]
async fn each_file_of_googles_becomes_a_token() {
    let place = Place::new().await;
    place
        .of_file(&place.vertex.service_account())
        .await
        .expect("a service account");
    place
        .of_file(&place.vertex.authorized_user())
        .await
        .expect("a person");
    let subject = place.path("subject");
    std::fs::write(&subject, vertex::SUBJECT).expect("a file");
    let mut external = place.external(vertex::WORKLOADS, &subject);
    place.of_file(&external).await.expect("a workload");
    let mut people = place.external(vertex::WORKFORCE, &subject);
    people["workforce_pool_user_project"] = json!(vertex::USER_PROJECT);
    place.of_file(&people).await.expect("a person of a pool");
    let act = format!(
        "{}/v1/projects/-/serviceAccounts/{}:generateAccessToken",
        place.vertex.base_url(),
        vertex::TARGET
    );
    external["service_account_impersonation_url"] = json!(act);
    place
        .of_file(&external)
        .await
        .expect("a service account that is acted for");
    let metadata = Url::parse(&place.vertex.base_url()).expect("an address");
    place
        .asked(GoogleFrom::Machine(metadata))
        .await
        .expect("the machine");
    let sign_ins = place.vertex.sign_ins();
    assert!(
        sign_ins.iter().all(|sign_in| sign_in.ends_with("200")),
        "{sign_ins:?}"
    );
}

#[tokio::test]
async fn what_the_token_endpoint_refuses_is_told_by_its_code() {
    let place = Place::new().await;
    let mut user = place.vertex.authorized_user();
    user["refresh_token"] = json!("another");
    let refused = place.of_file(&user).await.expect_err("nobody's token");
    assert_eq!(refused, CredentialError::Refused("invalid_grant"));
    let mut account = place.vertex.service_account();
    account["client_email"] = json!("other@example.com");
    let refused = place.of_file(&account).await.expect_err("nobody's account");
    assert_eq!(refused, CredentialError::Refused("invalid_grant"));
    let subject = place.path("subject");
    std::fs::write(&subject, vertex::SUBJECT).expect("a file");
    let without_project = place.external(vertex::WORKFORCE, &subject);
    let refused = place.of_file(&without_project).await.expect_err("nobody pays");
    assert!(matches!(refused, CredentialError::Refused(_)), "{refused:?}");
    assert_eq!(
        refused.to_fault().happened,
        Some("The service that gives out the credential refused.")
    );
}

#[tokio::test]
async fn a_token_endpoint_that_the_settings_do_not_open_gets_nothing() {
    let (place, other) = (Place::new().await, Place::new().await);
    let file = place.write(&other.vertex.service_account());
    let closed = place
        .asked(GoogleFrom::File(file))
        .await
        .expect_err("it is closed");
    assert!(matches!(closed, CredentialError::Closed(_)), "{closed:?}");
    assert_eq!(other.vertex.sign_ins(), Vec::<String>::new());
}

#[tokio::test]
async fn a_file_that_is_gone_is_told() {
    let place = Place::new().await;
    let gone = place
        .asked(GoogleFrom::File(place.path("gone.json")))
        .await
        .expect_err("it is gone");
    assert!(
        matches!(
            gone,
            CredentialError::File {
                from: FileFrom::Settings,
                ..
            }
        ),
        "{gone:?}"
    );
}
