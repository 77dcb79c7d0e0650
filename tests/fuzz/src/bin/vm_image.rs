//! Any bytes as the list of an image from a store: one that is read names known files alone, each once, within the caps.
#![no_main]

use deskhand_vm_host::read_manifest;
use libfuzzer_sys::fuzz_target;

const KNOWN: [&str; 5] = ["kernel", "initrd", "system.squashfs", "office.squashfs", "session.qcow2"];

fuzz_target!(|data: &[u8]| {
    let image = match read_manifest(data) {
        Ok(image) => image,
        Err(error) => {
            assert!(!error.to_string().is_empty() && error.to_string().len() < 1000);
            return;
        }
    };
    let mut names: Vec<&str> = image.parts.iter().map(|part| part.name.as_str()).collect();
    assert!(names.iter().all(|name| KNOWN.contains(name)));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), image.parts.len());
    assert!(image.size() <= 6 << 30);
});
