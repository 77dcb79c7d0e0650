//! Which folders commands of a session see, and what the model is told of them.

use std::sync::Arc;

use deskhand_core::instructions::as_data;
use deskhand_protocol::SessionId;
use deskhand_workspace::{Access, Folder};

use crate::machine::Shown;
use crate::machines::Inner;
use crate::names::{names, place};
use crate::terms::Terms;

impl Inner {
    /// The folders that commands of a session see.
    pub(crate) fn shown(&self, session: &SessionId) -> Vec<Shown> {
        if matches!(self.terms, Terms::NoFolders(_)) {
            return Vec::new();
        }
        let folders = self.surroundings.folders(session);
        let may_change = self.terms == Terms::AsAttached && !self.is_read_only(session);
        let is_writable = |folder: &Folder| folder.access() == Access::ReadWrite && may_change;
        let below = |inner: &Folder, outer: &Folder| {
            inner.path() != outer.path() && inner.path().starts_with(outer.path())
        };
        let shown = folders.iter().filter_map(|folder| {
            let mut others = folders.iter();
            // What is in a folder that may be changed has one name there, so that a change has one journal; and a folder
            // that holds one for reading is for reading.
            let is_inside =
                others.any(|outer| below(folder, outer) && is_writable(outer) && is_writable(folder));
            let mut others = folders.iter();
            let holds_read_only = others.any(|inner| below(inner, folder) && !is_writable(inner));
            (!is_inside).then(|| Shown {
                writable: is_writable(folder) && !holds_read_only,
                folder: Arc::clone(folder),
            })
        });
        shown.collect()
    }

    /// Where the folders are in the sandbox, for the model; empty where there are none.
    pub(crate) fn context(&self, session: &SessionId) -> String {
        let shown = self.shown(session);
        let names = names(shown.iter().map(|shown| shown.folder.path()));
        let line = |(shown, name): (&Shown, &String)| {
            let note = if shown.writable { "" } else { " (read only)" };
            format!("{} is {}{note}", place(name), shown.folder.path().display())
        };
        let lines: Vec<String> = shown.iter().zip(&names).map(line).collect();
        if lines.is_empty() {
            return match &self.terms {
                Terms::NoFolders(why) => format!("\nCommands see no folder: {why}"),
                _ => String::new(),
            };
        }
        format!(
            "\nIn the sandbox:\n{}",
            as_data("the folders of commands", &lines.join("\n"))
        )
    }
}
