//! TLS in a tunnel: no byte goes to the far side before the ClientHello named the host that was asked for, also where the far side
//! asks for a second one.

use tokio::time::timeout;

use crate::audit::{Carried, Log};
use crate::hello::{ClientHello, HelloFault, HelloReading, ServerName};
use crate::peeked::{Client, Far};
use crate::pump::{Pump, both};
use crate::refusal::{Reason, Refusal, quoted};
use crate::server_hello::{Answer, AnswerWatch};
use crate::{Host, Limits, Target};

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const APPLICATION_DATA: u8 = 23;
const RECORD_HEADER: usize = 5;
/// RFC 8446, section 5.2: ciphertext may have so many bytes more than 2^14.
const MOST_RECORD: usize = (1 << 14) + 256;

/// Serves a tunnel whose first bytes are those of a TLS handshake. `down` may hold what the far side said before.
pub(crate) async fn tunnel(
    client: &mut Client<'_>,
    far: &mut Far,
    mut down: Pump,
    target: &Target,
    limits: &Limits,
    log: &mut Log<'_>,
) -> Result<(), Refusal> {
    log.carries(Carried::Tls, None);
    let judged = async {
        let hello = hello(client, &target.host, limits).await?;
        pass(client, far, hello, log).await?;
        if answer(client, far, &mut down, log).await? == Answer::Retry {
            second_hello(client, far, &target.host, limits, log).await?;
        }
        Ok(())
    };
    let judged = tokio::select! {
        judged = judged => judged,
        idle = log.counts.idle(limits.idle) => Err(idle),
    };
    if let Err(refusal) = judged {
        let alert = refusal.alert();
        let words = if refusal.is_failure() { &[] } else { &alert[..] };
        client.leave(words, limits.farewell).await;
        return Err(refusal);
    }
    both(client, far, down, limits, &log.counts).await
}

/// Reads and judges the ClientHello that the client's next bytes are; its length with its records.
async fn hello(client: &mut Client<'_>, host: &Host, limits: &Limits) -> Result<usize, Refusal> {
    let read = async {
        loop {
            match ClientHello::read(client.input.held(), limits).map_err(fault)? {
                HelloReading::Whole(hello, length) => return judge(&hello, host).map(|()| length),
                HelloReading::NotTls => return Err(fault(HelloFault::Record)),
                HelloReading::More => more(client).await?,
            }
        }
    };
    timeout(limits.hello_within, read).await.unwrap_or_else(|_| {
        Err(Reason::ClientHelloTimeout.because("the TLS ClientHello did not come in time"))
    })
}

fn fault(fault: HelloFault) -> Refusal {
    Reason::BadClientHello.because(format!("the TLS ClientHello cannot be used: {}", fault.as_str()))
}

/// Whether a ClientHello leads to the host that was asked for, and nowhere else.
fn judge(hello: &ClientHello, host: &Host) -> Result<(), Refusal> {
    if hello.encrypted {
        return Err(Reason::EncryptedClientHello.because(format!(
            "the TLS ClientHello for {host} is encrypted, or made to look so (GREASE), which hides the host; \
             turn Encrypted Client Hello off in the program"
        )));
    }
    match (&hello.server_name, host) {
        (ServerName::Absent, Host::Address(_)) => Ok(()),
        (ServerName::Absent, Host::Name(name)) => Err(Reason::SniMissing.because(format!(
            "TLS for {name} names no host (SNI); the program must send the name that it connects to"
        ))),
        (ServerName::Name(name), Host::Address(address)) => Err(Reason::SniOnAddress.because(format!(
            "the connection leads to the address {address} and its TLS to {}; connect to the name",
            quoted(name)
        ))),
        (ServerName::Name(name), host) if host.is_named(name) => Ok(()),
        (ServerName::Name(name), host) => Err(Reason::SniMismatch.because(format!(
            "the connection leads to {host} and its TLS to {}; the two must be the same",
            quoted(name)
        ))),
    }
}

/// Reads more of the client; its end is an error.
async fn more(client: &mut Client<'_>) -> Result<(), Refusal> {
    match client.input.fill().await {
        Ok(1..) => Ok(()),
        Ok(0) => Err(Reason::ClientGone.because("the client ended the connection in its TLS handshake")),
        Err(error) => Err(Reason::ClientGone.because(format!("the connection broke: {}", error.kind()))),
    }
}

/// Passes on so many bytes that were judged.
async fn pass(client: &mut Client<'_>, far: &mut Far, bytes: usize, log: &Log<'_>) -> Result<(), Refusal> {
    let sent = far.send(&client.input.held()[..bytes]).await;
    sent.map_err(|error| server_gone(&error))?;
    client.input.consume(bytes);
    log.counts.sent(bytes);
    Ok(())
}

/// Passes on what the far side says until it is known whether it asks for a second hello. The client's bytes wait meanwhile:
/// a server answers a hello before it waits for anything else.
async fn answer(
    client: &mut Client<'_>,
    far: &mut Far,
    down: &mut Pump,
    log: &Log<'_>,
) -> Result<Answer, Refusal> {
    let mut watch = AnswerWatch::default();
    down.drain(&mut client.output, &log.counts).await?;
    loop {
        if far.input.fill().await.map_err(|error| server_gone(&error))? == 0 {
            return Ok(Answer::Other);
        }
        let said = far.input.held();
        let (answer, bytes) = (watch.take(said), said.len());
        client.say(said).await.map_err(|error| client_gone(&error))?;
        far.input.consume(bytes);
        log.counts.received(bytes);
        if answer != Answer::More {
            return Ok(answer);
        }
    }
}

/// Passes on what may stand before the second ClientHello, and the hello once it is judged.
async fn second_hello(
    client: &mut Client<'_>,
    far: &mut Far,
    host: &Host,
    limits: &Limits,
    log: &Log<'_>,
) -> Result<(), Refusal> {
    let passed = async {
        loop {
            let Some(&[kind, _, _, high, low]) = client.input.held().first_chunk::<RECORD_HEADER>() else {
                more(client).await?;
                continue;
            };
            let length = usize::from(u16::from_be_bytes([high, low]));
            match kind {
                // Middlebox compatibility, early data that the far side skips, and an alert (RFC 8446, sections 4.2.10 and D.4).
                CHANGE_CIPHER_SPEC | APPLICATION_DATA | ALERT if length <= MOST_RECORD => {
                    while client.input.held().len() < RECORD_HEADER + length {
                        more(client).await?;
                    }
                    pass(client, far, RECORD_HEADER + length, log).await?;
                }
                _ => {
                    let length = hello(client, host, limits).await?;
                    return pass(client, far, length, log).await;
                }
            }
        }
    };
    timeout(limits.hello_within, passed).await.unwrap_or_else(|_| {
        Err(Reason::ClientHelloTimeout.because("the second TLS ClientHello did not come in time"))
    })
}

fn server_gone(error: &std::io::Error) -> Refusal {
    Reason::ServerGone.because(format!("the connection broke: {}", error.kind()))
}

fn client_gone(error: &std::io::Error) -> Refusal {
    Reason::ClientGone.because(format!("the connection broke: {}", error.kind()))
}
