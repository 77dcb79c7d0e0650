//! Assuming a role (`AssumeRole` of the Security Token Service): keys for other keys. Signed by AWS's own signer.

use std::time::SystemTime;

use bytes::Bytes;
use deskhand_identity::Transport;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request};
use quick_xml::Reader;
use quick_xml::events::Event;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::form_urlencoded::Serializer;

use super::error::AwsError;
use super::files::Role;
use super::host;
use super::portal::{is_name, temporary, unreachable};
use crate::bedrock::signed::{Scope, add_signature, signing};
use crate::credential::{AwsKeys, Credential, CredentialError};

/// How it is called in errors.
const STS: &str = "the Security Token Service";
const VERSION: &str = "2011-06-15";
/// The name of a session whose profile gives none.
const SESSION: &str = "deskhand";
/// Bytes of a value in an answer.
const LONGEST: usize = 16 * 1024;

/// The keys of a role for these keys, in a region whose service is asked.
pub(super) async fn assume(
    transport: &impl Transport,
    region: &str,
    keys: &AwsKeys,
    role: &Role,
    now: SystemTime,
) -> Result<Credential, CredentialError> {
    let mut request = Request::new(form(role));
    *request.method_mut() = Method::POST;
    let host = host("sts", region).ok_or(AwsError::Answer(STS))?;
    let address = format!("https://{host}/").parse();
    *request.uri_mut() = address.map_err(|_| AwsError::Answer(STS))?;
    let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(CONTENT_TYPE, form_type);
    let scope = Scope {
        region,
        service: "sts",
        at: now,
    };
    let keys = signing(keys).map_err(|_| AwsError::Unsendable)?;
    add_signature(&mut request, keys, scope).map_err(|_| AwsError::Answer(STS))?;
    let answer = transport.send(request).await.map_err(unreachable)?;
    if answer.status.as_u16() != 200 {
        let [code] = texts(&answer.body, ["Code"]);
        let code = code.filter(|code| is_name(code));
        let exception = code.unwrap_or_else(|| format!("status {}", answer.status.as_u16()));
        let service = STS;
        return Err(AwsError::Refused { service, exception }.into());
    }
    let names = ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"];
    let [Some(id), Some(key), Some(session), Some(end)] = texts(&answer.body, names) else {
        return Err(AwsError::Answer(STS).into());
    };
    let end = OffsetDateTime::parse(&end, &Rfc3339).map_err(|_| AwsError::Answer(STS))?;
    Ok(temporary(id, key, session, Some(end.into())))
}

fn form(role: &Role) -> Bytes {
    let mut form = Serializer::new(String::new());
    form.append_pair("Action", "AssumeRole");
    form.append_pair("Version", VERSION);
    form.append_pair("RoleArn", &role.arn);
    form.append_pair("RoleSessionName", role.session_name.as_deref().unwrap_or(SESSION));
    if let Some(id) = &role.external_id {
        form.append_pair("ExternalId", id.expose());
    }
    if let Some(seconds) = role.seconds {
        form.append_pair("DurationSeconds", &seconds.to_string());
    }
    Bytes::from(form.finish())
}

/// The text of the first element of each name, wherever it stands. Entities but the five of XML are none of the service's.
fn texts<const N: usize>(xml: &[u8], names: [&str; N]) -> [Option<String>; N] {
    let mut found = [const { None }; N];
    let mut reader = Reader::from_str(std::str::from_utf8(xml).unwrap_or_default());
    let mut open = None;
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(start) => {
                let name = start.local_name();
                open = names.iter().position(|wanted| *wanted == name.as_ref());
                if let Some(at) = open {
                    if found[at].is_some() {
                        open = None;
                    } else {
                        found[at] = Some(String::new());
                    }
                }
            }
            Event::Text(text) => {
                let target = open.and_then(|at| found[at].as_mut());
                if let Some(target) = target
                    && target.len() + text.len() <= LONGEST
                {
                    target.push_str(&text);
                }
            }
            Event::End(_) => open = None,
            Event::Eof => break,
            _ => {}
        }
    }
    found.map(|text| text.filter(|text| !text.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_values_of_an_answer_and_none_twice() {
        let xml = br#"<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
            <AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>k/+=</SecretAccessKey><AccessKeyId>other</AccessKeyId>
            </Credentials></AssumeRoleResult></AssumeRoleResponse>"#;
        let [id, key, none] = texts(xml, ["AccessKeyId", "SecretAccessKey", "SessionToken"]);
        assert_eq!(
            (id.as_deref(), key.as_deref(), none),
            (Some("ASIA1"), Some("k/+="), None)
        );
    }

    #[test]
    fn what_is_no_answer_gives_nothing() {
        for broken in [
            &b"<a><Code>"[..],
            b"",
            b"<<<",
            b"<!DOCTYPE a [<!ENTITY e 'x'>]><Code>&e;</Code>",
            b"\xff\xfe",
        ] {
            assert_eq!(texts(broken, ["Code"]), [None]);
        }
    }
}
