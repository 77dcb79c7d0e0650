//! `cargo xtask bench`: builds as it is shipped and hands over to the benchmarks, which print and keep their figures.

use anyhow::Result;

use crate::command::{cargo, run};
use crate::ledger::{Ledger, Outcome, Step};
use crate::{image, setup};

const BENCH: Step = Step::new("Benchmarks", "the numbers that a user feels", 30);

/// Runs the named benchmarks, or all of them.
pub(crate) fn bench(ledger: &mut Ledger, names: &[String]) -> Result<()> {
    setup::for_test(ledger)?;
    if names.is_empty() || names.iter().any(|name| name == "sandbox") {
        image::plain(ledger)?;
    }
    ledger.need(BENCH, || {
        run(&mut cargo(&[
            "build",
            "--quiet",
            "--locked",
            "--release",
            "--workspace",
            "--bins",
        ]))?;
        run(cargo(&[
            "run",
            "--quiet",
            "--locked",
            "--release",
            "--package",
            "deskhand-bench",
            "--",
        ])
        .args(names))?;
        Ok(Outcome::Done)
    })
}
