//! Any bytes as a file of settings in any form: property list, registry file, JSON. What is read can be checked, taken over
//! and written again, and says the same then.
#![no_main]

use deskhand_policy::check::{check, text};
use deskhand_policy::format::{FILE_CAP, WrittenFor, read};
use deskhand_policy::import::import;
use deskhand_policy::{Format, definition, export, unused};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let profile = match read(data, "") {
        Ok(profile) => profile,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    assert!(data.len() <= FILE_CAP && profile.remarks.len() <= 200);
    let findings = check(&profile);
    assert!(!text(&findings).is_empty());
    let taken = import(&profile);
    for entry in &profile.entries {
        let named = taken.differences.iter().any(|difference| difference.line == entry.line);
        let row = definition(&entry.key);
        let kept = row.is_some_and(|row| taken.settings.get(row.name).is_some());
        assert!(kept || named, "a key is gone without a word");
        assert!(row.is_some() || unused(&entry.key).is_some() || !findings.is_empty());
    }
    for format in [Format::Mobileconfig, Format::Reg, Format::Json] {
        let bytes = export(format, &taken.settings, "Fuzz").expect("these forms hold values");
        match read(&bytes, "deskhand") {
            Ok(again) => {
                assert_eq!(again.written_for, WrittenFor::Deskhand);
                assert_eq!(import(&again).settings, taken.settings);
            }
            // A registry file that sets nothing is no file of settings, and text of the values may be beyond the cap.
            Err(_) => assert!(taken.settings.is_empty() || bytes.len() > FILE_CAP),
        }
    }
});
