//! Which documents `officeAccessPolicies` lets be read.

use deskhand_policy::types::{AccessPolicies, Label};
use deskhand_policy::{Encoding, PolicyValue as _};
use serde_json::{Value, json};

const SECRET: &str = "0f1e2d3c-0000-4000-8000-000000000001";

fn policies(statements: &Value) -> AccessPolicies {
    AccessPolicies::parse(statements, Encoding::Json).expect("statements")
}

fn labelled(id: &str, name: Option<&str>) -> Vec<Label> {
    vec![Label {
        id: id.to_owned(),
        name: name.map(str::to_owned),
    }]
}

fn statement(effect: &str, identifiers: &Value) -> Value {
    json!({ "effect": effect, "action": "file.upload",
        "resource": { "type": "uploaded_file", "identifiers": identifiers } })
}

#[test]
fn deny_beats_allow_and_the_first_allow_closes_the_rest() {
    let secret = json!([{ "type": "mip_label_guid", "equals": SECRET }]);
    let public = json!([{ "type": "mip_label_name", "startsWith": "Public" }]);
    let labelled_at_all = json!([{ "type": "mip_label_guid", "exists": true }]);
    let unlabelled = json!([{ "type": "mip_label_guid", "exists": false }]);
    let is_secret = labelled(&SECRET.to_uppercase(), Some("Secret"));
    let is_public = labelled("0f1e2d3c-0000-4000-8000-000000000002", Some("Public / all"));
    let cases = [
        (json!([]), is_secret.clone(), true),
        (json!([statement("deny", &secret)]), is_secret.clone(), false),
        (json!([statement("deny", &secret)]), is_public.clone(), true),
        (json!([statement("deny", &secret)]), Vec::new(), true),
        (json!([statement("allow", &public)]), is_public.clone(), true),
        (json!([statement("allow", &public)]), is_secret.clone(), false),
        (json!([statement("allow", &public)]), Vec::new(), false),
        (
            json!([statement("allow", &public), statement("allow", &unlabelled)]),
            Vec::new(),
            true,
        ),
        (
            json!([statement("allow", &labelled_at_all), statement("deny", &secret)]),
            is_secret.clone(),
            false,
        ),
        (
            json!([{ "effect": "deny", "action": "addin.access" }]),
            Vec::new(),
            false,
        ),
        (
            json!([{ "effect": "deny", "action": "skills.authoring" }]),
            is_secret,
            true,
        ),
    ];
    for (statements, labels, expected) in cases {
        assert_eq!(
            policies(&statements).may_read(Some(&labels)),
            expected,
            "{statements} {labels:?}"
        );
    }
}

#[test]
fn labels_that_cannot_be_read_are_denied_where_anything_is_said_of_labels() {
    assert!(AccessPolicies::default().may_read(None));
    let said = json!([statement(
        "deny",
        &json!([{ "type": "mip_label_guid", "equals": SECRET }])
    )]);
    assert!(!policies(&said).may_read(None));
    assert!(!AccessPolicies::deny_all().may_read(Some(&[])));
}
