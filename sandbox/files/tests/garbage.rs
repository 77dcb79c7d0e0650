//! Garbage of a guest: numbers that it was not given, sizes without measure, messages that are none.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::fs;
use std::sync::Arc;

use deskhand_vm_files::{Event, Limits, ServeError};
use pretty_assertions::assert_eq;
use support::guest::*;
use support::{Agreeing, SmallDisk, names, tree};

const ENOENT: i32 = 2;
const EBADF: i32 = 9;
const EINVAL: i32 = 22;
const ENFILE: i32 = 23;
const EFBIG: i32 = 27;
const ENOSPC: i32 = 28;
const ENAMETOOLONG: i32 = 36;
const ESTALE: i32 = 116;
const EDQUOT: i32 = 122;

#[test]
fn nodes_and_handles_that_were_not_given_are_nobodys() {
    let host = home();
    let mut guest = guest(host.path());
    for node in [0, 2, 77, u64::MAX] {
        for (opcode, body) in [
            (GETATTR, vec![0; 16]),
            (LOOKUP, named(&[], &[b"a"])),
            (OPEN, vec![0; 8]),
            (OPENDIR, vec![0; 8]),
            (READLINK, vec![]),
            (MKDIR, named(&[0; 8], &[b"x"])),
            (RENAME, named(&node.to_le_bytes(), &[b"a", b"b"])),
        ] {
            assert_eq!(guest.ask(opcode, node, &body), Err(ESTALE), "{opcode} {node}");
        }
    }
    for handle in [0, 1, u64::MAX] {
        assert_eq!(guest.read(handle, 0, 1), Err(EBADF));
        assert_eq!(guest.write(handle, 0, b"x"), Err(EBADF));
        for opcode in [FLUSH, FSYNC, RELEASE, RELEASEDIR, READDIR] {
            assert_eq!(guest.with(opcode, handle), Err(EBADF));
        }
    }
    let handle = guest.open("a", 0).unwrap();
    guest.close(handle).unwrap();
    assert_eq!(guest.with(RELEASE, handle), Err(EBADF), "closed twice");
}

#[test]
fn forgetting_what_was_not_given_harms_nobody() {
    let host = home();
    let mut guest = guest(host.path());
    let node = guest.node("a").unwrap();
    let handle = guest.open("a", 0).unwrap();
    guest.tell(FORGET, node, &u64::MAX.to_le_bytes());
    guest.tell(FORGET, node, &u64::MAX.to_le_bytes());
    guest.tell(FORGET, 1, &u64::MAX.to_le_bytes());
    guest.tell(FORGET, 99, &[]);
    let mut batch = words(&[2, 0]);
    for number in [1_u64, 5, node, 5] {
        batch.extend(number.to_le_bytes());
    }
    guest.tell(BATCH_FORGET, 0, &batch);
    guest.tell(BATCH_FORGET, 0, &words(&[u32::MAX, 0]));
    assert_eq!(guest.read(handle, 0, 3).unwrap(), b"old", "what is open stays");
    guest.close(handle).unwrap();
    assert_eq!(guest.ask(OPEN, node, &[0; 8]), Err(ESTALE));
    guest.node("a").unwrap();
}

#[test]
fn sizes_and_offsets_without_measure_are_refused_or_cut() {
    let host = home();
    let mut guest = guest(host.path());
    let handle = guest.open("a", 2).unwrap();
    assert_eq!(guest.read(handle, 0, u32::MAX).unwrap(), b"old");
    assert_eq!(guest.read(handle, u64::MAX, 1), Err(EINVAL));
    assert_eq!(guest.read(handle, 1 << 40, u32::MAX).unwrap(), b"");
    assert_eq!(guest.write(handle, u64::MAX, b"x"), Err(EFBIG));
    assert_eq!(guest.write(handle, i64::MAX as u64, b"x"), Err(EFBIG));
    assert_eq!(guest.write(handle, 1 << 50, b"x"), Err(EDQUOT));
    assert_eq!(guest.set("a", 1 << 3, u64::MAX, 0, 0, 0), Err(EFBIG));
    assert_eq!(guest.set("a", 1 << 3, 1 << 50, 0, 0, 0), Err(EDQUOT));
    guest.close(handle).unwrap();
    assert_eq!(fs::read_to_string(host.path().join("a")).unwrap(), "old");
}

#[test]
fn what_a_guest_may_hold_has_an_end() {
    let host = home();
    for name in ["1", "2", "3", "4", "5"] {
        fs::write(host.path().join(name), name).unwrap();
    }
    let mut one = with(host.path(), |limits| limits.nodes = 4);
    for name in ["1", "2", "3"] {
        one.node(name).unwrap();
    }
    assert_eq!(one.node("4"), Err(ENFILE));
    let mut two = with(host.path(), |limits| limits.files = 2);
    two.open("1", 0).unwrap();
    two.open("1", 0).unwrap();
    assert_eq!(two.open("2", 0), Err(ENFILE));
    assert_eq!(two.create("new"), Err(ENFILE));
    let mut three = with(host.path(), |limits| limits.listings = 1);
    three.ask(OPENDIR, 1, &[0; 8]).unwrap();
    assert_eq!(three.ask(OPENDIR, 1, &[0; 8]), Err(ENFILE));
    let mut four = with(host.path(), |limits| limits.names = 2);
    let listing = u64_at(&four.ask(OPENDIR, 1, &[0; 8]).unwrap(), 0);
    let body = [
        listing.to_le_bytes().to_vec(),
        vec![0; 8],
        words(&[4096, 0, 0, 0, 0, 0]),
    ]
    .concat();
    assert_eq!(four.ask(READDIR, 1, &body), Err(EFBIG));
    let mut five = with(host.path(), |limits| limits.depth = 2);
    five.mkdir("d/e").unwrap();
    assert_eq!(five.mkdir("d/e/f"), Err(ENAMETOOLONG));
}

/// What the guest is told that it may still add, in bytes.
fn room(guest: &mut Guest) -> u64 {
    let room = guest.ask(STATFS, 1, &[]).unwrap();
    u64_at(&room, 16) * u64::from(u32_at(&room, 40))
}

/// What a name costs.
const NAME: u64 = 16 << 10;

#[test]
fn names_in_all_open_listings_have_one_budget() {
    let host = home();
    let mut guest = with(host.path(), |limits| limits.listed = 5);
    let body = |listing: u64| {
        [
            listing.to_le_bytes().to_vec(),
            vec![0; 8],
            words(&[4096, 0, 0, 0, 0, 0]),
        ]
        .concat()
    };
    let mut open = || u64_at(&guest.ask(OPENDIR, 1, &[0; 8]).unwrap(), 0);
    let (one, two, three) = (open(), open(), open());
    // Two names each; listing anew costs nothing more.
    for listing in [one, one, one, two] {
        guest.ask(READDIR, 1, &body(listing)).unwrap();
    }
    assert_eq!(guest.ask(READDIR, 1, &body(three)), Err(ENFILE));
    guest.with(RELEASEDIR, one).unwrap();
    guest.ask(READDIR, 1, &body(three)).unwrap();
}

#[test]
fn names_that_are_not_there_are_remembered_for_as_many_as_the_share_may() {
    let host = home();
    let mut guest = with(host.path(), |limits| limits.absent = 3);
    let mut asked = |folder: u64, name: &str| guest.ask(LOOKUP, folder, &named(&[], &[name.as_bytes()]));
    let d = u64_at(&asked(1, "d").unwrap(), 0);
    // Believed for long, over all folders together; above that the kernel asks each time.
    for (folder, name) in [(1, "x"), (1, "y"), (1, "x"), (d, "x")] {
        assert_eq!(u64_at(&asked(folder, name).unwrap(), 0), 0);
    }
    assert_eq!(asked(d, "y"), Err(ENOENT));
    // What comes to be, and what the kernel forgets, makes room.
    guest.mkdir("x").unwrap();
    let mut asked = |folder: u64, name: &str| guest.ask(LOOKUP, folder, &named(&[], &[name.as_bytes()]));
    assert_eq!(u64_at(&asked(1, "z").unwrap(), 0), 0);
    assert_eq!(asked(1, "w"), Err(ENOENT));
    guest.tell(FORGET, d, &1_u64.to_le_bytes());
    let mut asked = |folder: u64, name: &str| guest.ask(LOOKUP, folder, &named(&[], &[name.as_bytes()]));
    assert_eq!(u64_at(&asked(1, "w").unwrap(), 0), 0);
}

#[test]
fn free_room_is_what_the_quota_leaves() {
    let host = home();
    let mut guest = with(host.path(), |limits| limits.quota = 1 << 20);
    assert_eq!(room(&mut guest), 1 << 20);
}

#[test]
fn a_first_write_into_a_large_file_of_the_host_is_charged_whole() {
    let host = home();
    fs::write(host.path().join("large"), vec![7; 1 << 20]).unwrap();
    let mut guest = with(host.path(), |limits| limits.quota = (1 << 20) + NAME - 1);
    let handle = guest.open("large", 1).unwrap();
    assert_eq!(guest.write(handle, 0, b"x"), Err(EDQUOT));
    assert_eq!(guest.set("large", 1 << 3, 1, 0, 0, 0), Err(EDQUOT));
    assert_eq!(names(host.path()), ["a", "d", "large"], "no copy was begun");
    guest.close(handle).unwrap();
    assert_eq!(fs::read(host.path().join("large")).unwrap(), vec![7; 1 << 20]);

    let mut guest = with(host.path(), |limits| limits.quota = (2 << 20) + 2 * NAME);
    let handle = guest.open("large", 1).unwrap();
    guest.write(handle, 0, b"x").unwrap();
    assert_eq!(room(&mut guest), (1 << 20) + NAME);
    guest.close(handle).unwrap();
    assert_eq!(room(&mut guest), (1 << 20) + NAME, "it is the guest's now");
    // Written once more: the guest's own old content goes as the new one comes.
    let handle = guest.open("large", 1).unwrap();
    guest.write(handle, 0, b"y").unwrap();
    assert_eq!(room(&mut guest), 0);
    guest.close(handle).unwrap();
    assert_eq!(room(&mut guest), (1 << 20) + NAME);
    guest.set("large", 1 << 3, 4096, 0, 0, 0).unwrap();
    assert_eq!(room(&mut guest), (2 << 20) + NAME - 4096);
    guest.unlink("large").unwrap();
    assert_eq!(room(&mut guest), (2 << 20) + 2 * NAME);
}

#[test]
fn what_is_written_and_has_no_place_any_more_is_given_back() {
    let host = home();
    let mut guest = with(host.path(), |limits| limits.quota = 1 << 20);
    let handle = guest.open("a", 1).unwrap();
    guest.write(handle, 0, &vec![7; 100_000]).unwrap();
    guest.unlink("a").unwrap();
    assert!(room(&mut guest) < 1 << 20, "it is open");
    guest.close(handle).unwrap();
    assert_eq!(room(&mut guest), 1 << 20);
}

#[test]
fn a_name_costs_room_also_where_it_is_of_nothing_and_gives_it_back() {
    let host = home();
    let mut guest = with(host.path(), |limits| limits.quota = 4 * NAME);
    let made = guest.create("file").unwrap();
    guest.close(made).unwrap();
    guest.mkdir("folder").unwrap();
    guest.symlink("link", "a").unwrap();
    guest
        .ask(MKNOD, 1, &named(&words(&[0o100_644, 0, 0, 0]), &[b"node"]))
        .unwrap();
    assert_eq!(room(&mut guest), 0);
    let before = names(host.path());
    assert_eq!(guest.create("x"), Err(EDQUOT));
    assert_eq!(guest.mkdir("x"), Err(EDQUOT));
    assert_eq!(guest.symlink("x", "a"), Err(EDQUOT));
    assert_eq!(
        guest.ask(MKNOD, 1, &named(&words(&[0o100_644, 0, 0, 0]), &[b"x"])),
        Err(EDQUOT)
    );
    assert_eq!(names(host.path()), before);
    guest.rename("file", "node").unwrap();
    assert_eq!(room(&mut guest), NAME);
    guest.rmdir("folder").unwrap();
    assert_eq!(room(&mut guest), 2 * NAME);
    guest.unlink("link").unwrap();
    guest.unlink("node").unwrap();
    assert_eq!(room(&mut guest), 4 * NAME);
    // What was there before is not the guest's to give.
    guest.unlink("a").unwrap();
    guest.rmdir("d").unwrap();
    assert_eq!(room(&mut guest), 4 * NAME);
}

#[test]
fn the_hosts_disk_has_a_floor_that_no_change_goes_under() {
    let host = home();
    let before = tree(host.path());
    // More than any disk has.
    let mut guest = with(host.path(), |limits| limits.floor = Some(u64::MAX));
    assert_eq!(room(&mut guest), 0);
    assert_eq!(guest.create("x"), Err(ENOSPC));
    assert_eq!(guest.mkdir("x"), Err(ENOSPC));
    assert_eq!(guest.symlink("x", "a"), Err(ENOSPC));
    let body = named(&words(&[0o100_644, 0, 0, 0]), &[b"x"]);
    assert_eq!(guest.ask(MKNOD, 1, &body), Err(ENOSPC));
    assert_eq!(guest.put("a", b"new"), Err(ENOSPC));
    assert_eq!(guest.set("a", 1 << 3, 1, 0, 0, 0), Err(ENOSPC));
    let refused = |event: &Event| matches!(event, Event::Refused { errno: ENOSPC, .. });
    assert!(guest.events.events.lock().unwrap().iter().all(refused));
    assert_eq!(tree(host.path()), before);
    // What takes no room goes on, and what makes some.
    let handle = guest.open("a", 0).unwrap();
    assert_eq!(guest.read(handle, 0, 9).unwrap(), b"old");
    guest.rename("a", "b").unwrap();
    guest.unlink("b").unwrap();
    guest.rmdir("d").unwrap();
}

#[test]
fn a_write_into_a_hole_is_held_to_the_floor_too() {
    let Some(disk) = SmallDisk::new(8 << 20) else {
        return;
    };
    let limits = Limits {
        floor: Some(4 << 20),
        ..Limits::default()
    };
    let share = share(disk.path()).with_limits(limits);
    let mut guest = Guest::new(share, Arc::new(Agreeing::default()));
    let handle = guest.create("x").unwrap();
    // No byte of it is on the disk.
    guest.set("x", 1 << 3, 8 << 20, 0, 0, 0).unwrap();
    let (data, mut wrote) = (vec![7; 65_536], 0);
    let refused = loop {
        match guest.write(handle, wrote, &data) {
            Ok(_) => wrote += 65_536,
            Err(errno) => break errno,
        }
    };
    assert_eq!(refused, ENOSPC);
    assert!(wrote <= 4 << 20, "{wrote}");
    let free = rustix::fs::statvfs(disk.path()).unwrap();
    assert!(free.f_bavail * free.f_frsize >= 4 << 20);
}

#[test]
fn a_connection_that_does_not_begin_with_init_ends() {
    for opcode in [LOOKUP, FORGET, 99] {
        let host = home();
        let mut guest = Guest::silent(share(host.path()), Arc::new(Agreeing::default()));
        guest.tell(opcode, 1, &named(&[], &[b"a"]));
        assert!(matches!(guest.end(), Err(ServeError::NotInitialised)), "{opcode}");
    }
}

#[test]
fn a_connection_that_begins_twice_or_in_another_version_ends() {
    let host = home();
    let mut twice = guest(host.path());
    twice.tell(INIT, 1, &init_body());
    assert!(matches!(twice.end(), Err(ServeError::InitialisedTwice)));
    for (major, minor, flags) in [(6, 0, u32::MAX), (7, 30, u32::MAX), (7, 37, 0)] {
        let mut other = Guest::silent(share(host.path()), Arc::new(Agreeing::default()));
        other.tell(INIT, 1, &words(&[major, minor, 0, flags]));
        assert!(matches!(other.end(), Err(ServeError::Version { .. })));
    }
    // A newer one is asked to speak ours.
    let mut newer = Guest::silent(share(host.path()), Arc::new(Agreeing::default()));
    let answer = newer.ask(INIT, 1, &words(&[8, 0, 0, u32::MAX])).unwrap();
    assert_eq!(u32_at(&answer, 0), 7);
    newer.ask(INIT, 1, &init_body()).unwrap();
    newer.node("a").unwrap();
}

#[test]
fn a_message_of_no_possible_length_ends_the_connection() {
    for length in [0, 39, (1 << 20) + 81, u32::MAX] {
        let host = home();
        let mut guest = guest(host.path());
        let mut bytes = message(LOOKUP, 9, 1, &[]);
        bytes[..4].copy_from_slice(&length.to_le_bytes());
        guest.send(&bytes);
        assert!(matches!(guest.end(), Err(ServeError::Frame { length: said }) if said == length));
    }
}

#[test]
fn bodies_that_end_too_early_are_answered() {
    let host = home();
    let mut guest = guest(host.path());
    for opcode in [
        LOOKUP, GETATTR, SETATTR, SYMLINK, MKNOD, MKDIR, UNLINK, RENAME, OPEN, READ, WRITE, FLUSH, CREATE,
        RENAME2,
    ] {
        assert_eq!(guest.ask(opcode, 1, &[1]), Err(EINVAL), "{opcode}");
    }
    assert_eq!(guest.ask(SYMLINK, 1, b"name\0no end"), Err(EINVAL));
    guest.node("a").unwrap();
}
