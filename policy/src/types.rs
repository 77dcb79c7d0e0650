//! The types that keys have, beside plain ones.

mod access;
mod address;
mod attributes;
mod banner;
mod choice;
mod folder;
mod header;
mod hosts;
mod line;
mod list;
mod mcp;
mod model;
mod number;
mod oidc;
mod organization;
mod plugin;
mod pricing;
mod search;
mod secret;
mod tools;
mod words;

pub use access::{
    AccessEffect, AccessPolicies, AccessResource, AccessStatement, Label, LabelBy, LabelIdentifier,
};
pub use address::{BaseUrl, HttpsUrl, PacUrl, ProxyUrl};
pub use attributes::{Attributes, KeyNames, SshHost};
pub use banner::{Banner, HostedImport, ImportBanner};
pub use choice::{
    AuditContent, AuthFlow, AuthScheme, ContentCapture, CredentialKind, EntraFlow, GatewayFormat, LogLevel,
    MicrosoftBroker, OfficeHost, OtlpAuthMode, OtlpProtocol, Pairing, Provider, ServiceTier,
};
pub(crate) use folder::allows_all_of;
pub use folder::{FilePath, FolderMode, FolderPath, FolderRule, FolderRules};
pub use header::{Headers, HeadersOrLines, HeadersOrPairs};
pub(crate) use hosts::names_all_of;
pub use line::{AccountId, Fraction, Line, ProjectId, Region, ResourceName, Scopes, ServiceName};
pub use list::{Item, List};
pub use mcp::{
    AzureCloud, BuiltInServer, CallbackHost, McpClient, McpMode, McpOauth, McpServer, McpTransport,
    SearchProvider, ToolPermission,
};
pub use model::{FAMILIES, Model, Models};
pub use number::Whole;
pub use oidc::{BootstrapOidc, GatewayOidc, Oidc, TokenType, WorkforceOidc};
pub use organization::OrganizationId;
pub use plugin::{
    Installation, Marketplace, MarketplaceCredential, MarketplaceSource, PluginTools, ServerTools, ToolRight,
};
pub use pricing::Price;
pub use search::{SEARCH_TOOL, SearchService, SearchServiceError, shown_servers};
pub use secret::{MASK, Secret};
pub use tools::{ToolAction, ToolNames, ToolRule, ToolRules, names_tool};
pub use words::Instructions;
