//! Files of lines that are bounded by size and number: `name`, `name.1`, `name.2`, the newest first.
//!
//! `tracing-appender` rotates by time alone, so that one bad minute could fill a disk; hence these few lines.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::files;

/// Lines in files.
#[derive(Debug)]
pub(crate) struct Rotating {
    path: PathBuf,
    /// Bytes of one file.
    most: u64,
    /// Files in all.
    files: usize,
    open: Option<(File, u64)>,
}

impl Rotating {
    /// Lines at a path; the file is made with its first line.
    pub(crate) fn new(path: PathBuf, most: u64, files: usize) -> Self {
        Self {
            path,
            most,
            files: files.max(1),
            open: None,
        }
    }

    /// Writes a line. A line that is longer than a file may be is cut.
    pub(crate) fn write(&mut self, line: &str) -> io::Result<()> {
        let mut end = line
            .len()
            .min(usize::try_from(self.most.saturating_sub(1)).unwrap_or(usize::MAX));
        while !line.is_char_boundary(end) {
            end -= 1;
        }
        let length = end as u64 + 1;
        if self.open()?.1 + length > self.most {
            self.rotate()?;
        }
        let (file, size) = self.open()?;
        file.write_all(&[&line.as_bytes()[..end], b"\n"].concat())?;
        *size += length;
        Ok(())
    }

    /// The files that are there, the oldest first.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        let all = (0..self.files).rev().map(|number| self.numbered(number));
        all.filter(|path| path.is_file()).collect()
    }

    /// Removes all of it.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.open = None;
        for path in self.paths() {
            fs::remove_file(path)?;
        }
        Ok(())
    }

    fn open(&mut self) -> io::Result<&mut (File, u64)> {
        if self.open.is_none() {
            self.path.parent().map(files::make_folder).transpose()?;
            let file = files::append(&self.path)?;
            let size = file.metadata()?.len();
            self.open = Some((file, size));
        }
        self.open.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn rotate(&mut self) -> io::Result<()> {
        // Closed first: Windows renames no open file.
        self.open = None;
        if self.files == 1 {
            return fs::remove_file(&self.path);
        }
        for number in (0..self.files - 1).rev() {
            let from = self.numbered(number);
            if from.is_file() {
                fs::rename(from, self.numbered(number + 1))?;
            }
        }
        Ok(())
    }

    fn numbered(&self, number: usize) -> PathBuf {
        if number == 0 {
            self.path.clone()
        } else {
            beside(&self.path, number)
        }
    }
}

fn beside(path: &Path, number: usize) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(rotating: &Rotating) -> Vec<String> {
        let texts = rotating
            .paths()
            .into_iter()
            .map(|path| fs::read_to_string(path).unwrap());
        texts.collect()
    }

    #[test]
    fn never_more_than_so_many_files_of_such_a_size() {
        let folder = tempfile::tempdir().unwrap();
        let mut rotating = Rotating::new(folder.path().join("a.log"), 30, 3);
        for number in 0..100 {
            rotating.write(&format!("line {number}")).unwrap();
        }
        let texts = all(&rotating);
        assert_eq!(texts.len(), 3);
        assert!(texts.iter().all(|text| text.len() <= 30), "{texts:?}");
        assert!(texts[2].ends_with("line 99\n"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn goes_on_where_the_last_run_ended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        Rotating::new(path.clone(), 100, 2).write("one").unwrap();
        let mut again = Rotating::new(path, 100, 2);
        again.write("two").unwrap();
        assert_eq!(all(&again), ["one\ntwo\n"]);
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_between_letters() {
        let folder = tempfile::tempdir().unwrap();
        let mut rotating = Rotating::new(folder.path().join("a.log"), 10, 1);
        rotating.write(&"é".repeat(100)).unwrap();
        rotating.write("b").unwrap();
        assert_eq!(all(&rotating), ["b\n"]);
        rotating.clear().unwrap();
        assert!(all(&rotating).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_them() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let mut rotating = Rotating::new(folder.path().join("logs/a.log"), 100, 2);
        rotating.write("one").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder.path().join("logs/a.log")), 0o600);
        assert_eq!(mode(&folder.path().join("logs")), 0o700);
    }
}
