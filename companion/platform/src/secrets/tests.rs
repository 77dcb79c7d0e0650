//! The choice of a store and what is kept in it, over the key file and the in-memory store of `keyring-core`.

use pretty_assertions::assert_eq;

use super::*;

fn home() -> (tempfile::TempDir, Paths) {
    let home = tempfile::tempdir().expect("tempdir");
    let paths = Paths::below(home.path());
    paths.create().expect("folders");
    (home, paths)
}

fn running() -> (
    Arc<CredentialStore>,
    impl FnOnce() -> keyring_core::Result<Arc<CredentialStore>> + Send + 'static,
) {
    let store: Arc<CredentialStore> = keyring_core::mock::Store::new().expect("store in memory");
    (Arc::clone(&store), move || Ok(store))
}

fn not_running() -> keyring_core::Result<Arc<CredentialStore>> {
    Err(keyring_core::Error::NoDefaultStore)
}

fn value(store: &SecretStore, name: &str) -> Option<Vec<u8>> {
    store
        .read(name)
        .expect("read")
        .map(|secret| secret.expose().to_vec())
}

#[test]
fn keeps_replaces_and_deletes_a_secret_in_the_key_file() {
    let (_home, paths) = home();
    let store = SecretStore::open(&paths).expect("open");
    assert_eq!(store.kind(), SecretStoreKind::KeyFile);
    assert_eq!(value(&store, "key"), None);
    store.set("key", &Secret::new(vec![0, 255])).expect("set");
    store.set("key", &Secret::new(vec![1, 2, 3])).expect("replace");
    assert_eq!(
        value(&SecretStore::open(&paths).expect("again"), "key"),
        Some(vec![1, 2, 3])
    );
    store.delete("key").expect("delete");
    store.delete("key").expect("delete nothing");
    assert_eq!(value(&store, "key"), None);
}

#[test]
fn falls_back_to_the_key_file_where_no_store_runs_and_moves_the_keys_once_one_does() {
    let (_home, paths) = home();
    let first = SecretStore::choose(&paths, not_running).expect("file");
    assert_eq!(first.kind(), SecretStoreKind::KeyFile);
    first.set("key", &Secret::new(b"old".to_vec())).expect("set");

    let (_store, open) = running();
    let second = SecretStore::choose(&paths, open).expect("os");
    assert_eq!(second.kind(), SecretStoreKind::OperatingSystem);
    assert_eq!(value(&second, "key"), Some(b"old".to_vec()));
    assert!(
        !paths.data().join("secrets.json").exists(),
        "the file is gone once its keys have moved"
    );
}

#[test]
fn refuses_to_start_over_when_the_store_that_holds_the_keys_is_gone() {
    let (_home, paths) = home();
    let (_store, open) = running();
    SecretStore::choose(&paths, open).expect("os");
    let refused = SecretStore::choose(&paths, not_running);
    assert!(matches!(refused, Err(SecretError::Unavailable { .. })));
}

#[test]
fn refuses_a_secret_that_is_too_long_for_the_store_with_its_length_and_keeps_what_was_there() {
    let (_home, paths) = home();
    let (_store, open) = running();
    let mut store = SecretStore::choose(&paths, open).expect("os");
    store.largest = Some(4);
    store.set("key", &Secret::new(vec![1; 4])).expect("set");
    let refused = store.set("key", &Secret::new(vec![2; 5])).expect_err("too long");
    assert!(
        matches!(
            &refused,
            SecretError::TooLong {
                length: 5,
                largest: 4,
                ..
            }
        ),
        "{refused}"
    );
    assert_eq!(value(&store, "key"), Some(vec![1; 4]));
}

#[test]
fn refuses_a_damaged_key_file_instead_of_starting_over() {
    let (_home, paths) = home();
    let store = SecretStore::open(&paths).expect("open");
    for damaged in [&b"not json"[..], b"{\"key\": \"not base64!\"}", b"[]"] {
        permissions::write_private_file(&paths.data().join("secrets.json"), damaged).expect("damage");
        assert!(
            matches!(store.read("key"), Err(SecretError::Damaged(_))),
            "{damaged:?}"
        );
    }
}

#[cfg(unix)]
#[test]
fn refuses_a_key_file_that_others_may_read() {
    use std::os::unix::fs::PermissionsExt;

    let (_home, paths) = home();
    let store = SecretStore::open(&paths).expect("open");
    store.set("key", &Secret::new(vec![1])).expect("set");
    let path = paths.data().join("secrets.json");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("open the file");
    assert!(matches!(
        store.read("key"),
        Err(SecretError::File(PermissionError::TooOpen { .. }))
    ));
}

#[test]
fn gives_one_secret_to_all_who_ask_for_the_first_time_at_once() {
    let (_home, paths) = home();
    let (os, _open) = running();
    let in_the_system = || {
        let store = Arc::clone(&os);
        SecretStore::choose(&paths, move || Ok(store)).expect("os")
    };
    let in_a_file = || SecretStore::open(&paths).expect("file");
    let stores: [&(dyn Fn() -> SecretStore + Sync); 2] = [&in_a_file, &in_the_system];
    for open in stores {
        let together = std::sync::Barrier::new(8);
        let mut given: Vec<Vec<u8>> = thread::scope(|scope| {
            let asking: Vec<_> = (0..8)
                .map(|own| {
                    let together = &together;
                    scope.spawn(move || {
                        let store = open();
                        together.wait();
                        let made = store.read_or_make("key", || {
                            // Whoever else asks meanwhile would find nothing, were there no turns.
                            thread::yield_now();
                            Ok(Secret::new(vec![own]))
                        });
                        store
                            .set(&format!("own-{own}"), &Secret::new(vec![own]))
                            .expect("set");
                        made.expect("made").expose().to_vec()
                    })
                })
                .collect();
            asking
                .into_iter()
                .map(|one| one.join().expect("no panic"))
                .collect()
        });
        let store = open();
        assert!(
            (0..8).all(|own| value(&store, &format!("own-{own}")) == Some(vec![own])),
            "nothing is lost"
        );
        given.push(value(&store, "key").expect("kept"));
        given.dedup();
        assert_eq!(given.len(), 1, "{:?}", store.kind());
    }
}

#[test]
fn finds_the_store_usable_however_many_programs_try_it_at_once() {
    let (store, _open) = running();
    let together = std::sync::Barrier::new(8);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                together.wait();
                for _ in 0..1_000 {
                    probe(&*store).expect("usable");
                }
            });
        }
    });
}
