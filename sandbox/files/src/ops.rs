//! One function for each request of the guest's kernel. Each answers with the data of the reply, or with a Linux error.

mod change;
mod create;
mod file;
mod find;
mod list;
mod rename;
mod set;

use crate::errno::Errno;
use crate::port::Event;
use crate::session::Session;
use crate::wire::{Body, Request};

/// What one request is answered with.
pub(crate) type Answer = Result<Vec<u8>, Errno>;

impl Session {
    /// Works on one request. None where no answer belongs to it.
    pub(crate) fn answer(&self, request: &Request<'_>) -> Option<Answer> {
        let node = request.node;
        let answer = match &request.body {
            Body::Forget { .. } | Body::BatchForget { .. } | Body::Interrupt | Body::Init(_) => return None,
            Body::Destroy | Body::SyncFolder => Ok(Vec::new()),
            Body::Lookup { name } => self.lookup(node, name),
            Body::GetAttributes { handle } => self.get_attributes(node, *handle),
            Body::ReadLink => self.read_link(node),
            Body::Space => self.space(),
            Body::Open { flags } => self.open(node, *flags, request.thread),
            Body::Create { flags, mode, name } => self.create(node, name, *flags, *mode, request.thread),
            Body::Read { handle, at, size } => self.read(*handle, *at, *size),
            Body::Write { handle, at, data } => self.write(*handle, *at, data, request.thread),
            Body::Flush { handle } => self.flush(*handle, Some(request.thread)),
            Body::Sync { handle } => self.flush(*handle, None),
            Body::Release { handle } => self.release(*handle),
            Body::Allocate {
                handle,
                at,
                length,
                mode,
            } => self.allocate(*handle, *at, *length, *mode),
            Body::OpenFolder => self.open_folder(node),
            Body::ReadFolder {
                handle,
                at,
                size,
                plus,
            } => self.read_folder(*handle, *at, *size, *plus),
            Body::ReleaseFolder { handle } => self.release_folder(*handle),
            Body::SetAttributes(wanted) => self.set_attributes(node, wanted),
            Body::MakeNode { name, mode } => self.make_node(node, name, *mode),
            Body::MakeFolder { name, mode } => self.make_folder(node, name, *mode),
            Body::SymLink { name, target } => self.make_link(node, name, target),
            Body::Unlink { name } => self.unlink(node, name),
            Body::RemoveFolder { name } => self.remove_folder(node, name),
            Body::Rename { to, flags, name, new } => self.rename((node, name), (*to, new), *flags),
            // A second name would let a later write reach what is outside of the journal.
            Body::Link => self.writable().and(Err(Errno::EPERM)),
            // The kernel asks no more after this answer.
            Body::SetAttribute => self.writable().and(Err(Errno::ENOSYS)),
            Body::Ioctl => Err(Errno::ENOTTY),
            Body::Unknown => Err(Errno::ENOSYS),
        };
        if let Err(errno) = answer {
            self.tell_refusal(request, errno);
        }
        Some(answer)
    }

    /// Changes that the rules here refuse are told to the service; those of the system are the guest's own business.
    fn tell_refusal(&self, request: &Request<'_>, errno: Errno) {
        let operation = match request.body {
            Body::Open { .. } => "open",
            Body::Create { .. } => "create",
            Body::Write { .. } => "write",
            // What was written is put in place by these.
            Body::Flush { .. } => "flush",
            Body::Sync { .. } => "fsync",
            Body::Release { .. } => "release",
            Body::Allocate { .. } => "fallocate",
            Body::SetAttributes(_) => "setattr",
            Body::MakeNode { .. } => "mknod",
            Body::MakeFolder { .. } => "mkdir",
            Body::SymLink { .. } => "symlink",
            Body::Unlink { .. } => "unlink",
            Body::RemoveFolder { .. } => "rmdir",
            Body::Rename { .. } => "rename",
            Body::Link => "link",
            _ => return,
        };
        if !matches!(errno, Errno::EROFS | Errno::EPERM | Errno::EDQUOT | Errno::ENOSPC) {
            return;
        }
        let path = self.nodes().path(request.node);
        if let Ok(path) = path {
            self.done(Event::Refused {
                operation,
                path,
                errno: errno.0,
            });
        }
    }
}
