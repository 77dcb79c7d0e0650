//! What all parties share: chance, contents that tell whether they are whole, and the final account.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Files that everybody is after.
pub(crate) const NAMES: [&str; 4] = ["a.xlsx", "b.csv", "sub/c.docx", "new/deep/d.pptx"];

/// A small generator of chance (splitmix64): the same seed gives the same sequence.
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn name(&mut self) -> &'static str {
        NAMES[self.below(NAMES.len() as u64) as usize]
    }
}

/// The content of a number: its number, and chance that follows from it. Some are longer than what is written at once.
pub(crate) fn content(number: u64) -> Vec<u8> {
    let mut random = Random(number);
    let length = match random.below(20) {
        0 => 300_000,
        _ => random.below(9_000) as usize,
    };
    let mut content = format!("{number}\n").into_bytes();
    while content.len() < length {
        content.extend(random.next().to_le_bytes());
    }
    content
}

/// The number of a content.
///
/// # Panics
/// Where it is not whole.
pub(crate) fn number_of(found: &[u8]) -> u64 {
    let line = found.split(|byte| *byte == b'\n').next().unwrap();
    let number = std::str::from_utf8(line).unwrap().parse().unwrap();
    assert!(content(number) == found, "{number} is half-written");
    number
}

/// The numbers of all contents below a folder, and the names of side files of ours that are left there.
pub(crate) fn found(folder: &Path) -> (BTreeSet<u64>, Vec<String>) {
    let (mut numbers, mut left) = (BTreeSet::new(), Vec::new());
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with(".deskhand-") {
            left.push(name);
        } else if entry.file_type().unwrap().is_dir() {
            let (below, left_below) = found(&entry.path());
            numbers.extend(below);
            left.extend(left_below);
        } else {
            numbers.insert(number_of(&fs::read(entry.path()).unwrap()));
        }
    }
    (numbers, left)
}

/// A folder to write in; in memory where there is such a place, as it is not the disk that is tried.
pub(crate) fn home() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

/// Puts two files there to begin with.
pub(crate) fn prepare(folder: &Path, first: u64) -> BTreeSet<u64> {
    fs::create_dir_all(folder.join("sub")).unwrap();
    for (number, name) in (first..).zip(["a.xlsx", "sub/c.docx"]) {
        fs::write(folder.join(name), content(number)).unwrap();
    }
    (first..first + 2).collect()
}

/// Everything that was written is there, kept, or was taken away by its writer.
pub(crate) fn settle_accounts(
    written: &BTreeSet<u64>,
    there: &BTreeSet<u64>,
    kept: &BTreeSet<u64>,
    taken: &BTreeSet<u64>,
) {
    for number in written {
        assert!(
            there.contains(number) || kept.contains(number) || taken.contains(number),
            "{number} is lost: there {there:?}, kept {kept:?}, taken {taken:?}"
        );
    }
}
