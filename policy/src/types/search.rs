//! Which search service WebSearch asks: one answer for the tool itself, the list of contacts and questions to a policy.

use serde_json::Value;

use super::mcp::{BuiltInServer, McpServer, SearchProvider, ToolPermission};

/// The tool that asks it.
pub const SEARCH_TOOL: &str = "WebSearch";

/// Why there is no search service to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SearchServiceError {
    /// There is no entry with `"server": "websearch"`.
    #[error("policy key managedMcpServers has no server `websearch`")]
    None,
    /// `provider` is missing.
    #[error("the server `websearch` in policy key managedMcpServers has no `provider`")]
    Provider,
    /// `customUrl` is missing.
    #[error("the server `websearch` in policy key managedMcpServers has no `customUrl`")]
    Address,
    /// Its headers come from a program.
    #[error(
        "`headersHelper` of the server `websearch` in policy key managedMcpServers is not run yet; give `headers`"
    )]
    Helper,
    /// `toolPolicy` takes the tool away.
    #[error("`toolPolicy` of the server `websearch` in policy key managedMcpServers blocks it")]
    Blocked,
}

/// The search service in force.
#[derive(Clone, Copy, Debug)]
pub struct SearchService<'a> {
    /// Its entry; the headers hold the organisation's key for the service.
    pub entry: &'a McpServer,
    /// Who searches.
    pub provider: SearchProvider,
    /// Where it is asked.
    pub address: &'a str,
    /// True where a person is to be asked before each search.
    pub asks: bool,
}

impl<'a> SearchService<'a> {
    /// The first entry with `"server": "websearch"` counts; where that one cannot be used, none takes its place.
    ///
    /// # Errors
    /// There is none, or it cannot be used.
    pub fn among(servers: &'a [McpServer]) -> Result<Self, SearchServiceError> {
        let is_search = |entry: &&McpServer| entry.server == Some(BuiltInServer::Websearch);
        let entry = servers.iter().find(is_search).ok_or(SearchServiceError::None)?;
        let permission = entry.permission(SEARCH_TOOL);
        if permission == Some(ToolPermission::Blocked) {
            return Err(SearchServiceError::Blocked);
        }
        let provider = entry.provider.ok_or(SearchServiceError::Provider)?;
        let address = match provider {
            SearchProvider::Brave => "https://api.search.brave.com/res/v1/web/search",
            SearchProvider::Tavily => "https://api.tavily.com/search",
            SearchProvider::Exa => "https://api.exa.ai/search",
            SearchProvider::Custom => entry.custom_url.as_deref().ok_or(SearchServiceError::Address)?,
        };
        let has_headers = entry
            .headers
            .as_ref()
            .is_some_and(|headers| headers.iter().next().is_some());
        if !has_headers && entry.headers_helper.is_some() {
            return Err(SearchServiceError::Helper);
        }
        Ok(Self {
            entry,
            provider,
            address,
            asks: permission == Some(ToolPermission::Ask),
        })
    }
}

/// Servers out of a list as it is shown, with nothing where its secrets stand but that there are some.
pub fn shown_servers(list: &[Value]) -> Vec<McpServer> {
    let read = |entry: &Value| {
        let mut entry = entry.clone();
        let fields = entry.as_object_mut()?;
        fields.remove("env");
        fields.remove("oauth");
        for (_, value) in fields
            .get_mut("headers")
            .and_then(Value::as_object_mut)
            .into_iter()
            .flatten()
        {
            *value = "masked".into();
        }
        serde_json::from_value(entry).ok()
    };
    list.iter().filter_map(read).collect()
}
