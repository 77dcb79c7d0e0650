//! The folders `cargo xtask` works in.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The root of the repository.
///
/// What cargo says now counts: clones share one build folder, and this program may have been built for another.
pub(crate) fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    package
        .as_deref()
        .unwrap_or(Path::new(env!("CARGO_MANIFEST_DIR")))
        .parent()
        .map(Path::to_owned)
        .unwrap_or_default()
}

/// What is kept between runs and between clones: `~/.cache/deskhand`.
pub(crate) fn cache() -> Result<PathBuf> {
    Ok(std::env::home_dir()
        .context("this user has no home folder")?
        .join(".cache/deskhand"))
}
