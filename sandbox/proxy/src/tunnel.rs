//! A tunnel to a host that the door has dialled, and what its first bytes must be.

use std::pin::pin;

use tokio::time::{Instant, timeout};

use crate::audit::{Carried, Log};
use crate::peeked::{Client, Far};
use crate::pump::{Pump, both};
use crate::refusal::{Reason, Refusal};
use crate::sniff::{First, first};
use crate::{BoxStream, Limits, Target, exchange, request, tls};

const HTTPS: u16 = 443;
const HTTP: u16 = 80;

/// Serves a tunnel after the client was told that it stands.
pub(crate) async fn run(
    client: &mut Client<'_>,
    far: BoxStream,
    target: &Target,
    limits: &Limits,
    log: &mut Log<'_>,
) -> Result<(), Refusal> {
    let mut far = Far::new(far);
    let mut down = Pump::new();
    log.counts.touch();
    let found = match target.port {
        HTTPS | HTTP => strict(client, target.port, limits).await?,
        _ => open(client, &mut far, &mut down, limits, log).await?,
    };
    match found {
        First::Tls => tls::tunnel(client, &mut far, down, target, limits, log).await,
        First::Http => {
            let served = http(client, far, down, target, limits, log).await;
            if let Err(refusal) = &served {
                exchange::refuse(client, refusal, limits, &log.counts, false).await;
            }
            served
        }
        First::Raw | First::Undecided => {
            log.carries(Carried::Raw, None);
            both(client, &mut far, down, limits, &log.counts).await
        }
    }
}

/// The kind of the first bytes on a port that has one: nothing moves in either direction before they are known.
async fn strict(client: &mut Client<'_>, port: u16, limits: &Limits) -> Result<First, Refusal> {
    let decided = async {
        loop {
            match first(client.input.held()) {
                First::Undecided => {}
                found => return Ok(found),
            }
            match client.input.fill().await {
                Ok(1..) => {}
                Ok(0) => {
                    return Err(Reason::ClientGone.because("the client ended the connection before it began"));
                }
                Err(error) => {
                    return Err(Reason::ClientGone.because(format!("the connection broke: {}", error.kind())));
                }
            }
        }
    };
    let late = || Reason::ClientHelloTimeout.because(format!("nothing came on port {port} in time"));
    let found = timeout(limits.hello_within, decided)
        .await
        .map_err(|_| late())??;
    let refused = match (port, found) {
        (HTTPS, First::Tls) | (HTTP, First::Tls | First::Http) => return Ok(found),
        (HTTPS, _) => Reason::NotTls.because("port 443 is for TLS alone, and this is something else"),
        _ => Reason::NotHttp.because("port 80 is for HTTP alone, and this is something else"),
    };
    client.leave(&[], limits.farewell).await;
    Err(refused)
}

/// The kind of the first bytes on any other port, where the far side may speak first.
async fn open(
    client: &mut Client<'_>,
    far: &mut Far,
    down: &mut Pump,
    limits: &Limits,
    log: &Log<'_>,
) -> Result<First, Refusal> {
    let Client { input, output } = client;
    let counts = &log.counts;
    let decided = async {
        loop {
            let found = first(input.held());
            if found != First::Undecided {
                return Ok(found);
            }
            // The first bytes may take any time; once there are some, those that decide follow at once.
            let ended = if input.held().is_empty() {
                input.fill().await
            } else {
                let late = || Reason::ClientHelloTimeout.because("the first bytes tell no protocol in time");
                timeout(limits.hello_within, input.fill())
                    .await
                    .map_err(|_| late())?
            };
            match ended {
                Ok(1..) => {}
                Ok(0) if input.held().is_empty() => return Ok(First::Undecided),
                Ok(0) => return Err(Reason::BadClientHello.because("the first bytes tell no protocol")),
                Err(error) => {
                    return Err(Reason::ClientGone.because(format!("the connection broke: {}", error.kind())));
                }
            }
        }
    };
    let mut decided = pin!(decided);
    let speaking = async {
        down.listen(&mut far.input, output, counts).await?;
        // It said all that it had to say, and may still listen.
        std::future::pending().await
    };
    tokio::select! {
        biased;
        found = &mut decided => found,
        broken = speaking => broken,
        idle = counts.idle(limits.idle) => Err(idle),
    }
}

/// Plain HTTP in a tunnel: one request, whose `Host` is the host of the tunnel.
async fn http(
    client: &mut Client<'_>,
    mut far: Far,
    mut down: Pump,
    target: &Target,
    limits: &Limits,
    log: &mut Log<'_>,
) -> Result<(), Refusal> {
    tokio::select! {
        drained = down.drain(&mut client.output, &log.counts) => drained?,
        idle = log.counts.idle(limits.idle) => return Err(idle),
    }
    let deadline = Instant::now() + limits.head_within;
    let head = exchange::request_head(client, deadline, limits).await?;
    let onward = request::in_tunnel(&head, target)?;
    log.carries(Carried::Http, Some(&head.method));
    exchange::run(client, &mut far, onward, limits, &log.counts).await
}
