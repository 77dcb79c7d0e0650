//! The root store of this user, through `certutil` of the system. The system asks the user before it adds a root.

use super::{Authority, TrustError, TrustState, body, body_of_file, run};

const TOOL: &str = "certutil.exe";

pub(super) fn state(authority: Authority<'_>) -> TrustState {
    let Ok(folder) = tempfile::tempdir() else {
        return TrustState::Unknown;
    };
    let exported = folder.path().join("found.cer");
    let store = run(
        TOOL,
        &[
            "-user".as_ref(),
            "-store".as_ref(),
            "Root".as_ref(),
            authority.name.as_ref(),
            exported.as_os_str(),
        ],
    );
    match store {
        Ok(_) => {}
        Err(TrustError::Refused(_)) => return TrustState::NotTrusted,
        Err(_) => return TrustState::Unknown,
    }
    // The export is DER; the same tool turns it into PEM.
    let text = folder.path().join("found.pem");
    if run(
        TOOL,
        &["-encode".as_ref(), exported.as_os_str(), text.as_os_str()],
    )
    .is_err()
    {
        return TrustState::Unknown;
    }
    let found = std::fs::read_to_string(&text).ok().and_then(|pem| body(&pem));
    if found.is_some() && found == body_of_file(authority.certificate) {
        TrustState::Trusted
    } else {
        TrustState::NotTrusted
    }
}

pub(super) fn install(authority: Authority<'_>) -> Result<(), TrustError> {
    let file = authority.certificate.as_os_str();
    run(
        TOOL,
        &[
            "-user".as_ref(),
            "-f".as_ref(),
            "-addstore".as_ref(),
            "Root".as_ref(),
            file,
        ],
    )
    .map(drop)
}

pub(super) fn remove(authority: Authority<'_>) -> Result<(), TrustError> {
    run(
        TOOL,
        &[
            "-user".as_ref(),
            "-delstore".as_ref(),
            "Root".as_ref(),
            authority.name.as_ref(),
        ],
    )
    .map(drop)
}
