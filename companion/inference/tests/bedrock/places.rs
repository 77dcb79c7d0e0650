//! Where Bedrock is: the hosts that the gate opens are those of AWS's own rules, and nothing else opens a connection.

use aws_sdk_bedrockruntime::config::endpoint::{DefaultResolver, Params, ResolveEndpoint as _};
use deskhand_egress::{Destination, Gate, Network};
use serde_json::json;

/// Regions with Bedrock, and others that only settings hold it to be in.
const REGIONS: [&str; 45] = [
    "eusc-de-east-1",
    "us-iso-east-1",
    "us-iso-west-1",
    "us-isob-east-1",
    "us-isob-west-1",
    "eu-isoe-west-1",
    "us-isof-south-1",
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "us-gov-east-1",
    "us-gov-west-1",
];

#[tokio::test]
async fn the_gate_opens_the_hosts_of_aws_own_rules() {
    for region in REGIONS {
        let setting = |key: &str| match key {
            "inferenceProvider" => json!("bedrock"),
            "inferenceBedrockRegion" => json!(region),
            _ => json!(null),
        };
        let gate = Gate::new(setting, Network::default());
        let origins = gate.origins(Destination::InferenceBedrock).expect("open");
        let params = Params::builder()
            .region(region)
            .use_fips(region.starts_with("us-gov-"))
            .build()
            .expect("params");
        let endpoint = DefaultResolver::new()
            .resolve_endpoint(&params)
            .await
            .expect("an endpoint");
        let opened: Vec<String> = origins.iter().map(ToString::to_string).collect();
        assert_eq!(opened, [endpoint.url()], "{region}");
    }
}

#[test]
fn no_other_http_client_is_built_in() {
    let lock = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock");
    let lock = std::fs::read_to_string(lock).expect("the lock file");
    assert!(lock.contains("name = \"aws-sdk-bedrockruntime\""));
    // Every crate by which the SDK would open connections or look for credentials by itself.
    for absent in [
        "aws-config",
        "aws-smithy-http-client",
        "hyper-rustls",
        "aws-sdk-sts",
        "aws-sdk-sso",
    ] {
        assert!(!lock.contains(&format!("name = \"{absent}\"")), "{absent}");
    }
}
