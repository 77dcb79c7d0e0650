//! `deskhand pairing`: panes that ask to be paired, and those that are.

use std::process::ExitCode;

use deskhand_platform::Paths;
use deskhand_protocol::pairing::{PairingAnswerParams, PairingsAnswer, RevokeParams, TokensAnswer};
use deskhand_protocol::session::Nothing;
use deskhand_protocol::{ErrorCode, Method, UserError};

use super::client::{Client, join};
use super::sessions::{print, print_json};
use crate::options::PairingCommand;

/// `deskhand pairing …`, against the service that runs.
pub(crate) async fn pairing(paths: &Paths, command: PairingCommand, json: bool) -> anyhow::Result<ExitCode> {
    let (_, mut client) = join(paths)
        .await?
        .ok_or_else(|| UserError::new(ErrorCode::ServiceUnavailable))?;
    match command {
        PairingCommand::List => list(&mut client, json).await,
        PairingCommand::Allow { number } => answer(&mut client, &number, true).await,
        PairingCommand::Refuse { number } => answer(&mut client, &number, false).await,
        PairingCommand::Tokens => tokens(&mut client, json).await,
        PairingCommand::Revoke { id } => revoke(&mut client, id).await,
    }?;
    Ok(ExitCode::SUCCESS)
}

async fn list(client: &mut Client, json: bool) -> anyhow::Result<()> {
    let waiting: PairingsAnswer = client.call(Method::PairingList, Nothing {}).await?;
    if json {
        return print_json(&waiting);
    }
    for pairing in &waiting.pairings {
        print(&format!("{}  {:?}", pairing.number, pairing.front_end))?;
    }
    Ok(())
}

async fn answer(client: &mut Client, number: &str, allow: bool) -> anyhow::Result<()> {
    let waiting: PairingsAnswer = client.call(Method::PairingList, Nothing {}).await?;
    let mut pairings = waiting.pairings.into_iter();
    let found = pairings.find(|pairing| pairing.number == number);
    let found = found.ok_or_else(|| UserError::new(ErrorCode::PairingRefused))?;
    let params = PairingAnswerParams {
        pairing: found.pairing,
        allow,
    };
    let _: Nothing = client.call(Method::PairingAnswer, params).await?;
    print(if allow { "Allowed." } else { "Refused." })
}

async fn tokens(client: &mut Client, json: bool) -> anyhow::Result<()> {
    let paired: TokensAnswer = client.call(Method::PairingTokens, Nothing {}).await?;
    if json {
        return print_json(&paired);
    }
    for token in &paired.tokens {
        let connected = if token.connected > 0 { "  connected" } else { "" };
        print(&format!(
            "{}  {:?}  {}{connected}",
            token.id, token.front_end, token.origin
        ))?;
    }
    Ok(())
}

async fn revoke(client: &mut Client, id: String) -> anyhow::Result<()> {
    let paired: TokensAnswer = client.call(Method::PairingTokens, Nothing {}).await?;
    if paired.tokens.iter().all(|token| token.id != id) {
        let missing = UserError::new(ErrorCode::BadRequest).happened("No pane is paired under this id.");
        return Err(missing.into());
    }
    let _: Nothing = client.call(Method::PairingRevoke, RevokeParams { id }).await?;
    print("Revoked.")
}
