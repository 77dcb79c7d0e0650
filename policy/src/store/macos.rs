//! Managed preferences on macOS: property lists, XML or binary, that the system's device management writes.
//!
//! Of a profile for the machine and one for the user the machine's counts whole: merged, neither administrator could tell
//! what is in force.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Store, trusted};
use crate::format::property_list::{Member, Node, binary, xml};
use crate::json::TWICE;
use crate::source::{Encoding, Origin, Reading, Values};

/// The preference domain.
pub const PREFERENCE_DOMAIN: &str = "dev.deskhand.Deskhand";
/// Where the system keeps managed preferences.
const FOLDER: &str = "/Library/Managed Preferences";

/// The managed preferences of a machine and of one of its users.
#[derive(Clone, Debug)]
pub struct ManagedPreferences {
    machine: PathBuf,
    /// `None` where nobody knows whose they would be.
    user: Option<PathBuf>,
    owner: u32,
}

impl ManagedPreferences {
    /// The preferences of this machine and of the user with this short name. The name is the account's, never what the
    /// environment says: whoever sets that could choose another profile. Without a name that can be one, the preferences are
    /// unusable unless the machine has some: they could be there.
    pub fn system(user: Option<&str>) -> Self {
        Self::in_folder(Path::new(FOLDER), user, 0)
    }

    /// The preferences in another folder; its files count where this user (by number) owns them.
    pub fn in_folder(folder: &Path, user: Option<&str>, owner: u32) -> Self {
        let file = format!("{PREFERENCE_DOMAIN}.plist");
        let plain = |name: &&str| !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\0']);
        Self {
            machine: folder.join(&file),
            user: user.filter(plain).map(|name| folder.join(name).join(&file)),
            owner,
        }
    }
}

impl Store for ManagedPreferences {
    fn read(&self) -> Reading {
        let of = |path: &Path, origin: fn(_) -> Origin| {
            let origin = origin(path.to_string_lossy().into());
            match trusted::bytes(path, self.owner) {
                Ok(None) => Reading::Absent,
                Ok(Some(bytes)) => plist_reading(origin, &bytes),
                Err(reason) => Reading::Unusable(origin, reason),
            }
        };
        match (of(&self.machine, Origin::Managed), &self.user) {
            (Reading::Absent, Some(user)) => of(user, Origin::ManagedForUser),
            (Reading::Absent, None) => Reading::Unusable(
                Origin::ManagedForUser(self.machine.with_file_name("").to_string_lossy().into()),
                "the system did not tell the account of this session, so its settings cannot be found"
                    .to_owned(),
            ),
            (machine, _) => machine,
        }
    }
}

/// The values of a property list: a dictionary of keys.
fn plist_reading(origin: Origin, bytes: &[u8]) -> Reading {
    // What is wrong is told without the readers' words: they may quote a secret.
    let unusable = |origin| {
        let reason = "the file is no property list with a dictionary of settings";
        Reading::Unusable(origin, reason.to_owned())
    };
    let root = match str::from_utf8(bytes) {
        _ if bytes.starts_with(b"bplist") => binary(bytes),
        Ok(text) => xml(text),
        Err(_) => return unusable(origin),
    };
    let Ok(Node::Dictionary(members)) = root else {
        return unusable(origin);
    };
    let mut entries = BTreeMap::new();
    for Member { key, value, .. } in members {
        let twice = entries.contains_key(&key);
        entries.insert(key, if twice { Err(TWICE.to_owned()) } else { said(value) });
    }
    Reading::Present(Values {
        origin,
        encoding: Encoding::Text,
        entries,
    })
}

fn said(value: Node) -> Result<Value, String> {
    match value {
        Node::Plain(value) => Ok(value),
        Node::Foreign(what) => Err(format!("{what} is no value of a setting")),
        Node::List(_) | Node::Dictionary(_) => {
            Err("lists and objects are written as one string that holds JSON".to_owned())
        }
    }
}
