//! Hosts of extensions: MCP servers, the search service and plugin marketplaces.

use deskhand_policy::types::{SEARCH_TOOL, SearchService, shown_servers};
use serde_json::Value;

use super::{Answer, DISABLED_TOOLS, Found, tool_is_disabled};
use crate::settings::{Settings, field};

const SERVERS: &str = "managedMcpServers";
const MARKETPLACES: &str = "allowedPluginMarketplaces";

pub(crate) fn mcp(settings: Settings<'_>) -> Answer {
    let found =
        servers(settings)
            .iter()
            .fold(Found::default(), |found, server| match field(server, "server") {
                Some("websearch") => found,
                Some("microsoft365") => found.host(SERVERS, graph(server)),
                Some("github") => found.host(SERVERS, &github(server)),
                _ if is_remote(server) => found.fields(SERVERS, server, &["url"]),
                _ => found,
            });
    found.or_closed_by(SERVERS)
}

pub(crate) fn mcp_sign_in(settings: Settings<'_>) -> Answer {
    let found = servers(settings).iter().fold(Found::default(), |found, server| {
        if field(server, "server") == Some("microsoft365") {
            return found.host(SERVERS, entra(server));
        }
        let oauth = &server["oauth"];
        let found = match oauth {
            // The server's own metadata name its authorization server; its own host is the only one known beforehand.
            Value::Bool(true) | Value::Object(_) if is_remote(server) => {
                found.fields(SERVERS, server, &["url"])
            }
            _ => found,
        };
        let found = match field(oauth, "tenantId") {
            Some(_) => found.host(SERVERS, "login.microsoftonline.com"),
            None => found,
        };
        let named = oauth["authorizationServer"].as_array().into_iter().flatten();
        let named = named.filter_map(Value::as_str);
        named.fold(found, |found, address| found.address(SERVERS, address))
    });
    found.or_closed_by(SERVERS)
}

pub(crate) fn web_search(settings: Settings<'_>) -> Answer {
    if tool_is_disabled(settings, SEARCH_TOOL) {
        return Err(DISABLED_TOOLS);
    }
    let servers = shown_servers(&servers(settings));
    let service = SearchService::among(&servers).map_err(|_| SERVERS)?;
    Found::default()
        .address(SERVERS, service.address)
        .or_closed_by(SERVERS)
}

pub(crate) fn marketplaces(settings: Settings<'_>) -> Answer {
    let entries = settings.list(MARKETPLACES).unwrap_or_default();
    let found = entries.iter().fold(Found::default(), |found, entry| {
        match field(entry, "source") {
            // The repository by git, and its archive, which needs no git.
            Some("github") => found
                .host(MARKETPLACES, "github.com")
                .host(MARKETPLACES, "codeload.github.com"),
            Some("git" | "url") => found.fields(MARKETPLACES, entry, &["url"]),
            _ => found,
        }
    });
    found.or_closed_by(MARKETPLACES)
}

fn servers(settings: Settings<'_>) -> Vec<Value> {
    settings.list(SERVERS).unwrap_or_default()
}

/// A server that is reached over the network rather than started as a program.
fn is_remote(server: &Value) -> bool {
    matches!(field(server, "transport"), Some("http" | "sse"))
}

/// Microsoft Graph of the national clouds.
fn graph(server: &Value) -> &'static str {
    match field(server, "azureCloud") {
        Some("us-gov-high") => "graph.microsoft.us",
        Some("us-gov-dod") => "dod-graph.microsoft.us",
        _ => "graph.microsoft.com",
    }
}

/// Microsoft Entra of the national clouds.
fn entra(server: &Value) -> &'static str {
    match field(server, "azureCloud") {
        Some("us-gov-high" | "us-gov-dod") => "login.microsoftonline.us",
        _ => "login.microsoftonline.com",
    }
}

/// The API of github.com, or of the organisation's own server, which answers on its own host.
fn github(server: &Value) -> String {
    let host = field(server, "host").unwrap_or("github.com");
    let host = host.trim_start_matches("https://").trim_end_matches('/');
    if host == "github.com" {
        "api.github.com".to_owned()
    } else {
        host.to_owned()
    }
}
