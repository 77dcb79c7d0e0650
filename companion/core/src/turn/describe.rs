//! What a person reads while a tool runs, made from the call alone: a verb, the document, the place.

use deskhand_protocol::DocumentId;
use serde_json::Value;

use crate::line::one_line;
use crate::tool::{
    BASH_OUTPUT_TOOL, BASH_TOOL, CONVERT_TOOL, DIRECTORY_TOOL, FETCH_TOOL, FolderTool, LIST_TOOL,
    MEMORY_TOOL, RENDER_TOOL, SEARCH_TOOL, operation_of,
};

/// Longest place that is shown, in characters; a model may write anything there.
const MAX_TARGET: usize = 120;

/// A call in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// The verb: `Reading`.
    pub title: String,
    /// The document it works on.
    pub document: Option<DocumentId>,
    /// Where in it: an address, a name, or `slide:<id>`.
    pub target: Option<String>,
}

/// Describes a call. An unknown tool is named as the model named it.
pub fn describe(tool: &str, input: &Value) -> Described {
    let text = |field: &str| {
        input
            .get(field)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let title = match (operation_of(tool), FolderTool::of_name(tool)) {
        (Some(definition), _) => definition.doing.to_owned(),
        (None, Some(tool)) => tool.doing().to_owned(),
        (None, None) if tool == LIST_TOOL => "Looking which documents are there".to_owned(),
        (None, None) if tool == MEMORY_TOOL => "Keeping a note".to_owned(),
        (None, None) if tool == DIRECTORY_TOOL => "Asking for a folder".to_owned(),
        (None, None) if tool == FETCH_TOOL => format!("Reading {}", host_of(text("url"))),
        (None, None) if tool == BASH_TOOL => "Running".to_owned(),
        (None, None) if tool == BASH_OUTPUT_TOOL => "Looking after a command".to_owned(),
        (None, None) if tool == RENDER_TOOL => "Drawing".to_owned(),
        (None, None) if tool == CONVERT_TOOL => "Converting".to_owned(),
        (None, None) if tool == SEARCH_TOOL => "Searching the web".to_owned(),
        (None, None) => format!("Calling {}", short(tool)),
    };
    let place = text("slide").map(|slide| format!("slide:{slide}"));
    let target = text("range").map(str::to_owned).or(place).or_else(|| {
        ["name", "path", "pattern", "url", "query", "command"]
            .into_iter()
            .find_map(text)
            .map(str::to_owned)
    });
    Described {
        title,
        document: text("document").map(DocumentId::from_text),
        target: target.map(|target| one_line(&short(&target))),
    }
}

/// The host of an address that a model wrote, without what stands before `@`; that is shown whole where it is asked about.
fn host_of(address: Option<&str>) -> String {
    let address = address.unwrap_or_default().trim();
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if host.is_empty() {
        "a web page".to_owned()
    } else {
        one_line(&short(host))
    }
}

fn short(text: &str) -> String {
    text.chars().take(MAX_TARGET).collect()
}
