//! The secret store over a real Secret Service: GNOME Keyring on a session bus of its own, with a home of its own.
//!
//! The test starts itself again inside that session. It says so and passes where the programs are not installed.
#![cfg(target_os = "linux")]

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use deskhand_platform::{Paths, Secret, SecretStore, SecretStoreKind};

/// Set in the inner run: the home folder of the session.
const SESSION: &str = "DESKHAND_TEST_SESSION";

/// Unlocks a new keyring with an empty password, then becomes the test.
const SCRIPT: &str =
    "printf '\\n' | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; exec \"$0\" \"$@\"";

fn paths(home: &Path) -> Paths {
    let home = home.to_owned();
    Paths::resolve(move |name| (name == "HOME").then(|| OsString::from(&home))).expect("paths of the session")
}

#[test]
fn keeps_secrets_in_the_secret_service_of_the_desktop_session() {
    if let Some(home) = std::env::var_os(SESSION) {
        return inside(Path::new(&home));
    }
    let home = tempfile::tempdir().expect("tempdir");
    let own = std::env::current_exe().expect("own program");
    let installed = |program: &str| Command::new(program).arg("--version").output().is_ok();
    if !installed("gnome-keyring-daemon") || !installed("dbus-run-session") {
        eprintln!("SKIPPED keeps_secrets_in_the_secret_service…: gnome-keyring or dbus is not installed");
        return;
    }
    let inner = Command::new("dbus-run-session")
        .args(["--", "sh", "-c", SCRIPT])
        .arg(own)
        .args([
            "--exact",
            "keeps_secrets_in_the_secret_service_of_the_desktop_session",
            "--nocapture",
        ])
        .env(SESSION, home.path())
        .env("HOME", home.path())
        .env("XDG_RUNTIME_DIR", home.path())
        .env_remove("XDG_DATA_HOME")
        .output()
        .expect("a session");
    let said = String::from_utf8_lossy(&inner.stdout).into_owned() + &String::from_utf8_lossy(&inner.stderr);
    assert!(inner.status.success(), "{said}");
    assert!(said.contains("kept in the operating system's store"), "{said}");

    // Outside of the session nothing answers, and the keys must not be started over.
    let gone = Command::new(std::env::current_exe().expect("own program"))
        .args([
            "--exact",
            "refuses_to_start_over_where_the_session_is_gone",
            "--nocapture",
        ])
        .env(SESSION, home.path())
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
        .env("XDG_RUNTIME_DIR", home.path())
        .output()
        .expect("a run without a session");
    assert!(gone.status.success(), "{}", String::from_utf8_lossy(&gone.stderr));
}

fn inside(home: &Path) {
    let paths = paths(home);
    paths.create().expect("folders");
    let store = SecretStore::open(&paths).expect("open");
    assert_eq!(store.kind(), SecretStoreKind::OperatingSystem);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("runtime");
    // The service calls from within its async runtime too.
    runtime.block_on(async {
        assert!(store.read("key").expect("read").is_none());
        store.set("key", &Secret::new(vec![0, 1, 255])).expect("set");
        let again = SecretStore::open(&paths).expect("open again");
        let found = again.read("key").expect("read").expect("there");
        assert_eq!(found.expose(), [0, 1, 255]);
        store.delete("key").expect("delete");
        store.delete("key").expect("delete nothing");
        assert!(store.read("key").expect("read").is_none());
    });
    assert!(
        !paths.data().join("secrets.json").exists(),
        "no key lies in a file"
    );
    eprintln!("kept in the operating system's store");
}

#[test]
fn refuses_to_start_over_where_the_session_is_gone() {
    let Some(home) = std::env::var_os(SESSION) else {
        return;
    };
    let refused = SecretStore::open(&paths(Path::new(&home)));
    assert!(
        matches!(
            refused,
            Err(deskhand_platform::secrets::SecretError::Unavailable { .. })
        ),
        "{refused:?}"
    );
}
