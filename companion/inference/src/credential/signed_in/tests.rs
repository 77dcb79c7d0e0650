//! People who sign in, stay signed in and are not any longer.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use deskhand_policy::types::{Oidc, TokenType};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::*;
use crate::credential::tests::{NOW, Script, Watch, at, shown};

mod browser;
mod others;
mod plans;

const HOUR: u64 = 3_600;

/// A store in memory; one that fails where it is locked.
#[derive(Debug, Default)]
struct Store {
    kept: Mutex<Option<Zeroizing<Vec<u8>>>>,
    saved: Mutex<usize>,
    is_locked: Mutex<bool>,
    /// Nothing can be written or taken away.
    is_stuck: Mutex<bool>,
}

impl TokenStore for Store {
    fn load(&self) -> BoxFuture<'_, Result<Option<Zeroizing<Vec<u8>>>, StoreFault>> {
        let locked = StoreFault("it is locked".to_owned());
        let kept = self.kept.lock().unwrap().clone();
        let answer = if *self.is_locked.lock().unwrap() {
            Err(locked)
        } else {
            Ok(kept)
        };
        Box::pin(std::future::ready(answer))
    }

    fn save(&self, bytes: Option<Zeroizing<Vec<u8>>>) -> BoxFuture<'_, Result<(), StoreFault>> {
        if *self.is_stuck.lock().unwrap() {
            return Box::pin(std::future::ready(Err(StoreFault("it is stuck".to_owned()))));
        }
        *self.kept.lock().unwrap() = bytes;
        *self.saved.lock().unwrap() += 1;
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Store {
    fn text(&self) -> Option<String> {
        let kept = self.kept.lock().unwrap();
        kept.as_ref()
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }
}

/// A sign-in with its surroundings.
struct Place {
    script: Script,
    exchange: Script,
    store: Arc<Store>,
    watch: Watch,
    plan: SignInPlan,
    workforce: Option<Workforce>,
    lifetime: Option<Duration>,
}

impl Place {
    fn new(plan: SignInPlan) -> Self {
        Self {
            script: Script::default(),
            exchange: Script::default(),
            store: Arc::default(),
            watch: Watch::new(),
            plan,
            workforce: None,
            lifetime: None,
        }
    }

    fn source(&self) -> SignedIn<Script> {
        let exchange = self
            .workforce
            .clone()
            .map(|workforce| (workforce, self.exchange.clone()));
        SignedIn::new(
            self.plan.clone(),
            self.script.clone(),
            exchange,
            Arc::clone(&self.store) as Arc<dyn TokenStore>,
            self.lifetime,
            self.watch.clock(),
        )
    }

    /// Somebody signed in with these tokens.
    async fn signed_in(&self, tokens: &Value) -> SignedIn<Script> {
        let session = Session {
            tokens: Tokens::of_answer(tokens.to_string().as_bytes(), NOW).expect("tokens"),
            from: (self.watch.clock())(),
            is_last: false,
        };
        let bytes = session.to_bytes(&self.plan);
        self.store.save(Some(bytes)).await.expect("a store");
        self.source()
    }
}

fn oidc() -> Oidc {
    Oidc {
        client_id: "desk".to_owned(),
        authorization_url: Some("https://id.example.org/authorize".to_owned()),
        token_url: Some("https://id.example.org/token".to_owned()),
        ..Oidc::default()
    }
}

/// A plan whose access token is sent.
fn by_access() -> SignInPlan {
    let kind = Some(TokenType::AccessToken);
    let oidc = Oidc {
        bearer_token_type: kind,
        ..oidc()
    };
    SignInPlan::gateway(&oidc).expect("a plan")
}

/// A plan whose ID token is sent.
fn by_id() -> SignInPlan {
    SignInPlan::gateway(&oidc()).expect("a plan")
}

fn tokens(number: usize) -> Value {
    json!({
        "access_token": format!("access-{number}"), "token_type": "Bearer", "expires_in": HOUR,
        "refresh_token": format!("refresh-{number}"),
    })
}

/// The same with an ID token that ends so many seconds after the beginning.
fn with_id(number: usize, end: u64) -> Value {
    let mut said = tokens(number);
    said["id_token"] = json!(id(number, end));
    said
}

fn id(number: usize, end: u64) -> String {
    let claims = json!({ "exp": NOW / 1_000 + end, "jti": number });
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

async fn asked(source: &SignedIn<Script>) -> Result<Credential, CredentialError> {
    source.credential(Occasion::Interactive, None).await
}

#[tokio::test]
async fn nobody_is_signed_in_at_first() {
    let place = Place::new(by_access());
    let source = place.source();
    assert_eq!(asked(&source).await.unwrap_err(), CredentialError::SignInNeeded);
    assert_eq!((source.is_signed_in().await, source.ends_at()), (Ok(false), None));
    assert_eq!(place.script.asked(), 0);
}

#[tokio::test]
async fn tokens_are_renewed_ahead_of_their_end_and_kept() {
    let place = Place::new(by_access());
    let source = place.signed_in(&tokens(1)).await;
    place.watch.after(HOUR - 121);
    assert_eq!(shown(&asked(&source).await.unwrap()), "access-1");
    place.script.say(200, &tokens(2));
    place.watch.after(1);
    assert_eq!(shown(&asked(&source).await.unwrap()), "access-2");
    assert_eq!(
        place.script.field(0, "refresh_token").as_deref(),
        Some("refresh-1")
    );
    // Another start of the service goes on from there.
    assert_eq!(shown(&asked(&place.source()).await.unwrap()), "access-2");
    assert_eq!(source.ends_at(), None, "it renews itself");
    let hidden: Vec<String> = source
        .secrets()
        .iter()
        .map(|secret| secret.expose().to_owned())
        .collect();
    assert_eq!(hidden, ["access-2", "refresh-2"]);
    assert!(!format!("{source:?}").contains("-2"));
}

#[tokio::test]
async fn a_renewal_runs_once_also_where_who_asked_is_gone() {
    let place = Place::new(by_access());
    let source = place.signed_in(&tokens(1)).await;
    place.watch.after(HOUR);
    place.script.say(200, &tokens(2));
    // It has begun, and whoever asked is gone before the answer is there.
    assert!(futures_util::FutureExt::now_or_never(asked(&source)).is_none());
    let given = futures_util::future::join_all((0..5).map(|_| asked(&source))).await;
    assert!(
        given
            .iter()
            .all(|given| shown(given.as_ref().unwrap()) == "access-2"),
        "{given:?}"
    );
    assert_eq!(place.script.asked(), 1);
}

#[tokio::test]
async fn a_refused_token_is_renewed_and_not_given_again() {
    let place = Place::new(by_access());
    let source = place.signed_in(&tokens(1)).await;
    let first = asked(&source).await.unwrap();
    place.script.say(200, &tokens(2));
    let second = source
        .credential(Occasion::MidSession, Some(&first))
        .await
        .unwrap();
    assert_eq!(shown(&second), "access-2");
    let late = source
        .credential(Occasion::MidSession, Some(&first))
        .await
        .unwrap();
    assert_eq!((shown(&late), place.script.asked()), ("access-2", 1));
    place.script.say(200, &tokens(2));
    let same = source.credential(Occasion::MidSession, Some(&second)).await;
    assert_eq!(same.unwrap_err(), CredentialError::Unchanged);
}

#[tokio::test]
async fn a_sign_in_that_the_provider_ended_is_forgotten() {
    let place = Place::new(by_access());
    let source = place.signed_in(&tokens(1)).await;
    place.watch.after(HOUR);
    place.script.say(400, &json!({ "error": "invalid_grant" }));
    assert_eq!(asked(&source).await.unwrap_err(), CredentialError::SignInNeeded);
    assert_eq!(place.store.text(), None);
    assert_eq!(asked(&source).await.unwrap_err(), CredentialError::SignInNeeded);
    assert_eq!(place.script.asked(), 1, "it is not asked again");
}

#[tokio::test]
async fn a_provider_that_is_out_of_reach_takes_nothing_away() {
    let place = Place::new(by_access());
    let source = place.signed_in(&tokens(1)).await;
    place.watch.after(HOUR - 1);
    assert_eq!(shown(&asked(&source).await.unwrap()), "access-1");
    place.watch.after(1);
    let error = CredentialError::Unreachable("nobody is there".to_owned());
    assert_eq!(asked(&source).await.unwrap_err(), error);
    place.script.say(200, &tokens(2));
    assert_eq!(shown(&asked(&source).await.unwrap()), "access-2");
}

#[tokio::test]
async fn a_refusal_that_is_not_about_the_sign_in_keeps_it() {
    let place = Place::new(by_access());
    let source = place.signed_in(&tokens(1)).await;
    place.watch.after(HOUR);
    place.script.say(
        400,
        &json!({ "error": "invalid_client", "error_description": "SECRET" }),
    );
    assert_eq!(
        asked(&source).await.unwrap_err(),
        CredentialError::Refused("invalid_client")
    );
    assert!(place.store.text().is_some());
}

#[tokio::test]
async fn the_settings_bound_the_time_of_a_sign_in() {
    let mut place = Place::new(by_access());
    place.lifetime = Some(Duration::from_secs(2 * HOUR));
    let source = place.signed_in(&tokens(1)).await;
    asked(&source).await.unwrap();
    assert_eq!(source.ends_at(), Some(at(2 * HOUR)));
    place.script.say(200, &tokens(2));
    place.watch.after(2 * HOUR - 1);
    asked(&source).await.unwrap();
    assert_eq!(source.ends_at(), Some(at(2 * HOUR)), "a renewal does not move it");
    place.watch.after(1);
    assert_eq!(asked(&source).await.unwrap_err(), CredentialError::SignInEnded);
    assert_eq!(source.is_signed_in().await, Ok(false));
    // Also after another start, and with a clock that was set back.
    assert_eq!(
        asked(&place.source()).await.unwrap_err(),
        CredentialError::SignInEnded
    );
    place.watch.back(3 * HOUR);
    assert_eq!(asked(&source).await.unwrap_err(), CredentialError::SignInEnded);
}

#[tokio::test]
async fn tokens_that_cannot_be_renewed_count_to_their_end() {
    let place = Place::new(by_access());
    let mut once = tokens(1);
    once["refresh_token"] = json!(null);
    let source = place.signed_in(&once).await;
    asked(&source).await.unwrap();
    assert_eq!(source.ends_at(), Some(at(HOUR)));
    place.watch.after(HOUR - 1);
    assert_eq!(shown(&asked(&source).await.unwrap()), "access-1");
    place.watch.after(1);
    assert_eq!(asked(&source).await.unwrap_err(), CredentialError::SignInEnded);
    assert_eq!(place.script.asked(), 0);
}

#[tokio::test]
async fn an_id_token_is_renewed_by_its_own_end() {
    let place = Place::new(by_id());
    let source = place.signed_in(&with_id(1, 600)).await;
    let first = asked(&source).await.unwrap();
    assert_eq!(
        (shown(&first), first.ends_at),
        (id(1, 600).as_str(), Some(at(600)))
    );
    place.script.say(200, &with_id(2, 2 * HOUR));
    place.watch.after(600);
    assert_eq!(shown(&asked(&source).await.unwrap()), id(2, 2 * HOUR));
}

#[tokio::test]
async fn a_provider_that_gives_no_new_id_token_ends_the_sign_in_with_the_first() {
    let place = Place::new(by_id());
    let source = place.signed_in(&with_id(1, HOUR)).await;
    asked(&source).await.unwrap();
    assert_eq!(source.ends_at(), None);
    place.script.say(200, &tokens(2));
    place.watch.after(HOUR - 100);
    assert_eq!(shown(&asked(&source).await.unwrap()), id(1, HOUR));
    assert_eq!(source.ends_at(), Some(at(HOUR)));
    place.watch.after(99);
    assert_eq!(shown(&asked(&source).await.unwrap()), id(1, HOUR));
    place.watch.after(1);
    assert_eq!(asked(&source).await.unwrap_err(), CredentialError::SignInEnded);
    assert_eq!(
        asked(&place.source()).await.unwrap_err(),
        CredentialError::SignInEnded
    );
    assert_eq!(place.script.asked(), 1);
}

#[tokio::test]
async fn an_id_token_becomes_one_of_the_workforce() {
    let mut place = Place::new(SignInPlan::workforce(&oidc()).expect("a plan"));
    place.workforce = Some(Workforce {
        audience: "//iam.example.com/pools/p".to_owned(),
        user_project: Some("project-1".to_owned()),
    });
    let source = place.signed_in(&with_id(1, 2 * HOUR)).await;
    let exchanged = |number: usize| json!({ "access_token": format!("google-{number}"), "token_type": "Bearer", "expires_in": HOUR });
    place.exchange.say(200, &exchanged(1));
    let given = futures_util::future::join_all((0..3).map(|_| asked(&source))).await;
    assert!(
        given
            .iter()
            .all(|given| shown(given.as_ref().unwrap()) == "google-1")
    );
    assert_eq!(
        (place.exchange.asked(), place.exchange.address(0).as_str()),
        (1, STS)
    );
    for (name, value) in [
        ("audience", "//iam.example.com/pools/p"),
        ("scope", SCOPE),
        ("subject_token", id(1, 2 * HOUR).as_str()),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
        ("options", r#"{"userProject":"project-1"}"#),
    ] {
        assert_eq!(place.exchange.field(0, name).as_deref(), Some(value), "{name}");
    }
    // The own token still counts: only the exchange is asked again.
    let first = asked(&source).await.unwrap();
    place.exchange.say(200, &exchanged(2));
    let second = source
        .credential(Occasion::MidSession, Some(&first))
        .await
        .unwrap();
    assert_eq!((shown(&second), place.script.asked()), ("google-2", 0));
    // Once it does not, it is renewed first.
    place.watch.after(2 * HOUR);
    place.script.say(200, &with_id(3, 4 * HOUR));
    place.exchange.say(200, &exchanged(3));
    assert_eq!(shown(&asked(&source).await.unwrap()), "google-3");
    assert_eq!(place.exchange.field(2, "subject_token"), Some(id(3, 4 * HOUR)));
}

#[tokio::test]
async fn tokens_are_for_the_provider_that_gave_them() {
    let place = Place::new(by_access());
    place.signed_in(&tokens(1)).await;
    let others = [
        Oidc {
            token_url: Some("https://evil.example.com/token".to_owned()),
            ..oidc()
        },
        Oidc {
            client_id: "other".to_owned(),
            ..oidc()
        },
        Oidc {
            resource: Some("https://gw.example.org".to_owned()),
            ..oidc()
        },
    ];
    for oidc in others {
        let other = Place {
            plan: SignInPlan::gateway(&oidc).expect("a plan"),
            store: Arc::clone(&place.store),
            ..Place::new(by_access())
        };
        assert_eq!(
            asked(&other.source()).await.unwrap_err(),
            CredentialError::SignInNeeded,
            "{oidc:?}"
        );
    }
    asked(&place.source()).await.unwrap();
}

#[tokio::test]
async fn what_is_kept_and_is_none_counts_as_nothing() {
    let place = Place::new(by_access());
    place.signed_in(&tokens(1)).await;
    let whole = place
        .store
        .kept
        .lock()
        .unwrap()
        .clone()
        .expect("something is kept");
    for cut in 0..whole.len() {
        assert!(Session::read(&whole[..cut], &place.plan).is_none(), "{cut}");
    }
    let mut long = whole.to_vec();
    long.extend(vec![b' '; 128 * 1024]);
    assert!(Session::read(&long, &place.plan).is_none());
    assert!(Session::read(&whole, &place.plan).is_some());
}

#[tokio::test]
async fn a_store_that_is_locked_is_told_and_asked_again() {
    let place = Place::new(by_access());
    let source = place.signed_in(&tokens(1)).await;
    *place.store.is_locked.lock().unwrap() = true;
    let locked = CredentialError::Store("it is locked".to_owned());
    assert_eq!(asked(&source).await.unwrap_err(), locked);
    *place.store.is_locked.lock().unwrap() = false;
    asked(&source).await.unwrap();
}
