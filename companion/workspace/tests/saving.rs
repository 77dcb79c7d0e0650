//! What a save respects and what it keeps: lock files of office programs, owners, modes, attributes.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use deskhand_workspace::{
    Expected, Fingerprint, Folder, Folders, LockFile, OfficeProgram, RelativePath, WorkspaceError,
};
use pretty_assertions::assert_eq;

struct Fixture {
    root: tempfile::TempDir,
    folder: Arc<Folder>,
}

impl Fixture {
    fn new(name: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join(name), "old").unwrap();
        let folder = Folders::new(None).attach(root.path()).unwrap();
        Self { root, folder }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn save(&self, name: &str) -> Result<Fingerprint, WorkspaceError> {
        let was = Expected::Content(Fingerprint::of(b"old"));
        self.folder
            .replace(&RelativePath::parse(name).unwrap(), b"new", was)
    }

    fn lock(&self, name: &str) -> Option<LockFile> {
        self.folder
            .lock_file(&RelativePath::parse(name).unwrap())
            .unwrap()
    }
}

/// An owner file as Word (54) or Excel and PowerPoint (55) write it.
fn owner_file(at: usize, filling: &[u8], name: &str) -> Vec<u8> {
    let units: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let length = units.len() / 2;
    let mut file = vec![length as u8];
    // The code page of the machine: what is not in it is a question mark.
    file.extend(
        name.chars()
            .map(|letter| if letter.is_ascii() { letter as u8 } else { b'?' }),
    );
    while file.len() < at {
        let next = (file.len() - 1 - length).min(filling.len() - 1);
        file.push(filling[next]);
    }
    file.extend([length as u8, 0]);
    file.extend(units);
    file.resize(at + 108 + 2 - usize::from(at == 54) * 2, 0);
    file
}

/// A document, its side file with content, and what is to be told.
type Case = (
    &'static str,
    &'static str,
    Vec<u8>,
    OfficeProgram,
    Option<&'static str>,
);

fn office_cases() -> Vec<Case> {
    let excel = |name: &str| owner_file(55, b" ", name);
    let deck = |name: &str| owner_file(55, b"\0 ", name);
    let word = |name: &str| owner_file(54, b"\0", name);
    let office = OfficeProgram::Office;
    vec![
        (
            "Book.xlsx",
            "~$Book.xlsx",
            excel("Ada Lovelace"),
            office,
            Some("Ada Lovelace"),
        ),
        (
            "Book.xlsx",
            "~$Book.xlsx",
            excel("Žofia 東京"),
            office,
            Some("Žofia 東京"),
        ),
        (
            "Deck.pptx",
            "~$Deck.pptx",
            deck("Grace Hopper"),
            office,
            Some("Grace Hopper"),
        ),
        ("Short.docx", "~$Short.docx", word("Ada"), office, Some("Ada")),
        ("Sevenxx.docx", "~$evenxx.docx", word("Ada"), office, Some("Ada")),
        ("Proposal.docx", "~$oposal.docx", word("Ada"), office, Some("Ada")),
        // Only the name in one byte a letter is there, as with programs of the nineties.
        (
            "Book.xlsx",
            "~$Book.xlsx",
            b"\x03Ada".to_vec(),
            office,
            Some("Ada"),
        ),
        ("Book.xlsx", "~$Book.xlsx", b"\x09\xD0\xD1".to_vec(), office, None),
        ("Book.xlsx", "~$Book.xlsx", Vec::new(), office, None),
    ]
}

fn libre_cases() -> Vec<Case> {
    let libre = OfficeProgram::LibreOffice;
    let line = ",ada,desk7,01.11.2026 09:30,file:///home/ada/.config/libreoffice/4;";
    vec![
        ("Book.xlsx", ".~lock.Book.xlsx#", line.into(), libre, Some("ada")),
        (
            "Book.xlsx",
            ".~lock.Book.xlsx#",
            "Lovelace\\, Ada,ada,desk7,x,y;".into(),
            libre,
            Some("Lovelace, Ada"),
        ),
        (
            "Book.xlsx",
            ".~lock.Book.xlsx#",
            ",,desk7,x,y;".into(),
            libre,
            Some("desk7"),
        ),
        (
            "Book.xlsx",
            ".~lock.Book.xlsx#",
            "A\x1b[31mda\n,,,,;".into(),
            libre,
            Some("A[31mda"),
        ),
    ]
}

#[test]
fn shows_who_has_a_document_open_and_does_not_write_it() {
    for (name, side, content, program, owner) in office_cases().into_iter().chain(libre_cases()) {
        let fixture = Fixture::new(name);
        fs::write(fixture.at(side), &content).unwrap();
        let lock = LockFile {
            program,
            name: side.to_owned(),
            owner: owner.map(str::to_owned),
        };
        assert_eq!(fixture.lock(name), Some(lock.clone()), "{side}");
        let refused = fixture.save(name).unwrap_err();
        assert!(matches!(refused, WorkspaceError::OpenElsewhere { lock: told, .. } if told == lock));
        assert_eq!(fs::read_to_string(fixture.at(name)).unwrap(), "old");
        fs::remove_file(fixture.at(side)).unwrap();
        fixture.save(name).unwrap();
    }
    // Excel and PowerPoint cut nothing off, so this one is of another file.
    let fixture = Fixture::new("Proposal.xlsx");
    fs::write(fixture.at("~$oposal.xlsx"), "").unwrap();
    assert_eq!(fixture.lock("Proposal.xlsx"), None);
}

#[test]
fn tells_who_has_it_open_in_a_sentence() {
    let lock = LockFile {
        program: OfficeProgram::Office,
        name: "~$Book.xlsx".to_owned(),
        owner: Some("Ada".to_owned()),
    };
    assert_eq!(
        lock.to_string(),
        "is open in Microsoft Office by Ada (`~$Book.xlsx` beside it says so)"
    );
    let nobody = LockFile {
        program: OfficeProgram::LibreOffice,
        owner: None,
        ..lock
    };
    assert_eq!(
        nobody.to_string(),
        "is open in LibreOffice (`~$Book.xlsx` beside it says so)"
    );
}

#[test]
fn a_file_that_is_marked_read_only_is_not_replaced() {
    let fixture = Fixture::new("a.xlsx");
    let mut permissions = fs::metadata(fixture.at("a.xlsx")).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(fixture.at("a.xlsx"), permissions).unwrap();
    let refused = fixture.save("a.xlsx").unwrap_err();
    assert!(
        matches!(refused, WorkspaceError::WriteProtected(_)),
        "{refused:?}"
    );
    assert_eq!(fs::read_to_string(fixture.at("a.xlsx")).unwrap(), "old");
    assert_eq!(fs::read_dir(fixture.root.path()).unwrap().count(), 1);
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
    use std::path::Path;

    use rustix::fs::{XattrFlags, getxattr, setxattr};

    use pretty_assertions::assert_eq;

    use super::{Fixture, fs};

    const ACL: &str = "system.posix_acl_access";

    fn attribute(path: &Path, name: &str) -> Option<Vec<u8>> {
        let mut value = vec![0; 4096];
        let length = getxattr(path, name, &mut value[..]).ok()?;
        Some(value[..length].to_vec())
    }

    fn set(path: &Path, name: &str, value: &[u8]) {
        setxattr(path, name, value, XattrFlags::empty()).unwrap();
    }

    /// `user::rw-,user:1234:rw-,group::r--,mask::rw-,other::---` as the kernel takes it (acl(5)).
    fn list() -> Vec<u8> {
        let nobody = u32::MAX;
        let entries = [
            (1u16, 6u16, nobody),
            (2, 6, 1234),
            (4, 4, nobody),
            (16, 6, nobody),
            (32, 0, nobody),
        ];
        let mut list = 2u32.to_le_bytes().to_vec();
        for (tag, may, who) in entries {
            list.extend(tag.to_le_bytes());
            list.extend(may.to_le_bytes());
            list.extend(who.to_le_bytes());
        }
        list
    }

    #[test]
    fn a_save_keeps_mode_attributes_and_access_list() {
        let fixture = Fixture::new("a.xlsx");
        let file = fixture.at("a.xlsx");
        set(&file, "user.xdg.origin.url", b"https://intranet/a.xlsx");
        set(&file, "user.empty", b"");
        set(&file, ACL, &list());
        let mode = fs::metadata(&file).unwrap().mode();
        fixture.save("a.xlsx").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(
            attribute(&file, "user.xdg.origin.url").as_deref(),
            Some(&b"https://intranet/a.xlsx"[..])
        );
        assert_eq!(attribute(&file, "user.empty"), Some(Vec::new()));
        assert_eq!(attribute(&file, ACL), Some(list()));
        assert_eq!(fs::metadata(&file).unwrap().mode(), mode);
    }

    #[test]
    fn a_save_takes_no_access_list_from_the_folder() {
        let fixture = Fixture::new("a.xlsx");
        let file = fixture.at("a.xlsx");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        set(fixture.root.path(), "system.posix_acl_default", &list());
        fixture.save("a.xlsx").unwrap();
        assert_eq!(attribute(&file, ACL), None);
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o640);
    }

    #[test]
    fn a_save_keeps_the_owner_or_is_refused() {
        if !rustix::process::geteuid().is_root() {
            // Nobody else can give files away, nor make one of another user to try it with.
            return;
        }
        let fixture = Fixture::new("a.xlsx");
        let file = fixture.at("a.xlsx");
        chown(&file, Some(4321), Some(8765)).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o6755)).unwrap();
        fixture.save("a.xlsx").unwrap();
        let now = File::open(&file).unwrap().metadata().unwrap();
        assert_eq!((now.uid(), now.gid(), now.mode() & 0o7777), (4321, 8765, 0o6755));
    }
}
