//! Profiles and sign-ins against a scripted AWS.

mod center;
mod profile;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use deskhand_identity::{Answer, Transport, TransportError};
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::credential::{Clock, Credential};

/// Gives answers in order and keeps what was asked.
#[derive(Clone, Debug, Default)]
struct Aws {
    answers: Arc<Mutex<VecDeque<(u16, String)>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

#[derive(Clone, Debug)]
struct Asked {
    address: String,
    body: String,
    headers: http::HeaderMap,
}

impl Asked {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("text"))
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("json")
    }
}

impl Aws {
    fn says(answers: Vec<(u16, String)>) -> Self {
        Self {
            answers: Arc::new(Mutex::new(answers.into())),
            asked: Arc::default(),
        }
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no panic").clone()
    }
}

impl Transport for Aws {
    async fn send(&self, request: Request<Bytes>) -> Result<Answer, TransportError> {
        let asked = Asked {
            address: request.uri().to_string(),
            headers: request.headers().clone(),
            body: String::from_utf8(request.into_body().to_vec()).expect("text"),
        };
        self.asked.lock().expect("no panic").push(asked);
        let answer = self.answers.lock().expect("no panic").pop_front();
        let (status, body) = answer.ok_or_else(|| TransportError::Unreachable("nothing more".to_owned()))?;
        Ok(Answer {
            status: StatusCode::from_u16(status).expect("a status"),
            body: body.into(),
        })
    }
}

/// A clock that a test moves.
#[derive(Clone, Debug)]
struct Hands(Arc<Mutex<SystemTime>>);

impl Hands {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(
            SystemTime::UNIX_EPOCH + Duration::from_hours(500_000),
        )))
    }

    fn clock(&self) -> Clock {
        let hands = self.clone();
        Arc::new(move || hands.now())
    }

    fn now(&self) -> SystemTime {
        *self.0.lock().expect("no panic")
    }

    fn pass(&self, seconds: u64) {
        *self.0.lock().expect("no panic") += Duration::from_secs(seconds);
    }

    /// Unix milliseconds of that many seconds from now.
    fn millis(&self, seconds: u64) -> u64 {
        let since = self
            .now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .expect("after 1970");
        u64::try_from(since.as_millis()).expect("a time") + seconds * 1000
    }

    fn rfc3339(&self, seconds: u64) -> String {
        let time = time::OffsetDateTime::from(self.now() + Duration::from_secs(seconds));
        time.format(&time::format_description::well_known::Rfc3339)
            .expect("a time")
    }
}

fn role_credentials(id: &str, until: u64) -> (u16, String) {
    let keys =
        json!({ "accessKeyId": id, "secretAccessKey": "sk", "sessionToken": "st", "expiration": until });
    (200, json!({ "roleCredentials": keys }).to_string())
}

fn id(credential: &Credential) -> &str {
    credential
        .aws
        .as_ref()
        .map_or("", |keys| keys.access_key_id.expose())
}
