//! Heads of HTTP/1 messages (RFC 9112, sections 2 to 5), read strictly: what two readers could understand differently is refused.

use httparse::{Request, Response, Status};

use crate::Limits;
use crate::body::BodyFraming;
use crate::refusal::{Reason, Refusal};

/// The most fields that any caps can ask for.
const MOST_FIELDS: usize = 256;

/// One field of a head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// As it was written.
    pub name: String,
    /// Without white space around it; no CR, LF or NUL.
    pub value: Vec<u8>,
}

impl Header {
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// The head of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestHead {
    /// A token, in the case it was written in.
    pub method: String,
    /// The request target: visible ASCII.
    pub target: String,
    /// 0 or 1 of HTTP/1.0 and HTTP/1.1.
    pub minor_version: u8,
    /// The fields in their order.
    pub headers: Vec<Header>,
}

/// The head of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseHead {
    /// 100 to 999.
    pub status: u16,
    /// The reason phrase.
    pub phrase: String,
    /// 0 or 1 of HTTP/1.0 and HTTP/1.1.
    pub minor_version: u8,
    /// The fields in their order.
    pub headers: Vec<Header>,
}

/// Looks for the end of a head as bytes come in, each byte once.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    seen: usize,
}

impl Scan {
    /// The length of the head, its empty line included, once it is whole.
    pub(crate) fn end(&mut self, bytes: &[u8], limits: &Limits) -> Result<Option<usize>, Refusal> {
        while let Some(&byte) = bytes.get(self.seen) {
            let at = self.seen;
            if at >= limits.head_bytes {
                let most = limits.head_bytes;
                return Err(Reason::HeadTooLarge.because(format!("the head has more than {most} bytes")));
            }
            match byte {
                b'\r' => match bytes.get(at + 1) {
                    None => return Ok(None),
                    Some(b'\n') if at == 0 => {
                        return Err(Reason::BadRequest.because("an empty line stands before the head"));
                    }
                    Some(b'\n') => {
                        self.seen += 2;
                        if bytes[..at].ends_with(b"\r\n") {
                            return Ok(Some(self.seen));
                        }
                    }
                    Some(_) => {
                        return Err(Reason::BadRequest.because("the head holds a CR without an LF"));
                    }
                },
                b'\n' => return Err(Reason::BadRequest.because("the head holds an LF without a CR")),
                b'\t' | 0x20..=0x7e | 0x80.. => self.seen += 1,
                _ => return Err(Reason::BadRequest.because("the head holds a control character")),
            }
        }
        Ok(None)
    }
}

/// Reads a head at the start of `bytes`, by what reads a whole one.
fn read<T>(
    bytes: &[u8],
    limits: &Limits,
    whole: fn(&[u8], &Limits) -> Result<T, Refusal>,
) -> Result<Option<(T, usize)>, Refusal> {
    let Some(end) = Scan::default().end(bytes, limits)? else {
        return Ok(None);
    };
    Ok(Some((whole(&bytes[..end], limits)?, end)))
}

impl RequestHead {
    /// Reads a head at the start of `bytes`: with its length in bytes once it is whole, `None` while it is not.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Option<(Self, usize)>, Refusal> {
        read(bytes, limits, Self::whole)
    }

    pub(crate) fn whole(head: &[u8], limits: &Limits) -> Result<Self, Refusal> {
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut request = Request::new(&mut fields[..limits.head_fields.min(MOST_FIELDS)]);
        let parsed = request.parse(head).map_err(|error| fault(error, "request"))?;
        let whole = parsed == Status::Complete(head.len());
        let (Some(method), Some(target), Some(minor_version)) =
            (request.method, request.path, request.version)
        else {
            return Err(malformed("request"));
        };
        if !whole || !target.bytes().all(|byte| (0x21..=0x7e).contains(&byte)) {
            return Err(malformed("request"));
        }
        Ok(Self {
            method: method.to_owned(),
            target: target.to_owned(),
            minor_version,
            headers: owned(request.headers),
        })
    }

    /// How long the body is (RFC 9112, section 6.3), where that is said in exactly one way.
    pub fn framing(&self) -> Result<BodyFraming, Refusal> {
        let refused = |why: &'static str| Err(Reason::BadFraming.because(why));
        let coded: Vec<&[u8]> = values(&self.headers, "transfer-encoding").collect();
        let lengths: Vec<&[u8]> = values(&self.headers, "content-length").collect();
        match (coded.as_slice(), lengths.as_slice()) {
            ([], []) => Ok(BodyFraming::None),
            ([], [length]) => match decimal(length) {
                Some(length) => Ok(BodyFraming::Length(length)),
                None => refused("Content-Length is not a number"),
            },
            ([coding], []) if coding.eq_ignore_ascii_case(b"chunked") => match self.minor_version {
                0 => refused("HTTP/1.0 has no Transfer-Encoding"),
                _ => Ok(BodyFraming::Chunked),
            },
            ([_], []) => refused("the only Transfer-Encoding that is taken is chunked"),
            ([], _) => refused("there are several Content-Length fields"),
            (_, []) => refused("there are several Transfer-Encoding fields"),
            _ => refused("both Content-Length and Transfer-Encoding are there"),
        }
    }
}

impl ResponseHead {
    /// Reads a head at the start of `bytes`, as [`RequestHead::read`].
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Option<(Self, usize)>, Refusal> {
        read(bytes, limits, Self::whole)
    }

    pub(crate) fn whole(head: &[u8], limits: &Limits) -> Result<Self, Refusal> {
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut response = Response::new(&mut fields[..limits.head_fields.min(MOST_FIELDS)]);
        let parsed = response.parse(head).map_err(|error| fault(error, "response"))?;
        let (Status::Complete(length), Some(status), Some(minor_version)) =
            (parsed, response.code, response.version)
        else {
            return Err(malformed("response"));
        };
        if length != head.len() || status < 100 {
            return Err(malformed("response"));
        }
        Ok(Self {
            status,
            phrase: response.reason.unwrap_or_default().to_owned(),
            minor_version,
            headers: owned(response.headers),
        })
    }

    /// How long the body is, after a request by `method`.
    pub fn framing(&self, method: &str) -> Result<BodyFraming, Refusal> {
        if method == "HEAD" || self.status < 200 || matches!(self.status, 204 | 304) {
            return Ok(BodyFraming::None);
        }
        let refused = |why: &'static str| Err(Reason::BadResponse.because(why));
        let coded: Vec<&[u8]> = values(&self.headers, "transfer-encoding").collect();
        let lengths: Vec<&[u8]> = values(&self.headers, "content-length").collect();
        match (coded.as_slice(), lengths.as_slice()) {
            ([], []) => Ok(BodyFraming::UntilClose),
            ([], [length, rest @ ..]) if rest.iter().all(|other| other == length) => match decimal(length) {
                Some(length) => Ok(BodyFraming::Length(length)),
                None => refused("the host answered with a Content-Length that is not a number"),
            },
            ([coding], []) if coding.eq_ignore_ascii_case(b"chunked") => Ok(BodyFraming::Chunked),
            _ => refused("the host answered with a length that is said in two ways"),
        }
    }
}

/// The values of all fields of a name.
pub(crate) fn values<'a>(headers: &'a [Header], name: &str) -> impl Iterator<Item = &'a [u8]> {
    let named = headers.iter().filter(move |header| header.is(name));
    named.map(|header| header.value.as_slice())
}

/// At most 18 digits and nothing else: no sign, no list, no overflow.
fn decimal(text: &[u8]) -> Option<u64> {
    let digits = (1..=18).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(text).ok().filter(|_| digits)?;
    text.parse().ok()
}

fn owned(headers: &[httparse::Header<'_>]) -> Vec<Header> {
    let owned = headers.iter().map(|header| Header {
        name: header.name.to_owned(),
        value: header.value.trim_ascii().to_vec(),
    });
    owned.collect()
}

fn fault(error: httparse::Error, what: &str) -> Refusal {
    match error {
        httparse::Error::TooManyHeaders => Reason::HeadTooLarge.because("the head has too many fields"),
        _ => malformed(what),
    }
}

fn malformed(what: &str) -> Refusal {
    Reason::BadRequest.because(format!("it is no HTTP/1.1 {what} (RFC 9112)"))
}
