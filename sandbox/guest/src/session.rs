//! What is made ready for a session, after the greeting: chance, time, disk, control groups, corner.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, chown};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use deskhand_vm_protocol::{End, Go, SessionSpec, StepReport};
use rustix::mount::{MountFlags, mount};
use rustix::time::{ClockId, Timespec, clock_settime};
use seccompiler::BpfProgram;
use tokio::sync::mpsc;

use crate::corner::{self, Corner};
use crate::reap::Reaper;
use crate::witness::{Source, Told, Witness};
use crate::{boot, contained};

/// Of what this agent is the first process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Of a virtual machine.
    Machine,
    /// Of a process sandbox, on a kernel that others use as well.
    Contained,
}

/// What is made before there is a session, and is in a state that is kept: nothing of it is a session's.
#[derive(Debug)]
pub(crate) struct Room {
    /// Where this is.
    pub(crate) kind: Kind,
    /// Where commands will run.
    pub(crate) corner: Corner,
    /// What they will be able to call.
    pub(crate) filter: Arc<BpfProgram>,
    /// Collects what ends.
    pub(crate) reaper: Reaper,
    /// Tells of what starts and ends; taken by the session's first stream.
    pub(crate) witness: Option<Source>,
    /// Where the agent tells of the commands that it starts, where the kernel does not.
    pub(crate) told: Option<Told>,
}

/// A session that is ready.
#[derive(Debug)]
pub(crate) struct Session {
    /// For whom.
    pub(crate) spec: SessionSpec,
    /// Where its commands run.
    pub(crate) room: Room,
    /// Commands that run, by their first process, and where each is told to end.
    pub(crate) running: Mutex<BTreeMap<u32, mpsc::Sender<End>>>,
}

impl Room {
    /// Makes it. Must be called within a runtime.
    pub(crate) fn new(kind: Kind) -> io::Result<Self> {
        let reaper = Reaper::default();
        let corner = Corner::new(&reaper, kind)?;
        // What ended until now is collected with what ends later.
        tokio::spawn(reaper.clone().collect());
        let (witness, told) = match kind {
            Kind::Machine => (Source::Kernel(Witness::new()?), None),
            Kind::Contained => {
                let (told, waiting) = Told::new();
                (Source::Agent(waiting), Some(told))
            }
        };
        Ok(Self {
            kind,
            corner,
            filter: crate::calls::filter(kind).map_err(io::Error::other)?,
            reaper,
            witness: Some(witness),
            told,
        })
    }
}

/// Makes a session ready. A step that fails is reported, and the later ones are tried all the same: the service decides.
pub(crate) async fn begin(go: &Go, room: Room) -> (Session, Vec<StepReport>) {
    let mut steps = Vec::new();
    let spec = go.session.clone();
    let mut trees = vec![(HOME, corner::HOME), (TEMPORARY, "/tmp"), (TEMPORARY, "/var/tmp")];
    match room.kind {
        Kind::Machine => {
            done(&mut steps, "randomness", || reseed(&go.seed));
            done(&mut steps, "clock", || set_clock(go.time));
            done(&mut steps, "disk", || disk(&spec));
            done(&mut steps, "control groups", || crate::group::session(&spec));
        }
        Kind::Contained => {
            done(&mut steps, "files", || contained::files(spec.user));
            trees.push((SHARED, "/dev/shm"));
        }
    }
    let furnished = room.corner.furnish(&trees).await;
    done(&mut steps, "corner", || furnished);
    let session = Session {
        spec,
        room,
        running: Mutex::default(),
    };
    (session, steps)
}

/// Where the session's disk has what its commands see as their home and their folder for temporary files.
pub(crate) const HOME: &str = "/session/home";
pub(crate) const TEMPORARY: &str = "/session/tmp";
/// Where their shared memory is, where it is no file system of its own.
pub(crate) const SHARED: &str = "/session/shm";

/// Sets the guest's clock, in nanoseconds since 1970.
pub(crate) fn set_clock(now: u64) -> io::Result<()> {
    let now = Timespec {
        tv_sec: (now / 1_000_000_000) as i64,
        tv_nsec: (now % 1_000_000_000) as i64,
    };
    Ok(clock_settime(ClockId::Realtime, now)?)
}

fn done(steps: &mut Vec<StepReport>, step: &str, work: impl FnOnce() -> io::Result<()>) {
    let begun = Instant::now();
    let result = work();
    steps.push(StepReport {
        step: step.to_owned(),
        took: begun.elapsed().as_millis() as u64,
        fault: result.as_ref().err().map(ToString::to_string),
    });
}

fn reseed(seed: &str) -> io::Result<()> {
    let mut bytes = [0; 32];
    if seed.len() != 64 || !seed.is_ascii() {
        return Err(io::Error::other("the seed has another length"));
    }
    for (place, digits) in bytes.iter_mut().zip(seed.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(digits).map_err(io::Error::other)?;
        *place = u8::from_str_radix(digits, 16).map_err(io::Error::other)?;
    }
    crate::sys::reseed(&bytes)
}

/// The session's own disk, empty at its start, holds home and temporary files.
fn disk(spec: &SessionSpec) -> io::Result<()> {
    let device = boot::disk("session")?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOATIME;
    mount(&device, "/session", "ext4", flags, c"discard,errors=continue")?;
    for (place, mode) in [(HOME, 0o700), (TEMPORARY, 0o1777)] {
        match fs::DirBuilder::new().mode(mode).create(place) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        if place == HOME {
            chown(place, Some(spec.user), Some(spec.user))?;
        } else {
            // The mask of this process takes bits away from what is asked for.
            fs::set_permissions(place, std::os::unix::fs::PermissionsExt::from_mode(mode))?;
        }
    }
    Ok(())
}
