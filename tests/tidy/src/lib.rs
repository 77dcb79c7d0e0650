//! Reads the repository for the tests beside it: every file that is written by hand, Rust source without its comments
//! and texts, and what cargo knows of the crates. Judges nothing; each rule is a test.

mod crates;
mod rust;

use std::fs;
use std::path::{Path, PathBuf};

pub use crates::{Crate, crates};
pub use rust::{code, code_without_tests};

/// Folders whose content is made, not written.
const MADE: [&str; 5] = [".git", "bin", "node_modules", "obj", "target"];

/// A text file of the repository.
#[derive(Clone, Debug)]
pub struct Source {
    /// From the root, with `/` on every system.
    pub path: String,
    /// Its content.
    pub text: String,
}

impl Source {
    /// Whether its name ends in one of these endings, given without the dot.
    pub fn is(&self, endings: &[&str]) -> bool {
        self.path
            .rsplit_once('.')
            .is_some_and(|(_, ending)| endings.contains(&ending))
    }

    /// Whether it is made from something else and committed.
    pub fn is_generated(&self) -> bool {
        self.path.contains("/generated/")
    }

    /// Whether it is only there for tests.
    pub fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }
}

/// Every text file below the root, sorted by path; what is made there is left out.
///
/// # Panics
/// When the repository cannot be read.
pub fn sources(root: &Path) -> Vec<Source> {
    let mut found = Vec::new();
    walk(root, root, &mut found);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let entry = entry.expect("a readable entry");
        let (path, name) = (entry.path(), entry.file_name());
        let kind = entry.file_type().expect("a known kind");
        if kind.is_dir() && !is_made(root, &path) {
            walk(root, &path, found);
        } else if kind.is_file()
            && name != ".DS_Store"
            // In a second work tree a file says where the first one is.
            && name != ".git"
            && let Ok(text) = fs::read_to_string(&path)
        {
            found.push(Source {
                path: relative(root, &path),
                text,
            });
        }
    }
}

/// `bin` is a folder of programs' source in Rust, and of made files beside a .NET project.
fn is_made(root: &Path, folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let rust_programs = name == "bin" && folder.parent().is_some_and(|parent| parent.ends_with("src"));
    let target = name != "target" || folder.parent() == Some(root);
    MADE.contains(&name.as_ref()) && !rust_programs && target
}

fn relative(root: &Path, path: &Path) -> String {
    let path = path
        .strip_prefix(root)
        .map_or_else(|_| path.to_owned(), Path::to_owned);
    path.components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}

/// Fails with the rule and every place that breaks it.
///
/// # Panics
/// When there is such a place.
pub fn hold(rule: &str, breaches: impl IntoIterator<Item = String>) {
    let breaches: Vec<String> = breaches.into_iter().collect();
    assert!(breaches.is_empty(), "{rule}\n  {}", breaches.join("\n  "));
}

/// The lines of `code` that hold one of `signs`, as `path:line: sign`.
pub fn lines_with(path: &str, code: &str, signs: &[&str]) -> Vec<String> {
    let numbered = code.lines().enumerate();
    numbered
        .flat_map(|(index, line)| {
            signs
                .iter()
                .filter(move |sign| line.contains(**sign))
                .map(move |sign| (index + 1, sign))
        })
        .map(|(line, sign)| format!("{path}:{line}: {}", sign.trim()))
        .collect()
}

/// A file of the repository by its path from the root.
pub fn place(root: &Path, path: &str) -> PathBuf {
    path.split('/')
        .fold(root.to_owned(), |place, part| place.join(part))
}
