//! Changes to deflated parts: the blocks around a change are made anew, all others stay, and a patch is as small as that.
#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

use std::io::{Read as _, Write as _};

use deskhand_opc::{Blob, Draft, Limits, Package, PatchSet};
use flate2::{Compress, Compression, FlushCompress};
use proptest::prelude::*;

const PART: &str = "xl/worksheets/sheet1.xml";

/// Rows as a spreadsheet has them: repetitive tags, numbers that do not repeat.
fn rows(count: u32) -> Vec<u8> {
    let mut seed = 1u64;
    let mut content = Vec::from(&b"<worksheet><sheetData>"[..]);
    for row in 1..=count {
        write!(content, r#"<row r="{row}" spans="1:4">"#).unwrap();
        for column in ["A", "B", "C", "D"] {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            write!(content, r#"<c r="{column}{row}"><v>{}</v></c>"#, seed >> 40).unwrap();
        }
        content.extend_from_slice(b"</row>");
    }
    content.extend_from_slice(b"</sheetData></worksheet>");
    content
}

/// A deflate stream with flushes between pieces of the content.
fn stream(content: &[u8], level: u32, pieces: usize, flush: FlushCompress) -> Vec<u8> {
    let mut compress = Compress::new(Compression::new(level), false);
    let mut out = Vec::with_capacity(content.len() + content.len() / 2 + 4096);
    for piece in content.chunks(content.len().div_ceil(pieces).max(1)) {
        let before = out.len();
        compress.compress_vec(piece, &mut out, flush).unwrap();
        assert!(out.len() >= before);
    }
    compress
        .compress_vec(&[], &mut out, FlushCompress::Finish)
        .unwrap();
    assert_eq!(compress.total_in() as usize, content.len());
    out
}

/// A ZIP archive of entries given as name, compressed bytes, content and method.
fn archive(entries: &[(&str, Vec<u8>, &[u8], u16)]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, data, content, method) in entries {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let offset = file.len() as u32;
        let mut head = Vec::new();
        head.extend([20u16, 0, *method, 0, 33].map(u16::to_le_bytes).concat());
        head.extend(crc.sum().to_le_bytes());
        head.extend((data.len() as u32).to_le_bytes());
        head.extend((content.len() as u32).to_le_bytes());
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
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend((entries.len() as u16).to_le_bytes());
    file.extend((entries.len() as u16).to_le_bytes());
    file.extend(size.to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend([0; 2]);
    file
}

fn package_of(data: Vec<u8>, content: &[u8], method: u16) -> (Vec<u8>, Package) {
    let types = br#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#;
    let file = archive(&[
        ("[Content_Types].xml", types.to_vec(), types, 0),
        (PART, data, content, method),
    ]);
    let package = Package::open(file.clone(), &Limits::default()).unwrap();
    (file, package)
}

/// The part's compressed bytes in a file whose last entry it is, and its content by another decoder.
fn part_in(file: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let name = file
        .windows(PART.len())
        .position(|window| window == PART.as_bytes())
        .unwrap();
    let field = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    // The sizes stand 12 bytes before the name; the local header has no extra field.
    let packed = field(name - 12) as usize;
    let data = file[name + PART.len()..name + PART.len() + packed].to_vec();
    let mut content = Vec::new();
    let mut decoder = flate2::bufread::DeflateDecoder::new(&*data);
    decoder.read_to_end(&mut content).unwrap();
    assert_eq!(
        decoder.total_in() as usize,
        data.len(),
        "nothing behind the last block"
    );
    let mut crc = flate2::Crc::new();
    crc.update(&content);
    assert_eq!(crc.sum(), field(name - 16), "the checksum is that of the content");
    assert_eq!(content.len(), field(name - 8) as usize);
    (data, content)
}

fn common(one: impl Iterator<Item = u8>, other: impl Iterator<Item = u8>) -> usize {
    one.zip(other).take_while(|(one, other)| one == other).count()
}

fn place_of(content: &[u8], what: &str) -> usize {
    content
        .windows(what.len())
        .position(|window| window == what.as_bytes())
        .unwrap()
}

#[test]
fn blocks_far_from_a_change_stay_as_they_are() {
    let content = rows(60_000);
    let data = stream(&content, 6, 1, FlushCompress::None);
    let (file, package) = package_of(data.clone(), &content, 8);
    let place = place_of(&content, r#"<c r="C30000"><v>"#) + 17;
    let mut draft = Draft::new(&package);
    draft
        .edit(PART, [(place..place + 3, Blob::from("1234567"))])
        .unwrap();
    let set = draft.finish();
    let mut changed = package.clone();
    changed.apply(&set).unwrap();
    let saved = changed.write().unwrap();

    let wanted = [&content[..place], b"1234567", &content[place + 3..]].concat();
    let (new, read) = part_in(&saved);
    assert!(read == wanted);
    assert!(changed.part(PART).unwrap()[..] == wanted);
    // About a half of the stream stands before the change, and a half behind it.
    let front = common(data.iter().copied(), new.iter().copied());
    let back = common(data.iter().rev().copied(), new.iter().rev().copied());
    assert!(
        front + back > data.len() - data.len() / 8,
        "{front} and {back} of {}",
        data.len()
    );
    let journal = serde_json::to_string(&set.invert()).unwrap();
    assert!(
        set.bytes() < data.len() / 8 && journal.len() < data.len() / 6,
        "{}",
        journal.len()
    );

    let mut reopened = Package::open(saved, &Limits::default()).unwrap();
    let undo: PatchSet = serde_json::from_str(&journal).unwrap();
    reopened.apply(&undo).unwrap();
    assert!(reopened.write().unwrap() == file);
}

#[test]
fn two_far_changes_keep_the_blocks_between_them() {
    let content = rows(60_000);
    let data = stream(&content, 6, 1, FlushCompress::None);
    let (file, package) = package_of(data.clone(), &content, 8);
    let mut draft = Draft::new(&package);
    let places = [r#"<row r="2" "#, r#"<row r="59000" "#].map(|row| place_of(&content, row));
    draft
        .edit(PART, places.map(|place| (place..place, Blob::from("<!-- -->"))))
        .unwrap();
    let set = draft.finish();
    assert!(set.bytes() < data.len() / 4, "{} of {}", set.bytes(), data.len());
    let mut changed = package.clone();
    changed.apply(&set).unwrap();
    let saved = changed.write().unwrap();
    let (new, _) = part_in(&saved);
    let middle = &data[data.len() / 2..data.len() / 2 + 4096];
    assert!(new.windows(middle.len()).any(|window| window == middle));
    let mut reopened = Package::open(saved, &Limits::default()).unwrap();
    reopened.apply(&set.invert()).unwrap();
    assert!(reopened.write().unwrap() == file);
}

#[test]
fn what_a_patch_keeps_grows_with_the_changes_and_never_above_the_part() {
    let content = rows(60_000);
    let (_, package) = package_of(stream(&content, 6, 1, FlushCompress::None), &content, 8);
    let packed = stream(&content, 6, 1, FlushCompress::None).len();
    for cells in [1usize, 2, 4, 1000] {
        let starts = (0..cells).map(|cell| (cell * 2 + 1) * (content.len() / (2 * cells + 1)));
        let edits = starts.map(|start| (start..start + 1, Blob::from("x")));
        let bytes = package.edit(PART, edits).unwrap().bytes();
        let most = (cells * 60_000).min(packed + 40_000);
        assert!(bytes < most, "{cells} cells: {bytes} bytes");
    }
}

#[test]
fn stored_parts_stay_stored() {
    let content = rows(2_000);
    let (file, package) = package_of(content.clone(), &content, 0);
    let mut draft = Draft::new(&package);
    draft
        .edit(PART, [(10..12, Blob::from("A")), (900..900, Blob::from("B"))])
        .unwrap();
    let set = draft.finish();
    assert!(set.bytes() < 300);
    let mut changed = package.clone();
    changed.apply(&set).unwrap();
    let saved = changed.write().unwrap();
    let wanted = [&content[..10], b"A", &content[12..900], b"B", &content[900..]].concat();
    assert!(saved.windows(wanted.len()).any(|window| window == wanted));
    let mut reopened = Package::open(saved, &Limits::default()).unwrap();
    assert!(reopened.part(PART).unwrap()[..] == wanted);
    reopened.apply(&set.invert()).unwrap();
    assert!(reopened.write().unwrap() == file);
}

#[test]
fn a_part_edited_and_then_removed_comes_back_as_it_was() {
    let content = rows(9_000);
    let (file, package) = package_of(stream(&content, 9, 3, FlushCompress::Full), &content, 8);
    let mut draft = Draft::new(&package);
    draft.edit(PART, [(10..12, Blob::from("A"))]).unwrap();
    draft.remove_part(PART).unwrap();
    let set = draft.finish();
    let mut changed = package.clone();
    changed.apply(&set).unwrap();
    let mut reopened = Package::open(changed.write().unwrap(), &Limits::default()).unwrap();
    assert!(!reopened.contains(PART));
    reopened.apply(&set.invert()).unwrap();
    assert!(reopened.write().unwrap() == file);
}

#[test]
fn an_inverse_that_keeps_whole_entries_is_still_understood() {
    let content = rows(3_000);
    let data = stream(&content, 3, 5, FlushCompress::Sync);
    let (file, package) = package_of(data, &content, 8);
    let mut draft = Draft::new(&package);
    draft.edit(PART, [(10..12, Blob::from("A"))]).unwrap();
    let set = draft.finish();
    let mut changed = package.clone();
    changed.apply(&set).unwrap();
    let mut reopened = Package::open(changed.write().unwrap(), &Limits::default()).unwrap();
    // The first form: the entry from its local header to the directory, and its central record.
    let central = file
        .windows(4)
        .rposition(|window| window == b"PK\x01\x02")
        .unwrap();
    let end = file
        .windows(4)
        .rposition(|window| window == b"PK\x05\x06")
        .unwrap();
    let directory = file
        .windows(4)
        .position(|window| window == b"PK\x01\x02")
        .unwrap();
    let local = file
        .windows(4)
        .rposition(|window| window == b"PK\x03\x04")
        .unwrap();
    let mut undo = serde_json::to_value(set.invert()).unwrap();
    let encode = |range: std::ops::Range<usize>| serde_json::to_value(Blob::from(&file[range])).unwrap();
    undo["patches"][0]["after"] = serde_json::json!({
        "extent": encode(local..directory), "central": encode(central..end), "directory": 1, "layout": 1,
    });
    reopened.apply(&serde_json::from_value(undo).unwrap()).unwrap();
    assert!(reopened.write().unwrap() == file);
}

#[test]
fn a_change_done_again_gives_the_bytes_that_it_gave_first() {
    let content = rows(9_000);
    let (file, mut package) = package_of(stream(&content, 1, 1, FlushCompress::None), &content, 8);
    let mut draft = Draft::new(&package);
    let place = content.len() / 2;
    draft
        .edit(PART, [(place..place + 1, Blob::from(rows(1_500)))])
        .unwrap();
    draft.edit(PART, [(5..6, Blob::from("x"))]).unwrap();
    let set = draft.finish();
    package.apply(&set).unwrap();
    let saved = package.write().unwrap();
    let mut package = Package::open(saved.clone(), &Limits::default()).unwrap();
    let undo = set.invert().remembering(&package);
    package.apply(&undo).unwrap();
    assert!(package.write().unwrap() == file);
    let mut package = Package::open(file.clone(), &Limits::default()).unwrap();
    let redo = undo.invert().remembering(&package);
    package.apply(&redo).unwrap();
    assert!(package.write().unwrap() == saved);
    let mut package = Package::open(saved, &Limits::default()).unwrap();
    package.apply(&redo.invert()).unwrap();
    assert!(package.write().unwrap() == file);
}

/// What a stream is made of.
fn contents() -> impl Strategy<Value = Vec<u8>> {
    let random = (0usize..150_000, any::<u64>()).prop_map(|(count, mut seed)| {
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 56) as u8
        };
        (0..count).map(|_| next()).collect::<Vec<u8>>()
    });
    prop_oneof![
        (0u32..6_000).prop_map(rows),
        random,
        (0usize..300_000).prop_map(|count| vec![b'x'; count]),
        ((0u32..3_000), (0usize..50_000))
            .prop_map(|(count, zeros)| { [rows(count), vec![0; zeros], rows(count / 2)].concat() }),
    ]
}

fn flushes() -> impl Strategy<Value = FlushCompress> {
    prop_oneof![
        Just(FlushCompress::None),
        Just(FlushCompress::Partial),
        Just(FlushCompress::Sync),
        Just(FlushCompress::Full),
    ]
}

/// Edits as shares of the content: where, how long, and how many new bytes.
type Step = Vec<(u16, u16, u16)>;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let edit = (
        any::<u16>(),
        prop_oneof![Just(0u16), 0u16..40, any::<u16>()],
        0u16..3_000,
    );
    prop::collection::vec(prop::collection::vec(edit, 1..4), 1..4)
}

fn edits_of(step: &Step, size: usize) -> Vec<(std::ops::Range<usize>, Blob)> {
    let mut step = step.clone();
    step.sort_unstable();
    let mut edits = Vec::new();
    let mut at = 0;
    for (place, gone, come) in step {
        let start = (usize::from(place) * (size + 1) / 65_536).max(at).min(size);
        let end = (start + usize::from(gone)).min(size);
        edits.push((start..end, Blob::from(vec![b'n'; usize::from(come)])));
        at = end + 1;
    }
    edits.retain(|(range, _)| range.end <= size && range.start <= range.end);
    edits
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, ..ProptestConfig::default() })]

    /// Sets planned one after another on one package, joined, saved once, and taken back at once.
    #[test]
    fn any_changes_to_any_stream_are_written_as_meant_and_taken_back_to_the_byte(
        content in contents(), level in 0u32..10, pieces in 1usize..20, flush in flushes(), steps in steps(),
    ) {
        let (file, package) = package_of(stream(&content, level, pieces, flush), &content, 8);
        prop_assert!(package.part(PART).unwrap()[..] == content);
        let mut wanted = content;
        let (mut changed, mut set) = (package.clone(), PatchSet::default());
        for step in &steps {
            let edits = edits_of(step, wanted.len());
            let mut draft = Draft::new(&changed);
            draft.edit(PART, edits.clone()).unwrap();
            let next = draft.finish();
            changed.apply(&next).unwrap();
            set.join(next);
            for (range, new) in edits.into_iter().rev() {
                wanted.splice(range, new.iter().copied());
            }
        }
        let saved = changed.write().unwrap();
        prop_assert!(part_in(&saved).1 == wanted, "what is written");
        prop_assert!(changed.part(PART).unwrap()[..] == wanted, "what is read");
        let mut reopened = Package::open(saved, &Limits::default()).unwrap();
        reopened.apply(&set.invert()).unwrap();
        prop_assert!(reopened.write().unwrap() == file, "taken back after saving");
        changed.apply(&set.invert()).unwrap();
        prop_assert!(changed.write().unwrap() == file, "taken back before saving");
    }
}
