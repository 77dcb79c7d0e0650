//! What a policy would answer: `read PATH`, `write PATH`, `connect HOST`, `tool NAME`, `mcp NAME`.
//!
//! Judged by the values in effect and the same rules as in enforcement, as far as they need no machine: links are not
//! followed, names not resolved, files not looked at. Where that matters the answer says so.

use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use crate::definition::Effect;
use crate::hosts::{ALLOWED, Host, HostRule, HostRules, PRIVATE, PrivateRule, host_and_port};
use crate::keys::{Policy, definition};
use crate::nearest::nearest;
use crate::source::Origin;
use crate::types::{BuiltInServer, FolderMode, McpServer, SEARCH_TOOL, SearchService, names_tool};

/// Bytes that a question may have.
const CAP: usize = 8 << 10;

/// A question to a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// May this file be read?
    Read(String),
    /// May this file be written?
    Write(String),
    /// May the web tools and the sandbox connect to this host, with a port or on 443?
    Connect(String),
    /// Is this tool there?
    Tool(String),
    /// May this MCP server be used?
    Mcp(String),
}

impl Question {
    /// Reads a question as it is typed.
    ///
    /// # Errors
    /// A sentence that names the forms.
    pub fn parse(text: &str) -> Result<Self, String> {
        let forms =
            || "ask one of: `read PATH`, `write PATH`, `connect HOST`, `tool NAME`, `mcp NAME`".to_owned();
        let (verb, about) = text.trim().split_once(char::is_whitespace).ok_or_else(forms)?;
        let about = about.trim().to_owned();
        if about.len() > CAP {
            return Err(forms());
        }
        match verb {
            "read" => Ok(Self::Read(about)),
            "write" => Ok(Self::Write(about)),
            "connect" => Ok(Self::Connect(about)),
            "tool" => Ok(Self::Tool(about)),
            "mcp" => Ok(Self::Mcp(about)),
            _ => Err(forms()),
        }
    }
}

/// The answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Whether it may happen. What a person is asked about first may.
    pub allowed: bool,
    /// The key that decides; `None` where no key says anything of it.
    pub key: Option<&'static str>,
    /// Where the value of that key comes from.
    pub origin: Origin,
    /// Why, in a sentence.
    pub why: String,
}

/// What the answers need beside the policy: what expands in the paths of folders, on the machine that is asked about, and what
/// the gate of connections adds to the list of hosts.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The home of the user.
    pub home: &'a Path,
    /// The variables of the user.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// What is reached without an entry in the list of hosts.
    pub added: &'a [Added],
}

/// A host that is reached on one port without an entry in the list of hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// The host.
    pub host: Host,
    /// Its port.
    pub port: u16,
    /// The key that adds it: `otlpEndpoint` for the collector, which the sandbox alone reaches; else that of the list, which
    /// is unset, so that the host of inference is reached.
    pub key: &'static str,
}

impl std::fmt::Debug for Place<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Place")
            .field("home", &self.home)
            .field("added", &self.added)
            .finish_non_exhaustive()
    }
}

/// The beginning of the names of tools that servers bring: which of them there are, only the servers know.
const OF_A_SERVER: &str = "mcp__";

/// Why a question has no answer: it is about a tool that is none of `tools`, the names of Deskhand's own, and of no server.
pub fn no_such_tool(question: &Question, tools: &[String]) -> Option<String> {
    let Question::Tool(name) = question else {
        return None;
    };
    let names = || tools.iter().map(String::as_str);
    if names_tool(names(), name) || name.starts_with(OF_A_SERVER) {
        return None;
    }
    let near = nearest(name, names()).map(|near| format!("; the nearest is `{near}`"));
    Some(format!("there is no such tool{}", near.unwrap_or_default()))
}

/// Answers a question.
pub fn simulate(policy: &Policy, question: &Question, place: Place<'_>) -> Verdict {
    let asked = Asked { policy, place };
    asked.stopped().unwrap_or_else(|| match question {
        Question::Read(path) => asked.file(path, false),
        Question::Write(path) => asked.file(path, true),
        Question::Connect(host) => asked.host(host),
        Question::Tool(name) => asked.tool(name),
        Question::Mcp(name) => asked.server(name),
    })
}

/// The answer for a terminal.
pub fn text(verdict: &Verdict) -> String {
    let word = if verdict.allowed { "allowed" } else { "denied" };
    match verdict.key {
        Some(key) => format!("{word}: {} (`{key}`, {})\n", verdict.why, verdict.origin),
        None => format!("{word}: {}\n", verdict.why),
    }
}

struct Asked<'a> {
    policy: &'a Policy,
    place: Place<'a>,
}

impl Asked<'_> {
    fn verdict(&self, allowed: bool, key: &'static str, why: impl Into<String>) -> Verdict {
        let origin = self
            .policy
            .entry(key)
            .map_or(Origin::Default, |entry| entry.origin.clone());
        Verdict {
            allowed,
            key: Some(key),
            origin,
            why: why.into(),
        }
    }

    /// What keeps every session from starting.
    fn stopped(&self) -> Option<Verdict> {
        if self.policy.value("deskhandEnabled") == Value::Bool(false) {
            return Some(self.verdict(false, "deskhandEnabled", "Deskhand is switched off"));
        }
        let problem = *self.policy.stopping().first()?;
        Some(Verdict {
            allowed: false,
            key: definition(&problem.key).map(|row| row.name),
            origin: problem.origin.clone(),
            why: format!("no session starts: {}", problem.reason),
        })
    }

    fn file(&self, written: &str, write: bool) -> Verdict {
        let Some(path) = self.absolute(written) else {
            let why = "only an absolute path, or one below `~`, can be asked about";
            return Verdict {
                allowed: false,
                key: None,
                origin: Origin::Default,
                why: why.to_owned(),
            };
        };
        let needed: &[&str] = if write { &["Write", "Edit"] } else { &["Read"] };
        let gone: Vec<&&str> = needed.iter().filter(|tool| self.is_disabled(tool)).collect();
        if gone.len() == needed.len() {
            return self.verdict(
                false,
                "disabledBuiltinTools",
                "the tools that would do it are taken away",
            );
        }
        let mut hints = Vec::new();
        if let [tool] = gone[..] {
            hints.push(match *tool {
                "Write" => "files are changed, not made or overwritten (`disabledBuiltinTools`)",
                _ => "files are made and overwritten, not changed in place (`disabledBuiltinTools`)",
            });
        }
        if self
            .policy
            .value("officeAccessPolicies")
            .as_array()
            .is_some_and(|list| !list.is_empty())
        {
            hints.push("a document is also judged by its sensitivity label (`officeAccessPolicies`)");
        }
        let mut verdict = self.folder(&path, write);
        if verdict.allowed {
            if let Some(rule) = needed.iter().find_map(|tool| self.asks(tool)) {
                let _ = write!(
                    verdict.why,
                    "; a person is asked each time where `{rule}` fits (`builtinToolPolicy`)"
                );
            }
            for hint in hints {
                verdict.why.push_str("; ");
                verdict.why.push_str(hint);
            }
        }
        verdict
    }

    /// What the list of folders says. Of several that hold the path the innermost counts.
    fn folder(&self, path: &Path, write: bool) -> Verdict {
        const KEY: &str = "allowedWorkspaceFolders";
        let Some(rules) = &self.policy.workspace.allowed_workspace_folders.value else {
            return self.verdict(
                true,
                KEY,
                "any folder may be attached; a person attaches it first",
            );
        };
        let holding = rules.0.iter().filter_map(|rule| {
            let root = rule.expand(self.place.home, self.place.variable)?;
            path.starts_with(&root)
                .then_some((root.components().count(), rule))
        });
        match holding.max_by_key(|(depth, _)| *depth) {
            None => self.verdict(false, KEY, "no listed folder holds it"),
            Some((_, rule)) if write && rule.mode == FolderMode::ReadOnly => {
                self.verdict(false, KEY, format!("`{}` is for reading only", rule.path))
            }
            Some((_, rule)) => {
                let how = if rule.is_default_selected {
                    "which every session has"
                } else {
                    "once a person has attached it"
                };
                self.verdict(true, KEY, format!("it lies in `{}`, {how}", rule.path))
            }
        }
    }

    /// The path without `~`, `.` and `..`, by its text alone.
    fn absolute(&self, written: &str) -> Option<PathBuf> {
        let path = match written.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with(['/', '\\']) => {
                self.place.home.join(rest.trim_start_matches(['/', '\\']))
            }
            Some(_) => return None,
            None => PathBuf::from(written),
        };
        if !path.is_absolute() {
            return None;
        }
        let mut plain = PathBuf::new();
        for part in path.components() {
            match part {
                Component::CurDir => {}
                Component::ParentDir => drop(plain.pop()),
                part => plain.push(part),
            }
        }
        Some(plain)
    }

    fn host(&self, written: &str) -> Verdict {
        let Some((host, port)) = host_and_port(written) else {
            let why = "this is no host: write a name or an address, with a port or without";
            return Verdict {
                allowed: false,
                key: None,
                origin: Origin::Default,
                why: why.to_owned(),
            };
        };
        let rules = self.host_rules();
        let verdict = self.by_name(&rules, &host, port.unwrap_or(443));
        if !verdict.allowed {
            return verdict;
        }
        if !rules.admits(&host) {
            return self.verdict(false, PRIVATE, "it is a private, local or reserved address");
        }
        match host {
            Host::Address(_) => verdict,
            Host::Name(_) => Verdict {
                why: format!(
                    "{}; its addresses are judged as well when they are known",
                    verdict.why
                ),
                ..verdict
            },
        }
    }

    fn host_rules(&self) -> HostRules {
        let entries = |key| self.list(key).unwrap_or_default().into_iter();
        let listed = entries(ALLOWED).filter_map(|text| HostRule::parse(&text).ok());
        let private = entries(PRIVATE).filter_map(|text| PrivateRule::parse(&text).ok());
        HostRules::new(listed.collect(), private.collect())
    }

    /// What opens a host, or that nothing does.
    fn by_name(&self, rules: &HostRules, host: &Host, port: u16) -> Verdict {
        let mut added = self.place.added.iter();
        if let Some(added) = added.find(|added| added.host == *host && added.port == port) {
            let why = if added.key == ALLOWED {
                "no list is set, and it is the host of inference"
            } else {
                "it is the collector, which programs in the sandbox reach without an entry"
            };
            return self.verdict(true, added.key, why);
        }
        if self.list(ALLOWED).is_none() {
            let why = format!(
                "no list is set, so only the host of inference is reached, and this is not it on port {port}"
            );
            return self.verdict(false, ALLOWED, why);
        }
        if let Some(rule) = rules.naming(host, port) {
            return self.verdict(true, ALLOWED, format!("`{rule}` names it"));
        }
        let why = format!("nothing in the list names it on port {port}");
        self.verdict(false, ALLOWED, why)
    }

    fn tool(&self, name: &str) -> Verdict {
        if self.is_disabled(name) {
            return self.verdict(false, "disabledBuiltinTools", "the list takes it away");
        }
        if let Some(closed) = self.web_tool(name) {
            return closed;
        }
        match self.asks(name) {
            Some(rule) => self.verdict(
                true,
                "builtinToolPolicy",
                format!("a person is asked each time where `{rule}` fits"),
            ),
            None => self.verdict(true, "disabledBuiltinTools", "the list does not name it"),
        }
    }

    /// What closes a tool of the web.
    fn web_tool(&self, name: &str) -> Option<Verdict> {
        if name.eq_ignore_ascii_case("WebFetch") {
            let why = match self.list(ALLOWED) {
                Some(list) if list.is_empty() => "the list is empty: there is no host to reach",
                None if !self.place.added.iter().any(|added| added.key == ALLOWED) => {
                    "no list is set, and there is no host of inference: there is no host to reach"
                }
                Some(_) | None => return None,
            };
            return Some(self.verdict(false, ALLOWED, why));
        }
        if !name.eq_ignore_ascii_case(SEARCH_TOOL) {
            return None;
        }
        let key = "managedMcpServers";
        match SearchService::among(self.servers()) {
            Ok(service) if service.asks => {
                Some(self.verdict(true, key, "a person is asked each time (`toolPolicy`)"))
            }
            Ok(_) => None,
            Err(error) => Some(self.verdict(false, key, error.to_string())),
        }
    }

    fn servers(&self) -> &[McpServer] {
        &self.policy.connectors.managed_mcp_servers.value.0
    }

    fn server(&self, name: &str) -> Verdict {
        let servers = self.servers();
        let entry = servers.iter().find(|server| server.name == name);
        if entry.is_some_and(|entry| entry.server == Some(BuiltInServer::Websearch)) {
            return match SearchService::among(servers) {
                Ok(service) if service.entry.name == name => {
                    let why = "the administrator's list has it, and WebSearch asks it";
                    self.verdict(true, "managedMcpServers", why)
                }
                Ok(_) => {
                    let why = "WebSearch asks the first server `websearch` of the list, which is another one";
                    self.verdict(false, "managedMcpServers", why)
                }
                Err(error) => self.verdict(false, "managedMcpServers", error.to_string()),
            };
        }
        let listed = entry.is_some();
        let (key, allowed, why) = match (listed, self.policy.value("isLocalDevMcpEnabled")) {
            (true, _) => ("managedMcpServers", true, "the administrator's list has it"),
            (false, Value::Bool(false)) => (
                "isLocalDevMcpEnabled",
                false,
                "the administrator's list does not have it, and users may add none",
            ),
            (false, _) => (
                "isLocalDevMcpEnabled",
                true,
                "users may add local servers of their own",
            ),
        };
        let later = definition(key).and_then(|row| match row.effect {
            Effect::ActsWith(_) | Effect::ActsInPart(_) => {
                Some("; no such server runs until Deskhand has MCP servers")
            }
            _ => None,
        });
        self.verdict(allowed, key, format!("{why}{}", later.unwrap_or_default()))
    }

    fn is_disabled(&self, tool: &str) -> bool {
        self.policy.workspace.disabled_builtin_tools.value.has(tool)
    }

    /// The first rule that asks about a tool.
    fn asks(&self, tool: &str) -> Option<String> {
        use crate::types::ToolAction;
        let rules = self.policy.workspace.builtin_tool_policy.value.0.iter();
        let mut asking = rules.filter(|(_, action)| **action == ToolAction::Ask);
        asking
            .find(|(rule, _)| rule.tool == "*" || rule.tool.eq_ignore_ascii_case(tool))
            .map(|(rule, _)| rule.text())
    }

    /// A list of text; `None` where it is unset.
    fn list(&self, key: &str) -> Option<Vec<String>> {
        let value = self.policy.value(key);
        let entries = value.as_array()?.iter().filter_map(Value::as_str);
        Some(entries.map(str::to_owned).collect())
    }
}
