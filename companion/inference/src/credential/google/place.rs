//! Where Google's credentials lie, in the order of "application default credentials": the file that the environment names, the file
//! that Google's tools keep, the machine's own.

use std::io;
use std::path::{Path, PathBuf};

use tokio::fs;
use tokio::io::AsyncReadExt as _;
use url::Url;
use zeroize::Zeroizing;

use super::file::GoogleFile;
use crate::credential::{CredentialError, FileFault, FileFrom};

/// The metadata server of Google's machines. By its address: a name could be answered by whoever runs the network.
pub const METADATA: &str = "http://169.254.169.254";
/// Bytes of a file with credentials.
const LARGEST: u64 = 64 * 1024;

/// Where to look.
#[derive(Clone, Debug)]
pub enum GoogleFrom {
    /// In this file alone (`inferenceVertexCredentialsFile`).
    File(PathBuf),
    /// Where Google's tools look.
    Search {
        /// What `GOOGLE_APPLICATION_CREDENTIALS` names. Once it is set, no other place is tried.
        named: Option<PathBuf>,
        /// The file of Google's tools, see [`well_known`].
        kept: Option<PathBuf>,
        /// The origin of the metadata server, [`METADATA`]; without one it is not asked.
        metadata: Option<Url>,
    },
    /// On the metadata server alone.
    Machine(Url),
}

impl GoogleFrom {
    /// Where Google's tools look: what the environment names, what they keep and, where `machine` says so, the metadata server.
    pub fn search(named: Option<PathBuf>, kept: Option<PathBuf>, machine: bool) -> Self {
        Self::Search {
            named,
            kept,
            metadata: machine.then(|| Url::parse(METADATA).ok()).flatten(),
        }
    }
}

/// What was found.
pub(super) enum Found {
    File(Box<GoogleFile>),
    /// The metadata server, if there is one.
    Machine {
        origin: Url,
        is_certain: bool,
    },
}

/// Where Google's tools keep the credentials of this user. `variable` reads the environment.
pub fn well_known(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let folder = variable("CLOUDSDK_CONFIG").or_else(|| {
        if cfg!(windows) {
            variable("APPDATA").map(|data| data.join("gcloud"))
        } else {
            variable("HOME").map(|home| home.join(".config").join("gcloud"))
        }
    });
    folder.map(|folder| folder.join("application_default_credentials.json"))
}

pub(super) async fn find(from: &GoogleFrom) -> Result<Found, CredentialError> {
    match from {
        GoogleFrom::File(path) => file(path, FileFrom::Settings).await,
        GoogleFrom::Machine(origin) => Ok(Found::Machine {
            origin: origin.clone(),
            is_certain: true,
        }),
        GoogleFrom::Search {
            named: Some(path), ..
        } => file(path, FileFrom::Environment).await,
        GoogleFrom::Search { kept, metadata, .. } => {
            if let Some(path) = kept {
                let found = file(path, FileFrom::WellKnown).await;
                let is_missing = matches!(
                    found,
                    Err(CredentialError::File {
                        fault: FileFault::Missing,
                        ..
                    })
                );
                if !is_missing {
                    return found;
                }
            }
            let origin = metadata.clone().ok_or(CredentialError::NothingFound)?;
            Ok(Found::Machine {
                origin,
                is_certain: false,
            })
        }
    }
}

async fn file(path: &Path, from: FileFrom) -> Result<Found, CredentialError> {
    let bytes = read(path, from).await?;
    let file = GoogleFile::read(&bytes).map_err(|fault| CredentialError::File { from, fault })?;
    Ok(Found::File(Box::new(file)))
}

/// The bytes of a regular file, 64 KiB at most.
pub(super) async fn read(path: &Path, from: FileFrom) -> Result<Zeroizing<Vec<u8>>, CredentialError> {
    let wrong = |fault| CredentialError::File { from, fault };
    let failed = |error: io::Error| {
        wrong(match error.kind() {
            io::ErrorKind::NotFound => FileFault::Missing,
            _ => FileFault::Unreadable,
        })
    };
    // A pipe would be waited for without end.
    let found = fs::metadata(path).await.map_err(failed)?;
    if !found.is_file() || !path.is_absolute() {
        return Err(wrong(FileFault::Unreadable));
    }
    let opened = fs::File::open(path).await.map_err(failed)?;
    let mut bytes = Zeroizing::new(Vec::new());
    opened
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .await
        .map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(wrong(FileFault::TooLong));
    }
    Ok(bytes)
}
