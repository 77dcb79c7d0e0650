//! What the first bytes of a tunnel are. TLS and HTTP name a host inside the tunnel, which must be the one that was judged.

/// The longest name of a method in IANA's registry has 16 letters.
const MOST_METHOD: usize = 20;
/// Empty lines that servers skip before a request.
const MOST_EMPTY: usize = 8;

/// The kind of the first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    /// More bytes will tell.
    Undecided,
    /// A TLS handshake.
    Tls,
    /// An HTTP/1 request, or HTTP/2's preface.
    Http,
    /// Anything else.
    Raw,
}

pub(crate) fn first(bytes: &[u8]) -> First {
    match bytes {
        [] | [22] => return First::Undecided,
        [22, 3, ..] => return First::Tls,
        _ => {}
    }
    let empty = bytes
        .iter()
        .take_while(|byte| matches!(byte, b'\r' | b'\n'))
        .count();
    let rest = &bytes[empty..];
    let letter = |byte: &&u8| byte.is_ascii_alphabetic() || **byte == b'-';
    let method = rest.iter().take_while(letter).count();
    match rest.get(method) {
        _ if empty > MOST_EMPTY || method > MOST_METHOD => First::Raw,
        None => First::Undecided,
        Some(b' ' | b'\t') if method > 0 => target(&rest[method..]),
        Some(_) => First::Raw,
    }
}

/// What follows a method and begins with its space: a path, `*`, or an absolute address.
fn target(rest: &[u8]) -> First {
    match rest.trim_ascii_start() {
        [] if rest.len() <= MOST_EMPTY => First::Undecided,
        [b'/' | b'*' | b'h' | b'H', ..] => First::Http,
        _ => First::Raw,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_have_a_kind() {
        let table: &[(&[u8], First)] = &[
            (b"", First::Undecided),
            (b"\x16", First::Undecided),
            (b"\x16\x03", First::Tls),
            (b"\x16\x02", First::Raw),
            (b"GE", First::Undecided),
            (b"GET", First::Undecided),
            (b"GET ", First::Undecided),
            (b"GET /", First::Http),
            (b"get  /", First::Http),
            (b"\r\nGET /", First::Http),
            (b"\n\n\nGET\t/", First::Http),
            (b"OPTIONS *", First::Http),
            (b"GET http://a/", First::Http),
            (b"VERSION-CONTROL /a", First::Http),
            (b"PRI * HTTP/2.0", First::Http),
            (b"SSH-2.0-OpenSSH_9.2", First::Raw),
            (b"EHLO mail.example", First::Raw),
            (b"\0\0\0\x08\x04\xd2\x16\x2f", First::Raw),
            (b"abcdefghijklmnopqrstuvwxyz", First::Raw),
            (b" GET /", First::Raw),
        ];
        for (bytes, wanted) in table {
            assert_eq!(first(bytes), *wanted, "{}", bytes.escape_ascii());
        }
    }
}
