//! An organisation behind its name, and a person's computer in a network that ends at this machine.

use std::panic::AssertUnwindSafe;

use deskhand_e2e::{FrontEnd, PATIENCE, Service, Setup};
use deskhand_protocol::bootstrap::{BootstrapAnswer, BootstrapView};
use deskhand_protocol::hello::FrontEndKind;
use deskhand_protocol::session::Nothing;
use deskhand_protocol::{ErrorCode, Method};
use deskhand_standins::organisation::Organisation;
use deskhand_test_support::eventually;
use futures_util::FutureExt as _;
use serde_json::{Value, json};

use crate::provider;
use crate::world::World;

const HOST: &str = "settings.example.com";
pub(crate) const ISSUER: &str = "https://settings.example.com";
pub(crate) const KEY: &str = "settings-key-5150";

/// An organisation behind its name, and a person's computer that it manages.
pub(crate) struct Place {
    pub(crate) world: World,
    pub(crate) setup: Setup,
    pub(crate) organisation: Organisation,
}

impl Place {
    pub(crate) async fn new(world: World, more: &Value) -> Self {
        let organisation = Organisation::serve(ISSUER, named("First")).await;
        organisation.take_key(KEY);
        let authority = provider::serve(HOST, world.address(HOST), organisation.at()).await;
        world.trust(&authority);
        let place = Self {
            world,
            setup: Setup::empty(),
            organisation,
        };
        place.manage(more);
        place
    }

    pub(crate) fn manage(&self, more: &Value) {
        let mut settings = json!({ "bootstrapUrl": format!("{ISSUER}/settings") });
        let all = settings.as_object_mut().expect("an object");
        all.extend(more.as_object().expect("an object").clone());
        self.world.manage(&settings);
    }

    pub(crate) fn service(&self) -> Service {
        Service::start(&self.setup, 0)
    }

    pub(crate) fn asked(&self, what: &str) -> usize {
        self.organisation
            .log()
            .iter()
            .filter(|line| line.starts_with(what))
            .count()
    }

    /// Nothing that the provider gave out stands in a file of this user that is not sealed, nor in the answers so far: not as
    /// text, and not as the numbers of its bytes, as lists of bytes become in JSON.
    pub(crate) fn assert_no_secret(&self, said: &str) {
        let mut texts = vec![said.to_owned()];
        gather(self.setup.path(), &mut texts);
        let mut secrets = self.organisation.secrets();
        secrets.push(KEY.to_owned());
        for secret in secrets {
            let numbers: Vec<String> = secret.bytes().map(|byte| byte.to_string()).collect();
            let forms = [secret.clone(), numbers.join(","), numbers.join(", ")];
            let found = |text: &&String| forms.iter().any(|form| text.contains(form.as_str()));
            assert_eq!(texts.iter().filter(found).count(), 0, "{secret}");
        }
    }
}

/// Every file below a folder, as text.
fn gather(folder: &std::path::Path, texts: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            gather(&path, texts);
        } else if let Ok(bytes) = std::fs::read(path) {
            texts.push(String::from_utf8_lossy(&bytes).into_owned());
        }
    }
}

/// Settings that show themselves in every front end.
pub(crate) fn named(name: &str) -> Value {
    json!({ "deploymentDisplayName": name })
}

pub(crate) async fn show(window: &mut FrontEnd) -> Option<BootstrapAnswer> {
    window.call(Method::BootstrapShow, Nothing {}).await.ok()
}

/// Waits until the settings are as `wanted` says, over each new start of the service.
pub(crate) async fn until(
    service: &Service,
    what: &str,
    wanted: impl Fn(&BootstrapView) -> bool,
) -> (FrontEnd, BootstrapAnswer) {
    eventually(what, PATIENCE, async || {
        // A service that starts anew cuts who joins just then.
        let joined = AssertUnwindSafe(service.rejoin(FrontEndKind::Window)).catch_unwind();
        let mut window = joined.await.ok()?;
        let answer = show(&mut window).await?;
        wanted(answer.view.as_ref()?).then_some((window, answer))
    })
    .await
}

/// Waits until the settings in force name the organisation so; `None` where sessions wait.
pub(crate) async fn in_force(setup: &Setup, name: Option<&str>) {
    eventually("the settings are in force", PATIENCE, async || {
        let shown = setup.run(&["status", "--json"]);
        let status: Value = serde_json::from_str(&shown.out).ok()?;
        let view = &status["view"];
        let found = view["organisation"]["name"].as_str();
        let stopped = view["stopped"]["code"].as_str();
        let fits = match name {
            Some(_) => found == name && stopped.is_none(),
            None => stopped == Some(ErrorCode::BootstrapAwaited.as_str()),
        };
        fits.then_some(())
    })
    .await;
}
