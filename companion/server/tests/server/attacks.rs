//! Attacks on the loopback server, each by name, each run twice: with every guard standing it is refused, and with its
//! one guard removed it succeeds. So each refusal is shown to be the work of the guard that is named beside it.

use std::time::Duration;

use deskhand_server::{Guard, Guards, Limits};
use futures_util::future::BoxFuture;

use crate::harness::{Running, start};

mod http;
mod sockets;
#[cfg(target_os = "linux")]
mod stranger;
mod tokens;

/// Limits short enough for a test and long enough for a busy machine.
fn limits() -> Limits {
    Limits {
        message_bytes: 64 * 1024,
        hello: Duration::from_secs(1),
        idle: Duration::from_secs(1),
        ping: Duration::from_millis(200),
        ..Limits::default()
    }
}

/// Runs an attack against the whole door, and against the door without one guard. An attack says whether it succeeded.
async fn run(guard: Guard, limits: Limits, attack: impl for<'a> Fn(&'a Running) -> BoxFuture<'a, bool>) {
    let server = start(Guards::default(), limits.clone()).await;
    assert!(!attack(&server).await, "the attack succeeded against {guard:?}");
    let open = start(Guards::without(guard), limits).await;
    assert!(
        attack(&open).await,
        "the attack failed without {guard:?} too, so it shows nothing"
    );
}

/// Declares tests: a name, the guard that refuses, the attack.
macro_rules! attacks {
    ($( $name:ident: $guard:ident, $attack:path; )+) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            run(Guard::$guard, limits(), |server| Box::pin($attack(server))).await;
        }
    )+ };
}

attacks! {
    refuses_dns_rebinding_by_host: Host, http::rebinds_by_host;
    refuses_dns_rebinding_by_an_absolute_target: Host, http::rebinds_by_target;
    refuses_a_fetch_of_another_origin: Origin, http::fetches_from_another_origin;
    refuses_a_fetch_of_an_opaque_origin: Origin, http::fetches_from_an_opaque_origin;
    refuses_a_script_tag_on_another_site: FetchSite, http::loads_a_script_from_another_site;
    refuses_framing_by_a_foreign_page: FrameAncestors, http::frames_a_page;
    refuses_path_tricks_on_static_files: StaticPath, http::climbs_out_of_the_bundle;
    refuses_plain_http: Tls, http::speaks_plain_http;
    refuses_a_websocket_of_another_origin: Origin, sockets::connects_from_another_origin;
    refuses_a_websocket_of_another_port_of_localhost: Origin, sockets::connects_from_another_port;
    refuses_a_websocket_without_origin: SocketOrigin, sockets::connects_without_origin;
    refuses_a_websocket_without_origin_and_with_a_panes_token: SocketOrigin, sockets::connects_with_a_panes_token;
    refuses_an_oversize_frame: FrameSize, sockets::sends_an_oversize_frame;
    refuses_a_frame_that_is_no_text: TextFrames, sockets::sends_a_binary_frame;
    refuses_a_slow_hello: HelloDeadline, sockets::never_says_hello;
    refuses_slow_frames: IdleDeadline, sockets::trickles_a_frame;
    refuses_a_method_without_permission: Permission, tokens::deletes_a_session_from_a_pane;
    refuses_a_pane_that_allows_its_own_pairing: Permission, tokens::allows_its_own_pairing;
    refuses_a_token_stolen_from_another_kind_of_front_end: TokenKind, tokens::shows_a_token_of_another_kind;
    refuses_a_panes_token_at_another_origin: TokenOrigin, tokens::shows_a_token_at_another_origin;
    refuses_a_replayed_pairing: PairingOnce, tokens::replays_a_pairing;
    refuses_guessed_pairings: PairingRate, tokens::guesses_pairings;
    refuses_a_flood_of_pairings: PairingRate, tokens::floods_with_pairings;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refuses_a_pairing_that_has_expired() {
    let expired = Limits {
        pairing: Duration::ZERO,
        ..limits()
    };
    run(Guard::PairingExpiry, expired, |server| {
        Box::pin(tokens::answers_an_old_pairing(server))
    })
    .await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refuses_another_user_of_the_machine() {
    if !stranger::is_possible() {
        return;
    }
    run(Guard::PeerOwner, limits(), |server| {
        Box::pin(stranger::reads_a_page(server))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refuses_every_method_but_two_before_hello() {
    let server = start(Guards::default(), limits()).await;
    for method in deskhand_protocol::Method::ALL {
        let mut page = server.page().await;
        let answer = page.call(method.name(), serde_json::json!({})).await;
        let code = answer.as_ref().err().and_then(crate::client::code);
        let expected = match method {
            // These two are let through, and refused for what they say.
            deskhand_protocol::Method::Hello | deskhand_protocol::Method::PairingBegin => {
                deskhand_protocol::ErrorCode::BadRequest
            }
            _ => deskhand_protocol::ErrorCode::PairingRequired,
        };
        assert_eq!(code, Some(expected), "{}", method.name());
    }
}
