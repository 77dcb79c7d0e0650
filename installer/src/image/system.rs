//! The system: Debian's packages by mmdebstrap, Python's libraries by pip, packed as squashfs; and the kernel's package.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::{Locks, listed, lock, parts, recipe};
use crate::command::{command, output, run};
use crate::ledger::Outcome;
use crate::place;
use crate::stamp::Stamp;

/// The release of Debian.
pub(super) const RELEASE: &str = "bookworm";

/// The Python of that release, for which wheels are chosen.
const PYTHON: &str = "3.11";

/// Makes `system.squashfs` and the kernel's files, where the recipe changed since they were made.
pub(super) fn build(locks: Locks) -> Result<Outcome> {
    let folder = parts()?;
    if stamp(&folder)?.holds() && locks == Locks::Told {
        return Ok(Outcome::InPlace);
    }
    fs::create_dir_all(&folder)?;
    let work = tempfile::tempdir_in(&folder)?;
    let work = work.path();
    wheels(&work.join("wheels"), locks)?;
    debian(work)?;
    lock::packages(&work.join("packages"), locks)?;
    pack(&work.join("system.tar"), &folder.join("system.squashfs"))?;
    super::kernel::unpack(work, &folder)?;
    super::kernel::session_disk(work, &folder)?;
    // The locks are part of the recipe, and may have been written just now.
    stamp(&folder)?.keep()?;
    Ok(Outcome::Done)
}

/// The print of the recipe, whichever clone it lies in: clones share what is made of it.
fn stamp(folder: &Path) -> Result<Stamp> {
    Ok(Stamp::of_text(
        folder.join("system.stamp"),
        &recipe_text(&recipe())?,
    ))
}

/// All that a folder of the recipe says, in the order of its names.
pub(super) fn recipe_text(folder: &Path) -> Result<String> {
    let mut files: Vec<_> = fs::read_dir(folder)?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.sort();
    let mut text = String::new();
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end != "md"))
    {
        text.push_str(&fs::read_to_string(file)?);
    }
    Ok(text)
}

/// Fetches and unpacks the Python libraries, as wheels, by their hashes.
fn wheels(to: &Path, locks: Locks) -> Result<()> {
    let python = place::cache()?.join("python/bin/python");
    let processor = std::env::consts::ARCH;
    let mut pip = command(
        python,
        &["-m", "pip", "install", "--quiet", "--disable-pip-version-check"],
    );
    // Its resolver speaks of what else is in this environment, which is not what it installs into.
    pip.args([
        "--no-compile",
        "--no-warn-conflicts",
        "--implementation",
        "cp",
        "--only-binary=:all:",
    ]);
    pip.args(["--python-version", PYTHON]);
    for base in [
        "manylinux_2_17",
        "manylinux2014",
        "manylinux_2_28",
        "manylinux_2_34",
    ] {
        pip.arg("--platform").arg(format!("{base}_{processor}"));
    }
    pip.arg("--target").arg(to);
    if locks == Locks::Updated {
        let report = to.with_extension("json");
        pip.arg("--report").arg(&report);
        pip.arg("-r").arg(recipe().join("requirements.txt"));
        run(&mut pip)?;
        return lock::requirements(&report);
    }
    pip.args(["--no-deps", "--require-hashes"]);
    run(pip.arg("-r").arg(recipe().join("requirements.lock")))
}

/// Builds the system as a tar; the list of its packages and the kernel's package come beside it.
fn debian(work: &Path) -> Result<()> {
    let mut build = mmdebstrap(&listed("packages.txt")?, "customize.sh");
    build
        .arg(RELEASE)
        .arg(work.join("system.tar"))
        .env("RECIPE", recipe())
        .env("WHEELS", work.join("wheels"))
        .env("OUT", work);
    run(&mut build)
}

/// Debian's essential packages with these, and what the recipe does with them; the release and where it goes are to follow.
pub(super) fn mmdebstrap(names: &[String], hook: &str) -> Command {
    let mut build = command("mmdebstrap", &["--quiet", "--variant=minbase"]);
    build
        .arg(format!("--include={}", names.join(",")))
        .arg("--aptopt=Apt::Install-Recommends \"false\"");
    for folder in ["doc", "locale", "man"] {
        build.arg(format!("--dpkgopt=path-exclude=/usr/share/{folder}/*"));
    }
    build.arg(format!("--customize-hook={}", recipe().join(hook).display()));
    build
}

/// Read-only, compressed, the same for the same content.
pub(super) fn pack(tar: &Path, to: &Path) -> Result<()> {
    let beside = to.with_extension("part");
    fs::remove_file(&beside).ok();
    let mut pack = command("mksquashfs", &["-"]);
    pack.arg(&beside)
        .args([
            "-tar",
            "-quiet",
            "-no-progress",
            "-comp",
            "zstd",
            "-Xcompression-level",
            "15",
            "-b",
            "256K",
        ])
        .args(["-all-time", "0", "-mkfs-time", "0"])
        .stdin(File::open(tar).context("the system that was built")?);
    // It prints what it packs; only a failure is of interest.
    output(&mut pack)?;
    Ok(fs::rename(beside, to)?)
}
