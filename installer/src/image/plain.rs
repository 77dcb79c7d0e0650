//! The parts of a plain machine, which the benchmarks put beside the sandbox's: Debian's kernel for computers of every kind,
//! since the one for clouds has no 9p, and busybox. They are fetched and unpacked, never installed, and are in no image.

use std::fs;

use anyhow::{Context as _, Result};

use super::{kernel, parts, system};
use crate::command::{command, run};
use crate::ledger::Outcome;
use crate::stamp::Stamp;

/// Run by mmdebstrap, whose lists of packages are fresh and checked: the kernel by the package that always names the newest.
const FETCH: &str = r#"cd "$OUT" && export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" &&
kernel=$(apt-cache depends "linux-image-$(dpkg --print-architecture)" | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1) &&
apt-get --quiet --quiet download "$kernel" busybox-static"#;

/// What finds the disk, its system and the folder of the host; in this order, since each needs what stands before it.
const MODULES: [&str; 12] = [
    "virtio_ring",
    "virtio",
    "virtio_pci_legacy_dev",
    "virtio_pci_modern_dev",
    "virtio_pci",
    "virtio_blk",
    "squashfs",
    "netfs",
    "fscache",
    "9pnet",
    "9pnet_virtio",
    "9p",
];

/// Fetches them, where that was not done yet.
pub(super) fn fetch() -> Result<Outcome> {
    let folder = parts()?.join("plain");
    let text = format!("{} {FETCH} {MODULES:?}", system::RELEASE);
    let stamp = Stamp::of_text(folder.join("stamp"), &text);
    if stamp.holds() {
        return Ok(Outcome::InPlace);
    }
    fs::create_dir_all(&folder)?;
    let work = tempfile::tempdir_in(&folder)?;
    let (packages, tree) = (work.path().join("packages"), work.path().join("tree"));
    fs::create_dir(&packages)?;
    let mut fetch = command("mmdebstrap", &["--quiet", "--variant=custom", "--format=null"]);
    fetch
        .arg(format!("--customize-hook={FETCH}"))
        .args([system::RELEASE, "/dev/null"])
        .env("OUT", &packages);
    run(&mut fetch)?;
    for package in fs::read_dir(&packages)?.flatten() {
        run(command("dpkg-deb", &["--extract"]).arg(package.path()).arg(&tree))?;
    }
    // As Debian packs it: who sets up such a machine does not unpack it first.
    fs::copy(
        kernel::first(&tree.join("boot"), "vmlinuz-")?,
        folder.join("kernel"),
    )?;
    let names = MODULES.map(str::to_owned);
    kernel::modules(&tree, &names, &folder.join("modules"))?;
    fs::copy(tree.join("bin/busybox"), folder.join("busybox")).context("busybox's package has no busybox")?;
    stamp.keep()?;
    Ok(Outcome::Done)
}
