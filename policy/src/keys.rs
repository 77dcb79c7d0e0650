//! THE table of policy keys (Invariant 4). To add a key, add a row; nothing else is edited by hand. A key is never reused
//! or given another type.

use crate::definition::{Consequence, Definition, Scope, UnderManagement, policy_keys};
use crate::resolve::Sources;
use crate::source::{Entry, Problem, Sourced};
use crate::types::{
    AccessPolicies, AuthScheme, BaseUrl, FolderPath, FolderRules, Headers, HeadersOrLines, Instructions,
    Models, OrganizationId, Pairing, Provider, ProxyUrl, Secret, ToolNames, ToolRules, Whole,
};
use crate::value::PolicyValue;

policy_keys! {
    /// Which provider answers. Required: without a valid provider Deskhand opens its set-up. Keys of the other
    /// providers are ignored.
    inference_provider "inferenceProvider": Option<Provider> {
        default: None,
        scope: ManagedOrBootstrap,
        under_management: Locked,
        secret: false,
        invalid: None, StopsSessions, "prompts must not go to a provider that nobody named",
        since: "0.1.0",
    }

    /// Address of the organisation's gateway, without `/v1/messages`. https; http only for loopback hosts. No user name,
    /// password, query or fragment.
    inference_gateway_base_url "inferenceGatewayBaseUrl": Option<BaseUrl> {
        default: None,
        scope: ManagedOrBootstrap,
        under_management: Locked,
        secret: false,
        invalid: None, StopsSessions, "prompts must not go to an address that nobody named",
        since: "0.1.0",
    }

    /// The key that the gateway expects. A placeholder where it needs none.
    inference_gateway_api_key "inferenceGatewayApiKey": Option<Secret> {
        default: None,
        scope: ManagedOrBootstrap,
        under_management: Locked,
        secret: true,
        invalid: None, StopsSessions, "a request without the key tells the gateway nothing but the prompt",
        since: "0.1.0",
    }

    /// How the key is sent: `bearer` in `Authorization`, `x-api-key` in a header of that name.
    inference_gateway_auth_scheme "inferenceGatewayAuthScheme": AuthScheme {
        default: AuthScheme::Bearer,
        scope: ManagedOrBootstrap,
        under_management: Locked,
        secret: false,
        invalid: AuthScheme::Bearer, StopsSessions, "the key must not be sent in a way that nobody named",
        since: "0.1.0",
    }

    /// Extra HTTP headers on every inference and model-discovery call, by name.
    inference_custom_headers "inferenceCustomHeaders": Headers {
        default: Headers::default(),
        scope: ManagedOrBootstrap,
        under_management: Locked,
        secret: true,
        invalid: Headers::default(), StopsSessions, "headers may carry what the gateway routes or filters by",
        since: "0.1.0",
    }

    /// Deprecated name of `inferenceCustomHeaders`, used where that one is absent. An object, or a list of `Name: Value`.
    inference_gateway_headers "inferenceGatewayHeaders": HeadersOrLines {
        default: HeadersOrLines::default(),
        scope: ManagedOrBootstrap,
        under_management: Locked,
        secret: true,
        invalid: HeadersOrLines::default(), StopsSessions, "headers may carry what the gateway routes or filters by",
        since: "0.1.0",
    }

    /// The models to choose from, the first one the default; ids exactly as the provider writes them. Each entry is an id,
    /// or an object with `name` and optionally `labelOverride`, `supports1m`, `prefer1m`, `anthropicFamilyTier`,
    /// `isFamilyDefault`. Absent: what the provider lists.
    inference_models "inferenceModels": Option<Models> {
        default: None,
        scope: ManagedOrBootstrap,
        under_management: Locked,
        secret: false,
        invalid: Some(Models::default()), UsesValue, "a malformed allow-list allows nothing",
        since: "0.1.0",
    }

    /// Whether the provider is asked for its models. Absent: only where `inferenceModels` names none.
    model_discovery_enabled "modelDiscoveryEnabled": Option<bool> {
        default: None,
        scope: ManagedOrBootstrap,
        under_management: Locked,
        secret: false,
        invalid: Some(false), UsesValue, "off connects less",
        since: "0.1.0",
    }

    /// Seconds that a stream may bring nothing but keep-alives. Gateway only.
    inference_stream_idle_timeout_sec "inferenceStreamIdleTimeoutSec": Whole<300, 1_800> {
        default: Whole::new(),
        scope: ManagedOrBootstrap,
        under_management: Locked,
        secret: false,
        invalid: Whole::new(), UsesValue, "patience lets nothing in or out",
        since: "0.1.0",
    }

    /// The deployment. Tags telemetry and gives the deployment a database of its own; not an authentication value.
    deployment_organization_uuid "deploymentOrganizationUuid": Option<OrganizationId> {
        default: None,
        scope: ManagedOrBootstrap,
        under_management: Locked,
        secret: false,
        invalid: None, StopsSessions, "sessions must not be filed under another deployment",
        since: "0.1.0",
    }

    /// Off switch for the fleet.
    deskhand_enabled "deskhandEnabled": bool {
        default: true,
        scope: ManagedOrBootstrap,
        under_management: Locked,
        secret: false,
        invalid: false, UsesValue, "who writes this key wants to switch off",
        since: "0.1.0",
    }

    /// Steps that one turn may take before it ends and says so.
    deskhand_max_steps_per_turn "deskhandMaxStepsPerTurn": Whole<1, 1_000, 100> {
        default: Whole::new(),
        scope: ManagedOrBootstrap,
        under_management: Locked,
        secret: false,
        invalid: Whole::new(), UsesValue, "the default is a cap, too",
        since: "0.1.0",
    }

    /// Tokens that the models can take in at once. A conversation that comes near is summarised for the model; the session
    /// keeps all of it.
    deskhand_context_tokens "deskhandContextTokens": Whole<16_000, 2_000_000, 200_000> {
        default: Whole::new(),
        scope: ManagedOrBootstrap,
        under_management: Locked,
        secret: false,
        invalid: Whole::new(), UsesValue, "a model that takes in less says so, and the conversation is made shorter then",
        since: "0.1.0",
    }

    /// Megabytes that the journal may hold: what documents and files were before the agent changed them. When it is full,
    /// nothing more is changed until sessions are deleted; nothing that a session shows as undoable is ever dropped.
    deskhand_journal_megabytes "deskhandJournalMegabytes": Whole<100, 10_000_000, 20_000> {
        default: Whole::new(),
        scope: ManagedOrBootstrap,
        under_management: Locked,
        secret: false,
        invalid: Whole::new(), UsesValue, "the default keeps the disk from filling, too",
        since: "0.1.0",
    }

    /// Whether a file keeps where the figures came from that were written into it: names, addresses and values of source
    /// documents, which go where the file goes. The journal of a session keeps them in any case.
    deskhand_keep_sources_in_files "deskhandKeepSourcesInFiles": bool {
        default: true,
        scope: ManagedOrBootstrap,
        under_management: Locked,
        secret: false,
        invalid: false, UsesValue, "who writes this key wants less to leave with a file",
        since: "0.1.0",
    }

    /// How often a pane is paired with the window or terminal: `once` per application and user, or `always`.
    deskhand_pairing "deskhandPairing": Pairing {
        default: Pairing::Once,
        scope: ManagedOrBootstrap,
        under_management: Locked,
        secret: false,
        invalid: Pairing::Always, UsesValue, "asking more often lets less in",
        since: "0.1.0",
    }

    /// Folders that may be attached, with everything below them. Each entry is a path, or an object with `path`, `mode` (`ro`,
    /// `rw`) and `isDefaultSelected`. `~` and `%OneDrive%`, `%OneDriveCommercial%`, `%OneDriveConsumer%`, `%APPDATA%`,
    /// `%LOCALAPPDATA%`, `%USERNAME%`, `%XDG_DOCUMENTS_DIR%` expand; an entry with another or an unset variable is skipped.
    /// Absent: any folder. Empty: none.
    allowed_workspace_folders "allowedWorkspaceFolders": Option<FolderRules> {
        default: None,
        scope: ManagedOrBootstrap,
        under_management: Locked,
        secret: false,
        invalid: Some(FolderRules::default()), UsesValue, "a malformed allow-list allows nothing",
        since: "0.1.0",
    }

    /// Tools that are not there, by name: `Glob`, `Grep`, `Read`, `Write`, `Edit`, `Delete`, `request_directory`, or the name of
    /// a document tool such as `range_write`. Without `Read` no file on disk is read, without `Edit` none is changed, documents among them;
    /// without `Write` no file is made, overwritten or deleted. What is open in Office is read and edited there all the same.
    disabled_builtin_tools "disabledBuiltinTools": ToolNames {
        default: ToolNames::default(),
        scope: ManagedOrBootstrap,
        under_management: Locked,
        secret: false,
        invalid: ToolNames::default(), StopsSessions, "the list may name any tool",
        since: "0.1.0",
    }

    /// Tools that ask a person each time, by rule: `{"Edit": "ask"}`, or `{"Edit(**/*.env)": "ask"}` for files by their path;
    /// `*` is every tool. A rule for `Read` keeps the files that it fits out of searches. `allow` is the same as no rule: it
    /// takes no question away. An unknown word asks.
    builtin_tool_policy "builtinToolPolicy": ToolRules {
        default: ToolRules::default(),
        scope: ManagedOrBootstrap,
        under_management: Locked,
        secret: false,
        invalid: ToolRules::ask_always(), UsesValue, "asking lets less happen",
        since: "0.1.0",
    }

    /// Whether the mode that acts without asking is closed. Risky actions ask in every mode.
    disable_bypass_permissions_mode "disableBypassPermissionsMode": bool {
        default: false,
        scope: ManagedOrBootstrap,
        under_management: Locked,
        secret: false,
        invalid: true, UsesValue, "asking lets less happen",
        since: "0.1.0",
    }

    /// Whether a person may answer "always": for a kind of action in a folder, until it ends or is revoked. Off: such answers
    /// that were given before count no longer.
    mcp_persistent_always_allow_enabled "mcpPersistentAlwaysAllowEnabled": bool {
        default: true,
        scope: ManagedOrBootstrap,
        under_management: Locked,
        secret: false,
        invalid: false, UsesValue, "asking lets less happen",
        since: "0.1.0",
    }

    /// Whether single files outside of attached folders are refused. Tools never read what nobody attached; with this, a
    /// person cannot attach a file either unless it lies in an attached folder.
    block_reads_outside_working_directories "blockReadsOutsideWorkingDirectories": bool {
        default: false,
        scope: ManagedOrBootstrap,
        under_management: Locked,
        secret: false,
        invalid: true, UsesValue, "reading less lets less out",
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
        scope: ManagedOrBootstrap,
        under_management: Locked,
        secret: false,
        invalid: AccessPolicies::deny_all(), UsesValue, "a malformed deny must not open what it closes",
        since: "0.1.0",
    }

    /// What the organisation tells the model in every session, after Deskhand's own instructions. Guidance, no enforcement;
    /// people see it.
    organization_instructions "organizationInstructions": Option<Instructions> {
        default: None,
        scope: ManagedOrBootstrap,
        under_management: Locked,
        secret: false,
        invalid: None, UsesValue, "guidance lets nothing in or out",
        since: "0.1.0",
    }

    /// The proxy of every connection to another machine, `http://proxy:8080`; it wins over the environment's. A proxy that
    /// fails is an error: nothing goes around it. Connections to this machine never use one.
    egress_proxy_url "egressProxyUrl": Option<ProxyUrl> {
        default: None,
        scope: ManagedOrBootstrap,
        under_management: Locked,
        secret: false,
        invalid: None, StopsSessions, "connections must not go around the proxy",
        since: "0.1.0",
    }

    /// A folder with the organisation's copy of office.js. Panes then load it from this machine, and their
    /// Content-Security-Policy no longer names Microsoft's CDN.
    deskhand_office_script_folder "deskhandOfficeScriptFolder": Option<FolderPath> {
        default: None,
        scope: Managed,
        under_management: Locked,
        secret: false,
        invalid: None, StopsSessions, "pages must not load a script from outside that the organisation keeps itself",
        since: "0.1.0",
    }
}

impl Policy {
    /// The extra headers in effect, under whichever of their two names they were given.
    pub fn inference_headers(&self) -> &Headers {
        if self.inference_custom_headers.is_default() {
            &self.inference_gateway_headers.value.0
        } else {
            &self.inference_custom_headers.value
        }
    }

    /// What keeps sessions from starting; empty when nothing does. Keys of the other providers are ignored.
    pub fn stopping(&self) -> Vec<&Problem> {
        let gateway = matches!(self.inference_provider.value, None | Some(Provider::Gateway));
        let concerns = |problem: &&Problem| gateway || !problem.key.starts_with("inferenceGateway");
        let stops = |problem: &&Problem| problem.consequence == Consequence::StopsSessions;
        self.problems.iter().filter(stops).filter(concerns).collect()
    }
}
