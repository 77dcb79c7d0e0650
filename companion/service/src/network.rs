//! What this machine's network asks for, out of the environment and the operating system.

use std::sync::Arc;

use deskhand_egress::{
    EgressAudit, Network, Proxy, ProxyError, SignIn, SignInExchange, SignInScheme, SystemProxy,
    SystemSettings,
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
    /// Checks what the system and the environment say. What cannot be used does not count, with a word about it.
    pub(crate) fn read(system: &SystemProxies, notices: &mut Vec<String>) -> Self {
        let environment = Proxy::from_environment(|name| std::env::var(name).ok());
        Self {
            environment: environment.unwrap_or_else(|error| {
                notices.push(format!("The proxy of the environment is not used: {error}"));
                Proxy::direct()
            }),
            system: checked(system).unwrap_or_else(|error| {
                notices.push(format!("The proxy of the operating system is not used: {error}"));
                None
            }),
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

fn checked(system: &SystemProxies) -> Result<Option<SystemProxy>, ProxyError> {
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
    use super::*;

    #[test]
    fn a_proxy_of_the_system_that_cannot_be_used_is_told_and_does_not_count() {
        let mut notices = Vec::new();
        let socks = SystemProxies {
            https: Some("socks://proxy.example:1080".to_owned()),
            ..SystemProxies::default()
        };
        let proxies = Proxies::read(&socks, &mut notices);
        assert!(proxies.network(None).system.is_none());
        assert_eq!(
            notices,
            ["The proxy of the operating system is not used: only http and https proxies are used"]
        );
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
            detects: false,
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
