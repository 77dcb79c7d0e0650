//! People who sign in for the clouds, over real TLS and their real names in a network that ends at this machine: Microsoft Entra, IAM
//! Identity Center, Google, and the organisation's own provider whose token Google exchanges.

#![cfg(target_os = "linux")]
#![expect(
    clippy::disallowed_methods,
    reason = "the network's own servers, and the browser of this machine"
)]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

#[path = "outside/provider.rs"]
mod provider;
#[expect(dead_code, reason = "what other tests ask of the network")]
#[path = "outside/world.rs"]
mod world;

use deskhand_e2e::{FrontEnd, PATIENCE, Pane, Service, Setup, Talk, Workbook};
use deskhand_protocol::event::TurnOutcome;
use deskhand_protocol::hello::{FrontEndKind, ServiceView};
use deskhand_protocol::session::Nothing;
use deskhand_protocol::sign_in::{ProviderSignInView, SignInAnswer, SignInState};
use deskhand_protocol::{ErrorCode, Method};
use deskhand_standins::Device;
use deskhand_standins::bedrock::{self, Bedrock};
use deskhand_standins::foundry::{self, Foundry};
use deskhand_standins::organisation::Organisation;
use deskhand_standins::script::Script;
use deskhand_standins::vertex::{self, Vertex};
use deskhand_test_support::eventually;
use pretty_assertions::assert_eq;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use world::World;

const MODEL: &str = "eu.anthropic.claude-standin-v1:0";

/// A person's computer in the world, under these settings.
struct Place {
    setup: Setup,
}

impl Place {
    /// With these names, each answered by what listens on the loopback interface.
    async fn new(world: &World, names: &[&str], inner: &str, settings: &Value) -> Self {
        serve(world, names, inner).await;
        world.manage(settings);
        Self {
            setup: Setup::empty(),
        }
    }

    /// Nothing that was given out lies in this user's files.
    fn assert_sealed(&self, secrets: &[String]) {
        let mut command = std::process::Command::new("grep");
        command.args(["-rlaF"]);
        for secret in secrets {
            command.args(["-e", secret]);
        }
        let found = command.arg(self.setup.path()).output().expect("grep runs");
        assert_eq!(String::from_utf8_lossy(&found.stdout), "");
    }
}

/// These names of the world lead to what listens on the loopback interface.
async fn serve(world: &World, names: &[&str], inner: &str) {
    for name in names {
        let at = inner.trim_start_matches("http://").to_owned();
        let authority = provider::serve(name, world.address(name), at).await;
        world.trust(&authority);
    }
}

async fn view(service: &Service) -> ProviderSignInView {
    let attachment = service.attachment(FrontEndKind::Window).await;
    let mut window = FrontEnd::connect(&attachment, Some(&attachment.token), None).await;
    let answer = window.hello(FrontEndKind::Window, &attachment.token, None).await;
    answer
        .expect("hello is answered")
        .view
        .sign_in
        .expect("people sign in")
}

async fn signed_in(service: &Service) {
    eventually("somebody is signed in", PATIENCE, async || {
        let now = view(service).await;
        assert_eq!(now.problem, None);
        now.signed_in.then_some(())
    })
    .await;
}

/// A pane in Excel.
async fn pane(service: &Service) -> Pane {
    let mut window = service.join(FrontEndKind::Window).await;
    let book = Pane::workbook_at("/data/book.xlsx");
    Pane::pair(service, &mut window, book, Workbook::default()).await
}

/// That a pane sees that a sign-in of the window is under way, and no code of it.
fn assert_elsewhere(seen: &ServiceView, code: &str) {
    let sign_in = seen.sign_in.as_ref().expect("people sign in");
    let state = (&sign_in.state, sign_in.begun_by);
    assert_eq!(state, (&SignInState::Elsewhere, Some(FrontEndKind::Window)));
    assert!(!format!("{seen:?}").contains(code), "{seen:?}");
}

async fn begin(service: &Service) -> Option<String> {
    let mut window = service.join(FrontEndKind::Window).await;
    let begun: Result<SignInAnswer, _> = window.call(Method::ProviderSignIn, Nothing {}).await;
    begun.expect("a sign-in").page
}

/// A turn that somebody who is signed in has.
async fn turn(service: &Service) {
    answered(&mut Talk::begin(service).await).await;
}

async fn answered(talk: &mut Talk) {
    let prompt = talk.prompt("What is left?");
    assert_eq!(talk.say(prompt).await, TurnOutcome::Completed);
}

/// What the browser does with a page that the stand-in at `inner` serves: it follows it to the page of this machine.
async fn browse(inner: &str, page: &str) {
    let path = page.splitn(4, '/').nth(3).expect("a path");
    let first = fetch(inner.trim_start_matches("http://"), path).await;
    let to = first
        .lines()
        .find_map(|line| line.strip_prefix("location: http://"))
        .expect("a redirect to this machine");
    let (host, path) = to.split_once('/').expect("a path");
    let last = fetch(host, path).await;
    assert!(last.contains("go back to Deskhand"), "{last}");
}

async fn fetch(host: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(host).await.expect("a server");
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    answer
}

/// An answer for whoever is signed in: nobody has the key.
fn script(model: &str) -> Script {
    let steps = json!([{ "answer": { "say": [{ "text": "Done." }] } }]);
    let text = json!({ "models": [model], "key": "a-key-that-nobody-has", "steps": steps }).to_string();
    Script::from_yaml(&text).expect("a script")
}

async fn on_foundry(world: &World, flow: &str) -> (Place, Foundry) {
    let cloud = Foundry::start(
        script("claude-standin"),
        Some("https://login.microsoftonline.com"),
        0,
    );
    let cloud = cloud.await.expect("a port");
    let settings = json!({
        "inferenceProvider": "foundry",
        "inferenceFoundryResource": "example-ai",
        "inferenceFoundryTenantId": foundry::TENANT,
        "inferenceFoundryClientId": foundry::CLIENT,
        "inferenceFoundryAuthFlow": flow,
        "inferenceModels": ["claude-standin"],
    });
    let names = ["login.microsoftonline.com", "example-ai.services.ai.azure.com"];
    (
        Place::new(world, &names, &cloud.base_url(), &settings).await,
        cloud,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn entra_signs_people_in_with_a_code_for_foundry() {
    let Some(world) = World::enter("entra_signs_people_in_with_a_code_for_foundry") else {
        return;
    };
    let (place, cloud) = on_foundry(&world, "device-code").await;
    let service = Service::start(&place.setup, 0);
    let mut pane = pane(&service).await;
    assert_eq!(begin(&service).await, None);
    let now = view(&service).await;
    assert_eq!(now.at, "Microsoft Entra");
    let sent_to = "https://example-ai.services.ai.azure.com";
    assert_eq!(now.sent_to.as_deref(), Some(sent_to));
    let SignInState::Code { code, .. } = now.state else {
        panic!("there is no code: {now:?}")
    };
    // As it begins, and for one that comes later.
    let begun = loop {
        let seen = pane.shown().await;
        if seen.sign_in.as_ref().is_some_and(|seen| seen.begun_by.is_some()) {
            break seen;
        }
    };
    assert_elsewhere(&begun, &code);
    pane.open(&service).await;
    assert_elsewhere(pane.view.as_ref().expect("it was greeted"), &code);
    cloud.person(Device::Granted);
    signed_in(&service).await;
    turn(&service).await;
    place.assert_sealed(&cloud.secrets());
}

#[tokio::test(flavor = "multi_thread")]
async fn entra_signs_people_in_in_the_browser_for_foundry() {
    let Some(world) = World::enter("entra_signs_people_in_in_the_browser_for_foundry") else {
        return;
    };
    let (place, cloud) = on_foundry(&world, "browser").await;
    let service = Service::start(&place.setup, 0);
    let page = begin(&service).await.expect("a page");
    assert!(page.starts_with("https://login.microsoftonline.com/"), "{page}");
    browse(&cloud.base_url(), &page).await;
    signed_in(&service).await;
    turn(&service).await;
    place.assert_sealed(&cloud.secrets());
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_are_gone_while_they_are_replaced_cost_nobody_their_sign_in() {
    let name = "settings_that_are_gone_while_they_are_replaced_cost_nobody_their_sign_in";
    let Some(world) = World::enter(name) else { return };
    let (place, cloud) = on_foundry(&world, "browser").await;
    let service = Service::start(&place.setup, 0);
    let page = begin(&service).await.expect("a page");
    browse(&cloud.base_url(), &page).await;
    signed_in(&service).await;
    let file = "/etc/deskhand/managed-settings.json";
    let settings = std::fs::read_to_string(file).expect("the administrator's file");
    std::fs::remove_file(file).expect("the administrator's file");
    let signs_in = async |what: &str, said: Option<&str>| {
        eventually(what, PATIENCE, async || {
            let status = place.setup.run(&["status"]).out;
            let line = status.lines().find_map(|line| line.strip_prefix("Sign-in     "));
            (line == said).then_some(())
        })
        .await;
    };
    signs_in("nobody signs in", None).await;
    std::fs::write(file, settings).expect("the administrator's file");
    let again = "signed in with Microsoft Entra for https://example-ai.services.ai.azure.com";
    signs_in("the person is signed in", Some(again)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn identity_center_signs_people_in_for_bedrock_and_the_account_lists_its_models() {
    let name = "identity_center_signs_people_in_for_bedrock_and_the_account_lists_its_models";
    let Some(world) = World::enter(name) else { return };
    let cloud = Bedrock::start(script(MODEL), 0).await.expect("a port");
    let settings = json!({
        "inferenceProvider": "bedrock",
        "inferenceBedrockRegion": bedrock::REGION,
        "inferenceBedrockSsoStartUrl": bedrock::START_URL,
        "inferenceBedrockSsoAccountId": bedrock::ACCOUNT,
        "inferenceBedrockSsoRoleName": bedrock::ROLE,
    });
    let hosts = ["oidc", "portal.sso", "bedrock", "bedrock-runtime"];
    let hosts = hosts.map(|service| format!("{service}.{}.amazonaws.com", bedrock::REGION));
    let names: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let place = Place::new(&world, &names, &cloud.base_url(), &settings).await;
    let service = Service::start(&place.setup, 0);
    let page = begin(&service).await.expect("a page");
    assert!(page.starts_with(bedrock::START_URL), "{page}");
    cloud.person(Device::Granted);
    signed_in(&service).await;
    eventually(
        "the models are listed once somebody is signed in",
        PATIENCE,
        async || {
            let listed = place.setup.run(&["status", "--json"]).out;
            listed.contains(MODEL).then_some(())
        },
    )
    .await;
    turn(&service).await;
    place.assert_sealed(&cloud.secrets());
}

#[tokio::test(flavor = "multi_thread")]
async fn google_signs_people_in_for_vertex_ai() {
    let Some(world) = World::enter("google_signs_people_in_for_vertex_ai") else {
        return;
    };
    let cloud = Vertex::start(script("claude-standin"), 0).await.expect("a port");
    let host = format!("{}-aiplatform.googleapis.com", vertex::REGION);
    let settings = json!({
        "inferenceProvider": "vertex",
        "inferenceVertexProjectId": vertex::PROJECT,
        "inferenceVertexRegion": vertex::REGION,
        "inferenceVertexOAuthClientId": vertex::CLIENT.0,
        "inferenceVertexOAuthClientSecret": vertex::CLIENT.1,
        "inferenceVertexOAuthLoginHint": "{username}@example.com",
        "inferenceModels": ["claude-standin"],
    });
    let names = ["oauth2.googleapis.com", &host];
    let place = Place::new(&world, &names, &cloud.base_url(), &settings).await;
    let service = Service::start(&place.setup, 0);
    let page = begin(&service).await.expect("a page");
    assert!(
        page.starts_with("https://accounts.google.com/o/oauth2/v2/auth?"),
        "{page}"
    );
    assert!(
        page.contains("%40example.com") && !page.contains("username"),
        "{page}"
    );
    browse(&cloud.base_url(), &page).await;
    signed_in(&service).await;
    turn(&service).await;
    place.assert_sealed(&cloud.secrets());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_organisations_own_provider_signs_people_in_for_vertex_ai_and_its_tokens_are_exchanged_anew() {
    let name =
        "the_organisations_own_provider_signs_people_in_for_vertex_ai_and_its_tokens_are_exchanged_anew";
    let Some(world) = World::enter(name) else { return };
    let organisation = Organisation::serve("https://login.example.com", json!({})).await;
    // So short that each exchange wants a new one.
    organisation.give_ids(60);
    serve(&world, &["login.example.com"], &organisation.at()).await;
    let steps = json!([{ "answer": { "say": [{ "text": "Done." }] } }, { "answer": { "say": [{ "text": "Done." }] } }]);
    let text =
        json!({ "models": ["claude-standin"], "key": "a-key-that-nobody-has", "steps": steps }).to_string();
    let cloud = Vertex::start(Script::from_yaml(&text).expect("a script"), 0)
        .await
        .expect("a port");
    let subjects = Arc::new(Mutex::new(BTreeSet::new()));
    let (knows, noted) = (organisation.clone(), Arc::clone(&subjects));
    cloud.take_subjects(move |token| {
        noted.lock().expect("nobody broke off").insert(token.to_owned());
        knows.gave_id(token)
    });
    let host = format!("{}-aiplatform.googleapis.com", vertex::REGION);
    let settings = json!({
        "inferenceProvider": "vertex",
        "inferenceVertexProjectId": vertex::PROJECT,
        "inferenceVertexRegion": vertex::REGION,
        "inferenceVertexWorkforceOidc": {"clientId": "deskhand", "issuer": "https://login.example.com"},
        "inferenceVertexWorkforceAudience": vertex::WORKFORCE,
        "inferenceVertexWorkforceUserProject": vertex::USER_PROJECT,
        "inferenceModels": ["claude-standin"],
    });
    let names = ["sts.googleapis.com", &host];
    let place = Place::new(&world, &names, &cloud.base_url(), &settings).await;
    let service = Service::start(&place.setup, 0);
    let page = begin(&service).await.expect("a page");
    assert!(page.starts_with("https://login.example.com/authorize?"), "{page}");
    let now = view(&service).await;
    assert_eq!(
        (now.at.as_str(), now.sent_to),
        ("login.example.com", Some(format!("https://{host}")))
    );
    browse(&organisation.at(), &page).await;
    signed_in(&service).await;
    let mut talk = Talk::begin(&service).await;
    answered(&mut talk).await;
    let exchanged = || subjects.lock().expect("nobody broke off").len();
    assert_eq!(
        (exchanged(), cloud.sign_ins()),
        (1, vec!["exchange 200".to_owned()])
    );
    // Google's token counts no longer: the person's own is renewed, and exchanged again.
    cloud.end_access();
    answered(&mut talk).await;
    assert_eq!((exchanged(), cloud.sign_ins().len()), (2, 2));
    let asked = organisation.log();
    let renewed = asked
        .iter()
        .filter(|asked| *asked == "POST /token refresh_token 200");
    assert_eq!(renewed.count(), 2, "{asked:?}");
    place.assert_sealed(&[organisation.secrets(), cloud.secrets()].concat());
}

/// A virtual desktop of Google's under these settings beside, with nobody's own credentials on it. Tells who asked its
/// metadata server.
async fn on_machine(world: &World, more: &Value) -> (Place, Service, Vertex, Arc<AtomicUsize>) {
    let cloud = Vertex::start(script("claude-standin"), 0).await.expect("a port");
    let inner = cloud.base_url().trim_start_matches("http://").to_owned();
    let machine = TcpListener::bind(("169.254.169.254", 80)).await;
    let machine = machine.expect("every address is this machine's own");
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut outer, _)) = machine.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            let mut inner = TcpStream::connect(&inner).await.expect("the stand-in");
            tokio::spawn(async move { copy_bidirectional(&mut outer, &mut inner).await });
        }
    });
    let host = format!("{}-aiplatform.googleapis.com", vertex::REGION);
    let mut settings = json!({
        "inferenceProvider": "vertex",
        "inferenceVertexProjectId": vertex::PROJECT,
        "inferenceVertexRegion": vertex::REGION,
        "inferenceModels": ["claude-standin"],
    });
    let all = settings.as_object_mut().expect("an object");
    all.extend(more.as_object().expect("an object").clone());
    let place = Place::new(world, &[&host], &cloud.base_url(), &settings).await;
    let arguments = ["serve", "--ready-json", "--until-stdin-closes", "--port", "0"];
    let mut serve = deskhand_e2e::command(place.setup.path(), &arguments);
    serve.env("CLOUDSDK_CONFIG", place.setup.path());
    serve.env_remove("GOOGLE_APPLICATION_CREDENTIALS");
    let service = Service::started(place.setup.path(), &mut serve);
    (place, service, cloud, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_virtual_desktop_of_googles_works_as_its_machine_where_the_settings_say_so() {
    let name = "a_virtual_desktop_of_googles_works_as_its_machine_where_the_settings_say_so";
    let Some(world) = World::enter(name) else { return };
    let opened = json!({ "deskhandVertexMachineAccount": true });
    let (place, service, cloud, asked) = on_machine(&world, &opened).await;
    turn(&service).await;
    assert_eq!(asked.load(Ordering::Relaxed), 1, "one token serves");
    assert!(!world.asked_for().iter().any(|name| name.contains("metadata")));
    place.assert_sealed(&cloud.secrets());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_of_a_machine_is_not_asked_for_where_no_settings_say_so() {
    let name = "the_account_of_a_machine_is_not_asked_for_where_no_settings_say_so";
    let Some(world) = World::enter(name) else { return };
    let (_place, service, _cloud, asked) = on_machine(&world, &json!({})).await;
    let mut talk = Talk::begin(&service).await;
    let prompt = talk.prompt("What is left?");
    let outcome = talk.say(prompt).await;
    assert!(
        matches!(&outcome, TurnOutcome::Failed(error) if error.code == ErrorCode::InferenceAuth),
        "{outcome:?}"
    );
    assert_eq!(asked.load(Ordering::Relaxed), 0);
}
