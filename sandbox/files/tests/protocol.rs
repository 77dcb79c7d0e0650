//! A guest that asks what no kernel would: each refusal by its number, and garbage of all kinds.

#![cfg(target_os = "linux")]

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::sync::Arc;

use deskhand_vm_files::{Access, Change, Event, Journal, Kept, Share};
use pretty_assertions::assert_eq;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use support::guest::*;
use support::{Agreeing, tree};

const EPERM: i32 = 1;
const ENOENT: i32 = 2;
const EIO: i32 = 5;
const ENXIO: i32 = 6;
const EBADF: i32 = 9;
const EACCES: i32 = 13;
const EEXIST: i32 = 17;
const EXDEV: i32 = 18;
const ENOTDIR: i32 = 20;
const EISDIR: i32 = 21;
const EINVAL: i32 = 22;
const ENOTTY: i32 = 25;
const ENOSPC: i32 = 28;
const EROFS: i32 = 30;
const ENAMETOOLONG: i32 = 36;
const ENOSYS: i32 = 38;
const ESTALE: i32 = 116;
const EDQUOT: i32 = 122;

#[test]
fn names_that_are_no_single_component_are_refused() {
    let host = home();
    let mut guest = guest(host.path());
    let long = vec![b'x'; 256];
    for (name, errno) in [
        (&b".."[..], EINVAL),
        (b".", EINVAL),
        (b"", EINVAL),
        (b"d/x", EINVAL),
        (b"../a", EINVAL),
        (&long, ENAMETOOLONG),
    ] {
        for (opcode, head) in [
            (LOOKUP, &[][..]),
            (UNLINK, &[]),
            (RMDIR, &[]),
            (MKDIR, &[0; 8]),
            (CREATE, &[0; 16]),
            (MKNOD, &[0; 16]),
        ] {
            assert_eq!(
                guest.ask(opcode, 1, &named(head, &[name])),
                Err(errno),
                "{opcode} {name:?}"
            );
        }
        assert_eq!(guest.ask(SYMLINK, 1, &named(&[], &[name, b"a"])), Err(errno));
        assert_eq!(
            guest.ask(RENAME, 1, &named(&1_u64.to_le_bytes(), &[b"a", name])),
            Err(errno)
        );
        assert_eq!(
            guest.ask(RENAME, 1, &named(&1_u64.to_le_bytes(), &[name, b"z"])),
            Err(errno)
        );
    }
    assert_eq!(tree(host.path()).len(), 2);
}

#[test]
fn links_out_and_second_names_are_refused() {
    let host = home();
    let mut guest = guest(host.path());
    for target in ["/etc/passwd", "..", "../x", "d/../../x", "d/.."] {
        assert_eq!(guest.symlink("link", target), Err(EPERM), "{target}");
    }
    assert_eq!(guest.symlink("d/link", "../../x"), Err(EPERM));
    guest.symlink("d/link", "../a").unwrap();
    assert_eq!(fs::read_to_string(host.path().join("d/link")).unwrap(), "old");
    // A link that would lead out from where it is moved to.
    assert_eq!(guest.rename("d/link", "link"), Err(EXDEV));
    guest.mkdir("d/e").unwrap();
    guest.symlink("d/e/up", "../../a").unwrap();
    assert_eq!(guest.rename("d/e", "e"), Err(EXDEV));
    let node = guest.node("a").unwrap();
    assert_eq!(
        guest.ask(LINK, 1, &named(&node.to_le_bytes(), &[b"b"])),
        Err(EPERM)
    );
}

#[test]
fn a_link_of_the_host_is_shown_and_never_followed() {
    let (host, out) = (home(), tempfile::tempdir().unwrap());
    fs::write(out.path().join("secret"), "secret").unwrap();
    symlink(out.path(), host.path().join("out")).unwrap();
    symlink(out.path().join("secret"), host.path().join("file")).unwrap();
    let mut guest = guest(host.path());
    let node = guest.node("out").unwrap();
    assert_eq!(
        guest.ask(READLINK, node, &[]).unwrap(),
        out.path().as_os_str().as_encoded_bytes()
    );
    assert_eq!(guest.ask(LOOKUP, node, &named(&[], &[b"secret"])), Err(ENOTDIR));
    assert_eq!(
        guest.ask(CREATE, node, &named(&words(&[0o302, 0o644, 0, 0]), &[b"x"])),
        Err(ENOTDIR)
    );
    assert_eq!(guest.ask(OPENDIR, node, &[0; 8]), Err(ENOTDIR));
    assert_eq!(guest.open("file", 0), Err(EINVAL));
    assert_eq!(guest.open("file", 0o1001), Err(EINVAL));
    assert_eq!(guest.set("file", 1, 0, 0, 0o777, 0), Err(EPERM));
    assert_eq!(guest.set("file", 1 << 3, 0, 0, 0, 0), Err(EINVAL));
    assert_eq!(tree(out.path()).len(), 1);
    assert_eq!(fs::read_to_string(out.path().join("secret")).unwrap(), "secret");
}

#[test]
fn a_folder_that_became_a_link_is_another_one() {
    let (host, out) = (home(), tempfile::tempdir().unwrap());
    fs::write(host.path().join("d/f"), "inside").unwrap();
    fs::write(out.path().join("f"), "outside").unwrap();
    // Not heard of, so that it is found by looking.
    let mut guest = with(host.path(), |limits| limits.watches = 0);
    let (folder, file) = (guest.node("d").unwrap(), guest.node("d/f").unwrap());
    fs::rename(host.path().join("d"), host.path().join("was")).unwrap();
    symlink(out.path(), host.path().join("d")).unwrap();
    assert!(guest.ask(LOOKUP, folder, &named(&[], &[b"f"])).is_err());
    assert!(guest.ask(UNLINK, folder, &named(&[], &[b"f"])).is_err());
    assert!(guest.ask(OPEN, file, &words(&[0, 0])).is_err());
    assert!(guest.ask(SETATTR, file, &set_body(1, 0, 0, 0o777, 0)).is_err());
    // Also another folder is another one.
    fs::remove_file(host.path().join("d")).unwrap();
    fs::create_dir(host.path().join("d")).unwrap();
    assert_eq!(guest.ask(MKDIR, folder, &named(&[0; 8], &[b"x"])), Err(ESTALE));
    // And another file is another one.
    let node = guest.node("a").unwrap();
    fs::write(host.path().join("new"), "another").unwrap();
    fs::rename(host.path().join("new"), host.path().join("a")).unwrap();
    assert_eq!(guest.ask(OPEN, node, &words(&[0, 0])), Err(ESTALE));
    assert_eq!(
        guest.ask(SETATTR, node, &set_body(1, 0, 0, 0o700, 0)),
        Err(ESTALE)
    );
    assert_eq!(fs::read_to_string(out.path().join("f")).unwrap(), "outside");
}

#[test]
fn pipes_sockets_and_devices_are_shown_never_opened_and_never_made() {
    let host = home();
    mknodat(
        CWD,
        host.path().join("pipe"),
        FileType::Fifo,
        Mode::from_raw_mode(0o666),
        0,
    )
    .unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(host.path().join("socket")).unwrap();
    let mut guest = guest(host.path());
    for name in ["pipe", "socket"] {
        let entry = guest.ask(LOOKUP, 1, &named(&[], &[name.as_bytes()])).unwrap();
        assert_eq!(
            u32_at(&entry, 40 + 60) & 0o170_000,
            0o140_000,
            "shown as a socket"
        );
        assert_eq!(guest.open(name, 0), Err(ENXIO));
        assert_eq!(guest.open(name, 0o1001), Err(ENXIO));
        assert_eq!(guest.unlink(name), Err(EPERM));
        assert_eq!(guest.rename(name, "z"), Err(EPERM));
        assert_eq!(guest.rename("a", name), Err(EPERM));
        assert_eq!(guest.set(name, 1, 0, 0, 0o600, 0), Err(EPERM));
    }
    for kind in [0o010_000, 0o020_000, 0o060_000, 0o140_000] {
        assert_eq!(
            guest.ask(MKNOD, 1, &named(&words(&[kind | 0o644, 0x103, 0, 0]), &[b"n"])),
            Err(EPERM)
        );
    }
    guest
        .ask(MKNOD, 1, &named(&words(&[0o100_644, 0, 0, 0]), &[b"n"]))
        .unwrap();
    assert!(host.path().join("n").is_file());
}

#[test]
fn bits_that_lend_rights_are_taken_out_and_nothing_changes_hands() {
    let host = home();
    let mut guest = guest(host.path());
    guest.set("a", 1, 0, 0, 0o6777, 0).unwrap();
    assert_eq!(
        fs::metadata(host.path().join("a")).unwrap().mode() & 0o7777,
        0o775
    );
    let body = named(&words(&[0o302, 0o7777, 0, 0]), &[b"b"]);
    guest.ask(CREATE, 1, &body).unwrap();
    assert_eq!(
        fs::metadata(host.path().join("b")).unwrap().mode() & 0o7777,
        0o775
    );
    guest
        .ask(MKDIR, 1, &named(&words(&[0o7777, 0]), &[b"e"]))
        .unwrap();
    assert_eq!(fs::metadata(host.path().join("e")).unwrap().mode() & 0o7000, 0);
    assert_eq!(guest.set("a", 2, 0, 0, 0, 0), Err(EPERM));
    guest.set("a", 2, 0, 0, 0, 1000).unwrap();
    assert_eq!(
        fs::metadata(host.path().join("a")).unwrap().uid(),
        rustix::process::geteuid().as_raw()
    );
    // A program with such a bit is shown without it.
    fs::set_permissions(host.path().join("a"), fs::Permissions::from_mode(0o4755)).unwrap();
    let entry = guest.ask(LOOKUP, 1, &named(&[], &[b"a"])).unwrap();
    assert_eq!(u32_at(&entry, 40 + 60), 0o100_755);
}

#[test]
fn a_second_name_of_a_file_is_read_and_its_other_name_never_written() {
    let (host, out) = (home(), tempfile::tempdir().unwrap());
    fs::write(out.path().join("other"), "other").unwrap();
    fs::hard_link(out.path().join("other"), host.path().join("b")).unwrap();
    let mut guest = guest(host.path());
    let handle = guest.open("b", 2).unwrap();
    assert_eq!(guest.read(handle, 0, 10).unwrap(), b"other");
    guest.write(handle, 0, b"OTHER").unwrap();
    guest.close(handle).unwrap();
    guest.set("b", 1 << 3, 2, 0, 0, 0).unwrap();
    assert_eq!(fs::read_to_string(host.path().join("b")).unwrap(), "OT");
    assert_eq!(fs::read_to_string(out.path().join("other")).unwrap(), "other");
}

#[test]
fn side_files_are_nobodys_in_the_guest() {
    let host = home();
    let left = host.path().join(".deskhand-0123456789abcdef0123456789abcdef.tmp");
    fs::write(&left, "left by a killed service").unwrap();
    let mut guest = guest(host.path());
    assert!(!left.exists(), "swept");
    for name in [".deskhand-x", ".DESKHAND-0123456789abcdef0123456789abcdef.tmp"] {
        assert_eq!(guest.node(name), Err(ENOENT));
        assert_eq!(guest.create(name), Err(EPERM));
        assert_eq!(guest.mkdir(name), Err(EPERM));
        assert_eq!(guest.rename("a", name), Err(EPERM));
        assert_eq!(guest.unlink(name), Err(EPERM));
        assert_eq!(guest.symlink(name, "a"), Err(EPERM));
    }
    let handle = guest.open("a", 2).unwrap();
    guest.write(handle, 0, b"x").unwrap();
    let listing = u64_at(&guest.ask(OPENDIR, 1, &[0; 8]).unwrap(), 0);
    let mut body = listing.to_le_bytes().to_vec();
    body.extend([0; 8]);
    body.extend(words(&[4096, 0, 0, 0, 0, 0]));
    let names = guest.ask(READDIR, 1, &body).unwrap();
    assert!(!names.windows(9).any(|part| part == b".deskhand"));
    let side = fs::read_dir(host.path())
        .unwrap()
        .map(|entry| entry.unwrap())
        .find(|entry| entry.file_name().to_string_lossy().starts_with(".deskhand"));
    assert_eq!(
        side.unwrap().metadata().unwrap().mode() & 0o777,
        0o600,
        "nobody else reads it"
    );
    let side = fs::read_dir(host.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .find(|name| name.starts_with(".deskhand"));
    assert_eq!(guest.node(&side.unwrap()), Err(ENOENT));
    guest.close(handle).unwrap();
}

#[test]
fn a_side_file_that_another_service_writes_is_left_to_it() {
    let host = home();
    let theirs = host.path().join(".deskhand-0123456789abcdef0123456789abcdef.tmp");
    let file = fs::File::create(&theirs).unwrap();
    file.lock().unwrap();
    let _guest = guest(host.path());
    assert!(theirs.exists());
}

#[test]
fn a_change_that_the_journal_does_not_keep_is_not_made() {
    use std::io::ErrorKind;

    /// Refuses each change for one reason.
    #[derive(Debug)]
    struct Refusing(ErrorKind);
    impl Journal for Refusing {
        fn before(&self, _: &Change<'_>) -> std::io::Result<Kept> {
            Err(self.0.into())
        }
    }
    for (why, errno) in [
        (ErrorKind::QuotaExceeded, EDQUOT),
        (ErrorKind::StorageFull, ENOSPC),
        (ErrorKind::PermissionDenied, EIO),
    ] {
        let host = home();
        let before = tree(host.path());
        let mut guest = Guest::new(share(host.path()), Arc::new(Refusing(why)));
        let refusals = [
            guest.unlink("a"),
            guest.rmdir("d"),
            guest.mkdir("e"),
            guest.create("b").map(|_| Vec::new()),
            guest.rename("a", "b"),
            guest.symlink("l", "a"),
            guest.set("a", 1, 0, 0, 0o600, 0),
            guest.set("a", 1 << 5, 0, 5, 0, 0),
            guest.set("a", 1 << 3, 1, 0, 0, 0),
            guest.put("a", b"new"),
        ];
        assert!(
            refusals.iter().all(|answer| *answer == Err(errno)),
            "{why}: {refusals:?}"
        );
        let events = guest.events.clone();
        guest.end().unwrap();
        assert_eq!(tree(host.path()), before);
        let told = |event: &Event| matches!(event, Event::Refused { operation: "flush", errno: told, .. } if *told == errno);
        // A full journal is told to the service, also where only the close meets it.
        assert_eq!(events.events.lock().unwrap().iter().any(told), errno != EIO);
    }
}

#[test]
fn what_is_not_done_here_is_said() {
    let host = home();
    let mut guest = guest(host.path());
    let node = guest.node("a").unwrap();
    for (opcode, errno) in [
        (IOCTL, ENOTTY),
        (BMAP, ENOSYS),
        (SETXATTR, ENOSYS),
        (GETXATTR, ENOSYS),
        (99, ENOSYS),
        (u32::MAX, ENOSYS),
    ] {
        assert_eq!(guest.ask(opcode, node, &[0; 64]), Err(errno), "{opcode}");
    }
    let body = named(
        &[&1_u64.to_le_bytes()[..], &words(&[2, 0])].concat(),
        &[b"a", b"d"],
    );
    assert_eq!(
        guest.ask(RENAME2, 1, &body),
        Err(EINVAL),
        "two names are not exchanged"
    );
    let body = named(
        &[&1_u64.to_le_bytes()[..], &words(&[1, 0])].concat(),
        &[b"a", b"d"],
    );
    assert_eq!(guest.ask(RENAME2, 1, &body), Err(EEXIST));
    assert_eq!(guest.rename("a", "d"), Err(EISDIR));
    assert_eq!(guest.rename("d", "d/x"), Err(EINVAL));
    assert_eq!(guest.unlink("d"), Err(EISDIR));
    assert_eq!(guest.rmdir("a"), Err(ENOTDIR));
    assert_eq!(guest.open("d", 0), Err(EISDIR));
    assert_eq!(
        guest.ask(SETATTR, 1, &set_body(1, 0, 0, 0o700, 0)),
        Err(EPERM),
        "the shared folder is the host's"
    );
}

#[test]
fn a_file_that_is_marked_read_only_is_not_written() {
    let host = home();
    fs::set_permissions(host.path().join("a"), fs::Permissions::from_mode(0o444)).unwrap();
    let mut guest = guest(host.path());
    assert_eq!(guest.open("a", 1), Err(EACCES));
    assert_eq!(guest.open("a", 0o1000), Err(EACCES));
    assert_eq!(guest.set("a", 1 << 3, 0, 0, 0, 0), Err(EACCES));
    let handle = guest.open("a", 0).unwrap();
    assert_eq!(guest.write(handle, 0, b"x"), Err(EBADF), "opened for reading");
}

#[test]
fn what_is_written_and_not_closed_is_discarded_and_told() {
    let host = home();
    let mut guest = guest(host.path());
    let handle = guest.open("a", 1).unwrap();
    guest.write(handle, 0, b"half of i").unwrap();
    let events = guest.events.clone();
    guest.end().unwrap();
    assert_eq!(fs::read_to_string(host.path().join("a")).unwrap(), "old");
    let events = events.events.lock().unwrap();
    assert!(
        matches!(&events[..], [Event::Discarded { bytes: 9, .. }]),
        "{events:?}"
    );
    assert_eq!(tree(host.path()).len(), 2);
}

#[test]
fn a_readers_close_puts_nothing_in_place() {
    let host = home();
    let mut guest = guest(host.path());
    let writer = guest.open("a", 1).unwrap();
    guest.write(writer, 0, b"half").unwrap();
    let reader = guest.open("a", 0).unwrap();
    assert_eq!(
        guest.read(reader, 0, 9).unwrap(),
        b"half",
        "the guest sees its own newest writes"
    );
    guest.close(reader).unwrap();
    assert_eq!(fs::read_to_string(host.path().join("a")).unwrap(), "old");
    guest.close(writer).unwrap();
    assert_eq!(fs::read_to_string(host.path().join("a")).unwrap(), "half");
}

#[test]
fn a_removed_file_that_is_open_has_no_place_and_leaves_nothing() {
    let host = home();
    let mut guest = guest(host.path());
    let handle = guest.open("a", 2).unwrap();
    guest.write(handle, 0, b"new").unwrap();
    guest.unlink("a").unwrap();
    guest.write(handle, 3, b"er").unwrap();
    assert_eq!(guest.read(handle, 0, 9).unwrap(), b"newer");
    guest.close(handle).unwrap();
    guest.rmdir("d").unwrap();
    assert_eq!(tree(host.path()), []);
}

#[test]
fn every_completed_change_is_told_with_its_path() {
    let host = home();
    let mut guest = guest(host.path());
    guest.put("a", b"12345").unwrap();
    guest.rename("a", "d/b").unwrap();
    guest.unlink("d/b").unwrap();
    assert_eq!(guest.symlink("l", "/etc"), Err(EPERM));
    let events = guest.events.events.lock().unwrap();
    let told: Vec<String> = events
        .iter()
        .map(|event| match event {
            Event::Written { path, bytes } => format!("written {path} {bytes}"),
            Event::Renamed { from, to } => format!("renamed {from} {to}"),
            Event::Removed { path, bytes } => format!("removed {path} {bytes}"),
            Event::Refused { operation, errno, .. } => format!("refused {operation} {errno}"),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(
        told,
        [
            "written a 5",
            "renamed a d/b",
            "removed d/b 5",
            "refused symlink 1"
        ]
    );
}

#[test]
fn a_read_only_share_answers_every_change_by_its_number() {
    let host = home();
    let share = Share::open(host.path(), Access::ReadOnly, 0, 0).unwrap();
    let mut guest = Guest::new(share, Arc::new(Agreeing::default()));
    let node = guest.node("a").unwrap();
    for answer in [
        guest.unlink("a"),
        guest.rmdir("d"),
        guest.mkdir("x"),
        guest.rename("a", "b"),
        guest.symlink("l", "a"),
        guest.set("a", 1, 0, 0, 0o600, 0),
        guest.set("a", 1 << 3, 0, 0, 0, 0),
        guest.ask(SETXATTR, node, &[0; 16]),
        guest.ask(LINK, 1, &named(&node.to_le_bytes(), &[b"b"])),
        guest.ask(OPEN, node, &words(&[1, 0])),
        guest.ask(OPEN, node, &words(&[0o1000, 0])),
        guest.ask(CREATE, 1, &named(&words(&[0o302, 0o644, 0, 0]), &[b"x"])),
        guest.ask(MKNOD, 1, &named(&words(&[0o100_644, 0, 0, 0]), &[b"x"])),
    ] {
        assert_eq!(answer, Err(EROFS));
    }
}
