//! One name in a folder: what the guest may call things. Checked before any system call sees it.

use std::ffi::{OsStr, OsString};

use crate::errno::Errno;

/// Bytes that a name may have (`NAME_MAX` of Linux).
pub(crate) const NAME_MAX: usize = 255;
/// What the names of Deskhand's own side files begin with. They are nobody's in the guest.
pub(crate) const OURS: &str = ".deskhand-";

/// Checks a name of the guest, as it came over the wire and without its NUL.
pub(crate) fn parse(bytes: &[u8]) -> Result<OsString, Errno> {
    parse_for(bytes, cfg!(windows))?;
    to_os(bytes).ok_or(Errno::EILSEQ)
}

fn parse_for(bytes: &[u8], windows: bool) -> Result<(), Errno> {
    if bytes.is_empty() || bytes == b"." || bytes == b".." || bytes.contains(&b'/') || bytes.contains(&0) {
        return Err(Errno::EINVAL);
    }
    if bytes.len() > NAME_MAX {
        return Err(Errno::ENAMETOOLONG);
    }
    if windows {
        let text = std::str::from_utf8(bytes).map_err(|_| Errno::EILSEQ)?;
        if is_read_otherwise(text) {
            return Err(Errno::EINVAL);
        }
    }
    Ok(())
}

/// True for the names of Deskhand's side files, in any spelling that a folder may take for the same.
pub(crate) fn is_ours(name: &OsStr) -> bool {
    let start = name.as_encoded_bytes().get(..OURS.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(OURS.as_bytes()))
}

/// True where Windows gives the name another meaning: a device (with any ending), a stream, a path, or a name whose last
/// dot or space it drops. Source: "Naming Files, Paths, and Namespaces" of the Windows documentation.
fn is_read_otherwise(name: &str) -> bool {
    const DEVICES: &[&str] = &["con", "prn", "aux", "nul", "conin$", "conout$"];
    let stem = name.split('.').next().unwrap_or(name).trim_end().to_lowercase();
    let is_numbered = ["com", "lpt"].iter().any(|device| {
        let number = stem.strip_prefix(device).unwrap_or("");
        let mut digits = number.chars();
        let is_one = digits
            .next()
            .is_some_and(|digit| digit.is_ascii_digit() || "¹²³".contains(digit));
        is_one && digits.next().is_none()
    });
    name.ends_with(['.', ' '])
        || name.contains([':', '<', '>', '"', '|', '?', '*', '\\'])
        || name.chars().any(|letter| letter < ' ')
        || DEVICES.contains(&stem.as_str())
        || is_numbered
}

/// A name with a word before its ending: `report (2).xlsx`. The stem is cut where the whole would be too long.
pub(crate) fn with_word(name: &OsStr, word: &str) -> OsString {
    let text = name.to_string_lossy();
    let (stem, ending) = match text.rfind('.') {
        Some(dot) if dot > 0 && text.len() - dot <= 32 => text.split_at(dot),
        _ => (&*text, ""),
    };
    let room = NAME_MAX - word.len() - ending.len() - 1;
    let mut end = stem.len().min(room);
    while !stem.is_char_boundary(end) {
        end -= 1;
    }
    format!("{} {word}{ending}", &stem[..end]).into()
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere not every name has a form")]
fn to_os(bytes: &[u8]) -> Option<OsString> {
    use std::os::unix::ffi::OsStrExt as _;

    // Where the file system takes Unicode alone, its own answer (EILSEQ) stands.
    Some(OsStr::from_bytes(bytes).to_owned())
}

#[cfg(not(unix))]
fn to_os(bytes: &[u8]) -> Option<OsString> {
    Some(std::str::from_utf8(bytes).ok()?.into())
}

/// A name as it goes over the wire; none where it has no such form (a lone surrogate of Windows).
pub(crate) fn to_wire(name: &OsStr) -> Option<&[u8]> {
    let is_plain = cfg!(unix) || name.to_str().is_some();
    is_plain.then_some(name.as_encoded_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_component() {
        for name in [&b""[..], b".", b"..", b"a/b", b"/", b"a\0b", b"../a"] {
            assert_eq!(parse(name), Err(Errno::EINVAL), "{name:?}");
        }
        assert_eq!(parse(&[b'x'; 256]), Err(Errno::ENAMETOOLONG));
        for name in ["a", "...", "a..b", " ", "売上.xlsx"] {
            assert!(parse(name.as_bytes()).is_ok(), "{name}");
        }
        assert!(parse(&[b'x'; 255]).is_ok());
    }

    #[test]
    fn names_that_windows_reads_otherwise_are_refused_there() {
        for name in [
            "NUL",
            "con.txt",
            "COM1",
            "lpt¹.log",
            "a:b",
            "a\\b",
            "a.",
            "a ",
            "a?",
            "a*",
            "a\u{1}",
        ] {
            assert_eq!(parse_for(name.as_bytes(), true), Err(Errno::EINVAL), "{name}");
            assert_eq!(parse_for(name.as_bytes(), false), Ok(()), "{name}");
        }
        for name in ["common", "com10", "console.txt", ".gitignore", "a b", "PROGRA~1"] {
            assert_eq!(parse_for(name.as_bytes(), true), Ok(()), "{name}");
        }
        assert_eq!(parse_for(&[0xff, 0xfe], true), Err(Errno::EILSEQ));
    }

    #[test]
    fn side_files_are_known_in_any_spelling() {
        assert!(is_ours(OsStr::new(".deskhand-0.tmp")));
        assert!(is_ours(OsStr::new(".DeskHand-x")));
        assert!(!is_ours(OsStr::new(".deskhand")));
        assert!(!is_ours(OsStr::new("a.deskhand-0.tmp")));
    }

    #[test]
    fn a_name_with_a_word_keeps_its_ending_and_its_length() {
        assert_eq!(with_word(OsStr::new("a.xlsx"), "(2)"), "a (2).xlsx");
        assert_eq!(with_word(OsStr::new(".profile"), "(2)"), ".profile (2)");
        let long = format!("{}.xlsx", "ü".repeat(125));
        assert!(with_word(OsStr::new(&long), "(recovered from the sandbox)").len() <= NAME_MAX);
    }
}
