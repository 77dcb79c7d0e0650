//! `deskhand egress …`: what this computer would contact under the settings in force. Works without the service, and
//! contacts nothing.

use std::process::ExitCode;

use anyhow::bail;
use deskhand_egress::{egress_csv, egress_table, firewall_rules};
use deskhand_platform::Paths;

use super::policy::in_force;
use super::sessions::{print, print_json};
use crate::options::{EgressCommand, EgressForm};
use crate::serve::gate;

/// Lists and explains.
pub(crate) async fn egress(paths: &Paths, command: EgressCommand) -> anyhow::Result<ExitCode> {
    let gate = gate(&in_force(paths).await?, None, None);
    match command {
        EgressCommand::List { format } => {
            let entries = gate.egress_list();
            match format {
                EgressForm::Text if entries.is_empty() => print("Nothing is contacted.")?,
                EgressForm::Text => print(egress_table(&entries).trim_end())?,
                EgressForm::Json => print_json(&entries)?,
                EgressForm::Csv => print(egress_csv(&entries).replace('\r', "").trim_end())?,
                EgressForm::Firewall => print(firewall_rules(&entries).trim_end())?,
            }
        }
        EgressCommand::Explain { host, json } => {
            let Some(explanation) = gate.explain(&host) else {
                bail!("`{host}` is no host. Give a host name or an address, with or without a port.");
            };
            if json {
                print_json(&explanation)?;
            } else {
                print(explanation.to_string().trim_end())?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
