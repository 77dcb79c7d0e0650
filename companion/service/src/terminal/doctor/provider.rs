//! The model provider: whether it is named, and whether it answers to the steps of `deskhand provider test`.

use deskhand_egress::Gate;
use deskhand_inference::Extent;
use deskhand_protocol::provider::{ConnectionTest, TestState};

use super::{Asks, Finding, State, not_asked};
use crate::provider::Keeper;
use crate::settings::Settings;
use crate::trial;

/// Whether it answers. It is asked for its models or, where it has no list, for one word.
pub(super) async fn finding(settings: &Settings, gate: &Gate, keeper: Keeper<'_>, asks: Asks) -> Finding {
    // What keeps sessions from starting keeps the doctor from the credential, too: another one may have taken its place.
    if settings.stopped.is_some() && settings.provider.is_some() {
        let says = "The model provider is named, and was not asked: no session starts under these settings.";
        return Finding::of("provider", State::Note, says, "Mend the settings first.");
    }
    if settings.provider.is_none() {
        return no_provider(settings);
    }
    if asks == Asks::Nobody {
        return not_asked("provider", "The model provider");
    }
    told(&trial::test(None, &settings.policy, gate, keeper, Extent::Answer, |_| {}).await)
}

fn told(test: &ConnectionTest) -> Finding {
    if let Some(why) = &test.stopped {
        return Finding::error("provider", why);
    }
    if let Some(failed) = test.failed() {
        let code = failed.code.map(|code| format!(" [{}]", code.as_str()));
        let says = format!("{}{}", failed.seen, code.unwrap_or_default());
        return Finding::of(
            "provider",
            State::Bad,
            says,
            failed.remedy.clone().unwrap_or_default(),
        );
    }
    let mut passed = test.steps.iter().rev();
    let last = passed.find(|result| result.state == TestState::Passed);
    let seen = last.map(|result| result.seen.as_str()).unwrap_or_default();
    Finding::good("provider", format!("The model provider answers. {seen}"))
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
