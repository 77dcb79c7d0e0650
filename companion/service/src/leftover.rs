//! What is kept of sign-ins that the settings ask for no longer. It is forgotten, and not at once: settings that are replaced, such as
//! a profile or a group policy, are gone for a moment, and that must cost nobody their sign-in.

use std::convert::Infallible;
use std::time::Duration;

use deskhand_platform::Paths;
use deskhand_policy::Policy;
use deskhand_trail::{Actor, What};

use crate::audit::Notes;
use crate::bootstrap;
use crate::settings::stopped;
use crate::sign_in::{self, SignIn};

/// How long settings have to ask for it no longer. The service starts anew with each change of them, and with that the time.
const SPARE: Duration = Duration::from_mins(10);

/// Forgets what the settings in force ask for no longer, once they have been in force for a while.
pub(crate) async fn forget(
    paths: &Paths,
    policy: &Policy,
    sign_in: Option<&SignIn>,
    notes: &Notes,
) -> Infallible {
    tokio::time::sleep(SPARE).await;
    // Settings that let no session start may be broken: they say nothing of what they ask for.
    if stopped(policy).is_none() && !sign_in.is_some_and(SignIn::is_used) {
        match sign_in::forget(paths) {
            Ok(true) => {
                let provider = "inference".to_owned();
                notes.add(Actor::Service, What::SignedOut { provider });
            }
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "a former sign-in for the model could not be forgotten"),
        }
    }
    if let Err(error) = bootstrap::forget_unnamed(paths, policy, notes) {
        tracing::warn!(%error, "a former sign-in for settings could not be forgotten");
    }
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use deskhand_policy::{MemoryStore, Origin, Reading, Store as _};
    use deskhand_test_support::Home;
    use pretty_assertions::assert_eq;
    use serde_json::{Value, json};
    use tokio::time::timeout;

    use super::*;

    fn policy(settings: &Value) -> Policy {
        let values = settings.as_object().unwrap().iter();
        let values = values.map(|(key, value)| (key.as_str(), value.clone()));
        let store = MemoryStore::new(Origin::Managed("test".into()), values);
        Policy::resolve(&store.read(), &[])
    }

    /// Which of the two sign-ins are there after so long under a policy.
    async fn left(policy: &Policy, after: Duration) -> [bool; 2] {
        let home = Home::new();
        let paths = Paths::below(home.path());
        let files = ["sign-in.sealed", "bootstrap.sealed"].map(|name| paths.data().join(name));
        for file in &files {
            std::fs::create_dir_all(paths.data()).unwrap();
            std::fs::write(file, "sealed").unwrap();
        }
        let (notes, _noted) = Notes::new();
        drop(timeout(after, forget(&paths, policy, None, &notes)).await);
        files.map(|file| file.exists())
    }

    #[tokio::test(start_paused = true)]
    async fn settings_that_are_gone_for_a_moment_cost_nobody_their_sign_in() {
        let (moment, longer) = (SPARE / 2, SPARE * 2);
        let gone = Policy::resolve(&Reading::Absent, &[]);
        assert_eq!(left(&gone, moment).await, [true, true]);
        assert_eq!(left(&gone, longer).await, [false, false]);
    }

    #[tokio::test(start_paused = true)]
    async fn settings_that_cannot_be_used_say_nothing_of_what_they_ask_for() {
        let broken = Reading::Unusable(Origin::Managed("test".into()), "no JSON".to_owned());
        let broken = Policy::resolve(&broken, &[]);
        assert_eq!(left(&broken, SPARE * 2).await, [true, true]);
        let named = policy(&json!({ "bootstrapUrl": "https://settings.example.com" }));
        assert!(left(&named, SPARE * 2).await[1]);
    }
}
