//! How connections leave this computer.

use deskhand_egress::{EgressError, NamedBy, WayOut};

use super::{Finding, State};

/// `detects` where the system asks its network for a proxy script.
pub(super) fn finding(way: Result<WayOut, EgressError>, detects: bool) -> Finding {
    match way {
        Ok(way) if !way.unusable.is_empty() => Finding::of(
            "proxy",
            State::Bad,
            way.to_string(),
            format!(
                "Correct what {} says, or have `egressProxyUrl` name the proxy: it counts alone then.",
                way.named_by
            ),
        ),
        Ok(way) if way.named_by == NamedBy::Nobody && detects => Finding::good(
            "proxy",
            format!(
                "{way} This computer also asks its network for a proxy script (WPAD), which is not followed: anybody on a \
                 network could answer. Where connections need it, `egressProxyPacUrl` names the script."
            ),
        ),
        Ok(way) => Finding::good("proxy", way.to_string()),
        Err(error) => Finding::of(
            "proxy",
            State::Bad,
            format!("The proxy cannot be used: {error}"),
            "Correct `egressProxyUrl` or `egressProxyPacUrl`.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use deskhand_egress::{Gate, Network, SystemProxy, SystemSettings};
    use serde_json::Value;

    use super::*;

    fn found(system: Option<SystemProxy>) -> Finding {
        let network = Network {
            system,
            ..Network::default()
        };
        finding(Gate::new(|_| Value::Null, network).way_out(), false)
    }

    #[test]
    fn a_proxy_of_the_system_that_cannot_be_used_is_bad_and_names_the_key_that_helps() {
        let of = |https, script| {
            SystemProxy::new(&SystemSettings {
                https,
                script,
                ..SystemSettings::default()
            })
        };
        for system in [
            of(Some("socks://proxy.example:1080"), None),
            of(None, Some("file:///etc/proxy.pac")),
            of(Some("proxy.example:8080"), Some("file:///etc/proxy.pac")),
            Some(SystemProxy::untold()),
        ] {
            let found = found(system);
            assert_eq!(found.state, State::Bad, "{}", found.says);
            assert!(found.remedy.contains("`egressProxyUrl`"), "{}", found.remedy);
        }
        assert_eq!(found(of(Some("proxy.example:8080"), None)).state, State::Good);
        assert_eq!(found(None).state, State::Good);
    }
}
