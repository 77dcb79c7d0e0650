//! CONNECT: a tunnel through an HTTP proxy (RFC 9110, section 9.3.6).

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use crate::proxy::Server;
use crate::{Origin, ProxyFault, Stream};

/// What a proxy may say before the tunnel stands, in bytes. Browsers take less.
const MAX_HEAD: u64 = 32 * 1024;

/// Asks the proxy at the other end of `stream` for a tunnel. What the far side says first is not lost.
pub(crate) async fn open(stream: Stream, server: &Server, target: &Origin) -> Result<Stream, ProxyFault> {
    let broken = |error: std::io::Error| ProxyFault::Unreachable(error.to_string());
    let mut stream = BufReader::new(stream);
    stream.write_all(&request(server, target)).await.map_err(broken)?;
    stream.flush().await.map_err(broken)?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && !head.ends_with(b"\n\n") {
        let left = MAX_HEAD.saturating_sub(head.len() as u64);
        let line = (&mut stream).take(left).read_until(b'\n', &mut head).await;
        if line.map_err(broken)? == 0 {
            return Err(ProxyFault::Answer);
        }
    }
    match status(&head)? {
        200..=299 => Ok(Stream::new(stream)),
        407 => Err(ProxyFault::SignIn(schemes(&head))),
        other => Err(ProxyFault::Refused(other)),
    }
}

fn request(server: &Server, target: &Origin) -> Vec<u8> {
    let place = format!("{}:{}", target.host(), target.port());
    let mut request = format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n").into_bytes();
    if let Some(authorization) = &server.authorization {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(authorization.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    request
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
