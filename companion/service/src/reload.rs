//! Settings that change while the service runs. The service then starts anew on its port, which it can at any moment: the
//! log holds everything, turns go on where they stopped, front ends come back to their cursors. So nothing of the old
//! settings can be left anywhere.
//!
//! What may close something takes effect at once; anything else waits until no turn is at work.

use std::time::Duration;

use deskhand_platform::proxies::{self, SystemProxies};
use deskhand_platform::{Paths, machine};
use deskhand_policy::{
    Change, Direction, KeptSecrets, Layers, Origin, Policy, Reading, Store as _, managed_store,
};

use crate::bootstrap::Layer;
use crate::handler::Service;
use crate::history;
use crate::settings::{Settings, user_file};

/// How often the sources are looked at. Reading them takes well under a millisecond.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The sources that are watched, as they were read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Watched {
    pub(crate) managed: Reading,
    pub(crate) user: Reading,
    /// Another one once secrets of the user's file were changed.
    pub(crate) stamp: u64,
    /// The proxies that the operating system is set to.
    pub(crate) proxies: SystemProxies,
}

impl Watched {
    /// Reads them.
    pub(crate) fn read(paths: &Paths) -> Self {
        let file = user_file(paths);
        Self {
            managed: managed_store(machine::account()).read(),
            user: file.read(),
            // After the file: a program that changes both changes the stamp first.
            stamp: file.stamp(),
            proxies: proxies::read(),
        }
    }

    /// They and the user's secrets, as the policy takes them.
    pub(crate) fn layers<'a>(&'a self, kept: &'a KeptSecrets) -> Layers<'a> {
        Layers {
            kept,
            ..Layers::new(&self.managed, std::slice::from_ref(&self.user))
        }
    }

    /// The policy that follows from them, the user's secrets and the settings that an address hands out.
    pub(crate) fn policy(&self, kept: &KeptSecrets, bootstrap: &Layer) -> Policy {
        bootstrap.resolve(self.layers(kept))
    }
}

/// What front ends show while changed settings wait.
const WAITS: &str = "Settings were changed. They take effect when no turn is at work.";

/// Ends once the service has to start anew, for settings other than those that it runs under.
pub(crate) async fn changed(paths: &Paths, settings: &Settings, service: &Service) {
    let mut waits = false;
    let mut looks = tokio::time::interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        if history::is_wanted(paths, settings.organisation) && service.hub.idle().await {
            tracing::info!("earlier sessions are to be taken over and no turn is at work: starting anew");
            return;
        }
        let (watched, kept) = service.configuration.read(settings);
        let bootstrap = service.configuration.layer();
        if watched == settings.watched && kept == settings.kept && bootstrap == settings.bootstrap {
            if std::mem::take(&mut waits) {
                service.withdraw(WAITS);
            }
            continue;
        }
        let policy = watched.policy(&kept, &bootstrap);
        // Whoever joins a network to sign in brings new proxies along: they wait for the sign-in.
        let same_way = watched.proxies == settings.watched.proxies || service.is_signing_in();
        if policy == settings.policy && same_way {
            continue;
        }
        if presses(&settings.policy, &policy) {
            tracing::info!("the settings changed and may close something: starting anew");
            return;
        }
        if service.hub.idle().await {
            tracing::info!("the settings changed and no turn is at work: starting anew");
            return;
        }
        if !std::mem::replace(&mut waits, true) {
            tracing::info!("{WAITS}");
            service.announce(WAITS);
        }
    }
}

/// True where a turn at work must not go on under the old settings: something is closed, or the organisation changed
/// something of which that cannot be told.
pub(crate) fn presses(old: &Policy, new: &Policy) -> bool {
    (old.stopping().is_empty() && !new.stopping().is_empty()) || old.changes(new).iter().any(closes)
}

/// True where a change may close something.
pub(crate) fn closes(change: &Change) -> bool {
    match change.direction {
        Direction::Tightens => true,
        Direction::Other => !matches!(change.origin, Origin::User(_)),
        Direction::Loosens => false,
    }
}
