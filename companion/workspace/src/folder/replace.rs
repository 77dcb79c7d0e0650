//! Putting new content in the place of old: beside it, flushed, renamed over it, read back. Whatever happens in between,
//! the name holds the old content or the new one, whole.

use std::io::{self, BufWriter, Write};

use cap_std::fs::Dir;

use super::beside::{self, Beside};
use super::held::Held;
use super::keep::keep;
use super::{Access, Folder, flush};
use crate::error::WorkspaceError;
use crate::fingerprint::{Fingerprint, Fingerprinting};
use crate::lock_file::LockFile;
use crate::relative::RelativePath;

/// Bytes written at once.
const BUFFER: usize = 128 << 10;

/// What is expected in the place of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Nothing: the write makes the file.
    Nothing,
    /// What was read before.
    Content(Fingerprint),
}

impl Folder {
    /// Puts `content` in the place of what is expected there, and answers with its fingerprint once that is on the disk and
    /// read back. A link inside the folder is followed and stays. The folder of a new file must be there.
    pub fn replace(
        &self,
        path: &RelativePath,
        content: &[u8],
        expected: Expected,
    ) -> Result<Fingerprint, WorkspaceError> {
        self.replace_with(path, expected, |out| out.write_all(content))
    }

    /// The same for content that is written piece by piece.
    pub fn replace_with(
        &self,
        path: &RelativePath,
        expected: Expected,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Fingerprint, WorkspaceError> {
        if self.access == Access::ReadOnly {
            return Err(WorkspaceError::ReadOnly);
        }
        let (parent, name) = self.parent(path)?;
        if let Some(lock) = LockFile::beside(&parent, &name) {
            return Err(WorkspaceError::OpenElsewhere {
                path: path.clone(),
                lock,
            });
        }
        self.check(path, expected)?;
        let written = self.put(&parent, &name, path, expected, write)?;
        self.read_back(path, written)
    }

    fn read_back(&self, path: &RelativePath, written: Fingerprint) -> Result<Fingerprint, WorkspaceError> {
        match self.fingerprint(path)? {
            Some(found) if found == written => Ok(written),
            _ => Err(WorkspaceError::NotVerified(path.clone())),
        }
    }

    fn put(
        &self,
        parent: &Dir,
        name: &str,
        path: &RelativePath,
        expected: Expected,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<Fingerprint, WorkspaceError> {
        let told = self.told(path);
        let is_private = matches!(expected, Expected::Content(_));
        beside::sweep(parent);
        let mut beside = Beside::create(parent, is_private).map_err(&told)?;
        let file = beside.file();
        let mut out = Fingerprinting::new(BufWriter::with_capacity(BUFFER, &mut *file));
        write(&mut out).and_then(|()| out.flush()).map_err(&told)?;
        let written = out.fingerprint();
        if let Expected::Content(_) = expected {
            let old = self.open_for_read(path)?;
            if old.metadata().map_err(&told)?.permissions().readonly() {
                return Err(WorkspaceError::WriteProtected(path.clone()));
            }
            keep(&old, file).map_err(|cause| match cause.kind() {
                io::ErrorKind::PermissionDenied => WorkspaceError::NotOurs(path.clone()),
                _ => told(cause),
            })?;
        }
        file.sync_all().map_err(&told)?;
        // Once more: writing took its time.
        self.check(path, expected)?;
        match expected {
            Expected::Nothing => match beside.place_new(name) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    return Err(self.changed(path)?);
                }
                placed => placed.map_err(&told)?,
            },
            Expected::Content(old) => {
                if !exchange(parent, name, beside, [old, written]).map_err(&told)? {
                    return Err(self.changed(path)?);
                }
            }
        }
        // Not every file system flushes folders. The content is flushed, and read back by the caller.
        drop(flush(parent));
        Ok(written)
    }

    fn check(&self, path: &RelativePath, expected: Expected) -> Result<(), WorkspaceError> {
        let found = self.fingerprint(path)?;
        let as_expected = match expected {
            Expected::Nothing => found.is_none(),
            Expected::Content(fingerprint) => found == Some(fingerprint),
        };
        if as_expected {
            Ok(())
        } else {
            Err(WorkspaceError::ChangedElsewhere {
                path: path.clone(),
                found,
            })
        }
    }
    /// What to answer where something else is found than was expected.
    fn changed(&self, path: &RelativePath) -> Result<WorkspaceError, WorkspaceError> {
        Ok(WorkspaceError::ChangedElsewhere {
            path: path.clone(),
            found: self.fingerprint(path)?,
        })
    }
}

/// Puts a new file in the place of one with the content `old`, and answers whether it did. What another program puts there in
/// the last moment stays, or, where it cannot, is beside it under a name of its own. Where the file system cannot exchange two
/// names, what comes between the last look and the rename is replaced.
fn exchange(parent: &Dir, name: &str, new: Beside<'_>, [old, written]: [Fingerprint; 2]) -> io::Result<bool> {
    let held = Held::new(parent, name, &[old, written])?;
    held.hold(new)?;
    match held.exchange() {
        Ok(true) => {}
        Ok(false) => return held.place().map(|()| true),
        // It is gone.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    }
    if held.content() == Some(old) {
        return held.discard().map(|()| true);
    }
    give_back(held, written).map(|()| false)
}

/// Puts back what is held, and takes out what was `written` in its place.
fn give_back(held: Held<'_>, written: Fingerprint) -> io::Result<()> {
    held.exchange()?;
    if held.content() != Some(written) {
        // Somebody wrote over ours as well, which is newer than what was put back.
        held.exchange()?;
    }
    held.settle().map(drop)
}

#[cfg(test)]
#[cfg(any(target_os = "linux", target_os = "macos"))]
mod tests {
    use std::fs;

    use cap_std::ambient_authority;
    use pretty_assertions::assert_eq;

    use super::*;

    /// Puts `new` in the place of `old`, where `there` is by then.
    fn put(there: &str) -> (bool, Vec<(String, String)>) {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("a.xlsx"), there).unwrap();
        let dir = Dir::open_ambient_dir(home.path(), ambient_authority()).unwrap();
        let mut new = Beside::create(&dir, true).unwrap();
        new.file().write_all(b"new").unwrap();
        let contents = [Fingerprint::of(b"old"), Fingerprint::of(b"new")];
        let is_put = exchange(&dir, "a.xlsx", new, contents).unwrap();
        let entries = fs::read_dir(home.path()).unwrap();
        let files = entries.map(|entry| {
            let entry = entry.unwrap();
            let content = fs::read_to_string(entry.path()).unwrap();
            (entry.file_name().into_string().unwrap(), content)
        });
        (is_put, files.collect())
    }

    #[test]
    fn what_another_program_wrote_after_the_last_look_stays() {
        let file = |content: &str| vec![("a.xlsx".to_owned(), content.to_owned())];
        assert_eq!(put("old"), (true, file("new")));
        assert_eq!(put("theirs"), (false, file("theirs")));
    }

    #[test]
    fn what_another_program_wrote_over_ours_keeps_the_name() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        let dir = Dir::open_ambient_dir(home.path(), ambient_authority()).unwrap();
        let contents = [Fingerprint::of(b"old"), Fingerprint::of(b"new")];
        let held = Held::new(&dir, "a.xlsx", &contents).unwrap();
        fs::write(at("a.xlsx"), "earlier").unwrap();
        held.take().unwrap();
        fs::write(at("a.xlsx"), "later").unwrap();
        give_back(held, contents[1]).unwrap();
        assert_eq!(fs::read(at("a.xlsx")).unwrap(), b"later");
        assert_eq!(fs::read(at("a (recovered).xlsx")).unwrap(), b"earlier");
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_is_not_there_as_it_was_written_is_told() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("a.xlsx"), "theirs").unwrap();
        let dir = Dir::open_ambient_dir(home.path(), ambient_authority()).unwrap();
        let folder = Folder::new(home.path().to_owned(), dir, Access::ReadWrite);
        let path = RelativePath::parse("a.xlsx").unwrap();
        assert!(folder.read_back(&path, Fingerprint::of(b"theirs")).is_ok());
        let refused = folder.read_back(&path, Fingerprint::of(b"ours")).unwrap_err();
        assert!(matches!(refused, WorkspaceError::NotVerified(_)), "{refused:?}");
    }

    #[test]
    fn nothing_comes_into_the_place_of_a_file_that_went() {
        let home = tempfile::tempdir().unwrap();
        let dir = Dir::open_ambient_dir(home.path(), ambient_authority()).unwrap();
        let new = Beside::create(&dir, true).unwrap();
        let contents = [Fingerprint::of(b"old"), Fingerprint::of(b"")];
        assert!(!exchange(&dir, "a.xlsx", new, contents).unwrap());
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0);
    }
}
