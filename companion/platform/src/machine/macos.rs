//! macOS: `sw_vers` and `sysctl`.

use super::printed;

pub(super) fn version() -> Option<String> {
    printed("/usr/bin/sw_vers", &["-productVersion"]).map(|text| text.trim().to_owned())
}

pub(super) fn cpu() -> Option<String> {
    printed("/usr/sbin/sysctl", &["-n", "machdep.cpu.brand_string"]).map(|text| text.trim().to_owned())
}

pub(super) fn memory() -> Option<u64> {
    printed("/usr/sbin/sysctl", &["-n", "hw.memsize"])?
        .trim()
        .parse()
        .ok()
}

pub(super) fn account() -> Option<String> {
    super::account_of_directory()
}
