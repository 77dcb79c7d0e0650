//! Where the browser comes back to: a loopback address that answers one sign-in (RFC 8252, section 7.3). Any page of any
//! site can send a browser here, so nothing counts but the state of the attempt, and nothing else ends the wait. Any user of the
//! computer can connect, and may have read the state where the browser was started: nobody's connection counts but the own user's.

use std::convert::Infallible;
use std::fmt;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, ORIGIN, REFERER, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use url::Url;
use url::form_urlencoded::parse;
use zeroize::Zeroizing;

use crate::client::Client;
use crate::error::SignInError;
use crate::metadata::Provider;
use crate::pkce::Attempt;
use crate::tokens::is_token;

/// The path that the browser comes back to.
const PATH: &str = "/callback";
/// How long a connection may take: browsers open some that they never use.
const CONNECTION: Duration = Duration::from_secs(10);
/// Connections at one time.
const AT_ONCE: usize = 16;
/// Connections of other users among them. Browsers open six to one place: enough are left for the own.
const STRANGERS: usize = 4;
/// Bytes of the name of a host (RFC 1035).
const HOST_CAP: usize = 253;
/// Bytes of a request's head.
const HEAD: usize = 32 * 1024;

/// An authorization code. It is used once, and its memory is overwritten then.
pub struct Code(Zeroizing<String>);

impl fmt::Debug for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Code")
    }
}

impl Code {
    #[cfg(test)]
    pub(crate) fn of(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

/// A loopback address that listens for a browser. It answers from the first call of [`Redirect::wait`] on.
#[derive(Debug)]
pub struct Redirect {
    listener: TcpListener,
    at: SocketAddr,
}

impl Redirect {
    /// Listens at `127.0.0.1`, at this port or at any that is free.
    pub async fn bind(port: Option<u16>) -> Result<Self, SignInError> {
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(0))).await;
        let listener = bound.map_err(|_| SignInError::Port)?;
        let at = listener.local_addr().map_err(|_| SignInError::Port)?;
        Ok(Self { listener, at })
    }

    /// The address for the provider.
    pub fn address(&self) -> String {
        format!("http://{}{PATH}", self.at)
    }

    /// Waits for the answer to `attempt`. `referrers` are hosts besides the provider's that may send the browser back; `is_own`
    /// says whether the connection that arrived at the first address from the second is of the user who signs in, and may
    /// block. The caller bounds the time; once this is dropped or done, nothing listens any longer.
    pub async fn wait(
        self,
        client: &Client,
        attempt: &Attempt,
        referrers: &[String],
        is_own: impl Fn(SocketAddr, SocketAddr) -> bool + Clone + Send + 'static,
    ) -> Result<Code, SignInError> {
        let judge = Judge {
            at: self.at,
            provider: client.provider(),
            attempt,
            referrers,
            done: AtomicBool::new(false),
        };
        let strangers = Semaphore::new(STRANGERS);
        let mut open = FuturesUnordered::new();
        loop {
            tokio::select! {
                Some(answer) = open.next() => {
                    if let Some(answer) = answer {
                        return answer;
                    }
                }
                accepted = self.listener.accept(), if open.len() < AT_ONCE => match accepted {
                    Ok((stream, from)) => {
                        let (is_own, at) = (is_own.clone(), self.at);
                        // At once: the system knows whose a connection is only while it is open.
                        let own = spawn_blocking(move || is_own(at, from));
                        open.push(async {
                            if own.await.unwrap_or(false) {
                                return serve_own(stream, &judge).await;
                            }
                            serve_stranger(stream, &strangers).await;
                            None
                        });
                    }
                    // A connection that went before it was taken is not the listener's end.
                    Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset) => {}
                    Err(_) => return Err(SignInError::Port),
                },
            }
        }
    }
}

/// What ends the wait.
type Settled = Result<Code, SignInError>;

/// Answers a connection of the user who signs in; gives what it brought, once the browser has its page.
async fn serve_own(stream: TcpStream, judge: &Judge<'_>) -> Option<Settled> {
    let settled = Mutex::new(None);
    let answer = |request: &Request<Incoming>| {
        let (status, words, found) = match judge.request(request) {
            Ok(code) => (StatusCode::OK, DONE, Some(Ok(code))),
            Err(Refusal::Settles(error @ SignInError::Referrer(_))) => {
                (StatusCode::FORBIDDEN, BY_ANOTHER_WAY, Some(Err(error)))
            }
            Err(Refusal::Settles(error)) => (StatusCode::OK, DENIED, Some(Err(error))),
            Err(Refusal::Of(status)) => (status, STRANGE, None),
        };
        if found.is_some() {
            *settled.lock().unwrap_or_else(PoisonError::into_inner) = found;
        }
        page(status, words)
    };
    serve(stream, answer).await;
    settled.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Tells somebody else why the door stays shut, whatever they ask; not even that where too many of them are here.
async fn serve_stranger(stream: TcpStream, strangers: &Semaphore) {
    if let Ok(_place) = strangers.try_acquire() {
        serve(stream, |_| page(StatusCode::FORBIDDEN, OF_ANOTHER_USER)).await;
    }
}

/// Answers the one request of a connection. A browser that does not read its page has brought its answer all the same.
async fn serve(stream: TcpStream, answer: impl Fn(&Request<Incoming>) -> Response<Full<Bytes>>) {
    let service = service_fn(|request| std::future::ready(Ok::<_, Infallible>(answer(&request))));
    let mut connection = http1::Builder::new();
    connection
        .keep_alive(false)
        .max_buf_size(HEAD)
        .timer(TokioTimer::new())
        .header_read_timeout(CONNECTION);
    let served = connection.serve_connection(TokioIo::new(stream), service);
    drop(tokio::time::timeout(CONNECTION, served).await);
}

/// Whether a request is the answer that is waited for.
struct Judge<'a> {
    at: SocketAddr,
    provider: &'a Provider,
    attempt: &'a Attempt,
    referrers: &'a [String],
    /// Whether the answer is there: none counts after it.
    done: AtomicBool,
}

/// A request that brings no code.
enum Refusal {
    /// The provider's own answer: it ends the wait.
    Settles(SignInError),
    /// Anybody's: the wait goes on.
    Of(StatusCode),
}

impl Judge<'_> {
    fn request(&self, request: &Request<Incoming>) -> Result<Code, Refusal> {
        let strange = Refusal::Of(StatusCode::BAD_REQUEST);
        let head = request.headers();
        // Another name for this address would be one that a page made lead here.
        let host = head.get(HOST).and_then(|host| host.to_str().ok());
        if host != Some(self.at.to_string().as_str()) {
            return Err(strange);
        }
        if request.method() != Method::GET || request.uri().path() != PATH {
            return Err(Refusal::Of(StatusCode::NOT_FOUND));
        }
        let sender = [REFERER, ORIGIN]
            .iter()
            .try_for_each(|name| self.may_send(head, name));
        let fields = Fields::read(request.uri().query().unwrap_or_default()).ok_or(strange)?;
        let known = fields.state.is_some_and(|state| self.attempt.knows(&state));
        if !known || self.done.swap(true, Ordering::Relaxed) {
            let status = sender.map_or(StatusCode::FORBIDDEN, |()| StatusCode::BAD_REQUEST);
            return Err(Refusal::Of(status));
        }
        // The state is known to this attempt's provider alone: it is its answer, by a way that nobody named.
        if let Err(host) = sender {
            return Err(Refusal::Settles(SignInError::Referrer(host)));
        }
        // RFC 9207: an answer of another provider than the one that was asked.
        let named = fields.iss.as_ref();
        let other = |issuer: &String| named.is_some_and(|named| named.as_str() != issuer);
        let mute = self.provider.names_itself && named.is_none();
        if mute || self.provider.issuer.as_ref().is_some_and(other) {
            return Err(Refusal::Settles(SignInError::Issuer));
        }
        match (fields.code, fields.error) {
            (_, Some(error)) => Err(Refusal::Settles(SignInError::of_code(&error))),
            (Some(code), None) if is_token(&code) => Ok(Code(code)),
            _ => Err(Refusal::Settles(SignInError::Unreadable("it brought no code"))),
        }
    }

    /// Whether the page that sent the browser, where it says which, is one of the provider's or of those that may; its host
    /// where it is not.
    fn may_send(&self, head: &HeaderMap, name: &HeaderName) -> Result<(), String> {
        let Some(said) = head.get(name) else { return Ok(()) };
        let said = said.to_str().unwrap_or_default();
        if said == "null" {
            return Ok(());
        }
        let host = Url::parse(said)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned));
        let host = host.filter(|host| host.len() <= HOST_CAP);
        let Some(host) = host else {
            return Err("an unknown host".to_owned());
        };
        let issuer = self
            .provider
            .issuer
            .as_deref()
            .and_then(|issuer| Url::parse(issuer).ok());
        let page = self.provider.authorization().ok();
        let own = issuer.iter().chain(page).filter_map(Url::host_str);
        let mut known = own.chain(self.referrers.iter().map(String::as_str));
        if known.any(|known| known.eq_ignore_ascii_case(&host)) {
            Ok(())
        } else {
            Err(host)
        }
    }
}

/// The fields of an answer (RFC 6749, section 4.1.2; RFC 9207).
#[derive(Default)]
struct Fields {
    code: Option<Zeroizing<String>>,
    state: Option<Zeroizing<String>>,
    error: Option<Zeroizing<String>>,
    iss: Option<Zeroizing<String>>,
}

impl Fields {
    /// Each field at most once (RFC 6749, section 3.1).
    fn read(query: &str) -> Option<Self> {
        let mut fields = Self::default();
        for (name, value) in parse(query.as_bytes()) {
            let field = match &*name {
                "code" => &mut fields.code,
                "state" => &mut fields.state,
                "error" => &mut fields.error,
                "iss" => &mut fields.iss,
                _ => continue,
            };
            if field.replace(Zeroizing::new(value.into_owned())).is_some() {
                return None;
            }
        }
        Some(fields)
    }
}

const DONE: &str = "You may close this page and go back to Deskhand.";
const DENIED: &str = "You were not signed in. You may close this page and go back to Deskhand.";
const BY_ANOTHER_WAY: &str = "You were not signed in: your organisation's settings do not name the site that sent you \
                              back. Go back to Deskhand, which says what to show to your administrator.";
const OF_ANOTHER_USER: &str = "This page belongs to another user of this computer, who signs in to Deskhand: it answers \
                               that user's own browser alone. You may close it.";
const STRANGE: &str = "Deskhand did not expect this page. You may close it.";

/// A page that holds nothing of the request and loads nothing.
fn page(status: StatusCode, words: &str) -> Response<Full<Bytes>> {
    let text = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Deskhand</title>\
         <meta name=\"color-scheme\" content=\"light dark\"><p>{words}</p></html>"
    );
    let mut page = Response::new(Full::new(Bytes::from(text)));
    *page.status_mut() = status;
    let says = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in says {
        page.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    page
}
