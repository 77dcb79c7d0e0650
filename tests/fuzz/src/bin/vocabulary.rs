//! Any text as an address, and as operations and answers in JSON: what is read is written and read again as the same.
#![no_main]

use deskhand_operations::{Address, Answer, Area, Operation};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(address) = Address::parse(text) {
        assert_eq!(Address::parse(&address.to_string()), Ok(address));
    }
    if let Ok(area) = Area::parse(text) {
        assert_eq!(Area::parse(&area.to_string()), Ok(area));
        let _ = (area.cells(), area.intersection(&Area::cell(1, 1)));
    }
    if let Ok(operation) = serde_json::from_str::<Operation>(text) {
        let json = serde_json::to_string(&operation).expect("an operation is JSON");
        let again: Operation = serde_json::from_str(&json).expect("what was written can be read");
        assert_eq!(again.definition().name, operation.definition().name);
    }
    let _ = serde_json::from_str::<Answer>(text);
});
