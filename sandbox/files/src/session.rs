//! What one connection works with, and the ways from a node to an open folder. Locks are taken in this order: `names`, the
//! content of a file, `nodes` and `handles`; the last two never while the system is asked.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use cap_std::fs::Dir;
use tokio::sync::mpsc;

use crate::content::{Content, lock};
use crate::errno::Errno;
use crate::host::{self, Kind, Stat};
use crate::ledger::Ledger;
use crate::name::is_ours;
use crate::nodes::{Nodes, Watch};
use crate::notices::{Notice, Notices};
use crate::path::SharePath;
use crate::port::{Event, Events, Journal};
use crate::room::{Floor, Reserved};
use crate::serve::Outgoing;
use crate::share::{Access, Share};
use crate::watch::Watcher;
use crate::wire::Attributes;

/// Seconds for which the kernel may believe what it would be told was changed.
const WATCHED: u64 = 600;
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) share: Share,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) floor: Floor,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) events: Arc<dyn Events>,
    /// Held for itself by whoever changes names, and by what puts content in place.
    names: RwLock<()>,
    nodes: Mutex<Nodes>,
    handles: Mutex<Handles>,
    /// Names in all open listings.
    listed: Arc<AtomicUsize>,
    pub(crate) watcher: Watcher,
    pub(crate) notices: Notices,
    /// To the kernel.
    pub(crate) messages: mpsc::WeakSender<Outgoing>,
}

/// What the guest has open.
#[derive(Debug, Default)]
pub(crate) struct Handles {
    pub(crate) files: HashMap<u64, OpenFile>,
    pub(crate) listings: HashMap<u64, Arc<Mutex<Listing>>>,
    next: u64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenFile {
    pub(crate) node: u64,
    pub(crate) writes: bool,
    /// The threads that opened it and last wrote. A child that was forked meanwhile closes it too, and has no say.
    pub(crate) by: [u32; 2],
}

/// The names of a folder as they were when the listing began.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) node: u64,
    pub(crate) names: Vec<(OsString, Kind)>,
    /// Their part of what the share may have listed.
    pub(crate) listed: Option<Listed>,
}

/// Names that are counted in a listing; the count goes with the value.
#[derive(Debug)]
pub(crate) struct Listed {
    all: Arc<AtomicUsize>,
    names: usize,
}

impl Listed {
    /// One name more, of at most so many in the share.
    pub(crate) fn add(&mut self, most: usize) -> Result<(), Errno> {
        self.names += 1;
        let before = self.all.fetch_add(1, Ordering::SeqCst);
        if before < most { Ok(()) } else { Err(Errno::ENFILE) }
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        self.all.fetch_sub(self.names, Ordering::SeqCst);
    }
}

impl Handles {
    pub(crate) fn next(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

/// Where a node is: its open folder, its name there, its path.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) folder: Dir,
    pub(crate) name: OsString,
    pub(crate) path: SharePath,
}

impl Session {
    /// Needs a runtime.
    pub(crate) fn new(
        share: Share,
        journal: Arc<dyn Journal>,
        events: Arc<dyn Events>,
        messages: mpsc::WeakSender<Outgoing>,
    ) -> std::io::Result<Self> {
        let root = host::stat_folder(&share.root)?;
        let limits = share.limits;
        Ok(Self {
            ledger: Ledger::new(limits.quota),
            floor: Floor::new(limits.floor),
            journal,
            events,
            names: RwLock::new(()),
            nodes: Mutex::new(Nodes::new(&root, host::FOLDS_CASE, &limits)),
            handles: Mutex::default(),
            listed: Arc::default(),
            watcher: Watcher::new(limits.watches),
            notices: Notices::default(),
            messages,
            share,
        })
    }

    /// Keeps names where they are.
    pub(crate) fn reading(&self) -> RwLockReadGuard<'_, ()> {
        self.names.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the names for itself.
    pub(crate) fn changing(&self) -> RwLockWriteGuard<'_, ()> {
        self.names.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn nodes(&self) -> MutexGuard<'_, Nodes> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn handles(&self) -> MutexGuard<'_, Handles> {
        self.handles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn listed(&self) -> Listed {
        Listed {
            all: Arc::clone(&self.listed),
            names: 0,
        }
    }

    /// `EROFS` where the share may only be looked at.
    pub(crate) fn writable(&self) -> Result<(), Errno> {
        match self.share.access {
            Access::ReadOnly => Err(Errno::EROFS),
            Access::ReadWrite => Ok(()),
        }
    }

    /// Before so many bytes come to the host's disk. `ENOSPC` where that would go under the floor.
    pub(crate) fn reserve(&self, bytes: u64) -> Result<Reserved<'_>, Errno> {
        Ok(self.floor.reserve(&self.share.root, bytes)?)
    }

    /// A folder of the guest, opened beneath the root, with its path. `ESTALE` where another one is there by now.
    pub(crate) fn folder(&self, id: u64) -> Result<(Dir, SharePath), Errno> {
        let (path, kind, ident) = {
            let nodes = self.nodes();
            let node = nodes.get(id)?;
            (nodes.path(id)?, node.kind, node.ident)
        };
        if kind != Kind::Folder {
            return Err(Errno::ENOTDIR);
        }
        if path.names().len() > self.share.limits.depth {
            return Err(Errno::ENAMETOOLONG);
        }
        let folder = host::folder_beneath(&self.share.root, path.names())?;
        if host::stat_folder(&folder)?.ident != ident {
            return Err(Errno::ESTALE);
        }
        Ok((folder, path))
    }

    /// The same with the name that is to be made, removed or found in it.
    pub(crate) fn name_in(&self, folder: u64, name: &[u8]) -> Result<Place, Errno> {
        let name = crate::name::parse(name)?;
        let (folder, above) = self.folder(folder)?;
        Ok(Place {
            folder,
            path: above.join(&name),
            name,
        })
    }

    /// The same for a change: read-only shares and names of ours are refused.
    pub(crate) fn change_in(&self, folder: u64, name: &[u8]) -> Result<Place, Errno> {
        self.writable()?;
        let place = self.name_in(folder, name)?;
        if is_ours(&place.name) {
            return Err(Errno::EPERM);
        }
        Ok(place)
    }

    /// Where a node is. `EBUSY` for the shared folder itself.
    pub(crate) fn place(&self, id: u64) -> Result<Place, Errno> {
        let parent = {
            let nodes = self.nodes();
            let path = nodes.path(id)?;
            path.split().ok_or(Errno::EBUSY)?;
            nodes.get(id)?.parent
        };
        let name = self.nodes().get(id)?.name.clone();
        let (folder, above) = self.folder(parent)?;
        Ok(Place {
            folder,
            path: above.join(&name),
            name,
        })
    }

    /// What is at the name of a node. `ESTALE` where that is another file by now.
    pub(crate) fn found(&self, id: u64, place: &Place) -> Result<Stat, Errno> {
        let stat = host::stat(&place.folder, &place.name)?;
        if self.nodes().get(id)?.ident == stat.ident {
            Ok(stat)
        } else {
            Err(Errno::ESTALE)
        }
    }

    /// The folder in which a node is or was, and whether it still has its name there.
    pub(crate) fn folder_of(&self, id: u64) -> Result<(Dir, bool), Errno> {
        let (parent, is_linked) = {
            let nodes = self.nodes();
            let node = nodes.get(id)?;
            (node.parent, !node.is_removed)
        };
        Ok((self.folder(parent)?.0, is_linked))
    }

    /// The path of the folder of a node, and its name there.
    pub(crate) fn path_of_name(&self, id: u64) -> Result<(SharePath, OsString), Errno> {
        let nodes = self.nodes();
        let node = nodes.get(id)?;
        Ok((nodes.path(node.parent)?, node.name.clone()))
    }

    pub(crate) fn content(&self, id: u64) -> Result<Option<Arc<Mutex<Content>>>, Errno> {
        Ok(self.nodes().get(id)?.content.clone())
    }

    /// Hears of changes in a folder from now on. What is looked at after this may be believed for as long as is said.
    pub(crate) fn seconds(&self, id: u64, folder: &Dir) -> u64 {
        let mut watch = self.nodes().watch(id);
        if watch == Watch::NotTried {
            watch = if self.watcher.add(id, folder) {
                Watch::On
            } else {
                Watch::Off
            };
            self.nodes().set_watch(id, watch);
        }
        // What was not yet told may be about this.
        if watch == Watch::On && !self.notices.is_behind() {
            WATCHED
        } else {
            0
        }
    }

    /// How long attributes may be believed: those of a folder change when something in it does, which is heard of where
    /// that folder is watched itself.
    pub(crate) fn seconds_of(&self, id: u64, kind: Kind, seconds: u64) -> u64 {
        if kind == Kind::Folder && self.nodes().watch(id) != Watch::On {
            0
        } else {
            seconds
        }
    }

    /// What the kernel is told of a node.
    pub(crate) fn attributes(&self, number: u64, stat: Stat) -> Attributes {
        Attributes {
            number,
            stat,
            uid: self.share.uid,
            gid: self.share.gid,
        }
    }

    /// The kernel gives up nodes, or something that it had open.
    pub(crate) fn forget(&self, id: u64, times: u64) {
        let unwatched = self.nodes().forget(id, times);
        if let Some(folder) = unwatched {
            self.watcher.remove(folder);
        }
    }

    pub(crate) fn drop_idle(&self, id: u64) {
        let unwatched = self.nodes().drop_idle(id);
        if let Some(folder) = unwatched {
            self.watcher.remove(folder);
        }
    }

    /// The guest removed a name: what it has open of it has no place any more.
    pub(crate) fn removed(&self, folder: u64, name: &OsStr) {
        let content = {
            let mut nodes = self.nodes();
            let Some(id) = nodes.unlink(folder, name) else {
                return;
            };
            Self::mark_removed(&mut nodes, id)
        };
        if let Some(content) = content {
            lock(&content).gone();
        }
    }

    pub(crate) fn mark_removed(nodes: &mut Nodes, id: u64) -> Option<Arc<Mutex<Content>>> {
        let node = nodes.get_mut(id).ok()?;
        node.is_removed = true;
        node.content.clone()
    }

    /// Tells the kernel that what it knows of a node's name is old.
    pub(crate) fn tell_stale(&self, id: u64) {
        let notice = {
            let nodes = self.nodes();
            let node = nodes.get(id).ok();
            node.map(|node| Notice::Name(node.parent, node.name.clone()))
        };
        self.notices.add(notice);
    }

    /// Says to the service what was done.
    pub(crate) fn done(&self, event: Event) {
        self.events.done(event);
    }
}

impl Session {
    /// The end: what the guest had not closed is gone, and that is told.
    pub(crate) fn discard(&self) {
        let discarded = {
            let mut nodes = self.nodes();
            let contents = nodes.take_contents();
            let paths = contents
                .into_iter()
                .map(|(id, content)| (nodes.path(id), content));
            paths.collect::<Vec<_>>()
        };
        for (path, content) in discarded {
            let mut content = lock(&content);
            if let Some(bytes) = content.discard()
                && let Ok(path) = path
            {
                self.events.done(Event::Discarded { path, bytes });
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.discard();
    }
}
