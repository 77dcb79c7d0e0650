//! Names that administrators may write and Deskhand has no key for: told as what they are, never as unknown.

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The reference product does not document it, or not yet.
    Late,
    /// It is about the hosted mode, which Deskhand does not have.
    Hosted,
    /// The reference product dropped it, or never had it.
    Removed,
}

/// A name without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnusedKey {
    /// The name.
    pub name: &'static str,
    /// Why there is no key.
    pub standing: Standing,
    /// What it is about.
    pub about: &'static str,
}

impl UnusedKey {
    /// A sentence about it.
    pub fn words(&self) -> String {
        let why = match self.standing {
            Standing::Late => "Deskhand has no such setting yet",
            Standing::Hosted => "it belongs to a hosted mode, which Deskhand does not have",
            Standing::Removed => "it is no setting any more",
        };
        format!("known, not used: {} ({why})", self.about)
    }
}

const fn late(name: &'static str, about: &'static str) -> UnusedKey {
    UnusedKey {
        name,
        standing: Standing::Late,
        about,
    }
}

const fn hosted(name: &'static str, about: &'static str) -> UnusedKey {
    UnusedKey {
        name,
        standing: Standing::Hosted,
        about,
    }
}

const fn removed(name: &'static str, about: &'static str) -> UnusedKey {
    UnusedKey {
        name,
        standing: Standing::Removed,
        about,
    }
}

/// Every such name, alphabetical.
pub const UNUSED: &[UnusedKey] = &[
    late("allowOptionalClientAuth", "a client certificate as a fallback"),
    late("allowedPluginMcpServers", "MCP servers that plugins may bring"),
    removed("betaFeaturesEnabled", "features before their release"),
    late("builtinBrowserAllowedDomains", "a built-in browser"),
    late("builtinBrowserBlockedDomains", "a built-in browser"),
    late("builtinBrowserDefaultDomainPolicy", "a built-in browser"),
    late("builtinBrowserEnabled", "a built-in browser"),
    late("claudeInChromeEnabled", "a companion in the browser"),
    late(
        "coworkVmIpv6Enabled",
        "IPv6 in the sandbox, which has no network card",
    ),
    removed(
        "coworkWebSearchEnabled",
        "web search; `disabledBuiltinTools` takes it away",
    ),
    late("deniedPluginMcpServers", "MCP servers that plugins may not bring"),
    late("dictationEnabled", "dictation"),
    removed("disableDefaultPlugins", "plugins of the reference product"),
    hosted("disableMultiAccount", "several accounts"),
    late(
        "disableWslSessions",
        "sessions in the Windows subsystem for Linux",
    ),
    late("entraAzureCloud", "sign-in of the Office add-in"),
    late("entraClientId", "sign-in of the Office add-in"),
    late("entraScope", "sign-in of the Office add-in"),
    hosted("forceLoginOrgUUID", "who may sign in"),
    hosted("hardwareBuddyEnabled", "a device"),
    late(
        "inferenceBedrockWebIdentityRoleArn",
        "a role of the Office add-in",
    ),
    hosted(
        "isDesktopExtensionDirectoryEnabled",
        "the catalogue of desktop extensions",
    ),
    hosted("isDxtDirectoryEnabled", "the catalogue of desktop extensions"),
    late("keepAwakeEnabled", "keeping the machine awake"),
    hosted("loginSsoOrgDomain", "who may sign in"),
    late(
        "mcpScheduledTaskApprovalLifetimeDays",
        "approvals of scheduled tasks",
    ),
    late("officeDisabledFeatures", "single features of the Office add-in"),
    late("otlpAttrMaxChars", "the length of exported content"),
    hosted("relocateUncUserData", "data on network shares"),
    late("scheduledTasksEnabled", "scheduled tasks"),
    hosted("secureVmFeaturesEnabled", "work with files and tools"),
    late("skillBundles", "skills for everyone"),
    hosted("usageMetricsEnabled", "figures of use"),
];

/// What is known of a name without a key.
pub fn unused(name: &str) -> Option<&'static UnusedKey> {
    UNUSED.iter().find(|key| key.name == name)
}
