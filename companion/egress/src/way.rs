//! Who says how connections leave the machine.

use crate::dial::Proxies;
use crate::pac::ProxyScript;
use crate::settings::Settings;
use crate::{
    Destination, EgressError, Gate, NamedBy, Network, Origin, Proxy, ProxyError, SystemProxy, Unusable,
};

/// The policy key of the proxy.
pub(crate) const PROXY_KEY: &str = "egressProxyUrl";
/// The policy key of the script that names proxies; it wins over the proxy.
pub(crate) const SCRIPT_KEY: &str = "egressProxyPacUrl";
/// The policy key that lets proxies learn who is at this machine.
pub(crate) const SIGN_IN_KEY: &str = "deskhandProxySignIn";

/// Which proxies to use, and who says so: policy, or else the operating system, or else the environment. The environment's
/// credentials go with each of them, to the proxy that they were given for.
pub(crate) fn proxies(settings: Settings<'_>, network: &Network) -> Result<(NamedBy, Proxies), EgressError> {
    let environment = &network.proxy;
    if let Some(address) = settings.value(SCRIPT_KEY) {
        let found = ProxyScript::at(address.as_str().unwrap_or_default(), environment.clone());
        let found = found.map_err(|why| EgressError::Address {
            destination: Destination::ProxyScript,
            key: SCRIPT_KEY,
            why,
        })?;
        return Ok((NamedBy::PolicyScript, Proxies::Script(Box::new(found))));
    }
    if let Some(address) = settings.value(PROXY_KEY) {
        let managed = Proxy::from_policy(address.as_str().unwrap_or_default())?;
        let rules = managed.with_credentials_of(environment);
        return Ok((NamedBy::PolicyAddress, Proxies::Rules(rules)));
    }
    if let Some(SystemProxy { script, rules }) = network.system.clone() {
        let rules = rules.with_credentials_of(environment);
        let proxies = match script {
            // One that cannot be used leaves in force what stands beside it.
            Ok(None) | Err(_) => Proxies::Rules(rules),
            Ok(Some(url)) => {
                let found = ProxyScript::of_system(&url, environment.clone(), rules);
                Proxies::Script(Box::new(found.map_err(ProxyError::Script)?))
            }
        };
        return Ok((NamedBy::System, proxies));
    }
    let named_by = if environment.is_direct() {
        NamedBy::Nobody
    } else {
        NamedBy::Environment
    };
    Ok((named_by, Proxies::Rules(environment.clone())))
}

/// How connections leave the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayOut {
    /// Who says so.
    pub named_by: NamedBy,
    /// The proxies; with a script, those that count where its server is not there.
    pub proxies: Vec<Origin>,
    /// The server of the script that names the proxies.
    pub script: Option<Origin>,
    /// What of it cannot be used.
    pub unusable: Vec<Unusable>,
}

impl std::fmt::Display for WayOut {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let named_by = self.named_by;
        let proxies: Vec<String> = self.proxies.iter().map(ToString::to_string).collect();
        let proxies = proxies.join(" and ");
        let mut connections = "Connections to other machines";
        if !self.unusable.is_empty() {
            connections = "Other connections";
            let told: Vec<String> = self.unusable.iter().map(ToString::to_string).collect();
            let told = told.join("; ");
            write!(
                formatter,
                "Named by {named_by}, and not to be used: {told}. Connections that need it fail. "
            )?;
        }
        match &self.script {
            Some(script) if proxies.is_empty() => write!(
                formatter,
                "The script at {script}, named by {named_by}, says how connections to other machines go."
            ),
            Some(script) => write!(
                formatter,
                "The script at {script}, named by {named_by}, says how connections to other machines go; where it is \
                 out of reach, they go through {proxies}."
            ),
            None if !self.unusable.is_empty() && proxies.is_empty() => {
                write!(formatter, "Nothing goes directly in its place.")
            }
            None if proxies.is_empty() => write!(formatter, "{connections} go directly."),
            None => write!(
                formatter,
                "{connections} go through {proxies}, named by {named_by}."
            ),
        }
    }
}

impl Gate {
    /// How connections leave the machine, and who says so; the error is why none can.
    pub fn way_out(&self) -> Result<WayOut, EgressError> {
        let way = self.way.as_ref().map_err(Clone::clone)?;
        let (proxies, script) = match &way.proxies {
            Proxies::Rules(rules) => (rules.origins(), None),
            Proxies::Script(script) => (
                script.otherwise().map(Proxy::origins).unwrap_or_default(),
                Some(script.origin()),
            ),
        };
        let unusable = match (&way.proxies, way.named_by, &self.network.system) {
            (_, NamedBy::System, Some(system)) => system.unusable(),
            (Proxies::Rules(rules), ..) => rules.unusable(),
            (Proxies::Script(script), ..) => script.otherwise().map(Proxy::unusable).unwrap_or_default(),
        };
        Ok(WayOut {
            named_by: way.named_by,
            proxies,
            script,
            unusable,
        })
    }
}
