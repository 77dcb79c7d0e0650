//! Any bytes as a deflate stream: decoded as others do, changed in places, written, and taken back to the byte.
#![no_main]

use std::io::Read as _;

use deskhand_opc::{Blob, Draft, Limits, Package};
use flate2::read::DeflateDecoder;
use libfuzzer_sys::fuzz_target;

const PART: &str = "a.xml";
/// The product's caps on sizes are higher: a bomb is refused by them when the file is opened.
const MOST: u64 = 4 << 20;

fuzz_target!(|data: &[u8]| {
    // The first bytes are two changes: where, how long, and what comes.
    let Some((changes, stream)) = data.split_at_checked(8) else {
        return;
    };
    let mut content = Vec::new();
    let mut decoder = DeflateDecoder::new(stream);
    let sound = decoder.by_ref().take(MOST).read_to_end(&mut content).is_ok();
    if content.len() as u64 == MOST {
        return;
    }
    let file = archive(stream, &content);
    let limits = Limits {
        ratio: u64::MAX,
        ..Limits::default()
    };
    let Ok(package) = Package::open(file.clone(), &limits) else {
        panic!("the archive is sound");
    };
    let read = package.part(PART);
    assert_eq!(read.is_ok(), sound, "one decoder takes what the other refuses");
    let Ok(read) = read else {
        return;
    };
    assert!(*read == *content, "decoded otherwise");

    let size = content.len();
    let mut draft = Draft::new(&package);
    let mut wanted = content;
    for change in changes.chunks(4) {
        let start = size * usize::from(change[0]) / 255;
        let start = start.min(wanted.len());
        let end = (start + usize::from(change[1])).min(wanted.len());
        let new = vec![change[3]; usize::from(change[2])];
        if draft.edit(PART, [(start..end, Blob::from(new.clone()))]).is_err() {
            panic!("a change of sound content was refused");
        }
        wanted.splice(start..end, new);
    }
    let saved = draft.package().write().expect("memory takes everything");
    let set = draft.finish();
    let mut again = Package::open(saved, &limits).expect("what was written can be read");
    assert!(
        again.part(PART).is_ok_and(|part| *part == *wanted),
        "written otherwise"
    );
    again.apply(&set.invert()).expect("nothing came in between");
    assert!(
        again.write().expect("memory takes everything") == file,
        "not the first bytes"
    );
});

/// A package with this stream as its second part.
fn archive(stream: &[u8], content: &[u8]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    let types = br#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#;
    for (name, data, content, method) in [
        ("[Content_Types].xml", &types[..], &types[..], 0u16),
        (PART, stream, content, 8),
    ] {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let offset = file.len() as u32;
        let mut head = [20u16, 0, method, 0, 33].map(u16::to_le_bytes).concat();
        for number in [crc.sum(), data.len() as u32, content.len() as u32] {
            head.extend(number.to_le_bytes());
        }
        head.extend((name.len() as u16).to_le_bytes());
        file.extend(b"PK\x03\x04");
        file.extend(&head);
        file.extend([0; 2]);
        file.extend(name.as_bytes());
        file.extend(data);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&head);
        directory.extend([0; 12]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (start, size) = (file.len() as u32, directory.len() as u32);
    file.extend(directory);
    file.extend(b"PK\x05\x06\0\0\0\0\x02\0\x02\0");
    file.extend(size.to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend([0; 2]);
    file
}
