//! The model provider: whether it is named, and whether it answers.

use deskhand_egress::Gate;

use super::{Asks, Finding, State, counted, not_asked};
use crate::provider::{self, Keeper};
use crate::settings::Settings;

/// Whether it answers. It is asked for its models or, where it has no list, for one word.
pub(super) async fn finding(settings: &Settings, gate: &Gate, keeper: Keeper<'_>, asks: Asks) -> Finding {
    // What keeps sessions from starting keeps the doctor from the credential, too: another one may have taken its place.
    if settings.stopped.is_some() && settings.provider.is_some() {
        let says = "The model provider is named, and was not asked: no session starts under these settings.";
        return Finding::of("provider", State::Note, says, "Mend the settings first.");
    }
    let Some(named) = &settings.provider else {
        return no_provider(settings);
    };
    if asks == Asks::Nobody {
        return not_asked("provider", "The model provider");
    }
    let asked = match provider::connect(named, &settings.policy, gate, keeper) {
        Ok(connection) => connection.try_out().await,
        Err(error) => Err(error),
    };
    match asked {
        Ok(None) => Finding::good("provider", "The model provider answers."),
        Ok(Some(models)) => {
            let models = counted(models.len(), "model", "models");
            Finding::good(
                "provider",
                format!("The model provider answers and lists {models}."),
            )
        }
        Err(error) => Finding::error("provider", &error),
    }
}

fn no_provider(settings: &Settings) -> Finding {
    let named = settings.policy.value("inferenceProvider");
    let Some(named) = named.as_str() else {
        return Finding::of(
            "provider",
            State::Note,
            "No model provider is configured.",
            "Ask your administrator, or set `inferenceProvider` and what it needs with `deskhand config set`.",
        );
    };
    let missing = settings.policy.missing();
    let (says, remedy) = match (missing.as_slice(), &settings.stopped) {
        ([], Some(stopped)) => return Finding::error("provider", stopped),
        ([], None) => (
            format!("The provider is `{named}`, and it cannot be reached with these settings."),
            "Show this to your administrator.".to_owned(),
        ),
        (missing, _) => {
            let keys: Vec<String> = missing.iter().map(|key| format!("`{key}`")).collect();
            let keys = keys.join(" and ");
            (
                format!("The provider is `{named}`, and {keys} holds nothing that can be used."),
                format!("Set {keys} where the other settings are."),
            )
        }
    };
    Finding::of("provider", State::Bad, says, remedy)
}
