//! A table for people: the fields that every record has in columns of their own, the others as JSON in one.

use std::io::{self, Write};

use serde_json::Value;

use super::{Item, hex, rfc3339};

const COLUMNS: [&str; 11] = [
    "number",
    "time",
    "at",
    "type",
    "by",
    "user",
    "session",
    "details",
    "content_length",
    "content_digest",
    "link",
];

pub(super) fn head(content: bool, out: &mut dyn Write) -> io::Result<()> {
    let columns = COLUMNS.map(str::to_owned);
    let content = content.then(|| "content".to_owned());
    line(columns.into_iter().chain(content), out)
}

pub(super) fn row(item: &Item, content: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut fields = item.fields();
    fields.shift_remove("v");
    let mut text = |name: &str| match fields.shift_remove(name) {
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let [kind, by, user, session] = ["type", "by", "user", "session"].map(&mut text);
    let mark = item.record.content;
    let columns = [
        item.record.number.to_string(),
        rfc3339(item.record.at),
        item.record.at.to_string(),
        kind,
        by,
        user,
        session,
        Value::Object(fields).to_string(),
        mark.map(|mark| mark.length.to_string()).unwrap_or_default(),
        mark.map(|mark| hex(mark.digest)).unwrap_or_default(),
        hex(item.record.link),
    ];
    let content = content.then(|| item.text().unwrap_or_default());
    line(columns.into_iter().chain(content), out)
}

/// One line of RFC 4180. What a spreadsheet would take for a formula gets an apostrophe before it.
fn line(fields: impl Iterator<Item = String>, out: &mut dyn Write) -> io::Result<()> {
    for (index, field) in fields.enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        let formula = field.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
        let number = field.parse::<i64>().is_ok();
        let apostrophe = if formula && !number { "'" } else { "" };
        if formula || field.contains([',', '"', '\n', '\r']) {
            write!(out, "\"{apostrophe}{}\"", field.replace('"', "\"\""))?;
        } else {
            out.write_all(field.as_bytes())?;
        }
    }
    out.write_all(b"\r\n")
}
