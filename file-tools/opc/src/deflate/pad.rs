//! Empty blocks that bring a deflate stream to a wanted place within a byte, so that what follows can stand as it was.

/// Bits written lowest first.
#[derive(Clone, Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// Bits used in the last byte; 0 when it is full or there is none.
    used: u32,
}

impl BitWriter {
    /// Goes on in a byte of which the lowest `used` bits are there.
    pub(super) fn after(byte: u8, used: u32) -> Self {
        if used == 0 {
            return Self::default();
        }
        let bytes = vec![byte & ((1 << used) - 1)];
        Self { bytes, used }
    }

    /// Adds the lowest `count` bits of a number.
    fn push(&mut self, bits: u64, count: u32) {
        for at in 0..count {
            if self.used == 0 {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= (((bits >> at) & 1) as u8) << self.used;
            }
            self.used = (self.used + 1) % 8;
        }
    }

    /// Adds empty blocks until `used` bits of the last byte are used.
    ///
    /// A block with the fixed codes takes 10 bits, one with codes of its own 95: together they reach any place. No decoder
    /// has to forgive anything: all codes are complete.
    pub(super) fn pad_to(&mut self, used: u32) {
        if (used + 8 - self.used) % 2 == 1 {
            self.empty_block_with_codes();
        }
        while self.used != used {
            // Not the last one; fixed codes; end of block, which is seven zeros.
            self.push(0b010, 10);
        }
    }

    fn empty_block_with_codes(&mut self) {
        // Not the last one; codes of its own; 257 literals and lengths, 2 distances, 19 lengths of codes.
        self.push(0b100, 3);
        self.push(0, 5);
        self.push(1, 5);
        self.push(15, 4);
        // In the order of the format, the third (18: many zeros) and the eighteenth (1) have codes of one bit.
        for place in 0..19 {
            self.push(u64::from(place == 2 || place == 17), 3);
        }
        // 138 and 117 zeros, then four codes of one bit: the literal 255, the end, and two distances.
        for zeros in [138, 117] {
            self.push(1, 1);
            self.push(zeros - 11, 7);
        }
        self.push(0, 4);
        // The end.
        self.push(1, 1);
    }

    /// Adds bytes of which all bits up to `bits` count. Only where the last byte is full.
    pub(super) fn extend(&mut self, bytes: &[u8], bits: u64) {
        self.bytes.extend_from_slice(bytes);
        self.used = (bits % 8) as u32;
    }

    /// The bytes; the free bits of the last one are those of `rest`.
    pub(super) fn finish(mut self, rest: u8) -> Vec<u8> {
        if let Some(last) = self.bytes.last_mut().filter(|_| self.used > 0) {
            *last = (*last & ((1 << self.used) - 1)) | (rest & (u8::MAX << self.used));
        }
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::BitWriter;

    #[test]
    fn empty_blocks_reach_every_place_in_a_byte_and_hold_nothing() {
        for from in 0..8 {
            for to in 0..8 {
                let mut bits = BitWriter::default();
                bits.pad_to(from);
                bits.pad_to(to);
                assert_eq!(bits.used, to, "from {from}");
                // A byte of content, and the end.
                bits.pad_to(0);
                bits.extend(&[1, 1, 0, 0xFE, 0xFF, b'x'], 48);
                let mut content = Vec::new();
                flate2::read::DeflateDecoder::new(&*bits.finish(0))
                    .read_to_end(&mut content)
                    .unwrap();
                assert_eq!(content, b"x");
            }
        }
    }
}
