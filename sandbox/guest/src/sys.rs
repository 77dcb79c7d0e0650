//! What only unsafe code can do here, behind safe functions. The one home of `unsafe` in the guest.
#![expect(
    unsafe_code,
    reason = "calls of the system for which no library has a safe form"
)]

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::Arc;

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

/// What a command gets between fork and exec: its session, its group, its limits, its filter.
pub(crate) struct Restraint {
    /// `cgroup.procs` of its group, open for writing.
    pub(crate) group: OwnedFd,
    /// The filter of system calls.
    pub(crate) filter: Arc<BpfProgram>,
}

/// Adds the restraint to a command that is about to be started.
pub(crate) fn restrain(command: &mut Command, restraint: Restraint) {
    let mut group = File::from(restraint.group);
    let filter = restraint.filter;
    let between = move || {
        rustix::process::setsid()?;
        // 0 is the writing process itself. Its rights are those of whoever opened the file.
        group.write_all(b"0")?;
        for (resource, most) in [
            (rustix::process::Resource::Core, 0),
            (rustix::process::Resource::Nofile, 4096),
        ] {
            let limit = rustix::process::Rlimit {
                current: Some(most),
                maximum: Some(most),
            };
            rustix::process::setrlimit(resource, limit)?;
        }
        // Sets no_new_privs as well. No text of the error: making one would allocate.
        seccompiler::apply_filter(&filter).map_err(|_| io::Error::from_raw_os_error(libc::EPERM))
    };
    // SAFETY: between fork and exec only system calls are made, on what was allocated before.
    unsafe { command.pre_exec(between) };
}
