//! Which calls of the system a command may make: one table, everything else is answered "no such call" (`ENOSYS`), so
//! that libraries fall back to what is allowed.
//!
//! What is left out: mounting, namespaces, other processes' memory (ptrace, process_vm_*), keys, BPF, performance
//! counters, io_uring, userfaultfd, modules, raw access to files by handle, clocks, reboot, and every socket family but the
//! local one and those of the loopback. `clone3` is left out because a filter cannot see its flags.
//!
//! A process sandbox shares its kernel with everybody. There also is left out what takes memory that is no process's, of which the agent
//! could not see how much it is ([`crate::space`]), what a person's other programs have only so many of, and what nobody needs who
//! computes.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::session::Kind;

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
    SYS_brk, SYS_munmap, SYS_mprotect, SYS_mremap, SYS_madvise, SYS_msync, SYS_mincore, SYS_mlock, SYS_mlock2,
    SYS_munlock, SYS_mlockall, SYS_munlockall, SYS_membarrier, SYS_pkey_alloc, SYS_pkey_free, SYS_pkey_mprotect, SYS_get_mempolicy,
    // Files.
    SYS_openat, SYS_openat2, SYS_close, SYS_close_range, SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64,
    SYS_preadv, SYS_pwritev, SYS_preadv2, SYS_pwritev2, SYS_lseek, SYS_fstat, SYS_newfstatat, SYS_statx, SYS_statfs, SYS_fstatfs,
    SYS_getdents64, SYS_getcwd, SYS_chdir, SYS_fchdir, SYS_faccessat, SYS_faccessat2, SYS_readlinkat, SYS_mkdirat, SYS_unlinkat,
    SYS_renameat, SYS_renameat2, SYS_linkat, SYS_symlinkat, SYS_mknodat, SYS_fchmod, SYS_fchmodat, SYS_fchown, SYS_fchownat,
    SYS_utimensat, SYS_truncate, SYS_ftruncate, SYS_fallocate, SYS_fsync, SYS_fdatasync, SYS_sync, SYS_syncfs, SYS_sync_file_range,
    SYS_fadvise64, SYS_readahead, SYS_flock, SYS_fcntl, SYS_dup, SYS_dup3, SYS_pipe2, SYS_splice, SYS_tee,
    SYS_sendfile, SYS_copy_file_range, SYS_umask, SYS_getxattr, SYS_lgetxattr, SYS_fgetxattr, SYS_listxattr, SYS_llistxattr,
    SYS_flistxattr, SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr, SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr,
    // Waiting.
    SYS_ppoll, SYS_pselect6, SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_epoll_pwait2, SYS_eventfd2, SYS_signalfd4,
    SYS_timerfd_create, SYS_timerfd_settime, SYS_timerfd_gettime, SYS_futex, SYS_futex_waitv, SYS_set_robust_list, SYS_get_robust_list, SYS_rseq,
    SYS_restart_syscall,
    // Time.
    SYS_clock_gettime, SYS_clock_getres, SYS_clock_nanosleep, SYS_nanosleep, SYS_gettimeofday, SYS_times, SYS_timer_create,
    SYS_timer_settime, SYS_timer_gettime, SYS_timer_getoverrun, SYS_timer_delete, SYS_setitimer, SYS_getitimer,
    // Processes of the command itself.
    SYS_execve, SYS_execveat, SYS_exit, SYS_exit_group, SYS_wait4, SYS_waitid, SYS_kill, SYS_tkill, SYS_tgkill, SYS_pidfd_open,
    SYS_pidfd_send_signal, SYS_getpid, SYS_getppid, SYS_gettid, SYS_getpgid, SYS_setpgid, SYS_getsid, SYS_setsid, SYS_set_tid_address,
    SYS_sched_yield, SYS_sched_getaffinity, SYS_sched_getparam, SYS_sched_setparam, SYS_sched_getscheduler,
    SYS_sched_setscheduler, SYS_sched_get_priority_max, SYS_sched_get_priority_min, SYS_sched_getattr, SYS_sched_setattr,
    SYS_sched_rr_get_interval, SYS_getpriority, SYS_setpriority, SYS_ioprio_get, SYS_ioprio_set, SYS_getcpu, SYS_getrusage,
    SYS_getrlimit, SYS_sysinfo, SYS_uname, SYS_getrandom, SYS_prctl, SYS_landlock_create_ruleset,
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
];

/// Allowed in a machine alone, whose memory and kernel are its own.
#[rustfmt::skip]
const OF_A_MACHINE: &[i64] = calls![
    // Memory that is no process's; System V and POSIX queues and memory are in the corner's own namespace.
    SYS_memfd_create, SYS_shmget, SYS_shmat, SYS_shmdt, SYS_shmctl, SYS_semget, SYS_semop, SYS_semctl, SYS_semtimedop, SYS_msgget,
    SYS_msgsnd, SYS_msgrcv, SYS_msgctl, SYS_mq_open, SYS_mq_unlink, SYS_mq_timedsend, SYS_mq_timedreceive, SYS_mq_notify,
    SYS_mq_getsetattr, SYS_mmap, SYS_vmsplice, SYS_mbind, SYS_set_mempolicy,
    // Of which a user has so many, whichever program takes them.
    SYS_inotify_init1, SYS_inotify_add_watch, SYS_inotify_rm_watch,
    // More processors than were given; no core, and with which filter.
    SYS_sched_setaffinity, SYS_prlimit64, SYS_setrlimit, SYS_seccomp,
    // What few need and has had faults.
    SYS_io_setup, SYS_io_destroy, SYS_io_submit, SYS_io_cancel, SYS_io_getevents,
];

/// The older forms of some of them, on processors that have them.
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
const OLD: &[i64] = calls![
    SYS_open, SYS_creat, SYS_stat, SYS_lstat, SYS_access, SYS_readlink, SYS_mkdir, SYS_rmdir, SYS_unlink, SYS_rename, SYS_link,
    SYS_symlink, SYS_mknod, SYS_chmod, SYS_chown, SYS_lchown, SYS_utime, SYS_utimes, SYS_futimesat, SYS_getdents, SYS_dup2, SYS_pipe,
    SYS_poll, SYS_select, SYS_epoll_create, SYS_epoll_wait, SYS_eventfd, SYS_signalfd, SYS_time, SYS_alarm,
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

/// The command of `ioctl` that has the kernel load a line discipline.
const DISCIPLINE: u64 = libc::TIOCSETD;

/// Families of sockets that may be made.
const FAMILIES: [i32; 4] = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];

/// What `personality` may ask for: nothing else than it is, or to be told.
const PERSONALITIES: [u64; 2] = [0, 0xffff_ffff];

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// The filter, ready to be given to a process.
pub(crate) fn filter(kind: Kind) -> Result<Arc<BpfProgram>, seccompiler::Error> {
    let mut rules: Rules = FREE.iter().chain(OLD).map(|call| (*call, Vec::new())).collect();
    let no_namespaces = condition(
        0,
        SeccompCmpArgLen::Qword,
        SeccompCmpOp::MaskedEq(NEW_NAMESPACES),
        0,
    )?;
    rules.insert(libc::SYS_clone, vec![SeccompRule::new(vec![no_namespaces])?]);
    rules.insert(libc::SYS_personality, one_of(0, &PERSONALITIES)?);
    match kind {
        Kind::Machine => of_a_machine(&mut rules)?,
        Kind::Contained => of_processes(&mut rules)?,
    }
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Errno(libc::ENOSYS as u32),
        SeccompAction::Allow,
        processor(),
    )?;
    let program: BpfProgram = filter.try_into()?;
    Ok(Arc::new(program))
}

fn of_a_machine(rules: &mut Rules) -> Result<(), seccompiler::BackendError> {
    rules.extend(OF_A_MACHINE.iter().map(|call| (*call, Vec::new())));
    #[cfg(target_arch = "x86_64")]
    rules.insert(libc::SYS_inotify_init, Vec::new());
    rules.insert(libc::SYS_ioctl, vec![none_of(1, &TYPING)?]);
    for call in [libc::SYS_socket, libc::SYS_socketpair] {
        rules.insert(call, one_of(0, &FAMILIES.map(|family| family as u64))?);
    }
    Ok(())
}

fn of_processes(rules: &mut Rules) -> Result<(), seccompiler::BackendError> {
    let is =
        |argument, value: i32| condition(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value as u64);
    let masked = |argument, mask: i32, value: i32| {
        condition(
            argument,
            SeccompCmpArgLen::Dword,
            SeccompCmpOp::MaskedEq(mask as u64),
            value as u64,
        )
    };
    // Memory without a file that is shared is the kernel's, and stays while any page of it is in use. Both kinds of sharing have this bit.
    let file = masked(3, libc::MAP_ANONYMOUS, 0)?;
    let own = masked(3, libc::MAP_SHARED, 0)?;
    rules.insert(
        libc::SYS_mmap,
        vec![SeccompRule::new(vec![file])?, SeccompRule::new(vec![own])?],
    );
    rules.insert(
        libc::SYS_ioctl,
        vec![none_of(1, &[TYPING[0], TYPING[1], DISCIPLINE])?],
    );
    // A limit of 1 is what keeps the kernel from calling a program of this computer for a core (core(5)).
    let core = u64::from(libc::RLIMIT_CORE);
    rules.insert(libc::SYS_setrlimit, vec![none_of(0, &[core])?]);
    let looks = condition(2, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0)?;
    rules.insert(
        libc::SYS_prlimit64,
        vec![none_of(1, &[core])?, SeccompRule::new(vec![looks])?],
    );
    rules.insert(libc::SYS_socketpair, one_of(0, &[libc::AF_UNIX as u64])?);
    // The kernel loads a module for a protocol that it does not know.
    let mut sockets = vec![
        SeccompRule::new(vec![is(0, libc::AF_UNIX)?])?,
        SeccompRule::new(vec![is(0, libc::AF_NETLINK)?, is(2, libc::NETLINK_ROUTE)?])?,
    ];
    for family in [libc::AF_INET, libc::AF_INET6] {
        for (kind, protocol) in [
            (libc::SOCK_STREAM, 0),
            (libc::SOCK_STREAM, libc::IPPROTO_TCP),
            (libc::SOCK_DGRAM, 0),
            (libc::SOCK_DGRAM, libc::IPPROTO_UDP),
        ] {
            let rule = vec![is(0, family)?, masked(1, 0xf, kind)?, is(2, protocol)?];
            sockets.push(SeccompRule::new(rule)?);
        }
    }
    rules.insert(libc::SYS_socket, sockets);
    Ok(())
}

/// A rule for an argument that has none of these values.
fn none_of(argument: u8, values: &[u64]) -> Result<SeccompRule, seccompiler::BackendError> {
    let differs = values
        .iter()
        .map(|value| condition(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, *value));
    SeccompRule::new(differs.collect::<Result<Vec<_>, _>>()?)
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
mod tests;
