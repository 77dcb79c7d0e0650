//! Directories and headers that contradict each other, and what is bounded though no number says so.

use deskhand_opc::xml::Tree;
use deskhand_opc::{Limits, Package, PackageError, PatchSet};

use super::zip::{Entry, archive, entry, finish, opened, types};

fn u32_at(file: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(file[at..at + 4].try_into().unwrap())
}

/// Where the directory stands in an archive without a comment.
fn directory(file: &[u8]) -> usize {
    u32_at(file, file.len() - 6) as usize
}

/// Where the directory's record of this part stands.
fn record(file: &[u8], name: &str) -> usize {
    let from = directory(file);
    let at = file[from..]
        .windows(name.len())
        .position(|bytes| bytes == name.as_bytes());
    from + at.unwrap() - 46
}

/// A package of three parts with some bytes set.
fn changed(set: impl Fn(&mut Vec<u8>)) -> Result<Package, PackageError> {
    let mut file = archive(&[types(), entry("a.xml", "<a>first</a>"), entry("b.xml", "<b/>")]);
    set(&mut file);
    Package::open(file, &Limits::default())
}

fn put(file: &mut [u8], at: usize, bytes: &[u8]) {
    file[at..at + bytes.len()].copy_from_slice(bytes);
}

/// How bytes of a file are changed.
type Change = fn(&mut Vec<u8>);

#[test]
fn headers_that_contradict_each_other_are_refused() {
    let cases: [(&str, &str, Change); 9] = [
        ("two records of one entry", "entries overlap", |file| {
            let first = u32_at(file, record(file, "a.xml") + 42);
            let at = record(file, "b.xml") + 42;
            put(file, at, &first.to_le_bytes());
        }),
        ("content reaches into the next entry", "entries overlap", |file| {
            let at = record(file, "a.xml") + 20;
            put(file, at, &200u32.to_le_bytes());
            // The local header leaves it open.
            let local = u32_at(file, record(file, "a.xml") + 42) as usize;
            put(file, local + 18, &[0; 4]);
        }),
        ("content reaches into the directory", "entries overlap", |file| {
            let at = record(file, "b.xml") + 20;
            put(file, at, &100u32.to_le_bytes());
            let local = u32_at(file, record(file, "b.xml") + 42) as usize;
            put(file, local + 18, &[0; 4]);
        }),
        ("another size in the local header", "two sizes", |file| {
            let local = u32_at(file, record(file, "a.xml") + 42) as usize;
            put(file, local + 22, &7u32.to_le_bytes());
        }),
        ("another packed size in the local header", "two sizes", |file| {
            let local = u32_at(file, record(file, "a.xml") + 42) as usize;
            put(file, local + 18, &7u32.to_le_bytes());
        }),
        ("another method in the local header", "two sizes", |file| {
            let local = u32_at(file, record(file, "a.xml") + 42) as usize;
            put(file, local + 8, &[0, 0]);
        }),
        ("fewer parts declared than there are", "another length", |file| {
            let at = file.len() - 12;
            put(file, at, &[2, 0]);
        }),
        ("a directory that begins too late", "", |file| {
            let at = file.len() - 6;
            let late = directory(file) as u32 + 1;
            put(file, at, &late.to_le_bytes());
        }),
        ("something before the first part", "", |file| {
            file.splice(0..0, *b"PK\x03\x04stub");
        }),
    ];
    for (name, reason, change) in cases {
        let error = changed(change).map(|_| panic!("{name} was opened")).unwrap_err();
        let fits = matches!(error, PackageError::Damaged(_) | PackageError::Truncated);
        assert!(fits && error.to_string().contains(reason), "{name}: {error}");
    }
    changed(|_| {}).unwrap();
}

/// An archive with a 64-bit end record: how many parts it says to have, and where its directory.
fn wide(count: u64, shift: i64, locator_shift: i64) -> Vec<u8> {
    let plain = archive(&[types(), entry("a.xml", "<a/>")]);
    let (from, end) = (directory(&plain), plain.len() - 22);
    let mut file = plain[..end].to_vec();
    file.extend(b"PK\x06\x06");
    file.extend(44u64.to_le_bytes());
    file.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    file.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    file.extend(((end - from) as u64).to_le_bytes());
    file.extend((from as u64).wrapping_add_signed(shift).to_le_bytes());
    file.extend(b"PK\x06\x07\0\0\0\0");
    file.extend((end as u64).wrapping_add_signed(locator_shift).to_le_bytes());
    file.extend(1u32.to_le_bytes());
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend([0xFF; 12]);
    file.extend([0; 2]);
    file
}

#[test]
fn a_64_bit_directory_is_read_kept_and_held_to_what_it_says() {
    let file = wide(2, 0, 0);
    let mut package = Package::open(file.clone(), &Limits::default()).unwrap();
    assert!(package.write().unwrap() == file);
    let patch = package.edit("a.xml", [(1..2, "longer".into())]).unwrap();
    let set = PatchSet { patches: vec![patch] };
    package.apply(&set).unwrap();
    let mut saved = Package::open(package.write().unwrap(), &Limits::default()).unwrap();
    assert_eq!(&*saved.part("a.xml").unwrap(), b"<longer/>");
    saved.apply(&set.invert()).unwrap();
    assert!(saved.write().unwrap() == file);

    for (name, file) in [
        ("more parts", wide(3, 0, 0)),
        ("endless parts", wide(u64::MAX, 0, 0)),
        ("a later directory", wide(2, 1, 0)),
        ("a directory beyond all", wide(2, i64::MAX, 0)),
        ("no record where it is said to be", wide(2, 0, -8)),
        ("a record beyond the file", wide(2, 0, 1 << 40)),
    ] {
        let error = Package::open(file, &Limits::default()).map(|_| panic!("{name} was opened"));
        let error = error.unwrap_err();
        let fits = matches!(
            error,
            PackageError::Damaged(_) | PackageError::Truncated | PackageError::TooLarge(_)
        );
        assert!(fits, "{name}: {error:?}");
    }
}

#[test]
fn names_that_mean_the_same_part_are_one_or_refused() {
    let package = opened(&[types(), entry("xl/My%20Sheet.xml", "<a/>")]).unwrap();
    for name in ["xl/My%20Sheet.xml", "xl/my sheet.xml", "/XL\\MY%20SHEET.XML"] {
        assert_eq!(&*package.part(name).unwrap(), b"<a/>", "{name}");
        assert_eq!(package.spelling(name), Some("xl/My%20Sheet.xml"));
    }
    for (one, other) in [
        ("a.xml", "/a.xml"),
        ("a b.xml", "a%20b.xml"),
        ("a.xml", "%61.xml"),
        ("ä.xml", "Ä.xml"),
    ] {
        let error = opened(&[types(), entry(one, "x"), entry(other, "y")]).err();
        assert!(
            matches!(error, Some(PackageError::DuplicateName(_))),
            "{one} and {other}: {error:?}"
        );
    }
    for name in [
        "a/./b.xml".to_owned(),
        "a/../b.xml".to_owned(),
        "/".to_owned(),
        "x".repeat(1025),
    ] {
        let error = opened(&[types(), entry(&name, "x")]).err();
        assert!(
            matches!(error, Some(PackageError::BadName(_))),
            "{name}: {error:?}"
        );
    }
}

#[test]
fn a_directory_of_padding_is_not_taken_in() {
    // Few parts, whose records are as long as records can be.
    let file = archive(&[types()]);
    let from = directory(&file);
    let mut long = file[from..file.len() - 22].to_vec();
    put(&mut long, 30, &[0xFF, 0xFF, 0xFF, 0xFF]);
    long.resize(long.len() + 2 * 0xFFFF, 0);
    let directory = long.repeat(520);
    assert!(directory.len() > 64 << 20);
    let error = Package::open(finish(file[..from].to_vec(), &directory, 520), &Limits::default()).err();
    assert_eq!(
        error,
        Some(PackageError::TooLarge("its directory is too long".to_owned()))
    );
}

#[test]
fn namespaces_are_counted_because_every_name_is_looked_up_among_them() {
    let declared = |count: usize| {
        let all: Vec<String> = (0..count).map(|n| format!("xmlns:n{n}=\"urn:{n}\"")).collect();
        format!("<n0:a {}><n0:b/></n0:a>", all.join(" "))
    };
    let parsed = |text: &str| Tree::parse("a.xml", text.as_bytes(), &Limits::default()).map(|_| ());
    parsed(&declared(500)).unwrap();
    let error = parsed(&declared(100_000)).unwrap_err();
    assert!(error.to_string().contains("too many namespaces"), "{error}");
    // Nested ones count as long as they are in force, and no longer.
    parsed(&format!("<a>{}</a>", "<b xmlns:x=\"urn:x\"/>".repeat(2000))).unwrap();
}

#[test]
fn a_type_of_content_that_lies_is_found_when_it_is_read() {
    // Stored and said to be deflated: both headers agree, the content does not.
    let package = opened(&[
        types(),
        Entry {
            method: Some(0),
            ..entry("a.xml", "<a>text</a>")
        },
    ])
    .unwrap();
    assert!(matches!(package.part("a.xml"), Err(PackageError::Damaged(_))));
}
