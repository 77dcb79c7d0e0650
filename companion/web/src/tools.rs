//! The web as tools of the agent, beside those that there are. What they are offered for follows from the gate and the
//! settings; what they bring is marked as data (Invariant 9), and what they would send is shown before it is sent.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use deskhand_core::instructions::as_data;
use deskhand_core::model::ToolDefinition;
use deskhand_core::ports::{BoxFuture, Progress, Tools};
use deskhand_core::tool::{
    Ask, AskReason, FETCH_TOOL, Prepared, SEARCH_TOOL, ToolFailure, ToolRequest, ToolResult,
};
use deskhand_egress::{Destination, Gate};
use deskhand_operations::Effect;
use deskhand_policy::types::McpServer;
use deskhand_protocol::SessionId;
use deskhand_protocol::event::ToolOutcome;
use deskhand_protocol::permission::{RiskNote, WebRequest};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

use crate::fetch::address;
use crate::{
    FetchParams, FetchedPage, SearchParams, SearchResults, SearchServer, WebError, WebFetch, WebSearch,
};

/// Bytes of a page that are told at once: with what stands around them, less than a tool may tell.
const MAX_TOLD: usize = 80 << 10;
/// How often it is looked whether a person stopped the turn.
const HEED: Duration = Duration::from_millis(100);
/// Hosts that the model is told beforehand.
const MAX_HOSTS: usize = 30;
/// From these lengths on a query, a path or a host's name may carry what was read rather than name a page, in bytes.
const LONG_QUERY: usize = 100;
const LONG_PATH: usize = 200;
const LONG_HOST: usize = 80;
/// The same for the words of a search, in characters.
const LONG_SEARCH: usize = 200;

/// The tools that there are, with those of the web.
#[derive(Clone)]
pub struct WebTools {
    others: Arc<dyn Tools>,
    gate: Gate,
    /// The tool, or the sentence that says which key closes it.
    fetch: Result<WebFetch, String>,
    search: Result<WebSearch, String>,
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
    Fetch(&'a WebFetch, FetchParams, Url),
    Search(&'a WebSearch, SearchParams),
}

impl WebTools {
    /// Puts them beside `others`: each as far as the gate opens its destination, and the search where `servers`, the
    /// value of `managedMcpServers`, names a service. Connects to nothing yet.
    pub fn new(others: Arc<dyn Tools>, gate: &Gate, servers: &[McpServer]) -> Self {
        // The gate is asked first: a tool that is closed is no attempt to connect, and none for the audit.
        let open = |destination| match gate.origins(destination) {
            Ok(_) => Ok(()),
            Err(error) => Err(error.to_string()),
        };
        let fetch =
            open(Destination::WebFetch).and_then(|()| WebFetch::new(gate).map_err(|error| error.to_string()));
        let search = SearchServer::among(servers)
            .map_err(|error| format!("{} is closed: {error}", Destination::WebSearch))
            .and_then(|server| open(Destination::WebSearch).map(|()| server))
            .and_then(|server| WebSearch::new(gate, server).map_err(|error| error.to_string()));
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
                let fetch = self.fetch.as_ref().map_err(|why| refused(why))?;
                let params: FetchParams = parsed(&request.input).map_err(|why| refused(&why))?;
                let url = address(&params.url).map_err(|error| refused(&error.to_string()))?;
                Ok(Some(Call::Fetch(fetch, params, url)))
            }
            SEARCH_TOOL => {
                let refused = |why: &str| failure("The web was not searched", why);
                let search = self.search.as_ref().map_err(|why| refused(why))?;
                let params: SearchParams = parsed(&request.input).map_err(|why| refused(&why))?;
                params.check().map_err(|error| refused(&error.to_string()))?;
                Ok(Some(Call::Search(search, params)))
            }
            _ => Ok(None),
        }
    }

    fn prepared(&self, call: &Call<'_>) -> Prepared {
        let (web, ask) = match call {
            Call::Fetch(_, _, url) => {
                let web = WebRequest {
                    host: host_of(url),
                    sent: sent(url),
                };
                // What the gate would refuse is no question: the refusal is told and recorded where it is made.
                let ask = self.reaches(url).then(|| ask_to_fetch(url, &web));
                (web, ask)
            }
            Call::Search(search, params) => {
                let web = WebRequest {
                    host: search.server().host().to_owned(),
                    sent: params.query.trim().to_owned(),
                };
                let ask = ask_to_search(&web, search.server().asks());
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
    async fn run(self, progress: &dyn Progress) -> ToolResult {
        let stopped = async {
            while !progress.is_cancelled() {
                tokio::time::sleep(HEED).await;
            }
        };
        tokio::select! {
            biased;
            () = stopped => ToolResult::new(ToolOutcome::Stopped, "Stopped", "Stopped by the user."),
            result = self.done() => result,
        }
    }

    async fn done(self) -> ToolResult {
        match self {
            Self::Fetch(fetch, params, url) => match fetch.fetch(&params).await {
                Ok(page) => page_result(&url, &page, params.from),
                Err(error) => failed(format!("{} was not read", host_of(&url)), &error),
            },
            Self::Search(search, params) => match search.search(&params).await {
                Ok(found) => search_result(&found),
                Err(error) => failed("The web was not searched".to_owned(), &error),
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
            Ok(Some(call)) => Box::pin(call.run(progress)),
            Err(ToolFailure { title, output }) => {
                Box::pin(async { ToolResult::new(ToolOutcome::Failed, title, output) })
            }
        }
    }

    fn context<'a>(&'a self, session: &'a SessionId) -> BoxFuture<'a, String> {
        self.others.context(session)
    }
}

fn ask_to_fetch(url: &Url, web: &WebRequest) -> Ask {
    let (question, scope) = (
        format!("Read a page of {}?", web.host),
        "Only this address is sent. The page is read as data.",
    );
    if is_long(url) {
        ask(
            AskReason::SendsOut,
            question,
            scope,
            Some(carries("The address", web)),
        )
    } else {
        ask(AskReason::Browses, question, scope, None)
    }
}

fn ask_to_search(web: &WebRequest, ruled: bool) -> Ask {
    let (question, scope) = (
        format!("Search the web at {}?", web.host),
        "Only these words are sent. What is found is read as data.",
    );
    if web.sent.chars().count() > LONG_SEARCH {
        ask(
            AskReason::SendsOut,
            question,
            scope,
            Some(carries("The search", web)),
        )
    } else if ruled {
        ask(AskReason::Ruled, question, scope, None)
    } else {
        ask(AskReason::Browses, question, scope, None)
    }
}

fn ask(reason: AskReason, question: String, scope: &str, risk: Option<RiskNote>) -> Ask {
    Ask {
        reason,
        question,
        scope: scope.to_owned(),
        rows: Vec::new(),
        total: 0,
        risks: risk.into_iter().collect(),
    }
}

fn carries(what: &str, web: &WebRequest) -> RiskNote {
    let length = web.sent.chars().count();
    RiskNote {
        cells: what.to_owned(),
        reach: format!("has {length} characters, enough to carry what was read here"),
        rule: "What is this long asks every time.".to_owned(),
    }
}

fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

/// All of an address that leaves this computer.
fn sent(url: &Url) -> String {
    let mut url = url.clone();
    url.set_fragment(None);
    url.into()
}

fn is_long(url: &Url) -> bool {
    url.query().is_some_and(|query| query.len() > LONG_QUERY)
        || url.path().len() > LONG_PATH
        || url.host_str().is_some_and(|host| host.len() > LONG_HOST)
}

/// What was read, unless another host than the one that was asked about gave it: rules and answers are by host.
fn page_result(asked: &Url, page: &FetchedPage, from: usize) -> ToolResult {
    let answered = Url::parse(&page.address).ok();
    let host = answered.as_ref().map(host_of).unwrap_or_default();
    if !is_same_site(&host_of(asked), &host) {
        let output = format!(
            "Nothing was read: the address leads to another host. Call {FETCH_TOOL} with the new address if it is what \
             the user needs.\n{}",
            as_data("a redirect", &page.address)
        );
        return ToolResult::new(ToolOutcome::Failed, "Leads to another host", output);
    }
    let kept = page.text.floor_char_boundary(MAX_TOLD.min(page.text.len()));
    let text = page.text.get(..kept).unwrap_or_default();
    let end = from.saturating_add(text.chars().count());
    let more = if end < page.characters {
        format!(" Go on with from={end}.")
    } else {
        String::new()
    };
    let title = page.title.as_deref().unwrap_or_default();
    let notes: String = page.notes.iter().map(|note| format!("Note: {note}\n")).collect();
    let output = format!(
        "Characters {from} to {end} of {}.{more}\n{}",
        page.characters,
        as_data(&page.address, &format!("Title: {title}\n{notes}\n{text}"))
    );
    ToolResult::new(ToolOutcome::Done, format!("Read {host}"), output)
}

/// The same host, with `www.` or without.
fn is_same_site(one: &str, other: &str) -> bool {
    let bare = |host: &str| host.strip_prefix("www.").unwrap_or(host).to_owned();
    bare(one) == bare(other)
}

fn search_result(found: &SearchResults) -> ToolResult {
    let count = found.results.len();
    let results = found.results.iter().enumerate().map(|(index, result)| {
        let number = index + 1;
        format!(
            "{number}. {}\n{}\n{}",
            result.title, result.address, result.excerpt
        )
    });
    let text = results.collect::<Vec<_>>().join("\n\n");
    let noun = if count == 1 { "result" } else { "results" };
    ToolResult::new(
        ToolOutcome::Done,
        format!("Searched the web, {count} {noun}"),
        format!("{count} {noun}.\n{}", as_data("a search of the web", &text)),
    )
}

fn failed(title: String, error: &WebError) -> ToolResult {
    let told = error.to_string();
    let output = if error.quotes() {
        as_data("the answer of a server", &told)
    } else {
        told
    };
    ToolResult::new(ToolOutcome::Failed, title, output)
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
