//! Section "Connectors" of the table of keys.

use super::prelude::*;

policy_section! {
    /// MCP servers and desktop extensions.
    Connectors "connectors" "Connectors" on Connectors

    /// MCP servers that the organisation provides: objects with a unique `name` and either `transport` (`http` or `sse` with
    /// `url`, `stdio` with `command`) or a built-in `server` (`microsoft365`, `websearch`, `github`). Further fields: `headers`
    /// or `oauth`, helpers, `args`, `env`, time limits, and `toolPolicy` (tool to `allow`, `ask` or `blocked`).
    managed_mcp_servers "managedMcpServers": List<McpServer, 100> {
        default: List::default(),
        invalid: List::default(), UsesValue, "a malformed list of servers connects to none",
        scope: ManagedOrBootstrapWithConsent,
        effect: Effect::ActsInPart("WebSearch asks the first `websearch` server; other servers, and `headersHelper`, wait for MCP servers"),
        differs: "One entry that cannot be read leaves out the whole list; plain http is accepted for loopback hosts only.",
        since: "0.1.0",
    }

    /// Whether users may add MCP servers that run on this machine. False also stops those that plugins bring along.
    is_local_dev_mcp_enabled "isLocalDevMcpEnabled": bool {
        default: true,
        invalid: false, UsesValue, "fewer programs run",
        effect: Effect::ActsWith("MCP servers"),
        since: "0.1.0",
    }

    /// Whether users may install desktop extensions (`.mcpb`, `.dxt`).
    is_desktop_extension_enabled "isDesktopExtensionEnabled": bool {
        default: false,
        invalid: false, UsesValue, "fewer programs run",
        effect: Effect::ActsWith("desktop extensions"),
        aliases: ["isDxtEnabled"],
        differs_when_absent: "Desktop extensions are off unless the key says `true`; earlier releases of the reference product had them on.",
        since: "0.1.0",
    }

    /// Whether a desktop extension must be signed by a publisher that is trusted.
    is_desktop_extension_signature_required "isDesktopExtensionSignatureRequired": bool {
        default: false,
        invalid: true, UsesValue, "fewer programs run",
        effect: Effect::ActsWith("desktop extensions"),
        aliases: ["isDxtSignatureRequired"],
        since: "0.1.0",
    }

    /// Seconds that a call to an MCP server may take.
    mcp_tool_timeout_sec "mcpToolTimeoutSec": Whole<60, 3_600, 180> {
        default: Whole::new(),
        invalid: Whole::new(), UsesValue, "patience lets nothing in or out",
        effect: Effect::ActsWith("MCP servers"),
        since: "0.1.0",
    }

    /// Whether Microsoft's sign-in goes through the broker of the system: `auto` where there is one, or `disabled`.
    microsoft_auth_broker "microsoftAuthBroker": MicrosoftBroker {
        default: MicrosoftBroker::Auto,
        invalid: MicrosoftBroker::Disabled, UsesValue, "the browser shows where users sign in",
        effect: Effect::ActsWith("sign-in through the broker of the system"),
        since: "0.1.0",
    }

    /// Whether a person may answer "always": for a kind of action in a folder, until it ends or is revoked. Off: such answers
    /// that were given before count no longer.
    mcp_persistent_always_allow_enabled "mcpPersistentAlwaysAllowEnabled": bool {
        default: true,
        invalid: false, UsesValue, "asking lets less happen",
        forbids: &[("false", "the answer \"always\" to a question")],
        since: "0.1.0",
    }
}
