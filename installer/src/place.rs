//! The folders `cargo xtask` works in.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
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
