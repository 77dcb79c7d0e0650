//! What a request asks for, and the request as it goes on. Its host is compared, its length is said once, and what is meant for
//! a proxy stays here (RFC 9110, section 7.6.1).

use crate::Target;
use crate::body::BodyFraming;
use crate::head::{Header, RequestHead, ResponseHead, values};
use crate::refusal::{Reason, Refusal, quoted};

/// Fields for the next hop alone, and what a proxy is told.
const HOP_BY_HOP: [&str; 11] = [
    "connection",
    "http2-settings",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
/// A message without these is another message: naming them in Connection is a trick.
const NEVER_NAMED: [&str; 3] = ["content-length", "host", "transfer-encoding"];
const REFUSAL_FIELD: &str = "x-deskhand-refusal";

/// What a client asks a proxy for.
#[derive(Debug)]
pub(crate) enum Asked {
    /// A tunnel.
    Tunnel(Target),
    /// The exchange of one request.
    Exchange(Target, Onward),
}

/// A request on its way on.
#[derive(Debug)]
pub(crate) struct Onward {
    pub(crate) head: Vec<u8>,
    pub(crate) framing: BodyFraming,
    pub(crate) method: String,
}

/// Reads what a request to the proxy asks for.
pub(crate) fn asked(head: &RequestHead) -> Result<Asked, Refusal> {
    if head.method == "CONNECT" {
        let target = Target::parse(&head.target, None)?;
        if head.framing()? != BodyFraming::None {
            return Err(Reason::BadFraming.because("CONNECT has no body"));
        }
        // Without a Host field there is nothing to be at odds with: some clients of old speak so.
        same_host(head, &target, Some(target.port), true)?;
        return Ok(Asked::Tunnel(target));
    }
    plain_method(head)?;
    let (target, path) = absolute(&head.target)?;
    if target.port == 443 {
        return Err(Reason::NotTls.because("port 443 is for TLS alone; write https://"));
    }
    let onward = onward(head, &target, &path)?;
    Ok(Asked::Exchange(target, onward))
}

/// Reads a request in a tunnel to `target`.
pub(crate) fn in_tunnel(head: &RequestHead, target: &Target) -> Result<Onward, Refusal> {
    plain_method(head)?;
    if head.target.starts_with('/') || head.target == "*" {
        return onward(head, target, &head.target);
    }
    let (named, path) = absolute(&head.target)?;
    if named != *target {
        return Err(mismatch(target, &named.to_string()));
    }
    onward(head, target, &path)
}

fn plain_method(head: &RequestHead) -> Result<(), Refusal> {
    match head.method.as_str() {
        "CONNECT" | "PRI" | "TRACE" => {
            let method = &head.method;
            Err(Reason::BadMethod.because(format!("{method} cannot be sent to a host over plain HTTP")))
        }
        _ => Ok(()),
    }
}

/// Takes an absolute address apart: where it leads, and the target of the request there (RFC 9112, section 3.2.1).
fn absolute(target: &str) -> Result<(Target, String), Refusal> {
    if target.starts_with('/') || target == "*" {
        let why = "this is a proxy: the request must name its host, as http://host/path";
        return Err(Reason::NotAbsolute.because(why));
    }
    let Some((scheme, rest)) = target.split_once("://") else {
        return Err(Reason::BadScheme.because("the request must name its host, as http://host/path"));
    };
    if scheme.eq_ignore_ascii_case("https") {
        let why = "https goes through CONNECT, so that the host alone reads it; set https_proxy for it";
        return Err(Reason::BadScheme.because(why));
    }
    if !scheme.eq_ignore_ascii_case("http") {
        return Err(Reason::BadScheme.because(format!("{} is not http or https", quoted(scheme))));
    }
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if path.contains('#') {
        return Err(Reason::BadRequest.because("an address in a request has no part behind #"));
    }
    let path = match path.chars().next() {
        Some('/') => path.to_owned(),
        _ => format!("/{path}"),
    };
    Ok((Target::parse(authority, Some(80))?, path))
}

/// The one Host field names the target (RFC 9112, section 3.2).
fn same_host(
    head: &RequestHead,
    target: &Target,
    default: Option<u16>,
    may_lack: bool,
) -> Result<(), Refusal> {
    let mut named = values(&head.headers, "host");
    match (named.next(), named.next()) {
        (Some(host), None) => {
            let text = String::from_utf8_lossy(host);
            let host = Target::parse(&text, default);
            let same = host.is_ok_and(|host| host == *target);
            same.then_some(()).ok_or_else(|| mismatch(target, &text))
        }
        (None, _) if may_lack || head.minor_version == 0 => Ok(()),
        (None, _) => Err(Reason::HostMismatch.because("the Host field is missing")),
        (Some(_), Some(_)) => Err(Reason::HostMismatch.because("there are several Host fields")),
    }
}

fn mismatch(target: &Target, named: &str) -> Refusal {
    let named = quoted(named);
    Reason::HostMismatch.because(format!(
        "the request leads to {target} and names {named}; the two must be the same"
    ))
}

/// The request as the host reads it: one on its connection, in the version that the client speaks.
fn onward(head: &RequestHead, target: &Target, path: &str) -> Result<Onward, Refusal> {
    same_host(head, target, Some(80), false)?;
    let framing = head.framing()?;
    let path = match path {
        // RFC 9112, section 3.2.4.
        "/" if head.method == "OPTIONS" && !head.target.ends_with('/') => "*",
        path => path,
    };
    let (method, minor) = (&head.method, head.minor_version);
    let host = match target.port {
        80 => target.host.to_string(),
        _ => target.to_string(),
    };
    let mut bytes = format!("{method} {path} HTTP/1.{minor}\r\nHost: {host}\r\n").into_bytes();
    fields(&mut bytes, &head.headers, &["host", "content-length"])?;
    match framing {
        BodyFraming::Length(length) => bytes.extend(format!("Content-Length: {length}\r\n").bytes()),
        BodyFraming::Chunked => bytes.extend(b"Transfer-Encoding: chunked\r\n"),
        BodyFraming::None | BodyFraming::UntilClose => {}
    }
    bytes.extend(b"Connection: close\r\n\r\n");
    Ok(Onward {
        head: bytes,
        framing,
        method: method.clone(),
    })
}

/// The head of a response as the client reads it.
pub(crate) fn backward(head: &ResponseHead) -> Result<Vec<u8>, Refusal> {
    let (status, phrase, minor) = (head.status, &head.phrase, head.minor_version);
    let mut bytes = format!("HTTP/1.{minor} {status:03} {phrase}\r\n").into_bytes();
    // A host cannot speak in our name.
    fields(&mut bytes, &head.headers, &[REFUSAL_FIELD])?;
    for coding in values(&head.headers, "transfer-encoding") {
        bytes.extend([b"Transfer-Encoding: ", coding, b"\r\n"].concat());
    }
    if status >= 200 {
        bytes.extend(b"Connection: close\r\n");
    }
    bytes.extend(b"\r\n");
    Ok(bytes)
}

/// Writes the fields that go on: none for this hop, none that Connection names, none of `others`.
fn fields(bytes: &mut Vec<u8>, headers: &[Header], others: &[&str]) -> Result<(), Refusal> {
    let mut named = Vec::new();
    for value in values(headers, "connection") {
        for option in value.split(|byte| *byte == b',') {
            let option = String::from_utf8_lossy(option.trim_ascii()).to_ascii_lowercase();
            if NEVER_NAMED.contains(&option.as_str()) {
                return Err(Reason::BadFraming.because(format!("Connection names {}", quoted(&option))));
            }
            named.push(option);
        }
    }
    for header in headers {
        let name = header.name.to_ascii_lowercase();
        let stays =
            HOP_BY_HOP.contains(&name.as_str()) || others.contains(&name.as_str()) || named.contains(&name);
        if !stays {
            bytes.extend([header.name.as_bytes(), b": ", &header.value, b"\r\n"].concat());
        }
    }
    Ok(())
}
