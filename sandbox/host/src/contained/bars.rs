//! What shuts in bubblewrap, the agent and all that they start, before any of it runs: what the namespaces cannot close, since one
//! kernel serves all of them. The agent mounts, which rules of Landlock for files forbid; so Landlock keeps signals and abstract
//! sockets in, from version 6 on, and the filter closes what nobody within needs. That of commands is narrower, and the agent's.

use std::io;

/// Closes them around this thread and what it starts from now on, for good.
#[cfg(target_os = "linux")]
pub(super) fn close() -> io::Result<()> {
    use landlock::{ABI, Access as _, Ruleset, RulesetAttr as _, Scope};

    let scoped = || -> Result<(), landlock::RulesetError> {
        Ruleset::default()
            .scope(Scope::from_all(ABI::V6))?
            .create()?
            .restrict_self()
            .map(drop)
    };
    scoped().map_err(io::Error::other)?;
    calls::close()
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
pub(super) fn close() -> io::Result<()> {
    Ok(())
}

#[cfg(target_os = "linux")]
mod calls {
    use std::collections::BTreeMap;
    use std::io;

    use nix::libc;
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
        SeccompRule, TargetArch,
    };

    /// Other processes' memory, the ring that makes calls past every filter, keys, programs for the kernel, and what belongs to
    /// the computer as a whole.
    const REFUSED: [i64; 31] = [
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_pidfd_getfd,
        libc::SYS_kcmp,
        libc::SYS_io_uring_setup,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_userfaultfd,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_delete_module,
        libc::SYS_kexec_load,
        libc::SYS_kexec_file_load,
        libc::SYS_reboot,
        libc::SYS_swapon,
        libc::SYS_swapoff,
        libc::SYS_acct,
        libc::SYS_quotactl,
        libc::SYS_open_by_handle_at,
        libc::SYS_clock_settime,
        libc::SYS_settimeofday,
        libc::SYS_adjtimex,
        libc::SYS_clock_adjtime,
        libc::SYS_syslog,
        libc::SYS_fanotify_init,
    ];

    /// Families of sockets that may be made: within the sandbox there is a loopback and nothing else.
    const FAMILIES: [i32; 4] = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];

    /// On x86-64 the calls of x32 have this bit, and are others to a filter
    /// (`__X32_SYSCALL_BIT` in `arch/x86/include/uapi/asm/unistd.h`).
    const X32: i64 = 0x4000_0000;

    /// Calls that x32 has under a number of its own (`arch/x86/entry/syscalls/syscall_64.tbl`): ptrace, kexec_load,
    /// process_vm_readv and process_vm_writev.
    const X32_ALONE: [i64; 4] = [521, 528, 539, 540];

    pub(super) fn close() -> io::Result<()> {
        let processor = TargetArch::try_from(std::env::consts::ARCH).map_err(io::Error::other)?;
        let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
            REFUSED.iter().map(|call| (*call, Vec::new())).collect();
        rules.insert(libc::SYS_socket, vec![other_family().map_err(io::Error::other)?]);
        let both = rules
            .into_iter()
            .flat_map(|(call, rule)| [(call, rule.clone()), (call | X32, rule)])
            .chain(X32_ALONE.map(|call| (call | X32, Vec::new())))
            .collect();
        let refusal = SeccompAction::Errno(libc::EPERM as u32);
        let filter = SeccompFilter::new(both, SeccompAction::Allow, refusal, processor);
        let program: BpfProgram = filter.and_then(TryInto::try_into).map_err(io::Error::other)?;
        seccompiler::apply_filter(&program).map_err(io::Error::other)
    }

    /// A family that is none of those.
    fn other_family() -> Result<SeccompRule, seccompiler::BackendError> {
        let differs = FAMILIES.iter().map(|family| {
            SeccompCondition::new(
                0,
                SeccompCmpArgLen::Dword,
                SeccompCmpOp::Ne,
                u64::from(family.unsigned_abs()),
            )
        });
        SeccompRule::new(differs.collect::<Result<_, _>>()?)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Command;

    use pretty_assertions::assert_eq;

    /// What each of these answers, by its number of error, within the bars or without.
    fn tried(closed: bool) -> String {
        use nix::libc;
        let calls = [
            libc::SYS_ptrace,
            libc::SYS_process_vm_readv,
            libc::SYS_io_uring_setup,
            libc::SYS_keyctl,
            libc::SYS_add_key,
            libc::SYS_request_key,
            libc::SYS_bpf,
            libc::SYS_perf_event_open,
            libc::SYS_userfaultfd,
            libc::SYS_open_by_handle_at,
            libc::SYS_finit_module,
            libc::SYS_clock_settime,
        ];
        // ptrace and what looks into others' memory, as x32 has them.
        let of_x32 = [521, 528, 539, 540].map(|call: i64| call | 0x4000_0000);
        // Each with arguments that no kernel takes, so that it does nothing where it is let through.
        let script = format!(
            "import ctypes, socket\nlibc = ctypes.CDLL(None, use_errno=True)\nout = []\n\
             for call in {calls:?}:\n    for number in (call, call | 0x40000000):\n        \
             libc.syscall(number, -1, -1, -1, -1, -1, -1)\n        out.append(ctypes.get_errno())\n\
             for number in {of_x32:?}:\n    libc.syscall(number, -1, -1, -1, -1, -1, -1)\n    out.append(ctypes.get_errno())\n\
             for family in (socket.AF_PACKET, socket.AF_VSOCK, 38):\n    try: socket.socket(family, socket.SOCK_RAW); out.append(0)\n    \
             except OSError as error: out.append(error.errno)\nsocket.socket(socket.AF_INET); socket.socket(socket.AF_UNIX)\n\
             print(*out)"
        );
        let run = move || {
            if closed {
                super::close().expect("the test's own");
            }
            let told = Command::new("/usr/bin/python3").args(["-c", &script]).output();
            String::from_utf8(told.expect("Python").stdout).expect("numbers")
        };
        // A thread of its own: the bars hold for the thread that closes them, for good.
        std::thread::spawn(run).join().expect("the test's own")
    }

    #[test]
    fn what_nobody_within_needs_is_refused_also_to_the_agent() {
        let refused = tried(true);
        let answers: Vec<&str> = refused.split_whitespace().collect();
        assert_eq!(answers, ["1"; 31], "each is not permitted");
        let free = tried(false);
        assert!(
            free.split_whitespace().filter(|answer| *answer != "1").count() > 20,
            "{free}"
        );
    }
}
