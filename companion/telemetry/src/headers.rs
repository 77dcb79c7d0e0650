//! Headers of requests to the collector: fixed ones, and those that a program prints.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deskhand_platform::program::{self, ProgramError};
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::port::{HeaderError, HeaderSource, HeadersFuture};

/// How long what a helper printed is used.
pub const REFRESH: Duration = Duration::from_mins(29);
/// How long a helper may take.
const WITHIN: Duration = Duration::from_secs(30);
/// Bytes that a helper may print.
const PRINTED: usize = 64 * 1024;
/// Headers that may be given.
const MOST: usize = 64;
/// Bytes of a value.
const VALUE: usize = 8 * 1024;
/// Headers that belong to the message or to the connection (RFC 9110, RFC 9112, gRPC over HTTP/2).
const OURS: [&str; 13] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The headers of a table of names and values, marked as sensitive. What is no header, or is ours, is left out.
pub fn fixed(named: &BTreeMap<String, String>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in named.iter().take(MOST) {
        let name = HeaderName::from_bytes(name.as_bytes()).ok();
        let value = HeaderValue::from_str(value)
            .ok()
            .filter(|value| value.len() <= VALUE);
        let (Some(name), Some(mut value)) = (name, value) else {
            continue;
        };
        if OURS.contains(&name.as_str()) || name.as_str().starts_with("grpc-") {
            continue;
        }
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    headers
}

/// A program that prints a JSON object of headers (`otlpHeadersHelper`). It is run again after [`REFRESH`], and when the
/// collector did not accept what it printed. Its output is never logged.
#[derive(Debug)]
pub struct Helper {
    program: PathBuf,
    of_organisation: bool,
    printed: Mutex<Option<(HeaderMap, Instant)>>,
    refused: AtomicBool,
}

impl Helper {
    /// The program at an absolute path. It is started when headers are first needed.
    pub fn new(program: PathBuf) -> Result<Self, HeaderError> {
        if !program.is_absolute() {
            return Err(HeaderError::NotAbsolute);
        }
        Ok(Self {
            program,
            of_organisation: false,
            printed: Mutex::new(None),
            refused: AtomicBool::new(false),
        })
    }

    /// The same, where the organisation named it: then it is not run once others could have changed it.
    #[must_use]
    pub fn of_organisation(self, is_so: bool) -> Self {
        Self {
            of_organisation: is_so,
            ..self
        }
    }

    async fn current(&self) -> Result<HeaderMap, HeaderError> {
        let mut printed = self.printed.lock().await;
        let refused = self.refused.swap(false, Ordering::Relaxed);
        if let Some((headers, at)) = printed.as_ref().filter(|_| !refused)
            && at.elapsed() < REFRESH
        {
            return Ok(headers.clone());
        }
        let headers = self.run().await?;
        *printed = Some((headers.clone(), Instant::now()));
        Ok(headers)
    }

    async fn run(&self) -> Result<HeaderMap, HeaderError> {
        let told = |error| match error {
            ProgramError::TimedOut => HeaderError::TooSlow,
            ProgramError::TooLong => HeaderError::Unreadable,
            ProgramError::Open(why) => HeaderError::Open(why),
            _ => HeaderError::NotStarted,
        };
        let checked = if self.of_organisation {
            program::check(&self.program).map_err(told)?
        } else {
            self.program.clone()
        };
        let ran = program::run(&checked, &[], WITHIN, PRINTED).await.map_err(told)?;
        if ran.code != Some(0) {
            return Err(HeaderError::Failed);
        }
        let named: BTreeMap<String, String> =
            serde_json::from_slice(&ran.output).map_err(|_| HeaderError::Unreadable)?;
        Ok(fixed(&named))
    }
}

impl HeaderSource for Helper {
    fn headers(&self) -> HeadersFuture<'_> {
        Box::pin(self.current())
    }

    fn refused(&self) {
        self.refused.store(true, Ordering::Relaxed);
    }
}
