//! Sign-ins at Identity Center.

use futures_util::future::BoxFuture;
use pretty_assertions::assert_eq;
use zeroize::Zeroizing;

use super::*;
use crate::bedrock::{Center, IdentityCenter, Progress};
use crate::credential::{CredentialError, CredentialSource as _, Occasion, StoreFault, TokenStore};

const PAGE: &str = "https://example.awsapps.com/start/#/device";

/// A store in memory.
#[derive(Clone, Debug, Default)]
struct Drawer(Arc<Mutex<Option<Zeroizing<Vec<u8>>>>>);

impl TokenStore for Drawer {
    fn load(&self) -> BoxFuture<'_, Result<Option<Zeroizing<Vec<u8>>>, StoreFault>> {
        Box::pin(async { Ok(self.0.lock().expect("no panic").clone()) })
    }

    fn save(&self, bytes: Option<Zeroizing<Vec<u8>>>) -> BoxFuture<'_, Result<(), StoreFault>> {
        Box::pin(async {
            *self.0.lock().expect("no panic") = bytes;
            Ok(())
        })
    }
}

impl Drawer {
    fn is_empty(&self) -> bool {
        self.0.lock().expect("no panic").is_none()
    }
}

fn settings() -> Center {
    Center {
        start_url: "https://example.awsapps.com/start".to_owned(),
        region: "eu-west-1".to_owned(),
        account: "111122223333".to_owned(),
        role: "Analyst".to_owned(),
    }
}

fn center(aws: &Aws, drawer: &Drawer, hands: &Hands) -> IdentityCenter<Aws> {
    let store = Arc::new(drawer.clone());
    let lifetime = Some(Duration::from_hours(24));
    IdentityCenter::new(settings(), aws.clone(), store, lifetime, hands.clock()).expect("a region")
}

fn registered() -> (u16, String) {
    (
        200,
        json!({ "clientId": "client", "clientSecret": "client-secret", "clientSecretExpiresAt": 1 })
            .to_string(),
    )
}

fn started() -> (u16, String) {
    let started = json!({
        "deviceCode": "device-code", "userCode": "ABCD-EFGH", "verificationUri": "https://device.example.com/",
        "verificationUriComplete": format!("{PAGE}?user_code=ABCD-EFGH"), "expiresIn": 600, "interval": 1,
    });
    (200, started.to_string())
}

fn created(access: &str, refresh: Option<&str>) -> (u16, String) {
    let mut created = json!({ "accessToken": access, "expiresIn": 3600, "tokenType": "Bearer" });
    if let Some(refresh) = refresh {
        created["refreshToken"] = json!(refresh);
    }
    (200, created.to_string())
}

fn error(code: &str) -> (u16, String) {
    (
        400,
        json!({ "error": code, "error_description": "secret words" }).to_string(),
    )
}

/// Somebody who signed in, with what AWS says afterwards.
async fn signed_in(then: Vec<(u16, String)>) -> (IdentityCenter<Aws>, Aws, Drawer, Hands) {
    let (drawer, hands) = (Drawer::default(), Hands::new());
    let answers = [
        vec![registered(), started(), created("access-1", Some("refresh-1"))],
        then,
    ]
    .concat();
    let aws = Aws::says(answers);
    let center = center(&aws, &drawer, &hands);
    let mut sign_in = center.begin().await.expect("a code");
    assert_eq!(center.poll(&mut sign_in).await, Ok(Progress::SignedIn));
    (center, aws, drawer, hands)
}

async fn give(center: &IdentityCenter<Aws>) -> Result<Credential, CredentialError> {
    center.credential(Occasion::Interactive, None).await
}

#[tokio::test]
async fn a_person_signs_in_with_a_code_and_gets_the_keys_of_their_role() {
    let (drawer, hands) = (Drawer::default(), Hands::new());
    let aws = Aws::says(vec![
        registered(),
        started(),
        error("authorization_pending"),
        error("slow_down"),
        created("access-1", Some("refresh-1")),
        role_credentials("ASIA1", hands.millis(3600)),
    ]);
    let center = center(&aws, &drawer, &hands);
    assert_eq!(give(&center).await.err(), Some(CredentialError::SignInNeeded));
    let mut sign_in = center.begin().await.expect("a code");
    assert_eq!(sign_in.user_code(), "ABCD-EFGH");
    assert_eq!(sign_in.page().as_str(), format!("{PAGE}?user_code=ABCD-EFGH"));
    assert_eq!(sign_in.wait(), Duration::from_secs(1));
    assert_eq!(center.poll(&mut sign_in).await, Ok(Progress::Waiting));
    assert_eq!(center.poll(&mut sign_in).await, Ok(Progress::Waiting));
    assert_eq!(sign_in.wait(), Duration::from_secs(6));
    assert_eq!(center.poll(&mut sign_in).await, Ok(Progress::SignedIn));
    assert_eq!(center.is_signed_in().await, Ok(true));
    assert_eq!(id(&give(&center).await.expect("keys")), "ASIA1");
    let asked = aws.asked();
    let oidc = "https://oidc.eu-west-1.amazonaws.com";
    let addresses: Vec<&str> = asked.iter().map(|asked| asked.address.as_str()).collect();
    assert_eq!(addresses[0], format!("{oidc}/client/register"));
    assert_eq!(addresses[1], format!("{oidc}/device_authorization"));
    assert_eq!(
        addresses[2..5],
        [
            format!("{oidc}/token"),
            format!("{oidc}/token"),
            format!("{oidc}/token")
        ]
    );
    assert_eq!(
        asked[1].json(),
        json!({ "clientId": "client", "clientSecret": "client-secret", "startUrl": "https://example.awsapps.com/start" })
    );
    assert_eq!(
        asked[2].json(),
        json!({ "clientId": "client", "clientSecret": "client-secret", "deviceCode": "device-code",
            "grantType": "urn:ietf:params:oauth:grant-type:device_code" })
    );
    assert_eq!(asked[5].header("x-amz-sso_bearer_token"), "access-1");
}

#[tokio::test]
async fn a_sign_in_that_comes_to_nothing_says_why() {
    use deskhand_identity::SignInError;

    for (answer, wanted) in [
        (
            error("access_denied"),
            CredentialError::SignInFailed(SignInError::Denied),
        ),
        (
            error("expired_token"),
            CredentialError::SignInFailed(SignInError::Expired),
        ),
        (
            error("invalid_grant"),
            CredentialError::SignInFailed(SignInError::Over),
        ),
    ] {
        let (drawer, hands) = (Drawer::default(), Hands::new());
        let aws = Aws::says(vec![registered(), started(), answer]);
        let center = center(&aws, &drawer, &hands);
        let mut sign_in = center.begin().await.expect("a code");
        assert_eq!(center.poll(&mut sign_in).await, Err(wanted));
        assert!(drawer.is_empty());
    }
    let (drawer, hands) = (Drawer::default(), Hands::new());
    let center = center(&Aws::says(vec![registered(), started()]), &drawer, &hands);
    let mut sign_in = center.begin().await.expect("a code");
    // What cannot be reached is asked less often.
    assert_eq!(center.poll(&mut sign_in).await, Ok(Progress::Waiting));
    assert_eq!(sign_in.wait(), Duration::from_secs(2));
    hands.pass(601);
    let late = Err(CredentialError::SignInFailed(SignInError::Expired));
    assert_eq!(center.poll(&mut sign_in).await, late);
}

#[tokio::test]
async fn no_page_is_opened_that_is_not_one_of_the_web() {
    for page in [
        "http://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://a@example.com/",
        "x",
    ] {
        let started = started()
            .1
            .replace(PAGE, page)
            .replace("?user_code=ABCD-EFGH", "");
        let aws = Aws::says(vec![registered(), (200, started)]);
        let center = center(&aws, &Drawer::default(), &Hands::new());
        let error = center.begin().await.expect_err("no page");
        assert_eq!(
            error.to_string(),
            "the answer of Identity Center cannot be used",
            "{page}"
        );
    }
}

#[tokio::test]
async fn a_sign_in_is_kept_for_the_next_start_and_for_no_other_place() {
    let (_, _, drawer, hands) = signed_in(Vec::new()).await;
    let aws = Aws::says(vec![role_credentials("ASIA1", hands.millis(3600))]);
    let next = center(&aws, &drawer, &hands);
    assert_eq!(id(&give(&next).await.expect("keys")), "ASIA1");
    let elsewhere = Center {
        start_url: "https://other.awsapps.com/start".to_owned(),
        ..settings()
    };
    let store = Arc::new(drawer.clone());
    let other = IdentityCenter::new(elsewhere, aws, store, None, hands.clock()).expect("a region");
    assert_eq!(give(&other).await.err(), Some(CredentialError::SignInNeeded));
}

#[tokio::test]
async fn a_token_is_renewed_ahead_of_its_end_and_keys_are_kept_until_theirs() {
    let hands_at = Hands::new();
    let (center, aws, drawer, hands) = signed_in(vec![
        role_credentials("ASIA1", hands_at.millis(3600)),
        created("access-2", None),
        role_credentials("ASIA2", hands_at.millis(7200)),
    ])
    .await;
    let (first, second) = tokio::join!(give(&center), give(&center));
    assert_eq!(
        (id(&first.expect("keys")), id(&second.expect("keys"))),
        ("ASIA1", "ASIA1")
    );
    assert_eq!(aws.asked().len(), 4);
    hands.pass(3600 - 60);
    assert_eq!(id(&give(&center).await.expect("keys")), "ASIA2");
    let asked = aws.asked();
    assert_eq!(asked[4].json()["refreshToken"], json!("refresh-1"));
    assert_eq!(asked[4].json()["grantType"], json!("refresh_token"));
    assert_eq!(asked[5].header("x-amz-sso_bearer_token"), "access-2");
    // The refresh token stays where no newer one came.
    let kept = drawer.0.lock().expect("no panic").clone().expect("kept");
    let kept: Value = serde_json::from_slice(&kept).expect("json");
    assert_eq!(
        (&kept["access"], &kept["refresh"]),
        (&json!("access-2"), &json!("refresh-1"))
    );
    assert_eq!(center.secrets().len(), 7);
    let shown = format!("{center:?}");
    assert!(
        !shown.contains("access-") && !shown.contains("refresh-"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_sign_in_that_the_organisation_ended_asks_for_a_new_one() {
    let (center, _, drawer, _) = signed_in(vec![(
        401,
        json!({ "message": "Session token not found" }).to_string(),
    )])
    .await;
    assert_eq!(give(&center).await.err(), Some(CredentialError::SignInNeeded));
    assert!(drawer.is_empty());

    let (center, _, drawer, hands) = signed_in(vec![error("invalid_grant")]).await;
    hands.pass(3601);
    assert_eq!(give(&center).await.err(), Some(CredentialError::SignInNeeded));
    assert!(drawer.is_empty());
}

#[tokio::test]
async fn a_service_that_cannot_be_reached_takes_no_sign_in_away() {
    let (center, _, drawer, hands) = signed_in(vec![(503, String::new())]).await;
    hands.pass(3601);
    let error = give(&center).await.expect_err("unreachable");
    assert!(error.is_passing() && !drawer.is_empty(), "{error:?}");
}

#[tokio::test]
async fn a_role_that_is_not_the_persons_is_refused_by_name() {
    let refused =
        json!({ "__type": "com.amazonaws.switchboard.portal#ForbiddenException", "message": "No access" });
    let (center, _, drawer, _) = signed_in(vec![(403, refused.to_string())]).await;
    let error = give(&center).await.expect_err("refused");
    assert_eq!(error.to_string(), "Identity Center refused: ForbiddenException");
    assert!(!drawer.is_empty());
}

#[tokio::test]
async fn the_time_of_the_settings_bounds_a_sign_in() {
    let (center, _, _, hands) = signed_in(Vec::new()).await;
    assert_eq!(center.ends_at(), Some(hands.now() + Duration::from_hours(24)));
    hands.pass(86_400);
    assert_eq!(give(&center).await.err(), Some(CredentialError::SignInEnded));
    assert_eq!(center.is_signed_in().await, Ok(false));
}

#[tokio::test]
async fn signing_out_forgets_and_tells_the_portal() {
    let (center, aws, drawer, _) = signed_in(vec![(200, String::new())]).await;
    assert_eq!(center.sign_out().await, Ok(true));
    let asked = aws.asked();
    assert_eq!(
        asked[3].address,
        "https://portal.sso.eu-west-1.amazonaws.com/logout"
    );
    assert_eq!(asked[3].header("x-amz-sso_bearer_token"), "access-1");
    assert!(drawer.is_empty());
    assert_eq!(give(&center).await.err(), Some(CredentialError::SignInNeeded));
}

#[test]
fn a_region_that_is_none_leads_nowhere() {
    for region in ["", "eu-west-1.example.com/", "eu west", "EU", "x@y"] {
        let other = Center {
            region: region.to_owned(),
            ..settings()
        };
        let made = IdentityCenter::new(
            other,
            Aws::default(),
            Arc::new(Drawer::default()),
            None,
            Hands::new().clock(),
        );
        assert!(made.is_err(), "{region}");
    }
}
