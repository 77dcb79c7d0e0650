//! The side files by which office programs show that they have a document open.

use cap_std::fs::Dir;

/// A side file that shows that a document is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockFile {
    /// `~$name` of Microsoft Office (Word puts the two letters in the place of the first two of longer names).
    Office,
    /// `.~lock.name#` of LibreOffice.
    LibreOffice,
}

impl LockFile {
    /// The side file beside `name` in this folder, if there is one.
    pub(crate) fn beside(folder: &Dir, name: &str) -> Option<Self> {
        let there = |side: String| folder.symlink_metadata(side).is_ok();
        let rest = name.char_indices().nth(2).map(|(at, _)| &name[at..]);
        let word = name.to_ascii_lowercase().contains(".doc");
        if there(format!("~${name}")) || rest.is_some_and(|rest| word && there(format!("~${rest}"))) {
            Some(Self::Office)
        } else if there(format!(".~lock.{name}#")) {
            Some(Self::LibreOffice)
        } else {
            None
        }
    }
}
