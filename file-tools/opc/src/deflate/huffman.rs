//! Tables that decode canonical Huffman codes (RFC 1951, 3.2.2): one look for short codes, two for long ones.

use super::Fault;

/// The entry stands for a literal byte: its value is the byte.
pub(super) const LITERAL: u32 = 1 << 31;
/// The entry is no length, distance or literal: one of the three below.
pub(super) const OTHER: u32 = 1 << 15;
/// End of the block.
pub(super) const END: u32 = 1 << 14;
/// No code begins like this.
pub(super) const INVALID: u32 = 1 << 13;
/// The rest of the code is looked up from here on: the value is the place, `extra` the width of the second look.
const SECOND: u32 = OTHER;

/// Bits of the first look for literals and lengths.
const FIRST: u32 = 11;
/// Bits of the first look for distances.
const FIRST_DISTANCE: u32 = 9;
/// Entries that the second looks can take: 2,342 in all for 286 symbols and 11 bits, 594 for 30 symbols and 9 bits.
const SECONDS: usize = 512;

/// Least length and extra bits of the symbols from 257 on.
const LENGTHS: [(u16, u8); 29] = [
    (3, 0),
    (4, 0),
    (5, 0),
    (6, 0),
    (7, 0),
    (8, 0),
    (9, 0),
    (10, 0),
    (11, 1),
    (13, 1),
    (15, 1),
    (17, 1),
    (19, 2),
    (23, 2),
    (27, 2),
    (31, 2),
    (35, 3),
    (43, 3),
    (51, 3),
    (59, 3),
    (67, 4),
    (83, 4),
    (99, 4),
    (115, 4),
    (131, 5),
    (163, 5),
    (195, 5),
    (227, 5),
    (258, 0),
];

/// Least distance and extra bits of the distance symbols.
const DISTANCES: [(u16, u8); 30] = [
    (1, 0),
    (2, 0),
    (3, 0),
    (4, 0),
    (5, 1),
    (7, 1),
    (9, 2),
    (13, 2),
    (17, 3),
    (25, 3),
    (33, 4),
    (49, 4),
    (65, 5),
    (97, 5),
    (129, 6),
    (193, 6),
    (257, 7),
    (385, 7),
    (513, 8),
    (769, 8),
    (1025, 9),
    (1537, 9),
    (2049, 10),
    (3073, 10),
    (4097, 11),
    (6145, 11),
    (8193, 12),
    (12289, 12),
    (16385, 13),
    (24577, 13),
];

/// A table with a first look of `SIZE` entries. An entry holds its flags, a value from bit 16 on, the number of extra bits
/// from bit 8 on (4 bits), and the bits that it takes (4 bits).
#[derive(Clone, Debug)]
pub(super) struct Table<const SIZE: usize> {
    pub(super) first: Box<[u32; SIZE]>,
    second: Box<[u32; SECONDS]>,
}

pub(super) type Literals = Table<{ 1 << FIRST }>;
pub(super) type Distances = Table<{ 1 << FIRST_DISTANCE }>;

/// What a table is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alphabet {
    CodeLengths,
    Literals,
    Distances,
}

impl Alphabet {
    /// The entry of a symbol, without the bits that it takes.
    fn entry(self, symbol: usize) -> u32 {
        let ranged = |(least, extra): (u16, u8)| (u32::from(least) << 16) | (u32::from(extra) << 8);
        match self {
            Self::CodeLengths => (symbol as u32) << 16,
            Self::Literals if symbol < 256 => LITERAL | ((symbol as u32) << 16),
            Self::Literals if symbol == 256 => OTHER | END,
            Self::Literals => LENGTHS
                .get(symbol - 257)
                .map_or(OTHER | INVALID, |range| ranged(*range)),
            Self::Distances => DISTANCES
                .get(symbol)
                .map_or(OTHER | INVALID, |range| ranged(*range)),
        }
    }
}

impl<const SIZE: usize> Table<SIZE> {
    pub(super) fn new() -> Self {
        Self {
            first: Box::new([OTHER | INVALID; SIZE]),
            second: Box::new([OTHER | INVALID; SECONDS]),
        }
    }

    /// The entry of the second look, for bits from which those of the first are gone.
    #[inline]
    pub(super) fn second(&self, entry: u32, bits: u64) -> u32 {
        let place = (entry >> 16) as usize + masked(bits, (entry >> 8) & 15) as usize;
        self.second[place & (SECONDS - 1)]
    }

    /// Fills the table for codes of these lengths; 0 where a symbol has none.
    ///
    /// As everywhere, a set of codes has to be complete; a single code of one bit, or none at all, is taken too where it
    /// is not for lengths of codes.
    pub(super) fn build(&mut self, lengths: &[u8], alphabet: Alphabet) -> Result<(), Fault> {
        let mut counts = [0u16; 16];
        for length in lengths {
            counts[usize::from(*length)] += 1;
        }
        counts[0] = 0;
        let longest = (1..16).rev().find(|length| counts[*length] > 0).unwrap_or(0);
        let mut free = 1i32;
        for count in &counts[1..] {
            free = free * 2 - i32::from(*count);
            if free < 0 {
                return Err(Fault::Bad);
            }
        }
        if free > 0 && (alphabet == Alphabet::CodeLengths || longest > 1) {
            return Err(Fault::Bad);
        }
        if free > 0 {
            self.first.fill(OTHER | INVALID);
        }
        self.fill(lengths, &counts, longest as u32, alphabet)
    }

    fn fill(
        &mut self,
        lengths: &[u8],
        counts: &[u16; 16],
        longest: u32,
        alphabet: Alphabet,
    ) -> Result<(), Fault> {
        let width = SIZE.trailing_zeros();
        let mut starts = [0u16; 17];
        for length in 1..16 {
            starts[length + 1] = starts[length] + counts[length];
        }
        let mut sorted = [0u16; 288];
        for (symbol, length) in lengths.iter().enumerate().filter(|(_, length)| **length > 0) {
            let place = &mut starts[usize::from(*length)];
            sorted[usize::from(*place)] = symbol as u16;
            *place += 1;
        }
        let total: usize = counts.iter().map(|count| usize::from(*count)).sum();
        let mut left = *counts;
        let (mut code, mut before) = (0u32, 0u32);
        // The table of second looks that is being filled: its key, place and width.
        let mut second: Option<(u32, usize, u32)> = None;
        let mut used = 0usize;
        for symbol in &sorted[..total] {
            let symbol = usize::from(*symbol);
            let length = u32::from(lengths[symbol]);
            code <<= length - before;
            before = length;
            let reversed = code.reverse_bits() >> (32 - length);
            let entry = alphabet.entry(symbol);
            if length <= width {
                repeat(&mut self.first[..], reversed, length, entry | length);
            } else {
                let key = reversed & (SIZE as u32 - 1);
                let (_, place, _) = match second {
                    Some(open) if open.0 == key => open,
                    _ => {
                        let bits = second_width(&left, length, longest, width);
                        let place = used;
                        used += 1 << bits;
                        if used > SECONDS {
                            return Err(Fault::Bad);
                        }
                        self.first[key as usize] = SECOND | ((place as u32) << 16) | (bits << 8) | width;
                        *second.insert((key, place, bits))
                    }
                };
                let bits = second.map_or(0, |open| open.2);
                let table = &mut self.second[place..place + (1 << bits)];
                repeat(table, reversed >> width, length - width, entry | (length - width));
            }
            left[length as usize] -= 1;
            code += 1;
        }
        Ok(())
    }
}

/// How many bits the second looks need that begin with a code of this length.
fn second_width(left: &[u16; 16], length: u32, longest: u32, width: u32) -> u32 {
    let mut bits = length - width;
    let mut free = 1i32 << bits;
    while bits + width < longest {
        free -= i32::from(left[(bits + width) as usize]);
        if free <= 0 {
            break;
        }
        bits += 1;
        free <<= 1;
    }
    bits
}

/// Sets all entries whose low bits are a code.
fn repeat(table: &mut [u32], code: u32, length: u32, entry: u32) {
    let mut place = code as usize;
    while let Some(slot) = table.get_mut(place) {
        *slot = entry;
        place += 1 << length;
    }
}

/// The low bits of a number.
#[inline]
pub(super) fn masked(bits: u64, count: u32) -> u32 {
    (bits & ((1 << count) - 1)) as u32
}
