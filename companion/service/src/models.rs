//! The models to choose from: what the settings say of them, and what front ends show.

use deskhand_core::model::{LONG, LONG_TOKENS, variant};
use deskhand_policy::Policy;
use deskhand_policy::types::{FAMILIES, Model};
use deskhand_protocol::hello::ModelView;
use deskhand_protocol::{ErrorCode, UserError};

/// What the settings say of models, whoever lists them.
#[derive(Debug)]
pub(crate) struct Offer(Policy);

impl Offer {
    pub(crate) fn of(policy: &Policy) -> Self {
        Self(policy.clone())
    }

    /// The models as front ends show them: with their family, what they take in, and where they may be answered.
    pub(crate) fn shown(&self, models: Vec<ModelView>) -> Vec<ModelView> {
        let windows = Windows::of(&self.0);
        let site = self.0.site();
        let complete = |model: ModelView| {
            let (id, _) = variant(&model.id);
            ModelView {
                family: model.family.clone().or_else(|| guessed(id)),
                context: Some(windows.for_model(&model.id)),
                leaves: site.and_then(|site| site.mark(id)),
                ..model
            }
        };
        models.into_iter().map(complete).collect()
    }

    /// Refuses a model that the settings do not offer. Where the provider is asked for its own, it decides itself.
    pub(crate) fn admit(&self, models: &[ModelView], id: &str) -> Result<(), UserError> {
        if id.is_empty() || self.0.asks_for_models() || models.iter().any(|model| model.id == id) {
            return Ok(());
        }
        let error = UserError::new(ErrorCode::InferenceModelUnknown);
        Err(error.happened("The settings do not offer this model."))
    }
}

/// The models that the settings name, the default first; those with room for a million tokens are entries of their own.
pub(crate) fn named(policy: &Policy) -> Vec<ModelView> {
    let listed = policy.connection.inference_models.value.iter();
    let prefers = policy.connection.model_prefer_1m_context.value;
    let listed = listed.flat_map(|models| &models.0);
    listed.flat_map(|model| variants(model, prefers)).collect()
}

/// A model of the settings, and its variant for a million tokens where it has one; what is preferred comes first.
fn variants(model: &Model, prefers: bool) -> Vec<ModelView> {
    let plain = ModelView {
        family: model.anthropic_family_tier.as_deref().map(title),
        family_default: model.is_family_default == Some(true),
        ..ModelView::new(
            &model.name,
            model.label_override.as_deref().unwrap_or(&model.name),
        )
    };
    // To prefer it says that there is one.
    let supports = model.supports1m.or(model.prefer1m).unwrap_or(false);
    if !supports || variant(&model.name).1 {
        return vec![plain];
    }
    let mut long = ModelView {
        id: format!("{}{LONG}", plain.id),
        label: format!("{} (1M)", plain.label),
        ..plain.clone()
    };
    let mut plain = plain;
    if model.prefer1m.unwrap_or(prefers) {
        plain.family_default = false;
        vec![long, plain]
    } else {
        long.family_default = false;
        vec![plain, long]
    }
}

/// The family that an id names.
fn guessed(id: &str) -> Option<String> {
    let id = id.to_ascii_lowercase();
    let family = FAMILIES.iter().find(|family| id.contains(**family));
    family.map(|family| title(family))
}

/// A family's name as it is shown.
fn title(family: &str) -> String {
    let mut letters = family.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// The model that a person means by an id, a label or the name of a family; what is none of them stays as it is.
pub(crate) fn meant<'a>(models: &'a [ModelView], word: &'a str) -> &'a str {
    let same = |text: &str| text.eq_ignore_ascii_case(word);
    let of_family = |model: &&ModelView| model.family.as_deref().is_some_and(same);
    let found = models
        .iter()
        .find(|model| model.id == word)
        .or_else(|| models.iter().find(|model| same(&model.label)))
        .or_else(|| {
            models
                .iter()
                .find(|model| of_family(model) && model.family_default)
        })
        .or_else(|| models.iter().find(of_family));
    found.map_or(word, |model| &model.id)
}

/// Tokens that models are given at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Windows {
    pub(crate) usual: u64,
    /// True where the default is a variant for a million tokens.
    pub(crate) default_is_long: bool,
}

impl Windows {
    pub(crate) fn of(policy: &Policy) -> Self {
        let first = named(policy).into_iter().next();
        Self {
            usual: policy.usage.deskhand_context_tokens.value.get().into(),
            default_is_long: first.is_some_and(|model| variant(&model.id).1),
        }
    }

    /// For a model by its id; empty for the default.
    pub(crate) fn for_model(self, id: &str) -> u64 {
        if variant(id).1 || id.is_empty() && self.default_is_long {
            self.usual.max(LONG_TOKENS)
        } else {
            self.usual
        }
    }
}

#[cfg(test)]
mod tests;
