//! Remembers from which inputs something was made, so that it is made again only when they change.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Folders whose content is made, not written.
const MADE: [&str; 3] = ["node_modules", "dist", "target"];

/// The print of some inputs and the file that keeps it beside what was made from them.
#[derive(Debug)]
pub(crate) struct Stamp {
    file: PathBuf,
    print: String,
}

impl Stamp {
    /// Reads the inputs: files, or folders with all below them except what is made there.
    pub(crate) fn of(file: PathBuf, inputs: &[PathBuf]) -> Result<Self> {
        // Not a digest against an attacker: whoever can write the inputs can write the stamp.
        let mut hasher = DefaultHasher::new();
        for input in inputs {
            add(&mut hasher, input)?;
        }
        Ok(Self {
            file,
            print: spelled(&hasher),
        })
    }

    /// The same for one text, wherever it stands.
    pub(crate) fn of_text(file: PathBuf, text: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(text.as_bytes());
        Self {
            file,
            print: spelled(&hasher),
        }
    }

    /// Whether what stands there was made from just these inputs.
    pub(crate) fn holds(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|kept| kept == self.print)
    }

    /// Writes down that it was.
    pub(crate) fn keep(&self) -> Result<()> {
        fs::write(&self.file, &self.print).with_context(|| format!("cannot write {}", self.file.display()))
    }
}

fn spelled(hasher: &DefaultHasher) -> String {
    format!("{:016x}\n", hasher.finish())
}

fn add(hasher: &mut DefaultHasher, input: &Path) -> Result<()> {
    let reading = || format!("cannot read {}", input.display());
    if !input.is_dir() {
        hasher.write(input.as_os_str().as_encoded_bytes());
        hasher.write(&fs::read(input).with_context(reading)?);
        return Ok(());
    }
    let entries = fs::read_dir(input).with_context(reading)?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !MADE.contains(&name.as_ref()) && !name.starts_with('.') {
            add(hasher, &path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_until_an_input_changes() {
        let folder = tempfile::tempdir().unwrap();
        let (source, made) = (folder.path().join("source"), folder.path().join("made"));
        fs::create_dir_all(source.join("node_modules")).unwrap();
        fs::write(source.join("page.ts"), "one").unwrap();
        let stamp = || Stamp::of(made.clone(), std::slice::from_ref(&source)).unwrap();

        assert!(!stamp().holds());
        stamp().keep().unwrap();
        fs::write(source.join("node_modules/other.js"), "made, not written").unwrap();
        assert!(stamp().holds());
        fs::write(source.join("page.ts"), "two").unwrap();
        assert!(!stamp().holds());
    }
}
