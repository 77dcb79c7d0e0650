//! The reference page is what the table says. A stale one is rewritten, and the test fails once.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use deskhand_trail::{What, render};

#[test]
fn the_reference_page_is_current() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("generated/audit.md");
    let expected = render::markdown(What::TABLE);
    if fs::read_to_string(&page).ok().as_deref() != Some(expected.as_str()) {
        fs::write(page, expected).unwrap();
        panic!("the page was rewritten: commit it");
    }
}

#[test]
fn every_kind_has_a_name_of_its_own_and_says_what_it_is() {
    let names: BTreeSet<_> = What::TABLE.iter().map(|kind| kind.name).collect();
    assert_eq!(names.len(), What::TABLE.len());
    for kind in What::TABLE {
        assert!(kind.summary.ends_with('.'), "{}", kind.name);
        assert!(
            kind.fields.iter().all(|field| field.summary.ends_with('.')),
            "{}",
            kind.name
        );
    }
}
