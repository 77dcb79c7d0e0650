//! The same sign-in in several programs of one person, stores that fail, and people who sign out in the middle.

use pretty_assertions::assert_eq;

use super::*;

#[tokio::test]
async fn a_token_that_another_program_of_the_person_spent_is_not_sent_again() {
    let place = Place::new(by_access());
    let (service, other) = (place.signed_in(&tokens(1)).await, place.source());
    asked(&service).await.unwrap();
    place.watch.after(HOUR);
    place.script.say(200, &tokens(2));
    assert_eq!(shown(&asked(&other).await.unwrap()), "access-2");
    assert_eq!(shown(&asked(&service).await.unwrap()), "access-2");
    assert_eq!(place.script.asked(), 1);
    // And who signs out there is signed out here once the token is to be renewed.
    other.sign_out().await.unwrap();
    place.watch.after(HOUR);
    assert_eq!(asked(&service).await.unwrap_err(), CredentialError::SignInNeeded);
    assert_eq!(place.store.text(), None);
}

#[tokio::test]
async fn what_could_not_be_kept_is_not_replaced_by_what_is_older() {
    let place = Place::new(by_access());
    let source = place.signed_in(&tokens(1)).await;
    asked(&source).await.unwrap();
    *place.store.is_stuck.lock().unwrap() = true;
    place.watch.after(HOUR);
    place.script.say(200, &tokens(2));
    assert_eq!(shown(&asked(&source).await.unwrap()), "access-2");
    place.watch.after(HOUR);
    place.script.say(200, &tokens(3));
    assert_eq!(shown(&asked(&source).await.unwrap()), "access-3");
    let sent = place.script.field(1, "refresh_token");
    assert_eq!(sent.as_deref(), Some("refresh-2"));
}

#[tokio::test]
async fn a_sign_out_that_cannot_be_written_is_no_sign_out() {
    let place = Place::new(by_access());
    let source = place.signed_in(&tokens(1)).await;
    *place.store.is_stuck.lock().unwrap() = true;
    let stuck = CredentialError::Store("it is stuck".to_owned());
    assert_eq!(source.sign_out().await.unwrap_err(), stuck);
    // Nobody uses it here all the same; it can be tried again.
    assert_eq!(asked(&source).await.unwrap_err(), CredentialError::SignInNeeded);
    *place.store.is_stuck.lock().unwrap() = false;
    source.sign_out().await.unwrap();
    assert_eq!(place.store.text(), None);
}

#[tokio::test]
async fn who_signs_out_while_tokens_are_renewed_is_not_signed_in_again() {
    let place = Place::new(by_access());
    let source = place.signed_in(&tokens(1)).await;
    place.watch.after(HOUR);
    place.script.say(200, &tokens(2));
    let renewing = asked(&source);
    let (renewed, _) = tokio::join!(renewing, async {
        // The renewal has sent its question.
        tokio::task::yield_now().await;
        source.sign_out().await
    });
    drop(renewed);
    assert_eq!(asked(&source).await.unwrap_err(), CredentialError::SignInNeeded);
    assert_eq!(place.store.text(), None);
}
