//! System packages: which ones are needed, what for, and how they get onto the machine.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use crate::command::{command, output, run};
use crate::ledger::Outcome;
use crate::machine::{self, Rights};

/// A Debian package and the reason it is needed, as the person is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Package {
    name: &'static str,
    reason: &'static str,
}

const fn package(name: &'static str, reason: &'static str) -> Package {
    Package { name, reason }
}

/// To build the programs and to run them.
pub(crate) const RUN: &[Package] = &[
    package(
        "build-essential",
        "compiles the C parts: SQLite and the cryptography library",
    ),
    package("pkg-config", "finds the system's libraries for the build"),
    package(
        "libwebkit2gtk-4.1-dev",
        "the web view that the desktop window is made of",
    ),
    package("libxdo-dev", "keyboard shortcuts of the desktop window"),
    package(
        "libnss3-tools",
        "lets Chromium on this machine trust the local certificate authority",
    ),
];

/// To run the sandbox and to build its image.
pub(crate) const SANDBOX: &[Package] = &[
    package(QEMU, "runs the virtual machine in which code of the model runs"),
    package(
        "bubblewrap",
        "shuts in the processes that stand in for a machine where policy allows it; ours is measured beside it",
    ),
    package("qemu-utils", "makes the template of a session's disk"),
    package("mmdebstrap", "builds the system of the virtual machine"),
    package(
        "debian-archive-keyring",
        "checks that Debian's packages are Debian's",
    ),
    package("squashfs-tools", "packs that system"),
    package("e2fsprogs", "makes the file system of a session's disk"),
    package("cpio", "packs the agent with the kernel's modules"),
    package("lz4", "unpacks the kernel"),
    package("zstd", "packs the agent"),
];

/// QEMU for this processor.
const QEMU: &str = if cfg!(target_arch = "aarch64") {
    "qemu-system-arm"
} else {
    "qemu-system-x86"
};

/// To see the tour.
pub(crate) const TOUR: &[Package] = &[
    package("chromium", "opens the pages as a person would"),
    package(
        "openssl",
        "makes the certificate of the page that stands for Office",
    ),
];

/// To test them as well, with what the tour needs.
pub(crate) const TEST: &[Package] = &[
    package("xvfb", "a screen without a monitor, for the desktop window"),
    package("xdotool", "moves the mouse on it"),
    package("libreoffice-calc", "recalculates the workbooks that were written"),
    package("libreoffice-impress", "draws the decks that were written"),
    package("libreoffice-writer", "reads the documents that were written"),
    package("poppler-utils", "turns the drawn pages into pictures"),
    package("imagemagick", "compares pictures"),
    package("strace", "shows the order of writes and flushes"),
    package("squid", "a proxy that asks for a name and a password"),
    package("mitmproxy", "a proxy that inspects TLS"),
    package("dbus", "the bus under the secret store"),
    package(
        "python3-venv",
        "the environment of the independent readers of files",
    ),
];

/// To build the cryptography library with its FIPS module.
pub(crate) const FIPS: &[Package] = &[
    package("cmake", "drives the build of the module"),
    package(
        "golang-go",
        "puts the checksum into the module that its own tests look for",
    ),
];

/// To build the native programs for Windows and to run them. Some releases of Ubuntu do not offer all of them.
pub(crate) const WINDOWS: &[Package] = &[
    package(
        "rustc-web",
        "a compiler that can build the standard library for Windows",
    ),
    package("cargo-web", "its cargo"),
    package("rust-web-src", "the source of that standard library"),
    package("gcc-mingw-w64-x86-64", "compiles the C parts for Windows"),
    package("g++-mingw-w64-x86-64", "its linker's run-time library"),
    package("wine64", "runs what was built"),
];

/// Brings the packages onto the machine, or says in one line what the person has to run.
pub(crate) fn install(groups: &[&[Package]]) -> Result<Outcome> {
    let wanted: Vec<Package> = groups.concat();
    if !machine::has_debian_packages() {
        return Ok(Outcome::Skipped(format!(
            "this is neither Debian nor Ubuntu; what it needs there is called {}",
            names(&wanted).join(" ")
        )));
    }
    let present = installed(&wanted)?;
    let missing: Vec<Package> = wanted
        .into_iter()
        .filter(|package| !present.contains(package.name))
        .collect();
    if missing.is_empty() {
        return Ok(Outcome::InPlace);
    }
    for package in &missing {
        println!("   {}: {}", package.name, package.reason);
    }
    apt_get(&["update"], &missing)?;
    let mut arguments = vec!["install", "-y", "--no-install-recommends"];
    arguments.extend(names(&missing));
    apt_get(&arguments, &missing)?;
    Ok(Outcome::Done)
}

/// Whether the system's sources offer every package of the group, or it is installed already.
pub(crate) fn offered(group: &[Package]) -> bool {
    machine::has_debian_packages()
        && group.iter().all(|package| {
            output(&mut command("apt-cache", &["policy", package.name]))
                .is_ok_and(|policy| policy.contains("Candidate:") && !policy.contains("Candidate: (none)"))
        })
}

fn names(packages: &[Package]) -> Vec<&'static str> {
    packages.iter().map(|package| package.name).collect()
}

/// Which of the packages are on the machine.
fn installed(packages: &[Package]) -> Result<BTreeSet<String>> {
    let mut query = command(
        "dpkg-query",
        &["--show", "--showformat", "${db:Status-Status} ${Package}\\n"],
    );
    // It fails when a name is unknown to it, and still lists the others.
    let answer = query.args(names(packages)).output()?;
    Ok(read_installed(&String::from_utf8_lossy(&answer.stdout)))
}

fn read_installed(answer: &str) -> BTreeSet<String> {
    answer
        .lines()
        .filter_map(|line| line.strip_prefix("installed "))
        .map(str::to_owned)
        .collect()
}

fn apt_get(arguments: &[&str], missing: &[Package]) -> Result<()> {
    let mut apt = match machine::rights() {
        Rights::Root => command("apt-get", arguments),
        Rights::Sudo => {
            let mut sudo = command("sudo", &["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
            sudo.args(arguments).stdin(std::process::Stdio::inherit());
            sudo
        }
        Rights::None => bail!(
            "system packages are missing and this account may not install them. Ask for this line to be run, then come \
             back:\n    apt-get update && apt-get install -y --no-install-recommends {}",
            names(missing).join(" ")
        ),
    };
    run(apt.env("DEBIAN_FRONTEND", "noninteractive"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_was_removed_does_not_count_as_installed() {
        let answer = "installed strace\nconfig-files xvfb\nnot-installed dbus\n";
        assert_eq!(read_installed(answer), BTreeSet::from(["strace".to_owned()]));
    }

    #[test]
    fn every_package_has_a_reason_and_stands_once() {
        let all = [RUN, SANDBOX, TOUR, TEST, WINDOWS].concat();
        assert!(all.iter().all(|package| !package.reason.is_empty()));
        assert_eq!(names(&all).iter().collect::<BTreeSet<_>>().len(), all.len());
    }
}
