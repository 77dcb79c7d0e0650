//! `xdg-open` of the desktop.

use std::ffi::OsStr;
use std::io;

pub(super) fn open(what: &OsStr) -> io::Result<()> {
    super::start("xdg-open", what)
}
