//! What each provider is asked for.

use std::collections::BTreeMap;

use pretty_assertions::assert_eq;

use super::*;

async fn page(plan: SignInPlan, script: &Script) -> Result<Url, CredentialError> {
    let place = Place {
        script: script.clone(),
        ..Place::new(plan)
    };
    let begun = place.source().begin_browser(&Zeroizing::new([7; 64])).await?;
    Ok(begun.page().expect("a page").clone())
}

fn asks(page: &Url) -> BTreeMap<String, String> {
    page.query_pairs().into_owned().collect()
}

fn metadata(issuer: &str) -> Value {
    json!({
        "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
    })
}

#[tokio::test]
async fn a_gateway_is_signed_in_for_by_its_settings() {
    let gateway = Oidc {
        issuer: Some("https://id.example.org".to_owned()),
        authorization_url: None,
        token_url: None,
        resource: Some("https://gw.example.org".to_owned()),
        scopes: Some("openid team".to_owned()),
        ..oidc()
    };
    let script = Script::saying([(200, metadata("https://id.example.org"))]);
    let plan = SignInPlan::gateway(&gateway).unwrap();
    let page = page(plan, &script).await.unwrap();
    assert_eq!(
        script.address(0),
        "https://id.example.org/.well-known/openid-configuration"
    );
    let asked = asks(&page);
    assert_eq!(asked["resource"], "https://gw.example.org");
    assert_eq!(asked["scope"], "openid team offline_access");
    assert_eq!(asked["code_challenge_method"], "S256");
}

#[test]
fn offline_access_is_asked_for_as_the_settings_say() {
    let scopes = |plan: Result<SignInPlan, CredentialError>| format!("{:?}", plan.expect("a plan"));
    let given = Oidc {
        scopes: Some("offline_access openid".to_owned()),
        append_offline_access: Some(true),
        ..oidc()
    };
    assert!(scopes(SignInPlan::gateway(&given)).contains("\"offline_access openid\""));
    let off = Oidc {
        append_offline_access: Some(false),
        ..oidc()
    };
    assert!(!scopes(SignInPlan::gateway(&off)).contains("offline_access"));
    assert!(scopes(SignInPlan::workforce(&oidc())).contains("\"openid offline_access\""));
    let omitted = Oidc {
        omit_offline_access: Some(true),
        ..oidc()
    };
    assert!(!scopes(SignInPlan::workforce(&omitted)).contains("offline_access"));
}

#[tokio::test]
async fn a_gateway_that_is_its_own_authorization_server_keeps_to_its_origin() {
    let base = Url::parse("https://gw.example.org/").unwrap();
    let script = Script::saying([(200, metadata("https://gw.example.org"))]);
    let own = page(SignInPlan::gateway_itself(base.clone()), &script)
        .await
        .unwrap();
    assert_eq!(
        script.address(0),
        "https://gw.example.org/.well-known/oauth-authorization-server"
    );
    assert_eq!(asks(&own)["client_id"], "deskhand");
    let mut elsewhere = metadata("https://gw.example.org");
    elsewhere["token_endpoint"] = json!("https://evil.example.com/token");
    let script = Script::saying([(200, elsewhere)]);
    let error = page(SignInPlan::gateway_itself(base), &script).await.unwrap_err();
    let other = SignInError::Elsewhere(deskhand_identity::Endpoint::Token);
    assert_eq!(error, CredentialError::SignInFailed(other));
}

#[tokio::test]
async fn google_is_asked_for_tokens_that_can_be_renewed() {
    let plan = SignInPlan::google(GoogleClient {
        id: "client-1".to_owned(),
        secret: Some(Secret::new("client-secret".to_owned())),
        scopes: None,
        login_hint: Some("a@example.org".to_owned()),
    });
    assert!(!format!("{plan:?}").contains("client-secret"));
    let page = page(plan, &Script::default()).await.unwrap();
    assert!(
        page.as_str()
            .starts_with("https://accounts.google.com/o/oauth2/v2/auth?"),
        "{page}"
    );
    let asked = asks(&page);
    for (name, value) in [
        ("access_type", "offline"),
        ("prompt", "consent"),
        ("login_hint", "a@example.org"),
        (
            "scope",
            "openid email https://www.googleapis.com/auth/cloud-platform",
        ),
    ] {
        assert_eq!(asked[name], value);
    }
    assert!(!page.as_str().contains("secret"));
}

#[tokio::test]
async fn entra_is_asked_in_the_tenant() {
    let plan = SignInPlan::entra("3f2504e0-4f89-11d3-9a0c-0305e82c3301", "client-1").unwrap();
    let page = page(plan, &Script::default()).await.unwrap();
    let begin =
        "https://login.microsoftonline.com/3f2504e0-4f89-11d3-9a0c-0305e82c3301/oauth2/v2.0/authorize?";
    assert!(page.as_str().starts_with(begin), "{page}");
}

#[test]
fn a_tenant_that_is_more_than_a_name_is_refused() {
    for tenant in ["", "a/b", "..", "a?b", "a#b", "a b", "\u{e9}", "a%2fb"] {
        let plan = SignInPlan::entra(tenant, "client-1");
        assert!(matches!(plan, Err(CredentialError::Closed(_))), "{tenant}");
    }
}

#[test]
fn a_provider_that_is_half_named_is_refused() {
    let half = Oidc {
        authorization_url: None,
        ..oidc()
    };
    assert!(matches!(
        SignInPlan::gateway(&half),
        Err(CredentialError::Closed(_))
    ));
}
