//! Windows: the Internet Options of the connection in use, by the function that browsers ask. It heeds what Group Policy
//! sets and `ProxySettingsPerUser`. Where the user has none, the settings of `netsh winhttp`, as a service has them.

use std::io;

use windows_sys::Win32::Foundation::GlobalFree;
use windows_sys::Win32::Networking::WinHttp::{
    WINHTTP_ACCESS_TYPE_NAMED_PROXY, WINHTTP_CURRENT_USER_IE_PROXY_CONFIG, WINHTTP_PROXY_INFO,
    WinHttpGetDefaultProxyConfiguration, WinHttpGetIEProxyConfigForCurrentUser,
};
use windows_sys::core::PWSTR;

use super::{SystemProxies, options};

/// Units of UTF-16 that are read of a text; longer ones are cut.
const MAX_TEXT: usize = 1 << 16;

pub(super) fn read() -> io::Result<SystemProxies> {
    let user = of_user()?;
    if user.https.is_some() || user.http.is_some() || user.script.is_some() {
        return Ok(user);
    }
    Ok(SystemProxies {
        detects: user.detects,
        ..of_machine()?
    })
}

#[expect(unsafe_code, reason = "the settings come from the platform")]
fn of_user() -> io::Result<SystemProxies> {
    let mut said = WINHTTP_CURRENT_USER_IE_PROXY_CONFIG::default();
    // SAFETY: `said` is a place for the answer.
    if unsafe { WinHttpGetIEProxyConfigForCurrentUser(&raw mut said) } == 0 {
        let error = io::Error::last_os_error();
        // Its word for a user without settings.
        return match error.kind() {
            io::ErrorKind::NotFound => Ok(SystemProxies::default()),
            _ => Err(error),
        };
    }
    let [script, servers, except] = [said.lpszAutoConfigUrl, said.lpszProxy, said.lpszProxyBypass].map(taken);
    Ok(SystemProxies {
        script: Some(script).filter(|script| !script.is_empty()),
        detects: said.fAutoDetect != 0,
        ..options::read(&servers, &except)
    })
}

#[expect(unsafe_code, reason = "the settings come from the platform")]
fn of_machine() -> io::Result<SystemProxies> {
    let mut said = WINHTTP_PROXY_INFO::default();
    // SAFETY: `said` is a place for the answer.
    if unsafe { WinHttpGetDefaultProxyConfiguration(&raw mut said) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let [servers, except] = [said.lpszProxy, said.lpszProxyBypass].map(taken);
    Ok(if said.dwAccessType == WINHTTP_ACCESS_TYPE_NAMED_PROXY {
        options::read(&servers, &except)
    } else {
        SystemProxies::default()
    })
}

/// The text that the platform hands over, given back to it; empty where there is none.
#[expect(unsafe_code, reason = "the platform allocated the text")]
fn taken(text: PWSTR) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: WinHTTP hands out texts that end with a null, to be freed once by `GlobalFree`.
    unsafe {
        let length = (0..MAX_TEXT).take_while(|index| *text.add(*index) != 0).count();
        let read = String::from_utf16_lossy(std::slice::from_raw_parts(text, length));
        GlobalFree(text.cast());
        read
    }
}
