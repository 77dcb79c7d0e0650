//! What the spool keeps, and for whom.

use super::*;

fn payload(items: u32) -> Payload {
    Payload {
        stream: Stream::Logs,
        items,
        message: format!("MARKER {items} ").repeat(20).into_bytes(),
    }
}

const COLLECTOR: &str = "https://collector.example.com/otlp";

fn open(folder: &Path) -> Spool {
    open_for(folder, COLLECTOR)
}

fn open_with(folder: &Path, endpoint: &str, headers: &[(&str, &str)]) -> io::Result<Spool> {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let headers = Secrets(headers.collect());
    Spool::open(folder, &SpoolKey::new([7; 32]), 2_000, endpoint, &headers)
}

fn open_for(folder: &Path, endpoint: &str) -> Spool {
    open_with(folder, endpoint, &[]).unwrap()
}

fn take(spool: &mut Spool) -> Option<u32> {
    match spool.oldest(|_| true)? {
        Oldest::Payload(number, payload) => {
            spool.remove(number);
            Some(payload.items)
        }
        Oldest::Altered => Some(u32::MAX),
        Oldest::Elsewhere(_) | Oldest::Locked => None,
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

#[test]
fn requests_survive_a_restart_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    for items in 1..=3 {
        spool.push(&payload(items)).unwrap();
    }
    drop(spool);
    fs::write(folder.path().join("00000000000000000003.tmp"), "half").unwrap();
    let mut spool = open(folder.path());
    spool.push(&payload(4)).unwrap();
    let taken: Vec<u32> = std::iter::from_fn(|| take(&mut spool)).collect();
    assert_eq!(taken, [1, 2, 3, 4]);
    assert!(files(folder.path()).is_empty());
}

#[test]
fn the_oldest_go_where_there_is_no_room_and_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    let mut lost = 0;
    for items in 1..=20 {
        let dropped = spool.push(&payload(items)).unwrap();
        lost += dropped.items.iter().map(|(_, items)| items).sum::<u32>();
    }
    let kept: u32 = std::iter::from_fn(|| take(&mut spool)).sum();
    assert!(kept > 0 && lost > 0);
    assert_eq!(kept + lost, (1..=20).sum::<u32>());
}

#[test]
fn no_file_is_larger_than_all_of_them_may_be() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    let large = Payload {
        message: vec![0; 3_000],
        ..payload(1)
    };
    assert!(spool.push(&large).is_err());
    assert!(files(folder.path()).is_empty());
}

#[test]
fn altered_moved_and_foreign_files_are_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    for items in 1..=4 {
        spool.push(&payload(items)).unwrap();
    }
    drop(spool);
    let names = files(folder.path());
    let mut bytes = fs::read(&names[0]).unwrap();
    bytes[MARK + 30] ^= 1;
    fs::write(&names[0], bytes).unwrap();
    fs::copy(&names[2], &names[1]).unwrap();
    fs::write(folder.path().join("notes.txt"), "not ours").unwrap();
    fs::write(folder.path().join("99999999999999999999.otlp"), "").unwrap();
    let mut spool = open(folder.path());
    let taken: Vec<u32> = std::iter::from_fn(|| take(&mut spool)).collect();
    assert_eq!(taken, [u32::MAX, u32::MAX, 3, 4]);
}

#[test]
fn nothing_of_a_request_can_be_read_in_its_file() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).push(&payload(1)).unwrap();
    let bytes = fs::read(&files(folder.path())[0]).unwrap();
    assert!(!bytes.windows(6).any(|window| window == b"MARKER"));
    let key = SpoolKey::new([8; 32]);
    let mut other = Spool::open(folder.path(), &key, 2_000, COLLECTOR, &Secrets::default()).unwrap();
    assert_eq!(other.oldest(|_| true), Some(Oldest::Altered));
}

#[test]
fn what_waits_for_one_collector_never_goes_to_another_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    for items in 1..=3 {
        spool.push(&payload(items)).unwrap();
    }
    drop(spool);
    let same = open_for(folder.path(), "https://collector.example.com:443/otlp/?not=sent");
    assert_eq!((same.elsewhere(), same.files.len()), (0, 3));
    assert_eq!(Spool::last_elsewhere(folder.path()), None);
    fs::write(
        folder.path().join("00000000000000000009.otlp"),
        "of an older form",
    )
    .unwrap();
    let mut other = open_for(folder.path(), "https://collector.example.org/otlp");
    assert_eq!(other.oldest(|_| true), Some(Oldest::Altered), "the older form");
    assert_eq!(other.oldest(|_| true), None);
    assert_eq!(other.elsewhere(), 1 + 2 + 3);
    let told = Spool::last_elsewhere(folder.path());
    assert_eq!(told.map(|(items, _)| items), Some(6));
    other.push(&payload(5)).unwrap();
    drop(other);
    let back = open(folder.path());
    assert_eq!(
        (back.elsewhere(), back.files.len()),
        (5, 0),
        "nor does it wait until the first one is back"
    );
}

#[test]
fn a_file_that_is_put_under_another_collectors_mark_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).push(&payload(1)).unwrap();
    let file = &files(folder.path())[0];
    let other = open_for(
        folder.path().join("other").as_path(),
        "https://collector.example.org",
    )
    .mark;
    let mut bytes = fs::read(file).unwrap();
    bytes[..MARK].copy_from_slice(&other.0);
    fs::write(file, bytes).unwrap();
    let mut spool = open_for(folder.path(), "https://collector.example.org");
    assert_eq!(spool.oldest(|_| true), Some(Oldest::Altered));
}

#[test]
fn another_path_and_another_tenant_are_another_collector_and_a_new_credential_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let tenant = [("X-Scope-OrgID", "audit"), ("authorization", "Bearer one")];
    let waiting = || {
        let mut spool = open_with(folder.path(), COLLECTOR, &tenant).unwrap();
        assert_eq!(spool.files.len(), 0);
        spool.push(&payload(2)).unwrap();
    };
    let elsewhere = |endpoint: &str, headers: &[(&str, &str)]| {
        open_with(folder.path(), endpoint, headers).unwrap().elsewhere()
    };
    waiting();
    let renewed = [("authorization", "Bearer two"), ("x-scope-orgid", "audit")];
    assert_eq!(elsewhere(COLLECTOR, &renewed), 0);
    assert_eq!(elsewhere("https://collector.example.com/otlp/second", &tenant), 2);
    waiting();
    assert_eq!(elsewhere(COLLECTOR, &[("x-scope-orgid", "sales")]), 2);
    waiting();
    assert_eq!(elsewhere(COLLECTOR, &[]), 2);
    let mark = open_with(folder.path(), COLLECTOR, &tenant).unwrap().mark;
    let key = SpoolKey::new([8; 32]);
    let headers = Secrets(BTreeMap::from([("X-Scope-OrgID".to_owned(), "audit".to_owned())]));
    assert_ne!(
        mark,
        Mark::of(&key, COLLECTOR, &headers).unwrap(),
        "nobody without the key can try names of tenants"
    );
}

#[test]
fn a_header_that_does_not_say_that_it_is_a_credential_may_name_a_tenant() {
    let mark = |name: &str, value: &str| {
        let headers = Secrets(BTreeMap::from([(name.to_owned(), value.to_owned())]));
        Mark::of(&SpoolKey::new([7; 32]), COLLECTOR, &headers).unwrap()
    };
    for name in [
        "AccountID",
        "ProjectID",
        "x-scope-orgid",
        "stream-name",
        "dataset",
        "x-any-name",
        "x-partition-key",
    ] {
        assert_ne!(mark(name, "0"), mark(name, "1"), "{name}");
    }
    for name in [
        "Authorization",
        "api-key",
        "X-Api-Key",
        "x_api_key",
        "signoz-ingestion-key",
        "x-access-token",
        "Cookie",
    ] {
        assert_eq!(mark(name, "0"), mark(name, "1"), "{name}");
    }
    assert_eq!(
        mark("content-type", "0"),
        mark("content-type", "1"),
        "it is not sent"
    );
    assert_eq!(mark("AccountID", "0"), mark("accountid", "0"));
}

#[test]
fn the_users_name_in_a_credential_is_a_tenant_and_the_password_is_none() {
    let mark = |value: &str| {
        let headers = Secrets(BTreeMap::from([("authorization".to_owned(), value.to_owned())]));
        Mark::of(&SpoolKey::new([7; 32]), COLLECTOR, &headers).unwrap()
    };
    let basic = |pair: &str| mark(&format!("Basic {}", BASE64_STANDARD.encode(pair)));
    assert_eq!(basic("1001:one"), basic("1001:two"));
    assert_ne!(basic("1001:one"), basic("1002:one"));
    assert_eq!(mark("Basic %"), mark("Bearer one"), "it names nobody");
}

/// A link to itself cannot be opened, by nobody, as a file that is locked.
#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_read_for_a_while_stays_and_holds_up_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    spool.push(&payload(1)).unwrap();
    spool.push(&payload(2)).unwrap();
    drop(spool);
    let first = files(folder.path()).remove(0);
    let aside = folder.path().join("aside");
    fs::rename(&first, &aside).unwrap();
    std::os::unix::fs::symlink(&first, &first).unwrap();
    let mut spool = open(folder.path());
    assert_eq!(spool.elsewhere(), 0);
    assert_eq!(take(&mut spool), Some(2));
    assert_eq!(spool.oldest(|_| true), Some(Oldest::Locked));
    fs::rename(&aside, &first).unwrap();
    assert_eq!(take(&mut spool), Some(1));
    assert_eq!(spool.oldest(|_| true), None);
}

#[test]
fn a_file_that_was_locked_when_the_collector_changed_goes_to_none_either() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).push(&payload(3)).unwrap();
    let file = files(folder.path()).remove(0);
    let aside = folder.path().join("aside");
    fs::rename(&file, &aside).unwrap();
    let mut other = open_for(folder.path(), "https://collector.example.org");
    fs::rename(&aside, &file).unwrap();
    other.files.insert(
        0,
        Kept {
            bytes: 1,
            stream: None,
        },
    );
    assert_eq!(other.oldest(|_| true), Some(Oldest::Elsewhere(3)));
    assert_eq!(other.oldest(|_| true), None);
}

#[test]
fn a_kind_that_may_not_go_keeps_back_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let mut spool = open(folder.path());
    spool
        .push(&Payload {
            stream: Stream::Metrics,
            ..payload(1)
        })
        .unwrap();
    spool.push(&payload(2)).unwrap();
    for mut spool in [spool, open(folder.path())] {
        assert!(
            matches!(
                spool.oldest(|stream| stream == Stream::Logs),
                Some(Oldest::Payload(1, _))
            ),
            "known or read first"
        );
        let waiting = spool.waiting();
        assert!(waiting.contains(&Some(Stream::Metrics)) && waiting.contains(&Some(Stream::Logs)));
        assert_eq!(spool.oldest(|_| false), None);
    }
}
