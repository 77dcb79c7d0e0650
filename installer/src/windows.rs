//! The Windows compile check: Debian's second Rust toolchain has the source of the standard library, so it can
//! type-check our native crates for a target whose ready-made library is not installed. Links and runs nothing.

use anyhow::Result;

use crate::command::{command, run};
use crate::ledger::{Ledger, Outcome, Step};
use crate::{packages, place};

const TOOLS: Step = Step::new(
    "Tools for the Windows check",
    "a toolchain that can compile for Windows",
    10,
);
const CHECK: Step = Step::new(
    "Windows check",
    "the native crates compile for x86_64-pc-windows-gnu",
    15,
);

/// The crates that are checked: each brings what it depends on.
const CRATES: [&str; 2] = ["deskhand-service", "deskhand-window"];

/// `cargo xtask windows-check`.
pub(crate) fn task(ledger: &mut Ledger) -> Result<()> {
    tools(ledger)?;
    ledger.need(CHECK, check)
}

/// The same among the other checks: a failure does not keep them from running.
pub(crate) fn among_checks(ledger: &mut Ledger) {
    if tools(ledger).is_ok() {
        ledger.check(CHECK, check);
    }
}

/// Installs the toolchain where the system's sources offer it.
pub(crate) fn tools(ledger: &mut Ledger) -> Result<()> {
    ledger.need(TOOLS, || {
        if packages::offered(packages::WINDOWS) {
            packages::install(&[packages::WINDOWS])
        } else {
            Ok(Outcome::Skipped(
                "this system's sources do not offer it".to_owned(),
            ))
        }
    })
}

fn check() -> Result<Outcome> {
    if !packages::answers("/usr/bin/rustc") || !packages::answers("/usr/bin/cargo") {
        return Ok(Outcome::Skipped("no Rust toolchain in /usr/bin".to_owned()));
    }
    let mut cargo = command(
        "/usr/bin/cargo",
        &[
            "check",
            "--locked",
            "--quiet",
            "-Zbuild-std=std,panic_unwind",
            "--target",
            "x86_64-pc-windows-gnu",
        ],
    );
    for name in CRATES {
        cargo.args(["--package", name]);
    }
    let folder = place::cache()?.join("windows");
    // The unstable options are this toolchain's way to build the standard library; nothing that ships is built so.
    cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTC", "/usr/bin/rustc");
    // Its own folder: another compiler's files beside ours would make both builds start anew.
    cargo
        .env("CARGO_TARGET_DIR", &folder)
        .env("CARGO_BUILD_BUILD_DIR", &folder);
    for variable in ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTC_WRAPPER", "RUSTFLAGS"] {
        cargo.env_remove(variable);
    }
    run(&mut cargo)?;
    Ok(Outcome::Done)
}
