//! Group Policy in the registry of the system itself. It writes to this machine's policy, so it runs where
//! `cargo xtask test --windows` gives it a registry of its own.

use std::sync::{Mutex, MutexGuard, PoisonError};

use deskhand_policy::{Encoding, POLICY_KEY, PolicyRegistry, Reading, Store as _};
use serde_json::Value;
use winreg::enums::{HKEY_CURRENT_USER, HKEY_LOCAL_MACHINE, RegType};
use winreg::{HKEY, RegKey, RegValue};

use super::{Place, as_text, conforms};

/// Both hives are of the whole machine: one test at a time.
static HIVES: Mutex<()> = Mutex::new(());

struct Hive {
    root: HKEY,
    _alone: MutexGuard<'static, ()>,
}

impl Hive {
    fn of(root: HKEY) -> Self {
        let alone = HIVES.lock().unwrap_or_else(PoisonError::into_inner);
        for hive in [HKEY_LOCAL_MACHINE, HKEY_CURRENT_USER] {
            RegKey::predef(hive).delete_subkey_all(POLICY_KEY).ok();
        }
        Self { root, _alone: alone }
    }

    fn key(&self) -> RegKey {
        RegKey::predef(self.root).create_subkey(POLICY_KEY).unwrap().0
    }
}

impl Drop for Hive {
    fn drop(&mut self) {
        RegKey::predef(self.root).delete_subkey_all(POLICY_KEY).ok();
    }
}

impl Place for Hive {
    fn put(&mut self, settings: &[(&str, Value)]) {
        self.clear();
        for (name, value) in settings {
            match (value.as_u64(), value.as_bool()) {
                (Some(number), _) => self.key().set_value(name, &u32::try_from(number).unwrap()),
                (_, Some(switch)) => self.key().set_value(name, &u32::from(switch)),
                _ => self.key().set_value(name, &as_text(value)),
            }
            .unwrap();
        }
    }

    fn clear(&mut self) {
        RegKey::predef(self.root).delete_subkey_all(POLICY_KEY).ok();
    }

    /// Whoever may write here may not take their own right to read away.
    fn spoil(&mut self) -> bool {
        false
    }

    fn read(&self) -> Reading {
        PolicyRegistry.read()
    }

    fn encoding(&self) -> Encoding {
        Encoding::Text
    }

    fn is_managed(&self) -> bool {
        true
    }
}

#[test]
fn the_registry_of_this_machine_conforms_in_both_hives() {
    for root in [HKEY_LOCAL_MACHINE, HKEY_CURRENT_USER] {
        conforms("the registry of this machine", Hive::of(root));
    }
}

#[test]
fn the_users_hive_is_not_looked_at_where_the_machine_says_anything() {
    let mut machine = Hive::of(HKEY_LOCAL_MACHINE);
    let user = RegKey::predef(HKEY_CURRENT_USER)
        .create_subkey(POLICY_KEY)
        .unwrap()
        .0;
    user.set_value("deskhandPairing", &"once").unwrap();
    let said = |place: &Hive| match place.read() {
        Reading::Present(values) => values.entries.into_keys().collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(said(&machine), ["deskhandPairing"]);
    machine.put(&[("deskhandEnabled", false.into())]);
    assert_eq!(said(&machine), ["deskhandEnabled"]);
    machine.clear();
    RegKey::predef(HKEY_CURRENT_USER)
        .delete_subkey_all(POLICY_KEY)
        .unwrap();
    assert_eq!(machine.read(), Reading::Absent);
}

#[test]
fn types_that_are_no_policy_are_read_as_the_documents_say() {
    let machine = Hive::of(HKEY_LOCAL_MACHINE);
    let raw = |vtype: RegType, bytes: &'static [u8]| RegValue {
        vtype,
        bytes: bytes.into(),
    };
    let key = machine.key();
    key.set_raw_value("deskhandEnabled", &raw(RegType::REG_BINARY, b"\0"))
        .unwrap();
    assert_eq!(machine.read(), Reading::Absent, "another type is invisible");
    key.set_raw_value("deskhandPairing", &raw(RegType::REG_EXPAND_SZ, b"%\0A\0%\0\0\0"))
        .unwrap();
    key.set_raw_value("deskhandMaxStepsPerTurn", &raw(RegType::REG_DWORD, b"\x07\0"))
        .unwrap();
    let Reading::Present(values) = machine.read() else {
        panic!("{:?}", machine.read())
    };
    let refused: Vec<_> = values
        .entries
        .iter()
        .filter(|(_, value)| value.is_err())
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(refused, ["deskhandMaxStepsPerTurn", "deskhandPairing"]);
}
