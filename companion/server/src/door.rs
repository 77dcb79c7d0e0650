//! The door: every request is checked here, before either of the two routes behind it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, WebSocketUpgrade};
use deskhand_protocol::{ErrorCode, UserError};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, ORIGIN, VARY};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;

use crate::auth::{Names, Refusal, origin_of};
use crate::connection;
use crate::guards::Guard;
use crate::page_headers::{may_frame, protect};
use crate::pages::{is_icon_path, plain};
use crate::server::{Arrival, SESSION_PATH, Shared};
use crate::token::TokenHash;
use crate::{Admission, TurnedAway};

/// What a WebSocket reads at once, in bytes; the default of 128 KiB would be most of an idle service's memory.
const READ_BUFFER: usize = 16 * 1024;

/// The door: every request passes here, whatever it asks for.
pub(crate) async fn answer(
    shared: Arc<Shared>,
    arrival: Arrival,
    request: Request<Incoming>,
) -> Response<Body> {
    let guards = shared.guards;
    let mut response = if arrival.known {
        match admit(&shared, &request) {
            Ok(host) => route(shared, arrival, host, request).await,
            Err(refusal) => {
                shared.handler.admission(Admission::TurnedAway(refusal.into()));
                plain(StatusCode::FORBIDDEN, &refusal.to_string())
            }
        }
    } else {
        shared
            .handler
            .admission(Admission::TurnedAway(TurnedAway::OtherUser));
        other_user()
    };
    protect(response.headers_mut(), guards);
    response
}

fn admit(shared: &Shared, request: &Request<Incoming>) -> Result<String, Refusal> {
    let headers = request.headers();
    let host = shared.names.host(shared.guards, request.uri(), headers)?;
    if is_frame_preflight(shared, request) {
        return Ok(host.to_owned());
    }
    if is_icon(request) {
        return Ok(host.to_owned());
    }
    Names::origin(shared.guards, host, headers)?;
    Names::fetch_site(shared.guards, request.method(), headers)?;
    let socket = request.uri().path() == SESSION_PATH;
    if socket
        && !headers.contains_key(ORIGIN)
        && !has_local_token(shared, headers)
        && shared.guards.stands(Guard::SocketOrigin)
    {
        return Err(Refusal::NoOrigin);
    }
    Ok(host.to_owned())
}

/// Office on the web shows the icons that the manifest names. They are the same on every machine and say nothing but that
/// Deskhand runs here, which the open port says too. No script can read them: the answer has no leave for that.
fn is_icon(request: &Request<Incoming>) -> bool {
    *request.method() == Method::GET && is_icon_path(request.uri().path())
}

fn has_local_token(shared: &Shared, headers: &HeaderMap) -> bool {
    let sent = headers.get(AUTHORIZATION).and_then(|sent| sent.to_str().ok());
    let token = sent.and_then(|sent| sent.strip_prefix("Bearer "));
    token.is_some_and(|token| shared.local_tokens.kind(TokenHash::of(token)).is_some())
}

async fn route(
    shared: Arc<Shared>,
    arrival: Arrival,
    host: String,
    request: Request<Incoming>,
) -> Response<Body> {
    let (mut parts, _) = request.into_parts();
    if parts.method == Method::OPTIONS {
        return preflight(&parts.headers);
    }
    if parts.method != Method::GET {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered");
    }
    if parts.uri.path() != SESSION_PATH {
        return shared.pages.answer(parts.uri.path(), &host).await;
    }
    let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut parts, &()).await else {
        return plain(StatusCode::UPGRADE_REQUIRED, "this address speaks WebSocket");
    };
    let origin = origin_of(&parts.headers).map(str::to_owned);
    let largest = if shared.guards.stands(Guard::FrameSize) {
        shared.limits.message_bytes
    } else {
        usize::MAX
    };
    upgrade
        .read_buffer_size(READ_BUFFER)
        .max_message_size(largest)
        .max_frame_size(largest)
        .on_upgrade(move |socket| async move {
            let _place = arrival;
            connection::run(shared, socket, origin).await;
        })
}

/// Chromium asks before a public page reaches into the local network (Private Network Access; its successor asks the user
/// instead). The pages that may frame a pane are told yes, for the pane's page and nothing else; a page that fetches
/// learns nothing by it, because the answer to the fetch itself carries no leave to read it.
fn is_frame_preflight(shared: &Shared, request: &Request<Incoming>) -> bool {
    let headers = request.headers();
    let pane = ["/excel/", "/powerpoint/"]
        .iter()
        .any(|pane| request.uri().path() == *pane);
    *request.method() == Method::OPTIONS
        && pane
        && REACH
            .iter()
            .any(|(ask, _)| headers.get(*ask).is_some_and(|asked| asked == "true"))
        && origin_of(headers).is_some_and(|origin| may_frame(&shared.pages.sources, origin))
}

/// What a browser asks, and the answer that lets it.
const REACH: [(&str, &str); 2] = [
    (
        "access-control-request-private-network",
        "access-control-allow-private-network",
    ),
    (
        "access-control-request-local-network",
        "access-control-allow-local-network",
    ),
];

fn preflight(headers: &HeaderMap) -> Response<Body> {
    let mut response = plain(StatusCode::NO_CONTENT, "");
    *response.body_mut() = Body::empty();
    response.headers_mut().remove(CONTENT_TYPE);
    response
        .headers_mut()
        .insert(VARY, HeaderValue::from_static("origin"));
    let Some(origin) = headers.get(ORIGIN) else {
        return response;
    };
    for (ask, allow) in REACH {
        if headers.get(ask).is_some_and(|asked| asked == "true") {
            let answer = response.headers_mut();
            answer.insert(HeaderName::from_static(allow), HeaderValue::from_static("true"));
            answer.insert(
                HeaderName::from_static("access-control-allow-origin"),
                origin.clone(),
            );
        }
    }
    response
}

/// What another user of this machine gets, whatever they ask for.
fn other_user() -> Response<Body> {
    let error = UserError::new(ErrorCode::OtherUser);
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Deskhand</title></head>\
         <body><h1>{}</h1><p>{} {}</p><p>{}</p></body></html>",
        error.happened,
        error.kept,
        error.action,
        error.code.as_str()
    );
    let answer = Response::builder()
        .status(StatusCode::FORBIDDEN)
        .header(CONTENT_TYPE, "text/html; charset=utf-8");
    answer.body(Body::from(page)).unwrap_or_default()
}
