//! The table of destinations. One row says where a connection may go, why, who opens it, what it carries and which policy
//! keys decide. A new way out is a new row here; nothing in the table depends on how a connection is made.

use crate::hosts::{self, Hosts};

/// A directive of Content-Security-Policy Level 3 through which a page reaches a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Directive {
    /// `script-src`
    Script,
    /// `connect-src`
    Connect,
}

/// Who opens the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenedBy {
    /// The service, through [`crate::Gate::client`].
    Service,
    /// The service, on its way to every other destination.
    ServiceOnTheWay,
    /// Programs in the sandbox, by the hands of the service.
    Sandbox,
    /// The person's own browser, where they sign in; never the service.
    Browser,
    /// The web view of an Office pane by itself, through these directives; never the service.
    Pane(&'static [Directive]),
}

impl OpenedBy {
    /// The word of the egress list.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Service | Self::ServiceOnTheWay => "service",
            Self::Sandbox => "sandbox",
            Self::Browser => "browser",
            Self::Pane(_) => "pane",
        }
    }
}

/// What travels to a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carries {
    /// Prompts, answers, documents or what the model makes of them.
    Content,
    /// Neither: credentials, settings, packages.
    NoContent,
}

/// Whether this build has the feature that connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feature {
    /// It does.
    Built,
    /// It does not: the hosts are listed for planning, and no client is made for them.
    NotBuilt,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The row's destination.
    pub destination: Destination,
    /// Stable name for lists and logs.
    pub id: &'static str,
    /// Why the destination exists, as a sentence for administrators.
    pub why: &'static str,
    /// The policy key that closes it.
    pub closed_by: &'static str,
    /// The policy key that names its hosts: what a person has to look at.
    pub named_by: &'static str,
    /// Every other policy key that its hosts follow from.
    pub follows: &'static [&'static str],
    /// Who opens the connection.
    pub opened_by: OpenedBy,
    /// What travels there.
    pub carries: Carries,
    /// Whether anything connects there at all.
    pub feature: Feature,
    /// Hosts that it has without an address in a setting, `*` for what a setting fills in.
    pub standard: &'static [&'static str],
    pub(crate) hosts: Hosts,
}

impl Row {
    /// Every policy key of the row.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        let naming = Some(self.named_by).filter(|key| *key != self.closed_by);
        std::iter::once(self.closed_by)
            .chain(naming)
            .chain(self.follows.iter().copied())
    }

    /// Whether `deskhandEnabled` closes it. What stays: the source from which the organisation may switch on again, the
    /// way to it, and the library without which a pane cannot say who switched off.
    pub(crate) fn is_closed_when_switched_off(&self) -> bool {
        use Destination::{Bootstrap, BootstrapSignInPage, OfficeScript, Proxy, ProxyScript};
        !matches!(
            self.destination,
            Bootstrap | BootstrapSignInPage | Proxy | ProxyScript | OfficeScript
        )
    }
}

/// Declares [`Destination`] and its rows.
macro_rules! destinations {
    ($( #[doc = $why:literal] $name:ident = $id:literal {
        closed_by: $closed:literal,
        named_by: $named:literal,
        follows: $follows:expr,
        by: $by:expr,
        carries: $carries:ident,
        feature: $feature:ident,
        standard: $standard:expr,
        hosts: $hosts:expr,
    } )+) => {
        /// Every place that Deskhand may connect to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Destination { $( #[doc = $why] $name, )+ }

        impl Destination {
            /// The table, in the order of declaration.
            pub const TABLE: &'static [Row] = &[
                $( Row {
                    destination: Self::$name,
                    id: $id,
                    why: $why.trim_ascii(),
                    closed_by: $closed,
                    named_by: $named,
                    follows: &$follows,
                    opened_by: $by,
                    carries: Carries::$carries,
                    feature: Feature::$feature,
                    standard: &$standard,
                    hosts: $hosts,
                }, )+
            ];

            /// This destination's row.
            pub fn row(self) -> &'static Row {
                &Self::TABLE[self as usize]
            }
        }
    };
}

destinations! {
    /// Streams the model's answers from the gateway that the organisation runs.
    InferenceGateway = "inference-gateway" {
        closed_by: "inferenceProvider",
        named_by: "inferenceGatewayBaseUrl",
        follows: [],
        by: OpenedBy::Service,
        carries: Content,
        feature: Built,
        standard: [],
        hosts: Hosts::Of(hosts::gateway),
    }
    /// Streams the model's answers from Amazon Bedrock, or from the endpoint that takes its place.
    InferenceBedrock = "inference-bedrock" {
        closed_by: "inferenceProvider",
        named_by: "inferenceBedrockRegion",
        follows: ["inferenceBedrockBaseUrl"],
        by: OpenedBy::Service,
        carries: Content,
        feature: Built,
        standard: ["bedrock-runtime.*.amazonaws.com", "bedrock-runtime-fips.*.amazonaws.com", "bedrock-runtime.*.amazonaws.com.cn"],
        hosts: Hosts::Of(hosts::bedrock),
    }
    /// Streams the model's answers from Vertex AI, or from the endpoint that takes its place.
    InferenceVertex = "inference-vertex" {
        closed_by: "inferenceProvider",
        named_by: "inferenceVertexRegion",
        follows: ["inferenceVertexBaseUrl"],
        by: OpenedBy::Service,
        carries: Content,
        feature: Built,
        standard: ["*-aiplatform.googleapis.com", "aiplatform.googleapis.com", "aiplatform.*.rep.googleapis.com"],
        hosts: Hosts::Of(hosts::vertex),
    }
    /// Streams the model's answers from Azure AI Foundry.
    InferenceFoundry = "inference-foundry" {
        closed_by: "inferenceProvider",
        named_by: "inferenceFoundryResource",
        follows: [],
        by: OpenedBy::Service,
        carries: Content,
        feature: Built,
        standard: ["*.services.ai.azure.com"],
        hosts: Hosts::Of(hosts::foundry),
    }
    /// Lists the models of the AWS account, and turns a profile or a sign-in into credentials for Amazon Bedrock.
    AwsCredentials = "aws-credentials" {
        closed_by: "inferenceProvider",
        named_by: "inferenceBedrockRegion",
        follows: [
            "inferenceBedrockBearerToken", "inferenceBedrockSsoStartUrl", "inferenceBedrockSsoRegion",
            "inferenceBedrockSsoAccountId", "inferenceBedrockSsoRoleName", "inferenceCredentialHelper",
            "inferenceCredentialKind",
        ],
        by: OpenedBy::Service,
        carries: NoContent,
        feature: Built,
        standard: [
            "bedrock.*.amazonaws.com", "sts.amazonaws.com", "sts.*.amazonaws.com", "portal.sso.*.amazonaws.com",
            "oidc.*.amazonaws.com",
        ],
        hosts: Hosts::Of(hosts::aws_credentials),
    }
    /// Turns Google credentials or a sign-in into tokens for Vertex AI.
    GoogleCredentials = "google-credentials" {
        closed_by: "inferenceProvider",
        named_by: "inferenceVertexOAuthClientId",
        follows: [
            "inferenceVertexWorkforceAudience", "inferenceVertexWorkforceOidc", "inferenceVertexWorkforceAuthFlow",
            "inferenceCredentialHelper", "inferenceCredentialKind",
        ],
        by: OpenedBy::Service,
        carries: NoContent,
        feature: Built,
        standard: ["oauth2.googleapis.com", "sts.googleapis.com", "iamcredentials.googleapis.com"],
        hosts: Hosts::Of(hosts::google_credentials),
    }
    /// Gives a virtual desktop on Google Cloud tokens of its machine's account, over http that ends at its host.
    GoogleMachine = "google-machine" {
        closed_by: "deskhandVertexMachineAccount",
        named_by: "deskhandVertexMachineAccount",
        follows: [
            "inferenceProvider", "inferenceVertexCredentialsFile", "inferenceVertexOAuthClientId",
            "inferenceVertexWorkforceAudience", "inferenceVertexWorkforceOidc", "inferenceCredentialHelper",
            "inferenceCredentialKind",
        ],
        by: OpenedBy::Service,
        carries: NoContent,
        feature: Built,
        standard: ["169.254.169.254"],
        hosts: Hosts::Of(hosts::google_machine),
    }
    /// Signs people in with Microsoft Entra for Azure AI Foundry.
    EntraSignIn = "entra-sign-in" {
        closed_by: "inferenceProvider",
        named_by: "inferenceFoundryTenantId",
        follows: [
            "inferenceFoundryClientId", "inferenceFoundryAuthFlow", "inferenceFoundryApiKey", "inferenceCredentialHelper",
            "inferenceCredentialKind",
        ],
        by: OpenedBy::Service,
        carries: NoContent,
        feature: Built,
        standard: ["login.microsoftonline.com"],
        hosts: Hosts::Of(hosts::entra),
    }
    /// Fetches tokens from the organisation's own identity provider, for inference.
    IdentityProvider = "identity-provider" {
        closed_by: "inferenceProvider",
        named_by: "inferenceGatewayOidc",
        follows: [
            "inferenceGatewayOidcAuthFlow", "inferenceVertexWorkforceOidc", "inferenceVertexWorkforceAudience",
            "inferenceVertexWorkforceAuthFlow", "inferenceVertexOAuthClientId", "inferenceGatewayBaseUrl",
            "inferenceGatewayApiKey", "inferenceCredentialHelper", "inferenceCredentialKind",
        ],
        by: OpenedBy::Service,
        carries: NoContent,
        feature: Built,
        standard: [],
        hosts: Hosts::Of(hosts::identity_provider),
    }
    /// Shows the pages on which people sign in.
    SignInPage = "sign-in-page" {
        closed_by: "inferenceProvider",
        named_by: "inferenceGatewayOidc",
        follows: [
            "inferenceGatewayOidcAuthFlow", "inferenceVertexWorkforceOidc", "inferenceVertexWorkforceAudience",
            "inferenceVertexWorkforceAuthFlow", "inferenceVertexOAuthClientId", "inferenceBedrockSsoStartUrl",
            "inferenceBedrockSsoRegion", "inferenceBedrockSsoAccountId", "inferenceBedrockSsoRoleName",
            "inferenceBedrockRegion", "inferenceFoundryTenantId", "inferenceFoundryClientId", "inferenceFoundryApiKey",
            "inferenceFoundryAuthFlow", "inferenceBedrockBearerToken", "inferenceGatewayBaseUrl", "inferenceGatewayApiKey",
            "inferenceCredentialHelper", "inferenceCredentialKind",
        ],
        by: OpenedBy::Browser,
        carries: NoContent,
        feature: Built,
        standard: [
            "accounts.google.com", "login.microsoftonline.com", "microsoft.com", "www.microsoft.com",
            "login.microsoft.com", "device.sso.*.amazonaws.com",
        ],
        hosts: Hosts::Of(hosts::sign_in_page),
    }
    /// Calls the tools of the MCP servers that the organisation provides.
    Mcp = "mcp" {
        closed_by: "managedMcpServers",
        named_by: "managedMcpServers",
        follows: [],
        by: OpenedBy::Service,
        carries: Content,
        feature: NotBuilt,
        standard: ["graph.microsoft.com", "graph.microsoft.us", "dod-graph.microsoft.us", "api.github.com"],
        hosts: Hosts::Of(hosts::mcp),
    }
    /// Signs people in at the MCP servers that the organisation provides.
    McpSignIn = "mcp-sign-in" {
        closed_by: "managedMcpServers",
        named_by: "managedMcpServers",
        follows: [],
        by: OpenedBy::Service,
        carries: NoContent,
        feature: NotBuilt,
        standard: ["login.microsoftonline.com", "login.microsoftonline.us"],
        hosts: Hosts::Of(hosts::mcp_sign_in),
    }
    /// Sends the model's search queries to the search service of the websearch server.
    WebSearch = "web-search" {
        closed_by: "managedMcpServers",
        named_by: "managedMcpServers",
        follows: ["disabledBuiltinTools"],
        by: OpenedBy::Service,
        carries: Content,
        feature: Built,
        standard: ["api.search.brave.com", "api.tavily.com", "api.exa.ai"],
        hosts: Hosts::Of(hosts::web_search),
    }
    /// Reads the web pages that the model asks for.
    WebFetch = "web-fetch" {
        closed_by: "coworkEgressAllowedHosts",
        named_by: "coworkEgressAllowedHosts",
        follows: ["deskhandEgressAllowPrivate", "disabledBuiltinTools"],
        by: OpenedBy::Service,
        carries: Content,
        feature: Built,
        standard: [],
        hosts: Hosts::Web(hosts::Tool::Fetch),
    }
    /// Reaches what programs in the sandbox ask for: packages, repositories, web services.
    Sandbox = "sandbox" {
        closed_by: "coworkEgressAllowedHosts",
        named_by: "coworkEgressAllowedHosts",
        follows: ["deskhandEgressAllowPrivate", "otlpEndpoint"],
        by: OpenedBy::Sandbox,
        carries: Content,
        feature: Built,
        standard: [],
        hosts: Hosts::Web(hosts::Tool::Sandbox),
    }
    /// Fetches the plugins that the organisation allows.
    Marketplaces = "marketplaces" {
        closed_by: "allowedPluginMarketplaces",
        named_by: "allowedPluginMarketplaces",
        follows: [],
        by: OpenedBy::Service,
        carries: NoContent,
        feature: NotBuilt,
        standard: ["github.com", "codeload.github.com"],
        hosts: Hosts::Of(hosts::marketplaces),
    }
    /// Exports what happened to the organisation's own collector, redacted unless policy unlocks content.
    Collector = "collector" {
        closed_by: "otlpEndpoint",
        named_by: "otlpEndpoint",
        follows: [],
        by: OpenedBy::Service,
        carries: Content,
        feature: Built,
        standard: [],
        hosts: Hosts::Of(hosts::collector),
    }
    /// Fetches the settings of the person who signs in.
    Bootstrap = "bootstrap" {
        closed_by: "bootstrapUrl",
        named_by: "bootstrapUrl",
        follows: ["bootstrapEnabled", "bootstrapOidc", "bootstrapHeaders", "bootstrapHeadersHelper"],
        by: OpenedBy::Service,
        carries: NoContent,
        feature: Built,
        standard: [],
        hosts: Hosts::Of(hosts::bootstrap),
    }
    /// Shows the page on which people sign in to fetch their settings.
    BootstrapSignInPage = "bootstrap-sign-in-page" {
        closed_by: "bootstrapUrl",
        named_by: "bootstrapUrl",
        follows: ["bootstrapEnabled", "bootstrapOidc", "bootstrapHeaders", "bootstrapHeadersHelper"],
        by: OpenedBy::Browser,
        carries: NoContent,
        feature: Built,
        standard: [],
        hosts: Hosts::Of(hosts::bootstrap_sign_in_page),
    }
    /// Asks for new versions of Deskhand and downloads them.
    UpdateFeed = "update-feed" {
        closed_by: "disableAutoUpdates",
        named_by: "deskhandUpdateUrl",
        follows: [],
        by: OpenedBy::Service,
        carries: NoContent,
        feature: NotBuilt,
        standard: [],
        hosts: Hosts::Of(hosts::update_feed),
    }
    /// Downloads the disk image of the sandbox.
    ImageStore = "image-store" {
        closed_by: "deskhandImageStoreUrl",
        named_by: "deskhandImageStoreUrl",
        follows: [],
        by: OpenedBy::Service,
        carries: NoContent,
        feature: Built,
        standard: [],
        hosts: Hosts::Of(hosts::image_store),
    }
    /// Takes the connections of the service where the network asks for a proxy.
    Proxy = "proxy" {
        closed_by: "egressProxyUrl",
        named_by: "egressProxyUrl",
        follows: ["egressProxyPacUrl"],
        by: OpenedBy::ServiceOnTheWay,
        carries: Content,
        feature: Built,
        standard: [],
        hosts: Hosts::ProxyInForce,
    }
    /// Says which proxy to use; the proxies that the file names are not in this list.
    ProxyScript = "proxy-script" {
        closed_by: "egressProxyPacUrl",
        named_by: "egressProxyPacUrl",
        follows: [],
        by: OpenedBy::ServiceOnTheWay,
        carries: NoContent,
        feature: Built,
        standard: [],
        hosts: Hosts::ProxyScript,
    }
    /// Loads office.js, through which a pane talks to Excel and PowerPoint.
    OfficeScript = "office-script" {
        closed_by: "deskhandOfficeScriptFolder",
        named_by: "deskhandOfficeScriptFolder",
        follows: [],
        by: OpenedBy::Pane(&[Directive::Script, Directive::Connect]),
        carries: NoContent,
        feature: Built,
        standard: ["appsforoffice.microsoft.com"],
        hosts: Hosts::Of(hosts::office_script),
    }
}

impl std::fmt::Display for Destination {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.row().id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_stands_at_its_own_place_with_its_own_id() {
        for (index, row) in Destination::TABLE.iter().enumerate() {
            assert_eq!(row.destination as usize, index);
            let same = Destination::TABLE.iter().filter(|other| other.id == row.id);
            assert_eq!(same.count(), 1);
        }
    }

    #[test]
    fn each_key_is_one_of_the_policy_table() {
        let mut unknown: Vec<&str> = Destination::TABLE
            .iter()
            .flat_map(Row::keys)
            .filter(|key| deskhand_policy::definition(key).is_none())
            .collect();
        unknown.sort_unstable();
        unknown.dedup();
        assert_eq!(unknown, Vec::<&str>::new());
    }
}
