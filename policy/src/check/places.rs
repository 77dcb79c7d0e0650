//! What a file lets out of the region that it names.

use super::{FindingCode, Severity, name};
use crate::keys::Policy;
use crate::residency::{Residency, Site, residency};

const MODELS: &str = "inferenceModels";

type Told = (&'static str, Severity, FindingCode, String);

fn leaves(key: &'static str, sentence: String) -> Told {
    (key, Severity::Warning, FindingCode::LeavesRegion, sentence)
}

fn unknown(key: &'static str, sentence: String) -> Told {
    (key, Severity::Note, FindingCode::RegionUnknown, sentence)
}

/// The key that each finding belongs to, and what is said of it.
pub(super) fn findings(policy: &Policy) -> Vec<Told> {
    match policy.site() {
        None | Some(Site::Gateway) => Vec::new(),
        Some(Site::Foundry) => vec![unknown(
            "inferenceFoundryResource",
            "the kind of a deployment (global, data zone or region) decides where it is answered, and its name does not say it: look at the resource"
                .to_owned(),
        )],
        Some(site @ Site::Vertex { region, elsewhere }) => of_vertex(site, region)
            .into_iter()
            .chain(elsewhere.then(|| of_address("inferenceVertexBaseUrl", region)))
            .collect(),
        Some(Site::Bedrock { region, elsewhere }) => of_models(policy, region)
            .into_iter()
            .chain(elsewhere.then(|| of_address("inferenceBedrockBaseUrl", region)))
            .collect(),
    }
}

/// The address is not the provider's own for the region, so the name of the region promises nothing.
fn of_address(key: &'static str, region: &str) -> Told {
    unknown(
        key,
        format!(
            "it is no address of the provider's own for `{region}`: what stands there decides where prompts go"
        ),
    )
}

fn of_vertex(site: Site<'_>, region: &str) -> Option<Told> {
    let place = match residency(site, "") {
        Residency::Within(geography) => format!("any region in {geography}"),
        Residency::Anywhere => "any region".to_owned(),
        Residency::Stays(_) | Residency::Unknown(_) => return None,
    };
    let sentence = format!("`{region}` is no region: {place} may answer");
    Some(leaves("inferenceVertexRegion", sentence))
}

fn of_models(policy: &Policy, region: &str) -> Vec<Told> {
    // What stands at an address of the settings is said at its key.
    let site = Site::Bedrock {
        region,
        elsewhere: false,
    };
    let named = policy.connection.inference_models.value.as_ref();
    let models = named.iter().flat_map(|models| &models.0);
    let mut found: Vec<Told> = models
        .filter_map(|model| {
            let shown = name(&model.name);
            match residency(site, &model.name) {
                Residency::Stays(other) if other != region => Some(leaves(
                    MODELS,
                    format!("`{shown}` belongs to {other}, not to {region}"),
                )),
                Residency::Stays(_) => None,
                Residency::Within(geography) => Some(leaves(
                    MODELS,
                    format!("`{shown}` may be answered anywhere in {geography}, not in {region} alone"),
                )),
                Residency::Anywhere => Some(leaves(
                    MODELS,
                    format!("`{shown}` may be answered anywhere, not in {region} alone"),
                )),
                Residency::Unknown(why) => Some(unknown(MODELS, format!("`{shown}`: {why}"))),
            }
        })
        .collect();
    if policy.asks_for_models() {
        let (key, what) = match named {
            None => (
                "inferenceBedrockRegion",
                "no model is named in `inferenceModels`: the first inference profile that AWS lists is the default, and",
            ),
            Some(_) => (
                "modelDiscoveryEnabled",
                "the inference profiles that AWS lists are offered, too, and",
            ),
        };
        found.push(leaves(
            key,
            format!("{what} those span regions outside of {region}"),
        ));
    }
    found
}
