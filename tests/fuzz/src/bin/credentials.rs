//! Any bytes as what a credential helper prints and as a file of Google's credentials: keys come only where they are meant, and nothing is
//! taken that has ended.
#![no_main]

use std::time::SystemTime;

use deskhand_inference::credential::{GoogleFile, read_answer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let now = SystemTime::UNIX_EPOCH;
    for for_aws in [false, true] {
        match read_answer(data, for_aws, now) {
            Ok(credential) => {
                assert!(for_aws || credential.aws.is_none(), "keys where none are meant");
                assert!(credential.ends_at.is_none_or(|end| end > now), "it has ended");
            }
            Err(why) => assert!(!why.is_empty()),
        }
    }
    if let Err(fault) = GoogleFile::read(data) {
        assert!(!fault.to_string().is_empty());
    }
});
