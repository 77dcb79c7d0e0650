//! The stores on real files: what counts, what does not, and what writing leaves behind.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;

use deskhand_policy::{EditError, MemoryStore, Origin, Policy, Reading, Store, UserFile};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

fn keys(reading: &Reading) -> Vec<&str> {
    match reading {
        Reading::Present(values) => values.entries.keys().map(String::as_str).collect(),
        other => panic!("{other:?}"),
    }
}

#[cfg(unix)]
mod managed {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use deskhand_policy::ManagedFile;
    use pretty_assertions::assert_eq;

    use super::*;

    struct Fixture {
        root: tempfile::TempDir,
        owner: u32,
    }

    impl Fixture {
        fn new(content: &[u8]) -> Self {
            let root = tempfile::tempdir().unwrap();
            let owner = fs::metadata(root.path()).unwrap().uid();
            let fixture = Self { root, owner };
            fs::create_dir(fixture.folder()).unwrap();
            fs::write(fixture.file(), content).unwrap();
            mode(&fixture.folder(), 0o755);
            mode(&fixture.file(), 0o644);
            fixture
        }

        fn folder(&self) -> std::path::PathBuf {
            self.root.path().join("deskhand")
        }

        fn file(&self) -> std::path::PathBuf {
            self.folder().join("managed-settings.json")
        }

        fn read(&self) -> Reading {
            ManagedFile::at(self.file(), self.owner).read()
        }
    }

    type Spoil<'a> = &'a dyn Fn(&Fixture);

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_file_of_its_owner_counts() {
        let fixture = Fixture::new(b"\xef\xbb\xbf{\"inferenceProvider\":\"gateway\"}\n");
        assert_eq!(keys(&fixture.read()), ["inferenceProvider"]);
    }

    #[test]
    fn no_file_and_no_folder_mean_unmanaged() {
        let fixture = Fixture::new(b"{}");
        fs::remove_file(fixture.file()).unwrap();
        assert_eq!(fixture.read(), Reading::Absent);
        fs::remove_dir(fixture.folder()).unwrap();
        assert_eq!(fixture.read(), Reading::Absent);
    }

    #[test]
    fn a_file_that_others_could_have_written_is_unusable() {
        let aside = |fixture: &Fixture| {
            let aside = fixture.root.path().join("aside.json");
            fs::rename(fixture.file(), &aside).unwrap();
            aside
        };
        let cases: &[(&str, Spoil<'_>)] = &[
            ("writable by its group", &|fixture| mode(&fixture.file(), 0o664)),
            ("writable by others", &|fixture| mode(&fixture.file(), 0o646)),
            ("folder writable by its group", &|fixture| {
                mode(&fixture.folder(), 0o775);
            }),
            ("folder writable by others", &|fixture| {
                mode(&fixture.folder(), 0o757);
            }),
            ("a link", &|fixture| {
                symlink(aside(fixture), fixture.file()).unwrap();
            }),
            ("a link to nothing", &|fixture| {
                fs::remove_file(fixture.file()).unwrap();
                symlink("/nowhere", fixture.file()).unwrap();
            }),
            ("a folder", &|fixture| {
                fs::remove_file(fixture.file()).unwrap();
                fs::create_dir(fixture.file()).unwrap();
            }),
            ("below a link", &|fixture| {
                let moved = fixture.root.path().join("moved");
                fs::rename(fixture.folder(), &moved).unwrap();
                symlink(moved, fixture.folder()).unwrap();
            }),
        ];
        for (name, spoil) in cases {
            let fixture = Fixture::new(b"{}");
            assert!(matches!(fixture.read(), Reading::Present(_)));
            spoil(&fixture);
            let reading = fixture.read();
            assert!(
                matches!(reading, Reading::Unusable(Origin::Managed(_), _)),
                "{name}: {reading:?}"
            );
            assert!(Policy::resolve(&reading, &[]).managed, "{name}");
        }
    }

    #[test]
    fn a_file_of_another_user_is_unusable() {
        let fixture = Fixture::new(b"{}");
        let reading = ManagedFile::at(fixture.file(), fixture.owner + 1).read();
        assert!(matches!(reading, Reading::Unusable(..)));
    }

    #[test]
    fn what_is_no_object_of_settings_is_unusable() {
        let deep = "[".repeat(100_000);
        let large = format!("{{\"a\":\"{}\"}}", "x".repeat(1 << 20));
        let contents: &[&[u8]] = &[
            b"",
            b"null",
            b"[]",
            b"{",
            b"{} {}",
            b"{'a':1}",
            b"{\"a\":1,}",
            b"\xff\xfe{\0}\0",
            b"{\"a\xff\":1}",
            deep.as_bytes(),
            large.as_bytes(),
        ];
        for content in contents {
            let reading = Fixture::new(content).read();
            let start = String::from_utf8_lossy(&content[..content.len().min(20)]).into_owned();
            assert!(matches!(reading, Reading::Unusable(..)), "{start}");
        }
    }
}

#[test]
fn a_key_that_stands_there_twice_is_invalid() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.json");
    fs::write(
        &path,
        r#"{"deskhandEnabled":true,"deskhandPairing":"once","deskhandEnabled":true}"#,
    )
    .unwrap();
    let policy = Policy::resolve(&Reading::Absent, &[UserFile::new(&path).read()]);
    assert!(!policy.source.deskhand_enabled.value);
    assert_eq!(policy.problems.len(), 1);
}

struct Settings {
    folder: tempfile::TempDir,
    file: UserFile,
}

impl Settings {
    fn new(content: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        if let Some(content) = content {
            fs::write(&path, content).unwrap();
        }
        Self {
            folder,
            file: UserFile::new(path),
        }
    }

    fn set(&self, key: &str, value: Option<Value>) -> Result<(), EditError> {
        let policy = Policy::resolve(&Reading::Absent, &[self.file.read()]);
        self.file
            .set(&self.file.turn()?, &policy, &[(key.to_owned(), value)])
    }

    fn content(&self) -> String {
        fs::read_to_string(self.folder.path().join("settings.json")).unwrap()
    }
}

#[test]
fn a_user_sets_and_removes_keys_and_the_rest_stays() {
    let settings = Settings::new(Some(r#"{"somebodyElses": 1, "deskhandPairing": "once"}"#));
    settings.set("deskhandPairing", Some(json!("always"))).unwrap();
    settings.set("inferenceProvider", Some(json!("gateway"))).unwrap();
    settings.set("deskhandPairing", None).unwrap();
    assert_eq!(
        settings.content(),
        "{\n  \"somebodyElses\": 1,\n  \"inferenceProvider\": \"gateway\"\n}\n"
    );
    assert_eq!(
        fs::read_dir(settings.folder.path()).unwrap().count(),
        2,
        "nothing is left beside it but the lock"
    );
}

#[test]
fn a_key_is_taken_out_under_whatever_name_the_file_has_it() {
    let row = deskhand_policy::definitions().find(|row| !row.aliases.is_empty() && !row.secret);
    let row = row.unwrap();
    let (name, earlier) = (row.name, row.aliases[0]);
    let settings = Settings::new(Some(&format!("{{\"{earlier}\": 1}}")));
    settings.set(name, None).unwrap();
    assert_eq!(settings.content(), "{}\n");

    let settings = Settings::new(Some(
        r#"{"$schemaVersion": 2, "inference": {"provider": "gateway", "streamIdleTimeoutSec": 400}}"#,
    ));
    settings.set("inferenceProvider", None).unwrap();
    assert_eq!(
        settings.content(),
        "{\n  \"inferenceStreamIdleTimeoutSec\": 400\n}\n"
    );
}

#[test]
fn a_first_setting_makes_the_file() {
    let settings = Settings::new(None);
    assert_eq!(settings.file.read(), Reading::Absent);
    settings.set("deskhandEnabled", Some(json!(false))).unwrap();
    assert_eq!(keys(&settings.file.read()), ["deskhandEnabled"]);
}

#[test]
fn what_must_not_be_written_is_refused_and_nothing_changes() {
    let before = r#"{"deskhandPairing":"once"}"#;
    let settings = Settings::new(Some(before));
    let cases = [
        ("deskhandParing", json!("once"), "no key `deskhandParing`"),
        (
            "deskhandPairing",
            json!("never"),
            "`deskhandPairing`: expected `once` or `always`",
        ),
        (
            "inferenceGatewayApiKey",
            json!("k"),
            "`inferenceGatewayApiKey` is secret and not kept in a file",
        ),
        (
            "managedMcpServers",
            json!([{ "name": "a", "transport": "stdio", "command": "/opt/a", "env": { "TOKEN": "k" } }]),
            "`managedMcpServers/a/env/TOKEN` is secret and not kept in a file",
        ),
        (
            "managedMcpServers",
            json!([{ "name": "a", "transport": "stdio", "command": "/opt/a", "env": { "TOKEN": "••••" } }]),
            "`managedMcpServers/a/env/TOKEN` is secret and not kept in a file",
        ),
        (
            "managedMcpServers",
            json!([{ "name": { "$secret": "managedMcpServers/a" }, "transport": "stdio", "command": "/opt/a" }]),
            "`managedMcpServers`: entry 1: expected a description of a server: a field has a value of another kind",
        ),
    ];
    for (key, value, reason) in cases {
        assert_eq!(settings.set(key, Some(value)).unwrap_err().to_string(), reason);
        assert_eq!(settings.content(), before);
    }
}

#[test]
fn a_locked_key_is_refused() {
    let settings = Settings::new(None);
    let managed = MemoryStore::new(
        Origin::Managed("profile".into()),
        [("deskhandPairing", json!("always"))],
    );
    let policy = Policy::resolve(&managed.read(), &[]);
    let refused = settings
        .file
        .set(
            &settings.file.turn().unwrap(),
            &policy,
            &[("deskhandPairing".to_owned(), Some(json!("once")))],
        )
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "`deskhandPairing` is locked (managed: profile)"
    );
    assert_eq!(settings.file.read(), Reading::Absent);
}

#[test]
fn a_file_that_cannot_be_read_is_not_overwritten() {
    let settings = Settings::new(Some("{ half"));
    let refused = settings.set("deskhandEnabled", Some(json!(true))).unwrap_err();
    assert!(matches!(refused, EditError::Unusable(_)));
    assert_eq!(settings.content(), "{ half");
}

#[test]
fn a_reference_to_the_secret_store_is_written_as_it_is() {
    let settings = Settings::new(None);
    let name = "managedMcpServers/a/env/TOKEN";
    let list = json!([{ "name": "a", "transport": "stdio", "command": "/opt/a", "env": { "TOKEN": { "$secret": name } } }]);
    settings.set("managedMcpServers", Some(list.clone())).unwrap();
    let Reading::Present(values) = settings.file.read() else {
        panic!("no values");
    };
    assert_eq!(values.entries["managedMcpServers"], Ok(list));
    assert!(deskhand_policy::secrets::wanted(&Reading::Present(values), 99).contains(&name.to_owned()));
}

#[test]
fn a_file_that_would_not_be_read_any_more_is_not_written() {
    let before = format!("{{\"somebodyElses\": \"{}\"}}", "x".repeat((1 << 20) - 40));
    let settings = Settings::new(Some(&before));
    let tools: Vec<String> = (0..20).map(|at| format!("tool-{at}")).collect();
    let refused = settings
        .set("disabledBuiltinTools", Some(json!(tools)))
        .unwrap_err();
    assert!(matches!(refused, EditError::TooLarge), "{refused}");
    assert_eq!(settings.content(), before);
}

#[test]
fn one_at_a_time_has_the_turn_to_change_the_file() {
    let settings = Settings::new(None);
    let lock = settings.folder.path().join("settings.lock");
    let turn = settings.file.turn().unwrap();
    let other = fs::File::open(&lock).unwrap();
    assert!(matches!(other.try_lock(), Err(fs::TryLockError::WouldBlock)));
    drop(turn);
    assert!(other.try_lock().is_ok());
}

#[test]
fn a_stamp_tells_that_secrets_changed_and_stands_beside_the_file() {
    let settings = Settings::new(Some("{}"));
    assert_eq!(settings.file.stamp(), 0);
    settings
        .file
        .change_stamp(&settings.file.turn().unwrap())
        .unwrap();
    settings
        .file
        .change_stamp(&settings.file.turn().unwrap())
        .unwrap();
    assert_eq!((settings.file.stamp(), settings.content().as_str()), (2, "{}"));
    let stamp = settings.folder.path().join("settings.stamp");
    for spoilt in ["", "x", &"9".repeat(99)] {
        fs::write(&stamp, spoilt).unwrap();
        assert_eq!(settings.file.stamp(), 0, "{spoilt}");
    }
}
