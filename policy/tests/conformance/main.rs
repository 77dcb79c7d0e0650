//! What every store must do, run on each of them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[cfg(windows)]
mod hive;
#[cfg(unix)]
mod owned;
mod registry;

use std::fs;
use std::path::PathBuf;

use deskhand_policy::{Encoding, MemoryStore, Origin, Policy, Reading, Store, UserFile, UserLibrary};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

/// A store and the ways in which a test changes what it holds.
trait Place {
    /// Makes it hold these settings and nothing else, written as the place writes them.
    fn put(&mut self, settings: &[(&str, Value)]);
    /// Makes it hold nothing.
    fn clear(&mut self);
    /// Makes it hold what cannot be read; false where it cannot come to that.
    fn spoil(&mut self) -> bool;
    /// What it holds now.
    fn read(&self) -> Reading;
    /// How it writes values.
    fn encoding(&self) -> Encoding;
    /// Whether its settings are an administrator's.
    fn is_managed(&self) -> bool;
}

/// A value as text sources write it.
fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn conforms(name: &str, mut place: impl Place) {
    place.clear();
    assert_eq!(place.read(), Reading::Absent, "{name}: nothing is there");
    tells_all_that_is_there(name, &mut place);
    sees_changes(name, &mut place);
    if place.spoil() {
        assert!(
            matches!(place.read(), Reading::Unusable(..)),
            "{name}: {:?}",
            place.read()
        );
        let policy = resolved(&place);
        assert!(!policy.stopping().is_empty(), "{name}");
        assert_eq!(
            policy.value("allowedWorkspaceFolders"),
            json!([]),
            "{name}: fails closed"
        );
    }
    place.clear();
    assert_eq!(place.read(), Reading::Absent, "{name}: nothing is left");
}

fn tells_all_that_is_there(name: &str, place: &mut impl Place) {
    let instructions = "Zeile \"eins\"\n<zwei> & 'drei' \\ ü 🂡";
    let folders = json!(["~/a", { "path": "~/b", "mode": "ro" }]);
    let settings = [
        ("deskhandPairing", json!("always")),
        ("deskhandMaxStepsPerTurn", json!(7)),
        ("disableBypassPermissionsMode", json!(true)),
        ("allowedWorkspaceFolders", folders),
        ("organizationInstructions", json!(instructions)),
        ("unknownKey", json!("x")),
    ];
    place.put(&settings);
    let reading = place.read();
    let Reading::Present(values) = &reading else {
        panic!("{name}: {reading:?}");
    };
    assert_eq!(values.encoding, place.encoding(), "{name}");
    assert_eq!(values.entries.len(), settings.len(), "{name}");
    assert_eq!(place.read(), reading, "{name}: reading changes nothing");
    let policy = resolved(place);
    assert_eq!(policy.managed, place.is_managed(), "{name}");
    let value = |key: &str| policy.value(key);
    assert_eq!(value("deskhandPairing"), json!("always"), "{name}");
    assert_eq!(value("deskhandMaxStepsPerTurn"), json!(7), "{name}");
    assert_eq!(value("disableBypassPermissionsMode"), json!(true), "{name}");
    assert_eq!(value("allowedWorkspaceFolders")[1]["mode"], json!("ro"), "{name}");
    assert_eq!(
        value("organizationInstructions"),
        json!(instructions),
        "{name}: as it is"
    );
    let told: Vec<&str> = policy.problems.iter().map(|it| it.key.as_str()).collect();
    assert_eq!(told, ["unknownKey"], "{name}: nothing is left out without a word");
}

fn sees_changes(name: &str, place: &mut impl Place) {
    place.put(&[("deskhandPairing", json!("once"))]);
    let policy = resolved(place);
    assert_eq!(
        policy.value("deskhandPairing"),
        json!("once"),
        "{name}: what is new"
    );
    assert_eq!(
        policy.value("deskhandMaxStepsPerTurn"),
        json!(100),
        "{name}: what is gone"
    );
    place.put(&[("allowedWorkspaceFolders", json!([]))]);
    let folders = resolved(place).value("allowedWorkspaceFolders");
    assert_eq!(folders, json!([]), "{name}: empty is not absent");
}

fn resolved(place: &impl Place) -> Policy {
    if place.is_managed() {
        Policy::resolve(&place.read(), &[])
    } else {
        Policy::resolve(&Reading::Absent, &[place.read()])
    }
}

fn json_text(settings: &[(&str, Value)]) -> String {
    let map = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()));
    Value::Object(map.collect()).to_string()
}

struct Memory(Option<MemoryStore>);

impl Place for Memory {
    fn put(&mut self, settings: &[(&str, Value)]) {
        self.0 = Some(MemoryStore::new(
            Origin::User("memory".into()),
            settings.iter().cloned(),
        ));
    }

    fn clear(&mut self) {
        self.0 = None;
    }

    fn spoil(&mut self) -> bool {
        false
    }

    fn read(&self) -> Reading {
        self.0.as_ref().map_or(Reading::Absent, Store::read)
    }

    fn encoding(&self) -> Encoding {
        Encoding::Json
    }

    fn is_managed(&self) -> bool {
        false
    }
}

#[test]
fn memory_conforms() {
    conforms("memory", Memory(None));
}

struct Users {
    folder: tempfile::TempDir,
    library: bool,
}

impl Users {
    const ID: &str = "0193a1b2-0000-7000-8000-000000000001";

    fn new(library: bool) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            library,
        }
    }

    fn file(&self) -> PathBuf {
        let name = if self.library {
            format!("{}.json", Self::ID)
        } else {
            "settings.json".to_owned()
        };
        self.folder.path().join(name)
    }

    fn write(&self, content: &str) {
        if self.library {
            let meta = json!({ "appliedId": Self::ID, "entries": [{ "id": Self::ID, "name": "Default" }] });
            fs::write(self.folder.path().join("_meta.json"), meta.to_string()).unwrap();
        }
        fs::write(self.file(), content).unwrap();
    }
}

impl Place for Users {
    fn put(&mut self, settings: &[(&str, Value)]) {
        self.write(&json_text(settings));
    }

    fn clear(&mut self) {
        for file in fs::read_dir(self.folder.path()).unwrap() {
            fs::remove_file(file.unwrap().path()).unwrap();
        }
    }

    fn spoil(&mut self) -> bool {
        self.write("{ half");
        true
    }

    fn read(&self) -> Reading {
        if self.library {
            UserLibrary::new(self.folder.path()).read()
        } else {
            UserFile::new(self.file()).read()
        }
    }

    fn encoding(&self) -> Encoding {
        Encoding::Json
    }

    fn is_managed(&self) -> bool {
        false
    }
}

#[test]
fn the_users_file_conforms() {
    conforms("user file", Users::new(false));
}

#[test]
fn the_users_library_conforms() {
    conforms("user library", Users::new(true));
}

#[test]
fn a_library_that_does_not_say_what_is_applied_is_unusable() {
    let unusable = |meta: &str| {
        let users = Users::new(true);
        users.write("{}");
        fs::write(users.folder.path().join("_meta.json"), meta).unwrap();
        matches!(users.read(), Reading::Unusable(..))
    };
    let outside = json!({ "appliedId": "../settings" }).to_string();
    let other = json!({ "appliedId": "0193a1b2-0000-7000-8000-000000000002" }).to_string();
    for meta in [
        "{",
        "[]",
        &outside,
        &other,
        &json!({ "appliedId": 7 }).to_string(),
    ] {
        assert!(unusable(meta), "{meta}");
    }
    assert!(!unusable("{}"), "nothing is applied");
}

#[test]
fn the_name_of_what_is_applied_leads_out_of_no_library() {
    let folder = tempfile::tempdir().unwrap();
    let library = folder.path().join("configLibrary");
    fs::create_dir(&library).unwrap();
    fs::write(folder.path().join("settings.json"), "{}").unwrap();
    fs::write(
        library.join("_meta.json"),
        json!({ "appliedId": "../settings" }).to_string(),
    )
    .unwrap();
    assert!(matches!(UserLibrary::new(library).read(), Reading::Unusable(..)));
}
