//! The exchange over the local channel that gives the window its page: address, token and certificate. No other user
//! and no browser can have it.

use std::time::{Duration, Instant};

use deskhand_platform::Paths;
use deskhand_platform::instance::running;
use deskhand_platform::local::{self, LocalAddress, LocalError};
use deskhand_protocol::UserError;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};

/// How long the service may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// For how long a service that starts is waited for, and the pause before it is looked for again.
const STARTS_WITHIN: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(100);
/// What the answer may be at most, in bytes: an address, a token and two certificates.
const CAP: u64 = 64 * 1024;
/// The one line that asks.
const REQUEST: &[u8] = b"{\"frontEnd\":\"window\"}\n";

/// What the window needs to show its page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bootstrap {
    /// Where the service's pages are: `https://localhost:47600`, no path.
    pub(crate) origin: String,
    /// What lets the page in, in characters that need no escaping in an address.
    pub(crate) token: String,
    /// The certificate that the service shows now (DER, base64).
    pub(crate) certificate: String,
}

/// Why there is no page to show.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BootstrapError {
    /// Nobody listens, or it does not answer.
    #[error("the service does not answer")]
    NoService(#[source] Option<std::io::Error>),
    /// Another user holds the other end of the channel.
    #[error("the service belongs to another user")]
    OtherUser,
    /// The service said no, and why.
    #[error(transparent)]
    Refused(UserError),
    /// The answer is no answer to this request.
    #[error("the service's answer cannot be used: {0}")]
    Answer(&'static str),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Attachment {
        address: String,
        token: String,
        certificate: String,
    },
    Error {
        error: UserError,
    },
}

/// Asks the service that runs for `paths`; one that starts, also anew, is waited for.
pub(crate) async fn fetch(paths: &Paths) -> Result<Bootstrap, BootstrapError> {
    let end = Instant::now() + STARTS_WITHIN;
    loop {
        let asked = tokio::time::timeout(PATIENCE, exchange(paths)).await;
        match asked.unwrap_or(Err(BootstrapError::NoService(None))) {
            Err(BootstrapError::NoService(_))
                if Instant::now() < end && matches!(running(paths), Ok(Some(_))) =>
            {
                tokio::time::sleep(PAUSE).await;
            }
            answered => return read(&answered?),
        }
    }
}

async fn exchange(paths: &Paths) -> Result<Vec<u8>, BootstrapError> {
    let mut stream = local::connect(&LocalAddress::of(paths))
        .await
        .map_err(|error| match error {
            LocalError::OtherUser(_) => BootstrapError::OtherUser,
            LocalError::Io(source) => BootstrapError::NoService(Some(source)),
            _ => BootstrapError::NoService(None),
        })?;
    let lost = |source| BootstrapError::NoService(Some(source));
    stream.write_all(REQUEST).await.map_err(lost)?;
    let mut line = Vec::new();
    BufReader::new(stream)
        .take(CAP)
        .read_until(b'\n', &mut line)
        .await
        .map_err(lost)?;
    Ok(line)
}

/// Reads the answer and refuses what the window must never load.
fn read(line: &[u8]) -> Result<Bootstrap, BootstrapError> {
    let answer =
        serde_json::from_slice(line).map_err(|_| BootstrapError::Answer("it is not the expected JSON"))?;
    let (address, token, certificate) = match answer {
        Answer::Attachment {
            address,
            token,
            certificate,
        } => (address, token, certificate),
        Answer::Error { error } => return Err(BootstrapError::Refused(error)),
    };
    let origin = address.trim_end_matches('/').to_owned();
    if !is_loopback_origin(&origin) {
        return Err(BootstrapError::Answer(
            "it names a page that is not on this computer",
        ));
    }
    let plain = |sign: char| sign.is_ascii_alphanumeric() || "-_.".contains(sign);
    if token.is_empty() || !token.chars().all(plain) {
        return Err(BootstrapError::Answer("its token is malformed"));
    }
    Ok(Bootstrap {
        origin,
        token,
        certificate,
    })
}

/// Whether it is `https://<loopback host>:<port>` and nothing more.
fn is_loopback_origin(origin: &str) -> bool {
    let Some((host, port)) = origin
        .strip_prefix("https://")
        .and_then(|rest| rest.rsplit_once(':'))
    else {
        return false;
    };
    matches!(host, "localhost" | "127.0.0.1" | "[::1]") && port.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use deskhand_platform::instance::InstanceLock;

    use super::*;

    fn answer(url: &str, token: &str) -> Vec<u8> {
        format!(r#"{{"address":"{url}","token":"{token}","certificate":"TUlJ","authority":"PEM","pid":7}}"#)
            .into_bytes()
    }

    #[test]
    fn reads_an_answer() {
        let read = read(&answer("https://localhost:47600/", "aZ-9_.")).expect("a usable answer");
        assert_eq!(read.origin, "https://localhost:47600");
        assert_eq!(read.token, "aZ-9_.");
        assert_eq!(read.certificate, "TUlJ");
    }

    #[test]
    fn refuses_a_page_that_is_not_on_this_computer() {
        for url in [
            "https://example.com:443",
            "http://localhost:47600",
            "https://localhost",
            "https://localhost:0",
            "https://localhost:99999",
            "https://localhost.example.com:1",
            "https://user@localhost:47600",
            "https://localhost:47600/desktop",
            "https://localhost:47600@example.com:1",
            "file:///etc/passwd",
            "",
        ] {
            assert!(
                matches!(read(&answer(url, "t")), Err(BootstrapError::Answer(_))),
                "{url}"
            );
        }
    }

    #[test]
    fn refuses_a_token_that_could_change_the_address() {
        for token in ["", "a b", "a&b", "a#b", "é"] {
            assert!(
                matches!(
                    read(&answer("https://localhost:1", token)),
                    Err(BootstrapError::Answer(_))
                ),
                "{token}"
            );
        }
    }

    #[test]
    fn hands_on_what_the_service_says_no_with() {
        let error = UserError::new(deskhand_protocol::ErrorCode::Disabled);
        let line = serde_json::to_vec(&serde_json::json!({ "error": error })).expect("JSON");
        assert!(matches!(read(&line), Err(BootstrapError::Refused(said)) if said == error));
    }

    #[test]
    fn half_an_answer_is_no_answer() {
        for line in [&b""[..], b"{", b"[]", br#"{"address":"https://localhost:1"}"#] {
            assert!(matches!(read(line), Err(BootstrapError::Answer(_))));
        }
    }

    #[tokio::test]
    async fn says_so_when_no_service_listens() {
        let home = deskhand_test_support::Home::new();
        let answer = fetch(&Paths::below(home.path())).await;
        assert!(matches!(answer, Err(BootstrapError::NoService(_))), "{answer:?}");
    }

    #[tokio::test]
    async fn waits_for_a_service_that_starts_anew() {
        let home = deskhand_test_support::Home::new();
        let paths = Paths::below(home.path());
        paths.create().expect("folders");
        let lock = InstanceLock::acquire(&paths).expect("nobody else runs");
        lock.start_anew(serde_json::Value::Null).expect("a note");
        let mut asked = Box::pin(fetch(&paths));
        let waits = tokio::time::timeout(PAUSE, &mut asked).await;
        waits.expect_err("the place is kept");
        drop(InstanceLock::take_back(&paths).expect("the new program"));
        asked.await.expect_err("it came and went");
    }
}
