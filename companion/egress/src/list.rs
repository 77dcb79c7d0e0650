//! The egress list: what the current settings open, for people and for firewalls.

use serde::Serialize;

use crate::{Destination, Gate, OpenedBy, Origin};

/// One line of the egress list: one origin that may be contacted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EgressEntry {
    /// The destination's stable name.
    pub destination: &'static str,
    /// Where connections go.
    pub origin: Origin,
    /// `service` or `pane`.
    pub opened_by: &'static str,
    /// The policy key that opens and closes it.
    pub key: &'static str,
    /// Why it exists.
    pub why: &'static str,
}

impl Gate {
    /// What may be contacted under the current settings, in the order of the table.
    pub fn egress_list(&self) -> Vec<EgressEntry> {
        let entries = Destination::TABLE.iter().flat_map(|row| {
            let origins = self.origins(row.destination).unwrap_or_default();
            origins.iter().map(|origin| EgressEntry {
                destination: row.id,
                origin: origin.clone(),
                opened_by: match row.opened_by {
                    OpenedBy::Service | OpenedBy::ServiceOnTheWay => "service",
                    OpenedBy::Pane(_) => "pane",
                },
                key: row.opens.key(),
                why: row.why,
            })
        });
        entries.collect()
    }
}

/// The list as a table of aligned columns.
pub fn egress_table(entries: &[EgressEntry]) -> String {
    let heads = ["DESTINATION", "ORIGIN", "OPENED BY", "POLICY KEY", "WHY"];
    let rows: Vec<[String; 5]> = std::iter::once(heads.map(str::to_owned))
        .chain(entries.iter().map(|entry| {
            let cells = [entry.destination, "", entry.opened_by, entry.key, entry.why];
            let mut cells = cells.map(str::to_owned);
            cells[1] = entry.origin.to_string();
            cells
        }))
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2), width(3)];
    let lines = rows.iter().map(|[destination, origin, opened_by, key, why]| {
        let [a, b, c, d] = widths;
        format!("{destination:a$}  {origin:b$}  {opened_by:c$}  {key:d$}  {why}\n")
    });
    lines.collect()
}

/// The list for a firewall: one `host:port` a line, sorted, each once. Hosts on this machine need no rule.
pub fn firewall_rules(entries: &[EgressEntry]) -> String {
    let mut rules: Vec<String> = entries
        .iter()
        .filter(|entry| !entry.origin.is_loopback())
        .map(|entry| format!("{}:{}\n", entry.origin.host(), entry.origin.port()))
        .collect();
    rules.sort();
    rules.dedup();
    rules.concat()
}
