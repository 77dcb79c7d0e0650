//! Files of a cloud that have a name here and their content elsewhere. Reading one brings its content, if the cloud's program
//! can; what comes is taken for the file only where it is whole.
//!
//! Nothing is guessed from sizes and blocks: a file without blocks may be sparse, or so small that it lies in its name's place.
//! So on Linux no file is known to be such a one, apart from the stubs that iCloud leaves on a shared folder.

use std::fs::{File, Metadata};
use std::io::{self, Read as _, Seek as _, SeekFrom};

use crate::system::System;

/// `FILE_ATTRIBUTE_OFFLINE`, `FILE_ATTRIBUTE_RECALL_ON_OPEN`, `FILE_ATTRIBUTE_RECALL_ON_DATA_ACCESS`.
const WINDOWS_AWAY: u32 = 0x1000 | 0x4_0000 | 0x40_0000;
/// `SF_DATALESS`.
const MACOS_AWAY: u32 = 0x4000_0000;
/// `ERROR_CLOUD_FILE_…`: the program does not run, is not signed in, has no network, was stopped, refuses or takes too long.
const WINDOWS_FAILED: &[i32] = &[362, 382, 386, 387, 388, 389, 390, 393, 395, 398, 404, 426, 475];
const STUB_PREFIX: &str = ".";
const STUB_SUFFIX: &str = ".icloud";

/// Where the content of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// On the disk, as far as the system tells.
    Here,
    /// In a cloud: a read has to bring it.
    Away,
}

impl Presence {
    /// What the attributes of a file on Windows tell.
    pub fn of_windows_attributes(attributes: u32) -> Self {
        Self::away_where(attributes & WINDOWS_AWAY != 0)
    }

    /// What the flags of a file on macOS (`st_flags`) tell.
    pub fn of_macos_flags(flags: u32) -> Self {
        Self::away_where(flags & MACOS_AWAY != 0)
    }

    /// What this system tells of a file.
    #[cfg(windows)]
    pub(crate) fn of(metadata: &Metadata) -> Self {
        use std::os::windows::fs::MetadataExt as _;

        Self::of_windows_attributes(metadata.file_attributes())
    }

    /// What this system tells of a file.
    #[cfg(target_os = "macos")]
    pub(crate) fn of(metadata: &Metadata) -> Self {
        use std::os::macos::fs::MetadataExt as _;

        Self::of_macos_flags(metadata.st_flags())
    }

    /// This system tells nothing.
    #[cfg(not(any(windows, target_os = "macos")))]
    pub(crate) fn of(_: &Metadata) -> Self {
        Self::Here
    }

    fn away_where(is_away: bool) -> Self {
        if is_away { Self::Away } else { Self::Here }
    }
}

/// The name of the file that an iCloud stub stands for: `a.xlsx` for `.a.xlsx.icloud`; none for other names.
pub fn icloud_stub(name: &str) -> Option<&str> {
    name.strip_prefix(STUB_PREFIX)?
        .strip_suffix(STUB_SUFFIX)
        .filter(|original| !original.is_empty())
}

/// The name of the stub that may stand for a file.
pub(crate) fn stub_of(name: &str) -> String {
    format!("{STUB_PREFIX}{name}{STUB_SUFFIX}")
}

/// True where less came of a file than it was told to have, because its content is elsewhere. A file on the disk may have
/// been cut by its owner meanwhile.
pub(crate) fn falls_short(presence: Presence, told: u64, came: u64) -> bool {
    presence == Presence::Away && came < told
}

/// Asks for the last byte of a file of this size, so that it is brought as a whole. False where it does not come.
pub(crate) fn brings_its_end(file: &mut File, size: u64) -> io::Result<bool> {
    if size == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::Start(size - 1))?;
    let came = file.read(&mut [0])?;
    file.rewind()?;
    Ok(came == 1)
}

/// True where an error of the system means that the cloud's program cannot bring a file.
pub(crate) fn cannot_be_brought(error: &io::Error) -> bool {
    error
        .raw_os_error()
        .is_some_and(|code| means_not_brought(System::HERE, code))
}

fn means_not_brought(system: System, code: i32) -> bool {
    match system {
        System::Windows => WINDOWS_FAILED.contains(&code),
        System::Linux | System::MacOs => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn attributes_of_windows_tell_where_a_content_is() {
        let cases = [
            (0x20, Presence::Here),
            (0x80, Presence::Here),
            (0x1, Presence::Here),
            // Sparse, a reparse point, pinned: each also of files that are here.
            (0x200, Presence::Here),
            (0x400, Presence::Here),
            (0x8_0000, Presence::Here),
            (0x1000, Presence::Away),
            (0x4_0000, Presence::Away),
            (0x40_0000, Presence::Away),
            (0x40_0000 | 0x400 | 0x200 | 0x20, Presence::Away),
        ];
        for (attributes, expected) in cases {
            assert_eq!(
                Presence::of_windows_attributes(attributes),
                expected,
                "{attributes:#x}"
            );
        }
    }

    #[test]
    fn flags_of_macos_tell_where_a_content_is() {
        for (flags, expected) in [
            (0, Presence::Here),
            (0x20, Presence::Here),
            (0x4000_0000, Presence::Away),
            (0x4000_0020, Presence::Away),
        ] {
            assert_eq!(Presence::of_macos_flags(flags), expected, "{flags:#x}");
        }
    }

    #[test]
    fn a_stub_of_icloud_tells_the_file_it_stands_for() {
        let cases = [
            (".a.xlsx.icloud", Some("a.xlsx")),
            (".Umsätze 2026.pptx.icloud", Some("Umsätze 2026.pptx")),
            ("..hidden.icloud", Some(".hidden")),
            ("a.xlsx.icloud", None),
            (".a.xlsx", None),
            (".icloud", None),
        ];
        for (name, original) in cases {
            assert_eq!(icloud_stub(name), original, "{name}");
        }
        assert_eq!(icloud_stub(&stub_of("a.xlsx")), Some("a.xlsx"));
    }

    #[test]
    fn only_a_file_that_is_away_can_fall_short() {
        assert!(falls_short(Presence::Away, 10, 9));
        assert!(!falls_short(Presence::Away, 10, 10));
        assert!(!falls_short(Presence::Away, 10, 11));
        assert!(!falls_short(Presence::Here, 10, 9));
    }

    #[test]
    fn a_file_that_ends_too_early_is_seen_by_its_end() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"12345").unwrap();
        assert!(brings_its_end(&mut file, 5).unwrap());
        assert_eq!(file.stream_position().unwrap(), 0);
        assert!(!brings_its_end(&mut file, 6).unwrap());
        assert!(brings_its_end(&mut tempfile::tempfile().unwrap(), 0).unwrap());
    }

    #[test]
    fn errors_of_the_clouds_program_are_known_by_number() {
        assert!(means_not_brought(System::Windows, 362));
        assert!(means_not_brought(System::Windows, 388));
        assert!(!means_not_brought(System::Windows, 5));
        assert!(!means_not_brought(System::Linux, 362));
        assert!(!means_not_brought(System::MacOs, 362));
    }
}
