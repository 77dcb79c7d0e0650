//! The user's NSS database, through `certutil` of the package `libnss3-tools`.

use std::ffi::{OsStr, OsString};

use super::{Authority, TrustError, TrustState, body, body_of_file, nss_database, run};
use crate::permissions;

const TOOL: &str = "certutil";

pub(super) fn state(authority: Authority<'_>) -> TrustState {
    let database = database(authority);
    if !nss_database(authority.home).is_dir() {
        return TrustState::NotTrusted;
    }
    let listed = run(
        TOOL,
        &[
            "-L".as_ref(),
            "-d".as_ref(),
            &database,
            "-n".as_ref(),
            name(authority),
            "-a".as_ref(),
        ],
    );
    match listed {
        Ok(output) => {
            let found = body(&String::from_utf8_lossy(&output.stdout));
            if found.is_some() && found == body_of_file(authority.certificate) {
                TrustState::Trusted
            } else {
                TrustState::NotTrusted
            }
        }
        Err(TrustError::Refused(_)) => TrustState::NotTrusted,
        Err(_) => TrustState::Unknown,
    }
}

pub(super) fn install(authority: Authority<'_>) -> Result<(), TrustError> {
    let folder = nss_database(authority.home);
    let database = database(authority);
    if !folder.join("cert9.db").exists() {
        permissions::private_folder(&folder).map_err(std::io::Error::other)?;
        run(
            TOOL,
            &[
                "-N".as_ref(),
                "-d".as_ref(),
                &database,
                "--empty-password".as_ref(),
            ],
        )?;
    }
    // One name may hold several certificates, so an older one goes first.
    if state(authority) == TrustState::NotTrusted {
        drop(remove(authority));
    }
    let flags = OsStr::new("C,,");
    let file = authority.certificate.as_os_str();
    run(
        TOOL,
        &[
            "-A".as_ref(),
            "-d".as_ref(),
            &database,
            "-t".as_ref(),
            flags,
            "-n".as_ref(),
            name(authority),
            "-i".as_ref(),
            file,
        ],
    )?;
    Ok(())
}

pub(super) fn remove(authority: Authority<'_>) -> Result<(), TrustError> {
    run(
        TOOL,
        &[
            "-D".as_ref(),
            "-d".as_ref(),
            &database(authority),
            "-n".as_ref(),
            name(authority),
        ],
    )
    .map(drop)
}

fn name(authority: Authority<'_>) -> &OsStr {
    authority.name.as_ref()
}

fn database(authority: Authority<'_>) -> OsString {
    let mut database = OsString::from("sql:");
    database.push(nss_database(authority.home));
    database
}
