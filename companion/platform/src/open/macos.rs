//! `open` of the system.

use std::ffi::OsStr;
use std::io;

pub(super) fn open(what: &OsStr) -> io::Result<()> {
    super::start("/usr/bin/open", what)
}
