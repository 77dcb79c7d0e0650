//! `cargo xtask test`: every check and test, in the order in which a mistake is cheapest to learn of.

use std::path::PathBuf;

use anyhow::Result;

use crate::command::{cargo, command, find, run, succeeds, tests};
use crate::ledger::{Ledger, Outcome, Step};
use crate::{place, setup, web, windows};

const FORMAT: Step = Step::new("Format", "one look for all Rust source", 1);
const LINT: Step = Step::new("Lints", "clippy over every target, warnings count", 10);
const DENY_TOOL: Step = Step::new(
    "cargo-deny",
    "the tool that reads licences and sources of dependencies",
    8,
);
const DENY: Step = Step::new("Dependencies", "licences, sources, bans and known advisories", 1);
const PROGRAMS: Step = Step::new("Programs", "what the tests start", 8);
const TYPES: Step = Step::new(
    "Types of the pages",
    "the TypeScript compiler in its strict mode",
    2,
);
const PAGE_LINT: Step = Step::new("Lints of the pages", "eslint, warnings count", 2);
const PAGE_TESTS: Step = Step::new(
    "Tests of the pages",
    "components and client, without a browser",
    3,
);
const WORKSPACE: Step = Step::new("Tests of the workspace", "every Rust test", 15);
const LIVE: Step = Step::new(
    "Live document tests",
    "the real Office library in a browser, against real files",
    5,
);
const STORY: Step = Step::new(
    "End-to-end tests",
    "the story in a browser, against the real service",
    8,
);

/// Runs all of it. What can be judged apart goes on after a failure, so that one run tells everything.
pub(crate) fn test(ledger: &mut Ledger) -> Result<()> {
    let result = setup::for_test(ledger).and_then(|()| checks(ledger));
    let total = ledger.total();
    println!("\n{} passed, {} failed", total.passed, total.failed);
    result
}

fn checks(ledger: &mut Ledger) -> Result<()> {
    ledger.check(FORMAT, || done(run(&mut cargo(&["fmt", "--all", "--check"]))));
    ledger.check(LINT, || {
        let lint = [
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ];
        done(run(&mut cargo(&lint)))
    });
    dependencies(ledger);
    ledger.check(TYPES, || page_check("typecheck"));
    ledger.check(PAGE_LINT, || page_check("lint"));
    ledger.check(PAGE_TESTS, || page_tests("test"));
    ledger.need(PROGRAMS, || {
        done(run(&mut cargo(&[
            "build",
            "--quiet",
            "--workspace",
            "--bins",
            "--locked",
        ])))
    })?;
    ledger.check(WORKSPACE, workspace_tests);
    ledger.check(LIVE, || page_tests("test:live"));
    ledger.check(STORY, || page_tests("test:e2e"));
    windows::among_checks(ledger);
    Ok(())
}

fn done(result: Result<()>) -> Result<Outcome> {
    result.map(|()| Outcome::Done)
}

/// nextest where it is installed, which stops a test that hangs; else cargo's own runner.
fn workspace_tests() -> Result<Outcome> {
    if !succeeds(&mut cargo(&["nextest", "--version"])) {
        return tests(&mut cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]))
            .map(Outcome::Tested);
    }
    let listed = [
        "nextest",
        "run",
        "--workspace",
        "--locked",
        "--no-fail-fast",
        "--status-level",
        "fail",
    ];
    tests(&mut cargo(&listed)).map(Outcome::Tested)
}

fn page_check(script: &str) -> Result<Outcome> {
    match web::script(script)? {
        Some(mut check) => done(run(&mut check)),
        None => Ok(Outcome::Skipped(format!("addin-web has no script `{script}`"))),
    }
}

fn page_tests(script: &str) -> Result<Outcome> {
    match web::script(script)? {
        Some(mut suite) => tests(&mut suite).map(Outcome::Tested),
        None => Ok(Outcome::Skipped(format!("addin-web has no script `{script}`"))),
    }
}

fn dependencies(ledger: &mut Ledger) {
    let mut tool = None;
    ledger.check(DENY_TOOL, || {
        let (program, outcome) = deny_tool()?;
        tool = Some(program);
        Ok(outcome)
    });
    if let Some(program) = tool {
        ledger.check(DENY, || deny(&program));
    }
}

/// Finds cargo-deny, or builds it once into the cache. Unoptimised: it compiles in a third of the time and runs for a
/// second.
fn deny_tool() -> Result<(PathBuf, Outcome)> {
    let tools = place::cache()?.join("tools");
    let built = tools.join("bin/cargo-deny");
    if let Some(program) = find("cargo-deny").or_else(|| built.is_file().then(|| built.clone())) {
        return Ok((program, Outcome::InPlace));
    }
    let mut install = cargo(&[
        "install",
        "cargo-deny",
        "--version",
        "0.20.2",
        "--locked",
        "--debug",
        "--quiet",
        "--root",
    ]);
    // Outside the repository, whose own build settings are not meant for it.
    run(install.arg(&tools).current_dir(place::cache()?))?;
    Ok((built, Outcome::Done))
}

/// Bans, licences and sources always; advisories where their database can be reached.
fn deny(program: &PathBuf) -> Result<Outcome> {
    let deny = |arguments: &[&str]| {
        let mut deny = command(program, &["--workspace", "--locked"]);
        deny.args(arguments);
        deny
    };
    run(&mut deny(&["check", "bans", "licenses", "sources"]))?;
    if !succeeds(&mut deny(&["fetch", "db"])) {
        println!("   Advisories were not checked: their database cannot be reached from here.");
        return Ok(Outcome::Done);
    }
    run(&mut deny(&["check", "advisories"]))?;
    Ok(Outcome::Done)
}
