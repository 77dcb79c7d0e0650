//! What a window or a terminal needs to begin: where the service is, which certificate it shows, and a token. Asked over
//! the local channel, which only this user's own programs can open; so no number has to be compared.
//!
//! One line of JSON each way: `{"frontEnd":"window"}`, and an [`Attachment`] or `{"error":…}`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use deskhand_platform::local::{self, LocalAddress, LocalError, LocalListener, LocalStream};
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::{ErrorCode, UserError};
use rustls::pki_types::CertificateDer;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::server::Shared;

/// How long one exchange may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest line either way, in bytes.
const LONGEST: u64 = 64 * 1024;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Ask {
    front_end: FrontEndKind,
}

/// The way to the service for one front end.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// The origin of its pages, such as `https://localhost:47600`.
    pub address: String,
    /// For `hello`, and for `Authorization: Bearer` of a WebSocket that no page opens. Good while the service runs.
    pub token: String,
    /// The certificate that the service shows at this moment (DER, base64). A window that pins it asks again when it is
    /// shown another: the service renews it every 20 days.
    pub certificate: String,
    /// The certificate of the local authority (PEM).
    pub authority: String,
    /// The process of the service.
    pub pid: u32,
}

impl Attachment {
    /// The certificate as bytes (DER); `None` when the service sent something else.
    pub fn leaf(&self) -> Option<CertificateDer<'static>> {
        STANDARD.decode(&self.certificate).ok().map(CertificateDer::from)
    }
}

impl std::fmt::Debug for Attachment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Attachment")
            .field("address", &self.address)
            .field("pid", &self.pid)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Answer {
    Attachment(Attachment),
    Error { error: UserError },
}

/// Why a program could not attach.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttachError {
    /// No service of this user is there.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// The service said no.
    #[error(transparent)]
    Refused(#[from] UserError),
    /// The service did not answer as a service of this version does.
    #[error("the service gave no answer that could be read")]
    NoAnswer,
}

/// Asks the service at `address` for the way in of a window or a terminal.
pub async fn attach(address: &LocalAddress, kind: FrontEndKind) -> Result<Attachment, AttachError> {
    let exchange = async {
        let stream = local::connect(address).await?;
        let mut stream = BufReader::new(stream);
        let ask = serde_json::to_string(&Ask { front_end: kind }).map_err(|_| AttachError::NoAnswer)?;
        stream
            .get_mut()
            .write_all(format!("{ask}\n").as_bytes())
            .await
            .map_err(LocalError::from)?;
        let line = read_line(&mut stream).await.ok_or(AttachError::NoAnswer)?;
        match serde_json::from_str(&line).map_err(|_| AttachError::NoAnswer)? {
            Answer::Attachment(attachment) => Ok(attachment),
            Answer::Error { error } => Err(error.into()),
        }
    };
    timeout(PATIENCE, exchange)
        .await
        .unwrap_or(Err(AttachError::NoAnswer))
}

/// Answers on the local channel until the service stops.
pub(crate) async fn serve(shared: Arc<Shared>, mut listener: LocalListener) {
    let mut exchanges = JoinSet::new();
    loop {
        tokio::select! {
            () = shared.shutdown.cancelled() => return,
            Some(_) = exchanges.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok(stream) => {
                    let shared = Arc::clone(&shared);
                    exchanges.spawn(async move {
                        // Who asks and goes away before the answer needs none.
                        drop(timeout(PATIENCE, exchange(&shared, stream)).await);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the local channel could not accept");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
        }
    }
}

async fn exchange(shared: &Shared, stream: LocalStream) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let line = read_line(&mut stream).await?;
    let answer = match answer(shared, &line) {
        Ok(attachment) => Answer::Attachment(attachment),
        Err(error) => Answer::Error { error },
    };
    let text = serde_json::to_string(&answer).ok()?;
    stream
        .get_mut()
        .write_all(format!("{text}\n").as_bytes())
        .await
        .ok()?;
    stream.get_mut().flush().await.ok()
}

fn answer(shared: &Shared, line: &str) -> Result<Attachment, UserError> {
    let ask: Ask =
        serde_json::from_str(line).map_err(|error| UserError::new(ErrorCode::BadRequest).detail(error))?;
    if !matches!(ask.front_end, FrontEndKind::Window | FrontEndKind::Terminal) {
        return Err(UserError::new(ErrorCode::NotPermitted).detail("panes are paired"));
    }
    let leaf = shared.current.renew(SystemTime::now());
    let leaf = leaf.map_err(|error| UserError::new(ErrorCode::CertificateExpired).detail(error))?;
    Ok(Attachment {
        address: shared.address(),
        token: shared.local_tokens.issue(ask.front_end)?.expose().to_owned(),
        certificate: STANDARD.encode(&leaf.certificate),
        authority: shared.current.authority().pem().to_owned(),
        pid: std::process::id(),
    })
}

async fn read_line(stream: &mut BufReader<LocalStream>) -> Option<String> {
    let mut line = String::new();
    stream.take(LONGEST).read_line(&mut line).await.ok()?;
    line.ends_with('\n').then_some(line)
}
