//! The crates of the workspace as cargo knows them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// One crate.
#[derive(Debug)]
pub struct Crate {
    /// Its folder from the root, with `/` on every system.
    pub folder: String,
    /// What it is built from: not what its tests or its build script use.
    pub dependencies: Vec<String>,
    /// Everything it names, its tests and build script included.
    pub all_dependencies: Vec<String>,
}

/// Every crate of the workspace, by name.
///
/// # Panics
/// When cargo cannot read the workspace.
pub fn crates(root: &Path) -> BTreeMap<String, Crate> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root);
    let output = command.output().expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo's metadata is JSON");
    array(&metadata["packages"])
        .map(|package| read(root, package))
        .collect()
}

fn read(root: &Path, package: &Value) -> (String, Crate) {
    let manifest = Path::new(text(&package["manifest_path"]));
    let folder = crate::relative(root, manifest.parent().expect("a manifest lies in a folder"));
    let names = |only_built: bool| {
        let wanted = array(&package["dependencies"]).filter(|one| !only_built || one["kind"].is_null());
        wanted.map(|one| text(&one["name"]).to_owned()).collect()
    };
    let read = Crate {
        folder,
        dependencies: names(true),
        all_dependencies: names(false),
    };
    (text(&package["name"]).to_owned(), read)
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().expect("cargo's metadata has this list").iter()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("cargo's metadata has this text")
}
