//! What the SDK says went wrong, as faults: exceptions by their names, refusals without one by their status, and the way
//! out by what our own client said.

use std::error::Error;
use std::time::SystemTime;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_smithy_types::event_stream::RawMessage;
use deskhand_egress::EgressError;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::connector::Broken;
use crate::Secret;
use crate::backend::Refused;
use crate::fault::{Fault, FaultKind, WireError, retry_after};
use crate::scrub::scrub;

/// What the signer of a request is told when its clock goes wrong.
const WRONG_CLOCK: &str = "{who} refused the request because the clock of this computer is wrong.";

fn whole(fault: Fault) -> Refused {
    Refused { fault, said: None }
}

/// The SDK's error of a call, `known` being the credentials that were sent.
pub(super) fn of_call<E>(error: &SdkError<E, HttpResponse>, known: &[&Secret]) -> Refused
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    if let Some(egress) = cause::<EgressError>(error) {
        return whole(Fault::of_egress(egress));
    }
    let Some(response) = error.raw_response() else {
        return whole(unsent(error, known));
    };
    let exception = error.as_service_error();
    let name = exception.and_then(ProvideErrorMetadata::code);
    let said = response.body().bytes().unwrap_or_default();
    let message = exception.and_then(ProvideErrorMetadata::message);
    let message = message.map_or_else(|| String::from_utf8_lossy(said), Into::into);
    let request_id = header(response, "x-amzn-requestid");
    Refused {
        fault: refusal(response, name, &message, request_id, known),
        said: Some((said.to_owned(), request_id.map(str::to_owned))),
    }
}

/// The SDK's error in the middle of an answer.
pub(super) fn of_stream<E>(error: &SdkError<E, RawMessage>, known: &[&Secret]) -> Fault
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    match cause::<Broken>(error) {
        Some(Broken::Egress(egress)) => return Fault::of_cut(egress),
        Some(Broken::Frame(frame)) => return Fault::new(FaultKind::BadAnswer, frame.to_string()),
        None => {}
    }
    match error.raw_response() {
        // Half a frame stood at the end.
        Some(RawMessage::Invalid(Some(_))) => {
            Fault::new(FaultKind::StreamCut, "the stream ended within a frame")
        }
        Some(RawMessage::Decoded(message)) => {
            let told = |name: &str| {
                let mut headers = message.headers().iter();
                let header = headers.find(|header| header.name().as_str() == name);
                header.and_then(|header| Some(header.value().as_string().ok()?.as_str().to_owned()))
            };
            let name = told(":exception-type").or_else(|| told(":error-code"));
            let Some(name) = name else {
                return Fault::new(FaultKind::BadAnswer, "an event cannot be read");
            };
            let exception = error.as_service_error().and_then(ProvideErrorMetadata::message);
            let words = exception.map(str::to_owned).or_else(|| told(":error-message"));
            exception_fault(&name, &words.unwrap_or_default(), known)
        }
        _ => Fault::new(FaultKind::BadAnswer, "a frame cannot be read"),
    }
}

/// The time of the server, where it refused a signature for the time in it.
pub(super) fn server_time<E>(error: &SdkError<E, HttpResponse>) -> Option<SystemTime>
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let exception = error.as_service_error()?;
    let name = exception.code()?;
    if !is_about_the_clock(name, exception.message().unwrap_or_default()) {
        return None;
    }
    let date = header(error.raw_response()?, "date")?;
    OffsetDateTime::parse(date, &Rfc2822).ok().map(SystemTime::from)
}

/// The refusal of a request that was sent without the SDK, and the server's time where it refused the time in the signature.
pub(super) fn of_plain(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    known: &[&Secret],
) -> (Fault, Option<SystemTime>) {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Said {
        message: String,
    }
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    // The name of the exception may stand before an address.
    let name = text("x-amzn-errortype").and_then(|name| name.split(':').next());
    let Some(name) = name else {
        let now = OffsetDateTime::now_utc();
        return (Fault::of_answer(status, headers, body, known, now), None);
    };
    let said: Said = serde_json::from_slice(body).unwrap_or_default();
    let mut fault = exception_fault(name, &said.message, known);
    fault.detail = format!("status {}: {}", status.as_u16(), fault.detail);
    fault.status = Some(status.as_u16());
    let date = text("date").filter(|_| is_about_the_clock(name, &said.message));
    let date = date.and_then(|date| OffsetDateTime::parse(date, &Rfc2822).ok());
    (fault, date.map(SystemTime::from))
}

/// `InvalidSignatureException: Signature expired: … is now earlier than …` and `Signature not yet current: …`
fn is_about_the_clock(name: &str, message: &str) -> bool {
    let is = |wanted| name.eq_ignore_ascii_case(wanted);
    is("RequestTimeTooSkewed")
        || is("RequestExpired")
        || (is("InvalidSignatureException") || is("SignatureDoesNotMatch"))
            && (message.contains("Signature expired") || message.contains("not yet current"))
}

fn refusal(
    response: &HttpResponse,
    name: Option<&str>,
    message: &str,
    request_id: Option<&str>,
    known: &[&Secret],
) -> Fault {
    let status = response.status().as_u16();
    let mut fault = if let Some(name) = name {
        exception_fault(name, message, known)
    } else {
        // What stands between answers in forms of its own.
        let status = StatusCode::from_u16(status).unwrap_or_default();
        let now = OffsetDateTime::now_utc();
        Fault::of_answer(status, &HeaderMap::new(), message.as_bytes(), known, now)
    };
    if name.is_some() {
        fault.detail = format!("status {status}: {}", fault.detail);
    }
    if let Some(id) = request_id {
        fault.detail = format!("{} (request {})", fault.detail, scrub(id, known));
    }
    fault.status = Some(status);
    let mut headers = HeaderMap::new();
    for name in ["retry-after", "retry-after-ms"] {
        let value = header(response, name).and_then(|value| HeaderValue::from_str(value).ok());
        headers.extend(value.map(|value| (HeaderName::from_static(name), value)));
    }
    fault.retry_after = retry_after(&headers, OffsetDateTime::now_utc());
    fault
}

/// The fault of an exception of the service. Its name stands in the answer as `ThrottlingException` and in the stream as
/// `throttlingException`.
fn exception_fault(name: &str, message: &str, known: &[&Secret]) -> Fault {
    let detail = format!("{}: {}", scrub(name, known), scrub(message, known));
    let fault = |kind| Fault::new(kind, detail.trim_end_matches(": "));
    if is_about_the_clock(name, message) {
        return Fault {
            action: Some("Set the clock of this computer, then send the prompt again.".into()),
            ..fault(FaultKind::Auth)
        }
        .happened(WRONG_CLOCK);
    }
    match name.to_ascii_lowercase().as_str() {
        "accessdeniedexception" if message.to_ascii_lowercase().contains("access to the model") => Fault {
            action: Some("Choose another model, or ask your administrator for access to this one.".into()),
            ..fault(FaultKind::Auth)
        }
        .happened("The account has no access to this model at {who}."),
        "expiredtokenexception" | "expiredtoken" => Fault {
            is_about_credential: true,
            action: Some(
                "Sign in with AWS's tools again or renew the keys, then send the prompt again.".into(),
            ),
            ..fault(FaultKind::Auth)
        }
        .happened("The credential for {who} has expired."),
        "unrecognizedclientexception" | "invalidclienttokenid" => Fault {
            is_about_credential: true,
            ..fault(FaultKind::Auth)
        },
        "accessdeniedexception" => {
            fault(FaultKind::Auth).happened("{who} does not let this credential do that.")
        }
        "invalidsignatureexception"
        | "signaturedoesnotmatch"
        | "incompletesignature"
        | "incompletesignatureexception"
        | "missingauthenticationtoken"
        | "missingauthenticationtokenexception" => fault(FaultKind::Auth),
        "throttlingexception" | "toomanyrequestsexception" | "servicequotaexceededexception" => Fault {
            // A quota of a day does not come back while a person waits.
            is_final: message.contains("per day"),
            ..fault(FaultKind::RateLimited)
        },
        "modelnotreadyexception" => {
            fault(FaultKind::Overloaded).happened("The model at {who} is not ready yet.")
        }
        "modelerrorexception" | "modelstreamerrorexception" => {
            fault(FaultKind::Overloaded).happened("The model at {who} failed.")
        }
        "modeltimeoutexception" => fault(FaultKind::TimedOut),
        "resourcenotfoundexception" => fault(FaultKind::ModelUnknown),
        "validationexception" => of_validation(message, fault),
        _ if name.to_ascii_lowercase().contains("validation") => fault(FaultKind::BadRequest),
        _ => fault(FaultKind::Overloaded).happened("{who} failed."),
    }
}

/// One name for all that is wrong with a request: only its words tell what.
fn of_validation(message: &str, fault: impl Fn(FaultKind) -> Fault) -> Fault {
    let said = WireError {
        kind: "invalid_request_error".to_owned(),
        message: message.to_owned(),
    };
    let words = message.to_ascii_lowercase();
    let has = |any: &[&str]| any.iter().any(|part| words.contains(part));
    if said.is_about_length()
        || has(&[
            "input tokens exceed",
            "number of input tokens",
            "input tokens exceeds",
        ])
    {
        fault(FaultKind::TooLong)
    } else if has(&["model identifier", "model id", "inference profile"]) {
        fault(FaultKind::ModelUnknown)
    } else {
        fault(FaultKind::BadRequest)
    }
}

/// Nothing came: the request could not be made, or the answer not be read.
fn unsent<E, R>(error: &SdkError<E, R>, known: &[&Secret]) -> Fault
where
    E: Error + 'static,
    R: std::fmt::Debug,
{
    let mut last: &dyn Error = error;
    while let Some(inner) = last.source() {
        last = inner;
    }
    let detail = scrub(&last.to_string(), known);
    match error {
        SdkError::ConstructionFailure(_) | SdkError::DispatchFailure(_) => {
            Fault::new(FaultKind::BadRequest, detail)
        }
        _ => Fault::new(FaultKind::BadAnswer, detail),
    }
}

/// The first of this type among the causes.
fn cause<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

fn header<'a>(response: &'a HttpResponse, name: &str) -> Option<&'a str> {
    response.headers().get(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exception_has_the_kind_that_tells_what_to_do_in_both_spellings() {
        let table = [
            ("ThrottlingException", "Too many requests", FaultKind::RateLimited),
            ("ServiceQuotaExceededException", "", FaultKind::RateLimited),
            ("ModelNotReadyException", "", FaultKind::Overloaded),
            ("ServiceUnavailableException", "", FaultKind::Overloaded),
            ("InternalServerException", "", FaultKind::Overloaded),
            ("ModelStreamErrorException", "", FaultKind::Overloaded),
            ("ModelErrorException", "", FaultKind::Overloaded),
            ("ModelTimeoutException", "", FaultKind::TimedOut),
            ("AccessDeniedException", "no", FaultKind::Auth),
            ("UnrecognizedClientException", "", FaultKind::Auth),
            ("ExpiredTokenException", "", FaultKind::Auth),
            (
                "InvalidSignatureException",
                "Signature expired: a",
                FaultKind::Auth,
            ),
            ("ResourceNotFoundException", "", FaultKind::ModelUnknown),
            (
                "ValidationException",
                "Input is too long for requested model.",
                FaultKind::TooLong,
            ),
            (
                "ValidationException",
                "Input Tokens Exceeded: Number of input tokens exceeds maximum length.",
                FaultKind::TooLong,
            ),
            (
                "ValidationException",
                "The provided model identifier is invalid.",
                FaultKind::ModelUnknown,
            ),
            (
                "ValidationException",
                "messages: roles must alternate",
                FaultKind::BadRequest,
            ),
        ];
        for (name, message, kind) in table {
            let in_stream = name[..1].to_ascii_lowercase() + &name[1..];
            for name in [name, &in_stream] {
                assert_eq!(
                    exception_fault(name, message, &[]).kind,
                    kind,
                    "{name}: {message}"
                );
            }
        }
    }

    #[test]
    fn a_quota_of_a_day_is_final_and_one_of_a_minute_is_not() {
        let told = |message| exception_fault("ThrottlingException", message, &[]).is_final;
        assert!(told("Too many tokens per day, please wait before trying again."));
        assert!(!told("Too many tokens, please wait before trying again."));
    }

    #[test]
    fn no_credential_shows_in_a_fault() {
        let secret = Secret::new("wJalrXUtnFEMI".to_owned());
        let fault = exception_fault("X", "key ASIAIOSFODNN7EXAMPLE and wJalrXUtnFEMI", &[&secret]);
        assert_eq!(fault.detail, "X: key … and …");
    }
}
