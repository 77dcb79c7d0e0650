//! What keeps a process sandbox closed, seen from outside: whose processes they are, with which rights, and that none stays.

use std::collections::BTreeSet;
use std::fs;

use deskhand_vm_host::{Contained, End, GuestEvent, ProcessSandbox, RunLimits, RunOutput, Step};
use pretty_assertions::assert_eq;
use tokio::sync::mpsc;

use crate::support::{command, limits, run, run_command, session, session_heard, shell, spec, workshop};

/// Every process below this one, as this computer counts.
fn family(of: u32) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    let mut open = vec![of];
    while let Some(process) = open.pop() {
        let threads = fs::read_dir(format!("/proc/{process}/task"))
            .into_iter()
            .flatten()
            .flatten();
        for thread in threads {
            let children = fs::read_to_string(thread.path().join("children")).unwrap_or_default();
            let children = children.split_whitespace().filter_map(|child| child.parse().ok());
            open.extend(children.filter(|child| found.insert(*child)));
        }
    }
    found
}

fn status(process: u32, name: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_default()
        .trim_start_matches(':')
        .split_whitespace()
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_in_it_is_root_here_and_rights_are_the_agents_alone_and_few() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let mut job = session.start(command(&["sleep", "600"])).await.unwrap();
    assert!(matches!(job.next().await.unwrap(), Some(RunOutput::Started(_))));
    let outer = session.process().unwrap();
    let family = family(outer);
    // The agent, bubblewrap once more, what holds the corner, and the command.
    assert!(family.len() >= 4, "{family:?}");
    // CAP_SYS_CHROOT, CAP_SYS_PTRACE and CAP_SYS_ADMIN of `linux/capability.h`.
    let of_agent: u64 = 1 << 18 | 1 << 19 | 1 << 21;
    let mut agents = 0;
    for process in family {
        assert_ne!(status(process, "Uid"), "0", "{process}");
        assert_eq!(status(process, "NoNewPrivs"), "1", "{process}");
        assert_eq!(status(process, "Seccomp"), "2", "{process}");
        let rights = u64::from_str_radix(&status(process, "CapEff"), 16).unwrap();
        let name = status(process, "Name");
        if rights == of_agent {
            agents += 1;
        } else {
            assert_eq!(rights, 0, "{name}");
        }
        if name == "sleep" {
            assert_eq!(
                status(process, "CapBnd").trim_start_matches('0').is_empty(),
                false,
                "a namespace of its own"
            );
            assert!(status(process, "Seccomp_filters").parse::<u32>().unwrap() >= 2);
            let space = |of: &str| fs::read_link(format!("/proc/{of}/ns/user")).unwrap();
            assert_ne!(space(&process.to_string()), space("self"));
        }
    }
    assert_eq!(agents, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_whoever_started_the_service_left_open_is_not_handed_on() {
    let home = tempfile::tempdir().unwrap();
    let left = fs::File::create(home.path().join("left-open")).unwrap();
    rustix::io::fcntl_setfd(&left, rustix::io::FdFlags::empty()).unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let mut job = session.start(command(&["sleep", "600"])).await.unwrap();
    assert!(matches!(job.next().await.unwrap(), Some(RunOutput::Started(_))));
    let outer = session.process().unwrap();
    let mut looked = 0;
    for process in family(outer).into_iter().chain([outer]) {
        for open in fs::read_dir(format!("/proc/{process}/fd"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let target = fs::read_link(open.path()).unwrap_or_default();
            assert!(!target.ends_with("left-open"), "{process}");
            looked += 1;
        }
    }
    assert!(looked > 5, "{looked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_process_of_it_stays_whoever_of_it_is_killed() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    for victim in ["bwrap", "agent"] {
        let session = session(&workshop).await;
        let deep = "setsid sh -c 'trap \"\" TERM INT HUP; while :; do sleep 1; done' & echo up; sleep 600";
        let mut job = session.start(command(&["sh", "-c", deep])).await.unwrap();
        while !matches!(job.next().await.unwrap(), Some(RunOutput::Out(_))) {}
        let outer = session.process().unwrap();
        let family = family(outer);
        assert!(family.len() >= 5, "{family:?}");
        let target = match victim {
            "bwrap" => outer,
            _ => *family
                .iter()
                .find(|process| status(**process, "Name") == "agent")
                .unwrap(),
        };
        let target = rustix::process::Pid::from_raw(target.cast_signed()).unwrap();
        rustix::process::kill_process(target, rustix::process::Signal::KILL).unwrap();
        session.ended().await;
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        let lives = |process: &&u32| !matches!(status(**process, "State").as_str(), "" | "Z");
        while let Some(left) = family.iter().find(lives) {
            assert!(
                std::time::Instant::now() < deadline,
                "{victim}: {} stays",
                status(*left, "Name")
            );
            tokio::task::yield_now().await;
        }
        drop(job);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_command_has_so_many_processes_and_no_more_and_no_process_takes_much_at_once() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let limited = |script: &str, limits: RunLimits| {
        let mut command = command(&["bash", "-c", script]);
        command.limits = limits;
        command
    };
    // A command beside it, whose processes do not count.
    let mut beside = session
        .start(command(&[
            "sh",
            "-c",
            "for i in 1 2 3 4 5 6; do sleep 600 & done; wait",
        ]))
        .await
        .unwrap();
    assert!(matches!(
        beside.next().await.unwrap(),
        Some(RunOutput::Started(_))
    ));
    let few = RunLimits {
        processes: 8,
        ..limits()
    };
    let ran = run_command(
        &session,
        limited("for i in 1 2 3 4; do sleep 600 & done; jobs -p | wc -l", few),
    )
    .await;
    assert_eq!(ran.ok(), "4\n");
    let all = "python3 -c 'import os, time\nmade = 0\ntry:\n    while True:\n        if os.fork() == 0: time.sleep(600)\n        \
               made += 1\nexcept BlockingIOError: print(made)'";
    assert_eq!(run_command(&session, limited(all, few)).await.ok(), "7\n");

    let small = RunLimits {
        memory: 64 << 20,
        ..limits()
    };
    let at_once = "python3 -c 'bytearray(2 << 30)'";
    let ran = run_command(&session, limited(at_once, small)).await;
    assert!(ran.err.contains("MemoryError"), "{:?} {}", ran.ended.end, ran.err);

    // Several that hold together what none holds alone.
    let together =
        "for i in 1 2 3; do python3 -c 'import time; x = bytearray(40 << 20); time.sleep(600)' & done; wait";
    assert_eq!(
        run_command(&session, limited(together, small)).await.ended.end,
        End::OutOfMemory
    );
    // What they share counts once: a copy that nobody writes to is none.
    let shared = "python3 -c 'import os, time\nx = bytearray(40 << 20)\n\
                  children = [os.fork() for _ in range(1)]\ntime.sleep(0.5)\nprint(\"well\", flush=True) if children[0] else None'";
    assert_eq!(run_command(&session, limited(shared, small)).await.ok(), "well\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_that_is_no_process_s_is_not_to_be_had() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let script = "import ctypes, mmap, os\nlibc = ctypes.CDLL(None, use_errno=True)\n\
                  def tried(name, how):\n    try: how()\n    except OSError as error: print(name, error.errno)\n    else: print(name, 'had')\n\
                  tried('memfd', lambda: os.memfd_create('x'))\n\
                  tried('shared', lambda: mmap.mmap(-1, 4096))\n\
                  tried('zero', lambda: mmap.mmap(os.open('/dev/zero', os.O_RDWR), 4096))\n\
                  tried('own', lambda: mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))\n\
                  libc.shmget(0, 4096, 0o1600); print('System V', ctypes.get_errno())\n\
                  print('zeros', open('/dev/zero', 'rb').read(3))";
    // ENOSYS; and of /dev/zero, which is no such device.
    let expected = "memfd 38\nshared 38\nzero 19\nown had\nSystem V 38\nzeros b'\\x00\\x00\\x00'\n";
    assert_eq!(run(&session, &["python3", "-c", script]).await.ok(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_commands_that_hold_too_much_together_the_largest_ends_and_the_others_go_on() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let holds = |mebibytes: u64| {
        let script = format!(
            "import sys\nx = bytearray({mebibytes} << 20)\nprint('up', flush=True)\nsys.stdin.read()\nprint('well')"
        );
        let mut command = command(&["python3", "-c", &script]);
        command.input = true;
        command.limits.memory = spec().memory;
        command
    };
    let mebibytes = spec().memory >> 20;
    let mut small = session.start(holds(mebibytes / 3)).await.unwrap();
    while !matches!(small.next().await.unwrap(), Some(RunOutput::Out(_))) {}
    let mut large = session.start(holds(mebibytes * 4 / 5)).await.unwrap();
    let ended = loop {
        if let Some(RunOutput::Ended(ended)) = large.next().await.unwrap() {
            break ended;
        }
    };
    assert_eq!(ended.end, End::OutOfMemory);
    small.input().end().await.unwrap();
    let mut said = Vec::new();
    while let Some(output) = small.next().await.unwrap() {
        match output {
            RunOutput::Out(bytes) => said.extend(bytes),
            RunOutput::Ended(ended) => {
                assert_eq!(ended.end, End::Exited { code: 0 });
                break;
            }
            _ => {}
        }
    }
    assert_eq!(said, b"well\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_this_computer_has_no_memory_left_what_runs_here_ends_first_and_leaves_no_core() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    assert_eq!(
        shell(&session, "cat /proc/self/oom_score_adj").await.ok(),
        "1000\n"
    );
    // A limit of 0 would have the kernel call this computer's program for cores.
    let script = "import resource as r\nprint(r.getrlimit(r.RLIMIT_CORE))\n\
                  try: r.setrlimit(r.RLIMIT_CORE, (0, 0))\nexcept OSError as error: print(error.errno)\n\
                  r.setrlimit(r.RLIMIT_NOFILE, (64, 64))\nprint(r.getrlimit(r.RLIMIT_CORE))";
    assert_eq!(
        run(&session, &["python3", "-c", script]).await.ok(),
        "(1, 1)\n38\n(1, 1)\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_session_writes_has_an_end_wherever_it_writes() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    // Half of the memory of a machine for all of it together.
    let script =
        "fallocate -l 300M ~/a && fallocate -l 300M /dev/shm/b || fallocate -l 300M /tmp/c || echo full";
    assert_eq!(shell(&session, script).await.ok(), "full\n");
    let many = "python3 -c 'import os\nfor i in range(1 << 20): os.mknod(f\"/tmp/{i}\")'";
    let ran = shell(&session, many).await;
    assert!(ran.err.contains("No space left on device"), "{}", ran.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_that_the_agent_starts_are_told_and_what_they_start_is_not() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let (session, mut events) = session_heard(&workshop).await;
    let script = "/bin/true; exit 5";
    assert_eq!(shell(&session, script).await.ended.end, End::Exited { code: 5 });
    let deadline = std::time::Duration::from_secs(20);
    let first = tokio::time::timeout(deadline, events.recv())
        .await
        .unwrap()
        .unwrap();
    let second = tokio::time::timeout(deadline, events.recv())
        .await
        .unwrap()
        .unwrap();
    let GuestEvent::Started {
        process,
        user,
        arguments,
        ..
    } = first
    else {
        panic!("{first:?}");
    };
    assert_eq!(
        (user, arguments),
        (spec().user, ["/bin/sh", "-c", script].map(str::to_owned).to_vec())
    );
    assert!(
        matches!(second, GuestEvent::Ended { process: ended, code: 5, .. } if ended == process),
        "{second:?}"
    );
    assert!(events.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_for_another_user_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let (events, _heard) = mpsc::channel(8);
    let other = deskhand_vm_host::SessionSpec {
        user: 20_002,
        ..spec()
    };
    let refused = workshop.session(other, None, events).await.unwrap_err();
    assert_eq!(refused.step, Step::Session);
    assert!(
        refused.reason.contains("commands run as the user 20001 here"),
        "{refused}"
    );
    assert_eq!(run(&session(&workshop).await, &["echo", "on"]).await.ok(), "on\n");
}

#[test]
fn an_agent_that_is_not_there_is_told_with_what_helps() {
    let refused = Contained::find(&ProcessSandbox::new("/nowhere/agent".into()), 20_001, 64).unwrap_err();
    assert_eq!(refused.step, Step::Engine);
    assert!(
        refused.reason.contains("/nowhere/agent") && refused.remedy.contains("install Deskhand anew"),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_agent_ends_with_a_reason_and_the_last_words() {
    let engine = Contained::find(&ProcessSandbox::new("/usr/bin/false".into()), spec().user, 64).unwrap();
    let (events, _heard) = mpsc::channel(8);
    let refused = engine.session(spec(), None, events).await.unwrap_err();
    assert_eq!(refused.step, Step::Start);
    assert!(refused.reason.contains("exit code 1"), "{refused}");
}
