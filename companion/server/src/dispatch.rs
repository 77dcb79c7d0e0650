//! From a frame to a method, and whether its caller may call it: the one place where permission is checked.

use deskhand_protocol::envelope::{Frame, RpcError};
use deskhand_protocol::{Caller, ErrorCode, Method, UserError};
use serde_json::Value;

use crate::front_end::FrontEnd;
use crate::guards::{Guard, Guards};

/// What a frame of a front end is.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// It wants an answer.
    Request { id: u64, method: String, params: Value },
    /// It answers a question of ours.
    Answer {
        id: u64,
        outcome: Result<Value, RpcError>,
    },
    /// It only tells; the method table has nothing that is only told, so it is passed over.
    Notification,
}

/// Why a text is no frame.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    /// It is no JSON, or nested deeper than 128 levels.
    #[error("the frame is not JSON")]
    Json(#[from] serde_json::Error),
    /// It is JSON, but no JSON-RPC 2.0.
    #[error("the frame is not JSON-RPC 2.0")]
    Envelope,
}

/// Reads one frame (JSON-RPC 2.0, no batches).
pub(crate) fn parse(text: &str) -> Result<Incoming, FrameError> {
    let frame: Frame = serde_json::from_str(text)?;
    if frame.jsonrpc != "2.0" {
        return Err(FrameError::Envelope);
    }
    match (frame.id, frame.method, frame.result, frame.error) {
        (Some(id), Some(method), None, None) => Ok(Incoming::Request {
            id,
            method,
            params: frame.params.unwrap_or(Value::Null),
        }),
        (None, Some(_), None, None) => Ok(Incoming::Notification),
        (Some(id), None, None, Some(error)) => Ok(Incoming::Answer {
            id,
            outcome: Err(error),
        }),
        // `"result": null` reads like no result.
        (Some(id), None, result, None) => Ok(Incoming::Answer {
            id,
            outcome: Ok(result.unwrap_or(Value::Null)),
        }),
        _ => Err(FrameError::Envelope),
    }
}

/// Why a call is not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The table has no such method.
    Unknown,
    /// The caller has not said hello.
    NotKnown(Method),
    /// The caller's kind may not call it.
    NotPermitted(Method),
}

impl From<Refusal> for RpcError {
    fn from(refusal: Refusal) -> Self {
        let (code, method) = match refusal {
            Refusal::Unknown => {
                // The number and words of JSON-RPC 2.0, section 5.1.
                return Self {
                    code: -32601,
                    message: "Method not found".to_owned(),
                    data: None,
                };
            }
            Refusal::NotKnown(method) => (ErrorCode::PairingRequired, method),
            Refusal::NotPermitted(method) => (ErrorCode::NotPermitted, method),
        };
        UserError::new(code).detail(method.name()).into()
    }
}

/// The method of a name, if `front_end` (none: one that has not said hello) may call it.
pub(crate) fn admit(guards: Guards, name: &str, front_end: Option<&FrontEnd>) -> Result<Method, Refusal> {
    let method = Method::of_name(name).ok_or(Refusal::Unknown)?;
    match (method.caller(), front_end) {
        (Caller::Unpaired, _) => Ok(method),
        (Caller::Any | Caller::Pane | Caller::Desktop, None) => Err(Refusal::NotKnown(method)),
        (caller, Some(front_end)) if caller.admits(front_end.kind()) => Ok(method),
        (_, Some(_)) if !guards.stands(Guard::Permission) => Ok(method),
        (_, Some(_)) => Err(Refusal::NotPermitted(method)),
    }
}

/// Parameters of a method as its type, or the error that a front end gets.
pub(crate) fn params<T: serde::de::DeserializeOwned>(params: Value) -> Result<T, UserError> {
    serde_json::from_value(params).map_err(|error| UserError::new(ErrorCode::BadRequest).detail(error))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tells_requests_answers_and_notifications_apart() {
        let parsed = |text: &str| parse(text).expect("a frame");
        assert!(matches!(
            parsed(r#"{"jsonrpc":"2.0","id":1,"method":"hello","params":{}}"#),
            Incoming::Request { id: 1, method, params } if method == "hello" && params == json!({})
        ));
        assert!(matches!(
            parsed(r#"{"jsonrpc":"2.0","method":"x"}"#),
            Incoming::Notification
        ));
        assert!(matches!(
            parsed(r#"{"jsonrpc":"2.0","id":2,"result":null}"#),
            Incoming::Answer {
                id: 2,
                outcome: Ok(Value::Null)
            }
        ));
        assert!(matches!(
            parsed(r#"{"jsonrpc":"2.0","id":2,"error":{"code":-1,"message":"no"}}"#),
            Incoming::Answer {
                id: 2,
                outcome: Err(RpcError { code: -1, .. })
            }
        ));
    }

    #[test]
    fn refuses_what_is_no_frame() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        for text in [
            "",
            "{",
            "[]",
            "null",
            r#"{"jsonrpc":"1.0","id":1,"method":"hello"}"#,
            r#"{"id":1,"method":"hello"}"#,
            r#"{"jsonrpc":"2.0"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"hello","result":1}"#,
            r#"{"jsonrpc":"2.0","id":-1,"method":"hello"}"#,
            r#"{"jsonrpc":"2.0","id":"1","method":"hello"}"#,
            r#"[{"jsonrpc":"2.0","id":1,"method":"hello"}]"#,
            &deep,
        ] {
            assert!(
                parse(text).is_err(),
                "{}",
                text.chars().take(80).collect::<String>()
            );
        }
    }

    #[test]
    fn lets_a_stranger_say_hello_and_begin_pairing_and_nothing_else() {
        for method in Method::ALL {
            let admitted = admit(Guards::default(), method.name(), None).is_ok();
            assert_eq!(
                admitted,
                matches!(method, Method::Hello | Method::PairingBegin),
                "{}",
                method.name()
            );
        }
    }
}
