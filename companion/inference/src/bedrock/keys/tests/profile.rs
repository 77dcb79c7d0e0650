//! Profiles of AWS's own tools.

use pretty_assertions::assert_eq;
use proptest::prelude::*;

use super::*;
use crate::Secret;
use crate::bedrock::keys::files::plan;
use crate::bedrock::{AwsError, Profile, ProfileSettings, Whose};
use crate::credential::{CredentialError, CredentialSource as _, Occasion};
use crate::fault::FaultKind;

fn folder(config: &str, credentials: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [("config", config), ("credentials", credentials)] {
        if !text.is_empty() {
            std::fs::write(folder.path().join(name), text).expect("a file");
        }
    }
    folder
}

fn profile(folder: &tempfile::TempDir, name: &str, aws: &Aws, hands: &Hands) -> Profile<Aws> {
    profile_of(Whose::Own, folder, name, aws, hands)
}

fn profile_of(
    whose: Whose,
    folder: &tempfile::TempDir,
    name: &str,
    aws: &Aws,
    hands: &Hands,
) -> Profile<Aws> {
    let settings = ProfileSettings {
        folder: folder.path().to_owned(),
        profile: name.to_owned(),
        region: "eu-central-1".to_owned(),
        folders: Vec::new(),
        within: Duration::from_mins(1),
        whose,
    };
    Profile::new(settings, aws.clone(), hands.clock())
}

async fn give(profile: &Profile<Aws>) -> Result<Credential, CredentialError> {
    profile.credential(Occasion::Interactive, None).await
}

fn assumed(id: &str, until: &str) -> (u16, String) {
    let xml = format!(
        "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><AssumedRoleUser>\
         <Arn>arn:aws:sts::1:x</Arn></AssumedRoleUser><Credentials><AccessKeyId>{id}</AccessKeyId>\
         <SecretAccessKey>sk/{id}</SecretAccessKey><SessionToken>st+{id}=</SessionToken><Expiration>{until}</Expiration>\
         </Credentials></AssumeRoleResult></AssumeRoleResponse>"
    );
    (200, xml)
}

/// The same of the start page.
const START_KEPT: &str = "e8be5486177c5b5392bd9aa76563515b29358e6e.json";
const KEYS: &str = "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = s/1+=\n";
const SSO: &str = "[profile work]\nsso_session = my-sso\nsso_account_id = 111122223333\nsso_role_name = Analyst & Co\n\
    [sso-session my-sso]\nsso_region = eu-west-1\nsso_start_url = https://example.awsapps.com/start\n";
/// The SHA-1 of `my-sso`, as `sha1sum` prints it.
const KEPT: &str = "0ad374308c5a4e22f723adf10145eafad7c4031c.json";

fn keep(folder: &tempfile::TempDir, name: &str, text: &str) {
    let cache = folder.path().join("sso").join("cache");
    std::fs::create_dir_all(&cache).expect("a folder");
    std::fs::write(cache.join(name), text).expect("a file");
}

#[tokio::test]
async fn keys_in_the_file_count_as_they_stand_there_now() {
    let (aws, hands) = (Aws::default(), Hands::new());
    let folder = folder("", KEYS);
    let default = profile(&folder, "default", &aws, &hands);
    let first = give(&default).await.expect("keys");
    let keys = first.aws.clone().expect("keys");
    assert_eq!(
        (keys.access_key_id.expose(), keys.secret_access_key.expose()),
        ("AKIADEFAULT", "s/1+=")
    );
    assert!(keys.session_token.is_none() && first.ends_at.is_none());
    let again = default.credential(Occasion::MidSession, Some(&first)).await;
    assert_eq!(again.err(), Some(CredentialError::Unchanged));
    std::fs::write(
        folder.path().join("credentials"),
        KEYS.replace("AKIADEFAULT", "AKIANEW"),
    )
    .expect("a file");
    let newer = default
        .credential(Occasion::MidSession, Some(&first))
        .await
        .expect("keys");
    assert_eq!((id(&newer), aws.asked().len()), ("AKIANEW", 0));
}

#[tokio::test]
async fn roles_are_assumed_one_after_the_other_each_with_the_keys_before_it() {
    let hands = Hands::new();
    let end = hands.rfc3339(3600);
    let aws = Aws::says(vec![assumed("ASIAONE", &end), assumed("ASIATWO", &end)]);
    let config = "[profile two]\nrole_arn = arn:aws:iam::1:role/two\nsource_profile = one\nexternal_id = e&x\n\
        role_session_name = analyst\nduration_seconds = 900\n\
        [profile one]\nrole_arn = arn:aws:iam::1:role/one\nsource_profile = default\n";
    let folder = folder(config, KEYS);
    let two = profile(&folder, "two", &aws, &hands);
    let given = give(&two).await.expect("keys");
    let keys = given.aws.as_ref().expect("keys");
    assert_eq!(keys.secret_access_key.expose(), "sk/ASIATWO");
    assert_eq!(
        keys.session_token.as_ref().map(Secret::expose),
        Some("st+ASIATWO=")
    );
    assert_eq!(given.ends_at, Some(hands.now() + Duration::from_hours(1)));
    let asked = aws.asked();
    assert_eq!(asked[0].address, "https://sts.eu-central-1.amazonaws.com/");
    assert!(
        asked[0]
            .header("authorization")
            .contains("Credential=AKIADEFAULT/")
    );
    assert!(
        asked[0]
            .header("authorization")
            .contains("/eu-central-1/sts/aws4_request")
    );
    assert_eq!(asked[0].header("x-amz-security-token"), "");
    assert_eq!(
        asked[0].body,
        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fone&RoleSessionName=deskhand"
    );
    assert!(asked[1].header("authorization").contains("Credential=ASIAONE/"));
    assert_eq!(asked[1].header("x-amz-security-token"), "st+ASIAONE=");
    let end = "RoleSessionName=analyst&ExternalId=e%26x&DurationSeconds=900";
    assert!(asked[1].body.ends_with(end), "{}", asked[1].body);
}

#[tokio::test]
async fn keys_that_no_request_can_carry_are_told_and_not_sent() {
    let config = "[profile one]\nrole_arn = arn:aws:iam::1:role/one\nsource_profile = default\n";
    let folder = folder(config, &KEYS.replace("AKIADEFAULT", "schlüssel"));
    let aws = Aws::default();
    let given = give(&profile(&folder, "one", &aws, &Hands::new())).await;
    assert_eq!(given.err(), Some(AwsError::Unsendable.into()));
    assert!(aws.asked().is_empty());
}

#[tokio::test]
async fn a_profile_may_name_itself_for_the_keys_in_it() {
    let hands = Hands::new();
    let aws = Aws::says(vec![assumed("ASIAONE", &hands.rfc3339(3600))]);
    let config = "[profile own]\nrole_arn = arn:aws:iam::1:role/one\nsource_profile = own\n\
        aws_access_key_id = AKIAOWN\naws_secret_access_key = s\n";
    let folder = folder(config, "");
    let given = give(&profile(&folder, "own", &aws, &hands)).await.expect("keys");
    assert_eq!(id(&given), "ASIAONE");
    assert!(
        aws.asked()[0]
            .header("authorization")
            .contains("Credential=AKIAOWN/")
    );
}

#[tokio::test]
async fn what_was_fetched_is_kept_until_shortly_before_its_end_and_not_given_again_once_refused() {
    let hands = Hands::new();
    let until = |seconds| role_credentials("", hands.millis(seconds)).1;
    let aws = Aws::says(vec![
        (200, until(3600).replace("\"\"", "\"ASIA1\"")),
        (200, until(7200).replace("\"\"", "\"ASIA2\"")),
        (200, until(7200).replace("\"\"", "\"ASIA3\"")),
    ]);
    let folder = folder(SSO, "");
    let kept = json!({ "accessToken": "token-1", "expiresAt": hands.rfc3339(90_000), "region": "eu-west-1" });
    keep(&folder, KEPT, &kept.to_string());
    let work = profile(&folder, "work", &aws, &hands);
    let (first, second) = tokio::join!(give(&work), give(&work));
    assert_eq!(
        (id(&first.expect("keys")), id(&second.expect("keys"))),
        ("ASIA1", "ASIA1")
    );
    let asked = aws.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(
        asked[0].address,
        "https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?role_name=Analyst+%26+Co&account_id=111122223333"
    );
    assert_eq!(asked[0].header("x-amz-sso_bearer_token"), "token-1");
    hands.pass(3600 - 60);
    let renewed = give(&work).await.expect("keys");
    assert_eq!(id(&renewed), "ASIA2");
    let other = work
        .credential(Occasion::MidSession, Some(&renewed))
        .await
        .expect("keys");
    assert_eq!(id(&other), "ASIA3");
    assert_eq!(work.secrets().len(), 4);
}

#[tokio::test]
async fn a_sign_in_of_aws_tools_that_is_not_there_or_over_asks_the_person_to_sign_in() {
    let hands = Hands::new();
    let over = json!({ "accessToken": "t", "expiresAt": hands.rfc3339(0) });
    let ended = over.to_string();
    // AWS's tools renew this one, and the next one no longer.
    let registered = |end: String| {
        let mut kept = over.clone();
        kept["refreshToken"] = json!("refresh-1");
        kept["registrationExpiresAt"] = json!(end);
        kept.to_string()
    };
    let (renewed, unregistered) = (registered(hands.rfc3339(60)), registered(hands.rfc3339(0)));
    // The form of older tools.
    let older = json!({ "accessToken": "t", "expiresAt": "2020-06-17T10:02:08UTC" }).to_string();
    let login = "Run `aws sso login --profile work`, then send the prompt again.";
    let use_them = "Run `aws sts get-caller-identity --profile work`, or `aws sso login --profile work` where that fails, then \
                    send the prompt again.";
    for (text, action) in [
        ("", login),
        (&ended, login),
        (&older, login),
        (&unregistered, login),
        (&renewed, use_them),
    ] {
        let folder = folder(SSO, "");
        if !text.is_empty() {
            keep(&folder, KEPT, text);
        }
        let aws = Aws::default();
        let given = give(&profile(&folder, "work", &aws, &hands)).await;
        let told = given.expect_err("nobody is signed in").to_fault().to_user_error();
        assert_eq!(told.action, action, "{text}");
        assert!(!format!("{told:?}").contains("refresh-1"));
        assert!(aws.asked().is_empty());
    }
}

#[tokio::test]
async fn the_command_that_signs_in_names_the_profile_with_the_sign_in() {
    let hands = Hands::new();
    let role = "[profile role]\nrole_arn = arn:aws:iam::1:role/one\nsource_profile = work\n";
    let folder = folder(&format!("{SSO}{role}"), "");
    let kept = json!({ "accessToken": "t", "expiresAt": hands.rfc3339(60) });
    keep(&folder, KEPT, &kept.to_string());
    // Identity Center ended it before its time.
    let aws = Aws::says(vec![(401, "{}".to_owned())]);
    let given = give(&profile(&folder, "role", &aws, &hands)).await;
    let told = given.expect_err("it is over").to_fault().to_user_error();
    assert!(told.action.contains("`aws sso login --profile work`"), "{told:?}");
}

#[tokio::test]
async fn a_profile_whose_name_a_shell_would_run_is_none() {
    for name in [
        "a b", "a$(b)", "a`b`", "a;b", "a\"b", "a|b", "'a b'", "a&b", "a\\b",
    ] {
        let folder = folder(&SSO.replace("profile work", &format!("profile {name}")), "");
        let (aws, hands) = (Aws::default(), Hands::new());
        let given = give(&profile(&folder, name, &aws, &hands)).await;
        let error = given.expect_err("no profile");
        let is_none = matches!(
            error,
            CredentialError::Aws(AwsError::NoProfile(_) | AwsError::File { .. })
        );
        assert!(is_none, "{name}: {error}");
    }
}

#[tokio::test]
async fn a_profile_without_a_session_section_is_kept_under_its_start_page() {
    let hands = Hands::new();
    let config = "[profile old]\nsso_start_url = https://example.awsapps.com/start\nsso_region = us-east-1\n\
        sso_account_id = 1\nsso_role_name = r\n";
    let folder = folder(config, "");
    let kept = json!({ "accessToken": "t", "expiresAt": hands.rfc3339(60) });
    // The SHA-1 of the start page, as `sha1sum` prints it.
    keep(&folder, START_KEPT, &kept.to_string());
    let aws = Aws::says(vec![role_credentials("ASIA1", hands.millis(3600))]);
    assert_eq!(
        id(&give(&profile(&folder, "old", &aws, &hands)).await.expect("keys")),
        "ASIA1"
    );
}

#[tokio::test]
async fn refusals_are_told_by_their_names_alone() {
    let hands = Hands::new();
    let config = "[profile one]\nrole_arn = arn:aws:iam::1:role/one\nsource_profile = default\n";
    let error = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>User: arn:aws:iam::1:user/x s/1+=</Message></Error></ErrorResponse>";
    for (status, body, wanted) in [
        (403, error, "the Security Token Service refused: AccessDenied"),
        (503, "<html>", "the Security Token Service refused: status 503"),
        (
            400,
            "<Code>a b<c/></Code>",
            "the Security Token Service refused: status 400",
        ),
        (
            200,
            "<a/>",
            "the answer of the Security Token Service cannot be used",
        ),
    ] {
        let aws = Aws::says(vec![(status, body.to_owned())]);
        let folder = folder(config, KEYS);
        let error = give(&profile(&folder, "one", &aws, &hands))
            .await
            .expect_err("refused");
        assert_eq!(error.to_string(), wanted);
        assert_eq!(error.to_fault().kind, FaultKind::Auth);
    }
}

#[tokio::test]
async fn what_a_profile_cannot_do_is_told_with_its_name() {
    let role = "role_arn = arn:aws:iam::1:role/r\n";
    let table = [
        (String::new(), "has no usable `aws_access_key_id`"),
        (
            "aws_access_key_id = A\n".to_owned(),
            "has no usable `aws_secret_access_key`",
        ),
        (role.to_owned(), "has no usable `source_profile`"),
        (
            format!("{role}source_profile = default\nmfa_serial = x\n"),
            "asks for the code of a second factor",
        ),
        (
            format!("{role}credential_source = Ec2InstanceMetadata\n"),
            "asks for the credentials of the machine",
        ),
        (
            format!("{role}web_identity_token_file = /x\n"),
            "asks for the token file of a workload",
        ),
        (
            format!("{role}source_profile = p2\n[profile p2]\n{role}source_profile = p\n"),
            "leads back to itself",
        ),
        (format!("{role}source_profile = gone\n"), "have no profile `gone`"),
        (
            "login_session = x\n".to_owned(),
            "asks for a sign-in to the console",
        ),
        (
            "sso_session = gone\nsso_account_id = 1\nsso_role_name = r\n".to_owned(),
            "has no usable `sso_session`",
        ),
        (
            "sso_start_url = https://x\nsso_region = r\nsso_role_name = r\n".to_owned(),
            "has no usable `sso_account_id`",
        ),
    ];
    for (lines, wanted) in table {
        let folder = folder(&format!("[profile p]\n{lines}"), KEYS);
        let error = plan(folder.path(), "p").await.expect_err("no plan").to_string();
        assert!(error.contains(wanted), "{lines}: {error}");
    }
    let folder = folder("", KEYS);
    let error = plan(folder.path(), "gone\u{202e}\n")
        .await
        .expect_err("no plan")
        .to_string();
    assert_eq!(error, "the files of AWS's tools have no profile `gone`");
}

#[tokio::test]
async fn files_that_are_none_are_told() {
    let empty = tempfile::tempdir().expect("a folder");
    let told = async |folder: &tempfile::TempDir| {
        plan(folder.path(), "default")
            .await
            .expect_err("no plan")
            .to_string()
    };
    assert!(told(&empty).await.contains("is not there"));
    assert!(told(&folder("= x\n[", "")).await.contains("not of the form"));
    assert!(
        told(&folder(&"# long\n".repeat(200_000), ""))
            .await
            .contains("longer than 1 MiB")
    );
    std::fs::create_dir(empty.path().join("config")).expect("a folder");
    assert!(told(&empty).await.contains("is no file"));
    std::fs::write(empty.path().join("credentials"), b"[default]\n\xff").expect("a file");
    std::fs::remove_dir(empty.path().join("config")).expect("a folder");
    assert!(told(&empty).await.contains("cannot be read as text"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_program_prints_keys_without_a_shell() {
    use std::os::unix::fs::PermissionsExt as _;

    let script = |text: &str| {
        let folder = folder("", "");
        let program = folder.path().join("my creds");
        std::fs::write(&program, format!("#!/bin/sh\n{text}\n")).expect("a file");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).expect("a mode");
        let command = format!("credential_process = \"{}\" 'ASIA;1' $HOME", program.display());
        std::fs::write(folder.path().join("config"), format!("[profile p]\n{command}\n")).expect("a file");
        folder
    };
    let hands = Hands::new();
    let aws = Aws::default();
    let keys = r#"echo "{\"Version\":1,\"AccessKeyId\":\"$1-$2\",\"SecretAccessKey\":\"s\"}""#;
    let folder = script(keys);
    let given = give(&profile(&folder, "p", &aws, &hands)).await.expect("keys");
    assert_eq!(id(&given), "ASIA;1-$HOME");
    for (text, wanted) in [
        ("exit 3", AwsError::Failed(Some(3))),
        ("echo token", AwsError::Printed("it has no `Version` 1")),
        (
            "echo '{\"Version\":2}'",
            AwsError::Printed("its JSON has neither a `token` nor `Version` 1"),
        ),
        (
            "head -c 70000 /dev/zero",
            AwsError::Printed("it is longer than 64 KiB"),
        ),
    ] {
        let folder = script(text);
        let given = give(&profile(&folder, "p", &aws, &hands)).await;
        assert_eq!(given.err(), Some(wanted.into()), "{text}");
    }
}

proptest! {
    #[test]
    fn no_file_stops_the_reader(config in "(\\[?(profile |sso-session )?[a-z]?\\]?\\n?|[ =#;x]{0,4}|(role_arn|source_profile|sso_session)=[a-c]\\n|\\PC)*") {
        let folder = folder(&config, "");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        for name in ["a", "b", "default"] {
            let _plan = runtime.block_on(plan(folder.path(), name)).is_ok();
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn under_the_organisations_settings_a_persons_own_files_name_no_program_that_is_run() {
    let folder = folder("[profile p]\ncredential_process = /bin/echo {}\n", "");
    let (aws, hands) = (Aws::default(), Hands::new());
    let managed = profile_of(Whose::Managed, &folder, "p", &aws, &hands);
    let error = give(&managed).await.expect_err("not run").to_string();
    assert!(error.contains("inferenceBedrockAwsDir"), "{error}");
    let own = give(&profile(&folder, "p", &aws, &hands))
        .await
        .expect_err("no keys");
    assert!(matches!(own, CredentialError::Aws(AwsError::Printed(_))), "{own}");
}

#[cfg(unix)]
#[tokio::test]
async fn files_of_the_organisation_that_others_could_have_changed_are_not_read() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = folder("", "[p]\naws_access_key_id = AKIA1\naws_secret_access_key = s\n");
    let (aws, hands) = (Aws::default(), Hands::new());
    let file = folder.path().join("credentials");
    for (mode, is_taken) in [(0o600, true), (0o622, false)] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("a mode");
        let of_organisation = profile_of(Whose::Organisation, &folder, "p", &aws, &hands);
        assert_eq!(give(&of_organisation).await.is_ok(), is_taken, "{mode:o}");
    }
}
