//! Where something is in its folder, for journals, audits and messages. Not used to open anything but beneath a handle.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode, percent_encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Names from the shared folder down; none of them is `.`, `..` or empty. The folder itself has no names.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SharePath(Vec<OsString>);

/// What stands encoded in text: what is no text, and the two marks of the encoding itself.
const ENCODED: &AsciiSet = &CONTROLS.add(b'%').add(b'/');

impl SharePath {
    pub(crate) fn new(names: Vec<OsString>) -> Self {
        Self(names)
    }

    /// The names, from the shared folder down.
    pub fn names(&self) -> &[OsString] {
        &self.0
    }

    /// The path below the host's path of the folder, for messages.
    pub fn to_path(&self) -> PathBuf {
        self.0.iter().collect()
    }

    /// The last name and the path of the folder that holds it; none for the shared folder itself.
    pub(crate) fn split(&self) -> Option<(Self, &OsStr)> {
        let (name, above) = self.0.split_last()?;
        Some((Self(above.to_vec()), name))
    }

    pub(crate) fn join(&self, name: &OsStr) -> Self {
        let mut names = self.0.clone();
        names.push(name.to_owned());
        Self(names)
    }

    /// True for the path itself and all that is below it.
    pub(crate) fn holds(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// The same path after `from` was renamed to `to`; none where it is not below.
    pub(crate) fn moved(&self, from: &Self, to: &Self) -> Option<Self> {
        let rest = self.0.strip_prefix(&*from.0)?;
        Some(Self(to.0.iter().chain(rest).cloned().collect()))
    }
}

impl fmt::Display for SharePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_path().display().fmt(formatter)
    }
}

impl Serialize for SharePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|name| encoded(name)))
    }
}

impl<'de> Deserialize<'de> for SharePath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        // What a journal names is checked like what a guest names: a forged index leads nowhere else.
        let names = names.iter().map(|name| {
            let bytes: Vec<u8> = percent_decode(name.as_bytes()).collect();
            crate::name::parse(&bytes).map_err(|_| serde::de::Error::custom("no name"))
        });
        Ok(Self(names.collect::<Result<_, _>>()?))
    }
}

/// A name as text that is the same name when it is read again, also where it is no Unicode.
pub(crate) fn encoded(name: &OsStr) -> String {
    percent_encode(name.as_encoded_bytes(), ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_written_down_is_the_same_when_it_is_read() {
        use std::os::unix::ffi::OsStrExt as _;

        let names = [&b"a%2F b"[..], b"\xff\xfe", "売上.xlsx".as_bytes(), b"\n"];
        let path = SharePath(
            names
                .iter()
                .map(|name| OsStr::from_bytes(name).to_owned())
                .collect(),
        );
        let text = serde_json::to_string(&path).unwrap();
        assert_eq!(serde_json::from_str::<SharePath>(&text).unwrap(), path);
    }

    #[test]
    fn an_index_that_names_a_way_out_is_not_read() {
        for text in [r#"[".."]"#, r#"["a%2Fb"]"#, r#"[""]"#, r#"["%00"]"#] {
            assert!(serde_json::from_str::<SharePath>(text).is_err(), "{text}");
        }
    }
}
