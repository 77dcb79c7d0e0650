//! Files that have the name of an Office document and are something else: told apart by how they begin.

use crate::error::{OtherKind, PackageError};

/// How much of a file is looked at, in bytes.
pub(crate) const LOOK: u64 = 4096;

/// The cause for a file that begins with these bytes and is neither a ZIP archive nor a compound file.
pub(crate) fn cause(head: &[u8]) -> PackageError {
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let is_wide = head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF");
    let text: String = if is_wide {
        head.iter()
            .filter(|byte| **byte != 0)
            .map(|byte| char::from(*byte))
            .skip(2)
            .collect()
    } else {
        head.iter().map(|byte| char::from(*byte)).collect()
    };
    let begin = text.trim_start().to_ascii_lowercase();
    let kind = if begin.starts_with("%pdf-") {
        OtherKind::Pdf
    } else if begin.starts_with("{\\rtf") {
        OtherKind::RichText
    } else if begin.contains("<?mso-application")
        || begin.contains("urn:schemas-microsoft-com:office:spreadsheet\"") && begin.starts_with("<?xml")
    {
        OtherKind::Xml2003
    } else if ["<!doctype html", "<html", "<table", "<head", "<meta", "<style"].iter().any(|tag| begin.starts_with(tag))
        || begin.starts_with('<') && begin.contains("<html")
        // What browsers and mail programs save in one file.
        || begin.starts_with("mime-version:")
    {
        OtherKind::Html
    } else if !begin.is_empty() && (is_wide || is_text(head)) {
        OtherKind::Text
    } else {
        return PackageError::NotAPackage;
    };
    PackageError::Other(kind)
}

/// The cause for a ZIP archive that is no Office package.
pub(crate) fn archive(bytes: &[u8]) -> PackageError {
    // Stored as the first entry (OpenDocument 1.3 part 2, 3.3).
    let first = bytes.get(30..120).unwrap_or_default();
    PackageError::Other(
        if first.starts_with(b"mimetypeapplication/vnd.oasis.opendocument") {
            OtherKind::OpenDocument
        } else {
            OtherKind::Archive
        },
    )
}

/// True where nothing is a control character that no text has.
fn is_text(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .all(|byte| *byte >= 0x20 || matches!(byte, b'\t' | b'\n' | b'\r' | 0x0C | 0x1A))
}
