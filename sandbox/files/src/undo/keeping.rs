//! Where a journal lies: in a folder of its own, or in a vault of whoever keeps it.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use super::record::Line;
use crate::host::{self, Kind};
use crate::port::{Going, Ident, Kept, State};
use crate::room::Floor;
use crate::side::Side;

/// Where somebody else keeps a journal: sealed, for one. Called from one thread at a time, and may block.
pub trait Vault: Send + Sync + fmt::Debug {
    /// The lines that were added and not taken back, the oldest first.
    fn lines(&self) -> io::Result<Vec<Vec<u8>>>;

    /// Adds a line. It is on disk when this returns, or nothing of it stays.
    fn append(&self, line: &[u8]) -> io::Result<()>;

    /// Takes the newest line away again.
    fn take_back(&self) -> io::Result<()>;

    /// Keeps the content of a file under a number; on disk when this returns. `file` is open at its beginning.
    fn keep(&self, number: u64, file: &File) -> io::Result<()>;

    /// Writes what is kept under a number into an empty file.
    fn restore(&self, number: u64, to: &File) -> io::Result<()>;

    /// Forgets all lines, and what is kept under these numbers.
    fn clear(&self, kept: &[u64]) -> io::Result<()>;
}

/// The two places.
#[derive(Debug)]
pub(super) enum Keeping {
    Home(Home),
    Vault(Arc<dyn Vault>),
}

/// The lines of a vault and their bytes, up to the first that is none.
pub(super) fn lines_of(vault: &dyn Vault) -> io::Result<(Vec<Line>, u64)> {
    let (mut lines, mut bytes) = (Vec::new(), 0);
    for line in vault.lines()? {
        let Some(read) = Line::read(&line) else { break };
        bytes += line.len() as u64;
        lines.push(read);
    }
    Ok((lines, bytes))
}

impl Keeping {
    /// Adds a line and says its bytes. It is on disk when this returns; where it is not, nothing of it stays.
    pub(super) fn append(&self, line: &Line) -> io::Result<u64> {
        let text = line.text()?;
        match self {
            Self::Home(home) => home.append(text.as_bytes())?,
            Self::Vault(vault) => vault.append(text.as_bytes())?,
        }
        Ok(text.len() as u64)
    }

    /// Takes the last line away, of so many bytes.
    pub(super) fn take_back(&self, bytes: u64) -> io::Result<()> {
        match self {
            Self::Home(home) => home.take_back(bytes),
            Self::Vault(vault) => vault.take_back(),
        }
    }

    /// Keeps the content that goes.
    pub(super) fn keep(&self, n: u64, going: &Going<'_>, gone: &State, may_move: bool) -> io::Result<Kept> {
        let State::File { ident, .. } = gone else {
            return Ok(Kept::InPlace);
        };
        match self {
            Self::Home(home) => home.keep(n, going, *ident, may_move),
            Self::Vault(vault) => {
                vault.keep(n, going.file.ok_or(io::ErrorKind::PermissionDenied)?)?;
                Ok(Kept::InPlace)
            }
        }
    }

    /// The kept file itself under a name beside its place, where it is that file and may have one there.
    pub(super) fn link(&self, n: u64, ident: Ident, folder: &Dir) -> Option<Side> {
        let Self::Home(home) = self else { return None };
        let (_, stat) = home.open_kept(n).ok()?;
        let name = content_name(n);
        (stat.ident == ident)
            .then(|| Side::link(&home.content, name.as_ref(), folder).ok())
            .flatten()
    }

    /// Copies what is kept into a file.
    pub(super) fn restore(&self, n: u64, to: &File) -> io::Result<()> {
        match self {
            Self::Home(home) => {
                let (kept, _) = home.open_kept(n)?;
                host::copy_content(&kept, to)?;
                host::take_attributes(&kept, to)
            }
            Self::Vault(vault) => vault.restore(n, to),
        }
    }

    /// Where a kept file is, for a person.
    pub(super) fn place(&self, n: u64) -> Option<PathBuf> {
        match self {
            Self::Home(home) => Some(home.path.join("content").join(content_name(n))),
            Self::Vault(_) => None,
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&self, kept: &[u64]) -> io::Result<()> {
        match self {
            Self::Home(home) => {
                home.clear()?;
                for n in kept {
                    drop(home.content.remove_file(content_name(*n)));
                }
                Ok(())
            }
            Self::Vault(vault) => vault.clear(kept),
        }
    }
}

/// A folder with an index and the files that went.
#[derive(Debug)]
pub(super) struct Home {
    path: PathBuf,
    content: Dir,
    floor: Floor,
    /// Open at its end.
    index: Mutex<File>,
}

impl Home {
    /// Opens it with its whole lines and their bytes; what a crash left of the last one is cut off.
    pub(super) fn open(path: &Path) -> io::Result<(Self, Vec<Line>, u64)> {
        let content = path.join("content");
        std::fs::create_dir_all(&content)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut index = options.open(path.join("index"))?;
        if let Err(TryLockError::WouldBlock) = index.try_lock() {
            return Err(io::ErrorKind::ResourceBusy.into());
        }
        let mut bytes = Vec::new();
        index.read_to_end(&mut bytes)?;
        let (mut lines, mut whole) = (Vec::new(), 0);
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let Some(read) = Line::read(line) else { break };
            lines.push(read);
            whole += line.len() as u64;
        }
        index.set_len(whole)?;
        index.seek(SeekFrom::End(0))?;
        let home = Self {
            path: path.to_owned(),
            content: Dir::open_ambient_dir(&content, ambient_authority())?,
            floor: Floor::new(None),
            index: Mutex::new(index),
        };
        Ok((home, lines, whole))
    }

    pub(super) fn set_floor(&mut self, bytes: Option<u64>) {
        self.floor = Floor::new(bytes);
    }

    fn append(&self, line: &[u8]) -> io::Result<()> {
        let mut index = self.index();
        let end = index.stream_position()?;
        let wrote = index.write_all(line).and_then(|()| index.sync_data());
        if wrote.is_err() {
            index.set_len(end)?;
            index.seek(SeekFrom::Start(end))?;
        }
        wrote
    }

    fn take_back(&self, bytes: u64) -> io::Result<()> {
        let mut index = self.index();
        let end = index.stream_position()?.saturating_sub(bytes);
        index.set_len(end)?;
        index.seek(SeekFrom::Start(end))?;
        Ok(())
    }

    fn clear(&self) -> io::Result<()> {
        let mut index = self.index();
        index.set_len(0)?;
        index.seek(SeekFrom::Start(0))?;
        index.sync_data()
    }

    fn index(&self) -> std::sync::MutexGuard<'_, File> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, n: u64, going: &Going<'_>, ident: Ident, may_move: bool) -> io::Result<Kept> {
        let name = content_name(n);
        // What a crash left of a change that was not made.
        drop(self.content.remove_file(&name));
        if may_move && going.folder.rename(going.name, &self.content, &name).is_ok() {
            return self.expect_kept(&name, going, ident);
        }
        if !may_move
            && going.folder.hard_link(going.name, &self.content, &name).is_ok()
            && host::stat(&self.content, name.as_ref())?.ident == ident
        {
            return Ok(Kept::InPlace);
        }
        drop(self.content.remove_file(&name));
        let file = going.file.ok_or(io::ErrorKind::PermissionDenied)?;
        let copied = self.copy(&name, file);
        if copied.is_err() {
            drop(self.content.remove_file(&name));
        }
        copied.map(|()| Kept::InPlace)
    }

    fn copy(&self, name: &str, file: &File) -> io::Result<()> {
        let _room = self.floor.reserve(&self.content, host::stat_of(file)?.size)?;
        let copy = host::create_file(&self.content, name.as_ref(), 0o600)?;
        host::copy_content(file, &copy)?;
        let is = host::stat_of(file)?;
        host::set_times_of(&copy, host::Set::Keep, host::Set::To(is.modified))?;
        // Another owner than ours is put down in no other way.
        drop(host::take_attributes(file, &copy));
        copy.sync_all()
    }

    /// What came is what was to come, or goes back.
    fn expect_kept(&self, name: &str, going: &Going<'_>, ident: Ident) -> io::Result<Kept> {
        let came = host::stat(&self.content, name.as_ref())?;
        if came.kind == Kind::File && came.ident == ident {
            return Ok(Kept::Moved);
        }
        host::move_new(&self.content, name.as_ref(), going.folder, going.name)?;
        Err(io::ErrorKind::StaleNetworkFileHandle.into())
    }

    fn open_kept(&self, n: u64) -> io::Result<(File, host::Stat)> {
        host::open_file(&self.content, content_name(n).as_ref())
    }
}

fn content_name(n: u64) -> String {
    n.to_string()
}
