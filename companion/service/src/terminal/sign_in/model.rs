//! The sign-in for the model, as the terminal goes through it.

use std::process::ExitCode;

use deskhand_platform::Paths;
use deskhand_protocol::hello::ServiceView;
use deskhand_protocol::session::Nothing;
use deskhand_protocol::sign_in::{ProviderSignInView, SignInAnswer, SignInState};
use deskhand_protocol::{Method, Notification};

use super::{connect, when};
use crate::terminal::client::Client;
use crate::terminal::sessions::{print, print_json};
use crate::terminal::status::in_one_line;

/// Signs in, and waits for the end of it.
pub(super) async fn sign_in(client: &mut Client, paths: &Paths, json: bool) -> anyhow::Result<ExitCode> {
    let begun: SignInAnswer = client.call(Method::ProviderSignIn, Nothing {}).await?;
    // What was shown before it began says nothing of it.
    let mut client = connect(paths).await?;
    let mut shown = client.hello.view.sign_in.clone();
    let mut said = None;
    loop {
        let Some(view) = shown else {
            anyhow::bail!("the settings changed, and nobody signs in for the model any longer");
        };
        let Some(words) = waiting(&view, &begun) else {
            return ended(view, json);
        };
        if said.as_ref() != Some(&words) && !json {
            print(&words)?;
        }
        said = Some(words);
        shown = changed(&mut client).await?.sign_in;
    }
}

/// Waits until what front ends show changes.
async fn changed(client: &mut Client) -> anyhow::Result<ServiceView> {
    loop {
        let frame = client.next().await?;
        if frame.method.as_deref() == Some(Notification::ServiceChanged.name()) {
            return Ok(serde_json::from_value(frame.params.unwrap_or_default())?);
        }
    }
}

/// What a person does; `None` once it is over.
fn waiting(view: &ProviderSignInView, begun: &SignInAnswer) -> Option<String> {
    let whom = whom(view);
    match &view.state {
        SignInState::Checking => Some(format!("Asking {} …", view.at)),
        SignInState::Browser => {
            let page = begun.page.as_deref().unwrap_or_default();
            Some(format!(
                "Sign in with {whom} in the browser. If none opens, go to:\n  {page}"
            ))
        }
        SignInState::Code {
            code,
            address,
            complete,
            ..
        } => Some(match complete {
            Some(complete) => format!(
                "Sign in with {whom}. Open this page, and check that it shows the code {code}:\n  {complete}"
            ),
            None => format!("Sign in with {whom}. Open this page and enter the code:\n  {address}\n  {code}"),
        }),
        // Panes alone see codes as being elsewhere.
        SignInState::Elsewhere | SignInState::SignIn { .. } | SignInState::Idle => None,
    }
}

fn ended(view: ProviderSignInView, json: bool) -> anyhow::Result<ExitCode> {
    if let Some(problem) = view.problem {
        return Err(problem.into());
    }
    if json {
        print_json(&view)?;
    } else {
        print(&told(&view))?;
    }
    Ok(if view.signed_in {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// With whom, and where what that gives is sent.
fn whom(view: &ProviderSignInView) -> String {
    let at = &view.at;
    let sent_to = view.sent_to.as_ref();
    sent_to.map_or_else(|| at.clone(), |origin| format!("{at} for {origin}"))
}

/// Whether somebody is signed in, and how long, in a line.
pub(in crate::terminal) fn told(view: &ProviderSignInView) -> String {
    let whom = whom(view);
    let line = match (view.signed_in, view.ends_at) {
        (true, Some(ends_at)) => format!("signed in with {whom}, until {}", when(ends_at)),
        (true, None) => format!("signed in with {whom}"),
        (false, _) => format!("nobody is signed in with {whom}: `deskhand sign-in`"),
    };
    match &view.problem {
        Some(problem) => format!("{line}; {}", in_one_line(problem)),
        None => line,
    }
}
