//! Where a call of a model may be answered, as far as the settings and the model's id say it: nothing is asked of anybody.
//!
//! Sources: "Supported Regions and models for inference profiles" and "Resource types" of Amazon Bedrock's user guide,
//! "Locations" of Vertex AI, "Deployment types" of Azure AI Foundry.

use std::fmt;

use crate::keys::Policy;
use crate::types::{BaseUrl, Provider};

/// The service that is asked, as the settings name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site<'a> {
    /// A gateway of the organisation.
    Gateway,
    /// Amazon Bedrock.
    Bedrock {
        /// The region that is asked.
        region: &'a str,
        /// True where an address of the settings takes the place of the region's own endpoint.
        elsewhere: bool,
    },
    /// Vertex AI.
    Vertex {
        /// The region, a multi-region or `global`.
        region: &'a str,
        /// As for Bedrock.
        elsewhere: bool,
    },
    /// A resource of Azure AI Foundry.
    Foundry,
}

/// Where a call may be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Residency<'a> {
    /// In this region.
    Stays(&'a str),
    /// In any region of this geography.
    Within(Geography),
    /// In any region of the provider.
    Anywhere,
    /// Not known, and why not.
    Unknown(&'static str),
}

/// Regions of a provider that answer for one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geography {
    /// As ids and locations write it.
    pub id: &'static str,
    /// Within a sentence.
    pub name: &'static str,
}

impl fmt::Display for Geography {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name)
    }
}

const fn geography(id: &'static str, name: &'static str) -> Geography {
    Geography { id, name }
}

/// The geographies of Bedrock's inference profiles, beside `global`.
const PROFILES: [Geography; 7] = [
    geography("us", "the US"),
    geography("us-gov", "AWS GovCloud (US)"),
    geography("eu", "the EU"),
    geography("apac", "Asia-Pacific"),
    geography("jp", "Japan"),
    geography("au", "Australia"),
    geography("ca", "Canada"),
];
/// The multi-regions of Vertex AI.
const MULTI_REGIONS: [Geography; 2] = [geography("us", "the US"), geography("eu", "the EU")];
const GLOBAL: &str = "global";
/// Who makes the models of Bedrock: what ids of models that run in one region begin with.
const MAKERS: [&str; 19] = [
    "ai21",
    "amazon",
    "anthropic",
    "cohere",
    "deepseek",
    "google",
    "luma",
    "meta",
    "minimax",
    "mistral",
    "moonshot",
    "moonshotai",
    "nvidia",
    "openai",
    "qwen",
    "stability",
    "twelvelabs",
    "writer",
    "zai",
];

const BY_GATEWAY: &str = "who runs the gateway decides where it is answered";
const BY_DEPLOYMENT: &str =
    "the kind of the deployment (global, data zone or region) decides, and its name does not say it";
const BY_ENDPOINT: &str = "what stands at the address of the settings decides";
const BY_PROFILE: &str = "an inference profile of the organisation does not say which regions it spans";
const BY_ID: &str = "what the id says of regions is not known here";

/// Where a call of this model may be answered.
pub fn residency<'a>(site: Site<'a>, model: &'a str) -> Residency<'a> {
    match (site, site.by_name(model)) {
        (
            Site::Bedrock { elsewhere: true, .. } | Site::Vertex { elsewhere: true, .. },
            Residency::Stays(_),
        ) => Residency::Unknown(BY_ENDPOINT),
        (_, found) => found,
    }
}

fn vertex(region: &str) -> Residency<'_> {
    match MULTI_REGIONS.into_iter().find(|multi| multi.id == region) {
        Some(multi) => Residency::Within(multi),
        None if region == GLOBAL => Residency::Anywhere,
        None => Residency::Stays(region),
    }
}

fn bedrock<'a>(region: &'a str, model: &'a str) -> Residency<'a> {
    let Some(resource) = Resource::of(model) else {
        return by_id(region, model);
    };
    match resource.kind {
        "inference-profile" => match by_id(region, resource.id) {
            Residency::Stays(_) => Residency::Unknown(BY_ID),
            spans => spans,
        },
        "foundation-model" | "provisioned-model" | "custom-model-deployment" | "imported-model" => {
            Residency::Stays(resource.region)
        }
        "application-inference-profile" => Residency::Unknown(BY_PROFILE),
        _ => Residency::Unknown(BY_ID),
    }
}

/// What an id says that is no ARN: `maker.model`, also behind a geography.
fn by_id<'a>(region: &'a str, id: &str) -> Residency<'a> {
    let (first, rest) = id.split_once('.').unwrap_or((id, ""));
    if first == GLOBAL {
        return Residency::Anywhere;
    }
    if let Some(geography) = PROFILES.into_iter().find(|geography| geography.id == first) {
        return Residency::Within(geography);
    }
    // One that is not known is no region: a geography may be new.
    if MAKERS.contains(&first) && !rest.is_empty() {
        Residency::Stays(region)
    } else {
        Residency::Unknown(BY_ID)
    }
}

/// `arn:partition:bedrock:region:account:kind/id`
struct Resource<'a> {
    region: &'a str,
    kind: &'a str,
    id: &'a str,
}

impl<'a> Resource<'a> {
    fn of(arn: &'a str) -> Option<Self> {
        let mut parts = arn.strip_prefix("arn:")?.splitn(5, ':');
        let region = parts.nth(2)?;
        let (kind, id) = parts.nth(1)?.split_once('/')?;
        Some(Self { region, kind, id })
    }
}

impl<'a> Site<'a> {
    /// The one region that is asked; none where the site names none.
    pub fn region(self) -> Option<&'a str> {
        match self {
            Self::Gateway | Self::Foundry => None,
            Self::Bedrock { region, .. } => Some(region),
            Self::Vertex { region, .. } => match vertex(region) {
                Residency::Stays(region) => Some(region),
                _ => None,
            },
        }
    }

    /// What the id of a model and the name of the region say, whatever address is asked.
    fn by_name(self, model: &'a str) -> Residency<'a> {
        match self {
            Self::Gateway => Residency::Unknown(BY_GATEWAY),
            Self::Foundry => Residency::Unknown(BY_DEPLOYMENT),
            Self::Bedrock { region, .. } => bedrock(region, model),
            Self::Vertex { region, .. } => vertex(region),
        }
    }

    /// A few words about a model that may be answered elsewhere than in the region of the settings. None where it stays, and where
    /// [`Site::promise`] says the same of every model.
    pub fn mark(self, model: &'a str) -> Option<String> {
        if matches!(self, Self::Gateway | Self::Foundry) {
            return None;
        }
        let home = self.region();
        let place = match self.by_name(model) {
            Residency::Stays(region) if home == Some(region) => return None,
            Residency::Stays(region) => region.to_owned(),
            Residency::Within(geography) => format!("anywhere in {geography}"),
            Residency::Anywhere => "anywhere".to_owned(),
            Residency::Unknown(_) => "not known where".to_owned(),
        };
        Some(match (home, self.by_name(model)) {
            (Some(home), Residency::Unknown(_)) => format!("may leave {home}: {place}"),
            (Some(home), _) => format!("leaves {home}: {place}"),
            (None, _) => format!("answered {place}"),
        })
    }

    /// What may be said of where content goes. It names no address: panes show it, too.
    pub fn promise(self) -> String {
        let (place, rest) = match self {
            Self::Gateway => (
                "the gateway that the settings name".to_owned(),
                "Who runs it decides where they are processed and what is kept.".to_owned(),
            ),
            Self::Foundry => (
                "the resource of Azure AI Foundry that the settings name".to_owned(),
                "The kind of the deployment (global, data zone or region) decides where they are processed; a model's name does not say it."
                    .to_owned(),
            ),
            Self::Bedrock { region, elsewhere } => (
                through(elsewhere, &format!("Amazon Bedrock in {region}")),
                format!("A model that is marked may be answered outside of {region}."),
            ),
            Self::Vertex { region, elsewhere } => match vertex(region) {
                Residency::Within(geography) => (
                    through(elsewhere, &format!("Google Vertex AI in the multi-region `{region}`")),
                    format!("They may be processed in any of its regions in {geography}."),
                ),
                Residency::Anywhere => (
                    through(elsewhere, "the global endpoint of Google Vertex AI"),
                    "They may be processed in any of its regions.".to_owned(),
                ),
                _ => (through(elsewhere, &format!("Google Vertex AI in {region}")), String::new()),
            },
        };
        let promise = format!("Prompts and what Deskhand reads go to {place}. {rest}");
        promise.trim_end().to_owned()
    }
}

fn through(elsewhere: bool, place: &str) -> String {
    if elsewhere {
        format!(
            "the address that the settings name for {place}; who runs it decides what becomes of them there"
        )
    } else {
        place.to_owned()
    }
}

impl Policy {
    /// The service that the settings name, where they name all that is needed to know it.
    pub fn site(&self) -> Option<Site<'_>> {
        Some(match self.connection.inference_provider.value? {
            Provider::Gateway => Site::Gateway,
            Provider::Foundry => Site::Foundry,
            Provider::Bedrock => {
                let region = &self.bedrock.inference_bedrock_region.value.as_ref()?.0;
                let base = self.bedrock.inference_bedrock_base_url.value.as_ref();
                Site::Bedrock {
                    region,
                    elsewhere: base.is_some_and(|base| !is_of_aws(base, region)),
                }
            }
            Provider::Vertex => {
                let region = &self.vertex.inference_vertex_region.value.as_ref()?.0;
                let base = self.vertex.inference_vertex_base_url.value.as_ref();
                Site::Vertex {
                    region,
                    elsewhere: base.is_some_and(|base| !is_of_google(base, region)),
                }
            }
        })
    }

    /// Whether the provider is asked for models beside those that the settings name.
    pub fn asks_for_models(&self) -> bool {
        let named = self.connection.inference_models.value.is_some();
        self.connection.model_discovery_enabled.value.unwrap_or(!named)
    }
}

/// Whether an address is AWS's own, of this region: its endpoint, or one in a network of the organisation (PrivateLink).
fn is_of_aws(base: &BaseUrl, region: &str) -> bool {
    let host = base.url().host_str().unwrap_or_default();
    let of_aws = host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
    of_aws && host.split('.').any(|label| label == region)
}

/// Whether an address is Google's own, of this location: its endpoint, or one in a network of the organisation (Private
/// Service Connect).
fn is_of_google(base: &BaseUrl, region: &str) -> bool {
    let host = base.url().host_str().unwrap_or_default();
    let Some(name) = host.strip_suffix(".googleapis.com") else {
        return false;
    };
    let regional = name
        .strip_prefix(region)
        .is_some_and(|rest| rest.starts_with("-aiplatform"));
    let wide = name
        .strip_prefix("aiplatform.")
        .and_then(|rest| rest.strip_suffix(".rep"));
    regional || wide == Some(region) || region == GLOBAL && name == "aiplatform"
}

#[cfg(test)]
mod tests;
