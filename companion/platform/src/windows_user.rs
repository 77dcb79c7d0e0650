//! Who is who on Windows: security identifiers of processes, and an access list for this user alone.

use std::io;
use std::ptr;

use windows_sys::Win32::Foundation::{CloseHandle, ERROR_ACCESS_DENIED, HANDLE, LocalFree};
use windows_sys::Win32::Security::Authorization::{
    ConvertSidToStringSidW, ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
};
use windows_sys::Win32::Security::{
    GetTokenInformation, PSECURITY_DESCRIPTOR, SECURITY_ATTRIBUTES, TOKEN_QUERY, TOKEN_USER, TokenUser,
};
use windows_sys::Win32::System::Threading::{
    GetCurrentProcess, OpenProcess, OpenProcessToken, PROCESS_QUERY_LIMITED_INFORMATION,
};

/// A handle that is closed when dropped.
struct Handle(HANDLE);

impl Drop for Handle {
    #[expect(unsafe_code, reason = "closing a handle is a call of the platform")]
    fn drop(&mut self) {
        // SAFETY: the handle was opened by this module and is closed once.
        unsafe { CloseHandle(self.0) };
    }
}

/// The security identifier (`S-1-5-…`) of the user this process runs as.
#[expect(
    unsafe_code,
    reason = "the pseudo handle of the own process comes from the platform"
)]
pub(crate) fn own_sid() -> io::Result<String> {
    // SAFETY: the pseudo handle of the current process is always valid and needs no closing.
    token_sid(unsafe { GetCurrentProcess() })
}

/// The security identifier of the user that process `pid` runs as; `None` when this user may not ask, which means that
/// the process is somebody else's.
#[expect(unsafe_code, reason = "opening a process is a call of the platform")]
pub(crate) fn process_sid(pid: u32) -> io::Result<Option<String>> {
    // SAFETY: no pointers are passed; the returned handle is checked and closed by its guard.
    let process = unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, pid) };
    let sid = if process.is_null() {
        Err(io::Error::last_os_error())
    } else {
        let process = Handle(process);
        token_sid(process.0)
    };
    match sid {
        Ok(sid) => Ok(Some(sid)),
        Err(error) if error.raw_os_error() == Some(ERROR_ACCESS_DENIED as i32) => Ok(None),
        Err(error) => Err(error),
    }
}

#[expect(unsafe_code, reason = "tokens and identifiers are read through the platform")]
fn token_sid(process: HANDLE) -> io::Result<String> {
    let mut token: HANDLE = ptr::null_mut();
    // SAFETY: `process` is a live handle of the caller, `token` a place for the answer.
    if unsafe { OpenProcessToken(process, TOKEN_QUERY, &raw mut token) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let token = Handle(token);
    // A TOKEN_USER and the longest identifier (68 bytes) fit; u64 keeps it aligned.
    let mut buffer = [0u64; 32];
    let mut written = 0u32;
    let size = u32::try_from(size_of_val(&buffer)).map_err(io::Error::other)?;
    // SAFETY: the buffer is writable for `size` bytes and aligned for TOKEN_USER.
    let done = unsafe {
        GetTokenInformation(
            token.0,
            TokenUser,
            buffer.as_mut_ptr().cast(),
            size,
            &raw mut written,
        )
    };
    if done == 0 {
        return Err(io::Error::last_os_error());
    }
    let mut text: *mut u16 = ptr::null_mut();
    // SAFETY: the call above filled a TOKEN_USER at the start of the buffer, whose Sid points into the same buffer.
    let done = unsafe {
        let user = &*buffer.as_ptr().cast::<TOKEN_USER>();
        ConvertSidToStringSidW(user.User.Sid, &raw mut text)
    };
    if done == 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the platform returned a null-terminated string that this function frees once.
    let sid = unsafe {
        let length = (0..256).take_while(|index| *text.add(*index) != 0).count();
        let sid = String::from_utf16_lossy(std::slice::from_raw_parts(text, length));
        LocalFree(text.cast());
        sid
    };
    Ok(sid)
}

/// Security attributes that let in this user and the system, and nobody else.
pub(crate) struct PrivateAccess {
    descriptor: PSECURITY_DESCRIPTOR,
    attributes: SECURITY_ATTRIBUTES,
}

impl PrivateAccess {
    #[expect(unsafe_code, reason = "an access list is parsed by the platform")]
    pub(crate) fn new() -> io::Result<Self> {
        // Protected (no inheritance from the parent); both entries inherited by what is made inside.
        let sddl = format!("D:P(A;OICI;GA;;;{})(A;OICI;GA;;;SY)", own_sid()?);
        let text: Vec<u16> = sddl.encode_utf16().chain([0]).collect();
        let mut descriptor: PSECURITY_DESCRIPTOR = ptr::null_mut();
        // SAFETY: `text` is null-terminated; the descriptor is freed when the value is dropped.
        let done = unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                text.as_ptr(),
                SDDL_REVISION_1,
                &raw mut descriptor,
                ptr::null_mut(),
            )
        };
        if done == 0 {
            return Err(io::Error::last_os_error());
        }
        let length = u32::try_from(size_of::<SECURITY_ATTRIBUTES>()).map_err(io::Error::other)?;
        let attributes = SECURITY_ATTRIBUTES {
            nLength: length,
            lpSecurityDescriptor: descriptor,
            bInheritHandle: 0,
        };
        Ok(Self {
            descriptor,
            attributes,
        })
    }

    /// The attributes, valid as long as this value lives.
    pub(crate) fn attributes(&self) -> *const SECURITY_ATTRIBUTES {
        &raw const self.attributes
    }
}

impl Drop for PrivateAccess {
    #[expect(unsafe_code, reason = "the platform allocated the descriptor and frees it")]
    fn drop(&mut self) {
        // SAFETY: the descriptor came from the platform and is freed once.
        unsafe { LocalFree(self.descriptor) };
    }
}
