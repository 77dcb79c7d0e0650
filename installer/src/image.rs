//! `cargo xtask image`: builds the image of the sandbox from the recipe in `sandbox/image` and puts it into the store of
//! this user, where the service finds it.
//!
//! What takes long, the system, is kept between runs and made again only when the recipe changes. The agent is built each
//! time; cargo knows when there is nothing to do.

mod assemble;
mod kernel;
mod lock;
mod office;
mod plain;
mod publish;
mod system;

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::ledger::{Ledger, Step};
use crate::{packages, place, python, room};

const ROOM: Step = Step::new(
    "Room on the disk",
    "an image takes half a gigabyte while it is built",
    1,
);
const TOOLS: Step = Step::new(
    "System packages for the sandbox",
    "QEMU, and what builds its image",
    5,
);
const PYTHON: Step = Step::new(
    "Python environment",
    "fetches the Python libraries of the sandbox",
    10,
);
const SYSTEM: Step = Step::new(
    "System of the sandbox",
    "Debian's packages and Python's libraries, in one read-only file",
    6,
);
const OFFICE: Step = Step::new(
    "Office layer of the sandbox",
    "LibreOffice and Node, in a second read-only file over the first",
    8,
);
const AGENT: Step = Step::new(
    "Agent of the sandbox",
    "the first process of the virtual machine, linked to nothing",
    4,
);
const IMAGE: Step = Step::new(
    "Image of the sandbox",
    "system, kernel and agent, under the name of their content",
    1,
);

const PLAIN: Step = Step::new(
    "Plain machine beside it",
    "Debian's kernel with 9p and busybox, for the benchmarks alone",
    1,
);

/// How strictly the lock files are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Locks {
    /// What differs is said.
    #[default]
    Told,
    /// What differs fails the build.
    Held,
    /// They are written anew.
    Updated,
}

/// What an image is to have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Layers {
    /// The base, and the office layer where one was built over it before.
    #[default]
    AsBefore,
    /// The base and the office layer.
    Office,
}

/// `cargo xtask image`; with a folder, that becomes an image store that holds it.
pub(crate) fn image(ledger: &mut Ledger, layers: Layers, locks: Locks, to: Option<&Path>) -> Result<()> {
    ledger.need(ROOM, room::make)?;
    ledger.need(PYTHON, python::environment)?;
    build(ledger, layers, locks)?;
    assemble::report()?;
    to.map_or(Ok(()), publish::publish)
}

/// What the tests need of it.
pub(crate) fn build(ledger: &mut Ledger, layers: Layers, locks: Locks) -> Result<()> {
    ledger.need(TOOLS, || packages::install(&[packages::SANDBOX]))?;
    ledger.need(SYSTEM, || system::build(locks))?;
    match layers {
        Layers::Office => ledger.need(OFFICE, || office::build(locks))?,
        Layers::AsBefore => drop(office::fits()?),
    }
    ledger.need(AGENT, kernel::agent)?;
    ledger.need(IMAGE, assemble::image)
}

/// What the benchmarks put beside it.
pub(crate) fn plain(ledger: &mut Ledger) -> Result<()> {
    ledger.need(PLAIN, plain::fetch)
}

/// The recipe.
fn recipe() -> PathBuf {
    place::root().join("sandbox/image")
}

/// Where parts are kept between runs.
fn parts() -> Result<PathBuf> {
    Ok(place::cache()?.join("sandbox/parts"))
}

/// The lines of a list of the recipe, without their reasons.
fn listed(name: &str) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(recipe().join(name))?;
    let plain = |line: &str| line.split('#').next().unwrap_or_default().trim().to_owned();
    Ok(text.lines().map(plain).filter(|line| !line.is_empty()).collect())
}
