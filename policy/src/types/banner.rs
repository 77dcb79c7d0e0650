//! What people see in every window.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::address::HttpsUrl;
use super::line::Line;
use crate::source::Encoding;
use crate::value::{Invalid, PolicyValue, object, structured};

/// A line above everything, which users cannot close.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Banner {
    /// Whether it is shown.
    pub enabled: bool,
    /// What it says; at most 200 characters.
    #[serde(default)]
    pub text: String,
    /// Its colour, `#RRGGBB`.
    #[serde(default = "light")]
    pub background_color: String,
    /// The colour of its text, `#RRGGBB`.
    #[serde(default = "dark")]
    pub text_color: String,
    /// Where it leads; https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_url: Option<String>,
}

fn light() -> String {
    "#F5F5F5".to_owned()
}

fn dark() -> String {
    "#000000".to_owned()
}

fn is_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl PolicyValue for Banner {
    fn parse(value: &Value, encoding: Encoding) -> Result<Self, Invalid> {
        let expected = "a description of a banner";
        let banner: Self = object(&structured(value, encoding, expected)?, expected)?;
        if banner.enabled || !banner.text.is_empty() {
            let text = Line::<200>::parse(&json!(banner.text), Encoding::Json);
            text.map_err(|Invalid(reason)| Invalid(format!("`text`: {reason}")))?;
        }
        if !is_color(&banner.background_color) || !is_color(&banner.text_color) {
            return Err(Invalid("colours are written `#RRGGBB`".to_owned()));
        }
        if let Some(link) = &banner.link_url {
            let link = HttpsUrl::parse(&json!(link), Encoding::Json);
            link.map_err(|Invalid(reason)| Invalid(format!("`linkUrl`: {reason}")))?;
        }
        Ok(banner)
    }

    fn to_json(&self) -> Value {
        json!(self)
    }

    fn kind() -> String {
        "object of a banner".to_owned()
    }

    fn schema() -> Value {
        let color = json!({ "type": "string", "pattern": "^#[0-9A-Fa-f]{6}$" });
        json!({
            "type": "object", "required": ["enabled"], "additionalProperties": false,
            "properties": {
                "enabled": { "type": "boolean" },
                "text": { "type": "string", "maxLength": 200 },
                "backgroundColor": color,
                "textColor": color,
                "linkUrl": HttpsUrl::schema(),
            },
        })
    }
}

/// How settings and data of the hosted product are taken over. Read and checked; it has no use here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HostedImport {
    /// Whether it is offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// How it is offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub banner_behavior: Option<ImportBanner>,
    /// Whether data may leave.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub export_enabled: Option<bool>,
    /// Whether it starts by itself.
    #[serde(rename = "automatic3pImport", skip_serializing_if = "Option::is_none")]
    pub automatic: Option<bool>,
    /// From where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Who signs users in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth_issuer: Option<String>,
    /// As which client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth_client_id: Option<String>,
}

/// How an import is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImportBanner {
    /// Not.
    Off,
    /// Where there is something to import.
    Detect,
    /// Always.
    Show,
}

impl PolicyValue for HostedImport {
    fn parse(value: &Value, encoding: Encoding) -> Result<Self, Invalid> {
        let expected = "a description of an import";
        object(&structured(value, encoding, expected)?, expected)
    }

    fn to_json(&self) -> Value {
        json!(self)
    }

    fn kind() -> String {
        "object of an import".to_owned()
    }

    fn schema() -> Value {
        let (text, flag) = (json!({ "type": "string" }), json!({ "type": "boolean" }));
        json!({
            "type": "object", "additionalProperties": false,
            "properties": {
                "enabled": flag, "bannerBehavior": { "enum": ["off", "detect", "show"] }, "exportEnabled": flag,
                "automatic3pImport": flag, "url": text, "oauthIssuer": text, "oauthClientId": text,
            },
        })
    }
}
