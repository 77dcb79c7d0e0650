//! The cage, seen from inside: a program that does what a guest would that broke out of its machine, started by the same
//! function and with the same bars as QEMU. Each refusal is first shown to be none without the cage.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::libc;
use pretty_assertions::assert_eq;
use tempfile::TempDir;

use super::MAX_OPEN;
use super::cage::{Bars, Cage};
use crate::accelerator::Accelerator;
use crate::child::{Beginning, Child};
use crate::machine::MachineSpec;

const PYTHON: &str = "/usr/bin/python3";

/// What a try that was refused says.
const REFUSED: &str = "refused";
const DONE: &str = "done";

/// A home with a secret, and the folder of a machine beside it.
struct Place {
    home: TempDir,
    machine: PathBuf,
}

impl Place {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("the test's own");
        let machine = home.path().join("machine");
        fs::create_dir(&machine).expect("the test's own");
        fs::write(home.path().join("canary"), "a secret").expect("the test's own");
        Self { home, machine }
    }

    fn bars(&self) -> Bars {
        let spec = MachineSpec {
            kernel: self.home.path().join("kernel"),
            initial: self.home.path().join("initrd"),
            disks: Vec::new(),
            session_disk: None,
            memory: 64,
            processors: 1,
            accelerator: Accelerator::Kvm,
            words: Vec::new(),
        };
        fs::write(&spec.kernel, "the kernel").expect("the test's own");
        fs::write(&spec.initial, "").expect("the test's own");
        Bars::of_machine(Path::new(PYTHON), &spec, &self.machine)
    }

    /// Runs a script in the cage; answers what it wrote last.
    async fn caged(&self, script: &str) -> String {
        self.caged_with(script, 1 << 20).await
    }

    async fn caged_with(&self, script: &str, largest_file: u64) -> String {
        let child = Child::start(Beginning {
            name: "Python",
            program: Path::new(PYTHON),
            arguments: vec!["-c".into(), attempt(script).into()],
            folder: &self.machine,
            given: Vec::new(),
            input: None,
            user: None,
            shut: self.bars().shut(),
            most_open: MAX_OPEN,
            largest_file,
        })
        .expect("the test's own");
        child.ended().await;
        child.console().tail(1)
    }

    /// The same script without a cage.
    fn free(&self, script: &str) -> String {
        let told = Command::new(PYTHON)
            .args(["-c", &attempt(script)])
            .current_dir(&self.machine)
            .output()
            .expect("the test's own");
        String::from_utf8(told.stdout)
            .expect("the test's own")
            .trim()
            .to_owned()
    }
}

/// Says whether the script was refused: EPERM, EACCES, or EXDEV, by which Landlock refuses a second name of a file.
fn attempt(script: &str) -> String {
    let indented = script.replace('\n', "\n    ");
    format!(
        "import os, socket, ctypes, resource\nanswer = '{DONE}'\ntry:\n    {indented}\n\
         except OSError as refusal:\n    answer = '{REFUSED}' if refusal.errno in (1, 13, 18) else refusal\nprint(answer)"
    )
}

/// What this computer has of the cage.
fn level() -> Cage {
    let place = Place::new();
    let bars = place.bars();
    std::thread::spawn(move || bars.close().expect("the test's own"))
        .join()
        .expect("the test's own")
}

/// Ends a test where the system cannot do what it proves, and says so.
macro_rules! needs_landlock {
    ($version:expr) => {
        let there = level().landlock;
        if there.is_none_or(|there| there < $version) {
            eprintln!("not proven here: Landlock is {there:?}, {} is needed", $version);
            return;
        }
    };
}

#[tokio::test]
async fn no_file_of_the_user_is_read_and_none_of_the_system_that_is_not_needed() {
    needs_landlock!(1);
    let place = Place::new();
    let canary = place.home.path().join("canary");
    let canary = canary.display();
    fs::hard_link(place.home.path().join("canary"), place.home.path().join("link")).unwrap();
    std::os::unix::fs::symlink(place.home.path().join("canary"), place.machine.join("way")).unwrap();
    let me = std::process::id();
    for script in [
        format!("open('{canary}').read()"),
        "open('../canary').read()".to_owned(),
        "open('way').read()".to_owned(),
        "open('../link').read()".to_owned(),
        "os.listdir('..')".to_owned(),
        "os.listdir('/home')".to_owned(),
        "os.listdir('/')".to_owned(),
        "open('/etc/passwd').read()".to_owned(),
        format!("open('/proc/{me}/environ').read()"),
        format!("os.listdir('/proc/{me}/fd')"),
    ] {
        assert_eq!(place.free(&script), DONE, "{script}");
        assert_eq!(place.caged(&script).await, REFUSED, "{script}");
    }
    // What it is there for.
    assert_eq!(place.caged("open('../kernel').read()").await, DONE);
    assert_eq!(place.caged("open('/dev/null', 'r+b', 0).write(b'x')").await, DONE);
    assert_eq!(place.caged("open('/dev/urandom', 'rb').read(4)").await, DONE);
}

#[tokio::test]
async fn nothing_is_written_but_in_the_folder_of_the_machine() {
    needs_landlock!(3);
    let place = Place::new();
    let kernel = place.home.path().join("kernel");
    for script in [
        "open('../new', 'w').write('x')",
        "open('../canary', 'a').write('x')",
        "open('../kernel', 'a').write('x')",
        "os.truncate('../kernel', 0)",
        "os.mkdir('../folder')",
        "os.rename('../canary', 'taken')",
        "os.link('../canary', 'taken')",
        "os.symlink('/', 'out')",
        "os.mkfifo('pipe')",
        "os.unlink('../canary')",
    ] {
        assert_eq!(place.caged(script).await, REFUSED, "{script}");
        assert_eq!(
            fs::read_to_string(place.home.path().join("canary")).unwrap(),
            "a secret"
        );
        assert_eq!(fs::read_to_string(&kernel).unwrap(), "the kernel");
        assert_eq!(place.free(script), DONE, "{script}");
        // As it was.
        for made in ["new", "folder", "canary", "kernel"] {
            let made = place.home.path().join(made);
            fs::remove_file(&made).or_else(|_| fs::remove_dir(&made)).ok();
        }
        fs::write(place.home.path().join("canary"), "a secret").unwrap();
        fs::write(&kernel, "the kernel").unwrap();
        for made in fs::read_dir(&place.machine).unwrap() {
            fs::remove_file(made.unwrap().path()).unwrap();
        }
    }
    let own = "f = open('disk', 'w+b')\nos.unlink('disk')\nf.write(b'x')\nf.truncate(4096)";
    assert_eq!(place.caged(own).await, DONE);
}

#[tokio::test]
async fn the_device_of_the_accelerator_works() {
    let place = Place::new();
    let script = "import fcntl\nanswer = fcntl.ioctl(open('/dev/kvm', 'r+b', 0), 0xAE00)";
    // KVM_GET_API_VERSION, which is 12 ever since.
    if place.free(script) != "12" {
        eprintln!("not proven here: this computer has no /dev/kvm that opens");
        return;
    }
    assert_eq!(place.caged(script).await, "12");
}

#[tokio::test]
async fn no_program_of_the_system_is_started() {
    needs_landlock!(1);
    let place = Place::new();
    let script = "os.posix_spawn('/usr/bin/env', ['env', 'true'], {})";
    assert_eq!(place.free(script), DONE);
    assert_eq!(place.caged(script).await, REFUSED);
}

#[tokio::test]
async fn no_socket_is_made_of_whatever_kind() {
    let place = Place::new();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let unix = place.machine.join("listens");
    let _unix = UnixListener::bind(&unix).unwrap();
    let port = tcp.local_addr().unwrap().port();
    let abstracted = format!("\\0deskhand-caged-{port}");
    for script in [
        format!("socket.create_connection(('127.0.0.1', {port}))"),
        format!("socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port}))"),
        "socket.socket(socket.AF_INET6, socket.SOCK_STREAM)".to_owned(),
        "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)".to_owned(),
        "socket.socket(socket.AF_UNIX).connect('listens')".to_owned(),
        format!("socket.socket(socket.AF_UNIX).bind('{abstracted}')"),
    ] {
        assert_eq!(place.free(&script), DONE, "{script}");
        assert_eq!(place.caged(&script).await, REFUSED, "{script}");
    }
}

#[tokio::test]
async fn the_calls_that_go_past_a_filter_or_into_others_are_refused_with_both_numbers_of_x86() {
    let place = Place::new();
    let call = |number: i64| {
        format!(
            "libc = ctypes.CDLL(None, use_errno=True)\nlibc.syscall({number}, 0, 0, 0, 0)\n\
             if ctypes.get_errno() == 1: raise PermissionError(1, 'refused')"
        )
    };
    for number in [
        libc::SYS_socket,
        libc::SYS_io_uring_setup,
        libc::SYS_io_uring_enter,
        libc::SYS_io_uring_register,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_pidfd_getfd,
    ] {
        for number in [number, number | 0x4000_0000] {
            assert_eq!(place.caged(&call(number)).await, REFUSED, "{number}");
        }
    }
    // Whatever else fails, it is not for want of a right.
    assert_eq!(place.caged(&call(libc::SYS_getpid)).await, DONE);
}

#[tokio::test]
async fn no_other_process_is_signalled() {
    needs_landlock!(6);
    let place = Place::new();
    let script = format!("os.kill({}, 0)", std::process::id());
    assert_eq!(place.free(&script), DONE);
    assert_eq!(place.caged(&script).await, REFUSED);
}

#[tokio::test]
async fn no_right_is_gained_no_core_is_left_and_no_file_grows_too_large() {
    let place = Place::new();
    let limits = "answer = [resource.getrlimit(r) for r in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, \
                  resource.RLIMIT_NOFILE)] + [os.nice(0), ctypes.CDLL(None).prctl(39, 0, 0, 0, 0)]";
    // PR_GET_NO_NEW_PRIVS is 39.
    let told = place.caged_with(limits, 5000).await;
    let before = rustix::process::getpriority_process(None).unwrap();
    assert_eq!(
        told,
        format!(
            "[(1, 1), (5000, 5000), (1024, 1024), {}, 1]",
            (before + 5).min(19)
        )
    );
    // Who writes more is told, and goes on.
    let much = "f = open('disk', 'wb', 0)\nwritten = f.write(b'x' * 9000)\ntry: f.write(b'x')\n\
                except OSError as full: answer = (written, full.errno)";
    let too_large = libc::EFBIG;
    assert_eq!(place.caged_with(much, 5000).await, format!("(5000, {too_large})"));
}

#[tokio::test]
async fn a_program_gets_what_it_is_given_and_nothing_else_that_is_open() {
    let place = Place::new();
    let (mut own, other) = std::os::unix::net::UnixStream::pair().unwrap();
    let secret = fs::File::open(place.home.path().join("canary")).unwrap();
    let other: std::os::fd::OwnedFd = other.into();
    let (given, kept) = (
        std::os::fd::AsRawFd::as_raw_fd(&other),
        std::os::fd::AsRawFd::as_raw_fd(&secret),
    );
    let script =
        format!("os.write({given}, b'here')\ntry: os.fstat({kept})\nexcept OSError: answer = 'closed'");
    let child = Child::start(Beginning {
        name: "Python",
        program: Path::new(PYTHON),
        arguments: vec!["-c".into(), attempt(&script).into()],
        folder: &place.machine,
        given: vec![other],
        input: None,
        user: None,
        shut: place.bars().shut(),
        most_open: MAX_OPEN,
        largest_file: 0,
    })
    .unwrap();
    child.ended().await;
    assert_eq!(child.console().tail(1), "closed");
    let mut said = String::new();
    // It ends, since nobody else has the other end.
    own.read_to_string(&mut said).unwrap();
    assert_eq!(said, "here");
}

/// Named in the environment of the process that is killed.
const VICTIM: &str = "DESKHAND_TEST_VICTIM";

#[tokio::test]
async fn what_was_started_ends_with_a_service_that_is_killed_though_it_listens_to_nobody() {
    if std::env::var_os(VICTIM).is_some() {
        let place = Place::new();
        let child = Child::start(Beginning {
            name: "Python",
            program: Path::new(PYTHON),
            arguments: vec!["-c".into(), "import signal\nwhile True: signal.pause()".into()],
            folder: &place.machine,
            given: Vec::new(),
            input: None,
            user: None,
            shut: place.bars().shut(),
            most_open: MAX_OPEN,
            largest_file: 0,
        })
        .unwrap();
        let mut said = std::io::stdout();
        said.write_all(format!("child {}\n", child.process()).as_bytes())
            .unwrap();
        // Until it is killed.
        child.ended().await;
        return;
    }
    let name = "qemu::caged::what_was_started_ends_with_a_service_that_is_killed_though_it_listens_to_nobody";
    // What it leaves when it is killed goes with this.
    let home = tempfile::tempdir().unwrap();
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(VICTIM, "1")
        .env("TMPDIR", home.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let said = std::io::BufReader::new(victim.stdout.take().unwrap());
    let lines = std::io::BufRead::lines(said).map_while(Result::ok);
    let number = |line: String| line.split("child ").nth(1)?.trim().parse().ok();
    let child: i32 = { lines }.find_map(number).expect("the child's number");
    let child = rustix::process::Pid::from_raw(child).unwrap();
    let there = || rustix::process::test_kill_process(child).is_ok();
    assert!(there());
    victim.kill().unwrap();
    victim.wait().unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while there() && std::time::Instant::now() < deadline {
        tokio::task::yield_now().await;
    }
    let lives_on = there();
    rustix::process::kill_process(child, rustix::process::Signal::KILL).ok();
    assert!(!lives_on);
}
