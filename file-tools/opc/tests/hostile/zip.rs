//! Archives made by hand, with what they lie about.

use std::io::Write as _;

use deskhand_opc::{Limits, Package, PackageError};

/// An entry to write: name, content, and what to lie about.
#[derive(Clone, Default)]
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    pub(crate) content: Vec<u8>,
    pub(crate) size: Option<u32>,
    pub(crate) crc: Option<u32>,
    pub(crate) flags: u16,
    pub(crate) method: Option<u16>,
    pub(crate) local_name: Option<Vec<u8>>,
    /// Sizes in a data descriptor behind the content.
    pub(crate) descriptor: bool,
    /// 64-bit sizes in the directory.
    pub(crate) wide: bool,
    /// Not a byte stands for the content.
    pub(crate) bare: bool,
}

pub(crate) fn entry(name: &str, content: impl Into<Vec<u8>>) -> Entry {
    Entry {
        name: name.as_bytes().to_vec(),
        content: content.into(),
        ..Entry::default()
    }
}

pub(crate) fn deflated(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn crc(content: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(content);
    crc.sum()
}

/// A ZIP archive of these entries.
pub(crate) fn archive(entries: &[Entry]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let data = if entry.bare {
            Vec::new()
        } else {
            deflated(&entry.content)
        };
        let size = entry.size.unwrap_or(entry.content.len() as u32);
        let sum = entry.crc.unwrap_or_else(|| crc(&entry.content));
        let flags = entry.flags | if entry.descriptor { 8 } else { 0 };
        let offset = file.len() as u32;
        let numbers = |wide: bool| -> Vec<u8> {
            let lengths = if wide {
                [u32::MAX; 2]
            } else {
                [data.len() as u32, size]
            };
            let mut bytes = sum.to_le_bytes().to_vec();
            bytes.extend(lengths.map(u32::to_le_bytes).concat());
            bytes
        };
        let start: Vec<u8> = [20, flags, entry.method.unwrap_or(8), 0, 33u16]
            .iter()
            .flat_map(|field| field.to_le_bytes())
            .collect();
        let local = entry.local_name.as_ref().unwrap_or(&entry.name);
        file.extend(b"PK\x03\x04");
        file.extend(&start);
        file.extend(if entry.descriptor {
            vec![0; 12]
        } else {
            numbers(false)
        });
        file.extend((local.len() as u16).to_le_bytes());
        file.extend([0; 2]);
        file.extend(local);
        file.extend(&data);
        if entry.descriptor {
            file.extend(b"PK\x07\x08");
            file.extend(numbers(false));
        }
        let mut extra = Vec::new();
        if entry.wide {
            extra.extend([1, 0, 16, 0]);
            extra.extend(u64::from(size).to_le_bytes());
            extra.extend((data.len() as u64).to_le_bytes());
        }
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&start);
        directory.extend(numbers(entry.wide));
        directory.extend((entry.name.len() as u16).to_le_bytes());
        directory.extend((extra.len() as u16).to_le_bytes());
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(&entry.name);
        directory.extend(extra);
    }
    finish(file, &directory, entries.len() as u16)
}

/// The archive with its directory and end record.
pub(crate) fn finish(mut file: Vec<u8>, directory: &[u8], count: u16) -> Vec<u8> {
    let at = file.len() as u32;
    file.extend(directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    file.extend((directory.len() as u32).to_le_bytes());
    file.extend(at.to_le_bytes());
    file.extend([0; 2]);
    file
}

pub(crate) fn types() -> Entry {
    entry(
        "[Content_Types].xml",
        r#"<Types><Default Extension="xml" ContentType="application/xml"/></Types>"#,
    )
}

pub(crate) fn opened(entries: &[Entry]) -> Result<Package, PackageError> {
    Package::open(archive(entries), &Limits::default())
}
