//! The image in the store: a folder with the name of its content, exchanged for the one before in one step.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::parts;
use crate::command::{command, output};
use crate::ledger::Outcome;
use crate::place;

/// What an image consists of. A layer that was not built is left out.
pub(super) const FILES: [&str; 5] = [
    "kernel",
    "initrd",
    "system.squashfs",
    "office.squashfs",
    "session.qcow2",
];

/// The list of an image, in its folder.
pub(super) const LIST: &str = "image.json";

/// Puts the parts together. The one before goes once nothing names it any more.
pub(super) fn image() -> Result<Outcome> {
    let (from, store) = (parts()?, store()?);
    fs::create_dir_all(&store)?;
    let made = tempfile::Builder::new().prefix(".building-").tempdir_in(&store)?;
    let mut list = String::new();
    for name in FILES {
        let part = from.join(name);
        let Ok(found) = fs::metadata(&part) else { continue };
        let digest = output(command("sha256sum", &[]).arg(&part))?;
        let digest = digest
            .split_whitespace()
            .next()
            .context("sha256sum said nothing")?;
        // The same file in both places where the file system can: it is not copied, and never written again.
        fs::hard_link(&part, made.path().join(name))
            .or_else(|_| fs::copy(&part, made.path().join(name)).map(drop))?;
        let comma = if list.is_empty() { "" } else { ",\n" };
        let size = found.len();
        write!(
            list,
            "{comma}    {{\"name\": \"{name}\", \"sha256\": \"{digest}\", \"size\": {size}}}"
        )?;
    }
    let processor = std::env::consts::ARCH;
    let text = format!(
        "{{\n  \"format\": 1,\n  \"architecture\": \"{processor}\",\n  \"parts\": [\n{list}\n  ]\n}}\n"
    );
    let file = made.path().join(LIST);
    fs::write(&file, text)?;
    let id = output(command("sha256sum", &[]).arg(&file))?;
    let id = id
        .split_whitespace()
        .next()
        .context("sha256sum said nothing")?
        .to_owned();
    let current = store.join("current");
    if fs::read_to_string(&current).is_ok_and(|kept| kept.trim() == id) && store.join(&id).is_dir() {
        return Ok(Outcome::InPlace);
    }
    let place = store.join(&id);
    if !place.is_dir() {
        fs::rename(made.keep(), &place)?;
    }
    let beside = store.join(".current");
    fs::write(&beside, format!("{id}\n"))?;
    fs::rename(&beside, &current)?;
    sweep(&store, &id)?;
    Ok(Outcome::Done)
}

/// Machines that still run from an older image keep its files open; their names go. What a fetch from an image store left in the middle
/// stays for it.
fn sweep(store: &PathBuf, kept: &str) -> Result<()> {
    for entry in fs::read_dir(store)?.flatten() {
        let name = entry.file_name();
        if name != *kept && name != *".fetching" && entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Where the service looks for images.
pub(super) fn store() -> Result<PathBuf> {
    Ok(place::cache()?.join("sandbox/images"))
}

/// Says what takes the room.
pub(super) fn report() -> Result<()> {
    println!("\nThe image, in megabytes:");
    for name in FILES {
        if let Ok(found) = fs::metadata(parts()?.join(name)) {
            println!("   {:>7.1}  {name}", found.len() as f64 / 1e6);
        }
    }
    largest("its system", &parts()?.join("system.squashfs"))?;
    let layer = parts()?.join("office.squashfs");
    if layer.exists() {
        largest("its office layer", &layer)?;
    }
    Ok(())
}

/// Says what takes the room of one file system.
fn largest(name: &str, system: &Path) -> Result<()> {
    println!("\nThe largest of {name}, unpacked:");
    let listed = output(command("unsquashfs", &["-llnumeric"]).arg(system))?;
    let mut sizes = std::collections::BTreeMap::<String, u64>::new();
    for line in listed.lines() {
        let mut words = line.split_whitespace();
        let (Some(size), Some(path)) = (
            words.nth(2).and_then(|size| size.parse::<u64>().ok()),
            words.next_back(),
        ) else {
            continue;
        };
        *sizes.entry(place_of(path)).or_default() += size;
    }
    let mut sizes: Vec<(String, u64)> = sizes.into_iter().collect();
    sizes.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    for (name, size) in sizes.iter().take(12) {
        println!("   {:>7.1}  {name}", *size as f64 / 1e6);
    }
    Ok(())
}

/// The folder that a file is counted for: one Python library, one part of `/usr`.
fn place_of(path: &str) -> String {
    let names: Vec<&str> = path.split('/').skip(1).collect();
    let deep = match path {
        _ if path.contains("dist-packages") => 6,
        _ if path.contains("usr/lib/libreoffice") => 4,
        _ => 3,
    };
    names.get(..names.len().min(deep)).unwrap_or_default().join("/")
}
