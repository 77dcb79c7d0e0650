//! Plain text by lines, and changed without touching anything else.

use std::io::Cursor;

use deskhand_operations::{Refusal, RefusalCode};
use deskhand_text::{PlainEdit, PlainPage, edit_plain, read_plain};

fn read(bytes: &[u8], from: u64, most: u64) -> Result<PlainPage, Refusal> {
    read_plain(Cursor::new(bytes), from, most)
}

fn edit(find: &str, replace: &str) -> PlainEdit {
    PlainEdit {
        find: find.to_owned(),
        replace: replace.to_owned(),
        all: false,
    }
}

fn wide(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

#[test]
fn lines_are_read_whatever_ends_them() {
    for text in [
        "one\ntwo\n\nfour",
        "one\r\ntwo\r\n\r\nfour\r\n",
        "one\rtwo\r\rfour",
    ] {
        let page = read(text.as_bytes(), 1, 100).unwrap();
        assert_eq!(page.lines, ["one", "two", "", "four"], "{text:?}");
        assert_eq!((page.first, page.next, page.encoding), (1, None, "UTF-8"));
    }
    let page = read(&wide("Größe\r\nzwei"), 1, 100).unwrap();
    assert_eq!(
        (page.lines.join("|"), page.encoding),
        ("Größe|zwei".to_owned(), "UTF-16LE")
    );
    assert_eq!(read(b"", 1, 10).unwrap().lines, [""; 0]);
}

#[test]
fn pages_join_to_the_whole_file() {
    let all: Vec<String> = (0..20_000).map(|number| format!("line {number} ü")).collect();
    let bytes = all.join("\r\n").into_bytes();
    let (mut from, mut met) = (1, Vec::new());
    loop {
        let page = read(&bytes, from, 3_000).unwrap();
        met.extend(page.lines);
        match page.next {
            Some(next) => from = next,
            None => break,
        }
    }
    assert_eq!(met, all);
    let last = read(&bytes, 20_000, 1).unwrap();
    assert_eq!((last.lines[0].as_str(), last.next), ("line 19999 ü", None));
    let beyond = read(&bytes, 20_001, 1).unwrap_err();
    assert_eq!(beyond.message, "There is no line 20001: the file has 20000.");
}

#[test]
fn long_lines_are_cut_and_pages_end_when_they_are_long() {
    let text = format!("{}\n{}\nend", "ü".repeat(1_000_000), "x".repeat(2_000));
    let page = read(text.as_bytes(), 1, 10).unwrap();
    assert_eq!(page.lines[0].chars().count(), 2_001);
    assert_eq!((page.lines[1].len(), page.lines[2].as_str()), (2_000, "end"));
    assert_eq!(
        page.findings,
        ["1 lines are longer than 2000 characters and were cut"]
    );
    let many = format!("{}\n", "y".repeat(1_999)).repeat(300);
    let page = read(many.as_bytes(), 1, 5_000).unwrap();
    assert_eq!((page.lines.len(), page.next), (101, Some(102)));
}

#[test]
fn what_is_no_text_is_refused() {
    for bytes in [b"PK\x03\x04\0\0\0\0".as_slice(), b"\xff\xfe\0\0a\0\0\0"] {
        assert!(read(bytes, 1, 10).is_err(), "{bytes:?}");
        assert!(edit_plain(bytes, &[edit("a", "b")]).is_err());
    }
}

#[test]
fn only_the_words_change_in_any_encoding() {
    let latin: Vec<u8> = "Überschuß: alt\r\nGrüße aus Köln, schöne Größe\r\n"
        .chars()
        .map(|c| c as u8)
        .collect();
    let mut expected = latin.clone();
    expected.splice(11..14, *b"ne\xfc");
    let edited = edit_plain(&latin, &[edit("alt", "neü")]).unwrap();
    assert_eq!((edited.bytes, edited.places), (expected, 1));
    let edited = edit_plain(&wide("a\r\nalt\r\n"), &[edit("a\nalt", "a\n\nneü 𝄞")]).unwrap();
    assert_eq!(edited.bytes, wide("a\r\n\r\nneü 𝄞\r\n"));
    let marked = "\u{FEFF}alt und alt\n".as_bytes();
    let both = PlainEdit {
        all: true,
        ..edit("alt", "neu")
    };
    let edited = edit_plain(marked, &[both]).unwrap();
    assert_eq!(
        (edited.bytes.as_slice(), edited.places),
        ("\u{FEFF}neu und neu\n".as_bytes(), 2)
    );
    // Bytes of no known encoding come back as they are.
    let odd = edit_plain(b"abc \xc3\x28 \xe2\x82", &[edit("b", "c")]).unwrap();
    assert_eq!(odd.bytes, b"acc \xc3\x28 \xe2\x82");
    let steps = [edit("one", "two"), edit("two", "three")];
    assert_eq!(edit_plain(b"one", &steps).unwrap().bytes, b"three");
}

#[test]
fn edits_that_cannot_be_made_are_refused_by_name() {
    let latin: Vec<u8> = "Grüße aus Köln, schöne Größe".chars().map(|c| c as u8).collect();
    let cases: [(&[u8], PlainEdit, RefusalCode, &str); 6] = [
        (
            b"abc",
            edit("x", "y"),
            RefusalCode::NotFound,
            "The words are not in the file",
        ),
        (b"abab", edit("ab", "y"), RefusalCode::BadInput, "in 2 places"),
        (b"abc", edit("", "y"), RefusalCode::BadInput, "no words"),
        (b"abc", edit("b", "b"), RefusalCode::BadInput, "the same"),
        (
            &latin,
            edit("Köln", "Łódź"),
            RefusalCode::BadInput,
            "letter 'Ł' is not in windows-1252",
        ),
        (
            b"\xff\xfeb\0\x00\xd8c\0",
            edit("b", "c"),
            RefusalCode::Unsupported,
            "no text",
        ),
    ];
    for (bytes, asked, code, words) in cases {
        let refusal = edit_plain(bytes, &[asked]).unwrap_err();
        assert!(
            refusal.code == code && refusal.message.contains(words),
            "{refusal}"
        );
    }
}
