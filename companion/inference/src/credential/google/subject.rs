//! The token of another provider that is exchanged for one of Google's: in a file or at an address.

use std::path::PathBuf;

use bytes::Bytes;
use deskhand_identity::{MAX_ANSWER, SignInError, Transport};
use http::{HeaderName, HeaderValue, Request, StatusCode};
use serde_json::Value;
use url::Url;
use zeroize::Zeroizing;

use super::place;
use crate::Secret;
use crate::credential::{CredentialError, FileFault, FileFrom};

/// Bytes of a token.
const LONGEST: usize = 16 * 1024;

/// Where the token lies.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) place: Place,
    /// The field of a JSON object that holds it; the whole text where there is none.
    pub(super) field: Option<String>,
}

#[derive(Debug)]
pub(super) enum Place {
    File(PathBuf),
    Address {
        url: Url,
        headers: Vec<(String, Secret)>,
    },
}

pub(super) async fn read(
    subject: &Subject,
    transport: &impl Transport,
) -> Result<Zeroizing<String>, CredentialError> {
    let token = match &subject.place {
        Place::File(path) => {
            let bytes = place::read(path, FileFrom::Subject).await?;
            token(&bytes, subject.field.as_deref())
        }
        Place::Address { url, headers } => {
            let mut request = Request::new(Bytes::new());
            for (name, value) in headers {
                let name = HeaderName::from_bytes(name.as_bytes()).ok();
                let value = HeaderValue::from_str(value.expose()).ok();
                if let (Some(name), Some(mut value)) = (name, value) {
                    value.set_sensitive(true);
                    request.headers_mut().insert(name, value);
                }
            }
            let body = ask(transport, url, request).await;
            token(
                &body.map_err(CredentialError::of_endpoint)?,
                subject.field.as_deref(),
            )
        }
    };
    token.ok_or(CredentialError::File {
        from: FileFrom::Subject,
        fault: FileFault::Field("subject_token"),
    })
}

/// Sends a request to this address; gives the body of a success.
pub(super) async fn ask(
    transport: &impl Transport,
    address: &Url,
    mut request: Request<Bytes>,
) -> Result<Bytes, SignInError> {
    let uri = address.as_str().parse();
    *request.uri_mut() = uri.map_err(|_| SignInError::Unreadable("its address cannot be asked"))?;
    let answer = transport.send(request).await?;
    if answer.status != StatusCode::OK {
        return Err(SignInError::Status(answer.status.as_u16()));
    }
    if answer.body.len() > MAX_ANSWER {
        return Err(deskhand_identity::TransportError::TooLong.into());
    }
    Ok(answer.body)
}

/// The token in a text.
fn token(bytes: &[u8], field: Option<&str>) -> Option<Zeroizing<String>> {
    let text = match field {
        None => std::str::from_utf8(bytes).ok()?.trim().to_owned(),
        Some(field) => match serde_json::from_slice::<Value>(bytes)
            .ok()?
            .get_mut(field)?
            .take()
        {
            Value::String(text) => text,
            _ => return None,
        },
    };
    let text = Zeroizing::new(text);
    // A SAML assertion has line ends and spaces; in a form anything can be sent.
    let is_sendable = !text.is_empty() && text.len() <= LONGEST && !text.contains('\0');
    is_sendable.then_some(text)
}
