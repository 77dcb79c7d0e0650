//! `deskhand sign-in` and `deskhand sign-out`: for the settings that an address of the organisation hands out to this person, and for the
//! model.

mod model;

use std::io::{BufRead as _, IsTerminal as _};
use std::process::ExitCode;
use std::time::Duration;

use super::client::{Client, join};
use super::sessions::{print, print_json};
use super::when;
use crate::options::SignIn;
use deskhand_platform::Paths;
use deskhand_protocol::bootstrap::{BootstrapAnswer, BootstrapView, Consent, ConsentParams};
use deskhand_protocol::session::Nothing;
use deskhand_protocol::sign_in::{SignInAnswer, SignInState};
use deskhand_protocol::{ErrorCode, Method, UserError};

pub(super) use model::told as told_for_model;

/// How often it is looked how far a sign-in is. The service may start anew meanwhile, under the new settings.
const LOOK: Duration = Duration::from_millis(500);
/// How often in a row the service may not be there.
const AWAY: u32 = 60;

/// `deskhand sign-in`: signs in for the settings that an address hands out, then for the model, where either is asked for.
pub(crate) async fn sign_in(paths: &Paths, options: SignIn) -> anyhow::Result<ExitCode> {
    let mut client = connect(paths).await?;
    if let Some(params) = options.said() {
        let _: Nothing = client.call(Method::BootstrapConsent, params).await?;
        return Ok(ExitCode::SUCCESS);
    }
    if client.hello.view.bootstrap.is_some() {
        let done = for_settings(&mut client, paths, &options).await?;
        // The service may start anew under what came.
        client = connect(paths).await?;
        if client
            .hello
            .view
            .sign_in
            .as_ref()
            .is_none_or(|view| view.signed_in)
        {
            return Ok(done);
        }
    } else if client.hello.view.sign_in.is_none() {
        return nothing_to_sign_in_to();
    }
    model::sign_in(&mut client, paths, options.json).await
}

/// Signs in, waits for the settings, and asks about what waits for consent.
async fn for_settings(client: &mut Client, paths: &Paths, options: &SignIn) -> anyhow::Result<ExitCode> {
    let begun: SignInAnswer = client.call(Method::BootstrapSignIn, Nothing {}).await?;
    let mut told = None;
    let mut away = 0;
    let answer = loop {
        let shown = match client.call(Method::BootstrapShow, Nothing {}).await {
            Ok(shown) => shown,
            Err(_) if away < AWAY => {
                away += 1;
                tokio::time::sleep(LOOK).await;
                if let Ok(again) = connect(paths).await {
                    *client = again;
                }
                continue;
            }
            Err(error) => return Err(error),
        };
        away = 0;
        let answer: BootstrapAnswer = shown;
        let Some(view) = &answer.view else {
            return nothing_to_sign_in_to();
        };
        let words = waiting(view, &begun);
        if words.is_none() {
            break answer;
        }
        if words != told && !options.json {
            print(words.as_deref().unwrap_or_default())?;
        }
        told = words;
        tokio::time::sleep(LOOK).await;
    };
    ended(client, &answer, options.json).await
}

/// `deskhand sign-out`.
pub(crate) async fn sign_out(paths: &Paths) -> anyhow::Result<ExitCode> {
    let mut client = connect(paths).await?;
    let for_settings = client.hello.view.bootstrap.is_some();
    // First: without the settings nobody may know any longer where to sign out.
    match client.call::<Nothing>(Method::ProviderSignOut, Nothing {}).await {
        Ok(_) => print("Signed out for the model.")?,
        Err(error) if client.hello.view.sign_in.is_some() => return Err(error),
        Err(_) if !for_settings => return nothing_to_sign_in_to(),
        Err(_) => {}
    }
    if for_settings {
        let _: Nothing = client.call(Method::BootstrapSignOut, Nothing {}).await?;
        print("Signed out. The settings that came with the sign-in are forgotten.")?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn connect(paths: &Paths) -> anyhow::Result<Client> {
    let joined = join(paths).await?;
    let (_, client) = joined.ok_or_else(|| UserError::new(ErrorCode::ServiceUnavailable))?;
    Ok(client)
}

fn nothing_to_sign_in_to() -> anyhow::Result<ExitCode> {
    print(
        "Neither an address of your organisation nor a model provider asks you to sign in: there is nothing to sign in to.",
    )?;
    Ok(ExitCode::FAILURE)
}

/// What a person does or waits for; `None` once it is over.
fn waiting(view: &BootstrapView, begun: &SignInAnswer) -> Option<String> {
    Some(match &view.state {
        SignInState::Checking => format!("Asking {} for your settings …", view.origin),
        SignInState::Browser => {
            let page = begun.page.as_deref().unwrap_or_default();
            format!("Sign in in the browser. If none opens, go to:\n  {page}")
        }
        SignInState::Code { code, address, .. } => {
            format!("Open this page and enter the code:\n  {address}\n  {code}")
        }
        // Panes alone see codes as being elsewhere.
        SignInState::Elsewhere | SignInState::SignIn { .. } | SignInState::Idle => return None,
    })
}

/// Says how it ended, and asks about what waits for consent.
async fn ended(client: &mut Client, answer: &BootstrapAnswer, json: bool) -> anyhow::Result<ExitCode> {
    if let Some(problem) = answer.view.as_ref().and_then(|view| view.problem.clone()) {
        return Err(problem.into());
    }
    if json {
        print_json(answer)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(view) = &answer.view {
        told(view)
            .iter()
            .try_for_each(|line| print(&format!("Settings    {line}")))?;
        if view.consent == Some(Consent::Waiting) {
            ask(client, answer).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn ask(client: &mut Client, answer: &BootstrapAnswer) -> anyhow::Result<()> {
    print(
        "These settings name programs, files with credentials, addresses or sign-in, or content that may be sent to a collector:",
    )?;
    for value in &answer.values {
        let whole = serde_json::to_string_pretty(&value.value)?;
        print(&format!("  {}: {whole}", value.key))?;
    }
    let digest = answer.digest.clone();
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return print(&format!(
            "They do not count before you say so: `deskhand sign-in --allow {digest}`"
        ));
    }
    print("May they count? [y/N]")?;
    let mut said = String::new();
    stdin.lock().read_line(&mut said)?;
    let allow = matches!(said.trim(), "y" | "Y" | "yes");
    let params = ConsentParams { digest, allow };
    let _: Nothing = client.call(Method::BootstrapConsent, params).await?;
    print(if allow {
        "They count now."
    } else {
        "They do not count."
    })
}

/// How far the settings are, in lines.
pub(super) fn told(view: &BootstrapView) -> Vec<String> {
    let here = match view.counts_until {
        Some(until) => format!("from {}, until {}", view.origin, when(until)),
        None => format!("of {} are not here", view.origin),
    };
    let mut lines = vec![here];
    lines.extend(match (&view.state, view.consent) {
        (SignInState::SignIn { .. }, _) => Some("sign in with `deskhand sign-in`".to_owned()),
        (_, Some(Consent::Waiting)) => Some("some wait for your consent: `deskhand sign-in`".to_owned()),
        (_, Some(Consent::Refused)) => Some("some do not count, because you did not consent".to_owned()),
        _ => None,
    });
    let problem = view.problem.as_ref();
    lines.extend(problem.map(super::status::in_one_line));
    lines
}
