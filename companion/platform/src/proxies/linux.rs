//! Linux: no settings beside the environment.

use super::SystemProxies;

pub(super) fn read() -> SystemProxies {
    SystemProxies::default()
}
