//! Any bytes as a file of anchors: what is read, written out as lines of its own, is read as the same.
#![no_main]

use deskhand_trail::{anchor_line, read_anchors};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let anchors = match read_anchors(data) {
        Ok(anchors) => anchors,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let lines: Vec<String> = anchors.iter().map(anchor_line).collect();
    assert_eq!(read_anchors(lines.join("\n").as_bytes()).expect("they are anchors"), anchors);
});
