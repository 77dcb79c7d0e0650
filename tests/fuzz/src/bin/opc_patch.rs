//! A package and a patch set as JSON: applied whole or not at all, written, and taken back.
#![no_main]

use deskhand_fuzz::Input;
use deskhand_opc::{Limits, Package, PatchSet};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut input = Input::read(data);
    let Some(set) = input
        .take("patches")
        .and_then(|json| serde_json::from_slice::<PatchSet>(json).ok())
    else {
        return;
    };
    let limits = Limits::default();
    let Ok(before) = Package::open(input.archive(), &limits) else {
        return;
    };
    let mut package = before.clone();
    if package.apply(&set).is_err() {
        assert_eq!(
            contents(&package),
            contents(&before),
            "a refused set changed something"
        );
        return;
    }
    let written = package.write().expect("memory takes everything");
    if let Ok(again) = Package::open(written, &limits) {
        assert_eq!(
            contents(&again),
            contents(&package),
            "written otherwise than it stands"
        );
    } else {
        assert!(
            !package.contains("[Content_Types].xml"),
            "what was written cannot be read"
        );
    }
    let inverse = set.invert();
    assert_eq!(inverse.bytes(), set.bytes());
    // A set that was never made from this package may have no way back; then it is refused.
    if package.apply(&inverse).is_ok() {
        assert_eq!(
            contents(&package),
            contents(&before),
            "taking back gave something else"
        );
    }
});

fn contents(package: &Package) -> Vec<(String, Option<Vec<u8>>)> {
    let mut parts: Vec<_> = package
        .parts()
        .map(|part| {
            (
                part.to_owned(),
                package.part(part).ok().map(|content| content.to_vec()),
            )
        })
        .collect();
    parts.sort();
    parts
}
