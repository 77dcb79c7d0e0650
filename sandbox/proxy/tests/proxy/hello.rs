//! ClientHellos: made by hand, and what the reader of them says.

use deskhand_vm_proxy::{ClientHello, HelloFault, HelloReading, Limits, ServerName};

/// The random of every hello here.
const RANDOM: [u8; 32] = [7; 32];

pub(crate) fn vector_16(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat()
}

/// The server_name extension with these entries.
pub(crate) fn server_names(entries: &[(u8, &[u8])]) -> (u16, Vec<u8>) {
    let entries = entries
        .iter()
        .map(|(kind, name)| [vec![*kind], vector_16(name)].concat());
    (0, vector_16(&entries.collect::<Vec<_>>().concat()))
}

pub(crate) fn named(name: &str) -> Vec<u8> {
    records(&message(&[server_names(&[(0, name.as_bytes())])]), 1 << 14)
}

pub(crate) fn unnamed() -> Vec<u8> {
    records(&message(&[(43, vec![2, 3, 4])]), 1 << 14)
}

/// The handshake message with these extensions.
pub(crate) fn message(extensions: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let extensions = extensions
        .iter()
        .map(|(kind, data)| [&kind.to_be_bytes()[..], &vector_16(data)].concat());
    let extensions = vector_16(&extensions.collect::<Vec<_>>().concat());
    framed(&[&body_before_extensions()[..], &extensions].concat())
}

fn body_before_extensions() -> Vec<u8> {
    [&[3, 3][..], &RANDOM, &[0], &[0, 2, 0x13, 1], &[1, 0]].concat()
}

pub(crate) fn framed(body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32).to_be_bytes();
    [&[1], &length[1..], body].concat()
}

/// A message in records of at most `size` bytes.
pub(crate) fn records(message: &[u8], size: usize) -> Vec<u8> {
    let parts = message
        .chunks(size)
        .map(|part| [&[22, 3, 1][..], &vector_16(part)].concat());
    parts.collect::<Vec<_>>().concat()
}

fn read(bytes: &[u8]) -> Result<HelloReading, HelloFault> {
    ClientHello::read(bytes, &Limits::default())
}

fn whole(bytes: &[u8]) -> ClientHello {
    match read(bytes) {
        Ok(HelloReading::Whole(hello, length)) => {
            assert_eq!(length, bytes.len());
            hello
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_name_is_read_however_the_records_are_cut() {
    let message = message(&[
        (43, vec![2, 3, 4]),
        server_names(&[(0, b"Files.Example")]),
        (21, vec![0; 20]),
    ]);
    let most = Limits::default().hello_records;
    for size in message.len().div_ceil(most)..=message.len() {
        let bytes = records(&message, size);
        assert_eq!(
            whole(&bytes).server_name,
            ServerName::Name("Files.Example".to_owned())
        );
        // Not a byte earlier, and no byte behind it counts.
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end]), Ok(HelloReading::More), "{end} of {size}");
        }
        let more = [&bytes[..], &[20, 3, 3, 0, 1, 1]].concat();
        assert!(matches!(read(&more), Ok(HelloReading::Whole(_, length)) if length == bytes.len()));
    }
}

#[test]
fn a_hello_without_a_name_has_none() {
    assert_eq!(whole(&unnamed()).server_name, ServerName::Absent);
    let old = records(&framed(&body_before_extensions()), 1 << 14);
    assert_eq!(whole(&old).server_name, ServerName::Absent);
}

#[test]
fn encrypted_hellos_are_known_by_every_number_they_have_had() {
    for kind in [
        0xfe0d, 0xffce, 0xff02, 0xff03, 0xfe08, 0xfe09, 0xfe0a, 0xfe0b, 0xfe0c,
    ] {
        let message = message(&[server_names(&[(0, b"a.example")]), (kind, vec![0])]);
        assert!(whole(&records(&message, 1 << 14)).encrypted, "{kind:x}");
    }
    assert!(!whole(&named("a.example")).encrypted);
}

#[test]
fn what_is_no_handshake_is_told_at_once() {
    for bytes in [
        &b"GET / HTTP/1.1\r\n"[..],
        b"\x16\x02",
        b"\x80\x2e\x01\x03\x01",
        b"\x17\x03\x03",
        b"\0",
    ] {
        assert_eq!(read(bytes), Ok(HelloReading::NotTls), "{}", bytes.escape_ascii());
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases")]
fn a_hello_that_could_be_read_in_two_ways_is_a_fault() {
    let good = server_names(&[(0, b"a.example")]);
    let name = |entries: &[(u8, &[u8])]| records(&message(&[server_names(entries)]), 1 << 14);
    let one = |kind, data: &[u8]| records(&message(&[(kind, data.to_vec())]), 1 << 14);
    let plain = message(std::slice::from_ref(&good));
    let mut session = framed(&[&[3, 3][..], &RANDOM, &[33], &[0; 33], &[0, 2, 0x13, 1, 1, 0]].concat());
    session.truncate(session.len());
    let over = |bytes: usize| framed(&[&plain[4..], &vec![0; bytes]].concat());
    let table = [
        (
            "two names",
            name(&[(0, b"a.example"), (0, b"b.example")]),
            HelloFault::ServerName,
        ),
        ("no name in the list", name(&[]), HelloFault::ServerName),
        ("an empty name", name(&[(0, b"")]), HelloFault::ServerName),
        (
            "a name of another type",
            name(&[(1, b"a.example")]),
            HelloFault::ServerName,
        ),
        ("a NUL", name(&[(0, b"a.example\0.b")]), HelloFault::ServerName),
        (
            "no ASCII",
            name(&[(0, "bücher.example".as_bytes())]),
            HelloFault::ServerName,
        ),
        ("a space", name(&[(0, b"a b")]), HelloFault::ServerName),
        ("an empty extension", one(0, &[]), HelloFault::ServerName),
        (
            "a list that is too short",
            one(0, &[0, 9, 0, 0, 1, b'a']),
            HelloFault::ServerName,
        ),
        (
            "bytes behind the list",
            one(0, &[0, 4, 0, 0, 1, b'a', 0]),
            HelloFault::ServerName,
        ),
        (
            "the extension twice",
            records(&message(&[good.clone(), good.clone()]), 1 << 14),
            HelloFault::Duplicate,
        ),
        (
            "another twice",
            records(&message(&[(9, vec![]), (9, vec![])]), 1 << 14),
            HelloFault::Duplicate,
        ),
        (
            "bytes behind the extensions",
            records(&over(1), 1 << 14),
            HelloFault::Length,
        ),
        (
            "a session id that is too long",
            records(&session, 1 << 14),
            HelloFault::Length,
        ),
        (
            "nothing in it",
            records(&framed(&[]), 1 << 14),
            HelloFault::Length,
        ),
        (
            "another message",
            records(&[2, 0, 0, 0], 1 << 14),
            HelloFault::NotAHello,
        ),
        (
            "two messages in a record",
            records(&[&plain[..], &plain].concat(), 1 << 14),
            HelloFault::Trailing,
        ),
        (
            "one that is too large",
            records(&over(1 << 14), 1 << 14),
            HelloFault::TooLarge,
        ),
        (
            "a record too many",
            records(&plain, 1),
            HelloFault::TooManyRecords,
        ),
    ];
    for (what, bytes, wanted) in table {
        assert_eq!(read(&bytes), Err(wanted), "{what}");
    }
}

#[test]
fn records_that_are_no_part_of_a_hello_are_a_fault() {
    let (first, second) = (records(&message(&[])[..10], 100), named("a.example"));
    for odd in [
        &[22, 3, 1, 0, 0][..],
        &[23, 3, 3, 0, 1, 1],
        &[20, 3, 3, 0, 1, 1],
        &[22, 2, 0, 0, 1, 1],
        &[22, 3, 1, 0x40, 1],
    ] {
        let bytes = [&first[..], odd, &second].concat();
        assert_eq!(read(&bytes), Err(HelloFault::Record), "{odd:?}");
    }
}
