//! Any bytes as a part's XML: events to the end, and the tree with the edits that it offers.
#![no_main]

use deskhand_opc::Limits;
use deskhand_opc::xml::{Event, Reader, Tree, escape, unescape};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let limits = Limits::default();
    events(data, &limits);
    if let Ok(tree) = Tree::parse("part.xml", data, &limits) {
        for node in tree.root().descendants() {
            assert!(data.get(node.span()).is_some(), "an element outside the part");
            assert!(data.get(node.inner()).is_some(), "a content outside the part");
            let edits = [
                node.append("<a/>"),
                node.prepend("<a/>"),
                node.tag().set_attribute("a", "<\"&'>"),
            ];
            for (range, _) in edits {
                assert!(data.get(range).is_some(), "an edit outside the part");
            }
            // What XML cannot hold is left out; the rest comes back.
            let escaped = escape(node.own_text());
            let plain = unescape(&escaped).expect("what was escaped can be read");
            assert_eq!(escape(&plain), escaped);
            for attribute in node.tag().attributes() {
                let _ = node.attribute(attribute.name);
                let _ = node.tag().remove_attribute(attribute.name);
            }
        }
        let mut edited = data.to_vec();
        let (range, new) = tree.root().append("<a/>");
        edited.splice(range, new.iter().copied());
        assert!(
            Tree::parse("part.xml", &edited, &limits).is_ok(),
            "an edit broke the part"
        );
    }
});

fn events(data: &[u8], limits: &Limits) {
    let Ok(mut reader) = Reader::new("part.xml", data, limits) else {
        return;
    };
    while let Ok(Some(event)) = reader.next_event() {
        assert!(reader.position() <= data.len());
        assert!(reader.depth() <= limits.xml_depth);
        if let Event::Start(tag) = event {
            assert!(data.get(tag.span.clone()).is_some());
            if tag.local() == "skip" {
                let _ = reader.skip();
            } else if tag.local() == "t" {
                let _ = reader.text();
            }
        }
    }
}
