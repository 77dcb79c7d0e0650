//! Why a package cannot be read, and why a patch does not fit.

use std::io;

use deskhand_operations::{Refusal, RefusalCode};

use crate::deflate::Fault;

/// A binary Office format from before 2007.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegacyKind {
    /// `.xls`
    Workbook,
    /// `.ppt`
    Deck,
    /// `.doc`
    Document,
    /// Another compound file.
    Other,
}

/// What a file is that has the name of an Office document and is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherKind {
    /// A page for browsers, as many programs export it under `.xls`.
    Html,
    /// The XML formats of 2003 (`SpreadsheetML`, `WordprocessingML`), all in one file.
    Xml2003,
    /// Text, with separators or without.
    Text,
    /// Rich text.
    RichText,
    /// A PDF.
    Pdf,
    /// An `OpenDocument` of `LibreOffice` and others.
    OpenDocument,
    /// A ZIP archive of something else.
    Archive,
}

impl std::fmt::Display for OtherKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Html => "a web page",
            Self::Xml2003 => "one in the XML format of 2003",
            Self::Text => "a text file",
            Self::RichText => "a rich text file",
            Self::Pdf => "a PDF",
            Self::OpenDocument => "an OpenDocument",
            Self::Archive => "another ZIP archive",
        })
    }
}

/// Why bytes are not a readable package: one variant a cause that a person can act on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PackageError {
    /// Zero bytes long.
    #[error("the file is empty")]
    Empty,
    /// Neither a ZIP archive nor a compound file.
    #[error("the file is not an Office document")]
    NotAPackage,
    /// Encrypted with a password (MS-OFFCRYPTO, an OLE file with `EncryptedPackage`): see [`crate::Encryption`].
    #[error("the file is protected by a password")]
    Encrypted,
    /// Encrypted by rights management.
    #[error("the file is protected by rights management")]
    RightsManaged,
    /// A password was given and the file has none.
    #[error("the file is not protected by a password")]
    NotProtected,
    /// Another password than the one that the file was protected with.
    #[error("the password is not the one of the file")]
    WrongPassword,
    /// Decrypted, but not what was encrypted: somebody or something changed the file.
    #[error("the protected content of the file was changed since it was encrypted")]
    Tampered,
    /// A way of encryption that is not known here.
    #[error("the file is encrypted in a way that is not supported: {0}")]
    Encryption(String),
    /// A binary format from before 2007.
    #[error("the file has the binary format from before 2007")]
    Legacy(LegacyKind),
    /// The operating system does not give the file's bytes.
    #[error("the file cannot be read: {0}")]
    Unreadable(io::ErrorKind),
    /// A binary format from before 2007, protected by a password.
    #[error("the file has the binary format from before 2007 and is protected by a password")]
    LegacyEncrypted(LegacyKind),
    /// Another format under an Office name.
    #[error("the file is not an Office document but {0}")]
    Other(OtherKind),
    /// The archive ends too early.
    #[error("the file is cut off")]
    Truncated,
    /// The archive contradicts itself.
    #[error("the file is damaged: {0}")]
    Damaged(String),
    /// Above a cap of [`crate::Limits`].
    #[error("the file is above a limit: {0}")]
    TooLarge(String),
    /// Two entries have the same name, case and slashes aside.
    #[error("the file holds two parts named `{0}`")]
    DuplicateName(String),
    /// An entry's name tries to leave the package.
    #[error("the file holds a part with the unusable name `{0}`")]
    BadName(String),
    /// A compression method other than stored and deflate.
    #[error("the part `{0}` uses a compression that Office does not use")]
    Compression(String),
    /// No such part.
    #[error("the part `{0}` is not in the file")]
    MissingPart(String),
    /// XML that is not well-formed, or uses what Office documents must not.
    #[error("the part `{part}` is damaged at byte {offset}: {reason}")]
    Xml {
        /// The part.
        part: String,
        /// Where in it, in bytes.
        offset: usize,
        /// What is wrong.
        reason: String,
    },
}

impl From<io::Error> for PackageError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated,
            kind => Self::Unreadable(kind),
        }
    }
}

/// A file that is not read, or only in part.
impl From<&PackageError> for Refusal {
    fn from(error: &PackageError) -> Self {
        let code = match error {
            PackageError::Encrypted
            | PackageError::RightsManaged
            | PackageError::LegacyEncrypted(_)
            | PackageError::WrongPassword
            | PackageError::Encryption(_) => RefusalCode::Encrypted,
            PackageError::TooLarge(_) => RefusalCode::TooLarge,
            PackageError::NotProtected => RefusalCode::BadInput,
            PackageError::Legacy(_) | PackageError::Other(_) => RefusalCode::Unsupported,
            _ => RefusalCode::Corrupt,
        };
        Self::new(code, error.to_string())
    }
}

impl PackageError {
    /// Why a part's content cannot be had.
    pub(crate) fn of_part(part: &str, fault: Fault) -> Self {
        let what = match fault {
            Fault::Io(kind) => return io::Error::from(kind).into(),
            Fault::Cut | Fault::Bad => "cannot be inflated",
            Fault::Size => "has another size than declared",
            Fault::Checksum => "has another checksum than declared",
        };
        Self::Damaged(format!("the part `{part}` {what}"))
    }
}

/// Why a patch was not applied. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatchError {
    /// The bytes that the patch replaces are not there.
    #[error("the part `{part}` is not as it was at byte {offset}")]
    Differs {
        /// The part.
        part: String,
        /// Where in it, in bytes.
        offset: u64,
    },
    /// Spans overlap or are out of order.
    #[error("the changes to the part `{0}` overlap")]
    Overlap(String),
    /// A part to add is there already.
    #[error("the part `{0}` is there already")]
    Exists(String),
    /// A part of the patch cannot be read.
    #[error(transparent)]
    Package(#[from] PackageError),
}
