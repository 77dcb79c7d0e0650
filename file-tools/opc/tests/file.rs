//! Saving: whole or not at all, and never over somebody else's change.
#![expect(clippy::unwrap_used, reason = "a failing helper fails its test")]

use std::fs;
use std::path::{Path, PathBuf};

use deskhand_opc::{Draft, FileStamp, Limits, Package, SaveError, create, lock_file, open, save};

/// A workbook in a folder of its own, opened.
fn workbook() -> (tempfile::TempDir, PathBuf, Package, FileStamp) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Book.xlsx");
    let fixture =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/workbooks/calamine__date_1904.xlsx");
    fs::write(&path, fs::read(fixture).unwrap()).unwrap();
    let (package, stamp) = open(&path, &Limits::default()).unwrap();
    (folder, path, package, stamp)
}

fn changed(package: &Package) -> Package {
    let mut draft = Draft::new(package);
    draft
        .add_part("custom/part.xml", "<a/>", "application/xml")
        .unwrap();
    draft.package().clone()
}

/// What lies in the folder.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_saved_file_is_the_package_and_can_be_saved_again() {
    let (folder, path, package, stamp) = workbook();
    let package = changed(&package);
    let next = save(&package, &path, &stamp).unwrap();
    assert!(fs::read(&path).unwrap() == package.write().unwrap());
    assert_eq!(open(&path, &Limits::default()).unwrap().1, next);
    save(&package, &path, &next).unwrap();
    assert_eq!(names(folder.path()), ["Book.xlsx"], "nothing is left beside it");
}

#[cfg(unix)]
#[test]
fn the_mode_of_a_file_stays() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, path, package, stamp) = workbook();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    save(&changed(&package), &path, &stamp).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn somebody_elses_change_is_not_overwritten() {
    let (folder, path, package, stamp) = workbook();
    let mut other = fs::read(&path).unwrap();
    let last = other.len() - 1;
    other[last] ^= 1;
    fs::write(&path, &other).unwrap();
    assert!(matches!(
        save(&changed(&package), &path, &stamp),
        Err(SaveError::Changed)
    ));
    assert!(fs::read(&path).unwrap() == other);
    assert_eq!(names(folder.path()), ["Book.xlsx"]);
}

#[test]
fn a_file_that_is_open_is_not_touched() {
    let (folder, path, package, stamp) = workbook();
    let before = fs::read(&path).unwrap();
    for (lock, content, user) in [
        ("~$Book.xlsx", b"\x05A. B.\0\0\0".to_vec(), Some("A. B.")),
        (
            ".~lock.Book.xlsx#",
            b"A. B.,machine,user,now,file;".to_vec(),
            Some("A. B."),
        ),
        ("~$Book.xlsx", Vec::new(), None),
    ] {
        let lock = folder.path().join(lock);
        fs::write(&lock, content).unwrap();
        assert_eq!(lock_file(&path).unwrap().user.as_deref(), user);
        assert!(matches!(
            save(&changed(&package), &path, &stamp),
            Err(SaveError::InUse(_))
        ));
        fs::remove_file(lock).unwrap();
    }
    assert!(fs::read(&path).unwrap() == before);
    assert!(lock_file(&path).is_none());
}

#[test]
fn a_read_only_file_is_not_replaced() {
    let (_folder, path, package, stamp) = workbook();
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    assert!(matches!(
        save(&changed(&package), &path, &stamp),
        Err(SaveError::ReadOnly)
    ));
}

#[test]
fn failures_of_the_system_keep_their_cause() {
    use std::io::{Error, ErrorKind};
    let of = |kind: ErrorKind| SaveError::from(Error::from(kind));
    assert!(matches!(of(ErrorKind::StorageFull), SaveError::DiskFull));
    assert!(matches!(of(ErrorKind::QuotaExceeded), SaveError::DiskFull));
    assert!(matches!(of(ErrorKind::ReadOnlyFilesystem), SaveError::ReadOnly));
    assert!(matches!(of(ErrorKind::NotFound), SaveError::Io(_)));
}

#[test]
fn a_new_file_replaces_none() {
    let (_folder, path, ..) = workbook();
    assert!(matches!(create(b"x", &path), Err(SaveError::Exists)));
    let new = path.with_file_name("New.xlsx");
    create(b"x", &new).unwrap();
    assert_eq!(fs::read(new).unwrap(), b"x");
}
