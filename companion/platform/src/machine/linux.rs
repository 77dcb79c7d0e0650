//! Linux: `os-release(5)` and the kernel's own files.

use std::fs;

pub(super) fn version() -> Option<String> {
    let of_distribution = fs::read_to_string("/etc/os-release")
        .ok()
        .and_then(|text| field(&text, "VERSION_ID="));
    of_distribution.or_else(|| {
        fs::read_to_string("/proc/sys/kernel/osrelease")
            .ok()
            .map(|text| text.trim().to_owned())
    })
}

pub(super) fn cpu() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, model)| model.trim().to_owned())
}

pub(super) fn memory() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let kilobytes: u64 = field(&text, "MemTotal:")?
        .split_whitespace()
        .next()?
        .parse()
        .ok()?;
    kilobytes.checked_mul(1024)
}

pub(super) fn account() -> Option<String> {
    None
}

/// What stands behind a name at the beginning of a line.
fn field(text: &str, name: &str) -> Option<String> {
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(value.trim().trim_matches('"').to_owned())
}
