//! The Python environment of the tests: independent readers of files and clients that nobody here wrote.

use std::fs;

use anyhow::{Context as _, Result};

use crate::command::{command, run};
use crate::ledger::Outcome;
use crate::place;
use crate::stamp::Stamp;

/// Makes `~/.cache/deskhand/python` hold what `tests/support/requirements.txt` pins.
pub(crate) fn environment() -> Result<Outcome> {
    let folder = place::cache()?.join("python");
    let requirements = place::root().join("tests/support/requirements.txt");
    let list = fs::read_to_string(&requirements).context("the list of Python packages")?;
    // The print is of the list alone: another clone with the same list shares the environment.
    let stamp = Stamp::of_text(folder.join(".requirements"), &list);
    if stamp.holds() {
        return Ok(Outcome::InPlace);
    }
    fs::create_dir_all(place::cache()?)?;
    let python = folder.join("bin/python");
    if !python.exists() {
        run(command("python3", &["-m", "venv"]).arg(&folder))?;
    }
    run(command(
        &python,
        &[
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
        ],
    )
    .arg(&requirements))?;
    stamp.keep()?;
    Ok(Outcome::Done)
}
