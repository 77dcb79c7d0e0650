//! The user's configurations in the layout of `configLibrary/`: `_meta.json` names the one that is applied, each of them
//! is a file of settings named by its UUID.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use uuid::Uuid;

use super::{FILE_CAP, Store, json_reading};
use crate::source::{Origin, Reading};

/// The file that names the configurations.
const META: &str = "_meta.json";

/// A folder of configurations.
#[derive(Clone, Debug)]
pub struct UserLibrary {
    folder: PathBuf,
}

/// What `_meta.json` says, as far as it is read. A field that is not known is somebody else's.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    applied_id: Option<String>,
}

impl UserLibrary {
    /// The library in a folder; it need not be there.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// The file of the configuration that is applied; `None` where there is none. The error is the reason.
    pub fn applied(&self) -> Result<Option<PathBuf>, String> {
        let Some(bytes) = bytes(&self.folder.join(META))? else {
            return Ok(None);
        };
        let meta: Meta =
            serde_json::from_slice(&bytes).map_err(|error| format!("`{META}` cannot be used: {error}"))?;
        let Some(id) = meta.applied_id else {
            return Ok(None);
        };
        // A UUID and nothing else: the name must not lead out of the folder.
        let id = Uuid::try_parse(&id).map_err(|_| format!("`{META}` names no UUID as `appliedId`"))?;
        Ok(Some(self.folder.join(format!("{}.json", id.hyphenated()))))
    }
}

fn bytes(path: &Path) -> Result<Option<Vec<u8>>, String> {
    let told = |error: io::Error| format!("the file cannot be read: {error}");
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file.map_err(told)?,
    };
    let mut bytes = Vec::new();
    file.take(FILE_CAP + 1).read_to_end(&mut bytes).map_err(told)?;
    if bytes.len() as u64 > FILE_CAP {
        return Err(format!("the file is larger than {FILE_CAP} bytes"));
    }
    Ok(Some(bytes))
}

impl Store for UserLibrary {
    fn read(&self) -> Reading {
        let unusable = |reason| Reading::Unusable(Origin::User(self.folder.to_string_lossy().into()), reason);
        match self.applied() {
            Ok(None) => Reading::Absent,
            Err(reason) => unusable(reason),
            Ok(Some(path)) => match bytes(&path) {
                Ok(Some(bytes)) => json_reading(Origin::User(path.to_string_lossy().into()), &bytes),
                Ok(None) => unusable("the configuration that is applied is not there".to_owned()),
                Err(reason) => unusable(reason),
            },
        }
    }
}
