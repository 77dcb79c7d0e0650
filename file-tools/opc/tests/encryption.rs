//! Password protection against a tool that is not ours: what it seals we open, and what we seal it opens.
#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use deskhand_opc::{Encryption, Limits, Package, PackageError};

const PASSWORD: &str = "Pässwört 東京 1";

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn workbook() -> Vec<u8> {
    fs::read(here("../fixtures/workbooks/ironcalc__example.xlsx")).unwrap()
}

/// Runs the other tool; what it printed.
fn office(arguments: &[&str]) -> String {
    let output = Command::new(deskhand_test_support::python())
        .arg(here("tests/encryption/office.py"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// A workbook that the other tool protected: kind, hash, bits of the key, rounds.
fn protected((kind, hash, bits, rounds): (&str, &str, &str, &str)) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (plain, out) = (folder.path().join("plain.xlsx"), folder.path().join("out.xlsx"));
    fs::write(&plain, workbook()).unwrap();
    let (from, to) = (plain.to_str().unwrap(), out.to_str().unwrap());
    office(&[kind, hash, bits, rounds, PASSWORD, from, to]);
    fs::read(out).unwrap()
}

/// What the other tool finds in a file: its streams and its package.
fn read_elsewhere(file: &[u8]) -> (String, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let (path, out) = (
        folder.path().join("sealed.xlsx"),
        folder.path().join("plain.xlsx"),
    );
    fs::write(&path, file).unwrap();
    let streams = office(&["open", PASSWORD, path.to_str().unwrap(), out.to_str().unwrap()]);
    (streams, fs::read(out).unwrap())
}

#[test]
fn every_variant_is_opened_and_sealed_again_with_the_same_password() {
    for variant in [
        ("agile", "SHA512", "256", "100000"),
        ("agile", "SHA384", "256", "1000"),
        ("agile", "SHA256", "128", "1000"),
        ("agile", "SHA256", "192", "1000"),
        ("agile", "SHA1", "128", "1000"),
        ("standard", "-", "128", "-"),
        ("standard", "-", "192", "-"),
        ("standard", "-", "256", "-"),
    ] {
        let file = protected(variant);
        assert_eq!(
            Package::open(file.clone(), &Limits::default()).err(),
            Some(PackageError::Encrypted),
            "{variant:?}"
        );
        let wrong = Encryption::open(&file, "password", &Limits::default());
        assert_eq!(wrong.err(), Some(PackageError::WrongPassword), "{variant:?}");
        let (package, encryption) = Encryption::open(&file, PASSWORD, &Limits::default()).unwrap();
        assert!(package == workbook(), "{variant:?}");

        let mut changed = package.clone();
        changed.extend_from_slice(b"changed");
        let sealed = encryption.seal(&changed).unwrap();
        assert!(
            sealed != encryption.seal(&changed).unwrap(),
            "fresh salts each time"
        );
        // The other tool writes these two and cannot read them: it does not cut what fills the last block.
        if !matches!(variant, (_, "SHA1", ..) | (_, "SHA256", "192", _)) {
            let (streams, plain) = read_elsewhere(&sealed);
            assert!(plain == changed, "{variant:?}");
            let (before, _) = read_elsewhere(&file);
            assert_eq!(streams, before, "{variant:?}");
        }
        let again = Encryption::open(&sealed, PASSWORD, &Limits::default()).unwrap().0;
        assert!(again == changed);
        // Algorithms and costs are those of the file.
        let says = |file: &[u8], what: &str| file.windows(what.len()).any(|bytes| bytes == what.as_bytes());
        if variant.0 == "agile" {
            for what in [
                format!(r#"spinCount="{}""#, variant.3),
                format!(r#"hashAlgorithm="{}""#, variant.1),
                format!(r#"keyBits="{}""#, variant.2),
            ] {
                assert!(says(&file, &what) && says(&sealed, &what), "{what}");
            }
        }
    }
}

#[test]
fn a_changed_byte_is_found_by_the_signature() {
    let file = protected(("agile", "SHA512", "256", "1000"));
    let (package, _) = Encryption::open(&file, PASSWORD, &Limits::default()).unwrap();
    // The content is by far the largest stream: its middle is the middle of the file.
    let mut changed = file.clone();
    changed[file.len() / 2] ^= 1;
    assert!(package.len() > file.len() / 2);
    let error = Encryption::open(&changed, PASSWORD, &Limits::default()).err();
    assert_eq!(error, Some(PackageError::Tampered));
}

#[test]
fn a_file_cannot_ask_for_endless_hashing() {
    let file = protected(("agile", "SHA512", "256", "1000"));
    let limits = Limits {
        spin_count: 999,
        ..Limits::default()
    };
    let error = Encryption::open(&file, PASSWORD, &limits).err();
    assert!(matches!(error, Some(PackageError::TooLarge(_))), "{error:?}");
}

#[test]
fn a_file_that_opens_with_a_certificate_too_is_read_and_not_sealed() {
    let file = protected(("agile", "SHA512", "256", "1000"));
    // Between two elements of the description there is room for another key.
    let close = b"</keyEncryptor>";
    let at = file
        .windows(close.len())
        .rposition(|bytes| bytes == close)
        .unwrap()
        + close.len();
    let other = b"<k/>";
    assert!(file[at..at + other.len()].iter().all(u8::is_ascii_whitespace));
    let mut two = file.clone();
    two[at..at + other.len()].copy_from_slice(other);
    let (_, encryption) = Encryption::open(&two, PASSWORD, &Limits::default()).unwrap();
    let error = encryption.seal(b"x").unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[test]
fn what_is_not_encrypted_is_not_decrypted() {
    let error = Encryption::open(&workbook(), PASSWORD, &Limits::default()).err();
    assert_eq!(error, Some(PackageError::NotAPackage));
    let error = Package::open_protected(&workbook(), PASSWORD, &Limits::default()).err();
    assert_eq!(error, Some(PackageError::NotProtected));
}
