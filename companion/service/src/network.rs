//! What this machine's network asks for, out of the environment and the operating system.

use std::sync::Arc;

use deskhand_egress::{
    EgressAudit, NamedBy, Network, Proxy, SignIn, SignInExchange, SignInScheme, SystemProxy, SystemSettings,
    Unusable,
};
use deskhand_platform::proxies::SystemProxies;
use deskhand_platform::sign_in;

/// The proxies that count where no policy key names one.
#[derive(Debug)]
pub(crate) struct Proxies {
    environment: Proxy,
    system: Option<SystemProxy>,
}

impl Proxies {
    /// Checks what the system and the environment say. What cannot be used is told: connections that need it fail.
    pub(crate) fn read(system: &SystemProxies, notices: &mut Vec<String>) -> Self {
        Self::of(
            system,
            Proxy::from_environment(|name| std::env::var(name).ok()),
            notices,
        )
    }

    fn of(system: &SystemProxies, environment: Proxy, notices: &mut Vec<String>) -> Self {
        let found = if let Some(why) = &system.failure {
            notices.push(format!(
                "The operating system did not say which proxies it is set to: {why}. {FAIL}"
            ));
            Some(SystemProxy::untold())
        } else {
            let found = checked(system);
            notices.extend(match &found {
                Some(found) => told(found.unusable(), NamedBy::System),
                None => told(environment.unusable(), NamedBy::Environment),
            });
            found
        };
        Self {
            environment,
            system: found,
        }
    }

    /// The network for a gate.
    pub(crate) fn network(&self, audit: Option<Arc<dyn EgressAudit>>) -> Network {
        Network {
            proxy: self.environment.clone(),
            system: self.system.clone(),
            sign_in: sign_in::is_here().then(|| Arc::new(OwnLogon) as _),
            audit,
            ..Network::default()
        }
    }
}

/// What follows where a proxy cannot be used.
const FAIL: &str =
    "Connections that need it fail, unless `egressProxyUrl` or `egressProxyPacUrl` names another way.";

fn told(unusable: Vec<Unusable>, named_by: NamedBy) -> Vec<String> {
    let tell = |unusable| format!("Named by {named_by}, and not to be used: {unusable}. {FAIL}");
    unusable.into_iter().map(tell).collect()
}

fn checked(system: &SystemProxies) -> Option<SystemProxy> {
    SystemProxy::new(&SystemSettings {
        https: system.https.as_deref(),
        http: system.http.as_deref(),
        exceptions: &system.exceptions,
        simple_names_direct: system.simple_names_direct,
        script: system.script.as_deref(),
    })
}

/// The logon of the person whose process this is.
#[derive(Debug)]
struct OwnLogon;

struct Exchange(sign_in::SignIn);

impl SignIn for OwnLogon {
    fn begin(&self, scheme: SignInScheme, host: &str) -> Result<Box<dyn SignInExchange>, String> {
        let package = match scheme {
            SignInScheme::Negotiate => sign_in::Package::Negotiate,
            SignInScheme::Ntlm => sign_in::Package::Ntlm,
        };
        let begun = sign_in::SignIn::begin(package, host).map_err(|error| error.to_string())?;
        Ok(Box::new(Exchange(begun)))
    }
}

impl SignInExchange for Exchange {
    fn next(&mut self, said: &[u8]) -> Result<Vec<u8>, String> {
        self.0.next(said).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use deskhand_egress::{Gate, WayOut};
    use pretty_assertions::assert_eq;
    use serde_json::{Value, json};

    use super::*;

    fn way(system: &SystemProxies, environment: Proxy, policy: Value) -> (Vec<String>, WayOut) {
        let mut notices = Vec::new();
        let network = Proxies::of(system, environment, &mut notices).network(None);
        let setting = move |key: &str| {
            if key == "egressProxyUrl" {
                policy.clone()
            } else {
                Value::Null
            }
        };
        (notices, Gate::new(setting, network).way_out().expect("a way"))
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_told_and_nothing_goes_around_it() {
        let socks = SystemProxies {
            https: Some("socks://proxy.example:1080".to_owned()),
            ..SystemProxies::default()
        };
        let silent = SystemProxies {
            failure: Some("no answer".to_owned()),
            ..SystemProxies::default()
        };
        let environment =
            || Proxy::from_environment(|name| (name == "https_proxy").then(|| "socks5://x".to_owned()));
        let table = [
            (
                &socks,
                Proxy::direct(),
                "the proxy for https addresses: only http and https proxies are used",
            ),
            (
                &silent,
                Proxy::direct(),
                "did not say which proxies it is set to: no answer",
            ),
            (
                &SystemProxies::default(),
                environment(),
                "Named by the environment, and not to be used",
            ),
        ];
        for (system, environment, wanted) in table {
            let (notices, found) = way(system, environment.clone(), Value::Null);
            assert!(notices[0].contains(wanted), "{notices:?}");
            assert_eq!(notices.len(), 1);
            assert!(!found.unusable.is_empty(), "{found}");
            let (_, managed) = way(system, environment, json!("http://policy.example:8080"));
            assert_eq!(managed.unusable, []);
        }
    }

    #[test]
    fn each_setting_of_the_system_reaches_the_gate() {
        let mut notices = Vec::new();
        let system = SystemProxies {
            https: Some("proxy.example:8080".to_owned()),
            http: Some("plain.example:8080".to_owned()),
            exceptions: vec!["*.corp.example".to_owned()],
            simple_names_direct: true,
            script: Some("http://pac.example/p.pac".to_owned()),
            ..SystemProxies::default()
        };
        let network = Proxies::read(&system, &mut notices).network(None);
        let told = format!("{:?}", network.system.expect("proxies"));
        for part in [
            "proxy.example:8080",
            "plain.example:8080",
            ".corp.example",
            "simple_names: true",
            "pac.example",
        ] {
            assert!(told.contains(part), "{part} in {told}");
        }
        assert!(notices.is_empty());
    }
}
