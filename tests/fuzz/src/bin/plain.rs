//! Any bytes as plain text: the pages join to the whole, and an edit changes nothing but its words.
#![no_main]

use std::io::Cursor;

use deskhand_text::{PlainEdit, edit_plain, read_plain};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(whole) = read_plain(Cursor::new(data), 1, 5_000) else {
        return;
    };
    let (mut from, mut lines) = (1, Vec::new());
    for _ in 0..64 {
        let page = read_plain(Cursor::new(data), from, 7).expect("what was read can be read");
        assert!(page.lines.len() <= 7);
        lines.extend(page.lines);
        match page.next {
            Some(next) => from = next,
            None => break,
        }
    }
    assert_eq!(lines[..], whole.lines[..lines.len()], "pages that do not join");
    let edit = |find: &str, replace: &str| PlainEdit {
        find: find.to_owned(),
        replace: replace.to_owned(),
        all: true,
    };
    let edited = edit_plain(data, &[edit("a", "a~Q~")]);
    // Put there and taken away again, the file is what it was. Which encoding is guessed may follow from the words.
    if let Ok(edited) = edited
        && std::str::from_utf8(data).is_ok()
        && !data.contains(&b'~')
    {
        let back = edit_plain(&edited.bytes, &[edit("a~Q~", "a")]).expect("the words are there");
        assert_eq!(back.bytes, data, "an edit touched more than its words");
    }
});
