//! How much of an untrusted package is taken in.

/// Caps on a package. The defaults hold every file seen in practice and bound memory and time for the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Size of the file, in bytes.
    pub file_bytes: u64,
    /// Entries in the archive.
    pub parts: usize,
    /// Size of one part when inflated, in bytes.
    pub part_bytes: u64,
    /// Sizes of all parts together when inflated, in bytes.
    pub total_bytes: u64,
    /// How many times larger than its compressed form a part may be.
    pub ratio: u64,
    /// Below this size in bytes the ratio is not looked at: small XML compresses very well.
    pub ratio_from: u64,
    /// Rounds of hashing that a password may cost (MS-OFFCRYPTO 2.3.4.10 allows ten million; Office takes 100,000).
    pub spin_count: u32,
    /// How deep XML elements may nest.
    pub xml_depth: usize,
    /// How many elements one part may hold when it is read as a tree.
    pub xml_nodes: usize,
    /// What formulas and texts that many cells share may take when each cell has its own, in bytes: a file of a few
    /// kilobytes can name one long text a million times.
    pub written_out: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 512 << 20,
            parts: 16_384,
            part_bytes: 1 << 30,
            total_bytes: 2 << 30,
            ratio: 300,
            ratio_from: 8 << 20,
            spin_count: 10_000_000,
            xml_depth: 256,
            xml_nodes: 2_000_000,
            written_out: 256 << 20,
        }
    }
}
