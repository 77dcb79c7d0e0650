//! Hosts of inference, per provider.

use super::{Answer, Found, PROVIDER, address_in, label};
use crate::OriginError;
use crate::settings::Settings;

const REGION: &str = "inferenceBedrockRegion";

pub(crate) fn gateway(settings: Settings<'_>) -> Answer {
    provider(settings, "gateway")?;
    address_in(settings, "inferenceGatewayBaseUrl")
}

pub(crate) fn bedrock(settings: Settings<'_>) -> Answer {
    provider(settings, "bedrock")?;
    if let Ok(own) = address_in(settings, "inferenceBedrockBaseUrl") {
        return Ok(own);
    }
    let region = settings.text(REGION).ok_or(REGION)?;
    let service = if region.starts_with("us-gov-") {
        "bedrock-runtime-fips"
    } else {
        "bedrock-runtime"
    };
    Ok(aws(Found::default(), REGION, service, &region))
}

pub(crate) fn vertex(settings: Settings<'_>) -> Answer {
    const REGION: &str = "inferenceVertexRegion";
    provider(settings, "vertex")?;
    if let Ok(own) = address_in(settings, "inferenceVertexBaseUrl") {
        return Ok(own);
    }
    let region = settings.text(REGION).ok_or(REGION)?;
    let host = match label(&region) {
        Ok("global") => "aiplatform.googleapis.com".to_owned(),
        // Multi-regions have endpoints of their own.
        Ok(wide @ ("us" | "eu")) => format!("aiplatform.{wide}.rep.googleapis.com"),
        Ok(region) => format!("{region}-aiplatform.googleapis.com"),
        Err(why) => return Ok(fault(REGION, why)),
    };
    Ok(Found::default().host(REGION, &host))
}

pub(crate) fn foundry(settings: Settings<'_>) -> Answer {
    const RESOURCE: &str = "inferenceFoundryResource";
    provider(settings, "foundry")?;
    let resource = settings.text(RESOURCE).ok_or(RESOURCE)?;
    Ok(match label(&resource.to_ascii_lowercase()) {
        Ok(resource) => Found::default().host(RESOURCE, &format!("{resource}.services.ai.azure.com")),
        Err(why) => fault(RESOURCE, why),
    })
}

/// The hosts of the provider in force.
pub(crate) fn inference_in_force(settings: Settings<'_>) -> Answer {
    let providers = [gateway, bedrock, vertex, foundry];
    let answers = providers.into_iter().map(|hosts| hosts(settings));
    answers.into_iter().find(Result::is_ok).unwrap_or(Err(PROVIDER))
}

/// The partitions of AWS with a domain of their own, by what the names of their regions begin with.
const PARTITIONS: [(&str, &str); 6] = [
    ("cn-", "amazonaws.com.cn"),
    ("eusc-", "amazonaws.eu"),
    ("us-iso-", "c2s.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
    ("us-isof-", "csp.hci.ic.gov"),
];

/// The host of a service of AWS in a region: `<service>.<region>.amazonaws.com`, or the domain of the region's partition.
pub fn aws_host(service: &str, region: &str) -> Result<String, OriginError> {
    let region = label(region)?;
    let own = PARTITIONS.iter().find(|(begin, _)| region.starts_with(begin));
    let domain = own.map_or("amazonaws.com", |(_, domain)| domain);
    Ok(format!("{service}.{region}.{domain}"))
}

/// Adds the host of a service of AWS in a region.
pub(super) fn aws(found: Found, key: &'static str, service: &str, region: &str) -> Found {
    match aws_host(service, region) {
        Ok(host) => found.host(key, &host),
        Err(why) => {
            let mut found = found;
            found.faults.push((key, why));
            found
        }
    }
}

/// Closed unless this provider is chosen.
pub(super) fn provider(settings: Settings<'_>, wanted: &str) -> Result<(), &'static str> {
    if settings.says(PROVIDER, wanted) {
        Ok(())
    } else {
        Err(PROVIDER)
    }
}

fn fault(key: &'static str, why: OriginError) -> Found {
    Found {
        faults: vec![(key, why)],
        ..Found::default()
    }
}
