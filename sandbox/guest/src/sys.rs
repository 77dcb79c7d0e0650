//! What only unsafe code can do here, behind safe functions. The one home of `unsafe` in the guest.
#![expect(
    unsafe_code,
    reason = "calls of the system for which no library has a safe form"
)]

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::Arc;

use deskhand_vm_protocol::RunLimits;
use rustix::fs::{Mode, OFlags};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::process::Resource;
use seccompiler::BpfProgram;
use tokio::io::unix::AsyncFd;

/// `RNDADDENTROPY` and `RNDRESEEDCRNG` of `linux/random.h`.
const ADD_ENTROPY: u64 = 0x4008_5203;
const RESEED: u64 = 0x5207;

/// Gives the kernel chance that nobody else has, and makes it draw from it at once.
pub(crate) fn reseed(seed: &[u8; 32]) -> io::Result<()> {
    // struct rand_pool_info: bits, bytes, then the bytes.
    let mut pool = Vec::with_capacity(40);
    pool.extend_from_slice(&256_i32.to_ne_bytes());
    pool.extend_from_slice(&32_i32.to_ne_bytes());
    pool.extend_from_slice(seed);
    let device = std::fs::OpenOptions::new().write(true).open("/dev/urandom")?;
    // SAFETY: the descriptor is open, and the buffer has the form and length that the first call reads.
    let done = unsafe {
        libc::ioctl(device.as_raw_fd(), ADD_ENTROPY as _, pool.as_ptr()) == 0
            && libc::ioctl(device.as_raw_fd(), RESEED as _, 0) == 0
    };
    if done {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Brings the loopback device up.
pub(crate) fn loopback_up() -> io::Result<()> {
    let socket = rustix::net::socket(
        rustix::net::AddressFamily::INET,
        rustix::net::SocketType::DGRAM,
        None,
    )?;
    // SAFETY: all-zero is a value of this structure of C.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (place, byte) in request.ifr_name.iter_mut().zip(b"lo") {
        *place = *byte as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = libc::IFF_UP as libc::c_short;
    // SAFETY: the descriptor is open, and the structure is the one that this call reads.
    let done = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS as _, &raw const request) };
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// A file whose readiness the runtime watches.
pub(crate) fn watch(file: File) -> io::Result<AsyncFd<File>> {
    // SAFETY: a `File` owns its descriptor, which stays the same and open for as long as it lives.
    unsafe { AsyncFd::register(file) }.map_err(io::Error::from)
}

/// Gives the calling thread its own root and working folder, so that it may enter another mount namespace.
pub(crate) fn own_root() -> io::Result<()> {
    // SAFETY: the descriptors stay shared; only root, working folder and mask become this thread's own.
    unsafe { rustix::thread::unshare_unsafe(rustix::thread::UnshareFlags::FS)? };
    Ok(())
}

/// Has the kernel collect the children of this process for as long as it lives.
pub(crate) fn collect_children() -> io::Result<()> {
    // SAFETY: ignoring a signal runs no code of ours.
    let before = unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
    if before == libc::SIG_ERR {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// What a command gets between fork and exec: its session, its bounds, its limits, its folder, its filter.
pub(crate) struct Restraint {
    /// How it comes within its bounds.
    pub(crate) entry: Entry,
    /// Where it runs. It goes there once it is within: a folder that does not answer must not hold it where nobody ends it.
    pub(crate) folder: CString,
    /// The filter of system calls.
    pub(crate) filter: Arc<BpfProgram>,
}

/// How a process comes within the bounds of its command.
#[derive(Debug)]
pub(crate) enum Entry {
    /// `cgroup.procs` of its group, open for writing.
    Group(OwnedFd),
    /// A user namespace that it makes.
    Space(Threshold),
}

/// By how much one process may go beyond the memory of its command before the next look finds it, in bytes.
const AT_ONCE: u64 = 512 << 20;

/// What the first process of a user namespace needs to make it.
#[derive(Debug)]
pub(crate) struct Threshold {
    /// The namespace in which it is made.
    pub(crate) outer: OwnedFd,
    /// Where it sends the new one.
    pub(crate) told: OwnedFd,
    /// The line of its maps: the user, who stays the same.
    pub(crate) map: Vec<u8>,
    /// What the kernel holds each process to, and the number of all of them.
    pub(crate) limits: RunLimits,
}

impl Threshold {
    /// Goes over it. Makes system calls alone, and allocates nothing.
    fn cross(&self) -> io::Result<()> {
        let user = rustix::thread::LinkNameSpaceType::User;
        rustix::thread::move_into_link_name_space(self.outer.as_fd(), Some(user))?;
        // SAFETY: this process has one thread, and shares no descriptor afterwards that it shared before.
        unsafe { rustix::thread::unshare_unsafe(rustix::thread::UnshareFlags::NEWUSER)? };
        // user_namespaces(7): groups are mapped by who cannot change his own alone.
        for (place, line) in [
            (c"/proc/self/setgroups", b"deny".as_slice()),
            (c"/proc/self/uid_map", &self.map),
            (c"/proc/self/gid_map", &self.map),
        ] {
            let file = rustix::fs::open(place, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
            rustix::io::write(&file, line)?;
        }
        let own = rustix::fs::open(
            c"/proc/self/ns/user",
            OFlags::RDONLY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut beside = SendAncillaryBuffer::new(&mut space);
        let descriptors = [own.as_fd()];
        beside.push(SendAncillaryMessage::ScmRights(&descriptors));
        sendmsg(
            &self.told,
            &[io::IoSlice::new(b"n")],
            &mut beside,
            SendFlags::NOSIGNAL,
        )?;
        let seconds = self.limits.processor / 1000 + 2;
        for (resource, most) in [
            (Resource::Nproc, u64::from(self.limits.processes)),
            // What no look finds in time: one process that takes much at once.
            (Resource::Data, self.limits.memory.saturating_add(AT_ONCE)),
            (Resource::Cpu, seconds),
            // Of which the kernel keeps memory that is no process's, or has only so many for one user.
            (Resource::Nofile, 1024),
            (Resource::Sigpending, 1024),
            (Resource::Msgqueue, 0),
        ] {
            limit(resource, most)?;
        }
        Ok(())
    }
}

/// No more than that, and no more than there was.
fn limit(resource: Resource, most: u64) -> io::Result<()> {
    let before = rustix::process::getrlimit(resource).maximum;
    let most = Some(before.map_or(most, |before| before.min(most)));
    let limit = rustix::process::Rlimit {
        current: most,
        maximum: most,
    };
    Ok(rustix::process::setrlimit(resource, limit)?)
}

/// Adds the restraint to a command that is about to be started.
pub(crate) fn restrain(command: &mut Command, restraint: Restraint) {
    let Restraint {
        entry,
        folder,
        filter,
    } = restraint;
    let between = move || {
        rustix::process::setsid()?;
        match &entry {
            // 0 is the writing process itself. Its rights are those of whoever opened the file.
            Entry::Group(group) => drop(rustix::io::write(group, b"0")?),
            Entry::Space(threshold) => threshold.cross()?,
        }
        // None: 0 would not keep the kernel from calling a program for it (core(5)).
        limit(Resource::Core, 1)?;
        limit(Resource::Nofile, 4096)?;
        rustix::process::chdir(&folder)?;
        // Sets no_new_privs as well. No text of the error: making one would allocate.
        seccompiler::apply_filter(&filter).map_err(|_| io::Error::from_raw_os_error(libc::EPERM))
    };
    // SAFETY: between fork and exec only system calls are made, on what was allocated before.
    unsafe { command.pre_exec(between) };
}
