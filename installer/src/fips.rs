//! The build with the FIPS 140-3 module of the cryptography library: it needs Go and CMake, which nothing else here needs, and
//! some minutes, so it is asked for by name.

use std::process::Command;

use anyhow::Result;

use crate::command::{cargo, run, tests};
use crate::ledger::{Ledger, Outcome, Step};
use crate::{packages, place, setup};

const TOOLS: Step = Step::new("Tools for FIPS", "what the module is built with", 5);
const BUILD: Step = Step::new("FIPS build", "the service with the validated module", 20);
const RUN: Step = Step::new("FIPS tests", "what it offers, refuses and says of itself", 10);

/// What is run against it: its own tests, and turns, sealed records and protected files as every build has them.
const SUITES: [&str; 4] = ["fips", "terminal", "audit", "document_guarded"];

/// `cargo xtask test --fips`.
pub(crate) fn task(ledger: &mut Ledger) -> Result<()> {
    setup::for_test(ledger)?;
    ledger.need(TOOLS, || packages::install(&[packages::FIPS]))?;
    ledger.need(BUILD, || {
        let build = [
            "build",
            "--quiet",
            "--locked",
            "--package",
            "deskhand-service",
            "--features",
            "fips",
        ];
        run(&mut apart(&build))?;
        Ok(Outcome::Done)
    })?;
    ledger.check(RUN, || {
        let mut suite = apart(&[
            "test",
            "--locked",
            "--no-fail-fast",
            "--package",
            "deskhand-e2e",
            "--features",
            "fips",
        ]);
        for name in SUITES {
            suite.args(["--test", name]);
        }
        tests(&mut suite).map(Outcome::Tested)
    });
    Ok(())
}

/// Its programs lie beside the ordinary ones, not in their place.
fn apart(arguments: &[&str]) -> Command {
    let mut cargo = cargo(arguments);
    cargo.env("CARGO_TARGET_DIR", place::root().join("target/fips"));
    cargo
}
