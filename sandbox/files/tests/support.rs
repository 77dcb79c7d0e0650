//! What the suites share: a journal that agrees and remembers, and a folder that this machine's kernel has mounted over the
//! server, as a guest's would.

#![allow(
    dead_code,
    missing_debug_implementations,
    unreachable_pub,
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "each suite uses its part of this, and all of it is test code"
)]

pub mod guest;
pub mod random;

use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use deskhand_vm_files::{Change, Event, Events, Journal, Kept, ServeError, Share, serve};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use tokio::runtime::Runtime;

/// Agrees to every change and remembers it as text.
#[derive(Debug, Default)]
pub struct Agreeing {
    pub changes: Mutex<Vec<String>>,
}

impl Journal for Agreeing {
    fn before(&self, change: &Change<'_>) -> io::Result<Kept> {
        self.changes
            .lock()
            .unwrap()
            .push(format!("{:?} {}", change.kind, change.path));
        Ok(Kept::InPlace)
    }
}

/// Remembers what was done.
#[derive(Debug, Default)]
pub struct Heard {
    pub events: Mutex<Vec<Event>>,
}

impl Events for Heard {
    fn done(&self, event: Event) {
        self.events.lock().unwrap().push(event);
    }
}

/// A shared folder as the programs of this machine see it.
pub struct Mounted {
    at: tempfile::TempDir,
    pub events: Arc<Heard>,
    runtime: Option<Runtime>,
    task: Option<tokio::task::JoinHandle<Result<(), ServeError>>>,
    pumps: Vec<JoinHandle<()>>,
    stream: UnixStream,
    notices: Arc<Waiting>,
}

/// Notices that wait for the kernel, now and at most.
#[derive(Debug, Default)]
struct Waiting {
    now: AtomicUsize,
    most: AtomicUsize,
}

/// The longest message of the kernel, with room.
const MESSAGE: usize = (1 << 20) + 4096;

impl Mounted {
    /// None where this user may not mount.
    pub fn new(share: Share, journal: Arc<dyn Journal>) -> Option<Self> {
        let at = tempfile::tempdir().unwrap();
        let device = match OpenOptions::new().read(true).write(true).open("/dev/fuse") {
            Ok(device) => device,
            Err(error) => return say_not_run(&error),
        };
        let options = format!(
            "fd={},rootmode=40000,user_id=0,group_id=0,allow_other",
            device.as_raw_fd()
        );
        let options = CString::new(options).unwrap();
        let flags = MountFlags::NODEV | MountFlags::NOSUID;
        if let Err(error) = mount("deskhand", at.path(), "fuse", flags, Some(&*options)) {
            return say_not_run(&error.into());
        }
        let (ours, theirs) = UnixStream::pair().unwrap();
        let notices = Arc::new(Waiting::default());
        let pumps = pumps(&device, &ours, &notices);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let events = Arc::new(Heard::default());
        let heard = Arc::clone(&events);
        let task = runtime.spawn(async move {
            theirs.set_nonblocking(true).unwrap();
            let stream = tokio::net::UnixStream::from_std(theirs).unwrap();
            serve(stream, share, journal, heard).await
        });
        Some(Self {
            at,
            events,
            runtime: Some(runtime),
            task: Some(task),
            pumps,
            stream: ours,
            notices,
        })
    }

    pub fn path(&self) -> &Path {
        self.at.path()
    }

    /// How many notices waited for the kernel at most.
    pub fn most_notices(&self) -> usize {
        self.notices.most.load(Ordering::SeqCst)
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.at.path().join(name)
    }

    /// Runs a shell command in the folder and wants it to succeed; answers what it said.
    pub fn shell(&self, command: &str) -> String {
        shell(self.path(), command)
    }

    /// Ends the server in the middle of whatever it does.
    pub fn kill(mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }
}

/// A disk of its own, of so many bytes (tmpfs).
pub struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// None where this user may not mount.
    pub fn new(bytes: u64) -> Option<Self> {
        let at = tempfile::tempdir().unwrap();
        let options = CString::new(format!("size={bytes},mode=700")).unwrap();
        let flags = MountFlags::NODEV | MountFlags::NOSUID;
        match mount("deskhand", at.path(), "tmpfs", flags, Some(&*options)) {
            Ok(()) => Some(Self(at)),
            Err(error) => say_not_run(&error.into()),
        }
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = unmount(self.0.path(), UnmountFlags::DETACH);
    }
}

/// Runs a shell command in a folder and wants it to succeed.
pub fn shell(folder: &Path, command: &str) -> String {
    let output = Command::new("bash")
        .args(["-ec", command])
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_AUTHOR_NAME", "a")
        .env("GIT_AUTHOR_EMAIL", "a@example.com")
        .env("GIT_COMMITTER_NAME", "a")
        .env("GIT_COMMITTER_EMAIL", "a@example.com")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command}: {said}{errors}");
    said
}

fn say_not_run<T>(error: &io::Error) -> Option<T> {
    #[expect(clippy::print_stderr, reason = "a suite that did not run says so")]
    {
        eprintln!("not run: this user may not mount here ({error})");
    }
    None
}

/// What the agent in a guest does: requests one way; answers the other, and messages from a thread of their own.
fn pumps(device: &File, stream: &UnixStream, counted: &Arc<Waiting>) -> Vec<JoinHandle<()>> {
    let to = Arc::new(Mutex::new(stream.try_clone().unwrap()));
    let (mut from, up_to) = (device.try_clone().unwrap(), Arc::clone(&to));
    let up = std::thread::spawn(move || {
        let mut bytes = vec![0; MESSAGE];
        while let Ok(length) = from.read(&mut bytes) {
            if length == 0 || up_to.lock().unwrap().write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        drop(up_to.lock().unwrap().shutdown(std::net::Shutdown::Write));
    });
    let (messages, waiting) = mpsc::channel::<Vec<u8>>();
    let mut device_of_messages = device.try_clone().unwrap();
    let taken = Arc::clone(counted);
    let notify = std::thread::spawn(move || {
        for message in waiting {
            if message[4..8] == 5_u32.to_le_bytes() {
                // Whether what came before was taken: it was.
                let number = u64::from_le_bytes(message[16..24].try_into().unwrap());
                drop(to.lock().unwrap().write_all(&guest::message(41, number, 1, &[])));
            } else {
                // What the kernel does not know is no error.
                drop(device_of_messages.write(&message));
            }
            taken.now.fetch_sub(1, Ordering::SeqCst);
        }
    });
    let (mut from, mut to) = (stream.try_clone().unwrap(), device.try_clone().unwrap());
    let counted = Arc::clone(counted);
    let down = std::thread::spawn(move || {
        let mut length = [0; 4];
        while from.read_exact(&mut length).is_ok() {
            let mut message = vec![0; u32::from_le_bytes(length) as usize];
            message[..4].copy_from_slice(&length);
            if from.read_exact(&mut message[4..]).is_err() {
                break;
            }
            if message[8..16] == [0; 8] {
                let now = counted.now.fetch_add(1, Ordering::SeqCst) + 1;
                counted.most.fetch_max(now, Ordering::SeqCst);
                drop(messages.send(message));
            } else {
                // A request that was interrupted has no place for its answer.
                drop(to.write(&message));
            }
        }
    });
    vec![up, notify, down]
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = unmount(self.at.path(), UnmountFlags::DETACH);
        drop(self.stream.shutdown(std::net::Shutdown::Both));
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(10));
        }
        // A pump that the kernel still holds ends with the process.
        self.pumps.clear();
    }
}

/// Waits for a condition, at most so long.
pub fn within(limit: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    while Instant::now() < end {
        if holds() {
            return true;
        }
        std::thread::yield_now();
    }
    holds()
}

/// The names in a folder.
pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Every name below a folder with what is there: for comparing two of them.
pub fn tree(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    below(folder, folder, &mut found);
    found.sort();
    found
}

fn below(root: &Path, folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    use std::os::unix::fs::PermissionsExt as _;

    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = path.symlink_metadata().unwrap();
        let mode = metadata.permissions().mode() & 0o777;
        let what = if metadata.is_symlink() {
            format!("link {}", std::fs::read_link(&path).unwrap().display())
        } else if metadata.is_dir() {
            below(root, &path, found);
            format!("folder {mode:o}")
        } else if metadata.is_file() {
            let content = std::fs::read(&path).unwrap();
            let hash = crc32fast::hash(&content);
            format!(
                "file {mode:o} {} {hash:08x} {:?}",
                content.len(),
                metadata.modified().unwrap()
            )
        } else {
            "special".to_owned()
        };
        found.push((path.strip_prefix(root).unwrap().to_owned(), what));
    }
}
