//! Files that lie, swell, nest or pretend: each is refused with its own cause, within bounds.
#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

use deskhand_opc::xml::Tree;
use deskhand_opc::{Draft, LegacyKind, Limits, OtherKind, Package, PackageError, Target};

#[path = "hostile/archive.rs"]
mod archives;
#[path = "hostile/zip.rs"]
mod zip;

use zip::{Entry, archive, entry, opened, types};

#[test]
fn lies_and_tricks_of_the_archive_are_refused_when_it_is_opened() {
    let with = |other: Entry| vec![types(), other];
    let cases: Vec<(&str, Vec<Entry>)> = vec![
        (
            "encrypted",
            with(Entry {
                flags: 1,
                ..entry("a.xml", "x")
            }),
        ),
        (
            "compression",
            with(Entry {
                method: Some(12),
                ..entry("a.xml", "x")
            }),
        ),
        (
            "two names",
            with(Entry {
                local_name: Some(b"b.xml".to_vec()),
                ..entry("a.xml", "x")
            }),
        ),
        ("name outside", with(entry("../a.xml", "x"))),
        ("backslash outside", with(entry("..\\a.xml", "x"))),
        ("drive", with(entry("C:/a.xml", "x"))),
        ("control character", with(entry("a\u{1}.xml", "x"))),
        ("twice", vec![types(), entry("a.xml", "x"), entry("A.XML", "y")]),
        (
            "twice by slashes",
            vec![types(), entry("x/a.xml", "x"), entry("x\\a.xml", "y")],
        ),
        ("no content types", vec![entry("a.xml", "x")]),
        ("ratio", with(entry("a.xml", vec![b' '; 20 << 20]))),
        (
            "declared too large",
            with(Entry {
                size: Some(u32::MAX - 1),
                ..entry("a.xml", "x")
            }),
        ),
    ];
    for (name, entries) in cases {
        let error = opened(&entries).map(|_| panic!("{name} was opened")).unwrap_err();
        let expected = match name {
            "encrypted" => matches!(error, PackageError::Encrypted),
            "compression" => matches!(error, PackageError::Compression(_)),
            "two names" => matches!(error, PackageError::Damaged(_)),
            "twice" | "twice by slashes" => matches!(error, PackageError::DuplicateName(_)),
            "no content types" => matches!(error, PackageError::Other(OtherKind::Archive)),
            "ratio" | "declared too large" => matches!(error, PackageError::TooLarge(_)),
            _ => matches!(error, PackageError::BadName(_)),
        };
        assert!(expected, "{name}: {error:?}");
    }
}

#[test]
fn a_part_gives_no_more_than_it_declares() {
    let bomb = Entry {
        size: Some(10),
        ..entry("a.xml", vec![b'x'; 5 << 20])
    };
    let short = Entry {
        size: Some(1000),
        ..entry("b.xml", "x")
    };
    let sum = Entry {
        crc: Some(1),
        ..entry("c.xml", "x")
    };
    let package = opened(&[types(), bomb, short, sum]).unwrap();
    for part in ["a.xml", "b.xml", "c.xml"] {
        assert!(
            matches!(package.part(part), Err(PackageError::Damaged(_))),
            "{part}"
        );
    }
    assert!(matches!(package.part("d.xml"), Err(PackageError::MissingPart(_))));
}

#[test]
fn caps_hold() {
    let many: Vec<Entry> = [types()]
        .into_iter()
        .chain((0..20).map(|n| entry(&format!("{n}.xml"), "0123456789")))
        .collect();
    let limits = [
        Limits {
            parts: 10,
            ..Limits::default()
        },
        Limits {
            total_bytes: 150,
            ..Limits::default()
        },
        Limits {
            part_bytes: 9,
            ..Limits::default()
        },
        Limits {
            file_bytes: 100,
            ..Limits::default()
        },
    ];
    for limits in limits {
        let opened = Package::open(archive(&many), &limits);
        assert!(matches!(opened, Err(PackageError::TooLarge(_))), "{limits:?}");
    }
}

#[test]
fn data_descriptors_wide_sizes_and_backslashes_are_read_and_kept() {
    let entries = [
        types(),
        Entry {
            descriptor: true,
            ..entry("xl\\workbook.xml", "<a/>")
        },
        Entry {
            wide: true,
            ..entry("xl/b.xml", "<b/>")
        },
        entry("xl/", ""),
    ];
    let file = archive(&entries);
    let mut package = Package::open(file.clone(), &Limits::default()).unwrap();
    assert_eq!(&*package.part("XL/Workbook.xml").unwrap(), b"<a/>");
    assert_eq!(&*package.part("xl/b.xml").unwrap(), b"<b/>");
    assert_eq!(package.parts().count(), 3, "a folder is no part");
    assert!(package.write().unwrap() == file);
    for part in ["xl/workbook.xml", "xl/b.xml"] {
        let patch = package.edit(part, [(1..2, "changed".into())]).unwrap();
        let set = deskhand_opc::PatchSet { patches: vec![patch] };
        package.apply(&set).unwrap();
        let mut saved = Package::open(package.write().unwrap(), &Limits::default()).unwrap();
        assert_eq!(&*saved.part(part).unwrap(), b"<changed/>");
        saved.apply(&set.invert()).unwrap();
        package = saved;
        assert!(package.write().unwrap() == file, "{part} undone");
    }
}

#[test]
fn every_truncation_is_an_error_and_never_a_panic() {
    let file = archive(&[
        types(),
        entry("a.xml", "<a>text</a>"),
        Entry {
            wide: true,
            ..entry("b.xml", "<b/>")
        },
    ]);
    for length in 0..file.len() {
        assert!(
            Package::open(file[..length].to_vec(), &Limits::default()).is_err(),
            "{length} bytes"
        );
    }
    // Any one byte changed: opened or refused, parts read or refused, nothing else.
    for at in 0..file.len() {
        let mut changed = file.clone();
        changed[at] ^= 0x55;
        if let Ok(package) = Package::open(changed, &Limits::default()) {
            let parts: Vec<String> = package.parts().map(str::to_owned).collect();
            for part in &parts {
                drop(package.part(part));
            }
            drop(package.write());
        }
    }
}

/// A compound file whose directory holds these names.
fn compound(names: &[&str]) -> Vec<u8> {
    let mut file = vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];
    file.resize(512 * 3, 0);
    file[30] = 9;
    file[48..52].copy_from_slice(&1u32.to_le_bytes());
    file[76..80].copy_from_slice(&0u32.to_le_bytes());
    // The allocation table: the directory is one sector long.
    file[512..516].copy_from_slice(&u32::MAX.to_le_bytes());
    file[516..520].copy_from_slice(&(u32::MAX - 1).to_le_bytes());
    for (index, name) in ["Root Entry"].iter().chain(names).enumerate() {
        let at = 1024 + index * 128;
        let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        file[at..at + units.len()].copy_from_slice(&units);
        file[at + 64..at + 66].copy_from_slice(&(units.len() as u16 + 2).to_le_bytes());
        file[at + 66] = if index == 0 { 5 } else { 2 };
        file[at + 68..at + 80].fill(0xFF);
        // The root leads to the first one, and each to the next.
        let place = if index == 0 { 76 } else { 72 };
        if index < names.len() {
            file[at + place..at + place + 4].copy_from_slice(&(index as u32 + 1).to_le_bytes());
        }
    }
    file
}

#[test]
fn files_that_are_no_packages_say_what_they_are() {
    let other = PackageError::Other;
    let cases = [
        (Vec::new(), PackageError::Empty),
        (b"Region,Units\n".to_vec(), other(OtherKind::Text)),
        (
            b"\xFF\xFER\0e\0g\0i\0o\0n\0\t\0U\0n\0i\0t\0s\0".to_vec(),
            other(OtherKind::Text),
        ),
        (
            b"\xEF\xBB\xBF\r\n<html xmlns:x=\"urn:schemas-microsoft-com:office:excel\"><table>".to_vec(),
            other(OtherKind::Html),
        ),
        (
            b"<table border=1><tr><td>1</td></tr></table>".to_vec(),
            other(OtherKind::Html),
        ),
        (
            b"<?xml version=\"1.0\"?>\n<?mso-application progid=\"Excel.Sheet\"?>".to_vec(),
            other(OtherKind::Xml2003),
        ),
        (b"{\\rtf1\\ansi}".to_vec(), other(OtherKind::RichText)),
        (b"%PDF-1.7\n\0".to_vec(), other(OtherKind::Pdf)),
        (b"\x89PNG\r\n\x1a\n\0".to_vec(), PackageError::NotAPackage),
        (b"PK\x03\x04 and nothing".to_vec(), PackageError::Truncated),
        (
            compound(&["EncryptionInfo", "EncryptedPackage"]),
            PackageError::Encrypted,
        ),
        (
            compound(&["\u{9}DRMContent", "WordDocument"]),
            PackageError::RightsManaged,
        ),
        (
            compound(&["Workbook"]),
            PackageError::Legacy(LegacyKind::Workbook),
        ),
        (
            compound(&["PowerPoint Document"]),
            PackageError::Legacy(LegacyKind::Deck),
        ),
        (
            compound(&["WordDocument"]),
            PackageError::Legacy(LegacyKind::Document),
        ),
        (
            compound(&[])[..600].to_vec(),
            PackageError::Damaged("its directory cannot be read".to_owned()),
        ),
    ];
    for (file, cause) in cases {
        assert_eq!(
            Package::open(file, &Limits::default()).map(|_| ()).unwrap_err(),
            cause
        );
    }
}

#[test]
fn xml_that_nests_swells_or_breaks_is_refused() {
    let deep = "<a>".repeat(100_000);
    let entities = r#"<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>"#;
    let cases = [
        (deep.as_bytes(), "nest too deep"),
        (entities.as_bytes(), "document type"),
        (b"<a>&unknown;</a>", "entity"),
        (b"<a>&#0;</a>", "entity"),
        (b"<a><b></a>", ""),
        (b"<a>", "ends inside"),
        (b"<a/><a/>", "second root"),
        (b"<a\0b/>", "name that XML does not allow"),
        (b"<a\x0Cb=\"1\"/>", "name that XML does not allow"),
        (b"<a=\"1 2\"/>", "name that XML does not allow"),
        (b"text", "outside the root"),
        (b"", "no root"),
        (b"\xFF\xFE<\0a\0/\0>\0", "not UTF-8"),
        (b"<a>\xC3\x28</a>", "not UTF-8"),
        (b"\xEF\xBB\xBF\xEF\xBB\xBFx<a/>", "byte order mark"),
    ];
    for (content, reason) in cases {
        let error = Tree::parse("part.xml", content, &Limits::default())
            .map(|_| ())
            .unwrap_err();
        let shown = error.to_string();
        assert!(
            matches!(error, PackageError::Xml { .. }) && shown.contains(reason),
            "{reason}: {shown}"
        );
    }
    let many = format!("<a>{}</a>", "<b/>".repeat(1000));
    let limits = Limits {
        xml_nodes: 100,
        ..Limits::default()
    };
    assert!(matches!(
        Tree::parse("part.xml", many.as_bytes(), &limits),
        Err(PackageError::TooLarge(_))
    ));
}

#[test]
fn a_new_relationship_takes_no_id_that_a_damaged_part_names() {
    let damaged = entry(
        "xl/workbook.xml",
        r#"<workbook><sheet r:id="rId1"/><sheet r:id='rId3'/></workbook>"#,
    );
    let package = opened(&[types(), damaged]).unwrap();
    let mut draft = Draft::new(&package);
    let target = Target::Part("xl/a.xml".to_owned());
    let mut add = || {
        draft
            .add_relationship("xl/workbook.xml", "urn:test", &target)
            .unwrap()
    };
    assert_eq!([add(), add()], ["rId2", "rId4"]);
}

#[test]
fn a_part_for_which_not_a_byte_stands_is_empty_and_takes_content() {
    let bare = |content: &str| Entry {
        bare: true,
        ..entry("docProps/thumbnail.xml", content)
    };
    let bytes = zip::archive(&[types(), bare("")]);
    let mut package = Package::open(bytes.clone(), &Limits::default()).unwrap();
    assert!(package.part("docProps/thumbnail.xml").unwrap().is_empty());
    let mut draft = Draft::new(&package);
    draft
        .edit("docProps/thumbnail.xml", [(0..0, "<a/>".into())])
        .unwrap();
    let set = draft.finish();
    package.apply(&set).unwrap();
    let mut changed = Package::open(package.write().unwrap(), &Limits::default()).unwrap();
    assert_eq!(&*changed.part("docProps/thumbnail.xml").unwrap(), b"<a/>");
    changed.apply(&set.invert()).unwrap();
    assert!(changed.write().unwrap() == bytes, "undone byte for byte");
    // Where content is declared, it has to be there.
    let package = opened(&[types(), bare("<a/>")]).unwrap();
    assert!(package.part("docProps/thumbnail.xml").is_err());
}
