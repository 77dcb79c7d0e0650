//! `ShellExecuteW`, which takes no command line that could be misread.

use std::ffi::OsStr;
use std::io;
use std::os::windows::ffi::OsStrExt;
use std::ptr;

use windows_sys::Win32::UI::Shell::ShellExecuteW;
use windows_sys::Win32::UI::WindowsAndMessaging::SW_SHOWNORMAL;

#[expect(unsafe_code, reason = "the shell is a call of the platform")]
pub(super) fn open(what: &OsStr) -> io::Result<()> {
    let what: Vec<u16> = what.encode_wide().chain([0]).collect();
    let verb: Vec<u16> = "open\0".encode_utf16().collect();
    // SAFETY: both strings are null-terminated and outlive the call; the other pointers may be null.
    let code = unsafe {
        ShellExecuteW(
            ptr::null_mut(),
            verb.as_ptr(),
            what.as_ptr(),
            ptr::null(),
            ptr::null(),
            SW_SHOWNORMAL,
        )
    };
    // Values above 32 mean success.
    if code as isize > 32 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
