//! The files with credentials that Google's consoles and tools write, read up to what Deskhand does with them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use aws_lc_rs::rsa::KeyPair;
use deskhand_identity::Endpoint;
use http::{HeaderName, HeaderValue};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Map, Value};
use url::Url;

use super::subject::{Place, Subject};
use crate::Secret;
use crate::credential::FileFault;

/// Google's token endpoint, where a file names none.
const TOKEN: &str = "https://oauth2.googleapis.com/token";
/// Seconds that a token of another account counts: what is asked for, and the most that Google gives (43,200 with a policy).
const LIFETIME: (u64, u64) = (3_600, 43_200);
/// Bytes of a text in such a file: a key is the longest.
const LONGEST: usize = 32 * 1024;
/// Accounts that stand between an account and the one that it acts for, and headers of an address.
const MOST: usize = 16;

/// A file with credentials. `Debug` shows no secret.
#[derive(Debug)]
pub struct GoogleFile {
    pub(super) login: Login,
    /// The service account that it acts for.
    pub(super) acts_for: Option<Impersonation>,
    /// The project that a user's calls are counted for.
    pub(super) quota_project: Option<String>,
}

/// Who the file is.
#[derive(Debug)]
pub(super) enum Login {
    ServiceAccount(ServiceAccount),
    AuthorizedUser(AuthorizedUser),
    External(External),
}

/// A program with a key of its own.
#[derive(Debug)]
pub(super) struct ServiceAccount {
    pub(super) email: String,
    pub(super) key: KeyPair,
    pub(super) key_id: Option<String>,
    pub(super) token_url: Url,
}

/// A person who signed in with Google's tools.
#[derive(Debug)]
pub(super) struct AuthorizedUser {
    pub(super) client_id: String,
    pub(super) client_secret: Secret,
    pub(super) refresh: Secret,
    pub(super) token_url: Url,
    /// Whether they are one of an organisation's own provider (workforce identity federation).
    pub(super) is_federated: bool,
}

/// Somebody whom another provider knows.
#[derive(Debug)]
pub(super) struct External {
    pub(super) audience: String,
    pub(super) subject_type: String,
    pub(super) token_url: Url,
    pub(super) subject: Subject,
    pub(super) client: Option<(String, Secret)>,
    pub(super) user_project: Option<String>,
}

/// A service account that is acted for.
#[derive(Debug)]
pub(super) struct Impersonation {
    pub(super) url: Url,
    pub(super) delegates: Vec<String>,
    /// Seconds.
    pub(super) lifetime: u64,
}

impl GoogleFile {
    /// Reads such a file.
    pub fn read(bytes: &[u8]) -> Result<Self, FileFault> {
        let fields = Fields(serde_json::from_slice(bytes).map_err(|_| FileFault::NotJson)?);
        Self::of(fields, true)
    }

    /// Reads an object of such a file; one that acts for another holds who it is.
    fn of(mut fields: Fields, may_hold_another: bool) -> Result<Self, FileFault> {
        let quota_project = fields.optional("quota_project_id")?;
        let (login, acts_for) = match fields.text("type")?.as_str() {
            "service_account" => (Login::ServiceAccount(ServiceAccount::of(fields)?), None),
            "authorized_user" => (Login::AuthorizedUser(AuthorizedUser::of(fields, false)?), None),
            "external_account_authorized_user" => {
                (Login::AuthorizedUser(AuthorizedUser::of(fields, true)?), None)
            }
            "external_account" => {
                let acts_for = Impersonation::of(&mut fields)?;
                (Login::External(External::of(fields)?), acts_for)
            }
            "impersonated_service_account" if may_hold_another => {
                let acts_for = Impersonation::of(&mut fields)?;
                let acts_for = acts_for.ok_or(FileFault::Field("service_account_impersonation_url"))?;
                let source = fields.object("source_credentials")?;
                let source = source.ok_or(FileFault::Field("source_credentials"))?;
                let held = Self::of(source, false)?;
                if held.acts_for.is_some() {
                    return Err(FileFault::Field("source_credentials"));
                }
                (held.login, Some(acts_for))
            }
            "gdch_service_account" => return Err(FileFault::Unsupported("Google Distributed Cloud")),
            _ => return Err(FileFault::Type),
        };
        Ok(Self {
            login,
            acts_for,
            quota_project,
        })
    }
}

impl ServiceAccount {
    fn of(mut fields: Fields) -> Result<Self, FileFault> {
        let pem = fields.secret("private_key")?;
        let bad = FileFault::Field("private_key");
        let key = PrivateKeyDer::from_pem_slice(pem.expose().as_bytes()).map_err(|_| bad)?;
        let key = match &key {
            PrivateKeyDer::Pkcs8(key) => KeyPair::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => KeyPair::from_der(key.secret_pkcs1_der()),
            _ => return Err(bad),
        };
        Ok(Self {
            email: fields.text("client_email")?,
            key: key.map_err(|_| bad)?,
            key_id: fields.optional("private_key_id")?,
            token_url: fields.address_or("token_uri", TOKEN)?,
        })
    }
}

impl AuthorizedUser {
    fn of(mut fields: Fields, is_federated: bool) -> Result<Self, FileFault> {
        Ok(Self {
            client_id: fields.text("client_id")?,
            client_secret: fields.secret("client_secret")?,
            refresh: fields.secret("refresh_token")?,
            token_url: if is_federated {
                fields.address("token_url")?
            } else {
                fields.address_or("token_uri", TOKEN)?
            },
            is_federated,
        })
    }
}

impl External {
    fn of(mut fields: Fields) -> Result<Self, FileFault> {
        let source = fields.object("credential_source")?;
        let subject = Subject::of(source.ok_or(FileFault::Field("credential_source"))?)?;
        let client = match fields.optional("client_id")? {
            Some(id) => Some((id, fields.secret("client_secret")?)),
            None => None,
        };
        Ok(Self {
            audience: fields.text("audience")?,
            subject_type: fields.text("subject_token_type")?,
            token_url: fields.address("token_url")?,
            subject,
            client,
            user_project: fields.optional("workforce_pool_user_project")?,
        })
    }
}

impl Subject {
    fn of(mut fields: Fields) -> Result<Self, FileFault> {
        for (name, what) in [
            ("executable", "a token that a program prints"),
            ("environment_id", "a sign-in at Amazon"),
            ("certificate", "a sign-in with a certificate"),
        ] {
            if fields.0.contains_key(name) {
                return Err(FileFault::Unsupported(what));
            }
        }
        let field = match fields.object("format")? {
            None => None,
            Some(mut format) => match format.text("type")?.as_str() {
                "text" => None,
                "json" => Some(format.text("subject_token_field_name")?),
                _ => return Err(FileFault::Field("format")),
            },
        };
        let place = if let Some(file) = fields.optional("file")? {
            Place::File(PathBuf::from(file))
        } else {
            // Metadata servers of clouds speak plain http; which of them may be asked is the transport's to say.
            let url = Url::parse(&fields.text("url")?).map_err(|_| FileFault::Field("url"))?;
            let is_web = matches!(url.scheme(), "http" | "https");
            if !is_web || !url.username().is_empty() || url.password().is_some() {
                return Err(FileFault::Field("url"));
            }
            let headers = fields.headers()?;
            Place::Address { url, headers }
        };
        Ok(Self { place, field })
    }
}

impl Impersonation {
    fn of(fields: &mut Fields) -> Result<Option<Self>, FileFault> {
        const URL: &str = "service_account_impersonation_url";
        let Some(url) = fields.optional(URL)? else {
            return Ok(None);
        };
        let lifetime = match fields.object("service_account_impersonation")? {
            Some(options) => match options.0.get("token_lifetime_seconds") {
                None => LIFETIME.0,
                Some(seconds) => seconds
                    .as_u64()
                    .filter(|seconds| (1..=LIFETIME.1).contains(seconds))
                    .ok_or(FileFault::Field("token_lifetime_seconds"))?,
            },
            None => LIFETIME.0,
        };
        Ok(Some(Self {
            url: Endpoint::Token.address(&url).map_err(|_| FileFault::Field(URL))?,
            delegates: fields.texts("delegates")?,
            lifetime,
        }))
    }
}

/// The fields of an object. Texts are moved out, so that a secret is not left behind.
struct Fields(Map<String, Value>);

impl Fields {
    fn optional(&mut self, name: &'static str) -> Result<Option<String>, FileFault> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if !text.is_empty() && text.len() <= LONGEST => Ok(Some(text)),
            Some(_) => Err(FileFault::Field(name)),
        }
    }

    fn text(&mut self, name: &'static str) -> Result<String, FileFault> {
        self.optional(name)?.ok_or(FileFault::Field(name))
    }

    fn secret(&mut self, name: &'static str) -> Result<Secret, FileFault> {
        self.text(name).map(Secret::new)
    }

    fn address(&mut self, name: &'static str) -> Result<Url, FileFault> {
        let text = self.text(name)?;
        Endpoint::Token.address(&text).map_err(|_| FileFault::Field(name))
    }

    fn address_or(&mut self, name: &'static str, otherwise: &str) -> Result<Url, FileFault> {
        let text = self.optional(name)?;
        let text = text.as_deref().unwrap_or(otherwise);
        Endpoint::Token.address(text).map_err(|_| FileFault::Field(name))
    }

    fn object(&mut self, name: &'static str) -> Result<Option<Self>, FileFault> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(Self(fields))),
            Some(_) => Err(FileFault::Field(name)),
        }
    }

    fn texts(&mut self, name: &'static str) -> Result<Vec<String>, FileFault> {
        let value = self.0.remove(name).unwrap_or(Value::Array(Vec::new()));
        let texts = serde_json::from_value(value).ok();
        texts
            .filter(|texts: &Vec<String>| texts.len() <= MOST)
            .ok_or(FileFault::Field(name))
    }

    fn headers(&mut self) -> Result<Vec<(String, Secret)>, FileFault> {
        const NAME: &str = "headers";
        let value = self.0.remove(NAME).unwrap_or(Value::Object(Map::new()));
        let named: BTreeMap<String, String> =
            serde_json::from_value(value).map_err(|_| FileFault::Field(NAME))?;
        let sendable = |(name, value): (&String, &String)| {
            HeaderName::from_bytes(name.as_bytes()).is_ok() && HeaderValue::from_str(value).is_ok()
        };
        if named.len() > MOST || !named.iter().all(sendable) {
            return Err(FileFault::Field(NAME));
        }
        Ok(named
            .into_iter()
            .map(|(name, value)| (name, Secret::new(value)))
            .collect())
    }
}
