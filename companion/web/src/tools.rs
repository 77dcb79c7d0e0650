//! The web as tools of the agent, beside those that there are. What they are offered for follows from the gate and the
//! settings; what they bring is marked as data (Invariant 9), and what they would send is shown before it is sent.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use deskhand_core::model::ToolDefinition;
use deskhand_core::ports::{BoxFuture, Progress, Tools};
use deskhand_core::tool::{FETCH_TOOL, Prepared, SEARCH_TOOL, ToolFailure, ToolRequest, ToolResult};
use deskhand_egress::{Destination, Gate};
use deskhand_operations::Effect;
use deskhand_policy::types::McpServer;
use deskhand_protocol::SessionId;
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::permission::WebRequest;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

mod ask;
mod told;

use ask::{ask_to_fetch, ask_to_search, host_and_port, host_of, sent};
use told::{failed, page_result, search_result};

use crate::fetch::address;
use crate::{
    FetchParams, FetchedPage, SearchParams, SearchResults, SearchServer, WebError, WebFetch, WebSearch,
};

/// How often it is looked whether a person stopped the turn.
const HEED: Duration = Duration::from_millis(100);
/// Hosts that the model is told beforehand.
const MAX_HOSTS: usize = 30;

/// The tools that there are, with those of the web.
#[derive(Clone)]
pub struct WebTools {
    others: Arc<dyn Tools>,
    gate: Gate,
    /// Open, or the sentence that says which key closes it. Clients are made as they are used: they need the trust store.
    fetch: Result<(), String>,
    search: Result<SearchServer, String>,
}

impl fmt::Debug for WebTools {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WebTools")
            .field("fetch", &self.fetch)
            .field("search", &self.search)
            .finish_non_exhaustive()
    }
}

/// A call of one of the two tools.
enum Call<'a> {
    Fetch(FetchParams, Url),
    Search(&'a SearchServer, SearchParams),
}

impl WebTools {
    /// Puts them beside `others`: each as far as the gate opens its destination, and the search where `servers`, the
    /// value of `managedMcpServers`, names a service. Connects to nothing yet.
    pub fn new(others: Arc<dyn Tools>, gate: &Gate, servers: &[McpServer]) -> Self {
        let open = |destination| match gate.origins(destination) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        };
        let fetch = open(Destination::WebFetch);
        let search = SearchServer::among(servers)
            .map_err(|error| format!("{} is closed: {error}", Destination::WebSearch))
            .and_then(|server| open(Destination::WebSearch).map(|()| server));
        Self {
            others,
            gate: gate.clone(),
            fetch,
            search,
        }
    }

    fn call(&self, request: &ToolRequest) -> Result<Option<Call<'_>>, ToolFailure> {
        match request.name.as_str() {
            FETCH_TOOL => {
                let refused = |why: &str| failure("The page was not read", why);
                self.fetch.as_ref().map_err(|why| refused(why))?;
                let params: FetchParams = parsed(&request.input).map_err(|why| refused(&why))?;
                let url = address(&params.url).map_err(|error| refused(&error.to_string()))?;
                Ok(Some(Call::Fetch(params, url)))
            }
            SEARCH_TOOL => {
                let refused = |why: &str| failure("The web was not searched", why);
                let server = self.search.as_ref().map_err(|why| refused(why))?;
                let params: SearchParams = parsed(&request.input).map_err(|why| refused(&why))?;
                params.check().map_err(|error| refused(&error.to_string()))?;
                Ok(Some(Call::Search(server, params)))
            }
            _ => Ok(None),
        }
    }

    fn prepared(&self, call: &Call<'_>) -> Prepared {
        let (web, ask) = match call {
            Call::Fetch(_, url) => {
                let web = WebRequest {
                    host: host_of(url),
                    sent: sent(url),
                };
                // What the gate would refuse is no question: the refusal is told and recorded where it is made.
                let ask = self.reaches(url).then(|| ask_to_fetch(url, &web));
                (web, ask)
            }
            Call::Search(server, params) => {
                let web = WebRequest {
                    host: server.host().to_owned(),
                    sent: params.query.trim().to_owned(),
                };
                let ask = ask_to_search(&web, server.asks());
                (web, Some(ask))
            }
        };
        Prepared {
            effect: Effect::Read,
            document: None,
            file: None,
            ask,
            directory: None,
            web: Some(web),
            command: None,
        }
    }

    fn reaches(&self, url: &Url) -> bool {
        let explained = self.gate.explain(url.as_str());
        explained.is_some_and(|explained| {
            let id = Destination::WebFetch.row().id;
            explained.reached_by.iter().any(|way| way.destination == id)
        })
    }

    fn fetch_definition(&self) -> ToolDefinition {
        let list = self.gate.egress_list();
        let hosts: Vec<String> = list
            .iter()
            .filter(|entry| entry.destination == Destination::WebFetch.row().id)
            .map(|entry| entry.target.to_string())
            .collect();
        let more = if hosts.len() > MAX_HOSTS {
            ", and others"
        } else {
            ""
        };
        let hosts = hosts.into_iter().take(MAX_HOSTS).collect::<Vec<_>>().join(", ");
        ToolDefinition {
            name: FETCH_TOOL.to_owned(),
            description: format!(
                "Reads a page, a PDF or a text of the web with GET, as text and in parts. Scripts are not run and nobody is \
                 signed in. The organisation allows these hosts: {hosts}{more}. Another one is refused; then name the user \
                 the policy key of the refusal, which an administrator may change. Never put content of documents into an \
                 address."
            ),
            input_schema: json!({
                "type": "object",
                "properties": {
                    "url": { "type": "string", "description": "The whole address." },
                    "from": { "type": "integer", "minimum": 0, "description": "The first character to give; 0 when absent." },
                    "most": { "type": "integer", "minimum": 1, "description": "Characters to give; 30,000 when absent." }
                },
                "required": ["url"],
                "additionalProperties": false
            }),
        }
    }

    fn search_definition() -> ToolDefinition {
        ToolDefinition {
            name: SEARCH_TOOL.to_owned(),
            description: "Searches the web with the organisation's search service: titles, addresses and excerpts. Search \
                          with few words that name the matter, never with content of documents."
                .to_owned(),
            input_schema: json!({
                "type": "object",
                "properties": {
                    "query": { "type": "string", "description": "The words, at most 400 characters." },
                    "most": { "type": "integer", "minimum": 1, "maximum": 20, "description": "Results; 10 when absent." }
                },
                "required": ["query"],
                "additionalProperties": false
            }),
        }
    }
}

impl Call<'_> {
    /// Does it, until a person stops the turn.
    async fn run(self, gate: &Gate, progress: &dyn Progress) -> ToolResult {
        let stopped = async {
            while !progress.is_cancelled() {
                tokio::time::sleep(HEED).await;
            }
        };
        tokio::select! {
            biased;
            () = stopped => ToolResult::new(ToolOutcome::Stopped, "Stopped", "Stopped by the user."),
            result = self.done(gate) => result,
        }
    }

    async fn done(self, gate: &Gate) -> ToolResult {
        match self {
            Self::Fetch(params, url) => match fetched(gate, &params).await {
                Ok(page) => page_result(&url, &page, params.from),
                Err(error) => failed(
                    format!("{} was not read", host_of(&url)),
                    &host_and_port(&url),
                    &error,
                ),
            },
            Self::Search(server, params) => match searched(gate, server, &params).await {
                Ok(found) => search_result(&found),
                Err(error) => failed("The web was not searched".to_owned(), server.host(), &error),
            },
        }
    }
}

impl Tools for WebTools {
    fn definitions(&self) -> Vec<ToolDefinition> {
        let mut definitions = self.others.definitions();
        definitions.extend(self.fetch.is_ok().then(|| self.fetch_definition()));
        definitions.extend(self.search.is_ok().then(Self::search_definition));
        definitions
    }

    fn prepare<'a>(
        &'a self,
        request: &'a ToolRequest,
        progress: &'a dyn Progress,
    ) -> BoxFuture<'a, Result<Prepared, ToolFailure>> {
        match self.call(request).transpose() {
            None => self.others.prepare(request, progress),
            Some(call) => Box::pin(async move { call.map(|call| self.prepared(&call)) }),
        }
    }

    fn run<'a>(&'a self, request: &'a ToolRequest, progress: &'a dyn Progress) -> BoxFuture<'a, ToolResult> {
        match self.call(request) {
            Ok(None) => self.others.run(request, progress),
            Ok(Some(call)) => Box::pin(call.run(&self.gate, progress)),
            Err(ToolFailure { title, output }) => {
                Box::pin(async { ToolResult::new(ToolOutcome::Failed, title, output) })
            }
        }
    }

    fn context<'a>(&'a self, session: &'a SessionId) -> BoxFuture<'a, String> {
        self.others.context(session)
    }
}

async fn fetched(gate: &Gate, params: &FetchParams) -> Result<FetchedPage, WebError> {
    WebFetch::new(gate)?.fetch(params).await
}

async fn searched(
    gate: &Gate,
    server: &SearchServer,
    params: &SearchParams,
) -> Result<SearchResults, WebError> {
    WebSearch::new(gate, server.clone())?.search(params).await
}

fn parsed<T: DeserializeOwned>(input: &Value) -> Result<T, String> {
    T::deserialize(input).map_err(|error| error.to_string().chars().take(300).collect())
}

fn failure(title: &str, why: &str) -> ToolFailure {
    ToolFailure {
        title: title.to_owned(),
        output: why.to_owned(),
    }
}
