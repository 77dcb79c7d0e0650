//! The XDG Base Directory Specification.

use std::path::PathBuf;

use super::{Paths, PathsError};

pub(super) fn user_paths(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<Paths, PathsError> {
    let home = variable("HOME").ok_or(PathsError::NoHome("HOME"))?;
    let data = variable("XDG_DATA_HOME")
        .unwrap_or_else(|| home.join(".local/share"))
        .join("deskhand");
    let cache = variable("XDG_CACHE_HOME")
        .unwrap_or_else(|| home.join(".cache"))
        .join("deskhand");
    let runtime = variable("XDG_RUNTIME_DIR").map_or_else(|| data.join("run"), |dir| dir.join("deskhand"));
    Ok(Paths {
        data,
        cache,
        runtime,
        isolated: false,
    })
}
