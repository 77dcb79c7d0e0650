//! Windows: what `ver` prints. The model of the processor and the memory are not asked for.

use super::printed;

pub(super) fn version() -> Option<String> {
    // Microsoft Windows [Version 10.0.26100.2033], the words in the language of the system.
    let text = printed("cmd.exe", &["/d", "/c", "ver"])?;
    let inner = text.split_once('[')?.1.split_once(']')?.0;
    inner.split_whitespace().last().map(str::to_owned)
}

pub(super) fn cpu() -> Option<String> {
    None
}

pub(super) fn memory() -> Option<u64> {
    None
}

pub(super) fn account() -> Option<String> {
    None
}
