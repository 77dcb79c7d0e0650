//! The steps before anything is built, in the order in which they need each other.

use anyhow::Result;

use crate::ledger::{Ledger, Step};
use crate::{image, packages, python, room, web};

const ROOM: Step = Step::new(
    "Room on the disk",
    "old build results go before a build fails for want of it",
    1,
);
const SYSTEM: Step = Step::new(
    "System packages",
    "what the build and the window need from this system",
    10,
);
const TEST_SYSTEM: Step = Step::new(
    "System packages for tests",
    "browsers and readers that judge the results",
    15,
);
const TOUR_SYSTEM: Step = Step::new(
    "System packages for the tour",
    "a browser for workbook and pane",
    5,
);
const NODE: Step = Step::new("Node", "the pages are built with it", 1);
const NPM: Step = Step::new(
    "npm packages",
    "libraries of the pages, as the lock files pin them",
    5,
);
const PYTHON: Step = Step::new(
    "Python environment",
    "independent readers of workbooks and decks",
    10,
);
const PAGES: Step = Step::new(
    "Pages",
    "the bundles that the service hands to the panes and the window",
    3,
);

const HOST_PAGE: Step = Step::new("Host page", "what stands for Office in tests and in the tour", 2);

/// What `cargo xtask run` needs.
pub(crate) fn for_run(ledger: &mut Ledger) -> Result<()> {
    ledger.need(ROOM, room::make)?;
    ledger.need(SYSTEM, || packages::install(&[packages::RUN]))?;
    pages(ledger)
}

/// What `cargo xtask run --tour` needs besides.
pub(crate) fn for_tour(ledger: &mut Ledger) -> Result<()> {
    ledger.need(TOUR_SYSTEM, || packages::install(&[packages::TOUR]))?;
    ledger.need(HOST_PAGE, web::host_page)
}

/// What `cargo xtask test` needs.
pub(crate) fn for_test(ledger: &mut Ledger) -> Result<()> {
    ledger.need(ROOM, room::make)?;
    ledger.need(SYSTEM, || packages::install(&[packages::RUN]))?;
    ledger.need(TEST_SYSTEM, || {
        packages::install(&[packages::TOUR, packages::TEST])
    })?;
    ledger.need(PYTHON, python::environment)?;
    image::build(ledger, image::Layers::Office, image::Locks::Told)?;
    pages(ledger)?;
    ledger.need(HOST_PAGE, web::host_page)
}

/// Both, and the Windows tools where this system offers them.
pub(crate) fn everything(ledger: &mut Ledger) -> Result<()> {
    for_test(ledger)?;
    crate::windows::tools(ledger)
}

fn pages(ledger: &mut Ledger) -> Result<()> {
    ledger.need(NODE, web::node)?;
    ledger.need(NPM, web::packages)?;
    ledger.need(PAGES, web::bundles)
}
