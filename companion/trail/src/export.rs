//! Giving the audit out: record by record, in constant memory.

mod csv;
mod ocsf;

use std::io::{self, Write};

use deskhand_storage::{AuditReader, AuditRecord, BlobHash, StorageError};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::record::Entry;

/// Records read at once.
const PAGE: usize = 512;

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a record, one a line.
    Jsonl,
    /// A table with a header (RFC 4180), with nothing that a spreadsheet takes for a formula.
    Csv,
    /// One event of the Open Cybersecurity Schema Framework (1.3.0) a record, one a line.
    Ocsf,
}

impl Format {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Ocsf => "ocsf",
        }
    }
}

/// Which records, in which form.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// The form.
    pub format: Format,
    /// Records with a higher number.
    pub after: u64,
    /// Records from this time on, in Unix milliseconds.
    pub since: Option<i64>,
    /// Records of this session alone.
    pub session: Option<Uuid>,
    /// With the contents that were kept.
    pub content: bool,
}

/// The computer that the audit is of, as an export for a security log names it.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Its name in the network.
    pub hostname: String,
}

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The audit could not be read.
    #[error(transparent)]
    Store(#[from] StorageError),
    /// What is written to took no more.
    #[error("writing the export")]
    Write(#[source] io::Error),
}

/// A record with all that an export says of it.
struct Item {
    record: AuditRecord,
    entry: Entry,
    content: Option<Vec<u8>>,
}

/// Writes records to `out`, and returns how many. A record that does not open ends the export: it is `verify` that says
/// what is wrong.
pub fn export(
    reader: &AuditReader,
    query: &Query,
    machine: &Machine,
    out: &mut dyn Write,
) -> Result<u64, ExportError> {
    let mut after = query.after;
    if let Some(since) = query.since {
        let Some(first) = reader.since(since)? else {
            return Ok(0);
        };
        after = after.max(first.saturating_sub(1));
    }
    if query.format == Format::Csv {
        csv::head(query.content, out).map_err(ExportError::Write)?;
    }
    let mut written = 0;
    loop {
        let page = reader.records(after, PAGE)?;
        let Some(last) = page.last() else {
            out.flush().map_err(ExportError::Write)?;
            return Ok(written);
        };
        after = last.number;
        for record in page {
            let Some(item) = item(reader, query, record)? else {
                continue;
            };
            let line = match query.format {
                Format::Jsonl => writeln!(out, "{}", item.json()),
                Format::Csv => csv::row(&item, query.content, out),
                Format::Ocsf => writeln!(out, "{}", ocsf::event(&item, machine)),
            };
            line.map_err(ExportError::Write)?;
            written += 1;
        }
    }
}

fn item(reader: &AuditReader, query: &Query, record: AuditRecord) -> Result<Option<Item>, StorageError> {
    let entry = Entry::parse(&record.record);
    if query.session.is_some() && entry.session() != query.session {
        return Ok(None);
    }
    // A clock that was set back puts older times behind newer ones.
    if query.since.is_some_and(|since| record.at < since) {
        return Ok(None);
    }
    let content = match record.content {
        Some(mark) if query.content && mark.kept => reader.content(record.number)?,
        _ => None,
    };
    Ok(Some(Item {
        record,
        entry,
        content,
    }))
}

impl Item {
    /// The record as it was written, without what the columns of every export say.
    fn fields(&self) -> Map<String, Value> {
        let value = match &self.entry {
            Entry::Known(record) => serde_json::to_value(record).unwrap_or_default(),
            Entry::Other(value) => value.clone(),
        };
        match value {
            Value::Object(fields) => fields,
            other => Map::from_iter([("text".to_owned(), other)]),
        }
    }

    fn json(&self) -> Value {
        let mut object = Map::new();
        object.insert("number".to_owned(), self.record.number.into());
        object.insert("at".to_owned(), self.record.at.into());
        object.insert("time".to_owned(), rfc3339(self.record.at).into());
        object.extend(self.fields());
        if let Some(content) = self.content() {
            object.insert("content".to_owned(), content);
        }
        object.insert("link".to_owned(), hex(self.record.link).into());
        Value::Object(object)
    }

    /// What is known of the content.
    fn content(&self) -> Option<Value> {
        let mark = self.record.content?;
        let mut content = json!({ "digest": hex(mark.digest), "length": mark.length });
        if let Some(text) = self.text() {
            content["text"] = text.into();
        }
        Some(content)
    }

    fn text(&self) -> Option<String> {
        let bytes = self.content.as_ref()?;
        Some(String::from_utf8_lossy(bytes).into_owned())
    }
}

fn hex(bytes: [u8; 32]) -> String {
    BlobHash(bytes).to_string()
}

fn rfc3339(at: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000).ok();
    time.and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_default()
}
