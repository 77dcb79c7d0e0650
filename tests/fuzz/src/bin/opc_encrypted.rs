//! Any bytes as a file that is protected by a password: told apart, opened, sealed and opened again.
#![no_main]

use deskhand_opc::{Encryption, Limits, Package};
use libfuzzer_sys::fuzz_target;

/// Smaller than the product's: what costs has to be refused by its cap, not by the machine.
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
/// The one of the seeds.
const PASSWORD: &str = "fuzz";

fuzz_target!(|data: &[u8]| {
    // What kind of file it is, is told without a password.
    let _ = Package::open(data.to_vec(), &LIMITS);
    let Ok((content, encryption)) = Encryption::open(data, PASSWORD, &LIMITS) else {
        return;
    };
    assert!(content.len() <= data.len(), "encryption packs nothing");
    let Ok(sealed) = encryption.seal(&content) else {
        return;
    };
    let (again, _) = Encryption::open(&sealed, PASSWORD, &LIMITS).expect("what was sealed can be opened");
    assert_eq!(again, content);
});
