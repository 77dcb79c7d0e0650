//! The filter, run as the kernel runs it, call by call.

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
    let filter = filter(Kind::Machine).unwrap();
    let by_arguments = [SYS_clone, SYS_ioctl, SYS_socket, SYS_socketpair, SYS_personality];
    for call in (0..1_000).filter(|call| !by_arguments.contains(call)) {
        #[cfg(target_arch = "x86_64")]
        let old = call == libc::SYS_inotify_init;
        #[cfg(not(target_arch = "x86_64"))]
        let old = false;
        let allowed = FREE.contains(&call) || OLD.contains(&call) || OF_A_MACHINE.contains(&call) || old;
        let expected = if allowed { ALLOWED } else { NO_SUCH_CALL };
        // Whatever its arguments are.
        for arguments in [[0; 6], [u64::MAX; 6]] {
            assert_eq!(judge(&filter, ours(), call, arguments), expected, "call {call}");
        }
    }
}

#[test]
fn what_leads_out_of_a_corner_is_not_in_the_table() {
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
    for filter in [Kind::Machine, Kind::Contained].map(|kind| filter(kind).unwrap()) {
        for call in closed {
            assert_eq!(judge(&filter, ours(), *call, [0; 6]), NO_SUCH_CALL, "call {call}");
        }
    }
}

#[test]
fn calls_that_are_judged_by_their_arguments() {
    let filter = filter(Kind::Machine).unwrap();
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
fn what_is_a_machines_alone_is_not_in_the_table_of_processes() {
    let filter = filter(Kind::Contained).unwrap();
    let by_arguments = calls![SYS_mmap, SYS_setrlimit, SYS_prlimit64,];
    for call in FREE.iter().chain(OLD) {
        assert_eq!(judge(&filter, ours(), *call, [0; 6]), ALLOWED, "call {call}");
    }
    for call in OF_A_MACHINE.iter().filter(|call| !by_arguments.contains(call)) {
        assert_eq!(judge(&filter, ours(), *call, [0; 6]), NO_SUCH_CALL, "call {call}");
    }
}

#[test]
fn calls_of_processes_that_are_judged_by_their_arguments() {
    use libc::{
        AF_NETLINK, IPPROTO_ICMP, IPPROTO_SCTP, IPPROTO_TCP, MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED,
        MAP_SHARED_VALIDATE, RLIMIT_CORE, RLIMIT_NOFILE, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET,
        SOCK_STREAM, SYS_mmap, SYS_prlimit64, SYS_setrlimit, TIOCSETD,
    };
    let filter = filter(Kind::Contained).unwrap();
    let verdict = |call, arguments: &[i64]| {
        let mut six = [0; 6];
        for (place, argument) in six.iter_mut().zip(arguments) {
            *place = *argument as u64;
        }
        judge(&filter, ours(), call, six) == ALLOWED
    };
    for flags in [
        MAP_PRIVATE | MAP_ANONYMOUS,
        MAP_PRIVATE,
        MAP_SHARED,
        MAP_SHARED_VALIDATE,
    ] {
        assert!(verdict(SYS_mmap, &[0, 4096, 3, flags.into()]), "{flags:#x}");
    }
    for flags in [MAP_SHARED | MAP_ANONYMOUS, MAP_SHARED_VALIDATE | MAP_ANONYMOUS] {
        assert!(!verdict(SYS_mmap, &[0, 4096, 3, flags.into()]), "{flags:#x}");
    }
    let (core, files) = (i64::from(RLIMIT_CORE), i64::from(RLIMIT_NOFILE));
    assert!(verdict(SYS_setrlimit, &[files]) && !verdict(SYS_setrlimit, &[core]));
    assert!(verdict(SYS_prlimit64, &[0, files, 1]) && verdict(SYS_prlimit64, &[0, core, 0]));
    assert!(!verdict(SYS_prlimit64, &[0, core, 1]));
    assert!(!verdict(SYS_prlimit64, &[0, core, 1 << 32]));
    for command in [TYPING[0], TYPING[1], TIOCSETD] {
        assert!(!verdict(SYS_ioctl, &[1, command as i64]), "{command:#x}");
    }
    assert!(verdict(SYS_ioctl, &[1, TCGETS as i64]));
    let socket = |family: i32, kind: i32, protocol: i32| {
        verdict(SYS_socket, &[family.into(), kind.into(), protocol.into()])
    };
    for family in [AF_INET, AF_INET6] {
        assert!(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0) && socket(family, SOCK_STREAM, IPPROTO_TCP));
        assert!(socket(family, SOCK_DGRAM, 0));
        for (kind, protocol) in [
            (SOCK_STREAM, IPPROTO_SCTP),
            (SOCK_SEQPACKET, 0),
            (SOCK_RAW, 0),
            (SOCK_DGRAM, IPPROTO_ICMP),
            // IPPROTO_MPTCP
            (SOCK_STREAM, 262),
        ] {
            assert!(!socket(family, kind, protocol), "{family} {kind} {protocol}");
        }
    }
    assert!(socket(AF_UNIX, SOCK_SEQPACKET, 0) && socket(AF_NETLINK, SOCK_RAW, 0));
    for protocol in 1..32 {
        assert!(!socket(AF_NETLINK, SOCK_RAW, protocol), "{protocol}");
    }
    for family in [AF_PACKET, AF_VSOCK, AF_ALG, AF_BLUETOOTH, AF_XDP, AF_KEY, 99] {
        assert!(!socket(family, SOCK_STREAM, 0), "{family}");
    }
    assert!(verdict(SYS_socketpair, &[AF_UNIX.into()]) && !verdict(SYS_socketpair, &[AF_INET.into()]));
}

#[test]
fn calls_of_another_processor_end_the_process() {
    let filter = filter(Kind::Machine).unwrap();
    let other = if cfg!(target_arch = "aarch64") {
        X86_64
    } else {
        I386
    };
    let verdict = judge(&filter, other, SYS_read, [0; 6]);
    assert_eq!(verdict & 0xffff_0000, 0x8000_0000, "{verdict:#x}");
}
