//! The lengths of frames in an event stream of AWS (`application/vnd.amazon.eventstream`): each begins with its own length
//! in four bytes, big-endian. The SDK reads frames and checks their sums, but it waits for all that a length promises.

/// Largest frame taken, in bytes. The largest event that is read has 4 MiB, which base64 and the frame make larger.
pub(super) const MAX_FRAME: u32 = 8 * 1024 * 1024;
/// The prelude (lengths and their sum) and the sum of the frame.
const SMALLEST: u32 = 16;

/// A length that no frame of an answer has: mostly the beginning of something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a frame of {length} bytes is announced")]
pub(super) struct FrameError {
    length: u32,
    /// Bytes of the piece before that frame.
    pub(super) good: usize,
}

/// Follows the frames of one stream, whatever pieces it comes in.
#[derive(Debug, Default)]
pub(super) struct FrameLengths {
    length: [u8; 4],
    /// Bytes of the length that have come.
    known: usize,
    /// Bytes of the frame that are still to come behind its length.
    left: usize,
}

impl FrameLengths {
    /// Looks at the next piece of the stream.
    pub(super) fn pass(&mut self, piece: &[u8]) -> Result<(), FrameError> {
        let mut rest = piece;
        let mut good = 0;
        while !rest.is_empty() {
            if self.left == 0 && self.known == 0 {
                good = piece.len() - rest.len();
            }
            if self.left > 0 {
                let skipped = self.left.min(rest.len());
                self.left -= skipped;
                rest = &rest[skipped..];
                continue;
            }
            self.length[self.known] = rest[0];
            self.known += 1;
            rest = &rest[1..];
            if self.known == self.length.len() {
                let length = u32::from_be_bytes(self.length);
                if !(SMALLEST..=MAX_FRAME).contains(&length) {
                    return Err(FrameError { length, good });
                }
                self.known = 0;
                self.left = length as usize - self.length.len();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(length: u32) -> Vec<u8> {
        let mut frame = vec![0xff; length as usize];
        frame[..4].copy_from_slice(&length.to_be_bytes());
        frame
    }

    #[test]
    fn refuses_a_length_that_no_frame_has_before_anything_is_kept_for_it() {
        for length in [0, 15, MAX_FRAME + 1, u32::MAX] {
            let mut lengths = FrameLengths::default();
            assert_eq!(lengths.pass(&frame(16)), Ok(()));
            let piece = [frame(20), length.to_be_bytes().to_vec()].concat();
            assert_eq!(lengths.pass(&piece), Err(FrameError { length, good: 20 }));
        }
        for text in ["<html>", "{\"error\":1}", "event: ping"] {
            assert!(FrameLengths::default().pass(text.as_bytes()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn finds_each_length_in_whatever_pieces_the_stream_comes(
            sizes in prop::collection::vec(16u32..200, 1..12),
            piece in 1usize..50,
        ) {
            let mut bytes: Vec<u8> = sizes.iter().flat_map(|size| frame(*size)).collect();
            bytes.extend(u32::MAX.to_be_bytes());
            let mut lengths = FrameLengths::default();
            let end = bytes.len();
            let refused = (0..end).step_by(piece).find_map(|at| {
                let refused = lengths.pass(&bytes[at..end.min(at + piece)]).err()?;
                Some((refused.length, at + refused.good))
            });
            // What a piece before it holds of the length has gone by.
            let begun = (end - 4).max((end - 1) / piece * piece);
            prop_assert_eq!(refused, Some((u32::MAX, begun)));
        }
    }
}
