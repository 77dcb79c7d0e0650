//! The commands of administrators and reviewers: audit, settings, egress.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Looks for records that were edited, removed, reordered or cut off. Exits with 1 where something is wrong.
    Verify {
        /// Anchors that were kept elsewhere: JSON lines, or what a collector wrote of OTLP logs.
        #[arg(long, value_name = "FILE")]
        anchors: Option<PathBuf>,
    },
    /// Shows the newest records, or one of them.
    Show {
        /// The record.
        number: Option<u64>,
        /// Says whether this file holds the content that the record speaks of.
        #[arg(long, value_name = "FILE", requires = "number")]
        compare: Option<PathBuf>,
        /// How many of the newest.
        #[arg(long, value_name = "N", default_value_t = 20, conflicts_with = "number")]
        last: u64,
    },
    /// Gives records out, one a line.
    Export(AuditExport),
}

#[derive(Debug, Args)]
pub(crate) struct AuditExport {
    /// The form: JSON lines, a table, or events of the Open Cybersecurity Schema Framework.
    #[arg(long, value_enum, default_value_t = AuditFormat::Jsonl)]
    pub(crate) format: AuditFormat,
    /// Records after this number.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) after: u64,
    /// Records from this day (2026-03-01) or time (2026-03-01T14:05:00Z) on.
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Records of this session.
    #[arg(long, value_name = "ID")]
    pub(crate) session: Option<uuid::Uuid>,
    /// With the contents that were kept.
    #[arg(long)]
    pub(crate) content: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum AuditFormat {
    Jsonl,
    Csv,
    Ocsf,
}

#[derive(Debug, Subcommand)]
pub(crate) enum DiagnosticsCommand {
    /// Shows every record that is kept, by category.
    Show,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProviderCommand {
    /// Tries each step of a call apart (DNS, proxy, TLS, sign-in, list of models, a request for one token) and says how long it
    /// took, and what to do where one fails. Works without the service. Exits with 1 where the test does not pass.
    Test,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SupportCommand {
    /// Lists logs, diagnostics, settings and what the doctor says, without content, names, places and secrets; asks, and
    /// writes them to one file. Nothing of it is sent; whom the doctor asks is named first.
    Bundle {
        /// The file; one of a new name in this folder when absent.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Agree to everything without being asked.
        #[arg(long)]
        yes: bool,
        /// Ask neither the model provider nor the collector whether they answer.
        #[arg(long)]
        offline: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Shows every key with its value and where it comes from. Secrets are masked.
    Show,
    /// Sets a key of the user's own. A secret is read from standard input and goes to the secret store.
    Set {
        /// The key.
        key: String,
        /// The value: text, or JSON for lists and objects. Absent for a secret.
        value: Option<String>,
    },
    /// Removes a key of the user's own.
    Unset {
        /// The key.
        key: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum EgressCommand {
    /// Lists destinations with who connects, why, and the key that closes each.
    List {
        /// How: a table, JSON, CSV, or `host:port` a line for a firewall.
        #[arg(long, value_enum, default_value_t = EgressForm::Text)]
        format: EgressForm,
    },
    /// Says what reaches a host, or which key would let something reach it.
    Explain {
        /// A host, `host:port` or an address.
        host: String,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

/// A form of the egress list.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum EgressForm {
    Text,
    Json,
    Csv,
    Firewall,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Shows the keys that are set, with where each comes from, whether it is locked, and what is wrong.
    Show {
        /// All keys, those at their default too.
        #[arg(long)]
        all: bool,
    },
    /// Says what a key does, why it has its value, and what it forbids right now.
    Explain {
        /// The key.
        key: String,
    },
    /// Checks a file in any of the formats; exit code 1 with errors.
    Check {
        /// A .mobileconfig, .plist, .reg or JSON file.
        file: PathBuf,
        /// Asks instead what would happen under the file: `read PATH`, `write PATH`, `connect HOST`, `tool NAME` or
        /// `mcp NAME`; exit code 1 where it is denied.
        #[arg(long, value_name = "QUESTION")]
        simulate: Option<String>,
    },
    /// Compares two files by what they have in effect.
    Diff {
        /// The one.
        before: PathBuf,
        /// The other.
        after: PathBuf,
    },
    /// Writes the settings in force without secrets, those of a file, or a template of all keys.
    Export {
        /// admx, adml, mobileconfig, manifest, jamf, reg, json, intune, schema or markdown.
        #[arg(long)]
        format: String,
        /// The file whose settings are written; the settings in force when absent.
        #[arg(long, value_name = "FILE", conflicts_with = "profile")]
        from: Option<PathBuf>,
        /// A recommended profile: standard, restricted or locked-down.
        #[arg(long, value_name = "NAME")]
        profile: Option<String>,
        /// Where to; standard output when absent.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Takes over a profile, also one that was written for another product with the same keys, and lists every difference.
    Import {
        /// A .mobileconfig, .plist, .reg or JSON file.
        file: PathBuf,
        /// The format of what is written: json, reg, mobileconfig or intune.
        #[arg(long, default_value = "json")]
        format: String,
        /// Where the settings for Deskhand are written to; only the differences are told when absent.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}
