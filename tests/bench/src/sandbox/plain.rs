//! A plain machine: QEMU as its manual shows it, with Debian's kernel as Debian packs it (the one for clouds, which ours
//! starts, has no 9p), a folder of the host over 9p, and a console over the serial port. Its system is the one of our
//! image, so that the same programs run; nothing else of ours is in it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use deskhand_test_support::{Child, sandbox_images};
use deskhand_vm_host::Accelerator;

use super::beside::{Column, Took};
use super::{MEMORY, RUNS, STARTS, milliseconds, work};
use crate::figure::quantile;

/// The initial file system's first process, and the shell that follows it.
const INIT: &str = include_str!("plain/init.sh");
const CONSOLE: &str = include_str!("plain/console.sh");

/// Nothing that is asked of it takes longer on the slowest computer that this was tried on.
const DEADLINE: Duration = Duration::from_mins(10);

/// The column, and what the machine says of itself.
pub(super) fn measure(accelerator: Accelerator, folder: &Path) -> (Column, String) {
    let packed = tempfile::tempdir().expect("a folder");
    let initial = pack(packed.path());
    let mut cold = Vec::new();
    for _ in 1..STARTS {
        let begun = Instant::now();
        Plain::start(accelerator, &initial, folder).run("/bin/true");
        cold.push(milliseconds(begun));
    }
    let begun = Instant::now();
    let mut plain = Plain::start(accelerator, &initial, folder);
    plain.run("/bin/true");
    cold.push(milliseconds(begun));
    let exec: Vec<f64> = (0..RUNS).map(|_| plain.run("/bin/true")).collect();
    let work = work::all(|script| plain.run(&format!("cd /mnt && {script}")));
    let kernel = plain.told("uname -r");
    let (kept, said) = plain.keep_state(&packed.path().join("state"));
    let column = Column {
        name: "plain QEMU, 9p",
        cold: Took::Milliseconds(quantile(&cold, 0.5)),
        kept,
        exec: Took::Milliseconds(quantile(&exec, 0.5)),
        work: work.into_iter().map(Took::Milliseconds).collect(),
    };
    let said = format!("Linux {kernel}, asked to keep its state: {said}");
    (column, said)
}

/// What the set-up fetched for it.
fn part(name: &str) -> PathBuf {
    let part = sandbox_images().with_file_name("parts").join("plain").join(name);
    assert!(
        part.exists(),
        "{} is not there: `cargo xtask bench sandbox` fetches it",
        part.display()
    );
    part
}

/// The system of the image that the service starts.
fn system() -> PathBuf {
    let images = sandbox_images();
    let current = fs::read_to_string(images.join("current")).expect("an image");
    images.join(current.trim()).join("system.squashfs")
}

/// Packs the initial file system.
fn pack(work: &Path) -> PathBuf {
    let tree = work.join("tree");
    let modules = tree.join("modules");
    for folder in ["dev", "newroot", "modules"] {
        fs::create_dir_all(tree.join(folder)).expect("a folder");
    }
    for module in fs::read_dir(part("modules")).expect("modules").flatten() {
        fs::copy(module.path(), modules.join(module.file_name())).expect("a module");
    }
    fs::copy(part("busybox"), tree.join("busybox")).expect("busybox");
    fs::write(tree.join("console"), CONSOLE).expect("a file");
    fs::write(tree.join("init"), INIT).expect("a file");
    // As the kernel starts it, it has to be a program: busybox keeps its own permissions.
    let packed = Command::new("sh")
        .args([
            "-c",
            "chmod +x init && find . | cpio --quiet --create --format=newc --owner=0:0 | gzip",
        ])
        .current_dir(&tree)
        .output()
        .expect("a shell");
    assert!(
        packed.stdout.len() > 500_000,
        "not packed: {}",
        String::from_utf8_lossy(&packed.stderr)
    );
    let initial = work.join("initrd");
    fs::write(&initial, packed.stdout).expect("a file");
    initial
}

/// A machine that runs; it ends with this value.
struct Plain {
    child: Child,
    input: ChildStdin,
    asked: usize,
}

impl Plain {
    /// Starts it and waits until its shell reads.
    fn start(accelerator: Accelerator, initial: &Path, folder: &Path) -> Self {
        let mut child = Child::spawn(&mut qemu(accelerator, initial, folder));
        let input = child.stdin().expect("standard input was piped");
        child.line(DEADLINE, |line| line.contains("the machine is ready"));
        Self {
            child,
            input,
            asked: 0,
        }
    }

    /// Types a line.
    fn say(&mut self, line: &str) {
        let typed = self.input.write_all(format!("{line}\n").as_bytes());
        typed
            .and_then(|()| self.input.flush())
            .expect("the machine listens");
    }

    /// Runs a script to its good end; answers its milliseconds, and what the shell makes of the words in `told`.
    fn ask(&mut self, script: &str, told: &str) -> (String, f64) {
        self.asked += 1;
        let number = self.asked;
        let begun = Instant::now();
        self.say(&format!(
            "( {script} ) < /dev/null; echo \"answer {number} $? {told}\""
        ));
        let answer = format!("answer {number} ");
        let line = self.child.line(DEADLINE, |line| line.starts_with(&answer));
        let took = milliseconds(begun);
        let said = line.strip_prefix(&answer).unwrap_or_default().trim();
        let told = said.strip_prefix('0');
        let told = told.unwrap_or_else(|| panic!("`{script}` in the plain machine: {said}"));
        (told.trim().to_owned(), took)
    }

    fn run(&mut self, script: &str) -> f64 {
        self.ask(script, "").1
    }

    /// The one line that a command writes.
    fn told(&mut self, command: &str) -> String {
        self.ask("true", &format!("$({command})")).0
    }

    /// Asks QEMU's monitor for a state, as it may be started from again. It refuses that while a 9p folder is mounted.
    fn keep_state(&mut self, to: &Path) -> (Took, String) {
        // Control-A and `c` change from the console to the monitor.
        self.input.write_all(b"\x01c").expect("the machine listens");
        self.say(&format!("migrate \"exec:cat > {}\"", to.display()));
        self.say("info migrate");
        let said = self.child.line(DEADLINE, |line| {
            line.contains("Error:") || line.contains("Migration status")
        });
        let kept = if said.contains("Error:") {
            Took::Not("cannot")
        } else {
            Took::Not("not measured")
        };
        (kept, said.trim().to_owned())
    }
}

fn qemu(accelerator: Accelerator, initial: &Path, folder: &Path) -> Command {
    let arm = cfg!(target_arch = "aarch64");
    let (program, machine, console) = if arm {
        ("qemu-system-aarch64", "virt", "ttyAMA0")
    } else {
        ("qemu-system-x86_64", "q35", "ttyS0")
    };
    let processor = if accelerator == Accelerator::Tcg {
        "max"
    } else {
        "host"
    };
    let mut qemu = Command::new(program);
    qemu.args([
        "-machine",
        machine,
        "-accel",
        accelerator.as_str(),
        "-cpu",
        processor,
    ])
    .args([
        "-smp",
        "1",
        "-m",
        &MEMORY.to_string(),
        "-nographic",
        "-nic",
        "none",
    ])
    .arg("-no-reboot")
    .arg("-kernel")
    .arg(part("kernel"))
    .arg("-initrd")
    .arg(initial)
    .args(["-append", &format!("console={console} quiet panic=-1")])
    .arg("-drive")
    .arg(format!(
        "file={},if=virtio,format=raw,readonly=on",
        escaped(&system())
    ))
    .arg("-virtfs")
    .arg(format!(
        "local,path={},mount_tag=share,security_model=mapped-xattr",
        escaped(folder)
    ))
    .stdin(Stdio::piped());
    qemu
}

/// In a list of options a comma is written twice.
fn escaped(place: &Path) -> String {
    place.to_string_lossy().replace(',', ",,")
}
