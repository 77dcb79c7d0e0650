//! Which of the two APIs a model is asked by, and what its id says of it.

use deskhand_protocol::hello::ModelView;

/// How a model is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speech {
    /// `InvokeModelWithResponseStream` with a body of the Messages API: Claude takes it as it is.
    Messages,
    /// `ConverseStream`, which every model with a conversation takes.
    Converse,
}

/// The API for a model. Profiles of an organisation have ids that say nothing: they are spoken to as Claude where the
/// settings call them so.
pub(super) fn speech(model: &str, named: &[ModelView]) -> Speech {
    let is_called_claude = || {
        let view = named.iter().find(|view| view.id == model);
        view.is_some_and(|view| view.label.to_ascii_lowercase().contains("claude"))
    };
    if is_of_anthropic(model) || is_opaque(model) && is_called_claude() {
        Speech::Messages
    } else {
        Speech::Converse
    }
}

/// `anthropic.…`, also behind a geography (`us.anthropic.…`, `global.anthropic.…`), and the ARNs of such models and
/// profiles.
pub(super) fn is_of_anthropic(model: &str) -> bool {
    let id = resource(model).map_or(model, |(_, id)| id);
    id.split('.').take(2).any(|part| part == "anthropic")
}

/// The ARN of something that an organisation made: the id in it is a number.
fn is_opaque(model: &str) -> bool {
    let known = |kind| matches!(kind, "foundation-model" | "inference-profile");
    resource(model).is_some_and(|(kind, _)| !known(kind))
}

/// The kind and the id of the resource in `arn:partition:bedrock:region:account:kind/id`.
fn resource(model: &str) -> Option<(&str, &str)> {
    let arn = model.strip_prefix("arn:")?;
    arn.splitn(5, ':').nth(4)?.split_once('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claude_is_asked_in_its_own_words_and_every_other_model_by_converse() {
        let profile = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/a1b2c3";
        let provisioned = "arn:aws-us-gov:bedrock:us-gov-west-1:111122223333:provisioned-model/x1";
        let named = [ModelView::new(provisioned, "Claude for finance")];
        let table = [
            ("anthropic.claude-sonnet-4-20250514-v1:0", Speech::Messages),
            ("us.anthropic.claude-sonnet-4-20250514-v1:0", Speech::Messages),
            (
                "us-gov.anthropic.claude-3-7-sonnet-20250219-v1:0",
                Speech::Messages,
            ),
            ("global.anthropic.claude-opus-4-5-20251101-v1:0", Speech::Messages),
            (
                "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
                Speech::Messages,
            ),
            (
                "arn:aws:bedrock:eu-west-1:111122223333:inference-profile/eu.anthropic.claude-sonnet-4-20250514-v1:0",
                Speech::Messages,
            ),
            (provisioned, Speech::Messages),
            (profile, Speech::Converse),
            ("amazon.nova-pro-v1:0", Speech::Converse),
            ("us.amazon.nova-pro-v1:0", Speech::Converse),
            ("openai.gpt-oss-120b-1:0", Speech::Converse),
            ("custom.model.anthropic", Speech::Converse),
            ("", Speech::Converse),
            ("arn:", Speech::Converse),
        ];
        for (model, wanted) in table {
            assert_eq!(speech(model, &named), wanted, "{model}");
        }
    }

    #[test]
    fn a_label_does_not_make_another_model_claude() {
        let named = [ModelView::new("amazon.nova-pro-v1:0", "Nova, instead of Claude")];
        assert_eq!(speech("amazon.nova-pro-v1:0", &named), Speech::Converse);
    }
}
