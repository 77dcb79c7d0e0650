//! What a command finds around it, and what it does not.

use deskhand_vm_host::RunOutput;
use pretty_assertions::assert_eq;

use crate::support::{KIND, Kind, command, run, session, shell, spec, workshop};

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_a_user_without_rights_in_a_corner_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let user = spec().user;
    let expected = [
        ("id -u; id -g", format!("{user}\n{user}\n")),
        (
            "grep -E '^Cap(Inh|Prm|Eff|Amb)' /proc/self/status | grep -vc 0000000000000000 || true",
            "0\n".to_owned(),
        ),
        (
            "grep -E '^(NoNewPrivs|Seccomp):' /proc/self/status | cut -f2",
            "1\n2\n".to_owned(),
        ),
        // bubblewrap and what it holds, or what stands for both, and the command itself.
        (
            "ps -e -o comm= > ~/all; sort -u ~/all | tr '\\n' ' '",
            match KIND {
                Kind::Machine => "bwrap cat ps sh ",
                Kind::Processes => "agent ps sh ",
            }
            .to_owned(),
        ),
        ("hostname 2>/dev/null || uname -n", "sandbox\n".to_owned()),
        ("ls /sys", "devices\n".to_owned()),
        ("ls /mnt", String::new()),
        (
            "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '",
            "lo\n".to_owned(),
        ),
        ("pwd; echo kept > note; cat note", "/home/user\nkept\n".to_owned()),
        (
            "env | cut -d= -f1 | sort | grep -iE 'token|key|secret|password' || true",
            String::new(),
        ),
    ];
    for (script, output) in expected {
        assert_eq!(shell(&session, script).await.ok(), output, "{script}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_leads_out_of_the_corner_is_refused_by_name() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let refused = [
        "mount -t tmpfs none /mnt",
        "umount /proc",
        "unshare --user true",
        "unshare --mount true",
        "chroot / true",
        "touch /usr/bin/x",
        "touch /etc/x",
        "touch /x",
        "mknod /tmp/disk b 254 0",
        "cat /dev/vda",
        "cat /dev/vport0p1",
        "ls /proc/1/root/",
        // In a process sandbox it is the same user's, and takes no notice (`tests/contained/host.rs`).
        match KIND {
            Kind::Machine => "kill -9 1",
            Kind::Processes => "false",
        },
        "date -s 2001-01-01",
        "dmesg",
        "sh -c 'echo 1 > /proc/sys/kernel/panic'",
        "sh -c 'echo b > /proc/sysrq-trigger'",
        "ls /session",
        "ls /sys/fs/cgroup",
        "su -c true",
        "python3 -c 'import socket; socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)'",
        "python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)'",
        "python3 -c 'import socket; socket.create_connection((\"192.0.2.1\", 80), 3)'",
        "python3 -c 'import socket; socket.create_connection((\"169.254.169.254\", 80), 3)'",
    ];
    for script in refused {
        let ran = shell(&session, script).await;
        assert_ne!(
            ran.ended.end,
            deskhand_vm_host::End::Exited { code: 0 },
            "{script}: {}",
            ran.out
        );
    }
    assert_eq!(run(&session, &["echo", "on"]).await.ok(), "on\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_starts_with_was_given_to_it_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let environment = run(&session, &["env"]).await.ok();
    let mut names: Vec<&str> = environment
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0))
        .collect();
    names.sort_unstable();
    let given = "ALL_PROXY HOME HTTPS_PROXY HTTP_PROXY LANG LOGNAME MPLBACKEND NO_PROXY PATH SHELL TERM TMPDIR USER \
                 all_proxy http_proxy https_proxy no_proxy";
    assert_eq!(names.join(" "), given);
    // The last one is the folder that is listed.
    assert_eq!(run(&session, &["ls", "/proc/self/fd"]).await.ok(), "0\n1\n2\n3\n");
    let user = spec().user;
    let files = match KIND {
        Kind::Machine => 4096,
        Kind::Processes => 1024,
    };
    let expected = [
        ("id -G", format!("{user}\n")),
        ("ulimit -Hc; ulimit -Hn; umask", format!("0\n{files}\n0022\n")),
        // proc_pid_stat(5): the session of processes.
        (
            "test $(cut -d' ' -f6 /proc/$$/stat) = $$ && echo its own",
            "its own\n".to_owned(),
        ),
        ("stat -c '%a' ~ /tmp /var/tmp", "700\n1777\n1777\n".to_owned()),
        ("stat -c '%u' ~", format!("{user}\n")),
    ];
    for (script, output) in expected {
        assert_eq!(shell(&session, script).await.ok(), output, "{script}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn namespaces_devices_and_mounts_of_a_command_are_its_corners() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    // Those that a kernel starts with have these numbers (`linux/proc_ns.h`).
    let first = [4_026_531_839_u32, 4_026_531_838, 4_026_531_836];
    for (name, first) in ["ipc", "uts", "pid"].into_iter().zip(first) {
        let space = run(&session, &["readlink", &format!("/proc/self/ns/{name}")])
            .await
            .ok();
        assert!(
            space.starts_with(&format!("{name}:[")) && !space.contains(&first.to_string()),
            "{space}"
        );
    }
    let devices = run(&session, &["ls", "/dev"]).await.ok().replace('\n', " ");
    assert_eq!(
        devices.replace("console ", ""),
        "core fd full null ptmx pts random shm stderr stdin stdout tty urandom zero "
    );
    let own = ["/home/user", "/tmp", "/var/tmp", "/dev/shm"];
    // Root's in a machine, where no command is root; in a process sandbox for reading (`tests/contained/host.rs`).
    let of_root = match KIND {
        Kind::Machine => ["/dev", "/dev/pts", "/proc", "/run", "/mnt"].as_slice(),
        Kind::Processes => &["/dev/pts", "/proc"],
    };
    let mounts = shell(&session, "cat /proc/self/mountinfo").await.ok();
    assert!(
        own.iter().all(|place| mounts.contains(&format!(" {place} "))),
        "{mounts}"
    );
    for mount in mounts.lines() {
        let fields: Vec<&str> = mount.split(' ').collect();
        let (place, options) = (fields[4], fields[5].split(',').collect::<Vec<_>>());
        let is_device =
            place.starts_with("/dev/") && place.matches('/').count() == 2 && !own.contains(&place);
        assert!(options.contains(&"nosuid"), "{mount}");
        assert!(is_device || options.contains(&"nodev"), "{mount}");
        let may_be_written = is_device || own.contains(&place) || of_root.contains(&place);
        assert!(may_be_written || options.contains(&"ro"), "{mount}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_does_not_reach_into_the_memory_of_another() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let mut other = session
        .start(command(&["sh", "-c", "echo $$; sleep 600"]))
        .await
        .unwrap();
    let process = loop {
        match other.next().await.unwrap() {
            Some(RunOutput::Out(bytes)) => break String::from_utf8(bytes).unwrap(),
            Some(_) => {}
            None => panic!("{}", session.console()),
        }
    };
    let ran = shell(&session, &format!("exec 3<> /proc/{}/mem", process.trim())).await;
    assert!(ran.err.contains("Permission denied"), "{}{}", ran.out, ran.err);
    // Its own it may: debuggers and runtimes do.
    shell(&session, "exec 3< /proc/self/mem").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_leaves_nothing_for_the_next_one() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let first = session(&workshop).await;
    shell(
        &first,
        "echo mine > ~/note; echo mine > /tmp/note; echo mine > /dev/shm/note; sync",
    )
    .await
    .ok();
    drop(first);
    let second = session(&workshop).await;
    assert_eq!(
        shell(&second, "ls -A ~ /tmp /dev/shm | grep note || true")
            .await
            .ok(),
        ""
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_fills_its_disk_is_told_and_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    // Without writing gigabytes: the file system is asked for more than it has.
    let ran = shell(&session, "fallocate -l 20G big || { rm -f big; echo full; }")
        .await
        .ok();
    assert_eq!(ran, "full\n");
    assert_eq!(shell(&session, "echo on > note; cat note").await.ok(), "on\n");
}
