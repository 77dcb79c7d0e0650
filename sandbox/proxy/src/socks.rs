//! SOCKS5 (RFC 1928): no sign-in, CONNECT alone. The guest has no DNS, so clients are to send names (`socks5h://`); an address
//! is judged by the door like a name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tokio::time::{Instant, timeout_at};

use crate::peeked::Client;
use crate::refusal::{Reason, Refusal, quoted};
use crate::{Host, Limits, Target};

pub(crate) const VERSION: u8 = 5;
const NO_SIGN_IN: u8 = 0;
const CONNECT: u8 = 1;

/// Replies of section 6.
pub(crate) const SUCCEEDED: u8 = 0;
const GENERAL_FAILURE: u8 = 1;
const COMMAND_NOT_SUPPORTED: u8 = 7;
const ADDRESS_NOT_SUPPORTED: u8 = 8;

/// Reads a request. A client whose request cannot be served has been told.
pub(crate) async fn request(
    client: &mut Client<'_>,
    deadline: Instant,
    limits: &Limits,
) -> Result<Target, Refusal> {
    let late = || Reason::HeadTimeout.because("the SOCKS request did not come in time");
    let read = timeout_at(deadline, read(client)).await;
    let Told { refusal, words } = match read {
        Ok(Ok(target)) => return Ok(target),
        Ok(Err(told)) => told,
        Err(_) => late().into(),
    };
    client.leave(&words, limits.farewell).await;
    Err(refusal)
}

/// The reply to a request; the bound address is of no use to anybody and left out.
pub(crate) fn reply(code: u8) -> [u8; 10] {
    [VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0]
}

/// A refusal with what the client is told.
struct Told {
    refusal: Refusal,
    words: Vec<u8>,
}

impl From<Refusal> for Told {
    fn from(refusal: Refusal) -> Self {
        let words = Vec::new();
        Self { refusal, words }
    }
}

fn told(code: u8, refusal: Refusal) -> Told {
    let words = reply(code).to_vec();
    Told { refusal, words }
}

async fn read(client: &mut Client<'_>) -> Result<Target, Told> {
    let [_, methods] = take(client).await?;
    let offered = take_many(client, usize::from(methods)).await?;
    if !offered.contains(&NO_SIGN_IN) {
        return Err(Told {
            refusal: Reason::BadSocks.because("this SOCKS proxy takes no sign-in"),
            words: vec![VERSION, 0xff],
        });
    }
    let said = client.say(&[VERSION, NO_SIGN_IN]).await;
    said.map_err(|error| gone(Some(&error)))?;
    let [version, command, _, kind] = take(client).await?;
    if version != VERSION || command != CONNECT {
        let why = Reason::BadSocks.because("SOCKS5 with the command CONNECT is all that is served");
        return Err(told(COMMAND_NOT_SUPPORTED, why));
    }
    let host = match kind {
        1 => Host::Address(IpAddr::V4(Ipv4Addr::from(take::<4>(client).await?))),
        3 => {
            let [length] = take(client).await?;
            let name = take_many(client, usize::from(length)).await?;
            named(&name).map_err(|refusal| told(GENERAL_FAILURE, refusal))?
        }
        4 => Host::Address(IpAddr::V6(Ipv6Addr::from(take::<16>(client).await?)).to_canonical()),
        _ => {
            let why = Reason::BadSocks.because("the SOCKS request has an address of an unknown type");
            return Err(told(ADDRESS_NOT_SUPPORTED, why));
        }
    };
    match u16::from_be_bytes(take(client).await?) {
        0 => Err(told(
            GENERAL_FAILURE,
            Reason::BadPort.because(format!("{host}: port 0 is no port")),
        )),
        port => Ok(Target { host, port }),
    }
}

/// A name; some clients put the text of an address there.
fn named(name: &[u8]) -> Result<Host, Refusal> {
    let Ok(text) = std::str::from_utf8(name) else {
        let text = String::from_utf8_lossy(name);
        return Err(Reason::BadHost.because(format!("the host {} is no text", quoted(&text))));
    };
    match text.parse::<Ipv6Addr>() {
        Ok(address) => Ok(Host::Address(IpAddr::V6(address).to_canonical())),
        Err(_) => Host::parse(text),
    }
}

async fn take<const N: usize>(client: &mut Client<'_>) -> Result<[u8; N], Told> {
    loop {
        if let Some(taken) = client.input.held().first_chunk::<N>().copied() {
            client.input.consume(N);
            return Ok(taken);
        }
        more(client).await?;
    }
}

async fn take_many(client: &mut Client<'_>, length: usize) -> Result<Vec<u8>, Told> {
    while client.input.held().len() < length {
        more(client).await?;
    }
    let taken = client.input.held()[..length].to_vec();
    client.input.consume(length);
    Ok(taken)
}

async fn more(client: &mut Client<'_>) -> Result<(), Told> {
    match client.input.fill().await {
        Ok(1..) => Ok(()),
        Ok(0) => Err(gone(None)),
        Err(error) => Err(gone(Some(&error))),
    }
}

fn gone(error: Option<&std::io::Error>) -> Told {
    let why = error.map_or_else(|| "it ended".to_owned(), |error| error.kind().to_string());
    let refusal = Reason::ClientGone.because(format!("the connection broke in the SOCKS request: {why}"));
    refusal.into()
}
