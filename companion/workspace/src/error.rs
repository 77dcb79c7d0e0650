//! Why a file of a folder was not read or written, one variant per cause a caller can act on.

use std::io;
use std::path::PathBuf;

use crate::fingerprint::Fingerprint;
use crate::lock_file::LockFile;
use crate::relative::{PathFault, RelativePath};

/// What can go wrong with a folder or a file in it. Nothing was changed, unless the variant says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkspaceError {
    /// The path is none that may be used below a folder.
    #[error("the path is refused: {0}")]
    Path(#[from] PathFault),
    /// The path leads out of its folder, by a link or otherwise.
    #[error("`{0}` leads out of its folder")]
    Escapes(RelativePath),
    /// No allowed folder holds this one.
    #[error("the folder `{0}` is not allowed")]
    NotAllowed(PathBuf),
    /// There is no such file or folder.
    #[error("`{0}` does not exist")]
    NotFound(PathBuf),
    /// It is a folder, pipe, socket or device.
    #[error("`{0}` is no regular file")]
    NotAFile(RelativePath),
    /// It is no folder.
    #[error("`{0}` is no folder")]
    NotAFolder(PathBuf),
    /// The folder was detached.
    #[error("the folder was detached")]
    Detached,
    /// The folder may be read only.
    #[error("the folder is read-only")]
    ReadOnly,
    /// The file is marked as one that is not to be written.
    #[error("`{0}` is marked read-only on disk")]
    WriteProtected(RelativePath),
    /// Its owner, its group or its access list cannot be given to what would take its place.
    #[error("`{0}` belongs to another user and would become ours by a save")]
    NotOurs(RelativePath),
    /// Something is in it.
    #[error("the folder `{0}` is not empty")]
    NotEmpty(RelativePath),
    /// Its content is in a cloud and did not come, or not whole.
    #[error(
        "`{0}` is kept in a cloud and could not be brought here; open it once in its own program, or check the connection"
    )]
    NotHydrated(RelativePath),
    /// The attached folder itself is not there.
    #[error(
        "the folder `{folder}` is not there any more; it may be on a drive or network that is not connected"
    )]
    Gone {
        /// Where it was when it was attached.
        folder: PathBuf,
    },
    /// Another program has it open.
    #[error("`{path}` {lock}")]
    OpenElsewhere {
        /// The file.
        path: RelativePath,
        /// What shows it.
        lock: LockFile,
    },
    /// It is not what it was when it was read.
    #[error("`{path}` was changed by somebody else")]
    ChangedElsewhere {
        /// The file.
        path: RelativePath,
        /// What is there now; nothing where it is gone.
        found: Option<Fingerprint>,
    },
    /// What is looked for is no pattern.
    #[error("`{pattern}` cannot be looked for: {reason}")]
    Pattern {
        /// Its beginning.
        pattern: String,
        /// Why not.
        reason: String,
    },
    /// It is larger than the caller takes.
    #[error("`{path}` is larger than {cap} bytes")]
    TooLarge {
        /// The file.
        path: RelativePath,
        /// The cap in bytes.
        cap: u64,
    },
    /// No room is left. The old content is whole.
    #[error("there is no room left to write")]
    DiskFull,
    /// What was written is not what is there: the new name is in place, its content is not what was asked for.
    #[error("`{0}` does not hold what was written")]
    NotVerified(RelativePath),
    /// The system refused, with its reason.
    #[error("`{path}` cannot be used")]
    Io {
        /// What was used.
        path: PathBuf,
        /// Why not.
        #[source]
        cause: io::Error,
    },
}

impl WorkspaceError {
    /// What an error of the system at a path below a folder means.
    pub(crate) fn below(path: &RelativePath) -> impl Fn(io::Error) -> Self {
        move |cause| match cause.kind() {
            io::ErrorKind::NotFound => Self::NotFound(path.as_path().to_owned()),
            // The library's own refusal of an escape has no number of the system.
            io::ErrorKind::PermissionDenied if cause.raw_os_error().is_none() => Self::Escapes(path.clone()),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Io {
                path: path.as_path().to_owned(),
                cause,
            },
        }
    }
}
