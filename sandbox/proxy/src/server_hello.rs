//! Whether the far side asks for a second ClientHello (RFC 8446, section 4.1.4): it too travels in clear text, and a server
//! may read another name in it.

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const SERVER_HELLO: u8 = 2;
const RECORD_HEADER: usize = 5;
/// Up to the end of `random`: type, length, legacy_version, random.
const UP_TO_RANDOM: usize = 4 + 2 + 32;

/// The `random` that makes a ServerHello a HelloRetryRequest (RFC 8446, section 4.1.3).
const RETRY_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
    0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// What the far side's first message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Not known before more of it is here.
    More,
    /// It asks for another ClientHello.
    Retry,
    /// Anything else: from here on the client's bytes are keys and ciphertext.
    Other,
}

/// Follows the far side's first records. Takes no more memory than it has fields.
#[derive(Debug, Default)]
pub(crate) struct AnswerWatch {
    header: Vec<u8>,
    left: usize,
    message: Vec<u8>,
}

impl AnswerWatch {
    /// Takes the next bytes of the far side.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Answer {
        for &byte in bytes {
            if self.left == 0 {
                self.header.clear();
                self.left = usize::MAX;
            }
            if self.header.len() < RECORD_HEADER {
                self.header.push(byte);
                if let [kind, _, _, high, low] = self.header[..] {
                    if kind != ALERT && kind != HANDSHAKE {
                        return Answer::Other;
                    }
                    self.left = usize::from(u16::from_be_bytes([high, low]));
                }
                continue;
            }
            self.left -= 1;
            // A server may warn that it does not know the name (RFC 6066, section 3) and go on.
            if self.header[0] == HANDSHAKE {
                self.message.push(byte);
            }
            if let Some(answer) = self.decided() {
                return answer;
            }
        }
        Answer::More
    }

    fn decided(&self) -> Option<Answer> {
        if *self.message.first()? != SERVER_HELLO {
            return Some(Answer::Other);
        }
        let random = self.message.get(UP_TO_RANDOM - 32..UP_TO_RANDOM)?;
        Some(if random == RETRY_RANDOM {
            Answer::Retry
        } else {
            Answer::Other
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server_hello(random: [u8; 32]) -> Vec<u8> {
        let mut message = vec![SERVER_HELLO, 0, 0, 44, 3, 3];
        message.extend(random);
        message.extend([0; 10]);
        message
    }

    fn records(kind: u8, message: &[u8], size: usize) -> Vec<u8> {
        let chunks = message.chunks(size);
        chunks
            .flat_map(|part| [&[kind, 3, 3, 0, part.len() as u8], part].concat())
            .collect()
    }

    #[test]
    fn a_retry_is_told_from_a_hello_however_its_records_are_cut() {
        for size in [1, 2, 5, 37, 38, 39, 48] {
            for (random, wanted) in [(RETRY_RANDOM, Answer::Retry), ([7; 32], Answer::Other)] {
                let warned = [
                    records(ALERT, &[1, 112], 2),
                    records(HANDSHAKE, &server_hello(random), size),
                ]
                .concat();
                assert_eq!(AnswerWatch::default().take(&warned), wanted, "{size}");
                let mut watch = AnswerWatch::default();
                let answers: Vec<Answer> = warned.iter().map(|byte| watch.take(&[*byte])).collect();
                assert_eq!(
                    answers.into_iter().find(|answer| *answer != Answer::More),
                    Some(wanted)
                );
            }
        }
    }

    #[test]
    fn what_is_no_handshake_is_left_alone() {
        assert_eq!(AnswerWatch::default().take(b"220 hello\r\n"), Answer::Other);
        assert_eq!(AnswerWatch::default().take(&[22, 3, 3, 0, 4, 0]), Answer::Other);
    }
}
