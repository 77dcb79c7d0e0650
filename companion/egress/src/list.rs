//! The egress list: what the current settings open, for people, for programs and for firewalls, and why a host is open or
//! not.

use serde::Serialize;

use crate::destination::{Carries, Feature};
use crate::dial::Scope;
use crate::{Destination, EgressError, Gate, NamedBy, Origin, Row, WayOut};
use deskhand_policy::hosts::{ALLOWED, Host, HostRule};
use deskhand_policy::simulate::Added;

/// One line of the egress list: one origin, or one entry of a list of hosts, that may be contacted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EgressEntry {
    /// The destination's stable name.
    pub destination: &'static str,
    /// Where connections go.
    pub target: Target,
    /// `service`, `sandbox`, `browser` or `pane`.
    pub opened_by: &'static str,
    /// The policy key that opens and closes it; empty for a proxy that the operating system or the environment names.
    pub key: &'static str,
    /// Whether prompts, answers, documents or what the model makes of them travel there.
    pub carries_content: bool,
    /// False where this build has no feature that connects there: listed for planning, and no traffic today.
    pub built: bool,
    /// Why it exists.
    pub why: &'static str,
}

/// Where the connections of an entry go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One scheme, host and port.
    Origin(Origin),
    /// The hosts that an entry of a list names.
    Hosts(HostRule),
}

impl Target {
    /// As a firewall has it: `host:port`, once for each port. A wildcard stands for one label.
    fn for_firewall(&self) -> Vec<String> {
        match self {
            // Hosts on this machine need no rule.
            Self::Origin(origin) if origin.is_loopback() => Vec::new(),
            Self::Hosts(rule) if rule.is_loopback() => Vec::new(),
            Self::Origin(origin) => vec![format!("{}:{}", origin.host(), origin.port())],
            Self::Hosts(rule) => rule.for_firewall(),
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Origin(origin) => origin.fmt(formatter),
            Self::Hosts(rule) => rule.fmt(formatter),
        }
    }
}

impl Serialize for Target {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Gate {
    /// What may be contacted under the current settings, in the order of the table.
    pub fn egress_list(&self) -> Vec<EgressEntry> {
        let rows = Destination::TABLE.iter();
        let collector = self.origins(Destination::Collector).unwrap_or_default();
        let entry = |row: &'static Row, target: Target| {
            let added = matches!(&target, Target::Origin(origin) if collector.contains(origin));
            let mut entry = entry(row, target);
            if row.destination == Destination::Sandbox && added {
                // No entry of the list opens it.
                entry.key = Destination::Collector.row().closed_by;
            }
            EgressEntry {
                key: self.key_of(row, entry.key),
                why: self.why(row),
                ..entry
            }
        };
        let targets = |row: &'static Row| self.targets(row).into_iter().map(move |target| (row, target));
        rows.flat_map(targets)
            .map(|(row, target)| entry(row, target))
            .collect()
    }

    /// Why a destination is in the list; of a proxy and its script, with who names it where no policy key does.
    fn why(&self, row: &Row) -> &'static str {
        let is_script = row.destination == Destination::ProxyScript;
        match self.outsider(row) {
            Some(WayOut {
                named_by: NamedBy::System,
                ..
            }) if is_script => {
                "Says which proxy to use; the settings of the operating system name it, and the proxies that it names are not in this list."
            }
            Some(WayOut {
                named_by: NamedBy::System,
                script: Some(_),
                ..
            }) => {
                "Takes the connections of the service where the script is out of reach: the settings of the operating system name both."
            }
            Some(WayOut {
                named_by: NamedBy::System,
                ..
            }) => "Takes the connections of the service: the settings of the operating system name it.",
            Some(_) => "Takes the connections of the service: the environment names it.",
            None => row.why,
        }
    }

    /// The policy key that decides about an open destination; empty for a proxy or a script that no policy key names.
    fn key_of(&self, row: &Row, key: &'static str) -> &'static str {
        self.outsider(row).map_or(key, |_| "")
    }

    /// The way out, for a proxy and a script that the operating system or the environment names.
    fn outsider(&self, row: &Row) -> Option<WayOut> {
        let is_on_the_way = matches!(row.destination, Destination::Proxy | Destination::ProxyScript);
        let way = self.way_out().ok().filter(|_| is_on_the_way)?;
        matches!(way.named_by, NamedBy::System | NamedBy::Environment).then_some(way)
    }

    /// What the web tools and the sandbox reach without an entry in the list of hosts, for the simulator of policies.
    pub fn added(&self) -> Vec<Added> {
        let origins = |destination| self.origins(destination).unwrap_or_default();
        let collector = origins(Destination::Collector);
        let reached = [Destination::WebFetch, Destination::Sandbox].map(origins);
        let added = reached.into_iter().flatten().filter_map(|origin| {
            Some(Added {
                host: Host::parse(origin.host())?,
                port: origin.port(),
                key: if collector.contains(origin) {
                    "otlpEndpoint"
                } else {
                    ALLOWED
                },
            })
        });
        added.collect()
    }

    fn targets(&self, row: &Row) -> Vec<Target> {
        let Ok(scope) = self.scope(row.destination) else {
            return Vec::new();
        };
        let rules = match scope {
            Scope::Web(rules) => rules.listed(),
            Scope::Origins(_) | Scope::Fetch(_) => &[],
        };
        let origins = self.origins(row.destination).unwrap_or_default();
        let origins = origins.iter().cloned().map(Target::Origin);
        origins.chain(rules.iter().cloned().map(Target::Hosts)).collect()
    }

    /// Which destinations reach a host, and which key would let others reach it. `asked` is a host in any spelling, with
    /// or without a port (443), or an address; `None` where it names no host.
    pub fn explain(&self, asked: &str) -> Option<Explanation> {
        let (host, port) = read(asked)?;
        let mut explanation = Explanation {
            host: host.to_string(),
            port,
            reached_by: Vec::new(),
            opened_with: Vec::new(),
        };
        for row in Destination::TABLE {
            let key = match self.judge(row, &host, port) {
                Judgement::Reaches => {
                    let key = self.key_of(row, row.closed_by);
                    explanation.reached_by.push(Passage {
                        why: self.why(row),
                        ..Passage::of(row, key)
                    });
                    continue;
                }
                Judgement::Opens(key) => key,
                Judgement::Elsewhere => continue,
            };
            explanation.opened_with.push(Passage::of(row, key));
        }
        Some(explanation)
    }

    fn judge(&self, row: &Row, host: &Host, port: u16) -> Judgement {
        let is_host =
            |origin: &Origin| Host::parse(origin.host()).as_ref() == Some(host) && origin.port() == port;
        match self.scope(row.destination) {
            Ok(Scope::Web(rules)) => match rules.permits(host, port) {
                Ok(()) => Judgement::Reaches,
                Err(why) => Judgement::Opens(why.key()),
            },
            Ok(Scope::Origins(origins)) if origins.iter().any(is_host) => Judgement::Reaches,
            Ok(Scope::Fetch(origin)) if is_host(origin) => Judgement::Reaches,
            // The destination is open and leads somewhere else: its address would have to change.
            Ok(_) if is_standard(row, host, port) => Judgement::Opens(row.named_by),
            Err(error) if is_standard(row, host, port) || row.id == "web-fetch" || row.id == "sandbox" => {
                Judgement::Opens(match error {
                    EgressError::Closed { key, .. } | EgressError::Address { key, .. } => key,
                    _ => row.closed_by,
                })
            }
            Ok(_) | Err(_) => Judgement::Elsewhere,
        }
    }
}

enum Judgement {
    Reaches,
    Opens(&'static str),
    Elsewhere,
}

/// Why a host is open or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The host in the spelling that is compared.
    pub host: String,
    /// The port that was asked for.
    pub port: u16,
    /// The destinations that reach it, each with the key that closes it.
    pub reached_by: Vec<Passage>,
    /// The destinations that do not, and could, each with the key that would open it.
    pub opened_with: Vec<Passage>,
}

/// One destination in an explanation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Passage {
    /// The destination's stable name.
    pub destination: &'static str,
    /// The policy key that decides; empty for a proxy that the operating system or the environment names.
    pub key: &'static str,
    /// `service`, `sandbox`, `browser` or `pane`.
    pub opened_by: &'static str,
    /// False where this build has no feature that connects there.
    pub built: bool,
    /// Why the destination exists.
    pub why: &'static str,
}

impl Passage {
    fn of(row: &Row, key: &'static str) -> Self {
        Self {
            destination: row.id,
            key,
            opened_by: row.opened_by.as_str(),
            built: row.feature == Feature::Built,
            why: row.why,
        }
    }
}

impl std::fmt::Display for Explanation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { host, port, .. } = self;
        if self.reached_by.is_empty() {
            writeln!(formatter, "Nothing reaches {host} on port {port}.")?;
        } else {
            writeln!(formatter, "{host} on port {port} is reached by:")?;
        }
        for way in &self.reached_by {
            let mark = if way.built { "" } else { " (not built yet)" };
            let Passage {
                destination,
                key,
                opened_by,
                why,
                ..
            } = way;
            let key = match *key {
                "" => "no policy key".to_owned(),
                key => format!("policy key {key}"),
            };
            writeln!(formatter, "  {destination} ({opened_by}){mark}, {key}: {why}")?;
        }
        if !self.opened_with.is_empty() {
            writeln!(formatter, "Closed, and opened with:")?;
        }
        for Passage {
            destination,
            key,
            opened_by,
            why,
            ..
        } in &self.opened_with
        {
            writeln!(
                formatter,
                "  policy key {key} for {destination} ({opened_by}): {why}"
            )?;
        }
        Ok(())
    }
}

/// A host with or without a port, or a whole address.
fn read(asked: &str) -> Option<(Host, u16)> {
    let asked = asked.trim();
    if let Some(url) = url::Url::parse(asked).ok().filter(|_| asked.contains("://")) {
        return Some((Host::parse(url.host_str()?)?, url.port_or_known_default()?));
    }
    if let Some(host) = Host::parse(asked) {
        return Some((host, 443));
    }
    let (host, port) = asked.rsplit_once(':')?;
    Some((Host::parse(host)?, port.parse().ok()?))
}

/// Whether a host is one that the row has without an address in a setting. `*` stands for a part of one label.
fn is_standard(row: &Row, host: &Host, port: u16) -> bool {
    let Host::Name(name) = host else {
        return false;
    };
    port == 443
        && row.standard.iter().any(|pattern| {
            let Some((head, tail)) = pattern.split_once('*') else {
                return name == pattern;
            };
            let middle = name.strip_prefix(head).and_then(|rest| rest.strip_suffix(tail));
            middle.is_some_and(|middle| !middle.is_empty() && !middle.contains('.'))
        })
}

fn entry(row: &Row, target: Target) -> EgressEntry {
    EgressEntry {
        destination: row.id,
        target,
        opened_by: row.opened_by.as_str(),
        key: row.closed_by,
        carries_content: row.carries == Carries::Content,
        built: row.feature == Feature::Built,
        why: row.why,
    }
}

impl EgressEntry {
    /// The cells of a line, for people.
    fn cells(&self) -> [String; 6] {
        let carries = if self.carries_content {
            "content"
        } else {
            "no content"
        };
        let built = if self.built {
            ""
        } else {
            " Not built yet: no traffic."
        };
        [
            self.destination.to_owned(),
            self.target.to_string(),
            self.opened_by.to_owned(),
            carries.to_owned(),
            if self.key.is_empty() { "none" } else { self.key }.to_owned(),
            format!("{}{built}", self.why),
        ]
    }
}

/// The list as text in aligned columns, with a head.
pub fn egress_table(entries: &[EgressEntry]) -> String {
    let heads = [
        "DESTINATION",
        "HOSTS",
        "OPENED BY",
        "CARRIES",
        "POLICY KEY",
        "WHY",
    ]
    .map(str::to_owned);
    let rows: Vec<[String; 6]> = std::iter::once(heads)
        .chain(entries.iter().map(EgressEntry::cells))
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: [usize; 5] = std::array::from_fn(width);
    let line = |row: &[String; 6]| {
        let columns = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}  "));
        columns.chain([row[5].clone() + "\n"]).collect::<String>()
    };
    rows.iter().map(line).collect()
}

/// The list as comma-separated values (RFC 4180), with a head.
pub fn egress_csv(entries: &[EgressEntry]) -> String {
    let head = "destination,target,openedBy,key,carriesContent,built,why\r\n".to_owned();
    let lines = entries.iter().map(|entry| {
        let (content, built) = (entry.carries_content.to_string(), entry.built.to_string());
        let target = entry.target.to_string();
        let cells = [
            entry.destination,
            &target,
            entry.opened_by,
            entry.key,
            &content,
            &built,
            entry.why,
        ];
        cells.map(quoted).join(",") + "\r\n"
    });
    std::iter::once(head).chain(lines).collect()
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

/// The list for a firewall: one `host:port` a line, sorted, each once, of what this build connects to.
///
/// A wildcard stands for exactly one label, as Deskhand matches it. No entry swallows another: `*.corp.example` and
/// `*.eu.corp.example` are both listed, for a firewall whose wildcards are one label deep needs both.
pub fn firewall_rules(entries: &[EgressEntry]) -> String {
    let built = entries.iter().filter(|entry| entry.built);
    let mut rules: Vec<String> = built.flat_map(|entry| entry.target.for_firewall()).collect();
    rules.sort();
    rules.dedup();
    rules.into_iter().map(|rule| rule + "\n").collect()
}
