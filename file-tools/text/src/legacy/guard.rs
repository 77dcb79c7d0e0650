//! What a spreadsheet may unpack to, looked at before its reader sees it.

use std::io::{Cursor, Read};

use deskhand_opc::{LegacyKind, Limits, Package, PackageError};
use deskhand_operations::{Refusal, RefusalCode};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::Kind;
use crate::refuse;

/// Size of the file, in bytes.
const MAX_FILE: usize = 256 << 20;
/// What all entries unpack to, in bytes.
const MAX_UNPACKED: u64 = 1 << 30;
/// Entries of the archive.
const MAX_ENTRIES: usize = 16_384;
/// Cells that repeats of an .ods may make.
const MAX_CELLS: u64 = 5_000_000;
/// The type that stands in an .ods, uncompressed and first.
const ODS_TYPE: &[u8] = b"application/vnd.oasis.opendocument.spreadsheet";

/// The format of a file that is within its caps.
pub(super) fn kind(data: &[u8]) -> Result<Kind, Refusal> {
    if data.is_empty() {
        return Err(refuse::corrupt("the file is empty"));
    }
    if data.len() > MAX_FILE {
        return Err(refuse::too_large(format!(
            "the spreadsheet is larger than {} MB",
            MAX_FILE >> 20
        )));
    }
    // A compound file ([MS-CFB] 2.2), or the plain stream of older versions, which begins with `BOF` ([MS-XLS] 2.4.21).
    if data.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return compound(data);
    }
    if !data.starts_with(b"PK\x03\x04") {
        return Err(refuse::corrupt("the file is no .xls, .xlsb or .ods spreadsheet"));
    }
    archive(data)
}

/// Of compound files only one kind is a spreadsheet; others hold one that is encrypted ([MS-OFFCRYPTO] 2.3.2), or none.
fn compound(data: &[u8]) -> Result<Kind, Refusal> {
    match Package::open(data.to_vec(), &Limits::default()) {
        Err(PackageError::Encrypted) => Err(Refusal::new(
            RefusalCode::Encrypted,
            "the spreadsheet is protected by a password",
        )),
        Err(error @ PackageError::RightsManaged) => Err(refuse::package(&error)),
        Err(PackageError::Legacy(LegacyKind::Deck | LegacyKind::Document)) => {
            Err(refuse::corrupt("the file is no .xls, .xlsb or .ods spreadsheet"))
        }
        _ => Ok(Kind::Xls),
    }
}

fn archive(data: &[u8]) -> Result<Kind, Refusal> {
    let damaged = |_| refuse::corrupt("the spreadsheet's archive is damaged");
    let mut archive = ZipArchive::new(Cursor::new(data)).map_err(damaged)?;
    if archive.len() > MAX_ENTRIES {
        return Err(refuse::too_large(format!(
            "the spreadsheet has more than {MAX_ENTRIES} parts"
        )));
    }
    let mut unpacked = 0;
    let mut kind = None;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(damaged)?;
        let name = entry.name().map(|name| name.to_string()).unwrap_or_default();
        let mut counted = entry.take(MAX_UNPACKED - unpacked + 1);
        let ods_content = name == "content.xml";
        if name == "mimetype" {
            let mut found = Vec::new();
            let _ = counted.by_ref().take(200).read_to_end(&mut found);
            kind = kind.or((found.trim_ascii() == ODS_TYPE).then_some(Kind::Ods));
        } else if name.eq_ignore_ascii_case("xl/workbook.bin") {
            kind = Some(Kind::Xlsb);
        }
        let read = if ods_content {
            let mut content = Vec::new();
            counted
                .read_to_end(&mut content)
                .map_err(|error| refuse::io(&error))?;
            check_repeats(&content)?;
            content.len() as u64
        } else {
            std::io::copy(&mut counted, &mut std::io::sink()).map_err(|error| damaged_entry(&error))?
        };
        unpacked += read;
        if unpacked > MAX_UNPACKED {
            return Err(refuse::too_large(format!(
                "the spreadsheet unpacks to more than {} MB",
                MAX_UNPACKED >> 20
            )));
        }
    }
    kind.ok_or_else(|| refuse::corrupt("the file is no .xls, .xlsb or .ods spreadsheet"))
}

fn damaged_entry(error: &std::io::Error) -> Refusal {
    Refusal::new(
        RefusalCode::Corrupt,
        format!("the spreadsheet's archive is damaged: {error}"),
    )
}

/// Refuses an .ods whose repeats make more cells than memory should hold.
fn check_repeats(content: &[u8]) -> Result<(), Refusal> {
    let mut reader = Reader::from_reader(content);
    let repeats = |tag: &BytesStart<'_>, name: &str| -> u64 {
        let found = tag
            .attributes()
            .flatten()
            .find(|attribute| attribute.key.as_ref() == name);
        let number = found.and_then(|attribute| attribute.value.parse().ok());
        number.unwrap_or(1)
    };
    // Cells without a value count once one with a value follows them.
    let (mut cells, mut row, mut pending) = (0u64, 0u64, 0u64);
    let mut row_repeats = 1;
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) if tag.local_name().as_ref() == "table-row" => {
                (row, pending) = (0, 0);
                row_repeats = repeats(&tag, "table:number-rows-repeated");
            }
            Ok(Event::End(tag)) if tag.local_name().as_ref() == "table-row" => {
                let all = if row > 0 { row_repeats } else { 1 };
                cells = cells.saturating_add(row.saturating_mul(all));
            }
            Ok(Event::Start(tag)) if is_cell(&tag) => {
                row = row
                    .saturating_add(pending)
                    .saturating_add(repeats(&tag, "table:number-columns-repeated"));
                pending = 0;
            }
            Ok(Event::Empty(tag)) if is_cell(&tag) => {
                let count = repeats(&tag, "table:number-columns-repeated");
                let filled = tag
                    .attributes()
                    .flatten()
                    .any(|attribute| attribute.key.as_ref().contains("value"));
                pending = pending.saturating_add(count);
                if filled {
                    row = row.saturating_add(pending);
                    pending = 0;
                }
            }
            Ok(Event::Eof) => return Ok(()),
            Err(error) => {
                return Err(refuse::corrupt(format!(
                    "the spreadsheet's content is damaged: {error}"
                )));
            }
            Ok(_) => {}
        }
        if cells.saturating_add(row) > MAX_CELLS {
            return Err(refuse::too_large(format!(
                "the spreadsheet's repeated cells make more than {MAX_CELLS} cells"
            )));
        }
    }
}

fn is_cell(tag: &BytesStart<'_>) -> bool {
    matches!(tag.local_name().as_ref(), "table-cell" | "covered-table-cell")
}
