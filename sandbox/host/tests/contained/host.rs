//! What a command sees of this computer, which it shares with everybody, and what it reaches there: nothing but programs.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::process::{Child, Command, Stdio};

use deskhand_vm_host::{End, Session};
use pretty_assertions::assert_eq;

use crate::support::{run, session, shell, workshop};

/// A process of this computer, outside of every sandbox.
struct Bystander(Child);

impl Bystander {
    fn new(word: &str) -> Self {
        let mut child = Command::new("sh")
            .args(["-c", "read stays", word])
            .stdin(Stdio::piped())
            .spawn()
            .expect("a process of the test");
        child.stdin.as_mut().expect("a pipe").flush().expect("a pipe");
        Self(child)
    }

    fn lives(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Runs a script of Python that ends with an error where it is refused.
async fn refused(session: &Session, script: &str) {
    let ran = run(session, &["python3", "-c", script]).await;
    assert_eq!(
        ran.ended.end,
        End::Exited { code: 1 },
        "{script}: {}{}",
        ran.out,
        ran.err
    );
    assert!(ran.err.contains("Error"), "{script}: {}", ran.err);
}

/// A call of the kernel by its number, which has to be refused: EPERM or ENOSYS.
async fn no_call(session: &Session, name: &str, call: i64, arguments: &str) {
    let script = format!(
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n\
         answer = libc.syscall({call}{arguments})\nerrno = ctypes.get_errno()\n\
         print(answer, errno)\n"
    );
    let ran = run(session, &["python3", "-c", &script]).await.ok();
    assert!(["-1 1\n", "-1 38\n"].contains(&ran.as_str()), "{name}: {ran}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_process_of_this_computer_is_seen_signalled_or_looked_into() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let word = format!("bystander-{}", std::process::id());
    let mut bystander = Bystander::new(&word);
    let process = bystander.0.id();
    let all = "cat /proc/[0-9]*/cmdline | tr '\\0' ' '";
    let seen = shell(&session, all).await.ok();
    assert!(
        seen.contains("/run/deskhand/agent hold") && !seen.contains(&word),
        "{seen}"
    );
    // Numbers there are others than here: whatever lives under this one within, it is not the bystander.
    let numbers = shell(&session, "ls -d /proc/[0-9]* | wc -l").await.ok();
    assert!(numbers.trim().parse::<u32>().unwrap() < 10, "{numbers}");
    for signal in ["-9", "-TERM", "-0"] {
        let ran = shell(&session, &format!("kill {signal} {process}")).await;
        assert_ne!(ran.ended.end, End::Exited { code: 0 }, "{signal}: {}", ran.err);
    }
    // Everything that a command may signal, at once; and what holds its namespaces.
    shell(&session, "kill -9 -1").await;
    shell(&session, "kill -9 1; kill -STOP 1").await;
    assert!(bystander.lives());
    assert_eq!(run(&session, &["echo", "on"]).await.ok(), "on\n");
    for file in ["mem", "environ", "root/", "cwd/", "fd/", "maps"] {
        let ran = shell(
            &session,
            &format!("ls /proc/1/{file}/. || head -c1 /proc/1/{file}"),
        )
        .await;
        assert_ne!(ran.ended.end, End::Exited { code: 0 }, "{file}: {}", ran.out);
    }
    no_call(&session, "ptrace", libc_number::PTRACE, ", 16, 1, 0, 0").await;
    no_call(
        &session,
        "process_vm_readv",
        libc_number::PROCESS_VM_READV,
        ", 1, 0, 0, 0, 0, 0",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_socket_of_this_computer_is_reached() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let name = format!("deskhand-test-{}", std::process::id());
    let _abstract = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    let place = home.path().join("socket");
    let _named = UnixListener::bind(&place).unwrap();
    let loopback = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = loopback.local_addr().unwrap().port();
    for address in [format!("'\\0{name}'"), format!("'{}'", place.display())] {
        refused(
            &session,
            &format!("import socket; socket.socket(socket.AF_UNIX).connect({address})"),
        )
        .await;
    }
    refused(
        &session,
        &format!("import socket; socket.create_connection(('127.0.0.1', {port}), 3)"),
    )
    .await;
    let sockets = "find / -xdev -type s 2>/dev/null; find /run /tmp /dev /var -type s 2>/dev/null; \
                   env | grep -E 'DISPLAY|WAYLAND|DBUS|SSH|XDG' || true; ls /run";
    assert_eq!(shell(&session, sockets).await.ok(), "deskhand\n");
    let devices = "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '";
    assert_eq!(shell(&session, devices).await.ok(), "lo\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_of_this_computer_is_there_but_its_programs() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("canary"), "outside\n").unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let canary = home.path().join("canary");
    for script in [
        format!("cat {}", canary.display()),
        format!("cat /proc/1/root{}", canary.display()),
        format!("cat /proc/self/root{}", canary.display()),
        format!("echo x > {}", canary.display()),
        "ls /root".to_owned(),
        "ls /etc/ssh /etc/ssl/private /etc/shadow /etc/machine-id /etc/resolv.conf /etc/hostname".to_owned(),
        "ls /var/lib /var/log /srv /media /boot /opt".to_owned(),
    ] {
        let ran = shell(&session, &script).await;
        assert_ne!(ran.ended.end, End::Exited { code: 0 }, "{script}: {}", ran.out);
        assert_eq!(ran.out, "", "{script}");
    }
    assert_eq!(fs::read_to_string(&canary).unwrap(), "outside\n");
    assert_eq!(
        shell(&session, "ls -A /home /mnt /tmp /var /session 2>/dev/null")
            .await
            .out
            .replace('\n', " "),
        "/home: user  /mnt:  /tmp:  /var: tmp "
    );
    // Every mount is one of memory or of the kernel, or shows a part of this computer that was meant.
    let mounts = shell(&session, "cat /proc/self/mountinfo").await.ok();
    let disks = mounts.lines().filter(|line| {
        let kind = line.split(" - ").nth(1).and_then(|rest| rest.split(' ').next());
        !matches!(kind, Some("tmpfs" | "proc" | "devpts" | "devtmpfs" | "sysfs"))
    });
    for mount in disks {
        let mut fields = mount.split(' ').skip(3);
        let (root, place) = (fields.next().unwrap(), fields.next().unwrap());
        let is_device = place.starts_with("/dev/") && root.starts_with("/dev/");
        let is_meant = place == "/usr"
            || place.starts_with("/etc/")
            || ["/lib", "/lib64", "/lib32", "/bin", "/sbin", "/libx32"].contains(&place);
        assert!(is_device || is_meant, "{mount}");
        assert!(
            is_device || mount.split(' ').nth(5).is_some_and(|how| how.starts_with("ro")),
            "{mount}"
        );
    }
    // Our own in the place of this computer's: no person, no host.
    let own = shell(&session, "cut -d: -f1 /etc/passwd; cat /etc/hosts; uname -n")
        .await
        .ok();
    assert_eq!(
        own,
        "root\nuser\nnobody\n127.0.0.1 localhost\n::1 localhost\nsandbox\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn how_this_computer_was_started_is_not_told_and_no_way_to_the_service_is_held() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    for name in ["cmdline", "keys", "key-users", "kallsyms", "modules", "kcore"] {
        let ran = shell(&session, &format!("head -c100 /proc/{name}")).await;
        assert_eq!(ran.out, "", "{name}");
        assert_ne!(ran.ended.end, End::Exited { code: 0 }, "{name}");
    }
    // Nothing is open but what a command has; the line to the service is the agent's.
    let open = "for each in /proc/self/fd/*; do readlink $each; done | grep -v '^/proc/[0-9]*/fd$' | sed 's/:.*//' | sort | uniq -c";
    let open = shell(&session, open).await.ok();
    assert!(!open.contains("socket") && open.contains("pipe"), "{open}");
    let device = shell(&session, "ls /dev/fuse").await;
    assert_ne!(device.ended.end, End::Exited { code: 0 });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_a_sessions_own_is_written_by_nobody() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    for place in [
        "/",
        "/usr",
        "/usr/bin",
        "/etc",
        "/home",
        "/mnt",
        "/run",
        "/run/deskhand",
        "/dev",
        "/var",
        "/sys",
    ] {
        for script in [
            format!("touch {place}/x"),
            format!("mkdir {place}/d"),
            format!("ln -s / {place}/l"),
        ] {
            let ran = shell(&session, &script).await;
            assert_ne!(ran.ended.end, End::Exited { code: 0 }, "{script}");
        }
    }
    for script in [
        "echo x > /run/deskhand/agent",
        "chmod 777 /run/deskhand/agent",
        "echo x > /etc/passwd",
        "echo 0 > /proc/sys/kernel/yama/ptrace_scope",
        "echo x > /proc/sys/kernel/core_pattern",
        "echo 1000 > /proc/self/oom_score_adj && echo -1000 > /proc/self/oom_score_adj",
    ] {
        let ran = shell(&session, script).await;
        assert_ne!(ran.ended.end, End::Exited { code: 0 }, "{script}");
    }
    let written = "for place in ~ /tmp /var/tmp /dev/shm; do echo x > $place/note && cat $place/note; done";
    assert_eq!(shell(&session, written).await.ok(), "x\nx\nx\nx\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_mount_no_namespace_and_no_key_is_made() {
    let home = tempfile::tempdir().unwrap();
    let workshop = workshop(home.path()).await;
    let session = session(&workshop).await;
    let calls = [
        (
            "mount",
            libc_number::MOUNT,
            ", b'tmpfs', b'/usr', b'tmpfs', 0, None",
        ),
        ("umount2", libc_number::UMOUNT2, ", b'/usr', 2"),
        ("pivot_root", libc_number::PIVOT_ROOT, ", b'/', b'/mnt'"),
        ("open_tree", libc_number::OPEN_TREE, ", -100, b'/usr', 1"),
        (
            "move_mount",
            libc_number::MOVE_MOUNT,
            ", -100, b'/usr', -100, b'/mnt', 0",
        ),
        ("fsopen", libc_number::FSOPEN, ", b'tmpfs', 0"),
        ("unshare of users", libc_number::UNSHARE, ", 0x10000000"),
        ("unshare of mounts", libc_number::UNSHARE, ", 0x00020000"),
        ("clone of users", libc_number::CLONE, ", 0x10000011, 0, 0, 0, 0"),
        ("clone3", libc_number::CLONE3, ", 0, 0"),
        ("setns", libc_number::SETNS, ", 0, 0x10000000"),
        (
            "add_key",
            libc_number::ADD_KEY,
            ", b'user', b'deskhand', b'x', 1, -4",
        ),
        (
            "request_key",
            libc_number::REQUEST_KEY,
            ", b'user', b'deskhand', None, -4",
        ),
        ("keyctl", libc_number::KEYCTL, ", 0, -4, 1"),
    ];
    for (name, call, arguments) in calls {
        no_call(&session, name, call, arguments).await;
    }
    assert_eq!(shell(&session, "ls /usr/bin/env").await.ok(), "/usr/bin/env\n");
}

/// Numbers of calls (`asm/unistd.h`).
#[cfg(target_arch = "x86_64")]
mod libc_number {
    pub(super) const CLONE: i64 = 56;
    pub(super) const PTRACE: i64 = 101;
    pub(super) const PIVOT_ROOT: i64 = 155;
    pub(super) const MOUNT: i64 = 165;
    pub(super) const UMOUNT2: i64 = 166;
    pub(super) const ADD_KEY: i64 = 248;
    pub(super) const REQUEST_KEY: i64 = 249;
    pub(super) const KEYCTL: i64 = 250;
    pub(super) const UNSHARE: i64 = 272;
    pub(super) const SETNS: i64 = 308;
    pub(super) const PROCESS_VM_READV: i64 = 310;
    pub(super) const OPEN_TREE: i64 = 428;
    pub(super) const MOVE_MOUNT: i64 = 429;
    pub(super) const FSOPEN: i64 = 430;
    pub(super) const CLONE3: i64 = 435;
}

#[cfg(target_arch = "aarch64")]
mod libc_number {
    pub(super) const UMOUNT2: i64 = 39;
    pub(super) const MOUNT: i64 = 40;
    pub(super) const PIVOT_ROOT: i64 = 41;
    pub(super) const UNSHARE: i64 = 97;
    pub(super) const PTRACE: i64 = 117;
    pub(super) const ADD_KEY: i64 = 217;
    pub(super) const REQUEST_KEY: i64 = 218;
    pub(super) const KEYCTL: i64 = 219;
    pub(super) const CLONE: i64 = 220;
    pub(super) const SETNS: i64 = 268;
    pub(super) const PROCESS_VM_READV: i64 = 270;
    pub(super) const OPEN_TREE: i64 = 428;
    pub(super) const MOVE_MOUNT: i64 = 429;
    pub(super) const FSOPEN: i64 = 430;
    pub(super) const CLONE3: i64 = 435;
}
