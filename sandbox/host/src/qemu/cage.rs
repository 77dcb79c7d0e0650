//! What shuts QEMU in, beside its own filter of system calls: a guest that breaks out of its machine is in a process that
//! reads no file of the user, writes to one folder, and speaks with nobody.
//!
//! Linux: Landlock (<https://docs.kernel.org/userspace-api/landlock.html>) for files, TCP and signals, as far as the kernel
//! has it, and a filter of system calls for every socket. Both hold for the thread that closes them and for all that it
//! starts, so that nothing has to be done between fork and exec. Elsewhere there is none.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::accelerator::Accelerator;
use crate::child::Shut;
use crate::machine::MachineSpec;

/// How far QEMU is shut in on this computer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cage {
    /// The version of Landlock that is in force: files from 1, TCP from 4, devices from 5, signals from 6. None where the
    /// system has no Landlock, or has it switched off.
    pub landlock: Option<u32>,
    /// Whether no socket can be made, of whatever kind, and no other process looked into.
    pub calls: bool,
}

/// The version with which this was tried.
#[cfg(target_os = "linux")]
const NEWEST: u32 = 7;

impl Cage {
    /// As a person is told: a sentence.
    pub fn describe(&self) -> String {
        let files = match self.landlock {
            Some(version) => {
                format!("QEMU opens its own files and the image alone (Landlock {version})")
            }
            None => "QEMU may open what its user may open: this system has no Landlock".to_owned(),
        };
        let calls = if self.calls {
            "it can make no socket"
        } else {
            "nothing keeps it from making sockets"
        };
        format!("{files}; {calls}.")
    }

    /// Whether all of it holds that this version knows.
    pub fn is_whole(&self) -> bool {
        self.calls && self.landlock.is_some_and(|version| version >= WHOLE)
    }
}

/// From this version on files, TCP, devices and signals are closed.
const WHOLE: u32 = 6;

/// Where libraries are, and the loader that starts a program with them.
const LIBRARIES: [&str; 6] = [
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/local/lib64",
];

/// What QEMU reads of its own: firmware, where the loader looks, how the processors lie. No folder holds what is a user's.
const READ: [&str; 12] = [
    "/usr/share/qemu",
    "/usr/share/seabios",
    "/usr/share/ipxe",
    "/usr/share/edk2",
    "/usr/share/AAVMF",
    "/usr/share/qemu-efi-aarch64",
    "/usr/local/share/qemu",
    "/etc/ld.so.cache",
    "/etc/ld.so.preload",
    "/sys/devices/system",
    "/dev/urandom",
    "/dev/random",
];

/// What a program may open. Everything else is refused.
#[derive(Clone, Debug, Default)]
pub(super) struct Bars {
    /// Read and started: the program, its libraries.
    run: Vec<PathBuf>,
    /// Read.
    read: Vec<PathBuf>,
    /// Devices that are opened for reading and writing.
    devices: Vec<PathBuf>,
    /// The folder in which it makes and removes files.
    write: Option<PathBuf>,
}

impl Bars {
    /// For a program that does no more than tell its version.
    pub(super) fn around(program: &Path) -> Self {
        // Its own folders lie around the program itself, and not around a link to it.
        let program = program.canonicalize().unwrap_or_else(|_| program.to_owned());
        let mut run = vec![program.clone()];
        run.extend(LIBRARIES.map(PathBuf::from));
        let mut read = READ.map(PathBuf::from).to_vec();
        // One that was installed elsewhere has its own beside it.
        if let Some(prefix) = program.ancestors().nth(2) {
            run.extend(["lib", "lib64"].map(|folder| prefix.join(folder)));
            read.push(prefix.join("share/qemu"));
        }
        Self {
            run,
            read,
            devices: vec!["/dev/null".into()],
            write: None,
        }
    }

    /// For one that runs this machine in this folder.
    pub(super) fn of_machine(program: &Path, spec: &MachineSpec, folder: &Path) -> Self {
        let mut bars = Self::around(program);
        let disks = spec.disks.iter().map(|(_, place)| place);
        bars.read
            .extend([&spec.kernel, &spec.initial].into_iter().chain(disks).cloned());
        bars.read.extend(spec.session_disk.clone());
        if spec.accelerator == Accelerator::Kvm {
            bars.devices.push("/dev/kvm".into());
        }
        bars.write = Some(folder.to_owned());
        bars
    }

    /// Closes them around the thread of a child that is to be started.
    pub(super) fn shut(self) -> Shut {
        Box::new(move || self.close().map(drop))
    }

    /// Closes them around this thread and what it starts from now on, for good. What the kernel does not have is left out,
    /// and told.
    #[cfg(target_os = "linux")]
    pub(super) fn close(&self) -> io::Result<Cage> {
        Ok(Cage {
            landlock: self.close_files().map_err(io::Error::other)?,
            calls: calls::close()?,
        })
    }

    #[cfg(not(target_os = "linux"))]
    #[expect(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
    pub(super) fn close(&self) -> io::Result<Cage> {
        Ok(Cage::default())
    }

    #[cfg(target_os = "linux")]
    fn close_files(&self) -> Result<Option<u32>, landlock::RulesetError> {
        use landlock::{
            ABI, Access as _, AccessFs, AccessNet, LandlockStatus, Ruleset, RulesetAttr as _,
            RulesetCreatedAttr as _, RulesetStatus, Scope, path_beneath_rules,
        };
        let abi = ABI::V7;
        let read = AccessFs::ReadFile | AccessFs::ReadDir;
        let device = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev;
        let write =
            read | AccessFs::WriteFile | AccessFs::Truncate | AccessFs::MakeReg | AccessFs::RemoveFile;
        let status = Ruleset::default()
            .handle_access(AccessFs::from_all(abi))?
            .handle_access(AccessNet::from_all(abi))?
            .scope(Scope::from_all(abi))?
            .create()?
            .add_rules(path_beneath_rules(&self.run, read | AccessFs::Execute))?
            .add_rules(path_beneath_rules(&self.read, read))?
            .add_rules(path_beneath_rules(&self.devices, device))?
            .add_rules(path_beneath_rules(&self.write, write))?
            .restrict_self()?;
        Ok(match (status.ruleset, status.landlock) {
            (RulesetStatus::NotEnforced, _) => None,
            (_, LandlockStatus::Available { effective_abi, .. }) => Some((effective_abi as u32).min(NEWEST)),
            _ => None,
        })
    }
}

/// A filter of system calls that holds on every kernel.
#[cfg(target_os = "linux")]
mod calls {
    use std::collections::BTreeMap;
    use std::io;

    use nix::libc;
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, SeccompRule, TargetArch};

    /// What leads out: sockets of every family (those that QEMU needs it is given), the ring that makes calls past every
    /// filter, and other processes of the same user.
    const REFUSED: [i64; 8] = [
        libc::SYS_socket,
        libc::SYS_io_uring_setup,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_pidfd_getfd,
    ];

    /// On x86-64 the calls of x32 have this bit, and are others to a filter
    /// (`__X32_SYSCALL_BIT` in `arch/x86/include/uapi/asm/unistd.h`).
    const X32: i64 = 0x4000_0000;

    /// Answers whether there is one for this processor.
    pub(super) fn close() -> io::Result<bool> {
        let Ok(processor) = TargetArch::try_from(std::env::consts::ARCH) else {
            return Ok(false);
        };
        let both = REFUSED.iter().flat_map(|call| [*call, *call | X32]);
        let rules: BTreeMap<i64, Vec<SeccompRule>> = both.map(|call| (call, Vec::new())).collect();
        let refusal = SeccompAction::Errno(libc::EPERM as u32);
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, refusal, processor);
        let program: BpfProgram = filter.and_then(TryInto::try_into).map_err(io::Error::other)?;
        seccompiler::apply_filter(&program).map_err(io::Error::other)?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The filter of calls closes the same once more, on kernels that know nothing of it.
    #[cfg(target_os = "linux")]
    #[test]
    fn landlock_alone_closes_tcp_where_it_knows_it() {
        let tried = std::thread::spawn(move || {
            let level = Bars::default().close_files().unwrap();
            let bound = std::net::TcpListener::bind("127.0.0.1:0");
            (level, bound.map_err(|error| error.kind()))
        });
        let (level, bound) = tried.join().unwrap();
        if level.is_none_or(|level| level < 4) {
            eprintln!("not proven here: Landlock is {level:?}, 4 is needed");
            return;
        }
        assert_eq!(bound.unwrap_err(), io::ErrorKind::PermissionDenied);
    }

    #[test]
    fn how_far_the_cage_goes_is_told_in_a_sentence() {
        let whole = Cage {
            landlock: Some(7),
            calls: true,
        };
        assert!(whole.is_whole());
        assert_eq!(
            whole.describe(),
            "QEMU opens its own files and the image alone (Landlock 7); it can make no socket."
        );
        let none = Cage::default();
        assert!(!none.is_whole() && none.describe().contains("no Landlock"));
        let old = Cage {
            landlock: Some(3),
            calls: true,
        };
        assert!(!old.is_whole(), "signals and TCP are open there");
    }
}
