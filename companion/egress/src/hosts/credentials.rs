//! Hosts where credentials and tokens come from. A credential that needs no exchange needs no host.

use serde_json::Value;

use super::inference::{aws, aws_host, provider};
use super::{Answer, Found, PROVIDER};
use crate::settings::{Settings, field};

const HELPER: &str = "inferenceCredentialHelper";
const KIND: &str = "inferenceCredentialKind";
const GATEWAY_OIDC: &str = "inferenceGatewayOidc";
const GATEWAY_FLOW: &str = "inferenceGatewayOidcAuthFlow";
const WORKFORCE_OIDC: &str = "inferenceVertexWorkforceOidc";
const WORKFORCE_FLOW: &str = "inferenceVertexWorkforceAuthFlow";
const WORKFORCE: &str = "inferenceVertexWorkforceAudience";
const GOOGLE_CLIENT: &str = "inferenceVertexOAuthClientId";
const GOOGLE_FILE: &str = "inferenceVertexCredentialsFile";
const MACHINE_ACCOUNT: &str = "deskhandVertexMachineAccount";
const GATEWAY_KEY: &str = "inferenceGatewayApiKey";
const BEDROCK_TOKEN: &str = "inferenceBedrockBearerToken";
const FOUNDRY_KEY: &str = "inferenceFoundryApiKey";
const FOUNDRY_FLOW: &str = "inferenceFoundryAuthFlow";
const TENANT: &str = "inferenceFoundryTenantId";
const CLIENT: &str = "inferenceFoundryClientId";
const REGION: &str = "inferenceBedrockRegion";
const SSO_REGION: &str = "inferenceBedrockSsoRegion";
const SSO_ACCOUNT: &str = "inferenceBedrockSsoAccountId";
const SSO_ROLE: &str = "inferenceBedrockSsoRoleName";
const START_URL: &str = "inferenceBedrockSsoStartUrl";
const BOOTSTRAP_OIDC: &str = "bootstrapOidc";
const BOOTSTRAP: &str = "bootstrapUrl";

/// Where the credential comes from, as far as it needs hosts. What counts is `Policy::credential`: a test holds the two together.
enum Source {
    /// What the tools of AWS or Google keep on the machine.
    Profile,
    /// A sign-in at the organisation's identity provider, with the key that it stands in.
    Provider(&'static str, Value),
    /// A sign-in at the gateway itself (RFC 8414).
    Gateway,
    /// A sign-in with Google.
    Google,
    /// A sign-in with Microsoft Entra.
    Entra,
    /// A sign-in at IAM Identity Center.
    IdentityCenter,
}

/// The source in force, or the key that keeps it from needing hosts: the credential comes as it is, or something is missing.
fn source(settings: Settings<'_>) -> Result<Source, &'static str> {
    let kind = settings.text(KIND);
    let kind = kind.as_deref();
    match kind {
        Some("static" | "helper-script") => return Err(KIND),
        None if settings.is_set(HELPER) => return Err(HELPER),
        Some(_) | None => {}
    }
    match settings.text(PROVIDER).as_deref() {
        Some("gateway") => of_gateway(settings, kind),
        Some("bedrock") => of_bedrock(settings, kind),
        Some("vertex") => of_vertex(settings, kind),
        Some("foundry") => of_foundry(settings, kind),
        Some(_) | None => Err(PROVIDER),
    }
}

fn of_gateway(settings: Settings<'_>, kind: Option<&str>) -> Result<Source, &'static str> {
    keyed(settings, GATEWAY_KEY)?;
    match (kind, settings.value(GATEWAY_OIDC)) {
        (Some("vendor-profile" | "workforce"), _) => Err(KIND),
        (_, Some(object)) => {
            without_broker(settings, GATEWAY_FLOW)?;
            Ok(Source::Provider(GATEWAY_OIDC, object))
        }
        // Without an identity provider of its own the gateway may be one.
        (Some(_), None) => Ok(Source::Gateway),
        (None, None) => Err(GATEWAY_OIDC),
    }
}

fn of_bedrock(settings: Settings<'_>, kind: Option<&str>) -> Result<Source, &'static str> {
    keyed(settings, BEDROCK_TOKEN)?;
    match kind {
        Some("vendor-profile") => Ok(Source::Profile),
        Some("workforce") => Err(KIND),
        None if !settings.is_set(START_URL) => Ok(Source::Profile),
        Some(_) | None => {
            needed(settings, &[START_URL, SSO_ACCOUNT, SSO_ROLE])?;
            Ok(Source::IdentityCenter)
        }
    }
}

fn of_vertex(settings: Settings<'_>, kind: Option<&str>) -> Result<Source, &'static str> {
    let is_workforce = settings.is_set(WORKFORCE) || settings.is_set(WORKFORCE_OIDC);
    let is_google = settings.is_set(GOOGLE_CLIENT);
    match kind {
        Some("vendor-profile") => Ok(Source::Profile),
        Some("interactive") if is_google => Ok(Source::Google),
        Some("interactive") => Err(GOOGLE_CLIENT),
        None if !is_workforce && is_google => Ok(Source::Google),
        None if !is_workforce => Ok(Source::Profile),
        Some(_) | None => {
            needed(settings, &[WORKFORCE])?;
            without_broker(settings, WORKFORCE_FLOW)?;
            let object = settings.value(WORKFORCE_OIDC).ok_or(WORKFORCE_OIDC)?;
            Ok(Source::Provider(WORKFORCE_OIDC, object))
        }
    }
}

fn of_foundry(settings: Settings<'_>, kind: Option<&str>) -> Result<Source, &'static str> {
    keyed(settings, FOUNDRY_KEY)?;
    if matches!(kind, Some("vendor-profile" | "workforce")) {
        return Err(KIND);
    }
    needed(settings, &[TENANT, CLIENT])?;
    without_broker(settings, FOUNDRY_FLOW)?;
    Ok(Source::Entra)
}

/// Closed where a key of the settings goes before a sign-in.
fn keyed(settings: Settings<'_>, key: &'static str) -> Result<(), &'static str> {
    if settings.is_set(key) && settings.text(KIND).is_none() {
        return Err(key);
    }
    Ok(())
}

/// Closed where one of these is missing.
fn needed(settings: Settings<'_>, keys: &[&'static str]) -> Result<(), &'static str> {
    let missing = keys.iter().find(|key| !settings.is_set(key));
    missing.map_or(Ok(()), |key| Err(*key))
}

/// Closed where the broker of the system is asked for: this build has none, and goes no other way in its place.
fn without_broker(settings: Settings<'_>, key: &'static str) -> Result<(), &'static str> {
    if settings.says(key, "broker") {
        return Err(key);
    }
    Ok(())
}

pub(crate) fn aws_credentials(settings: Settings<'_>) -> Answer {
    provider(settings, "bedrock")?;
    let source = source(settings)?;
    let region = settings.text(REGION).ok_or(REGION)?;
    let sso_region = settings.text(SSO_REGION).unwrap_or_else(|| region.clone());
    let control = aws(Found::default(), REGION, "bedrock", &region);
    let single_sign_on = |found| {
        let found = aws(found, SSO_REGION, "portal.sso", &sso_region);
        aws(found, SSO_REGION, "oidc", &sso_region)
    };
    // A sign-in at Identity Center gives the credentials itself; only a profile may name a role to assume.
    if matches!(source, Source::IdentityCenter) {
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
    let source = source(settings)?;
    let found = Found::default();
    if matches!(source, Source::Provider(..)) {
        return Ok(found.host(WORKFORCE, "sts.googleapis.com"));
    }
    let found = found.host(PROVIDER, "oauth2.googleapis.com");
    if matches!(source, Source::Google) {
        return Ok(found);
    }
    // A credentials file may hold a service account, a federated identity or one that acts for another.
    let found = found.host(PROVIDER, "sts.googleapis.com");
    Ok(found.host(PROVIDER, "iamcredentials.googleapis.com"))
}

pub(crate) fn google_machine(settings: Settings<'_>) -> Answer {
    provider(settings, "vertex")?;
    if !settings.is(MACHINE_ACCOUNT, true) {
        return Err(MACHINE_ACCOUNT);
    }
    // A file that the settings name is the only place that is looked into.
    if settings.is_set(GOOGLE_FILE) {
        return Err(GOOGLE_FILE);
    }
    match source(settings)? {
        Source::Profile => Ok(Found::default().machine()),
        _ => Err(KIND),
    }
}

pub(crate) fn entra(settings: Settings<'_>) -> Answer {
    provider(settings, "foundry")?;
    source(settings)?;
    Ok(Found::default().host(TENANT, "login.microsoftonline.com"))
}

pub(crate) fn identity_provider(settings: Settings<'_>) -> Answer {
    let named_by = match settings.text(PROVIDER).as_deref() {
        Some("gateway") => GATEWAY_OIDC,
        Some("vertex") => WORKFORCE_OIDC,
        Some(_) | None => return Err(PROVIDER),
    };
    match source(settings)? {
        Source::Provider(key, object) => tokens(Found::default(), key, &object).or_closed_by(key),
        Source::Gateway => super::gateway(settings),
        _ => Err(named_by),
    }
}

pub(crate) fn sign_in_page(settings: Settings<'_>) -> Answer {
    let found = Found::default();
    match source(settings)? {
        Source::Profile => Err(if settings.says(PROVIDER, "vertex") {
            GOOGLE_CLIENT
        } else {
            START_URL
        }),
        Source::Provider(key, object) => pages(found, key, &object).or_closed_by(key),
        Source::Gateway => super::gateway(settings),
        Source::Google => Ok(found.host(GOOGLE_CLIENT, "accounts.google.com")),
        Source::Entra => entra_pages(settings),
        Source::IdentityCenter => identity_center_page(settings),
    }
}

/// Where the browser signs in, and where the codes of devices are entered.
fn entra_pages(settings: Settings<'_>) -> Answer {
    let found = entra(settings)?;
    if settings.says(FOUNDRY_FLOW, "browser") {
        return Ok(found);
    }
    let pages = ["microsoft.com", "www.microsoft.com", "login.microsoft.com"];
    Ok(pages.iter().fold(found, |found, page| found.host(TENANT, page)))
}

/// The organisation's start page, or the page of AWS that its codes are entered on.
fn identity_center_page(settings: Settings<'_>) -> Answer {
    let found = super::address_in(settings, START_URL)?;
    let region = settings.text(SSO_REGION).or_else(|| settings.text(REGION));
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
