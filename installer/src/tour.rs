//! `cargo xtask run --tour`: the same service and window, with a stand-in for the model and a page that stands for
//! Office, in a data folder of their own. Everything but the model's words is real.

use std::fs;

use anyhow::{Context as _, Result};

use crate::command::command;
use crate::options::Run;
use crate::place;
use crate::run::{Program, present, program, serve};

/// Starts the two stand-ins, the service against them, and shows the tour page.
pub(crate) fn tour(options: &Run, with_window: bool) -> Result<()> {
    let home = place::cache()?.join("tour");
    if home.exists() {
        // Each tour starts from the beginning.
        fs::remove_dir_all(&home).context("the last tour's folder")?;
    }
    fs::create_dir_all(&home)?;
    let script = place::root().join("tests/standins/scripts/tour.yaml");
    let mut gateway =
        Program::start(command(program(options, "deskhand-standins"), &["gateway", "--script"]).arg(script))?;
    let gateway_address = gateway.ready("url")?;
    let mut office = Program::start(
        command(
            program(options, "deskhand-office-host"),
            &["--ready-json", "--home"],
        )
        .arg(&home),
    )?;
    let office_address = office.ready("url")?;

    let mut command = serve(options);
    command.env("DESKHAND_HOME", &home).args([
        "--tour",
        &gateway_address,
        "--test-host-origin",
        &office_address,
    ]);
    command
        .arg("--office-js")
        .arg(place::root().join("addin-web/node_modules/@microsoft/office-js/dist"));
    let mut service = Program::start(&mut command)?;
    let address = service.ready("url")?;
    println!(
        "\nTour: scripted answers, no model. Its workbook and deck stand for Office at {office_address}"
    );
    present(
        options,
        &address,
        with_window,
        &mut service,
        &[("DESKHAND_HOME", home)],
    )
}
