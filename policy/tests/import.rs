//! Profiles that were written for the reference product: 200 generated ones in three forms, and single keys. Of every key
//! it is known what becomes of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use deskhand_policy::check::{check, fails, resolved};
use deskhand_policy::format::{Profile, read};
use deskhand_policy::import::{DifferenceKind, Import, import, text};
use deskhand_policy::{
    Definition, Effect, Encoding, Format, MemoryStore, Origin, Policy, Store, UNUSED, definition,
    definitions, export,
};
use pretty_assertions::assert_eq;
use serde_json::{Map, Value, json};

/// Profiles that are generated.
const PROFILES: u64 = 200;

/// Numbers from a seed (SplitMix64), the same in each run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }
}

/// Native values to try for a row, valid and not, by its schema.
fn candidates(row: &Definition) -> Vec<Value> {
    let schema = (row.schema)();
    let mut values = vec![
        json!(true),
        json!(false),
        json!("text"),
        json!("https://service.example.com"),
        json!("https://user:secret@service.example.com"),
        json!("/opt/example/helper"),
        json!("0193a1b2-0000-7000-8000-000000000001"),
        json!(30),
        json!(300),
        json!(9_999_999_999_u64),
        json!(0.5),
        json!([]),
        json!(["*.example.com"]),
        json!(["Bash", "WebFetch"]),
        json!([{ "path": "~/Documents", "mode": "ro" }]),
        json!([{ "name": "m1" }]),
        json!({}),
        json!({ "x-team": "a" }),
        json!({ "Bash(curl *)": "ask" }),
        json!({ "enabled": true, "text": "Internal use" }),
    ];
    for name in ["minimum", "maximum", "default"] {
        values.extend(schema.get(name).cloned());
    }
    values.extend(schema["enum"].as_array().into_iter().flatten().cloned());
    let default = (row.default)();
    values.extend(Some(default).filter(|value| !value.is_null()));
    values
}

/// A row with the values to try, and those of them that are valid.
struct Row {
    definition: &'static Definition,
    candidates: Vec<Value>,
    valid: Vec<Value>,
}

fn rows() -> Vec<Row> {
    let row = |row: &'static Definition| {
        let candidates = candidates(row);
        let valid = candidates
            .iter()
            .filter(|value| (row.check)(value, Encoding::Json).is_ok())
            .cloned()
            .collect();
        Row {
            definition: row,
            candidates,
            valid,
        }
    };
    definitions().map(row).collect()
}

/// The keys of a profile, each absent, at one of the values to try, or under an earlier name; a few that are no keys.
fn generated(seed: u64, rows: &[Row]) -> Map<String, Value> {
    let mut chance = Chance(seed);
    let mut profile = Map::new();
    for Row {
        definition: row,
        candidates,
        valid,
    } in rows
    {
        if chance.below(4) == 0 {
            continue;
        }
        let value = if chance.below(4) == 0 || valid.is_empty() {
            candidates[chance.below(candidates.len())].clone()
        } else {
            valid[chance.below(valid.len())].clone()
        };
        let names: Vec<&str> = std::iter::once(row.name)
            .chain(row.aliases.iter().copied())
            .collect();
        profile.insert(names[chance.below(names.len())].to_owned(), value.clone());
        if chance.below(20) == 0 {
            profile.insert(names[names.len() - 1].to_owned(), value);
        }
    }
    profile.insert(UNUSED[chance.below(UNUSED.len())].name.to_owned(), json!(true));
    profile.insert(format!("inferenceProvder{}", chance.below(9)), json!("gateway"));
    profile
}

/// The profile as the three forms have it, written here and not by the product.
fn forms(keys: &Map<String, Value>) -> [Vec<u8>; 3] {
    let flat = |value: &Value| match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let members: Vec<String> = keys
        .iter()
        .map(|(key, value)| format!("<key>{key}</key><string>{}</string>\n", escaped(&flat(value))))
        .collect();
    let members = members.concat();
    let plist = format!(
        "<?xml version=\"1.0\"?>\n<plist version=\"1.0\"><dict><key>PayloadContent</key><array><dict><key>PayloadType</key>\
         <string>com.anthropic.claudefordesktop</string>\n{members}</dict></array></dict></plist>"
    );
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let lines: Vec<String> = keys
        .iter()
        .map(|(key, value)| format!("{}={}\r\n", quoted(key), quoted(&flat(value))))
        .collect();
    let lines = lines.concat();
    let reg = format!(
        "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude]\r\n{lines}"
    );
    let wide = std::iter::once(0xfeff)
        .chain(reg.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    [
        plist.into_bytes(),
        wide,
        Value::Object(keys.clone()).to_string().into_bytes(),
    ]
}

fn read_foreign(bytes: &[u8]) -> Profile {
    read(bytes, "/etc/claude-desktop/managed-settings.json").unwrap()
}

/// The policy of the values that an import gave.
fn outcome(import: &Import) -> Policy {
    let values: Vec<_> = import
        .settings
        .iter()
        .map(|(row, value)| (row.name, value.clone()))
        .collect();
    Policy::resolve(
        &MemoryStore::new(Origin::Managed("test".into()), values).read(),
        &[],
    )
}

fn kinds(import: &Import, key: &str) -> Vec<DifferenceKind> {
    let about = import
        .differences
        .iter()
        .filter(|difference| difference.key == key);
    about.map(|difference| difference.kind).collect()
}

/// What the row says of its effect is told.
fn tells_effect(row: &Definition, kinds: &[DifferenceKind]) {
    let told = [
        (DifferenceKind::Effect, row.differs.is_some()),
        (
            DifferenceKind::ActsLater,
            matches!(row.effect, Effect::ActsWith(_) | Effect::ActsInPart(_)),
        ),
        (
            DifferenceKind::NotApplicable,
            matches!(row.effect, Effect::NotApplicable(_)),
        ),
    ];
    for (kind, expected) in told {
        assert_eq!(kinds.contains(&kind), expected, "{}: {kind:?}", row.name);
    }
}

/// Of each key: taken over with the same effect, or named among the differences.
fn holds(profile: &Profile, import: &Import) {
    let (before, after) = (resolved(profile), outcome(import));
    for entry in &profile.entries {
        let kinds = kinds(import, &entry.key);
        let Some(row) = definition(&entry.key) else {
            assert!(
                kinds
                    .iter()
                    .any(|kind| matches!(kind, DifferenceKind::Unknown | DifferenceKind::NotUsed)),
                "{}",
                entry.key
            );
            continue;
        };
        if kinds.contains(&DifferenceKind::Covered) {
            continue;
        }
        if import.settings.get(row.name).is_some() {
            assert_eq!(
                before.value(row.name),
                after.value(row.name),
                "{}: nothing changes but what is named",
                row.name
            );
        } else {
            assert!(
                kinds.contains(&DifferenceKind::Invalid),
                "{} is gone without a word",
                row.name
            );
        }
        let value = entry.value.as_ref().unwrap();
        let valid = (row.check)(value, profile.encoding).is_ok();
        assert_eq!(kinds.contains(&DifferenceKind::Invalid), !valid, "{}", row.name);
        if valid {
            tells_effect(row, &kinds);
        }
        assert_eq!(
            kinds.contains(&DifferenceKind::Renamed),
            row.name != entry.key,
            "{}",
            entry.key
        );
    }
    for row in definitions() {
        let differs = import.settings.get(row.name).is_none() && row.differs_when_absent.is_some();
        assert_eq!(
            kinds(import, row.name).contains(&DifferenceKind::Default),
            differs,
            "{}",
            row.name
        );
    }
}

#[test]
fn two_hundred_profiles_are_taken_over_with_every_difference_named() {
    let (mut taken, mut differences) = (0, 0);
    let rows = rows();
    for seed in 0..PROFILES {
        let keys = generated(seed, &rows);
        let mut outcomes = Vec::new();
        for bytes in forms(&keys) {
            let profile = read_foreign(&bytes);
            assert_eq!(profile.entries.len(), keys.len());
            let import = import(&profile);
            holds(&profile, &import);
            taken += import.settings.len();
            differences += import.differences.len();
            outcomes.push(import);
        }
        // What comes out is a sound file in each form, and says the same there.
        for format in [Format::Mobileconfig, Format::Reg, Format::Json] {
            let written = read(
                &export(format, &outcomes[2].settings, "Imported").unwrap(),
                "deskhand",
            )
            .unwrap();
            let again = deskhand_policy::import::import(&written);
            assert_eq!(again.settings, outcomes[2].settings, "seed {seed}, {format:?}");
            let faults = check(&written)
                .into_iter()
                .filter(|finding| finding.code.word() == "invalid-value");
            assert_eq!(faults.count(), 0, "seed {seed}, {format:?}");
        }
        // A form with text alone takes `30` for the number where JSON has text: the rest must agree.
        assert_eq!(outcomes[0].settings, outcomes[1].settings, "seed {seed}");
        assert_eq!(
            outcomes[0].differences.len(),
            outcomes[1].differences.len(),
            "seed {seed}"
        );
    }
    assert!(
        taken > 10_000 && differences > 10_000,
        "{taken} keys, {differences} differences"
    );
}

fn imported(content: &str) -> Import {
    import(&read_foreign(content.as_bytes()))
}

#[test]
fn what_a_profile_counts_on_and_deskhand_does_otherwise_is_named() {
    let import = imported(
        r#"{"otlpEndpoint": "https://collector.example.com", "coworkEgressAllowedHosts": ["10.0.0.1"]}"#,
    );
    let text = text(&import);
    for key in ["coworkEgressAllowedHosts", "isDesktopExtensionEnabled"] {
        let about = import
            .differences
            .iter()
            .filter(|difference| difference.key == key);
        let differs = about
            .filter(|difference| matches!(difference.kind, DifferenceKind::Effect | DifferenceKind::Default));
        assert!(differs.count() > 0, "{key}: {text}");
    }
}

#[test]
fn an_address_with_a_password_is_not_taken_over_and_not_shown() {
    let import = imported(r#"{"inferenceGatewayBaseUrl": "https://user:hunter2@gw.example.com"}"#);
    assert!(import.settings.get("inferenceGatewayBaseUrl").is_none());
    assert_eq!(
        kinds(&import, "inferenceGatewayBaseUrl"),
        [DifferenceKind::Invalid]
    );
    assert!(!text(&import).contains("hunter2"));
}

#[test]
fn a_malformed_list_of_folders_stays_closed() {
    let import = imported(r#"{"allowedWorkspaceFolders": {"path": "~"}}"#);
    assert_eq!(import.settings.get("allowedWorkspaceFolders"), Some(&json!([])));
    assert_eq!(
        kinds(&import, "allowedWorkspaceFolders"),
        [DifferenceKind::Invalid]
    );
}

#[test]
fn an_earlier_name_is_written_under_its_present_one_and_gives_way_to_it() {
    let import = imported(r#"{"isDxtEnabled": false}"#);
    assert_eq!(
        import.settings.get("isDesktopExtensionEnabled"),
        Some(&json!(false))
    );
    assert!(kinds(&import, "isDxtEnabled").contains(&DifferenceKind::Renamed));
    let import = imported(r#"{"isDxtEnabled": true, "isDesktopExtensionEnabled": false}"#);
    assert_eq!(
        import.settings.get("isDesktopExtensionEnabled"),
        Some(&json!(false))
    );
    assert_eq!(kinds(&import, "isDxtEnabled"), [DifferenceKind::Covered]);
}

#[test]
fn a_key_that_stands_there_twice_counts_neither_way() {
    let import =
        imported(r#"{"mcpPersistentAlwaysAllowEnabled": true, "mcpPersistentAlwaysAllowEnabled": true}"#);
    assert_eq!(
        import.settings.get("mcpPersistentAlwaysAllowEnabled"),
        Some(&json!(false))
    );
}

#[test]
fn a_profile_for_deskhand_has_no_differences_of_its_own() {
    let profile = read(
        br#"{"deskhandPairing": "always"}"#,
        "/etc/deskhand/managed-settings.json",
    )
    .unwrap();
    let import = import(&profile);
    assert_eq!(import.differences, []);
    assert!(!fails(&check(&profile)));
}

#[test]
fn what_is_not_read_of_a_file_is_named() {
    let content = "Windows Registry Editor Version 5.00\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude]\n\
        \"inferenceProvider\"=\"gateway\"\n\"inferenceModels\"=hex(7):41,00,00,00,00,00\n";
    let import = imported(content);
    assert!(
        import
            .differences
            .iter()
            .any(|difference| difference.kind == DifferenceKind::NotRead)
    );
}
