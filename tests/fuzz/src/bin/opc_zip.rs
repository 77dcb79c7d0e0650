//! Any bytes as a package: every part read, and written back as it came.
#![no_main]

use deskhand_opc::{Limits, Package};
use libfuzzer_sys::fuzz_target;

/// Smaller than the product's: a bomb has to be refused by its cap, not by the machine.
const LIMITS: Limits = Limits {
    file_bytes: 1 << 20,
    parts: 256,
    part_bytes: 8 << 20,
    total_bytes: 16 << 20,
    ratio: 300,
    ratio_from: 1 << 20,
    spin_count: 1000,
    xml_depth: 64,
    xml_nodes: 100_000,
    written_out: 4 << 20,
};

fuzz_target!(|data: &[u8]| {
    let Ok(package) = Package::open(data.to_vec(), &LIMITS) else {
        return;
    };
    let parts: Vec<_> = package.parts().map(str::to_owned).collect();
    for part in &parts {
        if let Ok(content) = package.part(part) {
            assert!(content.len() as u64 <= LIMITS.part_bytes);
        }
        let _ = package.relationships(part);
    }
    let _ = (
        package.content_types(),
        package.is_signed(),
        package.label(),
        package.main_part(),
    );
    let written = package.write().expect("memory takes everything");
    let again = Package::open(written, &LIMITS).expect("what was written can be read");
    assert!(again.parts().eq(parts.iter().map(String::as_str)));
    for part in &parts {
        assert_eq!(package.part(part).ok(), again.part(part).ok());
    }
});
