//! What the targets share: packages made of readable inputs, and whose panics count. Knows no format beyond ZIP.

use std::collections::BTreeMap;

/// Stands before each part of an input; no XML may hold it, so parts never hold it either.
const MARK: u8 = 0x1e;

/// An input of many parts: before each a mark, its name and a line end. The later one of two with the same name counts.
#[derive(Debug)]
pub struct Input<'a>(BTreeMap<&'a str, &'a [u8]>);

impl<'a> Input<'a> {
    /// Reads an input; what does not begin with a name is left out.
    pub fn read(data: &'a [u8]) -> Self {
        let parts = data.split(|byte| *byte == MARK).filter_map(|part| {
            let end = part.iter().position(|byte| *byte == b'\n')?;
            let name = std::str::from_utf8(&part[..end]).ok()?;
            (!name.is_empty() && end < 200).then_some((name, &part[end + 1..]))
        });
        Self(parts.collect())
    }

    /// Takes out a part that does not belong into the package.
    pub fn take(&mut self, name: &str) -> Option<&'a [u8]> {
        self.0.remove(name)
    }

    /// Gives parts without content, whose name ends so, this content: for what cannot be written as text.
    pub fn fill(&mut self, ending: &str, content: &'a [u8]) {
        for (name, part) in &mut self.0 {
            if part.is_empty() && name.ends_with(ending) {
                *part = content;
            }
        }
    }

    /// The parts as a ZIP archive, stored and not deflated: mutations then reach the parsers behind the checksums.
    pub fn archive(&self) -> Vec<u8> {
        let (mut archive, mut directory) = (Vec::new(), Vec::new());
        for (name, content) in &self.0 {
            let mut crc = flate2::Crc::new();
            crc.update(content);
            let mut header = Vec::new();
            // Flags, method, time, date, checksum, both sizes, lengths of name and extra field (APPNOTE 4.3.7).
            header.extend_from_slice(&[0, 8, 0, 0, 0, 0, 0x21, 0]);
            header.extend_from_slice(&crc.sum().to_le_bytes());
            header.extend_from_slice(&(content.len() as u32).to_le_bytes());
            header.extend_from_slice(&(content.len() as u32).to_le_bytes());
            header.extend_from_slice(&(name.len() as u16).to_le_bytes());
            header.extend_from_slice(&[0, 0]);
            directory.extend_from_slice(b"PK\x01\x02\x14\0\x14\0");
            directory.extend_from_slice(&header);
            directory.extend_from_slice(&[0; 10]);
            directory.extend_from_slice(&(archive.len() as u32).to_le_bytes());
            directory.extend_from_slice(name.as_bytes());
            archive.extend_from_slice(b"PK\x03\x04\x14\0");
            archive.extend_from_slice(&header);
            archive.extend_from_slice(name.as_bytes());
            archive.extend_from_slice(content);
        }
        let (at, entries) = (archive.len() as u32, self.0.len() as u16);
        archive.extend_from_slice(&directory);
        archive.extend_from_slice(b"PK\x05\x06\0\0\0\0");
        archive.extend_from_slice(&entries.to_le_bytes());
        archive.extend_from_slice(&entries.to_le_bytes());
        archive.extend_from_slice(&(directory.len() as u32).to_le_bytes());
        archive.extend_from_slice(&at.to_le_bytes());
        archive.extend_from_slice(&[0, 0]);
        archive
    }
}

/// Lets panics of the calculation thread pass: the owner catches them and calls the formula not computed.
pub fn let_the_engine_panic() {
    let_panic_in("calculation");
}

/// Lets panics pass on threads of this name, whose owner catches them.
pub fn let_panic_in(thread: &'static str) {
    let aborts = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().name() != Some(thread) {
            aborts(info);
        }
    }));
}
