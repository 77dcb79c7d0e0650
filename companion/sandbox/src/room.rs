//! Whether this computer has memory for another machine.

/// Memory that a machine and QEMU around it take at the most, in bytes, and what is left to everything else.
const OF_A_MACHINE: u64 = 1_400 << 20;
const LEFT: u64 = 1 << 30;

/// How much must be free that a machine waits for a session that may never come.
const FOR_ONE_THAT_WAITS: u64 = 6 << 30;

/// True where another machine fits. Where the system does not say how much is free, it does.
pub(crate) fn fits_another() -> bool {
    available().is_none_or(|free| free >= OF_A_MACHINE + LEFT)
}

/// True where there is so much memory that one may wait.
pub(crate) fn fits_one_that_waits() -> bool {
    available().is_some_and(|free| free >= FOR_ONE_THAT_WAITS)
}

/// Bytes that new programs may take without others being paged out (proc(5), `MemAvailable`).
fn available() -> Option<u64> {
    let told = std::fs::read_to_string("/proc/meminfo").ok()?;
    of_meminfo(&told)
}

fn of_meminfo(told: &str) -> Option<u64> {
    let line = told.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_memory_is_read_from_the_system() {
        let told = "MemTotal:       24000000 kB\nMemFree:  1 kB\nMemAvailable:   20000000 kB\n";
        assert_eq!(of_meminfo(told), Some(20_480_000_000));
        assert_eq!(of_meminfo("MemTotal: 1 kB"), None);
    }
}
