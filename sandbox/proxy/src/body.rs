//! Where the body of an HTTP/1 message ends (RFC 9112, sections 6 and 7). Bytes are passed on as they are; this only counts.

/// What one line between chunks may have, in bytes.
const MOST_LINE: usize = 4 * 1024;
/// Trailer fields of a response, in bytes.
const MOST_TRAILERS: usize = 16 * 1024;
/// Hexadecimal digits of a chunk's size: 2^48 bytes and more are no chunk.
const MOST_DIGITS: u8 = 12;

/// How the length of a body is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFraming {
    /// There is none.
    None,
    /// So many bytes.
    Length(u64),
    /// In chunks.
    Chunked,
    /// To the end of the connection: responses alone.
    UntilClose,
}

/// Bytes that are no chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FramingError;

/// Follows a body.
#[derive(Clone, Debug)]
pub struct Framed {
    state: State,
    strict: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Left(u64),
    UntilClose,
    /// In the size of a chunk: its value and its digits so far.
    Size(u64, u8),
    /// Behind `;`: bytes so far.
    Extension(u64, usize),
    SizeEnd(u64),
    Data(u64),
    DataCr,
    DataLf,
    /// At the start of a line behind the last chunk; bytes of trailers so far.
    LineStart(usize),
    Trailer(usize),
    TrailerEnd(usize),
    LastLf,
    Done,
}

impl Framed {
    /// A body in this framing. `strict`, as requests are followed: no chunk extension and no trailer field, which readers
    /// are known to understand differently.
    pub fn new(framing: BodyFraming, strict: bool) -> Self {
        let state = match framing {
            BodyFraming::None | BodyFraming::Length(0) => State::Done,
            BodyFraming::Length(length) => State::Left(length),
            BodyFraming::Chunked => State::Size(0, 0),
            BodyFraming::UntilClose => State::UntilClose,
        };
        Self { state, strict }
    }

    /// Whether the body is over.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Whether the end of the connection may be the end of the body.
    pub fn may_end(&self) -> bool {
        matches!(self.state, State::Done | State::UntilClose)
    }

    /// How many of these bytes belong to the body: all of them, or those up to its end.
    pub fn take(&mut self, bytes: &[u8]) -> Result<usize, FramingError> {
        let mut at = 0;
        while at < bytes.len() && !self.is_done() {
            at += match self.state {
                State::UntilClose => bytes.len() - at,
                State::Left(left) => {
                    let (taken, left) = skip(left, bytes.len() - at);
                    self.state = if left == 0 { State::Done } else { State::Left(left) };
                    taken
                }
                State::Data(left) => {
                    let (taken, left) = skip(left, bytes.len() - at);
                    self.state = if left == 0 {
                        State::DataCr
                    } else {
                        State::Data(left)
                    };
                    taken
                }
                _ => {
                    self.state = self.step(bytes[at])?;
                    1
                }
            };
        }
        Ok(at)
    }

    /// One byte between the data of chunks.
    fn step(&self, byte: u8) -> Result<State, FramingError> {
        let next = match (self.state, byte) {
            (State::Size(size, digits), _) if byte.is_ascii_hexdigit() && digits < MOST_DIGITS => {
                let digit = char::from(byte).to_digit(16).map_or(0, u64::from);
                State::Size(size * 16 + digit, digits + 1)
            }
            (State::Size(size, 1..) | State::Extension(size, _), b'\r') => State::SizeEnd(size),
            (State::Size(size, 1..), b';' | b' ' | b'\t') if !self.strict => State::Extension(size, 0),
            (State::Extension(size, seen), b'\t' | 0x20..=0x7e | 0x80..) if seen < MOST_LINE => {
                State::Extension(size, seen + 1)
            }
            (State::SizeEnd(0), b'\n') => State::LineStart(0),
            (State::SizeEnd(size), b'\n') => State::Data(size),
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => State::Size(0, 0),
            (State::LineStart(_), b'\r') => State::LastLf,
            (State::LastLf, b'\n') => State::Done,
            (State::LineStart(seen) | State::Trailer(seen), b'\t' | 0x20..=0x7e | 0x80..)
                if !self.strict && seen < MOST_TRAILERS =>
            {
                State::Trailer(seen + 1)
            }
            (State::Trailer(seen), b'\r') => State::TrailerEnd(seen),
            (State::TrailerEnd(seen), b'\n') => State::LineStart(seen + 2),
            _ => return Err(FramingError),
        };
        Ok(next)
    }
}

/// How many of `there` bytes are taken, and how many stay to come.
fn skip(left: u64, there: usize) -> (usize, u64) {
    let taken = usize::try_from(left).map_or(there, |left| left.min(there));
    (taken, left - taken as u64)
}
