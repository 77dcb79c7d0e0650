//! Windows: the Internet Options of the connection in use, by the function that browsers ask. It heeds what Group Policy
//! sets and `ProxySettingsPerUser`. Where the user has none, the settings of `netsh winhttp`, as a service has them.

use windows_sys::Win32::Foundation::GlobalFree;
use windows_sys::Win32::Networking::WinHttp::{
    WINHTTP_ACCESS_TYPE_NAMED_PROXY, WINHTTP_CURRENT_USER_IE_PROXY_CONFIG, WINHTTP_PROXY_INFO,
    WinHttpGetDefaultProxyConfiguration, WinHttpGetIEProxyConfigForCurrentUser,
};
use windows_sys::core::PWSTR;

use super::{SystemProxies, options};

/// Units of UTF-16 that are read of a text; longer ones are cut.
const MAX_TEXT: usize = 1 << 16;

pub(super) fn read() -> SystemProxies {
    let user = of_user().unwrap_or_default();
    if user.https.is_some() || user.http.is_some() || user.script.is_some() {
        return user;
    }
    SystemProxies {
        detects: user.detects,
        ..of_machine().unwrap_or_default()
    }
}

#[expect(unsafe_code, reason = "the settings come from the platform")]
fn of_user() -> Option<SystemProxies> {
    let mut said = WINHTTP_CURRENT_USER_IE_PROXY_CONFIG::default();
    // SAFETY: `said` is a place for the answer.
    if unsafe { WinHttpGetIEProxyConfigForCurrentUser(&raw mut said) } == 0 {
        return None;
    }
    let [script, servers, except] = [said.lpszAutoConfigUrl, said.lpszProxy, said.lpszProxyBypass].map(taken);
    Some(SystemProxies {
        script: Some(script).filter(|script| !script.is_empty()),
        detects: said.fAutoDetect != 0,
        ..options::read(&servers, &except)
    })
}

#[expect(unsafe_code, reason = "the settings come from the platform")]
fn of_machine() -> Option<SystemProxies> {
    let mut said = WINHTTP_PROXY_INFO::default();
    // SAFETY: `said` is a place for the answer.
    if unsafe { WinHttpGetDefaultProxyConfiguration(&raw mut said) } == 0 {
        return None;
    }
    let [servers, except] = [said.lpszProxy, said.lpszProxyBypass].map(taken);
    (said.dwAccessType == WINHTTP_ACCESS_TYPE_NAMED_PROXY).then(|| options::read(&servers, &except))
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
