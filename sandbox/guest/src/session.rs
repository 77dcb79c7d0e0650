//! What is made ready for a session, after the greeting: chance, time, disk, control groups, corner.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, chown};
use std::sync::Arc;
use std::time::Instant;

use deskhand_vm_protocol::{Go, SessionSpec, StepReport};
use rustix::mount::{MountFlags, mount};
use rustix::time::{ClockId, Timespec, clock_settime};
use seccompiler::BpfProgram;

use crate::boot;
use crate::corner::Corner;
use crate::reap::Reaper;

/// A session that is ready.
#[derive(Debug)]
pub(crate) struct Session {
    /// For whom.
    pub(crate) spec: SessionSpec,
    /// Where its commands run. None where it could not be made: then no command is started.
    pub(crate) corner: Option<Corner>,
    /// What they may call.
    pub(crate) filter: Option<Arc<BpfProgram>>,
    /// Collects what ends.
    pub(crate) reaper: Reaper,
}

/// Makes a session ready. A step that fails is reported, and the later ones are tried all the same: the service decides.
pub(crate) fn begin(go: &Go, reaper: Reaper) -> (Session, Vec<StepReport>) {
    let mut steps = Vec::new();
    let spec = go.session.clone();
    done(&mut steps, "randomness", || reseed(&go.seed));
    done(&mut steps, "clock", || set_clock(go.time));
    done(&mut steps, "disk", || disk(&spec));
    done(&mut steps, "control groups", || crate::group::session(&spec));
    let filter = done(&mut steps, "filter of system calls", || {
        crate::calls::filter().map_err(io::Error::other)
    });
    let corner = done(&mut steps, "corner", || Corner::new(&reaper));
    let session = Session {
        spec,
        corner,
        filter,
        reaper,
    };
    (session, steps)
}

/// Sets the guest's clock, in nanoseconds since 1970.
pub(crate) fn set_clock(now: u64) -> io::Result<()> {
    let now = Timespec {
        tv_sec: (now / 1_000_000_000) as i64,
        tv_nsec: (now % 1_000_000_000) as i64,
    };
    Ok(clock_settime(ClockId::Realtime, now)?)
}

fn done<T>(steps: &mut Vec<StepReport>, step: &str, work: impl FnOnce() -> io::Result<T>) -> Option<T> {
    let begun = Instant::now();
    let result = work();
    steps.push(StepReport {
        step: step.to_owned(),
        took: begun.elapsed().as_millis() as u64,
        fault: result.as_ref().err().map(ToString::to_string),
    });
    result.ok()
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
    for (name, mode) in [("home", 0o700), ("tmp", 0o1777)] {
        let place = format!("/session/{name}");
        match fs::DirBuilder::new().mode(mode).create(&place) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        if name == "home" {
            chown(&place, Some(spec.user), Some(spec.user))?;
        } else {
            // The mask of this process takes bits away from what is asked for.
            fs::set_permissions(&place, std::os::unix::fs::PermissionsExt::from_mode(mode))?;
        }
    }
    Ok(())
}
