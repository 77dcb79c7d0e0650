//! What goes: UNLINK, RMDIR.

use std::io;

use super::Answer;
use crate::errno::Errno;
use crate::host::{self, Kind, Stat};
use crate::port::{Change, ChangeKind, Event, Going, Kept, State};
use crate::session::{Place, Session};
use crate::side;

impl Session {
    pub(super) fn unlink(&self, folder: u64, name: &[u8]) -> Answer {
        let _names = self.changing();
        let place = self.change_in(folder, name)?;
        let stat = host::stat(&place.folder, &place.name)?;
        match stat.kind {
            Kind::File | Kind::Link => {}
            Kind::Folder => return Err(Errno::EISDIR),
            // It could not be brought back.
            Kind::Special => return Err(Errno::EPERM),
        }
        if self.before_going(&place, &stat, ChangeKind::Remove, &State::Missing)? == Kept::InPlace {
            side::remove(&place.folder, &place.name, &stat)?;
        }
        self.removed(folder, &place.name);
        self.ledger.gone(stat.ident);
        self.done(Event::Removed {
            path: place.path,
            bytes: stat.size,
        });
        Ok(Vec::new())
    }

    pub(super) fn remove_folder(&self, folder: u64, name: &[u8]) -> Answer {
        let _names = self.changing();
        let place = self.change_in(folder, name)?;
        let stat = host::stat(&place.folder, &place.name)?;
        if stat.kind != Kind::Folder {
            return Err(Errno::ENOTDIR);
        }
        Self::expect_empty(&place)?;
        if self.before_going(&place, &stat, ChangeKind::Remove, &State::Missing)? == Kept::InPlace {
            place.folder.remove_dir(&place.name)?;
        }
        self.removed(folder, &place.name);
        self.ledger.gone(stat.ident);
        self.done(Event::Removed {
            path: place.path,
            bytes: 0,
        });
        Ok(Vec::new())
    }

    /// `ENOTEMPTY` before the journal hears of it. What a killed service left is no content.
    pub(super) fn expect_empty(place: &Place) -> Result<(), Errno> {
        let folder = host::folder_beneath(&place.folder, std::slice::from_ref(&place.name))?;
        for entry in folder.entries()? {
            if !side::sweep(&folder, &entry?.file_name()) {
                return Err(Errno::ENOTEMPTY);
            }
        }
        Ok(())
    }

    /// Tells the journal of what goes, with the file open where it is one.
    pub(super) fn before_going(
        &self,
        place: &Place,
        stat: &Stat,
        kind: ChangeKind<'_>,
        post: &State,
    ) -> Result<Kept, Errno> {
        let pre = host::state_of(&place.folder, &place.name, stat)?;
        let file = Self::open_going(place, stat)?;
        self.before(&Change {
            path: &place.path,
            kind,
            pre: &pre,
            post,
            going: Some(Going {
                folder: &place.folder,
                name: &place.name,
                file: file.as_ref(),
            }),
        })
    }

    /// Opens a file that goes. A file that may not be read can be kept by its name alone: the journal decides.
    pub(super) fn open_going(place: &Place, stat: &Stat) -> Result<Option<std::fs::File>, Errno> {
        if stat.kind != Kind::File {
            return Ok(None);
        }
        match host::open_file(&place.folder, &place.name) {
            Ok((file, found)) if found.is_same_content(stat) => Ok(Some(file)),
            Ok(_) => Err(Errno::ESTALE),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
