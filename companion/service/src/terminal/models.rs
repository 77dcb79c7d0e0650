//! `deskhand models`: what there is to choose from, and where what is asked goes.

use std::process::ExitCode;
use std::time::Duration;

use deskhand_platform::Paths;
use deskhand_protocol::Notification;
use deskhand_protocol::hello::{ModelView, ServiceView};
use serde_json::json;
use tokio::time::timeout;

use super::client::Client;
use super::safe::safe_line;
use super::sessions::{print, print_json};
use super::start::with_client;
use crate::usage::grouped;

/// How long the provider's own list is waited for; the service waits no longer either.
const LIST_WITHIN: Duration = Duration::from_secs(16);
/// What models without a family stand under.
const OTHER: &str = "Other models";

/// Lists the models of the running service, or of one that is started for this alone.
pub(crate) async fn models(paths: &Paths, json: bool) -> anyhow::Result<ExitCode> {
    let list = async |client: &mut Client| list(client, json).await;
    with_client(paths, list).await.map(|()| ExitCode::SUCCESS)
}

async fn list(client: &mut Client, json: bool) -> anyhow::Result<()> {
    let mut view = client.hello.view.clone();
    if view.configured && view.models.is_empty() {
        // It has just begun to ask the provider.
        if let Ok(learned) = timeout(LIST_WITHIN, learned(client)).await {
            view = learned?;
        }
    }
    if json {
        return print_json(&json!({ "promise": view.promise, "models": view.models }));
    }
    lines(&view).iter().try_for_each(|line| print(line))
}

/// The first view with a model in it.
async fn learned(client: &mut Client) -> anyhow::Result<ServiceView> {
    loop {
        let frame = client.next().await?;
        if frame.method.as_deref() != Some(Notification::ServiceChanged.name()) {
            continue;
        }
        let view: ServiceView = serde_json::from_value(frame.params.unwrap_or_default())?;
        if !view.models.is_empty() {
            return Ok(view);
        }
    }
}

/// The models under the names of their families, in the order of the settings; the default has a star.
fn lines(view: &ServiceView) -> Vec<String> {
    let mut lines: Vec<String> = view.promise.iter().cloned().collect();
    if view.models.is_empty() {
        lines.push("No model is known: the settings name none, and the provider lists none.".to_owned());
    }
    let first = view.models.first().map(|model| &model.id);
    for (family, models) in families(&view.models) {
        lines.push(String::new());
        lines.push(safe_line(family));
        for model in models {
            let mark = if Some(&model.id) == first { "*" } else { " " };
            lines.push(format!("{mark} {}", safe_line(&line(model))));
        }
    }
    lines
}

fn line(model: &ModelView) -> String {
    let context = model.context.map(|tokens| format!("{} tokens", grouped(tokens)));
    let default = model.family_default.then(|| "default of its family".to_owned());
    let label = Some(&model.label).filter(|label| **label != model.id);
    let facts = [label.cloned(), context, default, model.leaves.clone()];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    format!("{:<48}  {}", model.id, facts.join("; "))
}

/// The models by family, in the order in which families come; those without one last.
fn families(models: &[ModelView]) -> Vec<(&str, Vec<&ModelView>)> {
    let mut found: Vec<(&str, Vec<&ModelView>)> = Vec::new();
    let (known, other): (Vec<&ModelView>, Vec<&ModelView>) =
        models.iter().partition(|model| model.family.is_some());
    for model in known.into_iter().chain(other) {
        let family = model.family.as_deref().unwrap_or(OTHER);
        match found.iter_mut().find(|(name, _)| *name == family) {
            Some((_, models)) => models.push(model),
            None => found.push((family, vec![model])),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::*;

    #[test]
    fn models_stand_under_their_families_with_the_default_and_what_leaves_the_region_marked() {
        let model = |id: &str, family: Option<&str>| ModelView {
            family: family.map(str::to_owned),
            context: Some(200_000),
            ..ModelView::new(id, id)
        };
        let view = ServiceView {
            promise: Some("Prompts go to Amazon Bedrock in eu-central-1.".to_owned()),
            models: vec![
                ModelView {
                    leaves: Some("leaves eu-central-1: anywhere".to_owned()),
                    label: "Sonnet 4.5".to_owned(),
                    ..model("global.s", Some("Sonnet"))
                },
                model("nova", None),
                model("h", Some("Haiku")),
                ModelView {
                    family_default: true,
                    ..model("s", Some("Sonnet"))
                },
            ],
            ..crate::view::empty()
        };
        let told: Vec<String> = lines(&view)
            .iter()
            .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(
            told,
            [
                "Prompts go to Amazon Bedrock in eu-central-1.",
                "",
                "Sonnet",
                "* global.s Sonnet 4.5; 200,000 tokens; leaves eu-central-1: anywhere",
                "s 200,000 tokens; default of its family",
                "",
                "Haiku",
                "h 200,000 tokens",
                "",
                "Other models",
                "nova 200,000 tokens",
            ]
        );
    }

    #[test]
    fn that_there_is_no_model_is_said() {
        assert_eq!(
            lines(&crate::view::empty()),
            ["No model is known: the settings name none, and the provider lists none."]
        );
    }
}
