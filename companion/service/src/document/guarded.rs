//! Files that are guarded: by a password, which comes on standard input and goes nowhere else, or by a signature, which no
//! edit breaks unasked.

use std::io::{self, BufRead as _, Read as _, Write};

use deskhand_documents::Door;
use deskhand_opc::{Encryption, Limits, Package, PackageError, open_file};
use deskhand_operations::{Refusal, RefusalCode};
use deskhand_workspace::Fingerprint;
use zeroize::Zeroizing;

use super::{Outcome, Password, To, refused};

/// Bytes of a password at the most; Office takes 255 characters.
const MAX_PASSWORD: u64 = 4096;

/// A package as it lies behind a door.
pub(super) struct Held {
    pub(super) door: Door,
    pub(super) package: Package,
    /// The mark of the file.
    pub(super) read: Fingerprint,
    /// What the file was protected with.
    pub(super) encryption: Option<Encryption>,
}

impl Password {
    /// The password, where one comes: the first line of standard input, without its end. What follows is left there.
    pub(super) fn take(&self) -> Outcome<Option<Zeroizing<String>>> {
        if !self.password_stdin {
            return Ok(None);
        }
        let mut line = Zeroizing::new(Vec::with_capacity(MAX_PASSWORD as usize));
        let read = io::stdin().lock().take(MAX_PASSWORD).read_until(b'\n', &mut line);
        read.map_err(anyhow::Error::from)?;
        while line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            line.pop();
        }
        match std::str::from_utf8(&line) {
            Ok(text) if !text.is_empty() => Ok(Some(Zeroizing::new(text.to_owned()))),
            _ => refused(
                RefusalCode::BadInput,
                "No password came on the first line of standard input; nothing was changed.",
            ),
        }
    }

    /// Refuses a password for files that have none.
    pub(super) fn check_none(&self) -> Outcome<()> {
        if self.password_stdin {
            return refused(
                RefusalCode::BadInput,
                "Only workbooks, decks and word documents are opened with a password; nothing was changed.",
            );
        }
        Ok(())
    }
}

/// Opens the package behind a door.
pub(super) fn held(door: Door, password: Option<&str>) -> Outcome<Held> {
    let limits = Limits::default();
    let (mut file, read) = door.open(limits.file_bytes)?;
    let opened = match password {
        None => open_file(file, &limits).map(|package| (package, None)),
        Some(password) => {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(anyhow::Error::from)?;
            Package::open_protected(&bytes, password, &limits)
                .map(|(package, encryption)| (package, Some(encryption)))
        }
    };
    let (package, encryption) = opened.map_err(|error| {
        let Refusal { code, message } = Refusal::from(&error);
        let way = match error {
            PackageError::Encrypted => " Give it with --password-stdin.",
            PackageError::NotProtected => " Leave --password-stdin out.",
            _ => "",
        };
        Refusal::new(code, format!("{}: {message}{way}", door.path().display()))
    })?;
    Ok(Held {
        door,
        package,
        read,
        encryption,
    })
}

/// What takes the place of a file: protected as the file was, so that nothing of it ever lies on disk in plain.
pub(super) enum Saved<'a> {
    Plain(&'a Package),
    Sealed(Vec<u8>),
}

impl<'a> Saved<'a> {
    pub(super) fn of(package: &'a Package, encryption: Option<&Encryption>) -> Outcome<Self> {
        let Some(encryption) = encryption else {
            return Ok(Self::Plain(package));
        };
        let plain = package.write().map(Zeroizing::new);
        let plain = plain.map_err(anyhow::Error::from)?;
        let sealed = encryption.seal(&plain).map_err(|error| Refusal::from(&error))?;
        Ok(Self::Sealed(sealed))
    }

    pub(super) fn write_to(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::Plain(package) => package.write_to(out),
            Self::Sealed(bytes) => out.write_all(bytes),
        }
    }
}

/// Refuses an edit that breaks a signature and was not asked to.
pub(super) fn check_signature(package: &Package, to: &To) -> Outcome<()> {
    if to.break_signature || !package.is_signed().map_err(|error| Refusal::from(&error))? {
        return Ok(());
    }
    // A signature that cannot be read is one all the same.
    let signatures = package.signatures().unwrap_or_default();
    let signers: Vec<String> = signatures.into_iter().filter_map(|one| one.signer).collect();
    let by = if signers.is_empty() {
        String::new()
    } else {
        format!(" by {}", signers.join(" and "))
    };
    refused(
        RefusalCode::Protected,
        format!(
            "The file is signed{by}, and an edit breaks the signature; nothing was changed. Give --break-signature to edit it."
        ),
    )
}
