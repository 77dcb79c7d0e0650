//! `cargo xtask run`: builds the programs, starts the service and opens the window, or prints the address where there
//! is no display.

use std::io::Write as _;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::command::{cargo, command, run as run_to_end};
use crate::ledger::{Ledger, Outcome, Step};
use crate::options::Run;
use crate::program::{Program, built};
use crate::{machine, place, program, setup, tour};

const BUILD: Step = Step::new("Build", "the service and the window", 15);
const BUILD_TOUR: Step = Step::new(
    "Build of the tour",
    "the stand-ins for the model and for Office",
    5,
);

/// Sets up, builds and runs until the window is closed or the service ends.
pub(crate) fn run(ledger: &mut Ledger, options: &Run) -> Result<()> {
    refuse_tour_where_managed(options, machine::is_managed())?;
    setup::for_run(ledger)?;
    let with_window = !options.headless && machine::has_display();
    ledger.need(BUILD, || {
        let packages: &[_] = if with_window {
            &["deskhand-service", "deskhand-window"]
        } else {
            &["deskhand-service"]
        };
        build(options, packages)
    })?;
    let status = if options.tour {
        None
    } else {
        Some(status(options)?)
    };
    if status
        .as_ref()
        .is_none_or(|status| wants_tour(status).unwrap_or(false))
    {
        setup::for_tour(ledger)?;
        ledger.need(BUILD_TOUR, || build(options, &["deskhand-standins"]))?;
        ledger.print();
        program::end_with_signals()?;
        return tour::tour(options, with_window);
    }
    ledger.print();
    program::end_with_signals()?;
    show(options, with_window, status.as_ref())
}

/// An organisation that manages a computer decides where answers come from; the service refuses the tour there as well.
fn refuse_tour_where_managed(options: &Run, managed: bool) -> Result<()> {
    if options.tour && managed {
        bail!("the tour is not offered on a managed computer: /etc/deskhand/managed-settings.json exists");
    }
    Ok(())
}

/// Starts the service unless one runs already, and shows it.
fn show(options: &Run, with_window: bool, status: Option<&Value>) -> Result<()> {
    let running = status
        .and_then(|status| status.get("address"))
        .and_then(Value::as_str);
    if let Some(address) = running {
        println!("\nDeskhand runs already at {address}.");
        return if with_window {
            Program::start(&mut command(built(options, "deskhand-window"), &[]))?.wait()
        } else {
            Ok(())
        };
    }
    let mut service = Program::start(&mut serve(options))?;
    let address = service.ready("address")?;
    println!("\nDeskhand runs at {address}");
    if with_window {
        println!("Close the window to end it.");
        return Program::start(&mut command(built(options, "deskhand-window"), &[]))?.wait();
    }
    let trusted = status
        .and_then(|status| status.get("authorityTrusted"))
        .and_then(Value::as_str);
    if trusted != Some("trusted") {
        let trust = built(options, "deskhand");
        println!(
            "Browsers of this account trust it after this, once: {} trust",
            trust.display()
        );
    }
    println!("Press Ctrl+C to end it.");
    service.wait()
}

/// The command that starts the service on the pages of this repository. It ends with this program, however that ends.
pub(crate) fn serve(options: &Run) -> Command {
    let mut serve = command(
        built(options, "deskhand"),
        &["serve", "--ready-json", "--until-stdin-closes", "--web"],
    );
    serve
        .arg(place::root().join("target/web"))
        .stdin(std::process::Stdio::piped());
    serve
}

fn build(options: &Run, packages: &[&str]) -> Result<Outcome> {
    let mut build = cargo(&["build", "--quiet", "--locked"]);
    for package in packages {
        build.args(["--package", package]);
    }
    if options.release {
        build.arg("--release");
    }
    run_to_end(&mut build)?;
    Ok(Outcome::Done)
}

/// How the service stands, as `deskhand status --json` tells. It exits with 1 when none runs.
fn status(options: &Run) -> Result<Value> {
    let output = command(built(options, "deskhand"), &["status", "--json"]).output()?;
    serde_json::from_slice(&output.stdout).with_context(|| {
        format!(
            "`deskhand status` failed\n{}",
            String::from_utf8_lossy(&output.stderr)
        )
    })
}

/// Where no provider is configured and nobody manages the machine, the person is asked whether to see the tour.
fn wants_tour(status: &Value) -> Result<bool> {
    if !is_offered(status) {
        return Ok(false);
    }
    println!(
        "\nNo model provider is configured. The tour shows Deskhand with scripted answers and real files."
    );
    if !machine::has_terminal() {
        println!("See it with: cargo xtask run --tour");
        return Ok(false);
    }
    print!("Start the tour? [Y/n] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(!matches!(answer.trim(), "n" | "N" | "no"))
}

/// What cannot be read of the status counts against the tour.
fn is_offered(status: &Value) -> bool {
    let unconfigured = status.get("provider").and_then(Value::as_str) == Some("none");
    let unmanaged = status.get("managed").and_then(Value::as_bool) == Some(false);
    unconfigured && unmanaged
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn offers_the_tour_where_nothing_is_configured_and_nobody_manages_the_computer() {
        let cases = [
            (json!({ "provider": "none", "managed": false }), true),
            (json!({ "provider": "gateway", "managed": false }), false),
            (json!({ "provider": "none", "managed": true }), false),
            (json!({ "provider": "none" }), false),
            (json!({}), false),
        ];
        for (status, offered) in cases {
            assert_eq!(is_offered(&status), offered, "{status}");
        }
    }

    #[test]
    fn refuses_the_tour_on_a_managed_computer() {
        let tour = Run {
            tour: true,
            ..Run::default()
        };
        let error = refuse_tour_where_managed(&tour, true).unwrap_err().to_string();
        assert!(error.contains("managed computer"), "{error}");
        refuse_tour_where_managed(&tour, false).unwrap();
        refuse_tour_where_managed(&Run::default(), true).unwrap();
    }
}
