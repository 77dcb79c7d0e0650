//! The bounds of a command where there are no control groups: a user namespace of its own, within which it has no rights
//! (user_namespaces(7)). Nobody leaves it, since the filter of calls knows no way to another one; so whoever is in it belongs to the
//! command, however it was started. The kernel counts its processes (`RLIMIT_NPROC` counts by namespace since Linux 5.14) and keeps the
//! memory of its processes from others, since ptrace asks for rights in it. Memory and time of the processor are looked at. Memory
//! that is no process's, which no look would find, is not to be had ([`crate::calls`]).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use deskhand_vm_protocol::RunLimits;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SocketFlags, SocketType, recvmsg,
    socketpair,
};
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};

use crate::sys::Threshold;

/// Looks for processes that were started while others were ended; each finds fewer.
const PASSES: usize = 1000;

/// `sysconf(_SC_CLK_TCK)`: 100 on every Linux that programs see.
const TICK: u64 = 10;

/// The user namespace of one command. Dropping it ends all that is left in it.
#[derive(Debug)]
pub(crate) struct Space {
    /// The namespace of the corner, which is its parent.
    outer: OwnedFd,
    limits: RunLimits,
    together: Arc<Together>,
    /// Over which the first process sends the namespace that it made, and its other end.
    line: (OwnedFd, OwnedFd),
    held: OnceLock<Held>,
    seen: Mutex<Seen>,
}

/// What all commands of a session hold, each by the number of its namespace.
#[derive(Debug, Default)]
pub(crate) struct Together(Mutex<BTreeMap<u64, u64>>);

impl Together {
    fn held(&self) -> MutexGuard<'_, BTreeMap<u64, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The namespace, held so that its number is given to no other.
#[derive(Debug)]
struct Held {
    _space: OwnedFd,
    number: u64,
}

/// What was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Used {
    /// Memory that is held now, in bytes.
    pub(crate) memory: u64,
    /// Time of the processor, in milliseconds, as far as it was seen.
    pub(crate) processor: u64,
}

#[derive(Debug, Default)]
struct Seen {
    /// Own time of each process that was ever seen.
    times: BTreeMap<i32, u64>,
    processor: u64,
    peak: u64,
}

impl Space {
    /// Nothing is made yet: the command's first process does it, and tells.
    pub(crate) fn new(
        outer: BorrowedFd<'_>,
        together: Arc<Together>,
        limits: &RunLimits,
    ) -> io::Result<Self> {
        let line = socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
            None,
        )?;
        Ok(Self {
            outer: outer.try_clone_to_owned()?,
            limits: *limits,
            together,
            line,
            held: OnceLock::new(),
            seen: Mutex::default(),
        })
    }

    /// What a process does to come in.
    pub(crate) fn entrance(&self) -> io::Result<Threshold> {
        let user = rustix::process::getuid().as_raw();
        Ok(Threshold {
            outer: self.outer.try_clone()?,
            told: self.line.1.try_clone()?,
            map: format!("{user} {user} 1\n").into_bytes(),
            limits: self.limits,
        })
    }

    /// Ends every process in it. One that was told to end starts no other; so it is done when there is none that was not told.
    pub(crate) fn end(&self) {
        let mut told = BTreeSet::new();
        for _ in 0..PASSES {
            let mut all_told = true;
            for process in self.members() {
                // A number may be given to another process once its own is gone.
                if told.insert((process, began(process))) {
                    all_told = false;
                }
                let none = Rlimit {
                    current: Some(0),
                    maximum: Some(0),
                };
                let process = Pid::from_raw(process);
                prlimit(process, Resource::Nproc, none).ok();
                if let Some(process) = process {
                    kill_process(process, Signal::KILL).ok();
                }
            }
            if all_told {
                return;
            }
        }
    }

    /// Looks at all processes in it.
    pub(crate) fn look(&self) -> Used {
        let members = self.members();
        let memory = memory(&members, self.limits.memory);
        let mut seen = self.seen();
        let mut with_ended = 0;
        for process in members {
            let Some((own, of_ended)) = times(process) else {
                continue;
            };
            seen.times.insert(process, own);
            with_ended += own + of_ended;
        }
        // Each leaves something out: processes between two looks, and those that nobody waited for.
        let all_seen = seen.times.values().sum::<u64>();
        seen.processor = seen.processor.max(with_ended).max(all_seen);
        seen.peak = seen.peak.max(memory);
        if let Some(number) = self.number() {
            self.together.held().insert(number, memory);
        }
        Used {
            memory,
            processor: seen.processor,
        }
    }

    /// True where the session's commands hold more than that together, and none of them more than this one.
    pub(crate) fn is_largest_beyond(&self, limit: u64) -> bool {
        let held = self.together.held();
        let own = self.number().and_then(|number| held.get(&number));
        held.values().sum::<u64>() > limit && own == held.values().max()
    }

    /// The most memory that a look found.
    pub(crate) fn peak(&self) -> Option<u64> {
        let peak = self.seen().peak;
        (peak > 0).then_some(peak)
    }

    /// The processes in it, as the agent counts. None before the first one came in.
    fn members(&self) -> Vec<i32> {
        let Some(number) = self.number() else {
            return Vec::new();
        };
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let processes = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        processes
            .filter(|process| {
                let space = fs::metadata(format!("/proc/{process}/ns/user"));
                space.is_ok_and(|space| space.ino() == number)
            })
            .collect()
    }

    fn number(&self) -> Option<u64> {
        if self.held.get().is_none()
            && let Some(space) = received(&self.line.0)
            && let Ok(told) = rustix::fs::fstat(&space)
        {
            let number = told.st_ino;
            self.held.get_or_init(|| Held {
                _space: space,
                number,
            });
        }
        self.held.get().map(|held| held.number)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Space {
    fn drop(&mut self) {
        self.end();
        if let Some(number) = self.number() {
            self.together.held().remove(&number);
        }
    }
}

/// The descriptor that came, where one did.
fn received(line: &OwnedFd) -> Option<OwnedFd> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut beside = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0; 1];
    let mut into = [io::IoSliceMut::new(&mut byte)];
    recvmsg(line.as_fd(), &mut into, &mut beside, RecvFlags::CMSG_CLOEXEC).ok()?;
    beside.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    })
}

/// Memory that these processes hold together, in bytes. What they share is counted once where it matters: the exact look costs
/// more, and is made only where the quick one, which counts it for each, finds too much.
fn memory(processes: &[i32], limit: u64) -> u64 {
    let sum = |file: &str, fields: &[&str]| -> u64 {
        let all = processes.iter();
        all.map(|process| kibibytes(&format!("/proc/{process}/{file}"), fields))
            .sum::<u64>()
            * 1024
    };
    let quick = sum("status", &["RssAnon:", "RssShmem:", "VmSwap:"]);
    if quick <= limit {
        return quick;
    }
    let exact = sum("smaps_rollup", &["Pss_Anon:", "Pss_Shmem:", "SwapPss:"]);
    if exact == 0 { quick } else { exact }
}

/// The sum of some fields of a file of proc(5).
fn kibibytes(file: &str, fields: &[&str]) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let field = |line: &str| -> Option<u64> {
        let rest = fields.iter().find_map(|field| line.strip_prefix(field))?;
        rest.trim().trim_end_matches("kB").trim().parse().ok()
    };
    text.lines().filter_map(field).sum()
}

/// Time of the processor of a process, and of those that it waited for, in milliseconds: `/proc/<process>/stat`, fields 14 to 17.
fn times(process: i32) -> Option<(u64, u64)> {
    times_of(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

/// When a process began, in the clock's ticks since the start: `/proc/<process>/stat`, field 22.
fn began(process: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(19)?.parse().ok()
}

fn times_of(stat: &str) -> Option<(u64, u64)> {
    // The name may hold anything but ends with the last bracket.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11).map(str::parse::<u64>);
    let mut next = || fields.next()?.ok();
    let (user, system, of_ended_user, of_ended_system) = (next()?, next()?, next()?, next()?);
    Some((
        (user + system).saturating_mul(TICK),
        (of_ended_user + of_ended_system).saturating_mul(TICK),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_a_process_are_read_whatever_it_calls_itself() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 4194560 1 2 3 4 12 3 100 20 20 0 1 0 5 6 7";
        assert_eq!(times_of(stat), Some((150, 1200)));
        for text in ["", "7 (sh", "7 (sh) S 1", "7 (sh) S 1 7 7 0 -1 1 1 2 3 4 x 3 1 1"] {
            assert_eq!(times_of(text), None, "{text}");
        }
    }

    #[test]
    fn a_command_that_never_came_in_has_no_process_and_used_nothing() {
        let own = fs::File::open("/proc/self/ns/user").unwrap();
        let limits = RunLimits {
            time: 1,
            processor: 1,
            memory: 1,
            processes: 1,
            output: 1,
        };
        let space = Space::new(own.as_fd(), Arc::default(), &limits).unwrap();
        assert_eq!((space.look(), space.peak()), (Used::default(), None));
        space.end();
    }
}
