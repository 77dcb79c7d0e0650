//! What tells the places apart that speak the Messages API over HTTP: addresses, what stands in the body, where the
//! credential stands.

use std::fmt::Write as _;

use deskhand_egress::{Destination, Gate};

use crate::connection::{Format, Place};
use crate::fault::{Fault, FaultKind};
use crate::headers::AuthScheme;
use crate::messages::Dialect;

/// Version of the Messages API that Vertex AI wants in the body.
const ON_VERTEX: &str = "vertex-2023-10-16";

/// How one place is spoken to.
#[derive(Debug)]
pub(super) struct Manners {
    pub(super) destination: Destination,
    /// Address without a slash at its end.
    pub(super) base_url: String,
    pub(super) scheme: AuthScheme,
    pub(super) dialect: Body,
    /// What the gateway speaks.
    pub(super) format: Format,
    /// Whether the version of the API stands in a header.
    pub(super) version_in_header: bool,
    /// Path of the list of models.
    pub(super) list: Option<&'static str>,
    /// What stands before a model's id in the path, where the path names the model.
    prefix: Option<String>,
}

/// What a request says of model and version in its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// The model.
    Model,
    /// The version; the model stands in the address.
    Version(&'static str),
}

impl Body {
    pub(super) fn of(self, model: &str) -> Dialect<'_> {
        match self {
            Self::Model => Dialect::model(model),
            Self::Version(version) => Dialect::version(version),
        }
    }
}

impl Manners {
    /// The manners of a place that the gate opens.
    pub(super) fn of(place: &Place, gate: &Gate) -> Result<Self, Fault> {
        Ok(match place {
            Place::Gateway {
                base_url,
                scheme,
                format,
            } => {
                // A query would swallow the path.
                if base_url.contains(['?', '#']) {
                    return Err(Fault::new(
                        FaultKind::NotConfigured,
                        "the gateway's address holds a query",
                    ));
                }
                let base = base_url.trim_end_matches('/');
                Self {
                    destination: Destination::InferenceGateway,
                    base_url: base.strip_suffix("/v1").unwrap_or(base).to_owned(),
                    scheme: *scheme,
                    dialect: Body::Model,
                    format: *format,
                    version_in_header: *format == Format::Messages,
                    list: Some("/v1/models?limit=1000"),
                    prefix: None,
                }
            }
            Place::Vertex { project, region } => Self {
                destination: Destination::InferenceVertex,
                base_url: origin(gate, Destination::InferenceVertex)?,
                scheme: AuthScheme::Bearer,
                dialect: Body::Version(ON_VERTEX),
                format: Format::Messages,
                version_in_header: false,
                list: None,
                prefix: Some(format!(
                    "/v1/projects/{}/locations/{}/publishers/anthropic/models/",
                    segment(project),
                    segment(region)
                )),
            },
            Place::Foundry { scheme } => Self {
                destination: Destination::InferenceFoundry,
                base_url: origin(gate, Destination::InferenceFoundry)? + "/anthropic",
                scheme: *scheme,
                dialect: Body::Model,
                format: Format::Messages,
                version_in_header: true,
                list: None,
                prefix: None,
            },
            Place::Bedrock { .. } => {
                let why = "Amazon Bedrock has an API of its own";
                return Err(Fault::new(FaultKind::NotConfigured, why));
            }
        })
    }

    /// The path to which a request for `model` goes.
    pub(super) fn path(&self, model: &str) -> String {
        match &self.prefix {
            None if self.format == Format::ChatCompletions => "/v1/chat/completions".to_owned(),
            None => "/v1/messages".to_owned(),
            Some(prefix) => format!("{prefix}{}:streamRawPredict", segment(model)),
        }
    }
}

/// The one origin of a destination, as the table of destinations works it out.
pub(crate) fn origin(gate: &Gate, destination: Destination) -> Result<String, Fault> {
    let origins = gate.origins(destination);
    let origins = origins.map_err(Fault::of_egress)?;
    let first = origins.first().map(ToString::to_string);
    first.ok_or_else(|| Fault::new(FaultKind::NotConfigured, "no address follows from the settings"))
}

/// A segment of a path, with everything else than unreserved letters, `@` and `:` in the percent form (RFC 3986, section 3.3):
/// an id from a list must not lead to another path.
fn segment(text: &str) -> String {
    let mut segment = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'@' | b':' => {
                segment.push(byte.into());
            }
            // Writing to a string cannot fail.
            _ => drop(write!(segment, "%{byte:02X}")),
        }
    }
    match segment.as_str() {
        "." => "%2E".to_owned(),
        ".." => "%2E%2E".to_owned(),
        _ => segment,
    }
}

#[cfg(test)]
mod tests {
    use deskhand_egress::Network;
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn no_id_of_a_model_leads_to_another_path() {
        let before = "/v1/projects/p/locations/us-east5/publishers/anthropic/models/";
        let place = Place::Vertex {
            project: "p".to_owned(),
            region: "us-east5".to_owned(),
        };
        let setting = |key: &str| match key {
            "inferenceProvider" => serde_json::json!("vertex"),
            "inferenceVertexRegion" => serde_json::json!("us-east5"),
            _ => serde_json::json!(null),
        };
        let manners = Manners::of(&place, &Gate::new(setting, Network::default())).expect("manners");
        assert_eq!(manners.base_url, "https://us-east5-aiplatform.googleapis.com");
        let paths = [
            ("claude-a@20250101", "claude-a@20250101:streamRawPredict"),
            ("../x", "..%2Fx:streamRawPredict"),
            ("a?b#c d", "a%3Fb%23c%20d:streamRawPredict"),
            ("..", "%2E%2E:streamRawPredict"),
            ("é%", "%C3%A9%25:streamRawPredict"),
        ];
        for (model, end) in paths {
            assert_eq!(manners.path(model), format!("{before}{end}"));
        }
    }
}
