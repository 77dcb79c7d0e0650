//! Where plugins come from, and what their tools may do.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::address::web_address;
use super::list::{Item, List};
use super::mcp::ToolPermission;
use crate::source::Encoding;
use crate::value::{FIELD_CAP, Invalid, PolicyValue, Reach, object, short, structured};

/// Servers and tools of one that may be named.
const CAP: usize = 200;

/// A marketplace that plugins may come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Marketplace {
    /// What kind of place it is.
    pub source: MarketplaceSource,
    /// The repository: `owner/name`, or the address of a git repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo: Option<String>,
    /// The branch, tag or commit.
    #[serde(rename = "ref", default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The folder in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The address of a manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The name that its manifest must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_name: Option<String>,
    /// Whether its plugins install by themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installation_preference: Option<Installation>,
    /// Who fetches it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_kind: Option<MarketplaceCredential>,
    /// The program that prints the credential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_helper: Option<String>,
    /// The SHA-256 hash of the manifest, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_sha256: Option<String>,
}

/// What kind of place a marketplace is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MarketplaceSource {
    /// A repository of GitHub.
    Github,
    /// A git repository.
    Git,
    /// The address of a manifest.
    Url,
}

/// Whether plugins install by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Installation {
    /// Users choose.
    Available,
    /// They do, and users may remove them.
    AutoInstall,
    /// They do, and stay.
    Required,
}

/// Who fetches a marketplace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MarketplaceCredential {
    /// Nobody in particular.
    Anonymous,
    /// The user, with the credentials of git.
    UserGit,
    /// Whom a program names.
    CredentialHelper,
    /// Whom the credential of inference names.
    InferenceCredential,
}

impl Marketplace {
    fn check(&self) -> Result<(), Invalid> {
        let refused = |reason: &str| Err(Invalid(reason.to_owned()));
        short([
            ("repo", self.repo.as_ref()),
            ("ref", self.reference.as_ref()),
            ("path", self.path.as_ref()),
            ("expectedName", self.expected_name.as_ref()),
            ("credentialHelper", self.credential_helper.as_ref()),
        ])?;
        if let Some(url) = &self.url {
            web_address(url)?;
        }
        let place = match self.source {
            MarketplaceSource::Github => self
                .repo
                .as_ref()
                .is_some_and(|repo| repo.split('/').count() == 2),
            MarketplaceSource::Git => self.repo.is_some() || self.url.is_some(),
            MarketplaceSource::Url => self.url.is_some(),
        };
        if !place {
            return refused("`github` takes `repo` as `owner/name`, `git` a `repo` or `url`, `url` a `url`");
        }
        let hash = |hash: &String| hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        if self.manifest_sha256.as_ref().is_some_and(|it| !hash(it)) {
            return refused("`manifestSha256` has 64 hexadecimal digits");
        }
        let installs = !matches!(self.installation_preference, None | Some(Installation::Available));
        if self.source == MarketplaceSource::Url && installs && self.manifest_sha256.is_none() {
            return refused("`manifestSha256` is missing: what installs by itself from an address is pinned");
        }
        let helper = self.credential_kind == Some(MarketplaceCredential::CredentialHelper);
        if helper != self.credential_helper.is_some() {
            return refused("`credentialHelper` and its kind go together");
        }
        Ok(())
    }
}

impl Item for Marketplace {
    const WHAT: &str = "marketplaces";
    const REACH: Option<Reach> = Some(Reach::AddressesAndFiles);

    fn read(value: &Value) -> Result<Self, Invalid> {
        let marketplace: Self = object(value, "a description of a marketplace")?;
        marketplace.check()?;
        Ok(marketplace)
    }

    fn json(&self) -> Value {
        json!(self)
    }

    fn form() -> Value {
        let text = json!({ "type": "string", "minLength": 1, "maxLength": FIELD_CAP });
        json!({
            "type": "object", "required": ["source"], "additionalProperties": false,
            "properties": {
                "source": { "enum": ["github", "git", "url"] },
                "repo": text, "ref": text, "path": text, "url": text, "expectedName": text,
                "installationPreference": { "enum": ["available", "auto_install", "required"] },
                "credentialKind": { "enum": ["anonymous", "userGit", "credentialHelper", "inferenceCredential"] },
                "credentialHelper": text,
                "manifestSha256": { "type": "string", "pattern": "^[0-9A-Fa-f]{64}$" },
            },
        })
    }
}

/// What may be done with the tools of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServerTools {
    /// The server, by its name.
    pub server_name: String,
    /// Its tools.
    pub tools: Vec<ToolRight>,
}

/// What may be done with a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ToolRight {
    /// The tool, by its name.
    pub tool_name: String,
    /// What may be done with it.
    pub permission: ToolPermission,
}

impl Item for ServerTools {
    const WHAT: &str = "servers";

    fn read(value: &Value) -> Result<Self, Invalid> {
        let server: Self = object(value, "a server with its tools")?;
        short([("serverName", Some(&server.server_name))])?;
        short(
            server
                .tools
                .iter()
                .map(|tool| ("toolName", Some(&tool.tool_name))),
        )?;
        let twice =
            |at: usize, tool: &ToolRight| server.tools[..at].iter().any(|it| it.tool_name == tool.tool_name);
        if server.tools.len() > CAP {
            return Err(Invalid(format!("more than {CAP} tools")));
        }
        if server.tools.iter().enumerate().any(|(at, tool)| twice(at, tool)) {
            return Err(Invalid("a tool stands there twice".to_owned()));
        }
        Ok(server)
    }

    fn json(&self) -> Value {
        json!(self)
    }

    fn name(&self) -> Option<&str> {
        Some(&self.server_name)
    }

    fn form() -> Value {
        let text = json!({ "type": "string", "minLength": 1, "maxLength": FIELD_CAP });
        let tool = json!({
            "type": "object", "required": ["toolName", "permission"], "additionalProperties": false,
            "properties": { "toolName": text, "permission": { "enum": ["allow", "ask", "blocked"] } },
        });
        json!({
            "type": "object", "required": ["serverName", "tools"], "additionalProperties": false,
            "properties": { "serverName": text, "tools": { "type": "array", "maxItems": CAP, "items": tool } },
        })
    }
}

/// What may be done with the tools of plugins, by server: a list, or in the older form an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PluginTools(pub List<ServerTools, CAP>);

impl PolicyValue for PluginTools {
    fn parse(value: &Value, encoding: Encoding) -> Result<Self, Invalid> {
        let value = match structured(value, encoding, "a list of servers with their tools")? {
            Value::Object(record) => listed(&record)?,
            list => list,
        };
        List::parse(&value, Encoding::Json).map(Self)
    }

    fn to_json(&self) -> Value {
        self.0.to_json()
    }

    fn kind() -> String {
        List::<ServerTools, CAP>::kind()
    }

    fn schema() -> Value {
        let record = json!({
            "type": "object", "required": ["mcpServers"], "additionalProperties": false,
            "properties": { "mcpServers": { "type": "object", "maxProperties": CAP } },
        });
        json!({ "anyOf": [List::<ServerTools, CAP>::schema(), record] })
    }
}

/// `{"mcpServers": {name: {"toolPolicy": {tool: permission}}}}` as a list.
fn listed(record: &Map<String, Value>) -> Result<Value, Invalid> {
    let expected = || Invalid("expected a list of servers with their tools".to_owned());
    let only = |object: &'_ Value, field: &str| -> Option<Map<String, Value>> {
        let object = object.as_object().filter(|object| object.len() == 1)?;
        object.get(field)?.as_object().cloned()
    };
    let servers = only(&Value::Object(record.clone()), "mcpServers").ok_or_else(expected)?;
    let mut list = Vec::new();
    for (name, server) in servers {
        let policy = only(&server, "toolPolicy").ok_or_else(expected)?;
        let tools = policy
            .iter()
            .map(|(tool, word)| json!({ "toolName": tool, "permission": word }));
        list.push(json!({ "serverName": name, "tools": tools.collect::<Vec<_>>() }));
    }
    Ok(Value::Array(list))
}
