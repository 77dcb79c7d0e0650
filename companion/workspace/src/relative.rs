//! Paths below a folder. Parsed once; what is refused here never reaches the file system.

use std::fmt;
use std::path::{Component, Path};

/// Bytes that a path may have.
const CAP: usize = 4_096;
/// Bytes that one name in it may have.
const NAME_CAP: usize = 255;
/// Names that a path may have.
const DEPTH: usize = 64;

/// A path below a folder: names with `/` between them, none of them `.` or `..`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RelativePath(String);

/// Why a path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathFault {
    /// It is empty.
    #[error("it is empty")]
    Empty,
    /// It starts at a root or a drive.
    #[error("it is absolute")]
    Absolute,
    /// It goes up.
    #[error("it holds `..`")]
    Up,
    /// It holds `.` or an empty name.
    #[error("it holds `.` or an empty name")]
    NoName,
    /// It holds a control character.
    #[error("it holds a control character")]
    Control,
    /// It holds a backslash, which is a separator elsewhere.
    #[error("it holds a backslash")]
    Backslash,
    /// It, or a name in it, is too long, or it is too deep.
    #[error("it is too long or too deep")]
    TooLong,
    /// Windows gives this name another meaning: a device, a stream, or a name with another ending.
    #[error("it holds a name that Windows reads otherwise")]
    Windows,
    /// It is not Unicode.
    #[error("it is not Unicode")]
    NotUnicode,
}

impl RelativePath {
    /// Checks a path. Names that only Windows reads otherwise are refused there.
    pub fn parse(text: &str) -> Result<Self, PathFault> {
        Self::parse_for(text, cfg!(windows))
    }

    fn parse_for(text: &str, windows: bool) -> Result<Self, PathFault> {
        let names = || text.split('/');
        let drive = windows && text.as_bytes().get(1) == Some(&b':');
        let fault = if text.is_empty() {
            PathFault::Empty
        } else if text.len() > CAP || names().count() > DEPTH || names().any(|name| name.len() > NAME_CAP) {
            PathFault::TooLong
        } else if text.starts_with('/') || drive {
            PathFault::Absolute
        } else if text.chars().any(char::is_control) {
            PathFault::Control
        } else if text.contains('\\') {
            PathFault::Backslash
        } else if names().any(|name| name == "..") {
            PathFault::Up
        } else if names().any(|name| name.is_empty() || name == ".") {
            PathFault::NoName
        } else if windows && names().any(is_read_otherwise) {
            PathFault::Windows
        } else {
            return Ok(Self(text.to_owned()));
        };
        Err(fault)
    }

    /// The path of a system path that is relative.
    pub fn from_path(path: &Path) -> Result<Self, PathFault> {
        let mut names = Vec::new();
        for component in path.components() {
            match component {
                Component::Normal(name) => names.push(name.to_str().ok_or(PathFault::NotUnicode)?),
                Component::ParentDir => return Err(PathFault::Up),
                Component::CurDir => return Err(PathFault::NoName),
                Component::RootDir | Component::Prefix(_) => return Err(PathFault::Absolute),
            }
        }
        Self::parse(&names.join("/"))
    }

    /// The path as text, with `/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path for the system.
    pub fn as_path(&self) -> &Path {
        Path::new(&self.0)
    }

    /// The path of the folder that holds it; none where that is the attached one.
    pub(crate) fn parent(&self) -> Option<Self> {
        let (above, _) = self.0.rsplit_once('/')?;
        Some(Self(above.to_owned()))
    }

    /// The paths of the folders that hold it, the outermost first.
    pub(crate) fn above(&self) -> impl Iterator<Item = Self> {
        let ends = self.0.match_indices('/');
        ends.map(|(end, _)| Self(self.0[..end].to_owned()))
    }

    /// The last name.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
}

impl fmt::Display for RelativePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Devices (with any ending), streams, and names whose last dot or space Windows drops.
pub(crate) fn is_read_otherwise(name: &str) -> bool {
    const DEVICES: &[&str] = &["con", "prn", "aux", "nul", "conin$", "conout$"];
    let stem = name.split('.').next().unwrap_or(name).trim_end().to_lowercase();
    let numbered = ["com", "lpt"].iter().any(|device| {
        let number = stem.strip_prefix(device).unwrap_or("");
        number.chars().count() == 1
            && number
                .chars()
                .all(|digit| digit.is_ascii_digit() || "¹²³".contains(digit))
    });
    name.ends_with(['.', ' '])
        || name.contains([':', '<', '>', '"', '|', '?', '*'])
        || DEVICES.contains(&stem.as_str())
        || numbered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_below_a_folder_are_taken() {
        for path in [
            "a.xlsx",
            "Q1 2026/Umsätze (final).xlsx",
            "a/b/c.d",
            "...",
            "a..b",
            "~$a.xlsx",
            "売上.xlsx",
        ] {
            assert_eq!(
                RelativePath::parse(path).as_ref().map(RelativePath::as_str),
                Ok(path)
            );
        }
    }

    #[test]
    fn other_paths_are_refused_by_name() {
        let long_name = "x".repeat(256);
        let long = "a/".repeat(3_000) + "a";
        let deep = "a/".repeat(64) + "a";
        let cases = [
            ("", PathFault::Empty),
            ("/etc/passwd", PathFault::Absolute),
            ("//host/share", PathFault::Absolute),
            ("..", PathFault::Up),
            ("../a", PathFault::Up),
            ("a/../b", PathFault::Up),
            ("a/..", PathFault::Up),
            (".", PathFault::NoName),
            ("./a", PathFault::NoName),
            ("a//b", PathFault::NoName),
            ("a/", PathFault::NoName),
            ("a\0b", PathFault::Control),
            ("a\nb", PathFault::Control),
            ("..\\a", PathFault::Backslash),
            ("\\\\host\\share", PathFault::Backslash),
            (&long_name, PathFault::TooLong),
            (&long, PathFault::TooLong),
            (&deep, PathFault::TooLong),
        ];
        for (path, fault) in cases {
            assert_eq!(RelativePath::parse(path), Err(fault), "{path}");
        }
    }

    #[test]
    fn names_that_windows_reads_otherwise_are_refused_there() {
        let cases = [
            ("C:/a", PathFault::Absolute),
            ("C:a", PathFault::Absolute),
            ("a.xlsx:stream", PathFault::Windows),
            ("NUL", PathFault::Windows),
            ("a/con.xlsx", PathFault::Windows),
            ("com1.txt", PathFault::Windows),
            ("LPT¹", PathFault::Windows),
            ("a.xlsx.", PathFault::Windows),
            ("a.xlsx ", PathFault::Windows),
            ("a?.xlsx", PathFault::Windows),
        ];
        for (path, fault) in cases {
            assert_eq!(RelativePath::parse_for(path, true), Err(fault), "{path}");
        }
        for path in ["common.txt", "com10.txt", "nulls.xlsx", "console/a"] {
            assert!(RelativePath::parse_for(path, true).is_ok(), "{path}");
        }
        assert!(RelativePath::parse_for("10:30.xlsx", false).is_ok());
    }
}
