//! Group Policy on Windows: values directly below one key of the registry, for the machine or for the user.
//!
//! The rules stand in a pure function, so that they are tested on every system.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::keys::canonical;
use crate::source::{Encoding, Origin, Reading, Values};

/// The key below `HKEY_LOCAL_MACHINE` and `HKEY_CURRENT_USER`.
pub const POLICY_KEY: &str = r"SOFTWARE\Policies\Deskhand";

/// A value of the registry, as far as its type counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegistryValue {
    /// `REG_SZ`: its bytes (UTF-16, little-endian).
    Text(Vec<u8>),
    /// `REG_DWORD`.
    Number(u32),
    /// `REG_EXPAND_SZ`: it counts as policy, and cannot be read, since what it expands to is the user's.
    Expandable,
    /// A `REG_DWORD` that is none.
    Damaged,
    /// Any other type: it does not count at all.
    Other,
}

/// The values of a hive's key by name, or why they cannot be read; `None` where there is no such key.
pub type Hive = Result<Option<Vec<(String, RegistryValue)>>, String>;

/// What both hives say. They are never merged: a machine that says anything makes what the user's hive says disappear.
pub fn registry_reading(machine: &Hive, user: &Hive) -> Reading {
    let machine = hive_reading(Origin::Managed(format!(r"HKLM\{POLICY_KEY}").into()), machine);
    if machine == Reading::Absent {
        hive_reading(Origin::ManagedForUser(format!(r"HKCU\{POLICY_KEY}").into()), user)
    } else {
        machine
    }
}

fn hive_reading(origin: Origin, hive: &Hive) -> Reading {
    let values = match hive {
        Err(reason) => return Reading::Unusable(origin, reason.clone()),
        Ok(None) => return Reading::Absent,
        Ok(Some(values)) => values,
    };
    // Names of the registry have no case. The unnamed value is not one of policy.
    let entries: BTreeMap<String, Result<Value, String>> = values
        .iter()
        .filter(|(name, _)| !name.is_empty())
        .filter_map(|(name, value)| Some((canonical(name).to_owned(), said(value)?)))
        .collect();
    if entries.is_empty() {
        return Reading::Absent;
    }
    Reading::Present(Values {
        origin,
        encoding: Encoding::Text,
        entries,
    })
}

fn said(value: &RegistryValue) -> Option<Result<Value, String>> {
    Some(match value {
        RegistryValue::Text(bytes) => text(bytes),
        RegistryValue::Number(number) => Ok((*number).into()),
        RegistryValue::Expandable => Err("REG_EXPAND_SZ is not read; write it as REG_SZ".to_owned()),
        RegistryValue::Damaged => Err("its number has not four bytes".to_owned()),
        RegistryValue::Other => return None,
    })
}

/// The text before the NUL at its end. Text with a NUL inside is two texts to different readers, so it is none.
fn text(bytes: &[u8]) -> Result<Value, String> {
    let (units, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
    let units = units.strip_suffix(&[0]).unwrap_or(&units);
    match String::from_utf16(units) {
        Ok(text) if rest.is_empty() && !text.contains('\0') => Ok(text.into()),
        _ => Err("its text is no UTF-16".to_owned()),
    }
}

#[cfg(windows)]
pub use self::system::PolicyRegistry;

#[cfg(windows)]
mod system {
    use std::io;

    use winreg::enums::{HKEY_CURRENT_USER, HKEY_LOCAL_MACHINE, KEY_READ, KEY_WOW64_64KEY, RegType};
    use winreg::{HKEY, RegKey};

    use super::{Hive, POLICY_KEY, RegistryValue, registry_reading};
    use crate::source::Reading;
    use crate::store::{FILE_CAP, Store};

    /// Group Policy of this machine and of the user whose process this is.
    #[derive(Clone, Copy, Debug)]
    pub struct PolicyRegistry;

    impl Store for PolicyRegistry {
        fn read(&self) -> Reading {
            registry_reading(&hive(HKEY_LOCAL_MACHINE), &hive(HKEY_CURRENT_USER))
        }
    }

    fn hive(root: HKEY) -> Hive {
        let told = |error: io::Error| format!("the registry cannot be read: {error}");
        let key = match RegKey::predef(root).open_subkey_with_flags(POLICY_KEY, KEY_READ | KEY_WOW64_64KEY) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            key => key.map_err(told)?,
        };
        let mut values = Vec::new();
        let mut size = 0;
        for entry in key.enum_values() {
            let (name, value) = entry.map_err(told)?;
            size += name.len() + value.bytes.len();
            if size as u64 > FILE_CAP {
                return Err(format!("its values are larger than {FILE_CAP} bytes"));
            }
            let value = match value.vtype {
                RegType::REG_SZ => RegistryValue::Text(value.bytes.to_vec()),
                RegType::REG_DWORD => match <[u8; 4]>::try_from(&value.bytes[..]) {
                    Ok(bytes) => RegistryValue::Number(u32::from_le_bytes(bytes)),
                    Err(_) => RegistryValue::Damaged,
                },
                RegType::REG_EXPAND_SZ => RegistryValue::Expandable,
                _ => RegistryValue::Other,
            };
            values.push((name, value));
        }
        Ok(Some(values))
    }
}
