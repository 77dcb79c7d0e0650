//! The office layer: LibreOffice and Node over the base, built as one system of which only what the base does not have is kept.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use super::{Locks, listed, lock, parts, recipe, system};
use crate::command::{command, output};
use crate::ledger::Outcome;
use crate::stamp::Stamp;

const LAYER: &str = "office.squashfs";

/// Makes the layer where its recipe or the base changed since it was made.
pub(super) fn build(locks: Locks) -> Result<Outcome> {
    let folder = parts()?;
    let (stamp, layer) = (stamp(&folder)?, folder.join(LAYER));
    if stamp.holds() && layer.exists() && locks == Locks::Told {
        return Ok(Outcome::InPlace);
    }
    let base = folder.join("system.squashfs");
    let work = tempfile::tempdir_in(&folder)?;
    let work = work.path();
    let names = [listed("packages.txt")?, listed("office/packages.txt")?].concat();
    let mut build = system::mmdebstrap(&names, "office/customize.sh");
    build
        .args(["--format=null", system::RELEASE, "/dev/null"])
        .env("RECIPE", recipe())
        .env("BASE", &base)
        .env("OUT", work);
    crate::command::run(&mut build)?;
    lock::layer(&work.join("packages"), locks)?;
    let tar = work.join("office.tar");
    ensure!(
        fs::metadata(&tar)?.len() > 100_000_000,
        "the layer has next to nothing that the base does not have"
    );
    system::pack(&tar, &layer)?;
    // The lock is part of the recipe, and may have been written just now.
    self::stamp(&folder)?.keep()?;
    Ok(Outcome::Done)
}

/// Leaves the layer out of the image where it was made over another base, or of another recipe. Answers whether it is there.
pub(super) fn fits() -> Result<bool> {
    let folder = parts()?;
    let layer = folder.join(LAYER);
    if !layer.exists() {
        return Ok(false);
    }
    if stamp(&folder)?.holds() {
        return Ok(true);
    }
    fs::remove_file(&layer).with_context(|| format!("cannot remove {}", layer.display()))?;
    println!(
        "   The office layer was made for another base and is left out; `cargo xtask image --office` makes it anew."
    );
    Ok(false)
}

/// The print of the layer's recipe and of the base under it.
fn stamp(folder: &Path) -> Result<Stamp> {
    let base = folder.join("system.squashfs");
    let mut text = String::new();
    if base.exists() {
        let told = output(command("sha256sum", &[]).arg(&base))?;
        text.push_str(told.split_whitespace().next().unwrap_or_default());
    }
    text.push_str(&system::recipe_text(&recipe())?);
    text.push_str(&system::recipe_text(&recipe().join("office"))?);
    Ok(Stamp::of_text(folder.join("office.stamp"), &text))
}
