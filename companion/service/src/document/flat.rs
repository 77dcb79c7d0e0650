//! Files that are only read: PDFs, delimited text, spreadsheets of old formats.

use std::fs::File;
use std::path::Path;
use std::process::ExitCode;

use deskhand_document::{Flat, flat_kind, operation};
use deskhand_operations::{DocumentKind, Refusal, RefusalCode};
use serde_json::{Value, json};

use super::work::{done, untagged};
use super::{Outcome, Read, refused, show};

/// Opens a file whose name tells that it is one of these; nothing for others.
pub(super) fn open(path: &Path) -> Outcome<Option<Flat>> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let Some(kind) = name.as_deref().and_then(flat_kind) else {
        return Ok(None);
    };
    let shown = path.display();
    let file = File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Refusal::new(RefusalCode::NotFound, format!("There is no file {shown}."))
        }
        _ => Refusal::new(RefusalCode::Failed, format!("{shown} was not read: {error}.")),
    })?;
    let opened = Flat::open(kind, file);
    Ok(Some(opened.map_err(|refusal| named(path, &refusal))?))
}

fn named(path: &Path, refusal: &Refusal) -> Refusal {
    Refusal::new(refusal.code, format!("{}: {}", path.display(), refusal.message))
}

/// `document info`.
pub(super) fn info(mut file: Flat, json: bool) -> Outcome<ExitCode> {
    let name = match file.kind() {
        DocumentKind::Pdf => "pdf.info",
        DocumentKind::Csv => "csv.info",
        _ => "legacy.info",
    };
    let answer = file.answer(&operation(file.kind(), json!({ "op": name }))?)?;
    done(json, &untagged(&answer), || show::info(&answer))
}

/// `document read`.
pub(super) fn read(mut file: Flat, read: &Read) -> Outcome<ExitCode> {
    let asked = match (file.kind(), &read.range) {
        (DocumentKind::Legacy, Some(range)) => json!({
            "op": "legacy.read", "range": range, "maxRows": read.count,
            "formulas": read.what.iter().any(|what| what == "formulas"),
        }),
        (DocumentKind::Legacy, None) => {
            return refused(RefusalCode::BadInput, "A spreadsheet is read by --range.");
        }
        (_, Some(_)) => {
            return refused(
                RefusalCode::BadInput,
                "PDFs and delimited text are read by --from and --count.",
            );
        }
        (DocumentKind::Pdf, None) => {
            json!({ "op": "pdf.read", "from": number(read)?, "maxPages": read.count })
        }
        (_, None) => json!({ "op": "csv.read", "fromRow": number(read)?, "maxRows": read.count }),
    };
    let answer = file.answer(&operation(file.kind(), asked)?)?;
    done(read.json, &untagged(&answer), || show::content(&answer))
}

/// The page or row to begin with.
fn number(read: &Read) -> Outcome<Value> {
    match read.from.as_deref().map(str::parse::<u64>) {
        None => Ok(Value::Null),
        Some(Ok(number)) if number > 0 => Ok(json!(number)),
        Some(_) => refused(
            RefusalCode::BadInput,
            "--from must be the number of a page or row, from 1.",
        ),
    }
}
