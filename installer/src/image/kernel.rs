//! The kernel as QEMU starts it, the agent, and the template of a session's disk.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::parts;
use crate::command::{cargo, command, output, run};
use crate::ledger::Outcome;
use crate::place;

/// What begins the compressed kernel within its loader: lz4 in its older form, as Debian packs the kernel for clouds.
const LZ4: [u8; 4] = [0x02, 0x21, 0x4c, 0x18];

/// How large a session's disk may become. It takes what is written, and no more.
const SESSION_DISK: &str = "8G";

/// Takes kernel and modules out of the package that lies in `work`.
pub(super) fn unpack(work: &Path, to: &Path) -> Result<()> {
    let package = fs::read_dir(work)?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|end| end == "deb"))
        .context("the recipe's hook fetched no kernel")?;
    let tree = work.join("kernel");
    run(command("dpkg-deb", &["--extract"]).arg(&package).arg(&tree))?;
    let packed = first(&tree.join("boot"), "vmlinuz-")?;
    // The loader would leave the packed kernel in memory, where it makes every kept state ten megabytes larger.
    let plain = fs::read(&packed)?;
    let plain = if plain.starts_with(b"MZ") && cfg!(target_arch = "aarch64") {
        plain
    } else {
        inner(&plain, work)?
    };
    replace(&to.join("kernel"), &plain)?;
    modules(&tree, &super::listed("modules.txt")?, &to.join("modules"))
}

/// Copies these modules out of the unpacked package; their order comes beside them.
pub(super) fn modules(tree: &Path, names: &[String], to: &Path) -> Result<()> {
    fs::remove_dir_all(to).ok();
    fs::create_dir_all(to)?;
    let mut order = String::new();
    let found = files(&first(&tree.join("lib/modules"), "")?)?;
    for name in names {
        let file = format!("{name}.ko");
        let from = found
            .iter()
            .find(|path| path.file_name().is_some_and(|found| *found == *file));
        fs::copy(
            from.with_context(|| format!("the kernel has no module `{name}`"))?,
            to.join(&file),
        )?;
        order.push_str(&file);
        order.push('\n');
    }
    Ok(fs::write(to.join("order"), order)?)
}

/// The kernel itself, without its loader and its names.
fn inner(whole: &[u8], work: &Path) -> Result<Vec<u8>> {
    let (packed, plain) = (work.join("kernel.lz4"), work.join("kernel.elf"));
    let begins = (0..whole.len()).filter(|at| whole.get(*at..).is_some_and(|rest| rest.starts_with(&LZ4)));
    for begin in begins {
        fs::write(&packed, whole.get(begin..).unwrap_or_default())?;
        // It ends with an error: behind the kernel comes the rest of the loader.
        let unpacked = command("lz4", &["-dc"]).arg(&packed).output()?.stdout;
        if unpacked.starts_with(b"\x7fELF") {
            fs::write(&plain, unpacked)?;
            run(command("strip", &["--strip-all"]).arg(&plain))?;
            return Ok(fs::read(&plain)?);
        }
    }
    bail!("no lz4 kernel was found in it: Debian packs it in another way now");
}

/// An empty ext4 without a journal, since it never outlives its machine, in a file that holds only what is written.
pub(super) fn session_disk(work: &Path, to: &Path) -> Result<()> {
    let raw = work.join("session.raw");
    fs::File::create(&raw)?;
    let mut make = command("mke2fs", &["-q", "-t", "ext4", "-m", "0", "-U", "clear"]);
    make.args(["-O", "^has_journal,^resize_inode,sparse_super2"])
        .args(["-E", "lazy_itable_init=1,packed_meta_blocks=1,root_owner=0:0"])
        .arg(&raw)
        .arg(SESSION_DISK);
    run(&mut make)?;
    let mut convert = command("qemu-img", &["convert", "-f", "raw", "-O", "qcow2"]);
    let made = work.join("session.qcow2");
    run(convert.arg(&raw).arg(&made))?;
    replace(&to.join("session.qcow2"), &fs::read(made)?)
}

/// Puts a new file under the name: images that are in use share the one before.
fn replace(place: &Path, content: &[u8]) -> Result<()> {
    let beside = place.with_extension("part");
    fs::write(&beside, content)?;
    Ok(fs::rename(beside, place)?)
}

/// Builds the agent and packs it with the modules as the kernel's initial file system.
pub(super) fn agent() -> Result<Outcome> {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let mut build = cargo(&[
        "build",
        "--quiet",
        "--release",
        "--locked",
        "--package",
        "deskhand-vm-guest",
    ]);
    // Naming the target keeps the flag from what runs on this machine during the build.
    build.args(["--target", &target]).env(
        "RUSTFLAGS",
        "-C target-feature=+crt-static -C relocation-model=static",
    );
    run(&mut build)?;
    let built = place::root()
        .join("target")
        .join(target)
        .join("release/deskhand-vm-guest");
    let folder = parts()?;
    let tree = tempfile::tempdir_in(&folder)?;
    for empty in ["dev", "proc", "sys"] {
        fs::create_dir(tree.path().join(empty))?;
    }
    fs::copy(&built, tree.path().join("init"))?;
    beside_images(&built)?;
    let modules = tree.path().join("modules");
    fs::create_dir(&modules)?;
    for file in fs::read_dir(folder.join("modules"))?.flatten() {
        fs::copy(file.path(), modules.join(file.file_name()))?;
    }
    // Names in their order, and no time or owner of this computer: the same content gives the same file.
    let pack = "find . -exec touch --no-dereference --date=@0 {} + && find . | LC_ALL=C sort | \
                cpio --quiet --reproducible --create --format=newc --owner=0:0 | zstd -q -19 -T1";
    let mut shell = command("sh", &["-c", pack]);
    let packed = shell.current_dir(tree.path()).output()?;
    if packed.stdout.len() < 100_000 {
        bail!(
            "the initial file system was not packed: {}",
            String::from_utf8_lossy(&packed.stderr)
        );
    }
    replace(&folder.join("initrd"), &packed.stdout)?;
    Ok(Outcome::Done)
}

/// Puts the agent where the service finds it for process sandboxes, which have no image. What runs goes on with the one before.
fn beside_images(built: &Path) -> Result<()> {
    let place = place::cache()?.join("sandbox/deskhand-vm-guest");
    let content = fs::read(built)?;
    if fs::read(&place).is_ok_and(|before| before == content) {
        return Ok(());
    }
    let beside = place.with_extension("part");
    // With its mode, which says that it is a program.
    fs::copy(built, &beside)?;
    Ok(fs::rename(&beside, &place)?)
}

/// The one entry of a folder whose name begins so.
pub(super) fn first(folder: &Path, begin: &str) -> Result<PathBuf> {
    let found = fs::read_dir(folder)?
        .flatten()
        .find(|entry| entry.file_name().to_string_lossy().starts_with(begin));
    Ok(found
        .with_context(|| format!("nothing in {}", folder.display()))?
        .path())
}

/// All files below a folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let listed = output(
        command("find", &[])
            .arg(folder)
            .args(["-type", "f", "-name", "*.ko"]),
    )?;
    Ok(listed.lines().map(PathBuf::from).collect())
}
