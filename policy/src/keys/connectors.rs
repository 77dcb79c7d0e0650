//! Section "Connectors" of the table of keys.

use super::row::*;

policy_section! {
    /// MCP servers and desktop extensions.
    Connectors "connectors" "Connectors"

    /// Whether a person may answer "always": for a kind of action in a folder, until it ends or is revoked. Off: such answers
    /// that were given before count no longer.
    mcp_persistent_always_allow_enabled "mcpPersistentAlwaysAllowEnabled": bool {
        default: true,
        invalid: false, UsesValue, "asking lets less happen",
        since: "0.1.0",
    }
}
