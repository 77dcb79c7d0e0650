//! Section "Plugins and skills" of the table of keys.

use super::prelude::*;

/// What most of its keys wait for.
const PLUGINS: Effect = Effect::ActsWith("plugins");
/// What the others wait for.
const SKILLS: Effect = Effect::ActsWith("skills");

policy_section! {
    /// What may be added to the agent.
    Plugins "plugins" "Plugins and skills" on Plugins

    /// Marketplaces that plugins may come from: objects with `source` (`github`, `git`, `url`), `repo` or `url`, and optionally
    /// `ref`, `path`, `expectedName`, `installationPreference` (`available`, `auto_install`, `required`), `credentialKind`,
    /// `credentialHelper`, `manifestSha256`. Absent: any that users add.
    allowed_plugin_marketplaces "allowedPluginMarketplaces": Option<List<Marketplace, 100>> {
        default: None,
        invalid: Some(List::default()), UsesValue, "a malformed allow-list allows nothing",
        scope: ManagedOrBootstrapWithConsent,
        effect: PLUGINS,
        order: Order::Allows(|outer, inner| outer == inner),
        since: "0.1.0",
    }

    /// What may be done with the tools of plugins' servers: objects with `serverName` and `tools`, each with `toolName` and
    /// `permission` (`allow`, `ask`, `blocked`).
    org_plugin_settings "orgPluginSettings": PluginTools {
        default: PluginTools::default(),
        invalid: PluginTools::default(), StopsSessions, "the list may block any tool",
        effect: PLUGINS,
        since: "0.1.0",
    }

    /// Deprecated: where the organisation's plugins are.
    organization_plugins_url "organizationPluginsUrl": Option<HttpsUrl> {
        default: None,
        invalid: None, UsesValue, "what is not fetched does nothing",
        effect: PLUGINS,
        since: "0.1.0",
    }

    /// Whether users may add marketplaces.
    user_plugin_marketplaces_enabled "userPluginMarketplacesEnabled": bool {
        default: true,
        invalid: false, UsesValue, "fewer programs run",
        effect: PLUGINS,
        since: "0.1.0",
    }

    /// Whether users may add plugins of their own.
    user_plugin_uploads_enabled "userPluginUploadsEnabled": bool {
        default: true,
        invalid: false, UsesValue, "fewer programs run",
        effect: PLUGINS,
        since: "0.1.0",
    }

    /// Whether the skills that Deskhand brings along are left out.
    disable_bundled_skills "disableBundledSkills": bool {
        default: false,
        invalid: true, UsesValue, "fewer skills do less",
        effect: SKILLS,
        since: "0.1.0",
    }

    /// Whether users may make and add skills.
    skill_creation_enabled "skillCreationEnabled": bool {
        default: true,
        invalid: false, UsesValue, "fewer skills do less",
        effect: SKILLS,
        since: "0.1.0",
    }
}
