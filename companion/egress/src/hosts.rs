//! The hosts of each destination, worked out from the settings: only what is configured, and nothing of a vendor.
//!
//! Rules: a base-URL key takes the place of the standard host; fewer credentials mean fewer hosts; an address that cannot
//! be used opens nothing and is told.

use deskhand_policy::types::names_tool;
use serde_json::Value;

use crate::settings::{Settings, field};
use crate::{Origin, OriginError};

mod credentials;
mod extensions;
mod inference;

pub(crate) use credentials::{
    aws_credentials, bootstrap, bootstrap_sign_in_page, entra, google_credentials, google_machine,
    identity_provider, sign_in_page,
};
pub(crate) use extensions::{marketplaces, mcp, mcp_sign_in, web_search};
pub use inference::aws_host;
pub(crate) use inference::{bedrock, foundry, gateway, inference_in_force, vertex};

/// The provider in force.
pub(crate) const PROVIDER: &str = "inferenceProvider";
/// The built-in tools that an organisation takes away.
pub(crate) const DISABLED_TOOLS: &str = "disabledBuiltinTools";

/// Where the hosts of a row come from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Hosts {
    /// Worked out from settings.
    Of(fn(Settings<'_>) -> Answer),
    /// What the matcher of allowed hosts permits.
    Web(Tool),
    /// The proxy in force: of policy, or else of the environment.
    ProxyInForce,
    /// The file that says which proxy to use.
    ProxyScript,
}

/// Who asks the matcher of allowed hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    /// The built-in tool that reads web pages.
    Fetch,
    /// Programs in the sandbox.
    Sandbox,
}

/// The hosts of a row, or the key that would have to be set for it to have any.
pub(crate) type Answer = Result<Found, &'static str>;

/// The origins of a row, and the addresses in settings that cannot be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) origins: Vec<Origin>,
    pub(crate) faults: Vec<(&'static str, OriginError)>,
}

impl Found {
    /// Adds a host that follows from a region or a name: https on its standard port.
    pub(crate) fn host(self, key: &'static str, host: &str) -> Self {
        self.address(key, &format!("https://{host}"))
    }

    /// Adds the origin of an address that `key` holds.
    pub(crate) fn address(mut self, key: &'static str, address: &str) -> Self {
        match Origin::of_address(address) {
            Ok(origin) if self.origins.contains(&origin) => {}
            Ok(origin) => self.origins.push(origin),
            Err(why) => self.faults.push((key, why)),
        }
        self
    }

    /// Adds the metadata server of the machine.
    pub(crate) fn machine(mut self) -> Self {
        self.origins.push(Origin::machine());
        self
    }

    /// Adds the addresses in these fields of an object that `key` holds.
    pub(crate) fn fields(self, key: &'static str, object: &Value, names: &[&str]) -> Self {
        let addresses = names.iter().filter_map(|name| field(object, name));
        addresses.fold(self, |found, address| found.address(key, address))
    }

    /// The answer, closed by `key` where nothing was found.
    pub(crate) fn or_closed_by(self, key: &'static str) -> Answer {
        if self.origins.is_empty() && self.faults.is_empty() {
            Err(key)
        } else {
            Ok(self)
        }
    }
}

/// The address in one key.
fn address_in(settings: Settings<'_>, key: &'static str) -> Answer {
    let address = settings.text(key).ok_or(key)?;
    Ok(Found::default().address(key, &address))
}

/// Whether the organisation takes a built-in tool away.
pub(crate) fn tool_is_disabled(settings: Settings<'_>, tool: &str) -> bool {
    let disabled = settings.list(DISABLED_TOOLS).unwrap_or_default();
    names_tool(disabled.iter().filter_map(|name| name.as_str()), tool)
}

/// Lower-case letters, digits and dashes, as regions and resources are named. Anything else in a host name could name
/// another host.
fn label(text: &str) -> Result<&str, OriginError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let edge = text.starts_with('-') || text.ends_with('-');
    let good = (1..=63).contains(&text.len()) && text.bytes().all(plain) && !edge;
    if good {
        Ok(text)
    } else {
        Err(OriginError::NotALabel)
    }
}

pub(crate) fn collector(settings: Settings<'_>) -> Answer {
    address_in(settings, "otlpEndpoint")
}

pub(crate) fn update_feed(settings: Settings<'_>) -> Answer {
    if settings.is("disableAutoUpdates", true) {
        return Err("disableAutoUpdates");
    }
    address_in(settings, "deskhandUpdateUrl")
}

pub(crate) fn image_store(settings: Settings<'_>) -> Answer {
    address_in(settings, "deskhandImageStoreUrl")
}

pub(crate) fn office_script(settings: Settings<'_>) -> Answer {
    const COPY: &str = "deskhandOfficeScriptFolder";
    if settings.is_set(COPY) {
        return Err(COPY);
    }
    Ok(Found::default().host(COPY, "appsforoffice.microsoft.com"))
}

#[cfg(test)]
mod tests;
