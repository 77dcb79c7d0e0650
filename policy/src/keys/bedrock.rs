//! Section "Amazon Bedrock" of the table of keys.

use super::prelude::*;

policy_section! {
    /// Where Bedrock is and how it is reached. Ignored with another provider.
    Bedrock "bedrock" "Amazon Bedrock" on Connection

    /// The region of the runtime. Required for Bedrock.
    inference_bedrock_region "inferenceBedrockRegion": Option<Region> {
        default: None,
        invalid: None, StopsSessions, "prompts must not go to a region that nobody named",
        since: "0.1.0",
    }

    /// A static token; it wins over the profile.
    inference_bedrock_bearer_token "inferenceBedrockBearerToken": Option<Secret> {
        default: None,
        invalid: None, StopsSessions, "no other credential may take the place of the one that is meant",
        scope: ManagedOrBootstrapWithConsent,
        secret: true,
        since: "0.1.0",
    }

    /// A private endpoint or a proxy in the place of the public endpoint.
    inference_bedrock_base_url "inferenceBedrockBaseUrl": Option<BaseUrl> {
        default: None,
        invalid: None, StopsSessions, "prompts must not go to an address that nobody named",
        scope: ManagedOrBootstrapWithConsent,
        since: "0.1.0",
    }

    /// A named profile of the AWS configuration.
    inference_bedrock_profile "inferenceBedrockProfile": Option<ServiceName> {
        default: None,
        invalid: None, StopsSessions, "no other credential may take the place of the one that is meant",
        scope: ManagedOrBootstrapWithConsent,
        since: "0.1.0",
    }

    /// The folder with the AWS configuration and credentials. Absent: `.aws` in the home folder, where there is no token.
    inference_bedrock_aws_dir "inferenceBedrockAwsDir": Option<FolderPath> {
        default: None,
        invalid: None, StopsSessions, "no other credential may take the place of the one that is meant",
        scope: ManagedOrBootstrapWithConsent,
        differs: "It is read by the companion service and never copied into the sandbox.",
        since: "0.1.0",
    }

    /// The `aws` program, by its absolute path. Absent: found on the search path.
    inference_bedrock_aws_cli_path "inferenceBedrockAwsCliPath": Option<FilePath> {
        default: None,
        invalid: None, StopsSessions, "no other program may take the place of the one that is meant",
        scope: ManagedOrBootstrapWithConsent,
        effect: Effect::NotApplicable("the companion service reads the files of AWS's tools itself, and runs only what a profile names"),
        since: "0.1.0",
    }

    /// The service tier: `flex` or `priority`.
    inference_bedrock_service_tier "inferenceBedrockServiceTier": Option<ServiceTier> {
        default: None,
        invalid: None, UsesValue, "the standard tier lets nothing more in or out",
        since: "0.1.0",
    }

    /// Sign-in at IAM Identity Center: its start address.
    inference_bedrock_sso_start_url "inferenceBedrockSsoStartUrl": Option<HttpsUrl> {
        default: None,
        invalid: None, StopsSessions, "users must not be sent to a sign-in that nobody named",
        scope: ManagedOrBootstrapWithConsent,
        since: "0.1.0",
    }

    /// The region of Identity Center, also where a profile of AWS's tools signs in there. Absent: that of Bedrock.
    inference_bedrock_sso_region "inferenceBedrockSsoRegion": Option<Region> {
        default: None,
        invalid: None, StopsSessions, "users must not be sent to a sign-in that nobody named",
        since: "0.1.0",
    }

    /// The account that is signed in to, 12 digits.
    inference_bedrock_sso_account_id "inferenceBedrockSsoAccountId": Option<AccountId> {
        default: None,
        invalid: None, StopsSessions, "prompts must not be charged to an account that nobody named",
        since: "0.1.0",
    }

    /// The permission set.
    inference_bedrock_sso_role_name "inferenceBedrockSsoRoleName": Option<ServiceName> {
        default: None,
        invalid: None, StopsSessions, "no other role may take the place of the one that is meant",
        since: "0.1.0",
    }
}
