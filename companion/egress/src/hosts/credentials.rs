//! Hosts where credentials and tokens come from. A credential that needs no exchange needs no host.

use serde_json::Value;

use super::inference::{aws, aws_host, provider};
use super::{Answer, Found, PROVIDER};
use crate::settings::{Settings, field};

const HELPER: &str = "inferenceCredentialHelper";
const KIND: &str = "inferenceCredentialKind";
const GATEWAY_OIDC: &str = "inferenceGatewayOidc";
const WORKFORCE_OIDC: &str = "inferenceVertexWorkforceOidc";
const WORKFORCE: &str = "inferenceVertexWorkforceAudience";
const GOOGLE_CLIENT: &str = "inferenceVertexOAuthClientId";
const GATEWAY_KEY: &str = "inferenceGatewayApiKey";
const BEDROCK_TOKEN: &str = "inferenceBedrockBearerToken";
const TENANT: &str = "inferenceFoundryTenantId";
const START_URL: &str = "inferenceBedrockSsoStartUrl";
const BOOTSTRAP_OIDC: &str = "bootstrapOidc";
const BOOTSTRAP: &str = "bootstrapUrl";

pub(crate) fn aws_credentials(settings: Settings<'_>) -> Answer {
    const REGION: &str = "inferenceBedrockRegion";
    provider(settings, "bedrock")?;
    exchanged(settings)?;
    keyed(settings, BEDROCK_TOKEN)?;
    let kind = settings.text(KIND);
    let region = settings.text(REGION).ok_or(REGION)?;
    let sso_region = settings
        .text("inferenceBedrockSsoRegion")
        .unwrap_or_else(|| region.clone());
    let control = aws(Found::default(), REGION, "bedrock", &region);
    let single_sign_on = |found| {
        let found = aws(found, "inferenceBedrockSsoRegion", "portal.sso", &sso_region);
        aws(found, "inferenceBedrockSsoRegion", "oidc", &sso_region)
    };
    // A sign-in at Identity Center gives the credentials itself; only a profile may name a role to assume.
    if settings.is_set(START_URL) && kind.as_deref() != Some("vendor-profile") {
        return Ok(single_sign_on(control));
    }
    // Only the partition of everybody has a host without a region.
    let is_everybodys = !region.starts_with("us-gov-")
        && aws_host("sts", &region).is_ok_and(|host| host.ends_with(".amazonaws.com"));
    let global = if is_everybodys {
        control.host(REGION, "sts.amazonaws.com")
    } else {
        control
    };
    Ok(single_sign_on(aws(global, REGION, "sts", &region)))
}

pub(crate) fn google_credentials(settings: Settings<'_>) -> Answer {
    provider(settings, "vertex")?;
    exchanged(settings)?;
    let found = Found::default();
    if settings.is_set(WORKFORCE) && !settings.says(KIND, "interactive") {
        return Ok(found.host(WORKFORCE, "sts.googleapis.com"));
    }
    let found = found.host(PROVIDER, "oauth2.googleapis.com");
    if settings.is_set(GOOGLE_CLIENT) {
        return Ok(found);
    }
    // A credentials file may hold a service account, a federated identity or one that acts for another.
    let found = found.host(PROVIDER, "sts.googleapis.com");
    Ok(found.host(PROVIDER, "iamcredentials.googleapis.com"))
}

pub(crate) fn entra(settings: Settings<'_>) -> Answer {
    const KEY: &str = "inferenceFoundryApiKey";
    provider(settings, "foundry")?;
    exchanged(settings)?;
    if settings.is_set(KEY) && !settings.says(KIND, "interactive") {
        return Err(KEY);
    }
    if !settings.is_set(TENANT) {
        return Err(TENANT);
    }
    Ok(Found::default().host(TENANT, "login.microsoftonline.com"))
}

pub(crate) fn identity_provider(settings: Settings<'_>) -> Answer {
    exchanged(settings)?;
    let (key, object) = oidc_in_force(settings)?;
    if settings.says(PROVIDER, "gateway") {
        keyed(settings, GATEWAY_KEY)?;
    }
    if let Some(object) = object {
        return tokens(Found::default(), key, &object).or_closed_by(key);
    }
    // Without an identity provider of its own the gateway may be one (RFC 8414).
    if settings.says(KIND, "interactive") && settings.says(PROVIDER, "gateway") {
        return super::gateway(settings);
    }
    Err(key)
}

pub(crate) fn sign_in_page(settings: Settings<'_>) -> Answer {
    exchanged(settings)?;
    let found = Found::default();
    match settings.text(PROVIDER).as_deref() {
        Some("bedrock") => identity_center_page(settings),
        Some("foundry") => entra_pages(settings),
        Some("vertex")
            if settings.is_set(GOOGLE_CLIENT)
                && (!settings.is_set(WORKFORCE) || settings.says(KIND, "interactive")) =>
        {
            Ok(found.host(GOOGLE_CLIENT, "accounts.google.com"))
        }
        _ => {
            let (key, object) = oidc_in_force(settings)?;
            if key == GATEWAY_OIDC {
                keyed(settings, GATEWAY_KEY)?;
            }
            match object {
                Some(object) => pages(found, key, &object).or_closed_by(key),
                None => identity_provider(settings),
            }
        }
    }
}

/// Where the browser signs in, and where the codes of devices are entered.
fn entra_pages(settings: Settings<'_>) -> Answer {
    let found = entra(settings)?;
    if settings.says("inferenceFoundryAuthFlow", "browser") {
        return Ok(found);
    }
    let pages = ["microsoft.com", "www.microsoft.com", "login.microsoft.com"];
    Ok(pages.iter().fold(found, |found, page| found.host(TENANT, page)))
}

/// The organisation's start page, or the page of AWS that its codes are entered on.
fn identity_center_page(settings: Settings<'_>) -> Answer {
    const SSO_REGION: &str = "inferenceBedrockSsoRegion";
    keyed(settings, BEDROCK_TOKEN)?;
    let found = super::address_in(settings, START_URL)?;
    let region = settings
        .text(SSO_REGION)
        .or_else(|| settings.text("inferenceBedrockRegion"));
    Ok(match region {
        Some(region) => aws(found, SSO_REGION, "device.sso", &region),
        None => found,
    })
}

pub(crate) fn bootstrap(settings: Settings<'_>) -> Answer {
    if settings.is("bootstrapEnabled", false) {
        return Err("bootstrapEnabled");
    }
    let found = super::address_in(settings, BOOTSTRAP)?;
    // Headers take the place of a sign-in.
    if settings.is_set("bootstrapHeaders") || settings.is_set("bootstrapHeadersHelper") {
        return Ok(found);
    }
    Ok(match settings.value(BOOTSTRAP_OIDC) {
        Some(object) => tokens(found, BOOTSTRAP_OIDC, &object),
        None => found,
    })
}

pub(crate) fn bootstrap_sign_in_page(settings: Settings<'_>) -> Answer {
    let own = bootstrap(settings)?;
    if settings.is_set("bootstrapHeaders") || settings.is_set("bootstrapHeadersHelper") {
        return Err("bootstrapHeaders");
    }
    match settings.value(BOOTSTRAP_OIDC) {
        Some(object) => pages(Found::default(), BOOTSTRAP_OIDC, &object).or_closed_by(BOOTSTRAP_OIDC),
        // Device code (RFC 8628): every page lies on the origin of the bootstrap.
        None => Ok(own),
    }
}

/// Closed where the credential comes as it is: from a program, or static by decree.
fn exchanged(settings: Settings<'_>) -> Result<(), &'static str> {
    match settings.text(KIND).as_deref() {
        Some("static" | "helper-script") => Err(KIND),
        None if settings.is_set(HELPER) => Err(HELPER),
        Some(_) | None => Ok(()),
    }
}

/// Closed where a key of the settings goes before a sign-in.
fn keyed(settings: Settings<'_>, key: &'static str) -> Result<(), &'static str> {
    if settings.is_set(key) && settings.text(KIND).is_none() {
        return Err(key);
    }
    Ok(())
}

/// The identity provider of the inference provider in force, with the key it stands in.
fn oidc_in_force(settings: Settings<'_>) -> Result<(&'static str, Option<Value>), &'static str> {
    let key = match settings.text(PROVIDER).as_deref() {
        Some("gateway") => GATEWAY_OIDC,
        Some("vertex") => WORKFORCE_OIDC,
        _ => return Err(PROVIDER),
    };
    Ok((key, settings.value(key)))
}

/// Where the service goes: for the discovery document of the issuer, and for tokens.
fn tokens(found: Found, key: &'static str, object: &Value) -> Found {
    let found = found.fields(key, object, &["issuer", "tokenUrl"]);
    let google = field(object, "issuer")
        .is_some_and(|issuer| issuer.trim_end_matches('/') == "https://accounts.google.com");
    if google {
        // Google's discovery document sends its clients to another host for tokens.
        return found.host(key, "oauth2.googleapis.com");
    }
    found
}

/// Where the browser goes: an issuer's pages lie on its own host unless an address is given.
fn pages(found: Found, key: &'static str, object: &Value) -> Found {
    let page = if field(object, "authorizationUrl").is_some() {
        "authorizationUrl"
    } else {
        "issuer"
    };
    found.fields(key, object, &[page])
}
