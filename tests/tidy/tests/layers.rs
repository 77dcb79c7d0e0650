//! Which crate may know which: dependencies point one way.

use std::collections::BTreeSet;

use deskhand_test_support::repository;
use deskhand_tidy::{code_without_tests, crates, hold, lines_with, sources};

/// Each crate with the crates of ours that it may be built from. What only tests use is not looked at.
const MAY_KNOW: [(&str, &[&str]); 37] = [
    // Leaves: they know nothing of the companion.
    ("deskhand-policy", &[]),
    ("deskhand-operations", &[]),
    ("deskhand-opc", &["operations"]),
    ("deskhand-formula", &["operations"]),
    ("deskhand-audit", &["formula", "operations"]),
    ("deskhand-sheet", &["audit", "formula", "opc", "operations"]),
    ("deskhand-slides", &["opc", "operations", "sheet"]),
    ("deskhand-text", &["opc", "operations"]),
    (
        "deskhand-document",
        &["opc", "operations", "sheet", "slides", "text"],
    ),
    ("deskhand-platform", &[]),
    ("deskhand-identity", &[]),
    // The sandbox: what it serves reaches it through ports.
    ("deskhand-vm-protocol", &[]),
    ("deskhand-vm-guest", &["vm-protocol"]),
    ("deskhand-vm-files", &[]),
    ("deskhand-vm-proxy", &[]),
    ("deskhand-vm-host", &["vm-protocol"]),
    // The agent: messages, then the state machines and the ports that they need.
    ("deskhand-protocol", &["operations"]),
    ("deskhand-core", &["operations", "policy", "protocol"]),
    // Implementations of the ports.
    ("deskhand-egress", &["core", "policy", "protocol"]),
    (
        "deskhand-inference",
        &[
            "core",
            "egress",
            "identity",
            "operations",
            "platform",
            "policy",
            "protocol",
        ],
    ),
    (
        "deskhand-web",
        &["core", "egress", "operations", "policy", "protocol", "text"],
    ),
    (
        "deskhand-workspace",
        &["core", "operations", "policy", "protocol"],
    ),
    (
        "deskhand-sandbox",
        &[
            "core",
            "egress",
            "operations",
            "protocol",
            "vm-files",
            "vm-host",
            "vm-proxy",
            "workspace",
        ],
    ),
    (
        "deskhand-documents",
        &[
            "core",
            "document",
            "formula",
            "opc",
            "operations",
            "policy",
            "protocol",
            "sheet",
            "slides",
            "workspace",
        ],
    ),
    ("deskhand-storage", &["core", "operations", "policy", "protocol"]),
    ("deskhand-telemetry", &["platform", "protocol"]),
    // The audit trail: a table of records over the chain that storage keeps.
    ("deskhand-trail", &["core", "protocol", "storage"]),
    // Who drives the agent, and who builds it all.
    (
        "deskhand-server",
        &["core", "egress", "operations", "platform", "policy", "protocol"],
    ),
    (
        "deskhand-service",
        &[
            "core",
            "document",
            "documents",
            "egress",
            "identity",
            "inference",
            "opc",
            "operations",
            "platform",
            "policy",
            "protocol",
            "sandbox",
            "server",
            "storage",
            "telemetry",
            "trail",
            "vm-files",
            "vm-host",
            "web",
            "workspace",
        ],
    ),
    ("deskhand-window", &["platform", "protocol"]),
    // Set-up starts programs and knows none of them.
    ("deskhand-installer", &[]),
    // Tests. The stand-ins are outside parties: they share the file formats with the product, and no more.
    ("deskhand-test-support", &[]),
    ("deskhand-tidy", &[]),
    (
        "deskhand-standins",
        &["formula", "opc", "operations", "sheet", "slides"],
    ),
    ("deskhand-e2e", ANY),
    ("deskhand-bench", ANY),
    ("deskhand-bench-files", ANY),
];

/// For what measures or tests the whole.
const ANY: &[&str] = &["*"];

#[test]
fn dependencies_point_one_way() {
    let mut breaches = Vec::new();
    for (name, found) in crates(&repository()) {
        let Some((_, allowed)) = MAY_KNOW.iter().find(|(known, _)| *known == name) else {
            breaches.push(format!("{name} has no row in the table: decide what it may know"));
            continue;
        };
        let ours = found
            .dependencies
            .iter()
            .filter_map(|dependency| dependency.strip_prefix("deskhand-"));
        let foreign = ours.filter(|dependency| *allowed != ANY && !allowed.contains(dependency));
        breaches.extend(foreign.map(|dependency| format!("{name} knows deskhand-{dependency}")));
    }
    hold("turn these dependencies round, with a port if need be:", breaches);
}

#[test]
fn the_core_touches_nothing() {
    let core = sources(&repository())
        .into_iter()
        .filter(|source| source.path.starts_with("companion/core/src/"));
    let world = [
        "SystemTime::now",
        "Instant::now",
        "std::env",
        "std::fs",
        "std::net",
        "std::process",
        "std::thread",
        "tokio::",
        "reqwest::",
        "rusqlite::",
        "rand::",
        "getrandom",
        "Uuid::now",
    ];
    let found = core.filter(|source| !source.is_test()).flat_map(|source| {
        let code = code_without_tests(&source.text);
        lines_with(&source.path, &code, &world)
    });
    hold("time, chance and the world are arguments (Invariant 10):", found);
}

#[test]
fn the_table_has_no_crate_that_is_gone() {
    let crates = crates(&repository());
    let gone = MAY_KNOW.iter().filter(|(name, _)| !crates.contains_key(*name));
    hold(
        "take these out of the table:",
        gone.map(|(name, _)| (*name).to_owned()),
    );
}

#[test]
fn the_product_is_not_built_from_test_crates() {
    let crates = crates(&repository());
    let test_crates: BTreeSet<&String> = crates
        .iter()
        .filter(|(_, one)| one.folder.starts_with("tests/"))
        .map(|(name, _)| name)
        .collect();
    let product = crates.iter().filter(|(_, one)| !one.folder.starts_with("tests/"));
    let found = product.flat_map(|(name, one)| {
        let used = one
            .dependencies
            .iter()
            .filter(|dependency| test_crates.contains(dependency));
        used.map(move |dependency| format!("{name} is built from {dependency}"))
    });
    hold("a stand-in is no part of the product:", found);
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let root = repository();
    let found = crates(&root).into_values().filter(|one| {
        let manifest =
            std::fs::read_to_string(root.join(&one.folder).join("Cargo.toml")).expect("a manifest");
        !manifest.contains("[lints]\nworkspace = true\n")
    });
    hold("add `[lints] workspace = true`:", found.map(|one| one.folder));
}
