//! Linux: no settings beside the environment.

use std::io;

use super::SystemProxies;

#[expect(clippy::unnecessary_wraps, reason = "the other systems may not answer")]
pub(super) fn read() -> io::Result<SystemProxies> {
    Ok(SystemProxies::default())
}
