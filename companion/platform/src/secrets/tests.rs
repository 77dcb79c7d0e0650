//! The choice of a store and what is kept in it, over the key file and the in-memory store of `keyring-core`.

use pretty_assertions::assert_eq;

use super::*;

fn home() -> (tempfile::TempDir, Paths) {
    let home = tempfile::tempdir().expect("tempdir");
    let paths = Paths::below(home.path());
    paths.create().expect("folders");
    (home, paths)
}

fn file(paths: &Paths) -> KeyFile {
    KeyFile::new(paths.data().join("secrets.json"))
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
    let first = SecretStore::choose(&paths, file(&paths), not_running).expect("file");
    assert_eq!(first.kind(), SecretStoreKind::KeyFile);
    first.set("key", &Secret::new(b"old".to_vec())).expect("set");

    let (_store, open) = running();
    let second = SecretStore::choose(&paths, file(&paths), open).expect("os");
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
    SecretStore::choose(&paths, file(&paths), open).expect("os");
    let refused = SecretStore::choose(&paths, file(&paths), not_running);
    assert!(matches!(refused, Err(SecretError::Unavailable { .. })));
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
