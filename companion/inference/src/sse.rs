//! An incremental reader of `text/event-stream` (WHATWG HTML, section 9.2.6). Bytes come in any split; each event goes
//! out at once, at the price of one copy of its data. Knows nothing of what the data means.

use memchr::memchr2;

/// Largest event taken, in bytes of its lines.
pub const MAX_EVENT: usize = 4 * 1024 * 1024;

/// Why a stream is not read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SseError {
    /// A line or the data of an event is above [`MAX_EVENT`].
    #[error("an event is longer than {MAX_EVENT} bytes")]
    TooLong,
    /// The data of an event is not UTF-8.
    #[error("an event is not UTF-8")]
    NotUtf8,
}

/// The reader's state between two pieces of the stream. The name of an event is not kept: Messages streams repeat it in
/// the data, which is what counts.
#[derive(Debug, Default)]
pub struct EventReader {
    /// The beginning of a line whose end has not come yet.
    line: Vec<u8>,
    /// The data lines of the current event.
    data: Vec<u8>,
    has_data: bool,
    /// The last piece ended with a carriage return: a line feed that follows belongs to it.
    after_return: bool,
    started: bool,
}

impl EventReader {
    /// A reader at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a piece of the stream and hands the data of each event that it completes to `event`. The first error, of
    /// the stream or of `event`, ends the reading.
    pub fn read<E: From<SseError>>(
        &mut self,
        piece: &[u8],
        mut event: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rest = piece;
        if self.after_return && !rest.is_empty() {
            self.after_return = false;
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        while let Some(end) = memchr2(b'\n', b'\r', rest) {
            let (line, ending) = rest.split_at(end);
            rest = match ending {
                [b'\r', b'\n', after @ ..] | [_, after @ ..] => after,
                [] => ending,
            };
            self.after_return = ending == b"\r";
            if self.line.is_empty() {
                self.take_line(line, &mut event)?;
            } else {
                self.keep(line)?;
                let mut whole = std::mem::take(&mut self.line);
                self.take_line(&whole, &mut event)?;
                // The buffer serves the next split line again.
                whole.clear();
                self.line = whole;
            }
        }
        Ok(self.keep(rest)?)
    }

    fn keep(&mut self, part: &[u8]) -> Result<(), SseError> {
        if self.line.len() + part.len() > MAX_EVENT {
            return Err(SseError::TooLong);
        }
        self.line.extend_from_slice(part);
        Ok(())
    }

    fn take_line<E: From<SseError>>(
        &mut self,
        line: &[u8],
        event: &mut impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        let line = if self.started {
            line
        } else {
            line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line)
        };
        self.started = true;
        if line.is_empty() {
            return self.dispatch(event);
        }
        let Some(value) = line.strip_prefix(b"data") else {
            return Ok(());
        };
        let value = match value {
            [b':', b' ', value @ ..] | [b':', value @ ..] => value,
            [] => value,
            _ => return Ok(()),
        };
        if self.data.len() + value.len() >= MAX_EVENT {
            return Err(SseError::TooLong.into());
        }
        if self.has_data {
            self.data.push(b'\n');
        }
        self.has_data = true;
        self.data.extend_from_slice(value);
        Ok(())
    }

    fn dispatch<E: From<SseError>>(
        &mut self,
        event: &mut impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        if !std::mem::take(&mut self.has_data) {
            return Ok(());
        }
        let outcome = match std::str::from_utf8(&self.data) {
            Ok(data) => event(data),
            Err(_) => Err(SseError::NotUtf8.into()),
        };
        self.data.clear();
        outcome
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;
    use proptest::prelude::*;

    use super::*;

    fn events(pieces: &[&[u8]]) -> Result<Vec<String>, SseError> {
        let mut reader = EventReader::new();
        let mut events = Vec::new();
        for piece in pieces {
            reader.read::<SseError>(piece, |data| {
                events.push(data.to_owned());
                Ok(())
            })?;
        }
        Ok(events)
    }

    #[test]
    fn reads_the_forms_that_the_standard_allows() {
        let table: [(&str, &[&str]); 14] = [
            ("data: one\n\n", &["one"]),
            ("data:one\r\n\r\n", &["one"]),
            ("data: one\r\r", &["one"]),
            ("\u{feff}data: one\n\n", &["one"]),
            ("data:  one\n\n", &[" one"]),
            ("data: one\ndata: two\n\n", &["one\ntwo"]),
            ("data\n\n", &[""]),
            ("data\ndata\n\n", &["\n"]),
            (": comment\n\nevent: ping\n\n", &[]),
            ("event: x\nid: 3\nretry: 5\nunknown: y\ndata: one\n\n", &["one"]),
            ("database: no\n\n", &[]),
            ("data: one\n\n\n\ndata: two\n\n", &["one", "two"]),
            ("data: one", &[]),
            ("data: one\n", &[]),
        ];
        for (stream, wanted) in table {
            assert_eq!(
                events(&[stream.as_bytes()]).expect("a good stream"),
                wanted,
                "{stream:?}"
            );
        }
    }

    #[test]
    fn reads_the_same_events_whatever_the_split() {
        let stream =
            "\u{feff}: hello\r\n\r\nevent: a\rdata: grüße 🌍\rdata:x\n\r\ndata: {\"a\":1}\r\n\r\n".as_bytes();
        let whole = events(&[stream]).expect("a good stream");
        assert_eq!(whole, ["grüße 🌍\nx", "{\"a\":1}"]);
        for first in 0..=stream.len() {
            for second in first..=stream.len() {
                let pieces = [&stream[..first], &stream[first..second], &stream[second..]];
                assert_eq!(
                    events(&pieces).expect("a good stream"),
                    whole,
                    "split at {first} and {second}"
                );
            }
        }
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(events(&bytes).expect("a good stream"), whole);
    }

    #[test]
    fn refuses_a_line_above_the_cap_before_it_ends() {
        let piece = vec![b'x'; 1024 * 1024];
        let mut reader = EventReader::new();
        reader
            .read::<SseError>(b"data: ", |_| Ok(()))
            .expect("a beginning");
        let outcome = (0..9).try_for_each(|_| reader.read::<SseError>(&piece, |_| Ok(())));
        assert_eq!(outcome, Err(SseError::TooLong));
    }

    #[test]
    fn refuses_data_above_the_cap_in_many_lines() {
        let line = format!("data: {}\n", "x".repeat(1024 * 1024));
        let mut reader = EventReader::new();
        let outcome = (0..9).try_for_each(|_| reader.read::<SseError>(line.as_bytes(), |_| Ok(())));
        assert_eq!(outcome, Err(SseError::TooLong));
    }

    #[test]
    fn refuses_data_that_is_not_utf8() {
        assert_eq!(events(&[b"data: \xff\n\n"]), Err(SseError::NotUtf8));
    }

    proptest! {
        #[test]
        fn never_panics_and_never_depends_on_the_split(
            stream in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b':'), Just(b' '), Just(b'd'), any::<u8>()], 0..200),
            cut in 0..200_usize,
        ) {
            let cut = cut.min(stream.len());
            let data = [b"data:".as_slice(), &stream].concat();
            prop_assert_eq!(events(&[&data[..cut + 5], &data[cut + 5..]]), events(&[&data]));
        }
    }
}
