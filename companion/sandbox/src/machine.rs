//! One session's machine: its folders, its way out, its jobs.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use deskhand_protocol::SessionId;
use deskhand_protocol::permission::CommandFolder;
use deskhand_protocol::sandbox::{MachineEnd, SandboxTier, Sight};
use deskhand_vm_files::{Access, Share};
use deskhand_vm_host::{
    Accelerator, Command, Connections, Contained, GuestEvent, Job, Means, Origin, RunLimits, SandboxError,
    Session, Step, Workshop,
};
use deskhand_workspace::Folder;
use futures_util::FutureExt as _;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::Instant;

use crate::commands::Commands;
use crate::connections::WayOut;
use crate::journal::{Changes, FolderJournal, Key, Ran};
use crate::names::{names, place};
use crate::sights::{OfFolder, Sights, of_guest};
use crate::terms::{USER, session_spec};

/// Events of the guest that wait to be taken.
const EVENTS: usize = 256;

/// How far the clock of this computer may be from the machine's before the machine is told the time: it slept.
const SLEPT: Duration = Duration::from_secs(5);

/// What makes one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum From<'a> {
    /// A virtual machine.
    Workshop(&'a Workshop),
    /// A process sandbox, which stands in for it.
    Processes(&'a Contained),
}

/// What the model is told of the programs in a process sandbox.
const OWN_PROGRAMS: &str = "\nThis ran in a process sandbox, since no virtual machine can be had: programs are the user's computer's own, and \
     Python's libraries for analysis may not be among them.\n";

/// A machine that runs for a session. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Machine {
    session: Session,
    tier: SandboxTier,
    mounts: Vec<Mount>,
    sights: Sights,
    clock: Clock,
    pub(crate) jobs: Arc<Commands>,
    /// Whose the changes are that are made now.
    pub(crate) part: Option<Part>,
    /// What that changed in folders that are gone since.
    pub(crate) gone: Vec<(PathBuf, Changes)>,
    pub(crate) used: Instant,
    why: MachineEnd,
    hearing: JoinHandle<()>,
}

/// A call, or what goes on after it, with its record.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) key: Key,
    pub(crate) ran: Ran,
}

/// A folder that the guest sees.
#[derive(Debug)]
struct Mount {
    name: String,
    folder: Arc<Folder>,
    writable: bool,
    journal: Arc<FolderJournal>,
    serving: JoinHandle<()>,
}

impl Drop for Mount {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// What ends the serving of a folder.
#[derive(Debug)]
pub(crate) struct Cut {
    pub(crate) folder: Arc<Folder>,
    pub(crate) writable: bool,
    pub(crate) journal: Arc<FolderJournal>,
    pub(crate) serving: AbortHandle,
}

/// A folder as a machine is to see it.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) folder: Arc<Folder>,
    pub(crate) writable: bool,
}

impl Machine {
    /// Begins one.
    pub(crate) async fn begin(
        from: From<'_>,
        session: &SessionId,
        door: Option<deskhand_egress::Door>,
        (sights, jobs): (Sights, Arc<Commands>),
    ) -> Result<Self, SandboxError> {
        let connections =
            door.map(|door| Arc::new(WayOut::new(door, sights.clone())) as Arc<dyn Connections>);
        let (told, events) = mpsc::channel(EVENTS);
        let spec = session_spec(connections.is_some());
        let begun = match from {
            From::Workshop(workshop) => workshop.session(spec, connections, told).await?,
            From::Processes(processes) => processes.session(spec, connections, told).await?,
        };
        let summary = begun.summary();
        let tier = match summary.means {
            Means::Machine(Accelerator::Tcg) => SandboxTier::VmEmulated,
            Means::Machine(_) => SandboxTier::Vm,
            Means::Processes => SandboxTier::Processes,
        };
        sights.push(Sight::MachineStarted {
            tier,
            resumed: summary.origin == Origin::Resumed,
            took_ms: u64::try_from(summary.took.as_millis()).unwrap_or(u64::MAX),
        });
        tracing::info!(%session, ?tier, "a machine of the sandbox began");
        Ok(Self {
            tier,
            mounts: Vec::new(),
            clock: Clock::now(),
            jobs,
            part: None,
            gone: Vec::new(),
            used: Instant::now(),
            why: MachineEnd::Over,
            hearing: tokio::spawn(hear(events, sights.clone())),
            sights,
            session: begun,
        })
    }

    /// What runs its instructions.
    pub(crate) fn tier(&self) -> SandboxTier {
        self.tier
    }

    /// What the model is to know of it, where it is not what the tools say.
    pub(crate) fn remark(&self) -> &'static str {
        match self.tier {
            SandboxTier::Vm | SandboxTier::VmEmulated => "",
            SandboxTier::Processes => OWN_PROGRAMS,
        }
    }

    /// True once it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        let ended = self.session.ended().now_or_never().is_some();
        if ended {
            self.why = MachineEnd::Failed;
        }
        ended
    }

    /// Ends it for a reason.
    pub(crate) fn end(mut self, why: MachineEnd) {
        self.why = why;
    }

    /// Shows it these folders and no others, each by the name that it has in their order. What writes to one that goes is cut
    /// off at once.
    pub(crate) async fn show(
        &mut self,
        shown: &[Shown],
        journal: impl Fn(&Arc<Folder>) -> Arc<FolderJournal>,
    ) -> Result<(), SandboxError> {
        let names = names(shown.iter().map(|shown| shown.folder.path()));
        let is_shown = |mount: &Mount| {
            let mut wanted = shown.iter().zip(&names);
            wanted.any(|(shown, name)| {
                *name == mount.name
                    && Arc::ptr_eq(&shown.folder, &mount.folder)
                    && shown.writable == mount.writable
                    && !mount.serving.is_finished()
            })
        };
        let (stay, go): (Vec<Mount>, Vec<Mount>) = self.mounts.drain(..).partition(is_shown);
        self.mounts = stay;
        for mount in go {
            let journal = Arc::clone(&mount.journal);
            let changes = tokio::task::spawn_blocking(move || journal.exchange(None)).await;
            let path = mount.folder.path().to_owned();
            self.gone.extend(changes.ok().map(|changes| (path, changes)));
        }
        for (shown, name) in shown.iter().zip(names) {
            if self.mounts.iter().any(|mount| mount.name == name) {
                continue;
            }
            let mount = self.mount(shown, name, journal(&shown.folder)).await?;
            self.mounts.push(mount);
        }
        Ok(())
    }

    async fn mount(
        &self,
        shown: &Shown,
        name: String,
        journal: Arc<FolderJournal>,
    ) -> Result<Mount, SandboxError> {
        let access = if shown.writable {
            Access::ReadWrite
        } else {
            Access::ReadOnly
        };
        let root = shown.folder.handle().map_err(|error| {
            SandboxError::new(
                Step::Run,
                format!(
                    "the folder {} cannot be shown: {error}",
                    shown.folder.path().display()
                ),
                "attach the folder anew",
            )
        })?;
        let share = Share::new(root, access, USER, USER);
        let stream = self.session.mount(&name, shown.writable).await?;
        let events = Arc::new(OfFolder {
            root: shown.folder.path().to_owned(),
            sights: self.sights.clone(),
        });
        let (asked, path) = (Arc::clone(&journal), shown.folder.path().to_owned());
        let serving = tokio::spawn(async move {
            if let Err(error) = deskhand_vm_files::serve(stream, share, asked, events).await {
                tracing::warn!(folder = %path.display(), %error, "a folder of the sandbox ended");
            }
        });
        Ok(Mount {
            name,
            folder: Arc::clone(&shown.folder),
            writable: shown.writable,
            journal,
            serving,
        })
    }

    /// The journals of the folders that may be changed.
    pub(crate) fn journals(&self) -> impl Iterator<Item = &Arc<FolderJournal>> {
        self.mounts
            .iter()
            .filter(|mount| mount.writable)
            .map(|mount| &mount.journal)
    }

    /// Starts a command in the only folder, or in the user's own where there are several or none.
    pub(crate) async fn start(&mut self, command: &str, limits: RunLimits) -> Result<Job, SandboxError> {
        self.start_with(command, false, limits).await
    }

    /// The same for a command to whose standard input something is written.
    pub(crate) async fn start_with(
        &mut self,
        command: &str,
        input: bool,
        limits: RunLimits,
    ) -> Result<Job, SandboxError> {
        self.used = Instant::now();
        if self.clock.has_jumped() {
            self.session.set_time().await?;
            self.clock = Clock::now();
        }
        let folder = match self.mounts.as_slice() {
            [only] => Some(place(&only.name)),
            _ => None,
        };
        let command = Command {
            arguments: ["/bin/bash", "-c", command].map(str::to_owned).to_vec(),
            folder,
            environment: std::collections::BTreeMap::new(),
            input,
            limits,
        };
        self.session.start(command).await
    }

    /// What ends the serving of each folder, for who takes it out of the session.
    pub(crate) fn cuts(&self) -> Vec<Cut> {
        let cut = |mount: &Mount| Cut {
            folder: Arc::clone(&mount.folder),
            writable: mount.writable,
            journal: Arc::clone(&mount.journal),
            serving: mount.serving.abort_handle(),
        };
        self.mounts.iter().map(cut).collect()
    }

    /// The folders that commands see now.
    pub(crate) fn sees(&self) -> Vec<CommandFolder> {
        let seen = |mount: &Mount| CommandFolder {
            path: mount.folder.path().display().to_string(),
            read_only: !mount.writable,
        };
        self.mounts.iter().map(seen).collect()
    }

    /// What is seen of it.
    pub(crate) fn sights(&self) -> &Sights {
        &self.sights
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.hearing.abort();
        self.sights.during(None);
        self.sights.push(Sight::MachineEnded { why: self.why });
    }
}

async fn hear(mut events: mpsc::Receiver<GuestEvent>, sights: Sights) {
    while let Some(event) = events.recv().await {
        sights.push(of_guest(event));
    }
}

/// When the machine's clock was set: by a clock that stands still while this computer sleeps, and by one that does not.
#[derive(Clone, Copy, Debug)]
struct Clock {
    ran: std::time::Instant,
    wall: std::time::SystemTime,
}

impl Clock {
    fn now() -> Self {
        Self {
            ran: std::time::Instant::now(),
            wall: std::time::SystemTime::now(),
        }
    }

    fn has_jumped(&self) -> bool {
        self.differs(&Self::now())
    }

    fn differs(&self, now: &Self) -> bool {
        let ran = now.ran.saturating_duration_since(self.ran);
        let is = self.wall + ran;
        let apart = now
            .wall
            .duration_since(is)
            .or_else(|_| is.duration_since(now.wall));
        apart.unwrap_or_default() > SLEPT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_computer_that_slept_or_whose_clock_was_set_is_noticed() {
        let then = Clock::now();
        let after = |ran: u64, wall: i64| {
            let seconds = Duration::from_secs(wall.unsigned_abs());
            Clock {
                ran: then.ran + Duration::from_secs(ran),
                wall: if wall < 0 {
                    then.wall - seconds
                } else {
                    then.wall + seconds
                },
            }
        };
        for (ran, wall, jumped) in [
            (60, 60, false),
            (60, 63, false),
            (60, 3660, true),
            (60, -600, true),
        ] {
            assert_eq!(then.differs(&after(ran, wall)), jumped, "{ran} {wall}");
        }
    }
}
