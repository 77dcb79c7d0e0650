//! MCP servers that the organisation provides.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::address::web_address;
use super::header::Headers;
use super::list::Item;
use super::secret::Secret;
use crate::value::{FIELD_CAP, Invalid, PolicyValue as _, Reach, object, short};

/// Arguments, variables, tools or servers of authorization that may be named.
const CAP: usize = 200;

/// A server with its own program or address, or a built-in one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct McpServer {
    /// Its unique name.
    pub name: String,
    /// The built-in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<BuiltInServer>,
    /// How it is reached; not for a built-in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<McpTransport>,
    /// Where a remote server is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Headers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<Headers>,
    /// A program that prints headers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers_helper: Option<String>,
    /// Seconds that its answer is good for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers_helper_ttl_sec: Option<u32>,
    /// Seconds before their end at which they are fetched anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers_helper_refresh_buffer_sec: Option<u32>,
    /// How users sign in to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oauth: Option<McpOauth>,
    /// The program of a local server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Its arguments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Its variables.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Secret>,
    /// A program that prints variables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env_helper: Option<String>,
    /// Seconds that its answer is good for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env_helper_ttl_sec: Option<u32>,
    /// Seconds that the program may take to start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub startup_timeout_sec: Option<u32>,
    /// Who searches, of the built-in web search.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<SearchProvider>,
    /// The address of a search of one's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_url: Option<String>,
    /// The tenant, of the built-in Microsoft 365 server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// Its client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Its cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azure_cloud: Option<AzureCloud>,
    /// What it asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The host, of the built-in GitHub server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Its groups of tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toolsets: Option<Vec<String>>,
    /// Whether it only reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    /// What may be done with its tools, by name or pattern.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tool_policy: BTreeMap<String, ToolPermission>,
}

/// A server that Deskhand brings along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BuiltInServer {
    /// Files, mail and calendars of Microsoft 365.
    Microsoft365,
    /// Web search.
    Websearch,
    /// Repositories.
    Github,
}

/// How a server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum McpTransport {
    /// Streamable HTTP.
    Http,
    /// HTTP with server-sent events.
    Sse,
    /// A program of this machine.
    Stdio,
}

/// Who searches the web.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SearchProvider {
    /// Brave.
    Brave,
    /// Tavily.
    Tavily,
    /// Exa.
    Exa,
    /// An address of the organisation.
    Custom,
}

/// A cloud of Microsoft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AzureCloud {
    /// The public one.
    Global,
    /// For the United States government.
    UsGovHigh,
    /// For its department of defence.
    UsGovDod,
}

/// What may be done with a tool; the later, the stricter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ToolPermission {
    /// It is approved in advance.
    Allow,
    /// A person is asked each time.
    Ask,
    /// It is not there.
    Blocked,
}

/// How users sign in to a server: by what it says itself, or as named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum McpOauth {
    /// Whether it says so itself.
    Discovered(bool),
    /// As named.
    Client(Box<McpClient>),
}

/// A client of the server's authorization.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct McpClient {
    /// The client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Its secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret>,
    /// A program that prints its secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_helper: Option<String>,
    /// Servers of authorization that are accepted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_server: Vec<String>,
    /// The tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// What is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Whether `offline_access` is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub append_offline_access: Option<bool>,
    /// The loopback host that the browser comes back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_host: Option<CallbackHost>,
    /// Its port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_port: Option<u16>,
    /// How the user signs in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_flow: Option<String>,
    /// Whether the sign-in is hosted elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<McpMode>,
}

/// A name of this machine in an address that a browser comes back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallbackHost {
    /// By its address.
    #[serde(rename = "127.0.0.1")]
    Address,
    /// By its name.
    #[serde(rename = "localhost")]
    Name,
}

/// Where the sign-in is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum McpMode {
    /// Elsewhere.
    Hosted,
}

impl McpServer {
    /// What `toolPolicy` says of a tool, whatever the case of its letters; nothing where it does not say. A tool's own name
    /// counts before a pattern; of several patterns, as of several spellings of the name, the strictest. `*` in a pattern
    /// takes any number of characters, and the pattern is about the whole name.
    pub fn permission(&self, tool: &str) -> Option<ToolPermission> {
        let tool = tool.to_lowercase();
        let said = |named: bool| {
            let rules = self.tool_policy.iter();
            let rules = rules.map(|(rule, permission)| (rule.to_lowercase(), *permission));
            let counts = |rule: &str| {
                if rule.contains('*') {
                    !named && fits(rule, &tool)
                } else {
                    named && rule == tool
                }
            };
            rules
                .filter_map(|(rule, permission)| counts(&rule).then_some(permission))
                .max()
        };
        said(true).or_else(|| said(false))
    }

    fn check(&self) -> Result<(), Invalid> {
        let refused = |reason: &str| Err(Invalid(reason.to_owned()));
        self.check_text()?;
        let (remote, local) = (self.url.is_some(), self.command.is_some());
        let complete = match (self.server, self.transport) {
            (Some(_), transport) => transport.is_none() && !remote && !local,
            (None, Some(McpTransport::Http | McpTransport::Sse)) => remote && !local,
            (None, Some(McpTransport::Stdio)) => local && !remote,
            (None, None) => return refused("`transport` or `server` is missing"),
        };
        if !complete {
            return refused("`http` and `sse` take a `url`, `stdio` a `command`, a built-in server neither");
        }
        let signs_in = !matches!(self.oauth, None | Some(McpOauth::Discovered(false)));
        if self.headers.is_some() && signs_in {
            return refused("`headers` and `oauth` exclude each other");
        }
        match (self.server, self.provider) {
            (Some(BuiltInServer::Websearch), None) => refused("`provider` is missing"),
            (Some(BuiltInServer::Websearch), Some(SearchProvider::Custom)) if self.custom_url.is_none() => {
                refused("`customUrl` is missing")
            }
            _ => Ok(()),
        }
    }

    fn check_text(&self) -> Result<(), Invalid> {
        short([
            ("name", Some(&self.name)),
            ("headersHelper", self.headers_helper.as_ref()),
            ("command", self.command.as_ref()),
            ("envHelper", self.env_helper.as_ref()),
            ("tenantId", self.tenant_id.as_ref()),
            ("clientId", self.client_id.as_ref()),
            ("scope", self.scope.as_ref()),
            ("host", self.host.as_ref()),
        ])?;
        short(
            self.args
                .iter()
                .filter(|arg| !arg.is_empty())
                .map(|arg| ("args", Some(arg))),
        )?;
        short(self.toolsets.iter().flatten().map(|set| ("toolsets", Some(set))))?;
        short(self.env.keys().map(|name| ("env", Some(name))))?;
        short(self.tool_policy.keys().map(|name| ("toolPolicy", Some(name))))?;
        let many = [
            self.args.len(),
            self.env.len(),
            self.tool_policy.len(),
            self.toolsets.iter().flatten().count(),
        ];
        if many.into_iter().any(|many| many > CAP) || self.name.len() > 128 {
            return Err(Invalid("the name is too long or a list too large".to_owned()));
        }
        let mut addresses: Vec<&String> = self.url.iter().chain(&self.custom_url).collect();
        if let Some(McpOauth::Client(client)) = &self.oauth {
            client.check()?;
            addresses.extend(&client.authorization_server);
        }
        addresses
            .into_iter()
            .try_for_each(|address| web_address(address).map(drop))
    }
}

/// Whether a pattern with `*` is about a name: its first and last part stand at the ends, those between in their order.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let (between, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(name) = name.strip_prefix(first).and_then(|name| name.strip_suffix(last)) else {
        return false;
    };
    let mut parts = between.split('*');
    parts
        .try_fold(name, |name, part| Some(name.split_once(part)?.1))
        .is_some()
}

impl McpClient {
    fn check(&self) -> Result<(), Invalid> {
        short([
            ("clientId", self.client_id.as_ref()),
            ("clientSecretHelper", self.client_secret_helper.as_ref()),
            ("tenantId", self.tenant_id.as_ref()),
            ("scope", self.scope.as_ref()),
            ("authFlow", self.auth_flow.as_ref()),
        ])?;
        if self.authorization_server.len() > CAP || self.callback_port == Some(0) {
            return Err(Invalid(
                "`authorizationServer` is too long, or `callbackPort` 0".to_owned(),
            ));
        }
        Ok(())
    }
}

impl Item for McpServer {
    const WHAT: &str = "MCP servers";
    const REACH: Option<Reach> = Some(Reach::AddressesAndFiles);

    fn read(value: &Value) -> Result<Self, Invalid> {
        let server: Self = object(value, "a description of a server")?;
        server.check()?;
        Ok(server)
    }

    fn json(&self) -> Value {
        json!(self)
    }

    fn name(&self) -> Option<&str> {
        Some(&self.name)
    }

    fn form() -> Value {
        let text = json!({ "type": "string", "minLength": 1, "maxLength": FIELD_CAP });
        let seconds = json!({ "type": "integer", "minimum": 0 });
        let texts = json!({ "type": "array", "maxItems": CAP, "items": { "type": "string", "maxLength": FIELD_CAP } });
        let flag = json!({ "type": "boolean" });
        let client = json!({
            "type": "object", "additionalProperties": false,
            "properties": {
                "clientId": text, "clientSecret": Secret::schema(), "clientSecretHelper": text, "authorizationServer": texts,
                "tenantId": text, "scope": text, "appendOfflineAccess": flag,
                "callbackHost": { "enum": ["127.0.0.1", "localhost"] },
                "callbackPort": { "type": "integer", "minimum": 1, "maximum": 65_535 },
                "authFlow": text, "mode": { "enum": ["hosted"] },
            },
        });
        json!({
            "type": "object", "required": ["name"], "additionalProperties": false,
            "properties": {
                "name": { "type": "string", "minLength": 1, "maxLength": 128 },
                "server": { "enum": ["microsoft365", "websearch", "github"] },
                "transport": { "enum": ["http", "sse", "stdio"] },
                "url": text, "headers": Headers::schema(), "headersHelper": text, "headersHelperTtlSec": seconds,
                "headersHelperRefreshBufferSec": seconds, "oauth": { "anyOf": [flag, client] }, "command": text,
                "args": texts, "env": { "type": "object", "maxProperties": CAP, "additionalProperties": Secret::schema() },
                "envHelper": text, "envHelperTtlSec": seconds, "startupTimeoutSec": seconds,
                "provider": { "enum": ["brave", "tavily", "exa", "custom"] }, "customUrl": text, "tenantId": text,
                "clientId": text, "azureCloud": { "enum": ["global", "us-gov-high", "us-gov-dod"] }, "scope": text,
                "host": text, "toolsets": texts, "readOnly": flag,
                "toolPolicy": { "type": "object", "maxProperties": CAP,
                    "additionalProperties": { "enum": ["allow", "ask", "blocked"] } },
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn server(policy: &Value) -> McpServer {
        serde_json::from_value(json!({ "name": "s", "toolPolicy": policy })).unwrap()
    }

    #[test]
    fn a_name_beats_patterns_and_the_strictest_pattern_counts() {
        use ToolPermission::{Allow, Ask, Blocked};
        let rules = server(&json!({
            "*": "ask", "get_*": "allow", "*_secret": "blocked", "a*b*c": "allow", "Get_Secret": "allow", "PUT": "allow", "put": "blocked",
        }));
        let table = [
            ("list", Some(Ask)),
            ("get_list", Some(Ask)),
            ("GET_SECRET", Some(Allow)),
            ("get_my_secret", Some(Blocked)),
            ("Put", Some(Blocked)),
        ];
        for (tool, wanted) in table {
            assert_eq!(rules.permission(tool), wanted, "{tool}");
        }
        assert_eq!(server(&json!({})).permission("list"), None);
    }

    #[test]
    fn a_pattern_is_about_the_whole_name() {
        let rules = server(&json!({ "get_*": "allow", "a*b*bc": "allow", "x*x": "allow" }));
        let table = [
            ("get_", true),
            ("forget_all", false),
            ("abbc", true),
            ("abc", false),
            ("a-b-bc", true),
            ("a-b-bcd", false),
            ("x", false),
            ("xx", true),
        ];
        for (tool, wanted) in table {
            assert_eq!(rules.permission(tool).is_some(), wanted, "{tool}");
        }
    }
}
