//! The login keychain, through `security` of the system. The system asks the user for their password.

use std::ffi::OsStr;

use super::{Authority, TrustError, TrustState, body, body_of_file, run};

const TOOL: &str = "/usr/bin/security";

/// Trusted means a certificate of that name with these bytes is in the keychain and verifies as a root.
pub(super) fn state(authority: Authority<'_>) -> TrustState {
    let listed = run(
        TOOL,
        &[
            "find-certificate".as_ref(),
            "-p".as_ref(),
            "-c".as_ref(),
            authority.name.as_ref(),
        ],
    );
    let found = match listed {
        Ok(output) => body(&String::from_utf8_lossy(&output.stdout)),
        Err(TrustError::Refused(_)) => return TrustState::NotTrusted,
        Err(_) => return TrustState::Unknown,
    };
    if found.is_none() || found != body_of_file(authority.certificate) {
        return TrustState::NotTrusted;
    }
    let file = authority.certificate.as_os_str();
    match run(
        TOOL,
        &[
            "verify-cert".as_ref(),
            "-p".as_ref(),
            "ssl".as_ref(),
            "-l".as_ref(),
            "-c".as_ref(),
            file,
        ],
    ) {
        Ok(_) => TrustState::Trusted,
        Err(_) => TrustState::NotTrusted,
    }
}

pub(super) fn install(authority: Authority<'_>) -> Result<(), TrustError> {
    let root = OsStr::new("trustRoot");
    let file = authority.certificate.as_os_str();
    run(
        TOOL,
        &[
            "add-trusted-cert".as_ref(),
            "-r".as_ref(),
            root,
            "-p".as_ref(),
            "ssl".as_ref(),
            file,
        ],
    )
    .map(drop)
}

pub(super) fn remove(authority: Authority<'_>) -> Result<(), TrustError> {
    run(
        TOOL,
        &["remove-trusted-cert".as_ref(), authority.certificate.as_os_str()],
    )?;
    run(
        TOOL,
        &[
            "delete-certificate".as_ref(),
            "-c".as_ref(),
            authority.name.as_ref(),
        ],
    )
    .map(drop)
}
