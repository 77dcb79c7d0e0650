//! One request and its response over a connection of their own. Both stream at once, so that a host can answer early, and so
//! that its `100 Continue` reaches the client that waits for it.

use std::pin::pin;
use std::sync::atomic::Ordering;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, timeout_at};

use crate::Limits;
use crate::audit::Counts;
use crate::body::{BodyFraming, Framed};
use crate::head::{RequestHead, ResponseHead, Scan};
use crate::peeked::{Client, Far, Peeked};
use crate::refusal::{Reason, Refusal};
use crate::request::{Onward, backward};

/// Interim responses before the final one.
const MOST_INTERIM: usize = 8;

/// Reads the head of a request.
pub(crate) async fn request_head(
    client: &mut Client<'_>,
    deadline: Instant,
    limits: &Limits,
) -> Result<RequestHead, Refusal> {
    let input = &mut client.input;
    let read = async {
        let mut scan = Scan::default();
        loop {
            if let Some(end) = scan.end(input.held(), limits)? {
                let head = RequestHead::whole(&input.held()[..end], limits);
                input.consume(end);
                return head;
            }
            match input.fill().await {
                Ok(1..) => {}
                Ok(0) => {
                    return Err(Reason::ClientGone.because("the client ended the connection in its request"));
                }
                Err(error) => return Err(client_gone(&error)),
            }
        }
    };
    let late = || Reason::HeadTimeout.because("the request did not come in time");
    timeout_at(deadline, read).await.unwrap_or_else(|_| Err(late()))
}

/// Tells the client of a refusal, unless it already hears an answer.
pub(crate) async fn refuse(
    client: &mut Client<'_>,
    refusal: &Refusal,
    limits: &Limits,
    counts: &Counts,
    head_only: bool,
) {
    let answered = counts.answered.load(Ordering::Relaxed);
    let words = if answered {
        Vec::new()
    } else {
        refusal.http(head_only)
    };
    client.leave(&words, limits.farewell).await;
}

/// Sends a request and streams its response. The connections of both sides end with it.
pub(crate) async fn run(
    client: &mut Client<'_>,
    far: &mut Far,
    onward: Onward,
    limits: &Limits,
    counts: &Counts,
) -> Result<(), Refusal> {
    counts.touch();
    let exchanged = {
        let up = pin!(upload(&mut client.input, &mut far.output, &onward, counts));
        let down = pin!(download(
            &mut far.input,
            &mut client.output,
            &onward.method,
            limits,
            counts
        ));
        together(up, down, limits, counts).await
    };
    if exchanged.is_ok() {
        client.leave(&[], limits.farewell).await;
    }
    exchanged
}

async fn together(
    mut up: std::pin::Pin<&mut impl Future<Output = Result<(), Refusal>>>,
    mut down: std::pin::Pin<&mut impl Future<Output = Result<(), Refusal>>>,
    limits: &Limits,
    counts: &Counts,
) -> Result<(), Refusal> {
    let mut idle = pin!(counts.idle(limits.idle));
    let mut uploading = true;
    loop {
        tokio::select! {
            sent = &mut up, if uploading => {
                sent?;
                uploading = false;
            }
            received = &mut down => return received,
            refusal = &mut idle => return Err(refusal),
        }
    }
}

/// Sends the head and the body. A far side that reads no further is no error: its answer says why.
async fn upload(
    input: &mut Peeked<impl AsyncRead + Unpin>,
    output: &mut (impl AsyncWrite + Unpin),
    onward: &Onward,
    counts: &Counts,
) -> Result<(), Refusal> {
    if send(output, &onward.head).await.is_err() {
        return Ok(());
    }
    counts.sent(onward.head.len());
    let mut body = Framed::new(onward.framing, true);
    while !body.is_done() {
        if input.held().is_empty() && input.fill().await.map_err(|error| client_gone(&error))? == 0 {
            return Err(
                Reason::ClientGone.because("the client ended the connection in the body of its request")
            );
        }
        let malformed = |_| Reason::BadFraming.because("the chunks of the request's body are malformed");
        let taken = body.take(input.held()).map_err(malformed)?;
        if send(output, &input.held()[..taken]).await.is_err() {
            return Ok(());
        }
        input.consume(taken);
        counts.sent(taken);
    }
    Ok(())
}

async fn download(
    input: &mut Peeked<impl AsyncRead + Unpin>,
    output: &mut (impl AsyncWrite + Unpin),
    method: &str,
    limits: &Limits,
    counts: &Counts,
) -> Result<(), Refusal> {
    for _ in 0..=MOST_INTERIM {
        let head = response_head(input, limits, counts).await?;
        if head.status == 101 {
            return Err(Reason::BadResponse.because("the host changed the protocol, which nobody asked for"));
        }
        let framing = head.framing(method)?;
        let bytes = backward(&head)?;
        counts.answered.store(true, Ordering::Relaxed);
        send(output, &bytes).await.map_err(|error| client_gone(&error))?;
        if head.status >= 200 {
            return response_body(input, output, framing, counts).await;
        }
    }
    Err(Reason::BadResponse.because("the host sends interim responses without end"))
}

async fn response_head(
    input: &mut Peeked<impl AsyncRead + Unpin>,
    limits: &Limits,
    counts: &Counts,
) -> Result<ResponseHead, Refusal> {
    let bad = |refusal: Refusal| {
        Reason::BadResponse.because(format!("the host answered badly: {}", refusal.message))
    };
    let mut scan = Scan::default();
    loop {
        if let Some(end) = scan.end(input.held(), limits).map_err(bad)? {
            let head = ResponseHead::whole(&input.held()[..end], limits).map_err(bad);
            input.consume(end);
            counts.received(end);
            return head;
        }
        if input.fill().await.map_err(|error| server_gone(&error))? == 0 {
            return Err(Reason::ServerGone.because("the host ended the connection before it answered"));
        }
        counts.touch();
    }
}

async fn response_body(
    input: &mut Peeked<impl AsyncRead + Unpin>,
    output: &mut (impl AsyncWrite + Unpin),
    framing: BodyFraming,
    counts: &Counts,
) -> Result<(), Refusal> {
    let mut body = Framed::new(framing, false);
    while !body.is_done() {
        if input.held().is_empty() && input.fill().await.map_err(|error| server_gone(&error))? == 0 {
            let cut = || Reason::ServerGone.because("the host ended the connection in its answer");
            return body.may_end().then_some(()).ok_or_else(cut);
        }
        let malformed = |_| Reason::BadResponse.because("the chunks of the host's answer are malformed");
        let taken = body.take(input.held()).map_err(malformed)?;
        let sent = send(output, &input.held()[..taken]).await;
        sent.map_err(|error| client_gone(&error))?;
        input.consume(taken);
        counts.received(taken);
    }
    Ok(())
}

async fn send(output: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> std::io::Result<()> {
    output.write_all(bytes).await?;
    output.flush().await
}

fn client_gone(error: &std::io::Error) -> Refusal {
    Reason::ClientGone.because(format!("the connection broke: {}", error.kind()))
}

fn server_gone(error: &std::io::Error) -> Refusal {
    Reason::ServerGone.because(format!("the connection broke: {}", error.kind()))
}
