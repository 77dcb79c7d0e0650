//! Sign-in at the organisation's own identity provider (OpenID Connect; PKCE in the system browser, RFC 8252).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::address::web_address;
use super::line::Scopes;
use crate::source::Encoding;
use crate::value::{FIELD_CAP, Invalid, PolicyValue, Reach, object, short, structured};

/// Hosts that may send a browser back.
const HOSTS_CAP: usize = 32;

/// A client of an identity provider. Which fields a key takes differs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Oidc {
    /// The client.
    pub client_id: String,
    /// The provider, whose metadata name the two addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Where the browser goes, where there is no issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_url: Option<String>,
    /// Where codes are exchanged, where there is no issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_url: Option<String>,
    /// What is asked for, with spaces between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<String>,
    /// The loopback port that the browser comes back to; any where it is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_port: Option<u16>,
    /// Hosts besides the provider's that may send the browser back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_redirect_referrer_hosts: Option<Vec<String>>,
    /// Which token the gateway takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bearer_token_type: Option<TokenType>,
    /// Whether `offline_access` is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub append_offline_access: Option<bool>,
    /// Whether `offline_access` is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub omit_offline_access: Option<bool>,
    /// The resource that the token is for (RFC 8707).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
}

/// Which token is sent as the credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenType {
    /// The ID token.
    IdToken,
    /// The access token.
    AccessToken,
}

impl Oidc {
    fn read(value: &Value, encoding: Encoding, own: &[&str]) -> Result<Self, Invalid> {
        let expected = "an object with `clientId` and `issuer`";
        let value = structured(value, encoding, expected)?;
        let oidc: Self = object(&value, expected)?;
        let fields = value.as_object().into_iter().flat_map(Map::keys);
        let strange = |field: &&String| OWN.contains(&field.as_str()) && !own.contains(&field.as_str());
        if let Some(field) = fields.into_iter().find(strange) {
            return Err(Invalid(format!("`{field}` has no meaning in this key")));
        }
        oidc.check()?;
        Ok(oidc)
    }

    fn check(&self) -> Result<(), Invalid> {
        let refused = |reason: &str| Err(Invalid(reason.to_owned()));
        short([
            ("clientId", Some(&self.client_id)),
            ("resource", self.resource.as_ref()),
        ])?;
        let addresses = [
            ("issuer", &self.issuer),
            ("authorizationUrl", &self.authorization_url),
            ("tokenUrl", &self.token_url),
        ];
        for (name, address) in addresses {
            if let Some(address) = address {
                web_address(address).map_err(|Invalid(reason)| Invalid(format!("`{name}`: {reason}")))?;
            }
        }
        if self.issuer.is_none() && (self.authorization_url.is_none() || self.token_url.is_none()) {
            return refused("expected `issuer`, or `authorizationUrl` and `tokenUrl`");
        }
        if let Some(scopes) = &self.scopes {
            Scopes::parse(&json!(scopes), Encoding::Json)
                .map_err(|Invalid(reason)| Invalid(format!("`scopes`: {reason}")))?;
        }
        if self.redirect_port == Some(0) {
            return refused("`redirectPort` is from 1 to 65535");
        }
        let hosts = self.additional_redirect_referrer_hosts.iter().flatten();
        if hosts.clone().count() > HOSTS_CAP || hosts.into_iter().any(|host| url::Host::parse(host).is_err())
        {
            return refused("`additionalRedirectReferrerHosts` is a short list of hosts");
        }
        Ok(())
    }
}

/// Fields that not every key takes.
const OWN: [&str; 4] = [
    "appendOfflineAccess",
    "bearerTokenType",
    "omitOfflineAccess",
    "resource",
];

fn form(own: &[&str], required: &[&str]) -> Value {
    let text = json!({ "type": "string", "minLength": 1, "maxLength": FIELD_CAP });
    let mut fields = json!({
        "clientId": text, "issuer": text, "authorizationUrl": text, "tokenUrl": text, "scopes": text,
        "redirectPort": { "type": "integer", "minimum": 1, "maximum": 65_535 },
        "additionalRedirectReferrerHosts": { "type": "array", "maxItems": HOSTS_CAP, "items": text },
    });
    for name in own {
        fields[*name] = match *name {
            "bearerTokenType" => json!({ "enum": ["id_token", "access_token"] }),
            "resource" => text.clone(),
            _ => json!({ "type": "boolean" }),
        };
    }
    json!({
        "type": "object",
        "required": required,
        "anyOf": [{ "required": ["issuer"] }, { "required": ["authorizationUrl", "tokenUrl"] }],
        "additionalProperties": false,
        "properties": fields,
    })
}

/// Declares the form of a key: which of the fields that not every key takes, and which must be there.
macro_rules! oidc {
    ($(#[$meta:meta])* $name:ident $own:expr, $required:expr) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(pub Oidc);

        impl PolicyValue for $name {
            const REACH: Option<Reach> = Some(Reach::Addresses);

            fn parse(value: &Value, encoding: Encoding) -> Result<Self, Invalid> {
                let oidc = Oidc::read(value, encoding, &$own)?;
                let there = json!(oidc);
                match $required.iter().find(|field| there.get(**field).is_none()) {
                    Some(field) => Err(Invalid(format!("`{field}` is missing"))),
                    None => Ok(Self(oidc)),
                }
            }

            fn to_json(&self) -> Value {
                json!(self.0)
            }

            fn kind() -> String {
                "object of an OpenID Connect client".to_owned()
            }

            fn schema() -> Value {
                form(&$own, &$required)
            }
        }
    };
}

oidc! {
    /// The client with which users sign in to a gateway.
    GatewayOidc ["appendOfflineAccess", "bearerTokenType", "resource"], ["clientId"]
}

oidc! {
    /// The client with which users sign in for workforce identity federation.
    WorkforceOidc ["omitOfflineAccess"], ["clientId"]
}

oidc! {
    /// The client with which users sign in to the bootstrap address.
    BootstrapOidc [""; 0], ["clientId", "scopes"]
}
