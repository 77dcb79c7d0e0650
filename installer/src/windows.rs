//! Windows, as far as a Debian machine can show it: Debian's second Rust toolchain has the source of the standard library,
//! so it can build our native programs for a target whose ready-made library is not installed, and Wine runs them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::command::{cargo, command, run, tests};
use crate::ledger::{Ledger, Outcome, Step};
use crate::{packages, place};

const TOOLS: Step = Step::new(
    "Tools for Windows",
    "a toolchain that can build for Windows, and Wine",
    10,
);
const BUILD: Step = Step::new(
    "Windows build",
    "the native programs build for x86_64-pc-windows-gnu",
    15,
);
const PREFIX: Step = Step::new("Wine", "a computer for the programs to run on", 2);
const STORE: Step = Step::new("Policy store under Wine", "the store suite on a real registry", 5);
const RUN: Step = Step::new(
    "Programs under Wine",
    "policy, service and file tools of deskhand.exe",
    5,
);

const TARGET: &str = "x86_64-pc-windows-gnu";
/// Debian's toolchain.
const CARGO: &str = "/usr/bin/cargo";
const RUSTC: &str = "/usr/bin/rustc";
/// Debian puts no name of it on the PATH.
const WINE: &str = "/usr/lib/wine/wine64";
const WINE_SERVER: &str = "/usr/lib/wine/wineserver";

/// `cargo xtask test --windows`.
pub(crate) fn task(ledger: &mut Ledger) -> Result<()> {
    tools(ledger)?;
    checks(ledger);
    Ok(())
}

/// The same among the other checks: a failure does not keep them from running.
pub(crate) fn among_checks(ledger: &mut Ledger) {
    if tools(ledger).is_ok() {
        checks(ledger);
    }
}

/// Installs the toolchain and Wine where the system's sources offer them.
pub(crate) fn tools(ledger: &mut Ledger) -> Result<()> {
    ledger.need(TOOLS, || {
        if packages::offered(packages::WINDOWS) {
            packages::install(&[packages::WINDOWS])
        } else {
            Ok(Outcome::Skipped(
                "this system's sources do not offer them".to_owned(),
            ))
        }
    })
}

fn checks(ledger: &mut Ledger) {
    let missing = [CARGO, RUSTC, WINE]
        .into_iter()
        .find(|tool| !Path::new(tool).is_file());
    let mut built = false;
    ledger.check(BUILD, || {
        if let Some(tool) = missing {
            return Ok(Outcome::Skipped(format!("{tool} is not there")));
        }
        run(&mut build()?)?;
        built = true;
        Ok(Outcome::Done)
    });
    if built {
        ledger.check(PREFIX, prefix);
        ledger.check(STORE, || tests(&mut store()?).map(Outcome::Tested));
        ledger.check(RUN, || tests(&mut programs()?).map(Outcome::Tested));
    }
}

/// Debian's cargo with a folder of its own: another compiler's files beside ours would make both builds start anew.
fn toolchain(task: &[&str]) -> Result<Command> {
    let mut cargo = command(CARGO, task);
    cargo.args([
        "--locked",
        "--quiet",
        "-Zbuild-std=std,panic_unwind",
        "--target",
        TARGET,
    ]);
    // The unstable options are this toolchain's way to build the standard library; nothing that ships is built so.
    cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTC", RUSTC);
    let folder = place::cache()?.join("windows");
    cargo
        .env("CARGO_TARGET_DIR", &folder)
        .env("CARGO_BUILD_BUILD_DIR", &folder);
    // Nobody looks at these programs with a debugger, and without its tables they are linked in a fraction of the time.
    cargo
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_INCREMENTAL", "0");
    for variable in ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTC_WRAPPER", "RUSTFLAGS"] {
        cargo.env_remove(variable);
    }
    Ok(cargo)
}

fn build() -> Result<Command> {
    let mut cargo = toolchain(&["build"])?;
    cargo.args([
        "--package",
        "deskhand-service",
        "--package",
        "deskhand-window",
        "--bins",
    ]);
    Ok(cargo)
}

/// The conformance suite of the policy crate, run by Wine.
fn store() -> Result<Command> {
    let mut cargo = toolchain(&["test", "--package", "deskhand-policy", "--test", "conformance"])?;
    cargo.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", WINE);
    in_prefix(&mut cargo)?;
    Ok(cargo)
}

/// The tests that start `deskhand.exe`. One at a time: they share the registry.
fn programs() -> Result<Command> {
    let mut cargo = cargo(&[
        "test",
        "--locked",
        "--package",
        "deskhand-e2e",
        "--test",
        "windows",
        "--",
        "--ignored",
        "--test-threads=1",
    ]);
    let built = place::cache()?.join("windows").join(TARGET).join("debug");
    cargo.env("DESKHAND_WINDOWS_PROGRAMS", built);
    in_prefix(&mut cargo)?;
    Ok(cargo)
}

fn in_prefix(command: &mut Command) -> Result<()> {
    command
        .env("WINEPREFIX", prefix_folder()?)
        .env("WINEDEBUG", "-all");
    // Neither .NET nor a browser is asked for.
    command.env("WINEDLLOVERRIDES", "mscoree,mshtml=");
    Ok(())
}

fn prefix_folder() -> Result<PathBuf> {
    Ok(place::cache()?.join("wine"))
}

/// A Wine prefix, with the one library in it that Debian's Wine lacks and Rust's standard library needs.
fn prefix() -> Result<Outcome> {
    let folder = prefix_folder()?;
    if !folder.join("system.reg").is_file() {
        let mut boot = command(WINE, &["wineboot", "-i"]);
        in_prefix(&mut boot)?;
        run(&mut boot)?;
        // It writes the registry when it ends.
        let mut end = command(WINE_SERVER, &["-w"]);
        in_prefix(&mut end)?;
        run(&mut end)?;
    }
    let system = folder.join("drive_c/windows/system32");
    fs::create_dir_all(&system).context("the prefix cannot be written to")?;
    let library = system.join("bcryptprimitives.dll");
    let source = place::root().join("installer/windows/bcryptprimitives.c");
    let mut compiler = command("x86_64-w64-mingw32-gcc", &["-shared", "-O2", "-s", "-o"]);
    run(compiler.arg(library).arg(source).arg("-ladvapi32"))?;
    Ok(Outcome::Done)
}
