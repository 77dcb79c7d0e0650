//! Why a stream was refused, and what the client is told in its own language: HTTP, TLS or SOCKS.

use std::borrow::Cow;

use crate::{DoorRefusal, DoorRefusalKind};

/// A refusal's stable code. [`Reason::code`] gives its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// As many streams are open as may be.
    TooManyConnections,
    /// Not a request that RFC 9112 allows: its start line, a field, a control character, a lone CR or LF.
    BadRequest,
    /// The head is larger or has more fields than the caps allow.
    HeadTooLarge,
    /// The request did not come in time.
    HeadTimeout,
    /// The host is spelled in a way that could be read twice, or not at all.
    BadHost,
    /// No port, port 0, or no number of a port.
    BadPort,
    /// An absolute address of another scheme than http.
    BadScheme,
    /// A request for this proxy itself, without a host in its target.
    NotAbsolute,
    /// `Host` is missing, there are two, or it names another host than the target.
    HostMismatch,
    /// The length of the body is missing, said twice, or not said plainly.
    BadFraming,
    /// A method that leads through no proxy: TRACE, or HTTP/2 without TLS.
    BadMethod,
    /// Not a SOCKS5 request that is served: version, sign-in or command.
    BadSocks,
    /// Port 443 carries TLS alone.
    NotTls,
    /// Port 80 carries HTTP or TLS.
    NotHttp,
    /// The first bytes are no whole TLS ClientHello, or one that breaks the rules.
    BadClientHello,
    /// The ClientHello, or the first bytes of a connection, did not come in time.
    ClientHelloTimeout,
    /// The ClientHello names no host.
    SniMissing,
    /// The ClientHello names another host than the one that was asked for.
    SniMismatch,
    /// The ClientHello names a host where an address was asked for.
    SniOnAddress,
    /// The ClientHello is encrypted, or looks as if it were.
    EncryptedClientHello,
    /// The door had no answer in time.
    ConnectTimeout,
    /// The far side's answer is no HTTP response.
    BadResponse,
    /// Nothing moved for too long.
    Idle,
    /// The client ended the connection in the middle.
    ClientGone,
    /// The far side ended the connection in the middle.
    ServerGone,
    /// The stream was dropped while it was served, as with a session that ends.
    Cancelled,
}

impl Reason {
    /// Every reason: for tables and tests.
    pub const ALL: [Self; 26] = [
        Self::TooManyConnections,
        Self::BadRequest,
        Self::HeadTooLarge,
        Self::HeadTimeout,
        Self::BadHost,
        Self::BadPort,
        Self::BadScheme,
        Self::NotAbsolute,
        Self::HostMismatch,
        Self::BadFraming,
        Self::BadMethod,
        Self::BadSocks,
        Self::NotTls,
        Self::NotHttp,
        Self::BadClientHello,
        Self::ClientHelloTimeout,
        Self::SniMissing,
        Self::SniMismatch,
        Self::SniOnAddress,
        Self::EncryptedClientHello,
        Self::ConnectTimeout,
        Self::BadResponse,
        Self::Idle,
        Self::ClientGone,
        Self::ServerGone,
        Self::Cancelled,
    ];

    /// The word of records and of `X-Deskhand-Refusal`; the status of an HTTP answer (RFC 9110, section 15).
    const fn row(self) -> (&'static str, u16) {
        match self {
            Self::TooManyConnections => ("too_many_connections", 503),
            Self::BadRequest => ("bad_request", 400),
            Self::HeadTooLarge => ("head_too_large", 431),
            Self::HeadTimeout => ("head_timeout", 408),
            Self::BadHost => ("bad_host", 400),
            Self::BadPort => ("bad_port", 400),
            Self::BadScheme => ("bad_scheme", 400),
            Self::NotAbsolute => ("not_absolute", 400),
            Self::HostMismatch => ("host_mismatch", 400),
            Self::BadFraming => ("bad_framing", 400),
            Self::BadMethod => ("bad_method", 405),
            Self::BadSocks => ("bad_socks", 400),
            Self::NotTls => ("not_tls", 400),
            Self::NotHttp => ("not_http", 400),
            Self::BadClientHello => ("bad_client_hello", 400),
            Self::ClientHelloTimeout => ("client_hello_timeout", 408),
            Self::SniMissing => ("sni_missing", 403),
            Self::SniMismatch => ("sni_mismatch", 403),
            Self::SniOnAddress => ("sni_on_address", 403),
            Self::EncryptedClientHello => ("encrypted_client_hello", 403),
            Self::ConnectTimeout => ("connect_timeout", 504),
            Self::BadResponse => ("bad_response", 502),
            Self::Idle => ("idle", 504),
            Self::ClientGone => ("client_gone", 400),
            Self::ServerGone => ("server_gone", 502),
            Self::Cancelled => ("cancelled", 503),
        }
    }

    /// The stable code.
    pub const fn code(self) -> &'static str {
        self.row().0
    }

    /// Whether it tells of a network or a peer that failed, and not of something that is refused.
    pub const fn is_failure(self) -> bool {
        matches!(
            self,
            Self::ConnectTimeout
                | Self::BadResponse
                | Self::Idle
                | Self::ClientGone
                | Self::ServerGone
                | Self::Cancelled
        )
    }

    pub(crate) fn because(self, message: impl Into<Cow<'static, str>>) -> Refusal {
        Refusal {
            code: Cow::Borrowed(self.code()),
            message: message.into(),
            status: self.row().1,
            reason: Some(self),
        }
    }
}

/// A refusal with its sentence for the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: Cow<'static, str>,
    pub(crate) status: u16,
    /// `None`: the door's.
    pub(crate) reason: Option<Reason>,
}

impl Refusal {
    /// The stable code: of a [`Reason`], or the door's.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What the person reads.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether nothing was refused, and something did not work.
    pub fn is_failure(&self) -> bool {
        match self.reason {
            Some(reason) => reason.is_failure(),
            None => self.status != 403,
        }
    }

    /// The answer in HTTP. The connection ends after it.
    pub(crate) fn http(&self, head_only: bool) -> Vec<u8> {
        let phrase = match self.status {
            403 => "Forbidden",
            405 => "Method Not Allowed",
            408 => "Request Timeout",
            431 => "Request Header Fields Too Large",
            502 => "Bad Gateway",
            503 => "Service Unavailable",
            504 => "Gateway Timeout",
            _ => "Bad Request",
        };
        let body = format!("sandbox: {}\n", self.message);
        // RFC 9110, section 15.5.6: status 405 names what is allowed.
        let allow = if self.status == 405 {
            "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, CONNECT\r\n"
        } else {
            ""
        };
        let head = format!(
            "HTTP/1.1 {} {phrase}\r\nX-Deskhand-Refusal: {}\r\n{allow}Content-Type: text/plain; charset=utf-8\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            self.status,
            self.code,
            body.len()
        );
        let mut answer = head.into_bytes();
        if !head_only {
            answer.extend_from_slice(body.as_bytes());
        }
        answer
    }

    /// The answer in TLS: a fatal alert in a record (RFC 8446, section 6).
    pub(crate) fn alert(&self) -> [u8; 7] {
        let description = match self.reason {
            // unrecognized_name, decode_error, access_denied.
            Some(Reason::SniMissing | Reason::SniMismatch | Reason::SniOnAddress) => 112,
            Some(Reason::BadClientHello) => 50,
            _ => 49,
        };
        [0x15, 3, 3, 0, 2, 2, description]
    }

    /// The reply of SOCKS5 (RFC 1928, section 6).
    pub(crate) fn socks(&self) -> u8 {
        match self.status {
            403 => 2,
            504 => 6,
            _ => 4,
        }
    }
}

impl From<DoorRefusal> for Refusal {
    fn from(refusal: DoorRefusal) -> Self {
        let token = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '-' | '.');
        let code: String = refusal.code.chars().filter(|sign| token(*sign)).collect();
        Self {
            code: Cow::Owned(if code.is_empty() {
                "refused".to_owned()
            } else {
                code
            }),
            message: Cow::Owned(refusal.message),
            status: match refusal.kind {
                DoorRefusalKind::Policy => 403,
                DoorRefusalKind::Failed => 502,
                DoorRefusalKind::TimedOut => 504,
            },
            reason: None,
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} ({})", self.message, self.code)
    }
}

/// Text of the guest in a sentence: no control characters, and not without end.
pub(crate) fn quoted(text: &str) -> String {
    let shown: String = text.chars().take(80).flat_map(char::escape_debug).collect();
    let dots = if text.chars().nth(80).is_some() { "…" } else { "" };
    format!("\u{201c}{shown}{dots}\u{201d}")
}
