//! Files that count where their owner alone may write them: the administrator's file, managed preferences.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use deskhand_policy::{ManagedFile, ManagedPreferences, PREFERENCE_DOMAIN};

use deskhand_policy::{Encoding, Origin, Policy, Reading, Store as _};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use super::{Place, as_text, conforms, json_text};

/// Files that count where their owner alone may write them.
struct Owned {
    folder: tempfile::TempDir,
    form: Form,
}

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Json,
    XmlOfMachine,
    XmlOfUser,
    BinaryOfMachine,
}

impl Owned {
    fn new(form: Form) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("ann")).unwrap();
        fs::set_permissions(folder.path().join("ann"), fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder, form }
    }

    fn owner(&self) -> u32 {
        fs::metadata(self.folder.path()).unwrap().uid()
    }

    fn file(&self) -> PathBuf {
        let plist = format!("{PREFERENCE_DOMAIN}.plist");
        let folder = self.folder.path();
        match self.form {
            Form::Json => folder.join("managed-settings.json"),
            Form::XmlOfUser => folder.join("ann").join(plist),
            Form::XmlOfMachine | Form::BinaryOfMachine => folder.join(plist),
        }
    }
}

fn plist_of(settings: &[(&str, Value)]) -> plist::Value {
    let mut dictionary = plist::Dictionary::new();
    for (name, value) in settings {
        let value = match (value.as_bool(), value.as_i64()) {
            (Some(switch), _) => plist::Value::Boolean(switch),
            (_, Some(number)) => plist::Value::Integer(number.into()),
            _ => plist::Value::String(as_text(value)),
        };
        dictionary.insert((*name).to_owned(), value);
    }
    plist::Value::Dictionary(dictionary)
}

fn write(path: &Path, content: &[u8]) {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
}

impl Place for Owned {
    fn put(&mut self, settings: &[(&str, Value)]) {
        let mut content = Vec::new();
        match self.form {
            Form::Json => content.extend(json_text(settings).bytes()),
            Form::BinaryOfMachine => plist_of(settings).to_writer_binary(&mut content).unwrap(),
            Form::XmlOfMachine | Form::XmlOfUser => plist_of(settings).to_writer_xml(&mut content).unwrap(),
        }
        write(&self.file(), &content);
    }

    fn clear(&mut self) {
        fs::remove_file(self.file()).ok();
    }

    fn spoil(&mut self) -> bool {
        write(&self.file(), b"bplist00 half");
        true
    }

    fn read(&self) -> Reading {
        if self.form == Form::Json {
            ManagedFile::at(self.file(), self.owner()).read()
        } else {
            ManagedPreferences::in_folder(self.folder.path(), Some("ann"), self.owner()).read()
        }
    }

    fn encoding(&self) -> Encoding {
        if self.form == Form::Json {
            Encoding::Json
        } else {
            Encoding::Text
        }
    }

    fn is_managed(&self) -> bool {
        true
    }
}

#[test]
fn the_administrators_file_conforms() {
    conforms("managed file", Owned::new(Form::Json));
}

#[test]
fn managed_preferences_conform_in_both_forms_and_both_places() {
    conforms("XML of the machine", Owned::new(Form::XmlOfMachine));
    conforms("XML of the user", Owned::new(Form::XmlOfUser));
    conforms("binary of the machine", Owned::new(Form::BinaryOfMachine));
}

#[test]
fn a_file_that_others_may_write_is_unusable_in_every_form() {
    for form in [
        Form::Json,
        Form::XmlOfMachine,
        Form::XmlOfUser,
        Form::BinaryOfMachine,
    ] {
        let mut place = Owned::new(form);
        place.put(&[("deskhandPairing", json!("always"))]);
        assert!(matches!(place.read(), Reading::Present(_)));
        fs::set_permissions(place.file(), fs::Permissions::from_mode(0o646)).unwrap();
        assert!(matches!(place.read(), Reading::Unusable(..)));
    }
}

#[test]
fn preferences_of_the_machine_make_those_of_the_user_disappear() {
    let mut machine = Owned::new(Form::XmlOfMachine);
    machine.put(&[("deskhandPairing", json!("once"))]);
    machine.form = Form::XmlOfUser;
    machine.put(&[("deskhandEnabled", json!(false))]);
    let policy = Policy::resolve(&machine.read(), &[]);
    assert!(policy.source.deskhand_enabled.value);
    assert!(matches!(
        policy.workspace.deskhand_pairing.origin,
        Origin::Managed(_)
    ));
    let alone = ManagedPreferences::in_folder(machine.folder.path(), None, machine.owner());
    assert!(matches!(alone.read(), Reading::Present(_)));
    fs::remove_file(machine.folder.path().join(format!("{PREFERENCE_DOMAIN}.plist"))).unwrap();
    let origin = Policy::resolve(&machine.read(), &[])
        .source
        .deskhand_enabled
        .origin;
    assert!(matches!(origin, Origin::ManagedForUser(_)));
    // Nobody knows whether this account has preferences: that is not the same as none.
    assert!(matches!(
        alone.read(),
        Reading::Unusable(Origin::ManagedForUser(_), _)
    ));
}

#[test]
fn a_user_name_leads_to_no_other_folder() {
    let mut place = Owned::new(Form::XmlOfUser);
    place.put(&[("deskhandEnabled", json!(false))]);
    place.form = Form::XmlOfMachine;
    place.put(&[("deskhandEnabled", json!(false))]);
    let below = place.folder.path().join("empty");
    fs::create_dir_all(below.join("x")).unwrap();
    for name in ["../ann", "./../ann", "..", "../", "x/../..", ""] {
        let store = ManagedPreferences::in_folder(&below, Some(name), place.owner());
        assert!(matches!(store.read(), Reading::Unusable(..)), "{name}");
    }
}

#[test]
fn what_is_no_setting_in_a_property_list_is_invalid_and_the_rest_counts() {
    let mut place = Owned::new(Form::XmlOfMachine);
    place.put(&[]);
    let list = br#"<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict>
        <key>deskhandPairing</key><string>always</string>
        <key>allowedWorkspaceFolders</key><array><string>~/a</string></array>
        <key>builtinToolPolicy</key><dict><key>Edit</key><string>ask</string></dict>
        <key>deskhandMaxStepsPerTurn</key><data>AAAA</data>
        <key>deskhandJournalMegabytes</key><date>2026-01-01T00:00:00Z</date>
        <key>deskhandEnabled</key><true/><key>deskhandEnabled</key><true/>
        </dict></plist>"#;
    write(&place.file(), list);
    let policy = Policy::resolve(&place.read(), &[]);
    let told: Vec<&str> = policy
        .problems
        .iter()
        .map(|problem| problem.key.as_str())
        .collect();
    let expected = [
        "allowedWorkspaceFolders",
        "builtinToolPolicy",
        "deskhandMaxStepsPerTurn",
        "deskhandJournalMegabytes",
        "deskhandEnabled",
    ];
    let mut told = told;
    told.sort_unstable();
    let mut expected = expected;
    expected.sort_unstable();
    assert_eq!(told, expected);
    assert_eq!(policy.value("deskhandPairing"), json!("always"));
    assert_eq!(policy.value("deskhandEnabled"), json!(false));
}

#[test]
fn property_lists_that_are_none_or_too_much_are_unusable() {
    let place = Owned::new(Form::XmlOfMachine);
    let head = r#"<?xml version="1.0"?><plist version="1.0">"#;
    let crowd = format!(
        "{head}<dict><key>a</key><array>{}</array></dict></plist>",
        "<true/>".repeat(20_000)
    );
    let deep = format!(
        "{head}<dict><key>a</key>{}</dict></plist>",
        "<array>".repeat(100_000)
    );
    let large = format!(
        "{head}<dict><key>a</key><string>{}</string></dict></plist>",
        "x".repeat(2 << 20)
    );
    let cases = [
        String::new(),
        "{}".to_owned(),
        format!("{head}<array/></plist>"),
        format!("{head}<string>a</string></plist>"),
        format!("{head}<dict><key>a</key></dict></plist>"),
        crowd,
        deep,
        large,
    ];
    for content in cases {
        write(&place.file(), content.as_bytes());
        let reading = place.read();
        let start: String = content.chars().take(60).collect();
        assert!(matches!(reading, Reading::Unusable(..)), "{start}");
    }
}

/// Each list holds the one before it twice: a few hundred bytes that stand for more values than memory holds.
#[test]
fn a_binary_list_that_names_its_objects_again_and_again_is_unusable() {
    let mut objects: Vec<Vec<u8>> = vec![vec![0xd1, 1, 2], b"\x51a".to_vec()];
    for at in 2..60_u8 {
        objects.push(vec![0xa2, at + 1, at + 1]);
    }
    objects.push(vec![0x09]);
    let mut content = b"bplist00".to_vec();
    let mut offsets = Vec::new();
    for object in &objects {
        offsets.push(u8::try_from(content.len()).unwrap());
        content.extend(object);
    }
    let table = content.len() as u64;
    content.extend(&offsets);
    content.extend([0, 0, 0, 0, 0, 0, 1, 1]);
    content.extend((objects.len() as u64).to_be_bytes());
    content.extend(0_u64.to_be_bytes());
    content.extend(table.to_be_bytes());
    let place = Owned::new(Form::BinaryOfMachine);
    write(&place.file(), &content);
    assert!(matches!(place.read(), Reading::Unusable(..)));
}
