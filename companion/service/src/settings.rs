//! The settings in force: the organisation's where there is a managed source, the user's own otherwise.

use std::collections::BTreeMap;
use std::path::PathBuf;

use deskhand_core::rules::Rules;
use deskhand_documents::FileAccess;
use deskhand_platform::{Paths, SecretStore};
use deskhand_policy::types::{
    AuditContent, FolderMode, FolderRule, McpServer, OfficeHost, SearchServiceError, Whole,
};
use deskhand_policy::{KeptSecrets, Origin, Policy, ProblemKind, UserFile};
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::{ErrorCode, UserError};
use deskhand_trail::Content;
use deskhand_web::{SearchServer, ServerError};
use deskhand_workspace::{Access, AllowedFolder};
use uuid::Uuid;

use crate::audit::Retention;
use crate::bootstrap::{Layer, Plan, millis};
use crate::history;
use crate::kept;
use crate::models::Windows;
use crate::network::Proxies;
use crate::provider;
use crate::reload::Watched;

/// The settings in force.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Every key with where it comes from.
    pub(crate) policy: Policy,
    /// True once a managed source exists.
    pub(crate) managed: bool,
    /// The model provider, where one is configured.
    pub(crate) provider: Option<provider::Named>,
    /// Why no session may start, where that is so.
    pub(crate) stopped: Option<UserError>,
    /// Calls that a turn may make.
    pub(crate) max_steps: u32,
    /// Tokens that a turn may use, where there is a budget.
    pub(crate) budget: Option<u64>,
    /// Bytes that the journals of all sessions may hold.
    pub(crate) journal_limit: u64,
    /// Tokens that the models can take in at once.
    pub(crate) windows: Windows,
    /// The deployment.
    pub(crate) organisation: Option<Uuid>,
    /// The proxies of the operating system and of the environment.
    pub(crate) proxies: Proxies,
    /// What has to be said of the settings.
    pub(crate) notices: Vec<String>,
    /// True while the person has not said what becomes of sessions from before the deployment had its name.
    pub(crate) earlier_sessions: bool,
    /// The sources that may change while the service runs.
    pub(crate) watched: Watched,
    /// The secrets that the user set.
    pub(crate) kept: KeptSecrets,
    /// The settings that an address hands out, as they are kept.
    pub(crate) bootstrap: Layer,
    /// True while those are waited for: nothing but the way to them is open.
    pub(crate) awaited: bool,
    /// How much of contents the audit keeps.
    pub(crate) audit_content: Content,
    /// How long sessions and audit records are kept.
    pub(crate) retention: Retention,
}

/// The user's own file of settings.
pub(crate) fn user_file(paths: &Paths) -> UserFile {
    UserFile::new(paths.data().join("settings.json"))
}

impl Settings {
    /// Reads every source.
    pub(crate) fn load(paths: &Paths, secrets: &SecretStore) -> anyhow::Result<Self> {
        // Whoever is about to change the file and its secrets ends first: never one of them old and one new.
        let turn = user_file(paths).turn()?;
        let watched = Watched::read(paths);
        let kept = kept::read(secrets, &watched.user)?;
        drop(turn);
        let bootstrap = Layer::kept(paths, secrets, watched.layers(&kept), millis())?;
        let policy = watched.policy(&kept, &bootstrap);
        let mut notices: Vec<String> = policy.problems.iter().map(ToString::to_string).collect();
        let proxies = Proxies::read(&watched.proxies, &mut notices);
        let servers = &policy.connectors.managed_mcp_servers.value.0;
        if let Err(error @ ServerError::Entry(SearchServiceError::Helper)) = SearchServer::among(servers) {
            notices.push(format!("WebSearch is not offered: {error}"));
        }
        let organisation = policy.source.deployment_organization_uuid.value.as_ref();
        let organisation = organisation.map(|id| id.0);
        Ok(Self {
            managed: policy.managed,
            provider: provider::named(&policy),
            stopped: stopped(&policy),
            max_steps: policy.usage.deskhand_max_steps_per_turn.value.get(),
            budget: policy
                .usage
                .deskhand_max_tokens_per_turn
                .value
                .map(|most| most.get().into()),
            journal_limit: u64::from(policy.usage.deskhand_journal_megabytes.value.get()) << 20,
            windows: Windows::of(&policy),
            organisation,
            earlier_sessions: history::is_open(paths, organisation),
            proxies,
            notices,
            watched,
            kept,
            awaited: Plan::awaits(&policy, &bootstrap),
            bootstrap,
            audit_content: match policy.audit.deskhand_audit_content.value {
                AuditContent::Hashed => Content::Hashed,
                AuditContent::Full => Content::Full,
            },
            retention: Retention {
                audit: policy.audit.deskhand_audit_retention_days.value.map(Whole::get),
                sessions: policy.audit.deskhand_session_retention_days.value.map(Whole::get),
            },
            policy,
        })
    }

    /// What the terminal tells beside the state: the notices, and what it can be asked to do.
    pub(crate) fn told(&self) -> Vec<String> {
        let offer = self.earlier_sessions.then(|| history::OFFER.to_owned());
        self.notices.iter().cloned().chain(offer).collect()
    }

    /// The folders that may be attached, where the policy limits them.
    pub(crate) fn allowed_folders(&self) -> Option<Vec<AllowedFolder>> {
        let rules = self.policy.workspace.allowed_workspace_folders.value.as_ref()?;
        let allowed = |rule: &FolderRule| {
            Some(AllowedFolder {
                path: expanded(rule)?,
                access: match rule.mode {
                    FolderMode::ReadOnly => Access::ReadOnly,
                    FolderMode::ReadWrite => Access::ReadWrite,
                },
            })
        };
        Some(rules.0.iter().filter_map(allowed).collect())
    }

    /// The folders that are part of every new session.
    pub(crate) fn default_folders(&self) -> Vec<PathBuf> {
        let rules = self.policy.workspace.allowed_workspace_folders.value.iter();
        let rules = rules.flat_map(|rules| &rules.0);
        let selected = rules.filter(|rule| rule.is_default_selected);
        selected.filter_map(expanded).collect()
    }

    /// The MCP servers that the organisation provides.
    pub(crate) fn servers(&self) -> &[McpServer] {
        &self.policy.connectors.managed_mcp_servers.value.0
    }

    /// What the organisation says of tools and permissions.
    pub(crate) fn rules(&self) -> Rules {
        let disabled = &self.policy.workspace.disabled_builtin_tools.value.0;
        Rules::new(disabled, &self.policy.workspace.builtin_tool_policy.value)
            .with_act(!self.policy.workspace.disable_bypass_permissions_mode.value)
            .with_lasting(self.policy.connectors.mcp_persistent_always_allow_enabled.value)
    }

    /// Why there is no pane of a kind, where the organisation switched it off.
    pub(crate) fn closed_panes(&self) -> BTreeMap<FrontEndKind, UserError> {
        let closed = &self.policy.workspace.office_disabled_hosts;
        let error =
            UserError::new(ErrorCode::PaneDisabled).detail(format!("officeDisabledHosts, {}", closed.origin));
        let kind = |host: &OfficeHost| match host {
            OfficeHost::Sheet => Some(FrontEndKind::Excel),
            OfficeHost::Slide => Some(FrontEndKind::Powerpoint),
            OfficeHost::Document | OfficeHost::Mail => None,
        };
        let kinds = closed.value.0.iter().filter_map(kind);
        kinds.map(|kind| (kind, error.clone())).collect()
    }

    /// What of files may be read.
    pub(crate) fn access(&self) -> FileAccess {
        FileAccess {
            labels: self.policy.workspace.office_access_policies.value.clone(),
            only_in_folders: self
                .policy
                .workspace
                .block_reads_outside_working_directories
                .value,
            home: std::env::home_dir(),
        }
    }

    /// What the organisation tells the model.
    pub(crate) fn instructions(&self) -> Option<&str> {
        let own = self.policy.workspace.organization_instructions.value.as_ref();
        own.map(|own| own.0.as_str())
    }
}

fn expanded(rule: &FolderRule) -> Option<PathBuf> {
    let home = std::env::home_dir().unwrap_or_default();
    rule.expand(&home, |name| std::env::var(name).ok())
}

/// Why no session may start.
pub(crate) fn stopped(policy: &Policy) -> Option<UserError> {
    if !policy.source.deskhand_enabled.value {
        return Some(UserError::new(ErrorCode::Disabled).detail(&policy.source.deskhand_enabled.origin));
    }
    let problem = policy.stopping().into_iter().next()?;
    let error = match problem.kind {
        ProblemKind::NotEnforceable => UserError::new(ErrorCode::PolicyNotEnforceable),
        ProblemKind::Conflict if problem.key == "bootstrapUrl" => awaited(policy),
        ProblemKind::Conflict => UserError::new(ErrorCode::PolicyInvalid)
            .happened("A setting needs another one that is not as it must be, so no session starts."),
        ProblemKind::Withheld => UserError::new(ErrorCode::CredentialWithheld),
        _ => UserError::new(ErrorCode::PolicyInvalid),
    };
    let error = match problem.origin {
        Origin::User(_) => of_the_user(error),
        _ => error,
    };
    Some(error.detail(problem))
}

/// That settings are waited for, with what a person can do about it.
fn awaited(policy: &Policy) -> UserError {
    let error = UserError::new(ErrorCode::BootstrapAwaited);
    if Plan::of(policy).is_none_or(|plan| plan.is_for_a_person()) {
        return error;
    }
    UserError {
        action: "Nobody has to sign in: they are asked for again by themselves. Offline, connect to your organisation's \
                 network; otherwise show the details of `deskhand status` to your administrator."
            .to_owned(),
        ..error
    }
}

/// The same about a setting that the user made: no organisation asks for it, and no administrator has to correct it.
fn of_the_user(error: UserError) -> UserError {
    let happened = match error.code {
        ErrorCode::PolicyNotEnforceable => {
            "A setting of yours asks for a protection that this version of Deskhand does not have."
        }
        _ => "A setting of yours cannot be used as it is, so no session starts.",
    };
    UserError {
        action: "Correct it in the settings, or take it out with `deskhand config set`.".to_owned(),
        ..error.happened(happened)
    }
}
