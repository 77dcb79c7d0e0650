//! An open file: what the guest reads and writes. Writes go to a side file, which takes the place of the file as a whole: when
//! the guest closes it or asks for it to be on disk. All who have it open in the guest share one.

use std::fs::File;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::errno::Errno;
use crate::host::{self, Stat};
use crate::ledger::NAME;
use crate::name::with_word;
use crate::port::{Change, ChangeKind, Event, Going, Kept, State};
use crate::session::{Place, Session};
use crate::side::Side;

/// What the content of a file has besides its name where the host's version keeps that.
const RECOVERED: &str = "(recovered from the sandbox";
/// Names that are tried for it.
const TRIES: u32 = 100;

/// Where what was written is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Put {
    InPlace,
    Beside,
}

/// The content of a node while it is open.
#[derive(Debug)]
pub(crate) struct Content {
    /// What is in place on the host.
    file: Arc<File>,
    /// What it was when it was opened or put there.
    pub(crate) base: Stat,
    /// What the guest wrote and has not put in place.
    side: Option<Side>,
}

impl Content {
    pub(crate) fn new(file: File, base: Stat) -> Self {
        Self {
            file: Arc::new(file),
            base,
            side: None,
        }
    }

    /// What a read of the guest reads: its own newest writes.
    pub(crate) fn newest(&self) -> Arc<File> {
        Arc::clone(self.side.as_ref().map_or(&self.file, |side| &side.file))
    }

    /// What the guest is told of it.
    pub(crate) fn stat(&self) -> Result<Stat, Errno> {
        let Some(side) = &self.side else {
            return Ok(host::stat_of(&self.file)?);
        };
        let stat = host::stat_of(&side.file)?;
        Ok(Stat {
            mode: self.base.mode,
            ..stat
        })
    }

    /// What waits to be put in place goes; answers its bytes.
    pub(crate) fn discard(&mut self) -> Option<u64> {
        self.side.take().map(|side| side.length)
    }

    /// Bytes of what waits to be put in place.
    pub(crate) fn waiting(&self) -> Option<u64> {
        self.side.as_ref().map(|side| side.length)
    }

    /// The side file, where there is one.
    pub(crate) fn side_file(&self) -> Option<&File> {
        self.side.as_ref().map(|side| &*side.file)
    }

    /// The file is gone: what is written now has no place.
    pub(crate) fn gone(&mut self) {
        if let Some(side) = &mut self.side {
            side.hide();
        }
    }
}

pub(crate) fn lock(content: &Mutex<Content>) -> MutexGuard<'_, Content> {
    content.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Session {
    /// Makes room for writes: a side file with the content, or an empty one.
    pub(crate) fn begin<'a>(
        &self,
        id: u64,
        content: &'a mut Content,
        keep: bool,
    ) -> Result<&'a mut Side, Errno> {
        if content.side.is_none() {
            let (folder, is_linked) = self.folder_of(id)?;
            let before = if keep {
                host::stat_of(&content.file)?.size
            } else {
                0
            };
            let mut charge = self.ledger.name()?;
            // The copy is on the disk beside the file; what the host keeps of the file is no less for it.
            charge.length(before)?;
            let _room = self.reserve(before.saturating_add(NAME))?;
            let mut side = Side::create(&folder)?.charged(charge);
            host::take_attributes(&content.file, &side.file)?;
            if before > 0 {
                host::copy_content(&content.file, &side.file)?;
                side.length = host::stat_of(&side.file)?.size;
                side.charge(side.length)?;
            }
            if !is_linked {
                side.hide();
            }
            content.side = Some(side);
        }
        content.side.as_mut().ok_or(Errno::EIO)
    }

    /// Writes all at an offset.
    pub(crate) fn write_at(&self, id: u64, content: &mut Content, data: &[u8], at: u64) -> Result<(), Errno> {
        let end = at
            .checked_add(data.len() as u64)
            .filter(|end| i64::try_from(*end).is_ok());
        let end = end.ok_or(Errno::EFBIG)?;
        let side = self.begin(id, content, true)?;
        side.charge(end.max(side.length))?;
        // Also within its length: there may be a hole.
        let _room = self.reserve(data.len() as u64)?;
        let wrote = host::write_all_at(&side.file, data, at);
        // Also what a full disk took of it.
        side.length = side.length.max(end);
        if wrote.is_err() {
            side.length = host::stat_of(&side.file)?.size;
            side.charge(side.length)?;
        }
        Ok(wrote?)
    }

    /// Makes it shorter or longer.
    pub(crate) fn resize(&self, id: u64, content: &mut Content, length: u64) -> Result<(), Errno> {
        if i64::try_from(length).is_err() {
            return Err(Errno::EFBIG);
        }
        let side = self.begin(id, content, length > 0)?;
        side.charge(length)?;
        if let Err(error) = side.file.set_len(length) {
            side.charge(side.length)?;
            return Err(error.into());
        }
        side.length = length;
        Ok(())
    }

    /// Puts what was written in its place. `ESTALE` where the host changed the file meanwhile: then the host's version stays,
    /// and the guest's is beside it under another name. The caller holds the names of the share for itself.
    pub(crate) fn publish(&self, id: u64, content: &mut Content, sync: bool) -> Result<(), Errno> {
        let (is_linked, is_removed) = self
            .nodes()
            .get(id)
            .map(|node| (node.is_linked, node.is_removed))?;
        if is_removed {
            // An open file without a name: there is no place for it.
            return Ok(());
        }
        let Some(mut side) = content.side.take() else {
            if sync {
                content.file.sync_all()?;
            }
            return Ok(());
        };
        let put = if is_linked {
            self.put(id, content, &mut side, sync)
        } else {
            // Another file of the host has the name.
            self.set_beside(id, content, &mut side)
        };
        if put.is_err() {
            content.side = Some(side);
        } else {
            content.file = Arc::clone(&side.file);
        }
        match put? {
            Put::InPlace => Ok(()),
            Put::Beside => Err(Errno::ESTALE),
        }
    }

    fn put(&self, id: u64, content: &mut Content, side: &mut Side, sync: bool) -> Result<Put, Errno> {
        let place = self.place(id)?;
        let now = match host::stat(&place.folder, &place.name) {
            Ok(now) if now.is_same_content(&content.base) => now,
            Ok(_) => return self.set_beside(id, content, side),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return self.set_beside(id, content, side);
            }
            Err(error) => return Err(error.into()),
        };
        if sync || now.size > 0 {
            // The old content is not to go before the new one is on disk.
            side.file.sync_data()?;
        }
        set_mode(&side.file, now.mode)?;
        let will = Stat {
            mode: now.mode,
            ..host::stat_of(&side.file)?
        };
        let (file, opened) = host::open_file(&place.folder, &place.name)?;
        if !opened.is_same_content(&now) {
            return self.set_beside(id, content, side);
        }
        self.before(&Change {
            path: &place.path,
            kind: ChangeKind::Replace,
            pre: &now.file_state(),
            post: &will.file_state(),
            going: Some(Going {
                folder: &place.folder,
                name: &place.name,
                file: Some(&file),
            }),
        })?;
        if !side.place_over(&place.folder, &place.name, &now)? {
            return self.set_beside(id, content, side);
        }
        let is = host::stat(&place.folder, &place.name)?;
        if is.ident != will.ident || is.size != side.length {
            // Somebody was faster than this look; what is there is theirs.
            self.tell_stale(id);
            return Err(Errno::EIO);
        }
        if sync {
            Self::sync_folder(&place)?;
        }
        self.ledger.gone(content.base.ident);
        content.base = is;
        self.nodes().replaced(id, &is);
        self.done(Event::Written {
            path: place.path,
            bytes: is.size,
        });
        Ok(Put::InPlace)
    }

    /// Gives what was written a name beside the file that the host changed.
    fn set_beside(&self, id: u64, content: &mut Content, side: &mut Side) -> Result<Put, Errno> {
        let (folder, _) = self.folder_of(id)?;
        let (above, name) = self.path_of_name(id)?;
        let path = above.join(&name);
        set_mode(&side.file, content.base.mode)?;
        for number in 1..=TRIES {
            let word = match number {
                1 => format!("{RECOVERED})"),
                _ => format!("{RECOVERED} {number})"),
            };
            let new = with_word(&name, &word);
            if host::stat(&folder, &new).is_ok() {
                continue;
            }
            let is = host::stat_of(&side.file)?;
            let beside = above.join(&new);
            self.before(&Change {
                path: &beside,
                kind: ChangeKind::Create,
                pre: &State::Missing,
                post: &is.file_state(),
                going: None,
            })?;
            match side.place_new(&folder, &new) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => continue,
                placed => placed?,
            }
            self.tell_stale(id);
            self.nodes().rebind(id, &new);
            content.base = host::stat_of(&side.file)?;
            self.nodes().replaced(id, &content.base);
            self.done(Event::Conflict {
                path,
                kept: Some(beside),
            });
            return Ok(Put::Beside);
        }
        self.done(Event::Conflict { path, kept: None });
        Err(Errno::ESTALE)
    }

    /// Asks the journal; the answer says whether the change was made with that.
    pub(crate) fn before(&self, change: &Change<'_>) -> Result<Kept, Errno> {
        self.journal.before(change).map_err(|error| match error.kind() {
            std::io::ErrorKind::QuotaExceeded => Errno::EDQUOT,
            std::io::ErrorKind::StorageFull => Errno::ENOSPC,
            _ => Errno::EIO,
        })
    }

    /// Makes sure that a name is on disk.
    fn sync_folder(place: &Place) -> Result<(), Errno> {
        #[cfg(unix)]
        rustix::fs::fsync(&place.folder)?;
        #[cfg(not(unix))]
        let _ = place;
        Ok(())
    }
}

#[cfg(unix)]
pub(crate) fn set_mode(file: &File, mode: u32) -> Result<(), Errno> {
    use std::os::unix::fs::PermissionsExt as _;

    Ok(file.set_permissions(std::fs::Permissions::from_mode(mode & 0o777))?)
}

#[cfg(not(unix))]
pub(crate) fn set_mode(_: &File, _: u32) -> Result<(), Errno> {
    Ok(())
}
