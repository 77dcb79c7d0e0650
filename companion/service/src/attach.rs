//! Files and folders that a person makes part of a session.

use std::path::Path;

use deskhand_protocol::document::DocumentKind;
use deskhand_protocol::{ErrorCode, UserError};

/// The kind of document that a file name promises.
fn kind_of(path: &Path) -> Option<DocumentKind> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    match extension.as_str() {
        "xlsx" | "xlsm" => Some(DocumentKind::Workbook),
        "pptx" | "pptm" => Some(DocumentKind::Deck),
        _ => None,
    }
}

/// Looks at a file: its kind and its real path.
pub(crate) fn file(path: &Path) -> Result<(DocumentKind, String), UserError> {
    let kind = kind_of(path).ok_or_else(|| UserError::new(ErrorCode::DocumentWrongKind))?;
    let real = std::fs::canonicalize(path).ok().filter(|real| real.is_file());
    let real = real.ok_or_else(|| UserError::new(ErrorCode::DocumentNotFound))?;
    Ok((kind, text(&real)?))
}

/// Looks at a folder: its real path and the documents directly in it, by name, at most `limit`.
pub(crate) fn folder(path: &Path, limit: usize) -> Result<(String, Vec<(DocumentKind, String)>), UserError> {
    let refused = |error: &dyn std::fmt::Display| UserError::new(ErrorCode::FolderRefused).detail(error);
    let real = std::fs::canonicalize(path).map_err(|error| refused(&error))?;
    let mut files: Vec<_> = std::fs::read_dir(&real)
        .map_err(|error| refused(&error))?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        // A link may lead out of the folder; only what lies in it becomes part of the session.
        .filter(|path| path.symlink_metadata().is_ok_and(|metadata| metadata.is_file()))
        .filter(|path| {
            !path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("~$"))
        })
        .collect();
    files.sort();
    let documents = files
        .iter()
        .filter_map(|path| Some((kind_of(path)?, text(path).ok()?)))
        .take(limit)
        .collect();
    Ok((text(&real)?, documents))
}

fn text(path: &Path) -> Result<String, UserError> {
    let text = path
        .to_str()
        .ok_or_else(|| UserError::new(ErrorCode::FolderRefused).detail("the path is not Unicode"))?;
    Ok(text.to_owned())
}
