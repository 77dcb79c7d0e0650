//! A host whose changes are not heard of: names and attributes are asked for each time.

use cap_std::fs::Dir;

use super::Heard;

#[derive(Debug)]
pub(crate) struct Watcher;

impl Watcher {
    pub(crate) fn new(_: usize) -> Self {
        Self
    }

    pub(crate) fn add(&self, _: u64, _: &Dir) -> bool {
        false
    }

    pub(crate) fn remove(&self, _: u64) {}

    pub(crate) async fn next(&self) -> Vec<Heard> {
        std::future::pending().await
    }
}
