//! CONNECT: a tunnel through an HTTP proxy (RFC 9110, section 9.3.6).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use crate::proxy::Server;
use crate::sign_in::{SignIn, SignInExchange, SignInScheme};
use crate::{Origin, ProxyFault, Stream};

/// What a proxy may say before the tunnel stands, in bytes. Browsers take less.
const MAX_HEAD: u64 = 32 * 1024;
/// The page beside a challenge, in bytes. It is passed over.
const MAX_PAGE: u64 = 256 * 1024;
/// Messages of a sign-in; NTLM takes two, Kerberos one or two.
const MAX_MESSAGES: usize = 5;

/// Asks the proxy at the other end of `stream` for a tunnel. What the far side says first is not lost.
pub(crate) async fn open(stream: Stream, server: &Server, target: &Origin) -> Result<Stream, ProxyFault> {
    let mut stream = BufReader::new(stream);
    let authorization = server.authorization.as_ref().map(http::HeaderValue::as_bytes);
    let head = ask(&mut stream, target, authorization).await?;
    match status(&head)? {
        200..=299 => Ok(Stream::new(stream)),
        407 => Err(ProxyFault::SignIn(schemes(&head))),
        other => Err(ProxyFault::Refused(other)),
    }
}

/// The same with the sign-in of the person at this machine, which binds itself to the connection.
pub(crate) async fn sign_in(
    stream: Stream,
    server: &Server,
    target: &Origin,
    scheme: SignInScheme,
    sign_in: &Arc<dyn SignIn>,
) -> Result<Stream, ProxyFault> {
    let failed = |why: &str| ProxyFault::SignInFailed {
        scheme,
        why: why.to_owned(),
    };
    let mut stream = BufReader::new(stream);
    let (mut exchange, mut message) = begun(sign_in, scheme, server).await.map_err(|why| failed(&why))?;
    for _ in 0..MAX_MESSAGES {
        let authorization = format!("{scheme} {}", STANDARD.encode(&message));
        let head = ask(&mut stream, target, Some(authorization.as_bytes())).await?;
        match status(&head)? {
            200..=299 => return Ok(Stream::new(stream)),
            407 => {}
            other => return Err(ProxyFault::Refused(other)),
        }
        let said = challenge(&head, scheme).ok_or_else(|| failed("the proxy does not accept it"))?;
        pass_over_the_page(&mut stream, &head)
            .await
            .ok_or_else(|| failed("the proxy ends the connection in the middle of it"))?;
        (exchange, message) = answered(exchange, said).await.map_err(|why| failed(&why))?;
    }
    Err(failed("it does not come to an end"))
}

type Step = (Box<dyn SignInExchange>, Vec<u8>);

async fn begun(sign_in: &Arc<dyn SignIn>, scheme: SignInScheme, server: &Server) -> Result<Step, String> {
    let sign_in = Arc::clone(sign_in);
    let host = server.host.to_string();
    blocking(move || {
        let mut exchange = sign_in.begin(scheme, &host)?;
        let message = exchange.next(&[])?;
        Ok((exchange, message))
    })
    .await
}

async fn answered(mut exchange: Box<dyn SignInExchange>, said: Vec<u8>) -> Result<Step, String> {
    blocking(move || {
        let message = exchange.next(&said)?;
        Ok((exchange, message))
    })
    .await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| error.to_string())?
}

/// Asks once, and reads the head of the answer.
async fn ask(
    stream: &mut BufReader<Stream>,
    target: &Origin,
    authorization: Option<&[u8]>,
) -> Result<Vec<u8>, ProxyFault> {
    let broken = |error: std::io::Error| ProxyFault::Unreachable(error.to_string());
    let request = request(target, authorization);
    stream.write_all(&request).await.map_err(broken)?;
    stream.flush().await.map_err(broken)?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && !head.ends_with(b"\n\n") {
        let left = MAX_HEAD.saturating_sub(head.len() as u64);
        let line = (&mut *stream).take(left).read_until(b'\n', &mut head).await;
        if line.map_err(broken)? == 0 {
            return Err(ProxyFault::Answer);
        }
    }
    Ok(head)
}

fn request(target: &Origin, authorization: Option<&[u8]>) -> Vec<u8> {
    let place = format!("{}:{}", target.host(), target.port());
    let mut request = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n").into_bytes();
    if let Some(authorization) = authorization {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(authorization);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    request
}

/// Reads what follows the head of a challenge, so that the connection can be used again; `None` where it cannot.
async fn pass_over_the_page(stream: &mut BufReader<Stream>, head: &[u8]) -> Option<()> {
    let text = String::from_utf8_lossy(head);
    let value = |wanted: &str| {
        let mut fields = text.lines().filter_map(|line| line.split_once(':'));
        fields.find_map(|(name, value)| name.eq_ignore_ascii_case(wanted).then(|| value.trim()))
    };
    let ends = ["connection", "proxy-connection"].map(value);
    if ends
        .into_iter()
        .flatten()
        .any(|word| word.eq_ignore_ascii_case("close"))
    {
        return None;
    }
    if value("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        return pass_over_chunks(stream).await;
    }
    skip(stream, value("content-length")?.parse().ok()?).await
}

/// Chunks, then fields until an empty line (RFC 9112, section 7.1).
async fn pass_over_chunks(stream: &mut BufReader<Stream>) -> Option<()> {
    let mut left = MAX_PAGE;
    loop {
        let size = line(stream, &mut left).await?;
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).ok()?;
        if size == 0 {
            while !line(stream, &mut left).await?.is_empty() {}
            return Some(());
        }
        left = left.checked_sub(size)?;
        skip(stream, size).await?;
        line(stream, &mut left).await?;
    }
}

async fn line(stream: &mut BufReader<Stream>, left: &mut u64) -> Option<String> {
    let mut read = Vec::new();
    (&mut *stream)
        .take(*left)
        .read_until(b'\n', &mut read)
        .await
        .ok()?;
    *left -= read.len() as u64;
    let line = String::from_utf8_lossy(read.strip_suffix(b"\n")?);
    Some(line.trim_end().to_owned())
}

async fn skip(stream: &mut BufReader<Stream>, size: u64) -> Option<()> {
    let size = Some(size).filter(|size| *size <= MAX_PAGE)?;
    let read = tokio::io::copy(&mut (&mut *stream).take(size), &mut tokio::io::sink()).await;
    read.is_ok_and(|read| read == size).then_some(())
}

/// The proxy's answer to a message; `None` where it names the scheme alone or not at all, which is how it says no.
fn challenge(head: &[u8], scheme: SignInScheme) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(head);
    let mut answers = text.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        let (named, said) = value.trim().split_once(' ')?;
        let ours =
            name.eq_ignore_ascii_case("proxy-authenticate") && named.eq_ignore_ascii_case(scheme.as_str());
        ours.then(|| STANDARD.decode(said.trim()).ok())?
    });
    answers.next()
}

/// The status of an answer's first line.
fn status(head: &[u8]) -> Result<u16, ProxyFault> {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = std::str::from_utf8(line).map_err(|_| ProxyFault::Answer)?;
    let code = line.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5));
    let code = code.and_then(|code| code.parse().ok());
    code.filter(|code| (100..600).contains(code))
        .ok_or(ProxyFault::Answer)
}

/// The schemes that a proxy offers for signing in, as a person may have to tell IT.
fn schemes(head: &[u8]) -> String {
    let text = String::from_utf8_lossy(head);
    let offers = text.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        let scheme = value.split_whitespace().next()?;
        let plain = scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (name.eq_ignore_ascii_case("proxy-authenticate") && plain && scheme.len() <= 20).then_some(scheme)
    });
    let offers: Vec<&str> = offers.take(5).collect();
    if offers.is_empty() {
        "no scheme named".to_owned()
    } else {
        offers.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_status_of_what_is_an_answer() {
        let table: [(&[u8], Option<u16>); 8] = [
            (b"HTTP/1.1 200 Connection established\r\n", Some(200)),
            (b"HTTP/1.0 407\r\n", Some(407)),
            (b"HTTP/1.1 99 x\r\n", None),
            (b"HTTP/2 200\r\n", None),
            (b"SSH-2.0-x\r\n", None),
            (b"HTTP/1.1 2\xff0\r\n", None),
            (b"HTTP/1.", None),
            (b"", None),
        ];
        for (head, wanted) in table {
            assert_eq!(status(head).ok(), wanted, "{}", String::from_utf8_lossy(head));
        }
    }

    #[test]
    fn names_the_schemes_of_a_sign_in() {
        let head = b"HTTP/1.1 407 x\r\nProxy-Authenticate: Negotiate\r\nproxy-authenticate: NTLM abc\r\n\r\n";
        assert_eq!(schemes(head), "Negotiate, NTLM");
        assert_eq!(
            schemes(b"HTTP/1.1 407\r\nProxy-Authenticate: <b>\r\n\r\n"),
            "no scheme named"
        );
    }
}
