//! `deskhand permission …`: what was allowed for longer than once.

use deskhand_protocol::permission::{AskReason, GrantView, GrantsAnswer, GrantsParams, RevokeGrantParams};
use deskhand_protocol::session::Nothing;
use deskhand_protocol::{Method, PermissionId, SessionId};

use super::client::Client;
use super::sessions::{print, print_json};
use super::when;

/// `permission list`.
pub(crate) async fn list(client: &mut Client, session: Option<String>, json: bool) -> anyhow::Result<()> {
    let session = session.map(SessionId::from_text);
    let answer: GrantsAnswer = client
        .call(Method::PermissionGrants, GrantsParams { session })
        .await?;
    if json {
        return print_json(&answer);
    }
    if answer.grants.is_empty() {
        return print("Nothing is allowed for longer than once.");
    }
    answer.grants.iter().try_for_each(|grant| print(&line(grant)))
}

fn line(grant: &GrantView) -> String {
    let until = grant.expires_at.map_or_else(
        || "for the session".to_owned(),
        |at| format!("until {}", when(at)),
    );
    let document = grant
        .document
        .as_ref()
        .map(|document| format!("document {document}"));
    let place = grant.folder.clone().or_else(|| grant.host.clone()).or(document);
    let place = match (place, grant.reason) {
        (None, AskReason::Runs) => "in the sandbox".to_owned(),
        (place, _) => place.unwrap_or_default(),
    };
    format!("{}  {}  {until}\n  {place}", grant.id, words(grant.reason))
}

fn words(reason: AskReason) -> &'static str {
    match reason {
        AskReason::Elsewhere => "add to a document that was not chosen",
        AskReason::Browses => "read the web",
        AskReason::Searches => "search the web",
        AskReason::Runs => "run commands in the sandbox",
        AskReason::Creates => "make new files",
        AskReason::Reformats => "change how it looks",
        AskReason::Edits => "edit files of text",
        AskReason::Overwrites => "overwrite what is there",
        AskReason::Ruled => "what a rule asks about",
        AskReason::Remembers => "remember for later sessions",
        AskReason::Removes => "remove",
        AskReason::ReachesOutside => "reach outside",
        AskReason::Attaches => "attach folders",
        AskReason::SendsOut => "send much to the web",
    }
}

/// `permission revoke`.
pub(crate) async fn revoke(
    client: &mut Client,
    id: &str,
    session: Option<String>,
    json: bool,
) -> anyhow::Result<()> {
    let params = RevokeGrantParams {
        id: PermissionId::from_text(id),
        session: session.map(SessionId::from_text),
    };
    let _: Nothing = client.call(Method::PermissionRevoke, params).await?;
    if json {
        print_json(&serde_json::json!({ "revoked": id }))
    } else {
        print("Taken back. It is asked again from the next step on.")
    }
}
