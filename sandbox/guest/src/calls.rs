//! Which calls of the system a command may make: one table, everything else is answered "no such call" (`ENOSYS`), so
//! that libraries fall back to what is allowed.
//!
//! What is left out: mounting, namespaces, other processes' memory (ptrace, process_vm_*), keys, BPF, performance
//! counters, io_uring, userfaultfd, modules, raw access to files by handle, clocks, reboot, and every socket family but the
//! local one and those of the loopback. `clone3` is left out because a filter cannot see its flags.

use std::collections::BTreeMap;
use std::sync::Arc;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};

/// A list of calls by their names in `libc`.
macro_rules! calls {
    ($($name:ident,)*) => { &[$(libc::$name,)*] };
}

/// Allowed whatever their arguments are.
#[rustfmt::skip]
const FREE: &[i64] = calls![
    // Memory.
    SYS_brk, SYS_mmap, SYS_munmap, SYS_mprotect, SYS_mremap, SYS_madvise, SYS_msync, SYS_mincore, SYS_mlock, SYS_mlock2,
    SYS_munlock, SYS_mlockall, SYS_munlockall, SYS_membarrier, SYS_memfd_create, SYS_pkey_alloc, SYS_pkey_free, SYS_pkey_mprotect,
    SYS_mbind, SYS_get_mempolicy, SYS_set_mempolicy,
    // Files.
    SYS_openat, SYS_openat2, SYS_close, SYS_close_range, SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64,
    SYS_preadv, SYS_pwritev, SYS_preadv2, SYS_pwritev2, SYS_lseek, SYS_fstat, SYS_newfstatat, SYS_statx, SYS_statfs, SYS_fstatfs,
    SYS_getdents64, SYS_getcwd, SYS_chdir, SYS_fchdir, SYS_faccessat, SYS_faccessat2, SYS_readlinkat, SYS_mkdirat, SYS_unlinkat,
    SYS_renameat, SYS_renameat2, SYS_linkat, SYS_symlinkat, SYS_mknodat, SYS_fchmod, SYS_fchmodat, SYS_fchown, SYS_fchownat,
    SYS_utimensat, SYS_truncate, SYS_ftruncate, SYS_fallocate, SYS_fsync, SYS_fdatasync, SYS_sync, SYS_syncfs, SYS_sync_file_range,
    SYS_fadvise64, SYS_readahead, SYS_flock, SYS_fcntl, SYS_dup, SYS_dup3, SYS_pipe2, SYS_splice, SYS_tee, SYS_vmsplice,
    SYS_sendfile, SYS_copy_file_range, SYS_umask, SYS_getxattr, SYS_lgetxattr, SYS_fgetxattr, SYS_listxattr, SYS_llistxattr,
    SYS_flistxattr, SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr, SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr,
    SYS_inotify_init1, SYS_inotify_add_watch, SYS_inotify_rm_watch,
    // Waiting.
    SYS_ppoll, SYS_pselect6, SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_epoll_pwait2, SYS_eventfd2, SYS_signalfd4,
    SYS_timerfd_create, SYS_timerfd_settime, SYS_timerfd_gettime, SYS_futex, SYS_futex_waitv, SYS_set_robust_list, SYS_get_robust_list, SYS_rseq,
    SYS_restart_syscall, SYS_io_setup, SYS_io_destroy, SYS_io_submit, SYS_io_cancel, SYS_io_getevents,
    // Time.
    SYS_clock_gettime, SYS_clock_getres, SYS_clock_nanosleep, SYS_nanosleep, SYS_gettimeofday, SYS_times, SYS_timer_create,
    SYS_timer_settime, SYS_timer_gettime, SYS_timer_getoverrun, SYS_timer_delete, SYS_setitimer, SYS_getitimer,
    // Processes of the command itself.
    SYS_execve, SYS_execveat, SYS_exit, SYS_exit_group, SYS_wait4, SYS_waitid, SYS_kill, SYS_tkill, SYS_tgkill, SYS_pidfd_open,
    SYS_pidfd_send_signal, SYS_getpid, SYS_getppid, SYS_gettid, SYS_getpgid, SYS_setpgid, SYS_getsid, SYS_setsid, SYS_set_tid_address,
    SYS_sched_yield, SYS_sched_getaffinity, SYS_sched_setaffinity, SYS_sched_getparam, SYS_sched_setparam, SYS_sched_getscheduler,
    SYS_sched_setscheduler, SYS_sched_get_priority_max, SYS_sched_get_priority_min, SYS_sched_getattr, SYS_sched_setattr,
    SYS_sched_rr_get_interval, SYS_getpriority, SYS_setpriority, SYS_ioprio_get, SYS_ioprio_set, SYS_getcpu, SYS_getrusage,
    SYS_prlimit64, SYS_getrlimit, SYS_setrlimit, SYS_sysinfo, SYS_uname, SYS_getrandom, SYS_prctl, SYS_seccomp, SYS_landlock_create_ruleset,
    SYS_landlock_add_rule, SYS_landlock_restrict_self, SYS_capget, SYS_capset,
    // Signals.
    SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigpending, SYS_rt_sigsuspend, SYS_rt_sigtimedwait,
    SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_sigaltstack,
    // Users: reading, and what changes nothing without rights.
    SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_getgroups, SYS_getresuid, SYS_getresgid, SYS_setuid, SYS_setgid,
    SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setfsuid, SYS_setfsgid,
    // Sockets, once made; which ones may be made is below.
    SYS_bind, SYS_listen, SYS_accept, SYS_accept4, SYS_connect, SYS_shutdown, SYS_getsockname, SYS_getpeername, SYS_getsockopt,
    SYS_setsockopt, SYS_sendto, SYS_recvfrom, SYS_sendmsg, SYS_recvmsg, SYS_sendmmsg, SYS_recvmmsg,
    // System V and POSIX queues and memory, within the corner's own namespace.
    SYS_shmget, SYS_shmat, SYS_shmdt, SYS_shmctl, SYS_semget, SYS_semop, SYS_semctl, SYS_semtimedop, SYS_msgget, SYS_msgsnd,
    SYS_msgrcv, SYS_msgctl, SYS_mq_open, SYS_mq_unlink, SYS_mq_timedsend, SYS_mq_timedreceive, SYS_mq_notify, SYS_mq_getsetattr,
];

/// The older forms of some of them, on processors that have them.
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
const OLD: &[i64] = calls![
    SYS_open, SYS_creat, SYS_stat, SYS_lstat, SYS_access, SYS_readlink, SYS_mkdir, SYS_rmdir, SYS_unlink, SYS_rename, SYS_link,
    SYS_symlink, SYS_mknod, SYS_chmod, SYS_chown, SYS_lchown, SYS_utime, SYS_utimes, SYS_futimesat, SYS_getdents, SYS_dup2, SYS_pipe,
    SYS_poll, SYS_select, SYS_epoll_create, SYS_epoll_wait, SYS_eventfd, SYS_signalfd, SYS_inotify_init, SYS_time, SYS_alarm,
    SYS_pause, SYS_fork, SYS_vfork, SYS_getpgrp, SYS_arch_prctl,
];
#[cfg(not(target_arch = "x86_64"))]
const OLD: &[i64] = &[];

/// Flags of `clone` that make namespaces (`linux/sched.h`).
const NEW_NAMESPACES: u64 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u64;

/// Commands of `ioctl` that put characters into a terminal as if somebody typed them.
const TYPING: [u64; 2] = [libc::TIOCSTI, libc::TIOCLINUX];

/// Families of sockets that may be made.
const FAMILIES: [i32; 4] = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];

/// What `personality` may ask for: nothing else than it is, or to be told.
const PERSONALITIES: [u64; 2] = [0, 0xffff_ffff];

/// The filter, ready to be given to a process.
pub(crate) fn filter() -> Result<Arc<BpfProgram>, seccompiler::Error> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        FREE.iter().chain(OLD).map(|call| (*call, Vec::new())).collect();
    let no_namespaces = condition(
        0,
        SeccompCmpArgLen::Qword,
        SeccompCmpOp::MaskedEq(NEW_NAMESPACES),
        0,
    )?;
    rules.insert(libc::SYS_clone, vec![SeccompRule::new(vec![no_namespaces])?]);
    let not_typing = TYPING
        .iter()
        .map(|command| condition(1, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, *command))
        .collect::<Result<Vec<_>, _>>()?;
    rules.insert(libc::SYS_ioctl, vec![SeccompRule::new(not_typing)?]);
    for call in [libc::SYS_socket, libc::SYS_socketpair] {
        rules.insert(call, one_of(0, &FAMILIES.map(|family| family as u64))?);
    }
    rules.insert(libc::SYS_personality, one_of(0, &PERSONALITIES)?);
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Errno(libc::ENOSYS as u32),
        SeccompAction::Allow,
        processor(),
    )?;
    let program: BpfProgram = filter.try_into()?;
    Ok(Arc::new(program))
}

/// A rule for each value that an argument may have.
fn one_of(argument: u8, values: &[u64]) -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
    let rule = |value: &u64| {
        SeccompRule::new(vec![condition(
            argument,
            SeccompCmpArgLen::Dword,
            SeccompCmpOp::Eq,
            *value,
        )?])
    };
    values.iter().map(rule).collect()
}

fn condition(
    argument: u8,
    length: SeccompCmpArgLen,
    operator: SeccompCmpOp,
    value: u64,
) -> Result<SeccompCondition, seccompiler::BackendError> {
    SeccompCondition::new(argument, length, operator, value)
}

const fn processor() -> TargetArch {
    if cfg!(target_arch = "aarch64") {
        TargetArch::aarch64
    } else {
        TargetArch::x86_64
    }
}

#[cfg(test)]
mod tests {
    use libc::{
        AF_ALG, AF_BLUETOOTH, AF_INET, AF_INET6, AF_KEY, AF_NETLINK, AF_PACKET, AF_UNIX, AF_VSOCK, AF_XDP,
        CLONE_FILES, CLONE_FS, CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID,
        CLONE_NEWUSER, CLONE_NEWUTS, CLONE_THREAD, CLONE_VM, ENOSYS, SIGCHLD, SYS_clone, SYS_ioctl,
        SYS_personality, SYS_read, SYS_socket, SYS_socketpair, TCGETS,
    };

    use super::*;

    /// Runs a filter as the kernel does, on one call: `struct seccomp_data` and the classic BPF that seccomp takes
    /// (<https://www.kernel.org/doc/html/latest/userspace-api/seccomp_filter.html>).
    fn judge(program: &BpfProgram, architecture: u32, call: i64, arguments: [u64; 6]) -> u32 {
        let mut data = Vec::new();
        data.extend((call as u32).to_ne_bytes());
        data.extend(architecture.to_ne_bytes());
        data.extend(0_u64.to_ne_bytes());
        data.extend(arguments.iter().flat_map(|argument| argument.to_ne_bytes()));
        let (mut at, mut held) = (0_usize, 0_u32);
        loop {
            let step = &program[at];
            at += 1;
            match step.code {
                0x20 => {
                    let place = step.k as usize;
                    held = u32::from_ne_bytes(data[place..place + 4].try_into().unwrap());
                }
                0x54 => held &= step.k,
                0x05 => at += step.k as usize,
                0x06 => return step.k,
                compare => {
                    let holds = match compare {
                        0x15 => held == step.k,
                        0x25 => held > step.k,
                        0x35 => held >= step.k,
                        0x45 => held & step.k != 0,
                        other => panic!("code {other:#x}"),
                    };
                    at += usize::from(if holds { step.jt } else { step.jf });
                }
            }
        }
    }

    /// `linux/audit.h`.
    const X86_64: u32 = 0xc000_003e;
    const AARCH64: u32 = 0xc000_00b7;
    const I386: u32 = 0x4000_0003;
    const ALLOWED: u32 = 0x7fff_0000;
    const NO_SUCH_CALL: u32 = 0x0005_0000 | ENOSYS as u32;

    fn ours() -> u32 {
        if cfg!(target_arch = "aarch64") {
            AARCH64
        } else {
            X86_64
        }
    }

    #[test]
    fn every_call_of_the_table_is_allowed_and_every_other_is_no_such_call() {
        let filter = filter().unwrap();
        let by_arguments = [SYS_clone, SYS_ioctl, SYS_socket, SYS_socketpair, SYS_personality];
        for call in (0..1_000).filter(|call| !by_arguments.contains(call)) {
            let allowed = FREE.contains(&call) || OLD.contains(&call);
            let expected = if allowed { ALLOWED } else { NO_SUCH_CALL };
            // Whatever its arguments are.
            for arguments in [[0; 6], [u64::MAX; 6]] {
                assert_eq!(judge(&filter, ours(), call, arguments), expected, "call {call}");
            }
        }
    }

    #[test]
    fn what_leads_out_of_a_corner_is_not_in_the_table() {
        let filter = filter().unwrap();
        let closed: &[i64] = calls![
            SYS_mount,
            SYS_umount2,
            SYS_pivot_root,
            SYS_chroot,
            SYS_unshare,
            SYS_setns,
            SYS_open_tree,
            SYS_move_mount,
            SYS_fsopen,
            SYS_fsconfig,
            SYS_fsmount,
            SYS_fspick,
            SYS_mount_setattr,
            SYS_ptrace,
            SYS_process_vm_readv,
            SYS_process_vm_writev,
            SYS_pidfd_getfd,
            SYS_kcmp,
            SYS_bpf,
            SYS_perf_event_open,
            SYS_io_uring_setup,
            SYS_io_uring_enter,
            SYS_io_uring_register,
            SYS_userfaultfd,
            SYS_keyctl,
            SYS_add_key,
            SYS_request_key,
            SYS_init_module,
            SYS_finit_module,
            SYS_delete_module,
            SYS_kexec_load,
            SYS_reboot,
            SYS_swapon,
            SYS_swapoff,
            SYS_acct,
            SYS_quotactl,
            SYS_open_by_handle_at,
            SYS_name_to_handle_at,
            SYS_clock_settime,
            SYS_settimeofday,
            SYS_adjtimex,
            SYS_clock_adjtime,
            SYS_sethostname,
            SYS_setdomainname,
            SYS_syslog,
            SYS_fanotify_init,
            SYS_clone3,
            SYS_vhangup,
            SYS_process_madvise,
            SYS_migrate_pages,
            SYS_move_pages,
            SYS_setgroups,
        ];
        for call in closed {
            assert_eq!(judge(&filter, ours(), *call, [0; 6]), NO_SUCH_CALL, "call {call}");
        }
    }

    #[test]
    fn calls_that_are_judged_by_their_arguments() {
        let filter = filter().unwrap();
        let verdict = |call, arguments: &[u64]| {
            let mut six = [0; 6];
            six[..arguments.len()].copy_from_slice(arguments);
            judge(&filter, ours(), call, six) == ALLOWED
        };
        // A thread, a process; no namespace, whatever else is asked for with it.
        assert!(verdict(
            SYS_clone,
            &[(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_THREAD) as u64]
        ));
        assert!(verdict(SYS_clone, &[SIGCHLD as u64]));
        for space in [
            CLONE_NEWNS,
            CLONE_NEWUSER,
            CLONE_NEWPID,
            CLONE_NEWNET,
            CLONE_NEWIPC,
            CLONE_NEWUTS,
            CLONE_NEWCGROUP,
        ] {
            assert!(!verdict(SYS_clone, &[space as u64]), "{space:#x}");
            assert!(
                !verdict(SYS_clone, &[(space | CLONE_VM | SIGCHLD) as u64]),
                "{space:#x}"
            );
        }
        for family in [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK] {
            assert!(verdict(SYS_socket, &[family as u64]), "{family}");
        }
        for family in [AF_PACKET, AF_VSOCK, AF_ALG, AF_BLUETOOTH, AF_XDP, AF_KEY, 99] {
            assert!(!verdict(SYS_socket, &[family as u64]), "{family}");
            assert!(!verdict(SYS_socketpair, &[family as u64]), "{family}");
        }
        assert!(verdict(SYS_ioctl, &[1, TCGETS]));
        // The kernel looks at 32 bits of the command: the upper ones hide nothing.
        for command in TYPING {
            assert!(!verdict(SYS_ioctl, &[1, command]));
            assert!(!verdict(SYS_ioctl, &[1, command | 1 << 40]));
        }
        assert!(verdict(SYS_personality, &[0xffff_ffff]));
        assert!(!verdict(SYS_personality, &[0x0040_0000]));
    }

    #[test]
    fn calls_of_another_processor_end_the_process() {
        let filter = filter().unwrap();
        let other = if cfg!(target_arch = "aarch64") {
            X86_64
        } else {
            I386
        };
        let verdict = judge(&filter, other, SYS_read, [0; 6]);
        assert_eq!(verdict & 0xffff_0000, 0x8000_0000, "{verdict:#x}");
    }
}
