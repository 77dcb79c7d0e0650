//! `Read`: a text by lines, a picture or a PDF as it looks.

use std::fmt::Write as _;
use std::io::{Read as _, Seek as _};
use std::path::Path;
use std::sync::Arc;

use deskhand_core::tool::ToolFailure;
use deskhand_document::{PlainPage, read_plain};
use deskhand_workspace::{FileKind, Folder, nearest};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Told, path_of, refused};
use crate::call::failure;
use crate::shown;

/// Lines of a page when the model says nothing.
const USUAL_LINES: u64 = 500;
/// Bytes of a file that are remembered as seen.
const MOST_SEEN: u64 = 4 << 20;

/// Reads a file of the attached folders: a text by lines, a picture (PNG, JPEG, GIF, WebP) as a picture, and a PDF with `as`
/// `pdf` as its pages look, which is for scans, drawings and layouts: its text comes from document_open and pdf_read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Read {
    /// The file's whole path, as Glob and Grep tell it.
    path: String,
    /// The first line, from 1.
    from: Option<u64>,
    /// How many lines, at most 5,000; 500 when it is left out.
    lines: Option<u64>,
    /// How to give it.
    #[serde(rename = "as")]
    form: Option<Form>,
}

/// How a file is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Form {
    /// As a PDF, with its pages as they look.
    Pdf,
}

pub(super) fn read(folders: &[Arc<Folder>], asked: &Read) -> Result<Told, ToolFailure> {
    let (folder, below) = nearest(folders, Path::new(&asked.path)).map_err(|error| refused(&error))?;
    let mut file = folder.open_for_read(&below).map_err(|error| refused(&error))?;
    if let Some(shown) = shown::look(&mut file, below.name(), asked.form == Some(Form::Pdf))? {
        return Ok(Told {
            title: format!("Looked at {}", below.name()),
            text: format!("{} ({})", path_of(&folder, &below), shown.about),
            seen: None,
            shown: Some(shown),
        });
    }
    let kind = FileKind::of_name(below.name());
    if kind.is_some_and(|kind| !matches!(kind, FileKind::Plain | FileKind::Table)) {
        return Err(failure(
            "Not a text file",
            "this is a document: open it with document_open, and use the tools for its kind",
        ));
    }
    let page = read_plain(
        &mut file,
        asked.from.unwrap_or(1),
        asked.lines.unwrap_or(USUAL_LINES),
    );
    let page = page.map_err(|refusal| failure("Not read", &refusal.message))?;
    let last = page.first + page.lines.len() as u64;
    Ok(Told {
        title: format!(
            "Read lines {} to {} of {}",
            page.first,
            last.saturating_sub(1),
            below.name()
        ),
        text: of_page(&path_of(&folder, &below), &page),
        seen: content_of(file).map(|content| (path_of(&folder, &below), content)),
        shown: None,
    })
}

/// The whole content of a file that a later write may be compared with.
fn content_of(mut file: std::fs::File) -> Option<Vec<u8>> {
    file.rewind().ok()?;
    let mut content = Vec::new();
    file.take(MOST_SEEN + 1).read_to_end(&mut content).ok()?;
    (content.len() as u64 <= MOST_SEEN).then_some(content)
}

fn of_page(path: &str, page: &PlainPage) -> String {
    let mut text = format!("{path} ({})\n", page.encoding);
    for (number, line) in (page.first..).zip(&page.lines) {
        let _ = writeln!(text, "{number}\t{line}");
    }
    for finding in &page.findings {
        let _ = writeln!(text, "[{finding}]");
    }
    if let Some(next) = page.next {
        let _ = writeln!(text, "[the file goes on: read from line {next}]");
    }
    text
}
