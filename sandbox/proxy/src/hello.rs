//! The ClientHello of TLS (RFC 8446, section 4.1.2; RFC 5246, section 7.4.1.2), as far as it says where a connection leads.
//!
//! Read by ourselves: rustls, which reads hellos as a server, does not tell of an encrypted one, and a lenient reader would not
//! do. Two readings of one hello are two destinations, so whatever is not exactly so is a fault.

use crate::Limits;

const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
/// RFC 8446, section 5.1.
const MOST_RECORD: usize = 1 << 14;
const RECORD_HEADER: usize = 5;
const MESSAGE_HEADER: usize = 4;

/// RFC 6066, section 3.
const EXT_SERVER_NAME: u16 = 0;
/// RFC 9849: encrypted_client_hello.
const EXT_ECH: u16 = 0xfe0d;
/// What came before it: encrypted_server_name of draft-ietf-tls-esni-01 to -06, and ECH of later drafts.
const EXT_ESNI: [u16; 8] = [0xffce, 0xff02, 0xff03, 0xfe08, 0xfe09, 0xfe0a, 0xfe0b, 0xfe0c];

/// Where a ClientHello says that it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerName {
    /// It has no such extension.
    Absent,
    /// The one host_name: visible ASCII, in the case it was written in.
    Name(String),
}

/// What counts of a ClientHello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientHello {
    /// The server name (SNI).
    pub server_name: ServerName,
    /// Whether it has an encrypted part, or one made to look so (GREASE, RFC 9849, section 6.2): nobody but the server can tell.
    pub encrypted: bool,
}

/// How far a reading came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HelloReading {
    /// So far it may become a ClientHello.
    More,
    /// The first bytes are no TLS handshake.
    NotTls,
    /// It is whole, and its records have so many bytes.
    Whole(ClientHello, usize),
}

/// Why bytes that begin like a handshake are no ClientHello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HelloFault {
    /// Larger than the caps allow.
    TooLarge,
    /// Split into more records than the caps allow.
    TooManyRecords,
    /// A record of another type or version in its middle, one without content, or one that is too long.
    Record,
    /// A handshake message of another type.
    NotAHello,
    /// Something stands behind it in its last record.
    Trailing,
    /// A length leads out of the message, or leaves bytes over.
    Length,
    /// An extension is there twice.
    Duplicate,
    /// The server name is not exactly one host_name of visible ASCII.
    ServerName,
}

impl HelloFault {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooLarge => "it is too large",
            Self::TooManyRecords => "it is split into too many records",
            Self::Record => "a record of it is malformed",
            Self::NotAHello => "the handshake begins with another message",
            Self::Trailing => "something stands behind it",
            Self::Length => "a length in it is wrong",
            Self::Duplicate => "an extension is there twice",
            Self::ServerName => "its server name is not exactly one host name",
        }
    }
}

impl ClientHello {
    /// Reads a ClientHello at the start of what a client sent, which may span records.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<HelloReading, HelloFault> {
        match bytes {
            [] | [HANDSHAKE] => return Ok(HelloReading::More),
            [HANDSHAKE, 3, ..] => {}
            _ => return Ok(HelloReading::NotTls),
        }
        let (mut message, mut at) = (Vec::new(), 0);
        for _ in 0..limits.hello_records {
            let Some(header) = bytes.get(at..at + RECORD_HEADER) else {
                return Ok(HelloReading::More);
            };
            let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
            if header[0] != HANDSHAKE || header[1] != 3 || !(1..=MOST_RECORD).contains(&length) {
                return Err(HelloFault::Record);
            }
            at += RECORD_HEADER;
            let there = &bytes[at..bytes.len().min(at + length)];
            message.extend_from_slice(there);
            let wanted = wanted(&message, limits)?;
            if there.len() < length {
                return Ok(HelloReading::More);
            }
            at += length;
            match wanted {
                Some(wanted) if message.len() > wanted => return Err(HelloFault::Trailing),
                Some(wanted) if message.len() == wanted => {
                    let hello = Self::parse(&message[MESSAGE_HEADER..])?;
                    return Ok(HelloReading::Whole(hello, at));
                }
                _ => {}
            }
        }
        Err(HelloFault::TooManyRecords)
    }

    /// Reads the body of the message.
    fn parse(body: &[u8]) -> Result<Self, HelloFault> {
        let mut rest = Reader(body);
        // legacy_version and random.
        rest.take(2 + 32)?;
        let session = rest.vector_8()?;
        let ciphers = rest.vector_16()?;
        let compressions = rest.vector_8()?;
        let odd = ciphers.0.len() % 2 != 0;
        if session.0.len() > 32 || ciphers.0.is_empty() || odd || compressions.0.is_empty() {
            return Err(HelloFault::Length);
        }
        let mut hello = Self {
            server_name: ServerName::Absent,
            encrypted: false,
        };
        if rest.0.is_empty() {
            return Ok(hello);
        }
        let mut extensions = rest.vector_16()?;
        rest.end()?;
        let mut seen = Vec::new();
        while !extensions.0.is_empty() {
            let kind = extensions.u16()?;
            let data = extensions.vector_16()?;
            if seen.contains(&kind) {
                return Err(HelloFault::Duplicate);
            }
            seen.push(kind);
            if kind == EXT_SERVER_NAME {
                hello.server_name = ServerName::Name(host_name(data)?);
            } else if kind == EXT_ECH || EXT_ESNI.contains(&kind) {
                hello.encrypted = true;
            }
        }
        Ok(hello)
    }
}

/// How long the message is with its header, once that is known.
fn wanted(message: &[u8], limits: &Limits) -> Result<Option<usize>, HelloFault> {
    if message.first().is_some_and(|kind| *kind != CLIENT_HELLO) {
        return Err(HelloFault::NotAHello);
    }
    let Some(&[_, a, b, c]) = message.get(..MESSAGE_HEADER) else {
        return Ok(None);
    };
    let length = usize::try_from(u32::from_be_bytes([0, a, b, c])).unwrap_or(usize::MAX);
    if length > limits.hello_bytes {
        return Err(HelloFault::TooLarge);
    }
    Ok(Some(length + MESSAGE_HEADER))
}

/// The one host name of the extension (RFC 6066, section 3).
fn host_name(mut data: Reader<'_>) -> Result<String, HelloFault> {
    let fault = |_| HelloFault::ServerName;
    let mut list = data.vector_16().map_err(fault)?;
    data.end().map_err(fault)?;
    let kind = list.take(1).map_err(fault)?;
    let name = list.vector_16().map_err(fault)?;
    list.end().map_err(fault)?;
    let visible = !name.0.is_empty() && name.0.iter().all(u8::is_ascii_graphic);
    let text = std::str::from_utf8(name.0)
        .ok()
        .filter(|_| visible && kind == [0]);
    text.map(str::to_owned).ok_or(HelloFault::ServerName)
}

/// Takes bytes from the front, and never more than there are.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], HelloFault> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(HelloFault::Length)?;
        self.0 = rest;
        Ok(taken)
    }

    fn u16(&mut self) -> Result<u16, HelloFault> {
        let bytes = self.take(2)?;
        Ok(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    fn vector_8(&mut self) -> Result<Self, HelloFault> {
        let length = usize::from(self.take(1)?[0]);
        self.take(length).map(Self)
    }

    fn vector_16(&mut self) -> Result<Self, HelloFault> {
        let length = usize::from(self.u16()?);
        self.take(length).map(Self)
    }

    fn end(&self) -> Result<(), HelloFault> {
        self.0.is_empty().then_some(()).ok_or(HelloFault::Length)
    }
}
