//! Group Policy: both hives of the registry.

use deskhand_policy::{Encoding, Hive, Policy, Reading, RegistryValue, registry_reading};
use pretty_assertions::assert_eq;
use serde_json::{Value, json};

use super::{Place, as_text, conforms};

/// Both hives of the registry, of which one is written to.
struct Registry {
    machine: Hive,
    user: Hive,
    of_machine: bool,
}

impl Registry {
    fn hive(&mut self) -> &mut Hive {
        if self.of_machine {
            &mut self.machine
        } else {
            &mut self.user
        }
    }
}

fn utf16(text: &str) -> RegistryValue {
    let units = text.encode_utf16().chain([0]);
    RegistryValue::Text(units.flat_map(u16::to_le_bytes).collect())
}

impl Place for Registry {
    fn put(&mut self, settings: &[(&str, Value)]) {
        let written = |value: &Value| match (value.as_u64(), value.as_bool()) {
            (Some(number), _) => RegistryValue::Number(u32::try_from(number).unwrap()),
            (_, Some(switch)) => RegistryValue::Number(switch.into()),
            _ => utf16(&as_text(value)),
        };
        let values = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), written(value)));
        *self.hive() = Ok(Some(values.collect()));
    }

    fn clear(&mut self) {
        *self.hive() = Ok(Some(Vec::new()));
    }

    fn spoil(&mut self) -> bool {
        *self.hive() = Err("access denied".to_owned());
        true
    }

    fn read(&self) -> Reading {
        registry_reading(&self.machine, &self.user)
    }

    fn encoding(&self) -> Encoding {
        Encoding::Text
    }

    fn is_managed(&self) -> bool {
        true
    }
}

#[test]
fn both_hives_of_the_registry_conform() {
    for of_machine in [true, false] {
        let place = Registry {
            machine: Ok(None),
            user: Ok(None),
            of_machine,
        };
        conforms("registry", place);
    }
}

#[test]
fn the_machines_hive_makes_the_users_disappear_once_it_counts() {
    let named = |name: &str, value: RegistryValue| -> Hive { Ok(Some(vec![(name.to_owned(), value)])) };
    let user = named("deskhandEnabled", utf16("false"));
    let enabled = |machine: &Hive| {
        let policy = Policy::resolve(&registry_reading(machine, &user), &[]);
        (
            policy.source.deskhand_enabled.value,
            policy.source.deskhand_enabled.problem.is_some(),
        )
    };
    assert_eq!(enabled(&Ok(None)), (false, false), "no key");
    assert_eq!(
        enabled(&Ok(Some(Vec::new()))),
        (false, false),
        "a key without values"
    );
    assert_eq!(
        enabled(&named("", utf16("x"))),
        (false, false),
        "the unnamed value is none"
    );
    assert_eq!(
        enabled(&named("deskhandEnabled", RegistryValue::Other)),
        (false, false),
        "invisible"
    );
    assert_eq!(
        enabled(&named("deskhandPairing", utf16("once"))),
        (true, false),
        "a value"
    );
    assert_eq!(
        enabled(&named("deskhandPairing", RegistryValue::Expandable)),
        (true, false),
        "present, unreadable"
    );
    assert_eq!(
        enabled(&named("deskhandEnabled", RegistryValue::Expandable)),
        (false, true),
        "its own key"
    );
    assert_eq!(
        enabled(&named("deskhandEnabled", RegistryValue::Damaged)),
        (false, true),
        "no number"
    );
    assert_eq!(
        enabled(&Err("access denied".to_owned())),
        (false, true),
        "not readable"
    );
}

#[test]
fn names_in_the_registry_have_no_case() {
    let machine: Hive = Ok(Some(vec![("DESKHANDENABLED".to_owned(), utf16("false"))]));
    let policy = Policy::resolve(&registry_reading(&machine, &Ok(None)), &[]);
    assert!(!policy.source.deskhand_enabled.value);
    assert_eq!(policy.problems, []);
}

#[test]
fn text_of_the_registry_that_is_no_utf16_is_invalid() {
    let cases: [&[u8]; 3] = [b"\x00\xd8\x00\x00", b"a\x00b", b"o\x00\x00\x00n\x00c\x00e\x00"];
    for bytes in cases {
        let machine: Hive = Ok(Some(vec![(
            "deskhandPairing".to_owned(),
            RegistryValue::Text(bytes.to_vec()),
        )]));
        let policy = Policy::resolve(&registry_reading(&machine, &Ok(None)), &[]);
        assert_eq!(policy.value("deskhandPairing"), json!("always"), "{bytes:?}");
    }
}
