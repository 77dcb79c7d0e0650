//! The corner of a session: namespaces that bubblewrap makes once, and a thread that lives in them and starts commands.
//!
//! A command started in it sees the system read-only, its own home and temporary folder, its own processes, the folders
//! under `/mnt`, and nothing of the agent. bubblewrap costs a third of a second under software emulation; paying it once,
//! before the state of the machine is kept, is what makes a session and a command quick. The corner holds nothing of a
//! session then: no process but the one that keeps it, and no disk, which is mounted into it when the session begins.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, mpsc};
use std::thread;

use rustix::mount::{MoveMountFlags, OpenTreeFlags, move_mount, open_tree};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tokio::sync::oneshot;

use crate::contained;
use crate::reap::Reaper;
use crate::session::Kind;
use crate::space::Together;

/// Where a session's home is, as its commands see it.
pub(crate) const HOME: &str = "/home/user";

type Job = Box<dyn FnOnce() + Send>;

/// The corner. Dropping it ends bubblewrap, and with it every process of the corner.
#[derive(Debug)]
pub(crate) struct Corner {
    jobs: mpsc::Sender<Job>,
    /// Its user namespace, where it has one, and what its commands hold.
    user_space: Option<(File, Arc<Together>)>,
    _holder: Holder,
}

/// What keeps the namespaces: bubblewrap, around a process that waits for the end of its input.
#[derive(Debug)]
struct Holder {
    _input: ChildStdin,
    process: u32,
}

impl Corner {
    /// Makes it. Blocks.
    pub(crate) fn new(reaper: &Reaper, kind: Kind) -> io::Result<Self> {
        let (mut child, _ended) = reaper.start(|| bubblewrap(kind).spawn())?;
        let inside = answered(&mut child)?;
        let user_space = match kind {
            Kind::Machine => None,
            Kind::Contained => Some((space(inside, "user")?, Arc::default())),
        };
        let holder = Holder {
            _input: child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?,
            process: child.id(),
        };
        let (jobs, queue) = mpsc::channel::<Job>();
        let (told, entered) = mpsc::channel();
        thread::Builder::new().name("corner".to_owned()).spawn(move || {
            let result = enter(inside);
            let failed = result.is_err();
            told.send(result).ok();
            if !failed {
                while let Ok(job) = queue.recv() {
                    job();
                }
            }
        })?;
        entered.recv().map_err(|_| io::ErrorKind::BrokenPipe)??;
        Ok(Self {
            jobs,
            user_space,
            _holder: holder,
        })
    }

    /// The user namespace in which commands have theirs, where they have one, and what they hold together.
    pub(crate) fn user_space(&self) -> Option<(BorrowedFd<'_>, Arc<Together>)> {
        let (space, together) = self.user_space.as_ref()?;
        Some((space.as_fd(), Arc::clone(together)))
    }

    /// Gives the corner what is the session's: each folder of the agent, at a place.
    pub(crate) async fn furnish(&self, trees: &[(&'static str, &'static str)]) -> io::Result<()> {
        let mut cut = Vec::new();
        for (tree, place) in trees.iter().copied() {
            // Cut from the agent's own tree of mounts, and set into the corner's.
            let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
            cut.push((open_tree(rustix::fs::CWD, tree, flags)?, place));
        }
        self.within(move || {
            for (tree, place) in cut {
                let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
                move_mount(&tree, "", rustix::fs::CWD, place, flags)?;
            }
            Ok(())
        })
        .await?
    }

    /// Does something in the corner, as root: starts a command, mounts a folder.
    pub(crate) async fn within<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<T> {
        let (answer, done) = oneshot::channel();
        let job: Job = Box::new(move || {
            answer.send(job()).ok();
        });
        self.jobs.send(job).map_err(|_| io::ErrorKind::BrokenPipe)?;
        done.await.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        if let Some(process) = rustix::process::Pid::from_raw(self.process as i32) {
            rustix::process::kill_process(process, rustix::process::Signal::KILL).ok();
        }
    }
}

/// The namespaces and mounts of a corner, and what holds them: it gives back what it reads, and ends with the pipe.
fn bubblewrap(kind: Kind) -> Command {
    let mut command = Command::new("/usr/bin/bwrap");
    command.args([
        "--unshare-pid",
        "--unshare-ipc",
        "--unshare-uts",
        "--hostname",
        "sandbox",
    ]);
    // What bubblewrap makes on the way to a mount is closed to others, unless it is made before.
    for place in ["/home", "/sys", "/sys/devices", "/sys/devices/system"] {
        command.args(["--perms", "0755", "--dir", place]);
    }
    for place in ["/usr", "/etc", "/var", "/opt", "/sys/devices/system/cpu"] {
        command.args(["--ro-bind-try", place, place]);
    }
    let holder = match kind {
        Kind::Machine => {
            system(&mut command);
            ["/usr/bin/cat"].as_slice()
        }
        Kind::Contained => {
            contained::corner(&mut command, HOME);
            &[contained::PROGRAM, "hold"]
        }
    };
    command
        .args(["--die-with-parent", "--json-status-fd", "2", "--"])
        .args(holder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The rest of a corner in a machine, where root owns what is not the user's.
fn system(command: &mut Command) {
    for place in ["bin", "sbin", "lib", "lib64"] {
        let (target, link) = (format!("usr/{place}"), format!("/{place}"));
        command.args(["--symlink", &target, &link]);
    }
    command
        .args([
            "--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/dev/shm",
        ])
        .args([
            "--perms", "0755", "--tmpfs", "/run", "--perms", "0755", "--tmpfs", "/mnt",
        ])
        .args(["--dir", HOME, "--perms", "0755", "--dir", "/tmp"])
        .args(["--remount-ro", "/"]);
}

/// Waits until the corner is made: what is written to `cat` comes back. Answers the process within, as seen from outside.
fn answered(child: &mut Child) -> io::Result<u32> {
    let (Some(input), Some(output), Some(status)) =
        (child.stdin.as_mut(), child.stdout.take(), child.stderr.take())
    else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    input.write_all(b"\n")?;
    let mut back = String::new();
    BufReader::new(output).read_line(&mut back)?;
    let mut told = String::new();
    BufReader::new(status).read_line(&mut told)?;
    let inside = told
        .split(|letter: char| !letter.is_ascii_digit())
        .find(|part| !part.is_empty());
    match (back.as_str(), inside.map(str::parse)) {
        ("\n", Some(Ok(inside))) => Ok(inside),
        _ => Err(io::Error::other(format!("bubblewrap said: {}", told.trim()))),
    }
}

/// A namespace of a process.
fn space(process: u32, name: &str) -> io::Result<File> {
    File::open(PathBuf::from(format!("/proc/{process}/ns/{name}")))
}

/// Moves this thread into the namespaces of a process. What it starts afterwards is in them.
fn enter(process: u32) -> io::Result<()> {
    let open = |name: &str| space(process, name);
    let spaces = [
        (open("ipc")?, LinkNameSpaceType::InterProcessCommunication),
        (open("uts")?, LinkNameSpaceType::HostNameAndNISDomainName),
        (open("pid")?, LinkNameSpaceType::ProcessID),
        (open("mnt")?, LinkNameSpaceType::Mount),
    ];
    crate::sys::own_root()?;
    for (space, kind) in spaces {
        move_into_link_name_space(space.as_fd(), Some(kind))?;
    }
    rustix::process::chdir("/")?;
    // The root of the mount namespace is where bubblewrap turned it to; a thread that enters gets that one.
    Ok(())
}
