//! Google's own library reads our assertion and writes the same.

use std::process::Command;

use pretty_assertions::assert_eq;

use super::*;

/// Verifies the assertion of argument 2 with the key of the file of argument 1, and writes one of its own for the same moment.
const PROGRAM: &str = r#"
import datetime, json, sys
from cryptography.hazmat.primitives import serialization
from google.auth import _helpers, crypt, jwt
from google.oauth2 import service_account

file, ours, now = sys.argv[1], sys.argv[2], int(sys.argv[3])
moment = datetime.datetime.fromtimestamp(now, datetime.timezone.utc).replace(tzinfo=None)
_helpers.utcnow = lambda: moment
info = json.load(open(file))
key = serialization.load_pem_private_key(info["private_key"].encode(), None)
public = key.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
claims = jwt.decode(ours, certs=public, audience=info["token_uri"])
credentials = service_account.Credentials.from_service_account_file(
    file, scopes=["https://www.googleapis.com/auth/cloud-platform"])
theirs = jwt.decode(credentials._make_authorization_grant_assertion(), verify=False)
print(json.dumps({"claims": claims, "header": jwt.decode_header(ours), "theirs": theirs}))
"#;

#[tokio::test]
async fn googles_library_takes_the_assertion_and_writes_the_same() {
    let (place, script) = (Place::new(), Script::saying([granted("access-1")]));
    let mut file = service_account();
    // The address that the library always names.
    file["token_uri"] = json!("https://oauth2.googleapis.com/token");
    asked(&place.google(&file, &script)).await.unwrap();
    let assertion = script.field(0, "assertion").expect("an assertion");
    let mut python = Command::new(deskhand_test_support::python());
    python.args(["-c", PROGRAM]).arg(place.path("credentials.json"));
    let output = python
        .args([&assertion, &(NOW / 1_000).to_string()])
        .output()
        .expect("Python runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the library refused it: {complaint}");
    let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let mut theirs = said["theirs"].clone();
    // What the library adds of nobody.
    theirs.as_object_mut().expect("an object").remove("sub");
    assert_eq!(said["claims"], theirs);
    assert_eq!(
        said["header"],
        json!({ "alg": "RS256", "typ": "JWT", "kid": "key-1" })
    );
}
