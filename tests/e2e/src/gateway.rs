//! The organisation's gateway: a stand-in that plays a script inside of the test's own process.

use deskhand_standins::gateway::{Gateway, Part};
use deskhand_standins::script::Script;

/// Starts a gateway that plays a script, YAML as `tests/standins` reads it.
pub async fn play(script: &str) -> Gateway {
    let script = Script::from_yaml(script).expect("a script in the form of the stand-ins");
    let started = Gateway::start(Part::Script(Box::new(script)), 0).await;
    started.expect("a free loopback port for the gateway")
}
