//! Folders of the user's `Library`, as the macOS file system guide names them.

use std::path::PathBuf;

use super::{Paths, PathsError};

pub(super) fn user_paths(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<Paths, PathsError> {
    let library = variable("HOME")
        .ok_or(PathsError::NoHome("HOME"))?
        .join("Library");
    let data = library.join("Application Support/Deskhand");
    let runtime = data.join("run");
    Ok(Paths {
        data,
        cache: library.join("Caches/Deskhand"),
        runtime,
        isolated: false,
    })
}
