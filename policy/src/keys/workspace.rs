//! Section "Workspace" of the table of keys.

use super::prelude::*;

policy_section! {
    /// Folders, documents, and what the agent may do with them.
    Workspace "workspace" "Workspace" on Workspace

    /// Whether a file keeps where the figures came from that were written into it: names, addresses and values of source
    /// documents, which go where the file goes. The journal of a session keeps them in any case.
    deskhand_keep_sources_in_files "deskhandKeepSourcesInFiles": bool {
        default: true,
        invalid: false, UsesValue, "who writes this key wants less to leave with a file",
        forbids: &[("false", "writing into files where their figures came from")],
        since: "0.1.0",
    }

    /// How often a pane is paired with the window or terminal: `once` per application and user, or `always`.
    deskhand_pairing "deskhandPairing": Pairing {
        default: Pairing::Once,
        invalid: Pairing::Always, UsesValue, "asking more often lets less in",
        forbids: &[("always", "panes that connect without being paired anew")],
        since: "0.1.0",
    }

    /// Folders that may be attached, with everything below them. Each entry is a path, or an object with `path`, `mode` (`ro`,
    /// `rw`) and `isDefaultSelected`. `~` and `%OneDrive%`, `%OneDriveCommercial%`, `%OneDriveConsumer%`, `%APPDATA%`,
    /// `%LOCALAPPDATA%`, `%USERNAME%`, `%XDG_DOCUMENTS_DIR%` expand; an entry with another or an unset variable is skipped.
    /// Absent: any folder. Empty: none.
    allowed_workspace_folders "allowedWorkspaceFolders": Option<FolderRules> {
        default: None,
        invalid: Some(FolderRules::default()), UsesValue, "a malformed allow-list allows nothing",
        order: Order::Allows(allows_all_of),
        forbids: &[
            ("none", "attaching any folder"),
            ("any", "attaching folders outside of {}"),
        ],
        since: "0.1.0",
    }

    /// Tools that are not there, by name: `Glob`, `Grep`, `Read`, `Write`, `Edit`, `Delete`, `request_directory`, `WebFetch`,
    /// `WebSearch`, `Bash`, `memory_write`, or the name of a document tool such as `document_open`, `document_create`, `document_render`, `document_convert` or `range_write`. Without `Read` no file on disk is read, without `Edit` none is changed, documents among them;
    /// without `Write` no file is made, overwritten or deleted. Commands in the sandbox are held to the same: without `Read` they see no folder, without `Edit` or `Write` they only read. What is open in Office is read and edited there all the same.
    disabled_builtin_tools "disabledBuiltinTools": ToolNames {
        default: ToolNames::default(),
        invalid: ToolNames::default(), StopsSessions, "the list may name any tool",
        order: Order::Refuses,
        forbids: &[("any", "the tools {}")],
        differs: "The names are those of Deskhand's tools; a name of another product's tool removes nothing.",
        since: "0.1.0",
    }

    /// Tools that ask a person each time, by rule: `{"Edit": "ask"}`, `{"Edit(**/*.env)": "ask"}` for files by their path, or
    /// `{"WebFetch(domain:example.com)": "ask"}` for the web by a host and those below it, or `{"Bash(curl *)": "ask"}` for commands, where a part that cannot be read asks too; `*` is every tool. Since a command can do what they ask about, rules for files and `WebFetch` make each `Bash` that could reach any ask. A rule for `Read` keeps the files that it fits out of searches. `allow` is the same as no rule: it
    /// takes no question away. An unknown word asks.
    builtin_tool_policy "builtinToolPolicy": ToolRules {
        default: ToolRules::default(),
        invalid: ToolRules::ask_always(), UsesValue, "asking lets less happen",
        order: Order::Words("ask"),
        forbids: &[("any", "calls that fit {} without asking a person")],
        differs: "`allow` takes no question away: risky actions ask all the same.",
        since: "0.1.0",
    }

    /// `true`: the mode that acts without asking is closed. `false`: people may choose it. Risky actions ask in every mode.
    disable_bypass_permissions_mode "disableBypassPermissionsMode": bool {
        default: false,
        invalid: true, UsesValue, "asking lets less happen",
        forbids: &[("true", "the mode that acts without asking")],
        since: "0.1.0",
    }

    /// Whether single files outside of attached folders are refused. Tools never read what nobody attached; with this, a
    /// person cannot attach a file either unless it lies in an attached folder.
    block_reads_outside_working_directories "blockReadsOutsideWorkingDirectories": bool {
        default: false,
        invalid: true, UsesValue, "reading less lets less out",
        forbids: &[("true", "attaching single files outside of attached folders")],
        differs_when_absent: "Tools never read what nobody attached, also where the key is absent.",
        since: "0.1.0",
    }

    /// Which documents may be read, by their sensitivity labels: statements with `effect` (`allow`, `deny`), `action`
    /// (`addin.access`, `file.upload`) and `resource` (`open_file` or `uploaded_file` with `identifiers` by `mip_label_guid`
    /// or `mip_label_name`). Deny beats allow; the first allow closes what no statement opens; a label that cannot be read is
    /// denied. A document that is denied under either action is not read, neither from disk nor in Office; of one
    /// that is open there its file on this computer is looked at, and where that is out of reach the label counts as one
    /// that cannot be read.
    office_access_policies "officeAccessPolicies": AccessPolicies {
        default: AccessPolicies::default(),
        invalid: AccessPolicies::deny_all(), UsesValue, "a malformed deny must not open what it closes",
        forbids: &[("any", "reading documents whose sensitivity labels its statements deny or, where one allows some, do not allow")],
        since: "0.1.0",
    }

    /// What the organisation tells the model in every session, after Deskhand's own instructions. Guidance, no enforcement;
    /// people see it.
    organization_instructions "organizationInstructions": Option<Instructions> {
        default: None,
        invalid: None, UsesValue, "guidance lets nothing in or out",
        since: "0.1.0",
    }

    /// A folder with the organisation's copy of office.js. Panes then load it from this machine, and their
    /// Content-Security-Policy no longer names Microsoft's CDN.
    deskhand_office_script_folder "deskhandOfficeScriptFolder": Option<FolderPath> {
        default: None,
        invalid: None, StopsSessions, "pages must not load a script from outside that the organisation keeps itself",
        scope: Managed,
        forbids: &[("any", "office.js from the network: panes load it from {}")],
        since: "0.1.0",
    }

    /// Applications of Office that the agent stays out of: `sheet` (Excel), `slide` (PowerPoint), `doc` (Word), `mail`
    /// (Outlook). A pane in one of them says who switched it off.
    office_disabled_hosts "officeDisabledHosts": List<OfficeHost, 16> {
        default: List::default(),
        invalid: List(OfficeHost::all().collect()), UsesValue, "a malformed list may name any of them",
        order: Order::Refuses,
        forbids: &[("any", "the agent in {}")],
        since: "0.1.0",
    }
}
