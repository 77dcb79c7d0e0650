//! Tells the guest's kernel what the host changed. What the guest did itself is heard of too, and is no news to it.

use std::ffi::OsStr;
use std::sync::Arc;

use crate::host::{self, Kind, Stat};
use crate::name::is_ours;
use crate::notices::Notice;
use crate::serve::{Outgoing, blocking};
use crate::session::Session;
use crate::watch::Heard;

impl Session {
    /// Hears and tells until nobody takes messages any more.
    pub(crate) async fn hear(self: Arc<Self>) {
        let hearing = async {
            loop {
                let heard = self.watcher.next().await;
                let session = Arc::clone(&self);
                blocking(move || session.note(&heard)).await;
            }
        };
        tokio::select! {
            () = hearing => {}
            () = self.tell() => {}
        }
    }

    /// Sends what is to be told as the guest takes it.
    async fn tell(&self) {
        loop {
            let (mut notices, walk, room) = self.notices.next().await;
            if let Some(walk) = walk
                && room >= 3
            {
                let (more, next) = self.nodes().walk(walk, room);
                notices.extend(more);
                self.notices.walked(next);
            }
            let Some(sender) = self.messages.upgrade() else {
                return;
            };
            let message = Outgoing {
                bytes: self.notices.message(&notices),
                place: None,
            };
            if sender.send(message).await.is_err() {
                return;
            }
        }
    }

    /// Looks at what was heard of, each name once.
    fn note(&self, heard: &[Heard]) {
        // A name has two notices at most. What cannot be told is not looked at: the table stays what the kernel knows.
        if heard.contains(&Heard::Everything) || !self.notices.has_room(2 * heard.len()) {
            let last = self.nodes().last();
            self.notices.everything(last);
            return;
        }
        for one in heard {
            if let Heard::Name(folder, name) = one
                && !is_ours(name)
            {
                let notices = self.name_changed(*folder, name);
                self.notices.add(notices.into_iter().flatten());
            }
        }
    }

    /// Looks at a name, and forgets and says what is not so any more.
    fn name_changed(&self, folder: u64, name: &OsStr) -> [Option<Notice>; 2] {
        let _names = self.reading();
        let Ok((opened, _)) = self.folder(folder) else {
            // Its own name is heard of in the folder above.
            return [None, None];
        };
        let found = host::stat(&opened, name).ok();
        let mut nodes = self.nodes();
        let child = nodes.child(folder, name);
        let known = child.and_then(|id| Some((id, nodes.get(id).ok()?)));
        let is_old = match (found, known) {
            (Some(stat), Some((id, node))) if node.ident == stat.ident && node.kind == stat.kind => {
                if node.told.is_some_and(|told| is_same(&told, &stat)) {
                    return [None, None];
                }
                if let Ok(node) = nodes.get_mut(id) {
                    node.told = None;
                }
                return [Some(Notice::Node(id, stat.kind == Kind::File)), None];
            }
            (None, None) => false,
            (Some(_), None) => nodes.is_there(folder, name),
            (_, Some(_)) => nodes.unlink(folder, name).is_some(),
        };
        let old = is_old.then(|| Notice::Name(folder, name.to_owned()));
        [old, Some(Notice::Node(folder, false))]
    }
}

/// True where the kernel was told this. When something was last read is no news.
fn is_same(told: &Stat, found: &Stat) -> bool {
    Stat {
        accessed: found.accessed,
        blocks: found.blocks,
        ..*told
    } == *found
}
