//! The organisation's image store over https, as the machines' crate asks for it: by the gate and nothing else (Invariant 3).
//!
//! Any web server that gives out files will do. One that knows ranges (RFC 9110, section 14) is asked for the rest of a file
//! alone; one that does not sends it from its start.

use bytes::Bytes;
use deskhand_egress::{Client, Destination, EgressError, Exchange, Gate, Response};
use deskhand_vm_host::{Body, BoxFuture, Opened, Source, SourceError, SourceErrorKind};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, RANGE};
use http::{HeaderMap, StatusCode};

/// The image store that policy names.
#[derive(Clone, Debug)]
pub struct ImageStore {
    client: Client,
    address: String,
}

impl ImageStore {
    /// The store at this address, the value of `deskhandImageStoreUrl`.
    ///
    /// # Errors
    ///
    /// The gate's, where the settings do not open the destination.
    pub fn open(gate: &Gate, address: &str) -> Result<Self, EgressError> {
        Ok(Self {
            client: gate.client(Destination::ImageStore)?,
            address: address.trim_end_matches('/').to_owned(),
        })
    }
}

impl Source for ImageStore {
    fn place(&self) -> &str {
        &self.address
    }

    fn open<'a>(&'a self, path: &'a str, from: u64) -> BoxFuture<'a, Result<Opened, SourceError>> {
        Box::pin(async move {
            let mut request = http::Request::get(format!("{}/{path}", self.address));
            if from > 0 {
                request = request.header(RANGE, format!("bytes={from}-"));
            }
            let request = request
                .body(Bytes::new())
                .map_err(|error| refused(&error.to_string()))?;
            let answer = self
                .client
                .send(request)
                .await
                .map_err(|error| of_egress(&error))?;
            let (from, size) = judged(answer.status(), answer.headers(), path)?;
            let body = Box::new(Streaming(answer));
            Ok(Opened { from, size, body })
        })
    }
}

/// Where the body of an answer begins, and how long the whole file is.
fn judged(status: StatusCode, headers: &HeaderMap, path: &str) -> Result<(u64, Option<u64>), SourceError> {
    match status {
        StatusCode::OK | StatusCode::PARTIAL_CONTENT => {}
        StatusCode::NOT_FOUND | StatusCode::GONE => return Err(missing(path)),
        StatusCode::RANGE_NOT_SATISFIABLE => {
            return Err(error(
                SourceErrorKind::PastEnd,
                "it has no such place in the file".to_owned(),
                LOOK,
            ));
        }
        other if other.is_server_error() || other == StatusCode::TOO_MANY_REQUESTS => {
            return Err(error(
                SourceErrorKind::Cut,
                format!("it answered {}", other.as_u16()),
                LATER,
            ));
        }
        other => return Err(refused(&format!("it answered {}", other.as_u16()))),
    }
    if headers
        .get(CONTENT_ENCODING)
        .is_some_and(|coding| coding != "identity")
    {
        return Err(refused("it sends the file packed (Content-Encoding)"));
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if status == StatusCode::OK {
        return Ok((
            0,
            text(CONTENT_LENGTH).and_then(|length| length.trim().parse().ok()),
        ));
    }
    let range = text(CONTENT_RANGE).and_then(range_of);
    range.ok_or_else(|| refused("it does not say which part of the file it sends (Content-Range)"))
}

/// `bytes 5-9/10` or `bytes 5-9/*`: where it begins, and how long the whole is.
fn range_of(text: &str) -> Option<(u64, Option<u64>)> {
    let (place, size) = text.trim().strip_prefix("bytes ")?.trim().split_once('/')?;
    let (first, last) = place.split_once('-')?;
    let (first, last) = (
        first.trim().parse::<u64>().ok()?,
        last.trim().parse::<u64>().ok()?,
    );
    let size = match size.trim() {
        "*" => None,
        size => Some(size.parse::<u64>().ok()?),
    };
    let holds = first <= last && size.is_none_or(|size| last < size);
    holds.then_some((first, size))
}

/// The body of an answer, as it comes.
#[derive(Debug)]
struct Streaming(Response);

impl Body for Streaming {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Bytes>, SourceError>> {
        Box::pin(async move { self.0.chunk().await.map_err(|error| of_egress(&error)) })
    }
}

const LATER: &str = "check the network, then run `deskhand sandbox fetch`: it goes on where this ended";
const LOOK: &str = "have your administrator look at the address in `deskhandImageStoreUrl` and at what lies there: `cargo xtask image \
                    --store DIR` writes it";

fn error(kind: SourceErrorKind, reason: String, remedy: &str) -> SourceError {
    SourceError {
        kind,
        reason,
        remedy: remedy.to_owned(),
    }
}

fn refused(why: &str) -> SourceError {
    error(SourceErrorKind::Refused, why.to_owned(), LOOK)
}

fn missing(path: &str) -> SourceError {
    error(SourceErrorKind::Missing, format!("it has no `{path}`"), LOOK)
}

fn of_egress(failed: &EgressError) -> SourceError {
    match failed {
        EgressError::Failed {
            exchange: Exchange::Tls(_),
            ..
        } => error(
            SourceErrorKind::Cut,
            failed.to_string(),
            "have your administrator install the authority of the image store's certificate on this computer",
        ),
        EgressError::Failed { .. } | EgressError::Proxy(_) => {
            error(SourceErrorKind::Cut, failed.to_string(), LATER)
        }
        other => error(SourceErrorKind::Refused, other.to_string(), LOOK),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use pretty_assertions::assert_eq;

    use super::*;

    fn told(
        status: u16,
        headers: &[(http::HeaderName, &'static str)],
    ) -> Result<(u64, Option<u64>), SourceError> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        judged(
            StatusCode::from_u16(status).unwrap(),
            &headers.collect(),
            "a/kernel",
        )
    }

    #[test]
    fn an_answer_says_where_it_begins_and_how_long_the_file_is() {
        for (status, headers, wanted) in [
            (200, vec![], (0, None)),
            (200, vec![(CONTENT_LENGTH, "12")], (0, Some(12))),
            // A range of what was not answered with one counts for nothing.
            (200, vec![(CONTENT_RANGE, "bytes 5-9/10")], (0, None)),
            (206, vec![(CONTENT_RANGE, "bytes 5-9/10")], (5, Some(10))),
            (206, vec![(CONTENT_RANGE, "bytes 5-9/*")], (5, None)),
            (200, vec![(CONTENT_ENCODING, "identity")], (0, None)),
        ] {
            assert_eq!(told(status, &headers), Ok(wanted), "{headers:?}");
        }
    }

    #[test]
    fn an_answer_that_is_none_of_a_store_is_refused_by_what_it_means() {
        use SourceErrorKind::{Cut, Missing, PastEnd, Refused};
        for (status, kind) in [
            (404, Missing),
            (410, Missing),
            (416, PastEnd),
            (500, Cut),
            (503, Cut),
            (429, Cut),
            (401, Refused),
            (302, Refused),
            (204, Refused),
            (206, Refused),
        ] {
            assert_eq!(told(status, &[]).unwrap_err().kind, kind, "{status}");
        }
        for range in [
            "",
            "bytes",
            "bytes 9-5/10",
            "bytes 5-10/10",
            "bytes -5/10",
            "lines 5-9/10",
            "bytes 5-9/ten",
            "bytes 5-9",
        ] {
            assert_eq!(
                told(206, &[(CONTENT_RANGE, range)]).unwrap_err().kind,
                Refused,
                "{range}"
            );
        }
        assert!(
            told(200, &[(CONTENT_ENCODING, "gzip")])
                .unwrap_err()
                .reason
                .contains("packed")
        );
    }
}
