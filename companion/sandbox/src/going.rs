//! What people see of the commands of a session while they run, and what takes back what these may do.

use std::sync::Arc;

use deskhand_protocol::command::{CommandEnd, RunningCommand};
use deskhand_protocol::{CommandId, SessionId};
use tokio::time::{Instant, sleep};

use crate::commands::ENDS;
use crate::machine::{Cut, Machine};
use crate::machines::{Inner, Machines, lock};

impl Machines {
    /// The commands of a session that run, the oldest first.
    pub fn running(&self, session: &SessionId) -> Vec<RunningCommand> {
        self.inner().commands_of(session).running()
    }

    /// True for a command that runs, or whose end is not in the log yet.
    pub fn knows(&self, session: &SessionId, command: &CommandId) -> bool {
        self.inner().commands_of(session).knows(command)
    }

    /// Has a command end; false where it does not run any more. Its end is told in the session's log. A guest that does not end
    /// it is ended.
    pub fn end_command(&self, session: &SessionId, command: &CommandId, by: CommandEnd) -> bool {
        self.inner().commands_of(session).end(command, by)
    }

    /// Cuts off what still reads in folders that were taken out of a session; nothing is written there any more in any case.
    /// Commands that could change such a folder are ended: all of the machine, for it shows its folders to all of them.
    pub fn detached(&self, session: &SessionId) {
        let cut = self.inner().cut(session, |cut| cut.folder.is_detached());
        if cut.iter().any(|cut| cut.writable) {
            self.inner().commands_of(session).end_all(CommandEnd::Folder);
        }
    }

    /// From now on nothing may be changed in this session: folders that could be are cut off, and with them every command of its
    /// machine is ended. When this answers no change there begins any more, whatever a guest asked for before.
    pub async fn forbid_changes(&self, session: &SessionId) {
        let inner = self.inner();
        inner.read_only.forbid(session).await;
        let cut = inner.cut(session, |cut| cut.writable);
        if cut.is_empty() {
            return;
        }
        inner.commands_of(session).end_all(CommandEnd::Mode);
        let journals: Vec<_> = cut.iter().map(|cut| Arc::clone(&cut.journal)).collect();
        // Each waits for a change that is being written down.
        let forbidding = tokio::task::spawn_blocking(move || {
            for journal in journals {
                journal.forbid();
            }
        });
        drop(forbidding.await);
        let deadline = Instant::now() + ENDS;
        while cut.iter().any(|cut| !cut.serving.is_finished()) && Instant::now() < deadline {
            sleep(std::time::Duration::from_millis(2)).await;
        }
    }

    /// From now on the session's folders may be changed again, as they are attached.
    pub fn allow_changes(&self, session: &SessionId) {
        self.inner().read_only.allow(session);
    }
}

impl Inner {
    /// True where nothing may be changed now.
    pub(crate) fn is_read_only(&self, session: &SessionId) -> bool {
        self.read_only.holds(session)
    }

    /// Who a command that has just begun is to be ended by: what it may do was taken back while it began.
    pub(crate) fn must_end(&self, session: &SessionId, machine: &Machine) -> Option<CommandEnd> {
        let cuts = machine.cuts();
        let mut writable = cuts.iter().filter(|cut| cut.writable);
        if self.is_read_only(session) && writable.clone().next().is_some() {
            return Some(CommandEnd::Mode);
        }
        writable
            .any(|cut| cut.folder.is_detached())
            .then_some(CommandEnd::Folder)
    }

    /// Ends the serving of those folders that are meant.
    fn cut(&self, session: &SessionId, is_meant: impl Fn(&Cut) -> bool) -> Vec<Cut> {
        let mut all = lock(&self.cuts);
        let Some(cuts) = all.get_mut(session) else {
            return Vec::new();
        };
        let (cut, stay) = std::mem::take(cuts).into_iter().partition(is_meant);
        *cuts = stay;
        let cut: Vec<Cut> = cut;
        for cut in &cut {
            cut.serving.abort();
        }
        cut
    }
}
