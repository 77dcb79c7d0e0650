//! Settings in files: what other tools and administrators write. Told apart by content, never by name alone.
//!
//! Reads bytes and gives entries; what an entry means is the table's. Knows property lists in XML and binary, profiles
//! around them, registry files and JSON, for Deskhand's own places and for those of the reference product.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::source::{Encoding, Origin, Reading, Values};

mod json;
mod mobileconfig;
pub(crate) mod property_list;
mod registry;
mod text;

/// Bytes that a file may have.
pub const FILE_CAP: usize = 1 << 20;
/// Levels that values may be nested.
const DEPTH_CAP: usize = 32;
/// Values and keys that a file may hold.
const ITEM_CAP: usize = 20_000;
/// Remarks of a reader that are kept.
const REMARK_CAP: usize = 200;

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Configuration profile of macOS.
    Mobileconfig,
    /// Property list of a preference domain.
    PropertyList,
    /// Registry file of Windows.
    Registry,
    /// JSON with flat names.
    Json,
    /// JSON with nested names, `"$schemaVersion": 2`.
    NestedJson,
}

impl Form {
    /// The words of a report.
    pub fn words(self) -> &'static str {
        match self {
            Self::Mobileconfig => "configuration profile",
            Self::PropertyList => "property list",
            Self::Registry => "registry file",
            Self::Json => "JSON",
            Self::NestedJson => "JSON with nested names",
        }
    }
}

/// For which product a file was written, by its domain or path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrittenFor {
    /// Deskhand.
    Deskhand,
    /// The reference product.
    Reference,
    /// The file does not say.
    Unknown,
}

impl WrittenFor {
    /// By the preference domain, as the name of a payload or file says it.
    fn of_domain(domain: &str) -> Option<Self> {
        [
            (crate::render::DOMAIN, Self::Deskhand),
            ("com.anthropic.claudefordesktop", Self::Reference),
        ]
        .into_iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(domain))
        .map(|(_, product)| product)
    }

    /// By the name of the file, where the content does not say.
    fn of_hint(hint: &str) -> Self {
        let hint = hint.to_lowercase();
        match (hint.contains("deskhand"), hint.contains("claude")) {
            (true, _) => Self::Deskhand,
            (false, true) => Self::Reference,
            (false, false) => Self::Unknown,
        }
    }
}

/// A key as a file has it.
#[derive(Clone, PartialEq)]
pub struct ProfileEntry {
    /// Its name.
    pub key: String,
    /// The line that it stands on, where the form has lines.
    pub line: Option<usize>,
    /// Its value as the form writes it, or why there is none.
    pub value: Result<Value, String>,
}

/// A value may be secret: `Debug` leaves it out.
impl fmt::Debug for ProfileEntry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProfileEntry")
            .field("key", &self.key)
            .field("line", &self.line)
            .field("error", &self.value.as_ref().err())
            .finish_non_exhaustive()
    }
}

/// Something in a file that no key is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The line, where the form has lines.
    pub line: Option<usize>,
    /// What it is.
    pub sentence: String,
}

/// What a file says.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Its form.
    pub form: Form,
    /// How it writes values.
    pub encoding: Encoding,
    /// For which product.
    pub written_for: WrittenFor,
    /// Its keys in order; a key that stands there twice is there twice.
    pub entries: Vec<ProfileEntry>,
    /// What else is in it and is not read, at most 200 remarks.
    pub remarks: Vec<Remark>,
}

impl Profile {
    fn new(form: Form, encoding: Encoding, written_for: WrittenFor) -> Self {
        Self {
            form,
            encoding,
            written_for,
            entries: Vec::new(),
            remarks: Vec::new(),
        }
    }

    fn remark(&mut self, line: Option<usize>, sentence: impl Into<String>) {
        if self.remarks.len() < REMARK_CAP {
            let sentence = sentence.into();
            self.remarks.push(Remark { line, sentence });
        }
    }

    /// What an administrator's source of this content says. A key that stands there twice is invalid.
    pub fn reading(&self, place: &str) -> Reading {
        let mut entries: BTreeMap<String, Result<Value, String>> = BTreeMap::new();
        for entry in &self.entries {
            let value = match entries.contains_key(&entry.key) {
                true => Err("the key stands there twice".to_owned()),
                false => entry.value.clone(),
            };
            entries.insert(entry.key.clone(), value);
        }
        Reading::Present(Values {
            origin: Origin::Managed(place.into()),
            encoding: self.encoding,
            entries,
        })
    }
}

/// Why a file cannot be read. No message holds a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// More bytes than any profile has.
    #[error("the file is larger than 1 MB")]
    TooLarge,
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// A CMS message around the profile.
    #[error(
        "the profile is signed; take the signature off first, with `security cms -D -i signed.mobileconfig -o plain.mobileconfig` \
         on macOS or `openssl smime -verify -noverify -inform der -in signed.mobileconfig -out plain.mobileconfig`"
    )]
    Signed,
    /// The payloads can be read by a device alone.
    #[error("the payloads of the profile are encrypted for a device")]
    Encrypted,
    /// None of the forms.
    #[error(
        "the file is none of the forms that are read: configuration profile, property list, registry file, JSON"
    )]
    Unknown,
    /// Text in no encoding.
    #[error("the text of the file is damaged: it is not {0}")]
    Encoding(&'static str),
    /// Nested deeper, or more values than any profile has.
    #[error("the file holds more than 20000 values, or nests them deeper than 32 levels")]
    TooMuch,
    /// Not in the form that it begins with.
    #[error("line {line}: {reason}")]
    Syntax {
        /// The line.
        line: usize,
        /// What is wrong there.
        reason: String,
    },
    /// A binary property list that is damaged.
    #[error("the binary property list is damaged: {0}")]
    Binary(String),
    /// Well-formed, with settings of neither product.
    #[error("{0}")]
    NoSettings(String),
}

/// Reads a file. `name_hint` is its name or path: it says for which product a file is whose content does not.
///
/// # Errors
/// The file is none of the forms, damaged, beyond the caps, or holds settings of neither product.
pub fn read(bytes: &[u8], name_hint: &str) -> Result<Profile, ReadError> {
    if bytes.len() > FILE_CAP {
        return Err(ReadError::TooLarge);
    }
    if bytes.starts_with(b"bplist") {
        return mobileconfig::profile(property_list::binary(bytes)?, name_hint);
    }
    // A CMS message is a DER or BER sequence; in PEM it says so.
    if matches!(bytes, [0x30, 0x80..=0x84, ..]) || bytes.starts_with(b"-----BEGIN ") {
        return Err(ReadError::Signed);
    }
    let text = text::decoded(bytes)?;
    match text.trim_start().chars().next() {
        None => Err(ReadError::Empty),
        Some('<') => mobileconfig::profile(property_list::xml(&text)?, name_hint),
        Some('{') => json::profile(&text, name_hint),
        Some(_) if registry::is_one(&text) => registry::profile(&text),
        Some(_) => Err(ReadError::Unknown),
    }
}
