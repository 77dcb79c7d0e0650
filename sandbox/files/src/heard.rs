//! Tells the guest's kernel what the host changed. What the guest did itself is heard of too, and is no news to it.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::sync::Arc;

use crate::host::{self, Kind, Stat};
use crate::name::is_ours;
use crate::session::Session;
use crate::watch::Heard;
use crate::wire::{invalidate_entry, invalidate_node};

impl Session {
    /// Hears and tells until nobody takes messages any more.
    pub(crate) async fn hear(self: Arc<Self>) {
        loop {
            let heard = self.watcher.next().await;
            let session = Arc::clone(&self);
            let told = tokio::task::spawn_blocking(move || session.tell(&heard)).await;
            if !told.unwrap_or(false) {
                return;
            }
        }
    }

    fn tell(&self, heard: &[Heard]) -> bool {
        let mut messages = Vec::new();
        for one in heard {
            match one {
                Heard::Name(folder, name) if !is_ours(name) => {
                    self.name_changed(*folder, name, &mut messages);
                }
                Heard::Name(..) => {}
                Heard::Everything => self.everything_changed(&mut messages),
            }
        }
        let mut sent = HashSet::new();
        messages.retain(|message| sent.insert(message.clone()));
        self.send(messages)
    }

    /// Looks at a name, and forgets and says what is not so any more.
    fn name_changed(&self, folder: u64, name: &OsStr, messages: &mut Vec<Vec<u8>>) {
        let _names = self.reading();
        let Ok((opened, _)) = self.folder(folder) else {
            // Its own name is heard of in the folder above.
            return;
        };
        let found = host::stat(&opened, name).ok();
        let mut nodes = self.nodes();
        let child = nodes.child(folder, name);
        let known = child.and_then(|id| Some((id, nodes.get(id).ok()?)));
        match (found, known) {
            (Some(stat), Some((id, node))) if node.ident == stat.ident && node.kind == stat.kind => {
                if node.told.is_some_and(|told| is_same(&told, &stat)) {
                    return;
                }
                if let Ok(node) = nodes.get_mut(id) {
                    node.told = None;
                }
                messages.push(invalidate_node(id, stat.kind == Kind::File));
                return;
            }
            (None, None) => {}
            (Some(_), None) => {
                if nodes.is_there(folder, name) {
                    messages.extend(invalidate_entry(folder, name));
                }
            }
            (_, Some(_)) => {
                nodes.unlink(folder, name);
                messages.extend(invalidate_entry(folder, name));
            }
        }
        messages.push(invalidate_node(folder, false));
    }

    fn everything_changed(&self, messages: &mut Vec<Vec<u8>>) {
        let mut nodes = self.nodes();
        for (folder, name) in nodes.take_absent() {
            messages.extend(invalidate_entry(folder, &name));
        }
        for (id, node) in nodes.iter() {
            messages.push(invalidate_node(*id, node.kind == Kind::File));
            if node.is_linked && node.parent != 0 {
                messages.extend(invalidate_entry(node.parent, &node.name));
            }
        }
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
