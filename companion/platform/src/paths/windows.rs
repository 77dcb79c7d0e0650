//! The local application data folder: it does not roam, because keys and sockets belong to one machine.

use std::path::PathBuf;

use super::{Paths, PathsError};

pub(super) fn user_paths(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<Paths, PathsError> {
    let root = variable("LOCALAPPDATA")
        .ok_or(PathsError::NoHome("LOCALAPPDATA"))?
        .join("Deskhand");
    Ok(Paths {
        data: root.join("Data"),
        cache: root.join("Cache"),
        runtime: root.join("Run"),
        isolated: false,
    })
}
