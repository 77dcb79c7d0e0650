//! Section "Surfaces" of the table of keys.

use super::prelude::*;

policy_section! {
    /// What is offered, and what acts by itself.
    Surfaces "surfaces" "Surfaces" on Workspace

    /// `true`: the choice of the hosted mode is hidden.
    disable_deployment_mode_chooser "disableDeploymentModeChooser": bool {
        default: false,
        invalid: true, UsesValue, "fewer choices open less",
        scope: Managed,
        effect: Effect::NotApplicable("there is no hosted mode to choose"),
        since: "0.1.0",
    }

    /// `true`: links of the reference product's own scheme are not handled.
    disable_deep_link_registration "disableDeepLinkRegistration": bool {
        default: false,
        invalid: true, UsesValue, "an unhandled link opens nothing",
        effect: Effect::NotApplicable("Deskhand registers no link scheme"),
        since: "0.1.0",
    }

    /// Whether there is a tab for work with files and tools.
    cowork_tab_enabled "coworkTabEnabled": bool {
        default: true,
        invalid: false, UsesValue, "what is not offered does nothing",
        effect: Effect::NotApplicable("Deskhand has no tabs"),
        differs: "Deskhand has one surface and no tabs: `deskhandEnabled` switches all of it off, `disabledBuiltinTools` single tools.",
        since: "0.1.0",
    }

    /// Whether there is a tab for writing programs.
    is_claude_code_for_desktop_enabled "isClaudeCodeForDesktopEnabled": bool {
        default: true,
        invalid: false, UsesValue, "what is not offered does nothing",
        effect: Effect::NotApplicable("Deskhand has no tab for writing programs"),
        since: "0.1.0",
    }

    /// Whether there is a tab for plain conversation.
    chat_tab_enabled "chatTabEnabled": bool {
        default: false,
        invalid: false, UsesValue, "what is not offered does nothing",
        effect: Effect::NotApplicable("Deskhand has no tab for plain conversation"),
        since: "0.1.0",
    }

    /// Whether conversation there may analyse attached files in a sandbox.
    chat_advanced_file_analysis_enabled "chatAdvancedFileAnalysisEnabled": bool {
        default: false,
        invalid: false, UsesValue, "what is not offered does nothing",
        effect: Effect::NotApplicable("Deskhand has no tab for plain conversation"),
        since: "0.1.0",
    }

    /// Whether the mode is offered in which a classifier approves actions.
    auto_mode_enabled "autoModeEnabled": bool {
        default: false,
        invalid: false, UsesValue, "asking lets less happen",
        effect: Effect::ActsWith("approval by a classifier"),
        since: "0.1.0",
    }

    /// Whether the definitions of MCP tools are given to the model when it looks for them, and not all at once.
    tool_search_enabled "toolSearchEnabled": Option<bool> {
        default: None,
        invalid: None, UsesValue, "the same tools are there either way",
        effect: Effect::ActsWith("MCP servers"),
        since: "0.1.0",
    }

    /// Hosts that sessions of the tab for writing programs may go to by SSH.
    ssh_host_allowlist "sshHostAllowlist": Option<List<SshHost, 200>> {
        default: None,
        invalid: Some(List::default()), UsesValue, "a malformed allow-list allows nothing",
        effect: Effect::NotApplicable("Deskhand has no sessions on other machines"),
        since: "0.1.0",
    }

    /// The SSH client for that.
    ssh_client_path "sshClientPath": Option<FilePath> {
        default: None,
        invalid: None, UsesValue, "a program that does not run does nothing",
        scope: ManagedOrBootstrapWithConsent,
        effect: Effect::NotApplicable("Deskhand has no sessions on other machines"),
        since: "0.1.0",
    }

    /// How settings and data of the hosted mode are taken over.
    claude_ai_import "claudeAiImport": Option<HostedImport> {
        default: None,
        invalid: None, UsesValue, "what is not taken over lets nothing in",
        effect: Effect::NotApplicable("there is no hosted mode to take data from"),
        since: "0.1.0",
    }
}
