//! WebSearch: queries to the search service of the `websearch` server in `managedMcpServers`.

use std::time::Duration;

use bytes::Bytes;
use deskhand_core::line::{acts, hides};
use deskhand_egress::{Client, Destination, EgressError, Gate};
use deskhand_policy::types::{Headers, McpServer, SearchProvider, SearchService, SearchServiceError};
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::timeout;
use url::Url;

use crate::WebError;

/// Results of one search.
pub const MAX_RESULTS: usize = 20;
const USUAL_RESULTS: usize = 10;
/// Characters of a query.
const MAX_QUERY: usize = 400;
/// Bytes of an answer.
const MAX_ANSWER: usize = 4 << 20;
/// Characters of a title, an address and an excerpt.
const MAX_TITLE: usize = 300;
const MAX_ADDRESS: usize = 2048;
const MAX_EXCERPT: usize = 2000;
const WITHIN: Duration = Duration::from_secs(30);

/// Why the entry of the search server cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerError {
    /// There is none, or its entry says so.
    #[error(transparent)]
    Entry(#[from] SearchServiceError),
    /// `customUrl` is no address.
    #[error("`customUrl` of the server `websearch` in policy key managedMcpServers is not an address")]
    Address,
    /// An entry of `headers` is no header.
    #[error(
        "`headers` of the server `websearch` in policy key managedMcpServers holds what is no HTTP header"
    )]
    Headers,
}

/// The search service, as the entry with `"server": "websearch"` of `managedMcpServers` has it.
#[derive(Clone)]
pub struct SearchServer {
    service: SearchProvider,
    address: Url,
    /// The organisation's key for the service is among them.
    headers: Vec<(HeaderName, HeaderValue)>,
    asks: bool,
}

impl SearchServer {
    /// The search service of the list, the one that the egress table lists.
    ///
    /// # Errors
    /// There is none that can be used.
    pub fn among(servers: &[McpServer]) -> Result<Self, ServerError> {
        let service = SearchService::among(servers)?;
        let address = Url::parse(service.address).map_err(|_| ServerError::Address)?;
        let named = service.entry.headers.iter().flat_map(Headers::iter);
        let headers: Option<Vec<_>> = named.map(|(name, value)| header(name, value)).collect();
        Ok(Self {
            service: service.provider,
            address,
            headers: headers.ok_or(ServerError::Headers)?,
            asks: service.asks,
        })
    }

    /// The host that is asked, without its port.
    pub fn host(&self) -> &str {
        self.address.host_str().unwrap_or_default()
    }

    /// True where a person is to be asked before each search.
    pub fn asks(&self) -> bool {
        self.asks
    }

    fn request(&self, query: &str, most: usize) -> Result<http::Request<Bytes>, WebError> {
        let mut address = self.address.clone();
        let body = match self.service {
            SearchProvider::Brave => {
                address
                    .query_pairs_mut()
                    .append_pair("q", query)
                    .append_pair("count", &most.to_string());
                None
            }
            SearchProvider::Tavily => Some(json!({"query": query, "max_results": most})),
            SearchProvider::Exa => Some(
                json!({"query": query, "numResults": most, "contents": {"text": {"maxCharacters": MAX_EXCERPT}}}),
            ),
            SearchProvider::Custom => Some(json!({"q": query})),
        };
        let request = match &body {
            None => http::Request::get(address.as_str()),
            Some(_) => http::Request::post(address.as_str()).header(CONTENT_TYPE, "application/json"),
        };
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request = request.header(ACCEPT, "application/json").body(Bytes::from(body));
        let mut request = request.map_err(|_| WebError::Address("the search service".to_owned()))?;
        request.headers_mut().extend(self.headers.iter().cloned());
        Ok(request)
    }
}

/// Headers hold keys and do not show.
impl std::fmt::Debug for SearchServer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("SearchServer")
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

fn header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

/// What to look for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SearchParams {
    /// The query as a person would type it.
    pub query: String,
    /// Results to give, at most [`MAX_RESULTS`].
    #[serde(default)]
    pub most: Option<usize>,
}

impl SearchParams {
    /// The query as it is sent.
    pub(crate) fn check(&self) -> Result<&str, WebError> {
        let query = self.query.trim();
        if query.is_empty() || query.chars().count() > MAX_QUERY {
            return Err(WebError::Query(MAX_QUERY));
        }
        if query.chars().any(|letter| acts(letter) || hides(letter)) {
            return Err(WebError::Unseen);
        }
        Ok(query)
    }
}

/// What was found: data, never instructions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchResults {
    /// Best first.
    pub results: Vec<SearchResult>,
}

/// One result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchResult {
    /// The page's title.
    pub title: String,
    /// Its address, https or http.
    pub address: String,
    /// What the service shows of it.
    pub excerpt: String,
}

/// Asks the search service through the gate.
#[derive(Clone, Debug)]
pub struct WebSearch {
    client: Client,
    server: SearchServer,
}

impl WebSearch {
    /// The tool under the gate's settings, or which policy key closes it.
    pub fn new(gate: &Gate, server: SearchServer) -> Result<Self, EgressError> {
        let client = gate.client(Destination::WebSearch)?;
        Ok(Self { client, server })
    }

    /// Searches.
    pub async fn search(&self, params: &SearchParams) -> Result<SearchResults, WebError> {
        let query = params.check()?;
        let most = params.most.unwrap_or(USUAL_RESULTS).clamp(1, MAX_RESULTS);
        let request = self.server.request(query, most)?;
        timeout(WITHIN, self.ask(request, most))
            .await
            .map_err(|_| WebError::TimedOut)?
    }

    async fn ask(&self, request: http::Request<Bytes>, most: usize) -> Result<SearchResults, WebError> {
        let response = self.client.send(request).await?;
        if !response.status().is_success() {
            // The address of a service without its query.
            let address = self.server.address.origin().ascii_serialization();
            let status = response.status().as_u16();
            return Err(WebError::Status { status, address });
        }
        let body = response.body_up_to(MAX_ANSWER).await?;
        let answer: Value = serde_json::from_slice(&body)
            .map_err(|_| WebError::Unreadable("the search service gives no JSON".to_owned()))?;
        results(self.server.service, &answer, most)
    }
}

/// The results of an answer; those without an address of a web page are passed over.
fn results(service: SearchProvider, answer: &Value, most: usize) -> Result<SearchResults, WebError> {
    let (list, excerpts): (_, &[&str]) = match service {
        // Brave leaves the part out where nothing was found.
        SearchProvider::Brave if answer.get("web").is_none() => {
            return Ok(SearchResults { results: Vec::new() });
        }
        SearchProvider::Brave => (answer.pointer("/web/results"), &["description"]),
        SearchProvider::Tavily => (answer.get("results"), &["content"]),
        SearchProvider::Exa => (answer.get("results"), &["text", "summary"]),
        SearchProvider::Custom => (
            answer.get("results"),
            &["snippet", "description", "content", "text"],
        ),
    };
    let list = list.and_then(Value::as_array);
    let list =
        list.ok_or_else(|| WebError::Unreadable("the search service gives no `results`".to_owned()))?;
    let results = list
        .iter()
        .filter_map(|result| read(result, excerpts))
        .take(most)
        .collect();
    Ok(SearchResults { results })
}

fn read(result: &Value, excerpts: &[&str]) -> Option<SearchResult> {
    let text = |name: &str| result.get(name).and_then(Value::as_str);
    let address = Url::parse(text("url").or_else(|| text("link"))?).ok()?;
    let web = matches!(address.scheme(), "https" | "http") && address.as_str().len() <= MAX_ADDRESS;
    web.then(|| SearchResult {
        title: bounded(text("title").unwrap_or_default(), MAX_TITLE),
        address: address.into(),
        excerpt: bounded(
            excerpts.iter().find_map(|name| text(name)).unwrap_or_default(),
            MAX_EXCERPT,
        ),
    })
}

/// The first characters of words of others, without controls.
pub(crate) fn bounded(text: &str, most: usize) -> String {
    text.chars()
        .filter(|c| !c.is_control() || *c == '\n')
        .take(most)
        .collect()
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    fn server(provider: &str) -> SearchServer {
        let entry = json!({"name": "search", "server": "websearch", "provider": provider,
            "customUrl": "https://search.corp.example/q", "headers": {"X-Subscription-Token": "company-key"}});
        SearchServer::among(&[entry_of(entry)]).expect("a server")
    }

    fn entry_of(entry: Value) -> McpServer {
        serde_json::from_value(entry).expect("an entry")
    }

    #[test]
    fn each_service_is_asked_in_its_own_way() {
        let table = [
            (
                "brave",
                "GET https://api.search.brave.com/res/v1/web/search?q=a+%26+b&count=3",
                "",
            ),
            (
                "tavily",
                "POST https://api.tavily.com/search",
                r#"{"query":"a & b","max_results":3}"#,
            ),
            (
                "exa",
                "POST https://api.exa.ai/search",
                r#"{"query":"a & b","numResults":3,"contents":{"text":{"maxCharacters":2000}}}"#,
            ),
            ("custom", "POST https://search.corp.example/q", r#"{"q":"a & b"}"#),
        ];
        for (provider, line, body) in table {
            let request = server(provider).request("a & b", 3).expect("a request");
            assert_eq!(format!("{} {}", request.method(), request.uri()), line);
            assert_eq!(request.body(), body);
            assert_eq!(request.headers()["x-subscription-token"], "company-key");
            let shown = format!("{:?} {request:?}", server(provider));
            assert!(!shown.contains("company-key"), "{shown}");
        }
    }

    #[test]
    fn reads_the_results_of_each_service_and_no_address_that_is_no_page() {
        let page = |excerpt: &str| {
            json!([
                {"title": "A", "url": "https://example.com/a", excerpt: "about a"},
                {"title": "B", "url": "javascript:alert(1)"},
                {"title": "C", "url": "not an address"},
                7,
            ])
        };
        let table = [
            (
                SearchProvider::Brave,
                json!({"web": {"results": page("description")}}),
            ),
            (SearchProvider::Tavily, json!({"results": page("content")})),
            (SearchProvider::Exa, json!({"results": page("text")})),
            (SearchProvider::Custom, json!({"results": page("snippet")})),
        ];
        for (service, answer) in table {
            let found = results(service, &answer, 10).expect("results").results;
            let wanted = SearchResult {
                title: "A".to_owned(),
                address: "https://example.com/a".to_owned(),
                excerpt: "about a".to_owned(),
            };
            assert_eq!(found, [wanted], "{service:?}");
        }
        assert_eq!(
            results(SearchProvider::Brave, &json!({}), 10)
                .expect("results")
                .results,
            []
        );
        for answer in [json!({}), json!({"results": 7}), json!(null), json!([])] {
            assert!(results(SearchProvider::Custom, &answer, 10).is_err(), "{answer}");
        }
    }

    #[test]
    fn results_are_bounded() {
        let many: Vec<Value> = (0..100)
            .map(|n| json!({"url": format!("https://example.com/{n}"), "title": "t".repeat(9999)}))
            .collect();
        let found = results(SearchProvider::Custom, &json!({"results": many}), MAX_RESULTS)
            .expect("results")
            .results;
        assert_eq!(found.len(), MAX_RESULTS);
        assert_eq!(found[0].title.len(), MAX_TITLE);
    }

    #[test]
    fn an_entry_that_says_too_little_is_refused() {
        let table = [
            (json!({}), SearchServiceError::Provider),
            (json!({"provider": "custom"}), SearchServiceError::Address),
            (
                json!({"provider": "exa", "headersHelper": "/opt/key"}),
                SearchServiceError::Helper,
            ),
            (
                json!({"provider": "exa", "toolPolicy": {"*": "blocked"}}),
                SearchServiceError::Blocked,
            ),
            (
                json!({"provider": "exa", "toolPolicy": {"*": "allow", "WebSearch": "blocked"}}),
                SearchServiceError::Blocked,
            ),
            (
                json!({"provider": "exa", "toolPolicy": {"websearch": "blocked"}}),
                SearchServiceError::Blocked,
            ),
            (
                json!({"provider": "exa", "toolPolicy": {"*": "allow", "Web*": "blocked"}}),
                SearchServiceError::Blocked,
            ),
        ];
        for (mut entry, wanted) in table {
            entry["server"] = json!("websearch");
            let told = entry.to_string();
            assert_eq!(
                SearchServer::among(&[entry_of(entry)]).err(),
                Some(wanted.into()),
                "{told}"
            );
        }
    }

    #[test]
    fn the_first_search_service_of_the_list_is_the_one() {
        let list = [
            json!({"name": "own", "transport": "http", "url": "https://mcp.corp.example"}),
            json!({"name": "first", "server": "websearch", "provider": "brave", "toolPolicy": {"WebSearch": "ask"}}),
            json!({"name": "second", "server": "websearch", "provider": "exa"}),
        ];
        let found = SearchServer::among(&list.map(entry_of)).expect("a server");
        assert_eq!((found.host(), found.asks()), ("api.search.brave.com", true));
        assert_eq!(
            SearchServer::among(&[]).err(),
            Some(SearchServiceError::None.into())
        );
    }
}
