//! The list of models that a gateway offers: `GET /v1/models`, in the Messages API's form or the one of chat
//! completions, which gateways use too.

use deskhand_protocol::hello::ModelView;
use serde::Deserialize;

use crate::connection::Format;
use crate::fault::{Fault, FaultKind};

/// Largest list taken, in bytes.
pub(crate) const MAX_LIST: usize = 1024 * 1024;
pub(crate) const MAX_MODELS: usize = 500;
/// Longest id or name of a model, in characters.
pub(crate) const MAX_NAME_CHARS: usize = 200;

#[derive(Deserialize)]
struct List {
    data: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    display_name: Option<String>,
}

/// The models of a list that speak the format. Gateways list every model of every kind; of those that do not speak the Messages API
/// none is taken, since they would fail only when asked: an administrator names them in `inferenceModels` where they are wanted. What
/// a list of chat completions holds is taken as it is: nothing in a name says what it speaks.
pub(crate) fn read(body: &[u8], format: Format) -> Result<Vec<ModelView>, Fault> {
    let list: List = serde_json::from_slice(body)
        .map_err(|_| Fault::new(FaultKind::BadAnswer, "the list of models cannot be read"))?;
    let speaks = |listed: &Listed| {
        format == Format::ChatCompletions || listed.id.to_ascii_lowercase().contains("claude")
    };
    let fits = list.data.into_iter().filter(speaks);
    let fits = fits.filter(|listed| listed.id.chars().count() <= MAX_NAME_CHARS);
    Ok(fits.take(MAX_MODELS).map(view).collect())
}

fn view(listed: Listed) -> ModelView {
    let label = listed
        .display_name
        .filter(|name| !name.is_empty() && name.chars().count() <= MAX_NAME_CHARS);
    let label = label.unwrap_or_else(|| listed.id.clone());
    ModelView::new(listed.id, label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_forms_and_keeps_what_speaks_the_messages_api() {
        let body = br#"{"object":"list","has_more":false,"data":[
            {"type":"model","id":"claude-a","display_name":"A","created_at":"2026-01-01T00:00:00Z"},
            {"id":"us.anthropic.Claude-b","object":"model","created":1,"owned_by":"x"},
            {"id":"embedding-large","object":"model"}]}"#;
        let models = read(body, Format::Messages).expect("a list");
        let pairs: Vec<_> = models
            .iter()
            .map(|model| (model.id.as_str(), model.label.as_str()))
            .collect();
        assert_eq!(
            pairs,
            [
                ("claude-a", "A"),
                ("us.anthropic.Claude-b", "us.anthropic.Claude-b")
            ]
        );
    }

    #[test]
    fn refuses_what_is_no_list() {
        assert_eq!(
            read(b"<html>", Format::Messages).map_err(|fault| fault.kind),
            Err(FaultKind::BadAnswer)
        );
    }
}
