//! Open files: OPEN, READ, WRITE, FLUSH, FSYNC, RELEASE, FALLOCATE.

use std::sync::{Arc, Mutex};

use super::Answer;
use crate::content::{Content, lock};
use crate::errno::Errno;
use crate::host::{self, Kind, Stat};
use crate::port::Event;
use crate::session::{OpenFile, Session};
use crate::wire::{self, DATA};

/// `open(2)` flags as Linux numbers them on the architectures that guests have (asm-generic/fcntl.h).
pub(super) mod flags {
    pub(in crate::ops) const ACCESS: u32 = 3;
    pub(in crate::ops) const READ_ONLY: u32 = 0;
    pub(in crate::ops) const EXCLUSIVE: u32 = 0o200;
    pub(in crate::ops) const TRUNCATE: u32 = 0o1000;
}

impl Session {
    pub(super) fn open(&self, id: u64, flags: u32, thread: u32) -> Answer {
        let _names = self.reading();
        self.open_node(id, flags, thread)
    }

    /// Opens a node; the caller keeps names where they are.
    pub(super) fn open_node(&self, id: u64, flags: u32, thread: u32) -> Answer {
        let writes = writes(flags);
        if writes {
            self.writable()?;
        }
        let (content, found) = self.content_of(id)?;
        let opened = self.open_content(id, flags, thread, &content, found);
        if opened.is_err() {
            self.close(id);
        }
        opened
    }

    fn open_content(
        &self,
        id: u64,
        flags: u32,
        thread: u32,
        content: &Mutex<Content>,
        found: Option<Stat>,
    ) -> Answer {
        let writes = writes(flags);
        let truncates = flags & flags::TRUNCATE != 0;
        if writes {
            may_write(&lock(content).base)?;
        }
        if truncates {
            self.resize(id, &mut lock(content), 0)?;
        }
        let keep = {
            let mut nodes = self.nodes();
            let node = nodes.get_mut(id)?;
            let keep = found.is_some() && node.opened == found && !truncates;
            node.opened = found;
            keep
        };
        Ok(wire::opened(self.new_handle(id, writes, thread)?, keep))
    }

    /// A handle for content that the caller uses: what was its use is the handle's now.
    pub(super) fn new_handle(&self, id: u64, writes: bool, thread: u32) -> Result<u64, Errno> {
        let handle = {
            let mut handles = self.handles();
            if handles.files.len() >= self.share.limits.files {
                return Err(Errno::ENFILE);
            }
            let handle = handles.next();
            handles.files.insert(
                handle,
                OpenFile {
                    node: id,
                    writes,
                    by: [thread; 2],
                },
            );
            handle
        };
        self.nodes().get_mut(id)?.writers += usize::from(writes);
        Ok(handle)
    }

    /// The content of a node, opened where it was not, and what is there; none of that while a write waits. It is used from
    /// now on until [`Session::close`].
    pub(super) fn content_of(&self, id: u64) -> Result<(Arc<Mutex<Content>>, Option<Stat>), Errno> {
        if let Some(content) = self.used(id)? {
            let found = match lock(&content) {
                content if content.waiting().is_some() => Ok(None),
                content => content.stat().map(Some),
            };
            return match found {
                Ok(found) => Ok((content, found)),
                Err(errno) => {
                    self.close(id);
                    Err(errno)
                }
            };
        }
        match self.nodes().get(id)?.kind {
            Kind::File => {}
            Kind::Folder => return Err(Errno::EISDIR),
            Kind::Link => return Err(Errno::EINVAL),
            Kind::Special => return Err(Errno::ENXIO),
        }
        let place = self.place(id)?;
        let ident = self.found(id, &place)?.ident;
        let (file, stat) =
            host::open_file(&place.folder, &place.name).map_err(|error| match error.kind() {
                std::io::ErrorKind::InvalidInput => Errno::ESTALE,
                _ => error.into(),
            })?;
        if stat.ident != ident {
            return Err(Errno::ESTALE);
        }
        Ok((self.use_content(id, Content::new(file, stat))?, Some(stat)))
    }

    fn used(&self, id: u64) -> Result<Option<Arc<Mutex<Content>>>, Errno> {
        let mut nodes = self.nodes();
        let node = nodes.get_mut(id)?;
        node.opens += usize::from(node.content.is_some());
        Ok(node.content.clone())
    }

    /// Gives a node its content, if another request did not meanwhile.
    pub(super) fn use_content(&self, id: u64, content: Content) -> Result<Arc<Mutex<Content>>, Errno> {
        let mut nodes = self.nodes();
        let node = nodes.get_mut(id)?;
        node.opens += 1;
        let content = node.content.get_or_insert_with(|| Arc::new(Mutex::new(content)));
        Ok(Arc::clone(content))
    }

    fn opened(&self, handle: u64) -> Result<(OpenFile, Arc<Mutex<Content>>), Errno> {
        let open = self.handles().files.get(&handle).copied().ok_or(Errno::EBADF)?;
        let content = self.content(open.node)?.ok_or(Errno::EBADF)?;
        Ok((open, content))
    }

    /// The same for a change.
    pub(super) fn opened_to_write(&self, handle: u64) -> Result<(u64, Arc<Mutex<Content>>), Errno> {
        self.writable()?;
        let (open, content) = self.opened(handle)?;
        if open.writes {
            Ok((open.node, content))
        } else {
            Err(Errno::EBADF)
        }
    }

    pub(super) fn read(&self, handle: u64, at: u64, size: u32) -> Answer {
        let (_, content) = self.opened(handle)?;
        let file = lock(&content).newest();
        if i64::try_from(at).is_err() {
            return Err(Errno::EINVAL);
        }
        // No more than there is: the guest says a size, the host makes the room.
        let rest = host::stat_of(&file)?.size.saturating_sub(at);
        let size = (size as usize)
            .min(DATA)
            .min(usize::try_from(rest).unwrap_or(DATA));
        let mut bytes = vec![0; size];
        let mut done = 0;
        while done < bytes.len() {
            match host::read_at(&file, &mut bytes[done..], at + done as u64) {
                Ok(0) => break,
                Ok(read) => done += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        bytes.truncate(done);
        Ok(bytes)
    }

    pub(super) fn write(&self, handle: u64, at: u64, data: &[u8], thread: u32) -> Answer {
        let (id, content) = self.opened_to_write(handle)?;
        // Pages of a mapping are written by the kernel itself.
        if let Some(open) = self.handles().files.get_mut(&handle)
            && thread != 0
        {
            open.by[1] = thread;
        }
        let _names = self.reading();
        self.write_at(id, &mut lock(&content), data, at)?;
        let mut answer = (data.len() as u32).to_le_bytes().to_vec();
        answer.extend([0; 4]);
        Ok(answer)
    }

    pub(super) fn allocate(&self, handle: u64, at: u64, length: u64, mode: u32) -> Answer {
        let (id, content) = self.opened_to_write(handle)?;
        if mode != 0 {
            return Err(Errno::EOPNOTSUPP);
        }
        let end = at.checked_add(length).ok_or(Errno::EFBIG)?;
        let _names = self.reading();
        let mut content = lock(&content);
        if end > content.stat()?.size {
            self.resize(id, &mut content, end)?;
        }
        Ok(Vec::new())
    }

    /// A file is closed, or is to be on disk. What another one still writes is not put in place by a reader's close.
    pub(super) fn flush(&self, handle: u64, closed_by: Option<u32>) -> Answer {
        let (open, content) = self.opened(handle)?;
        // The close of a child that was forked in the middle is none of the file: the last close of all puts it in place.
        if open.writes && closed_by.is_none_or(|thread| open.by.contains(&thread)) {
            let _names = self.changing();
            self.publish(open.node, &mut lock(&content), closed_by.is_none())?;
        }
        Ok(Vec::new())
    }

    pub(super) fn release(&self, handle: u64) -> Answer {
        let open = self.handles().files.remove(&handle).ok_or(Errno::EBADF)?;
        let Some(content) = self.content(open.node)? else {
            return Err(Errno::EBADF);
        };
        let published = if open.writes {
            // Nobody opens it between the count and what comes of it.
            let _names = self.changing();
            let others = {
                let mut nodes = self.nodes();
                let node = nodes.get_mut(open.node)?;
                node.writers = node.writers.saturating_sub(1);
                node.writers
            };
            // What was written through a mapping comes after the last close. While others write, it is theirs to close.
            match others {
                0 => self.publish(open.node, &mut lock(&content), false),
                _ => Ok(()),
            }
        } else {
            Ok(())
        };
        self.close(open.node);
        published.map(|()| Vec::new())
    }

    /// The content of a node is used once less; the last one closes it.
    pub(super) fn close(&self, id: u64) {
        let (content, path) = {
            let mut nodes = self.nodes();
            let Ok(node) = nodes.get_mut(id) else {
                return;
            };
            node.opens = node.opens.saturating_sub(1);
            if node.opens > 0 {
                return;
            }
            (node.content.take(), nodes.path(id))
        };
        if let Some(content) = content {
            let content = lock(&content);
            if let Some(bytes) = content.waiting()
                && let Ok(path) = path
            {
                self.done(Event::Discarded { path, bytes });
            }
        }
        self.drop_idle(id);
    }
}

/// True for an open that may change the file.
fn writes(flags: u32) -> bool {
    flags & flags::ACCESS != flags::READ_ONLY || flags & flags::TRUNCATE != 0
}

/// `EACCES` for a file that is marked as not to be written, and for one whose owner a new file could not have.
pub(super) fn may_write(stat: &Stat) -> Result<(), Errno> {
    if stat.mode & 0o222 == 0 || !host::may_be_ours(stat) {
        return Err(Errno::EACCES);
    }
    Ok(())
}
